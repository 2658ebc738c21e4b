"""What changes from one version of rules to another, as values that explain themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal, overload

from feerules.errors import Where
from feerules.whatif.changes.asked import Asked, Together, narrowed
from feerules.whatif.changes.sayings import Spoken, in_words
from feerules.wording import Wording, translate

__all__ = ["Change", "Diff", "Versions"]

Kind = Literal["amount", "condition", "words"]
KINDS: tuple[Kind, ...] = ("amount", "condition", "words")
Titles = Mapping[str, str]
Piece = str | Titles | Spoken  # a message of the catalogs, what a document calls it, or what says itself


@dataclass(frozen=True, slots=True)
class Versions:
    """Two versions of one document that meet on the days from `first` to before `until`.

    `old` or `new` is None where the document is in one book only on these days.
    """

    document: str
    title: Titles
    old: str | None
    new: str | None
    first: date
    until: date | None

    def explain(self, words: Wording) -> str:
        title, old, new = words.title(self.title, self.document), self.old or "", self.new or ""
        if self.old is None:
            return words.text(
                "{document}, version {version}, in the new rules only", document=title, version=new
            )
        if self.new is None:
            return words.text(
                "{document}, version {version}, in the old rules only", document=title, version=old
            )
        day = words.day(self.first)
        if old == new:
            return words.text(
                "{document}, version {version}, from {day}", document=title, version=new, day=day
            )
        return words.text(
            "{document}, version {old} → {new}, from {day}", document=title, old=old, new=new, day=day
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "document": self.document,
            "title": dict(self.title),
            "old": self.old,
            "new": self.new,
            "first": self.first.isoformat(),
            "until": self.until.isoformat() if self.until else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that the new version says otherwise.

    `kind` is amount (what something costs), condition (for whom, when, how), or words (bills and decisions
    stay as they are). `before` and `after` are data: a Decimal, a whole number, a day, a truth, a word, or
    a text as rules have it; None where that version says nothing. `conditions` are those under which it
    holds. `old` and `new` are the places in the files; `old_rows` and `new_rows` the rows of a table that
    decide, as bill lines name them. `also` are other documents that include what changed, and `called` how
    people call the words among before and after. `fees` are the fees whose lines it can move. It holds from `effective` on.
    """

    code: str
    kind: Kind
    document: str
    path: str
    effective: date
    fee: str = ""
    fees: tuple[str, ...] = ()
    subject: tuple[Piece, ...] = ()
    fee_title: Titles = field(default_factory=dict)
    conditions: tuple[Asked, ...] = ()
    before: Any = None
    after: Any = None
    unit: str = ""
    partly: bool = False
    old: Where | None = None
    new: Where | None = None
    old_rows: str = ""
    new_rows: str = ""
    also: tuple[str, ...] = ()
    called: Mapping[str, Titles] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What names the change, the same in every run: the document, the place in it, the conditions."""
        asked = ",".join(f"{each.fact}={each.cell}" for each in self.conditions)
        return f"{self.document}@{self.effective}/{self.path}" + f"[{asked}]" * bool(asked)

    def __hash__(self) -> int:
        return hash(self.id)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: numbers as strings, days as ISO dates."""
        return {
            "id": self.id,
            "code": self.code,
            "kind": self.kind,
            "document": self.document,
            "also": list(self.also),
            "path": self.path,
            "fee": self.fee or None,
            "fees": list(self.fees),
            "subject": {"zh": self.about(translate("zh_CN")), "en": self.about(translate("en"))},
            "conditions": [each.to_dict() for each in self.conditions],
            "before": _plain(self.before),
            "after": _plain(self.after),
            "unit": self.unit,
            "partly": self.partly,
            "effective": self.effective.isoformat(),
            "old": str(self.old) if self.old else None,
            "new": str(self.new) if self.new else None,
            "old_rows": self.old_rows,
            "new_rows": self.new_rows,
        }

    def explain(self, locale: str = "zh_CN") -> str:
        """The change as one sentence, in Chinese or English (see `Bill.explain`)."""
        words = translate(locale)
        about, day = self.about(words), words.day(self.effective)
        if self.before is None:
            return words.text(
                "From {day}, {subject}: {after}, which is new.",
                day=day,
                subject=about,
                after=self._said(words, self.after),
            )
        if self.after is None:
            return words.text(
                "From {day}, {subject}: no longer, before {before}.",
                day=day,
                subject=about,
                before=self._said(words, self.before),
            )
        before, after = (self._said(words, value) for value in (self.before, self.after))
        return words.text(
            "From {day}, {subject}: {before} → {after}.", day=day, subject=about, before=before, after=after
        )

    def about(self, words: Wording) -> str:
        """What it is about, the fee first."""
        fee = words.title(self.fee_title)
        return narrowed(words, [*([fee] if fee else []), self._what(words)])

    def line(self, words: Wording) -> str:
        """The change below the head of its fee: what, before and after."""
        what = self._what(words)
        if self.before is None:
            return words.text("{subject}: new, {after}", subject=what, after=self._said(words, self.after))
        if self.after is None:
            return words.text(
                "{subject}: no longer, before {before}", subject=what, before=self._said(words, self.before)
            )
        before, after = (self._said(words, value) for value in (self.before, self.after))
        return words.text("{subject}: {before} → {after}", subject=what, before=before, after=after)

    @property
    def place(self) -> str:
        """Where it stands in the old and in the new files; "" where no file says it by itself."""
        if self.old is None and self.new is None:
            return ""
        return " → ".join(f"{each.file}:{each.line}" if each else "–" for each in (self.old, self.new))

    def _what(self, words: Wording) -> str:
        said = [_piece(words, each) for each in self.subject]
        what = narrowed(words, said)
        if not self.conditions:
            return what
        who = narrowed(words, [each.in_words(words) for each in self.conditions])
        if self.partly:
            return words.text("{what} (part of: {who})", what=what, who=who)
        return words.text("{what} ({who})", what=what, who=who)

    def _said(self, words: Wording, value: Any) -> str:
        if isinstance(value, str) and value in self.called:
            return words.title(self.called[value])
        return in_words(words, _other_language(words, self.before, self.after, value), self.unit)

    def __str__(self) -> str:
        return self.explain("en")


def _other_language(words: Wording, before: Any, after: Any, value: Any) -> Any:
    """A title in the language in which it changed, where that is not the reader's."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping) and isinstance(value, Mapping)):
        return value
    if words.title(before) != words.title(after):
        return value
    return {words.language: next((text for key, text in value.items() if before[key] != after[key]), "")}


def _piece(words: Wording, piece: Piece) -> str:
    match piece:
        case str():
            return words.text(piece)
        case Mapping():
            return words.title(piece)
    return piece.in_words(words)


def _plain(value: Any) -> Any:
    match value:
        case Asked() | Together():
            return value.cell
        case bool() | int() | None:
            return value
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case tuple() | list():
            return [_plain(each) for each in value]
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
    return str(value)


@dataclass(frozen=True)
class Diff(Sequence[Change]):
    """Every change of meaning from the old rules to the new, what moves money first.

    A sequence of `Change`; empty where both give the same bills and the same decisions. `versions` are
    the versions that were compared, by document.
    """

    changes: tuple[Change, ...]
    versions: tuple[Versions, ...] = ()

    @overload
    def __getitem__(self, at: int) -> Change: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Change, ...]: ...
    def __getitem__(self, at: int | slice) -> Change | tuple[Change, ...]:
        return self.changes[at]

    def __len__(self) -> int:
        return len(self.changes)

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind: amount, condition or words.

        Raises ValueError for another kind.
        """
        if kind not in KINDS:
            raise ValueError(f"found the kind {kind!r}, expected one of {', '.join(KINDS)}")
        return tuple(each for each in self.changes if each.kind == kind)

    def of_line(
        self, document: str, fee: str, *, old_rows: str = "", new_rows: str = ""
    ) -> tuple[Change, ...]:
        """The changes that can have moved a line of a bill, what moves money first.

        `old_rows` and `new_rows` are the `table_row` of the line by the old and by the new rules: they leave
        out the changes of other rows of its table. Words move no line.
        """
        return tuple(
            each
            for each in self.changes
            if each.kind != "words"
            and document in (each.document, *each.also)
            and fee in (each.fee, *each.fees)
            and (not each.path.startswith(_priced(fee)) or _decided(each, old_rows, new_rows))
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: {"versions": [...], "changes": [...]}."""
        return {
            "versions": [each.to_dict() for each in self.versions],
            "changes": [each.to_dict() for each in self.changes],
        }

    def explain(self, locale: str = "zh_CN", *, places: bool = True) -> str:
        """The whole change of policy by document and fee, in Chinese or English; `places` names files and lines."""
        words = translate(locale)
        if not self.versions and not self.changes:
            return words.text("Nothing to compare: no document has two versions.")
        if not self.changes:
            return words.text("Nothing changes.")
        blocks = []
        for versions in self.versions:
            mine = [each for each in self.changes if _belongs(each, versions)]
            if mine:
                blocks.append("\n".join([versions.explain(words), *_told(words, mine, places)]))
        rest = [each for each in self.changes if not any(_belongs(each, v) for v in self.versions)]
        if rest:
            blocks.append("\n".join([words.text("The whole book"), *_told(words, rest, places)]))
        return "\n\n".join(blocks)

    def __str__(self) -> str:
        return self.explain("en")


def _priced(fee: str) -> tuple[str, ...]:
    """Where the table stands whose rows the lines of a fee name."""
    return f"fees.{fee}.rate", f"fees.{fee}.tiers"


def _decided(change: Change, old_rows: str, new_rows: str) -> bool:
    """Whether the rows of a line are those of a change; a line or a change without rows is not told apart."""
    pairs = ((change.old_rows, old_rows), (change.new_rows, new_rows))
    known = [(mine, theirs) for mine, theirs in pairs if mine and theirs]
    return all(set(theirs.split(",")) & set(mine.split(",")) for mine, theirs in known)


def _belongs(change: Change, versions: Versions) -> bool:
    return change.document == versions.document and change.effective == versions.first


def _told(words: Wording, changes: Iterable[Change], places: bool) -> Iterator[str]:
    for _, group in groupby(changes, key=lambda each: each.fee):
        members = [*group]
        title = words.title(members[0].fee_title, members[0].fee) or words.text("In general")
        yield f"  {title}"
        for each in members:
            yield f"    {each.line(words)}" + (f"  [{each.place}]" if places and each.place else "")
