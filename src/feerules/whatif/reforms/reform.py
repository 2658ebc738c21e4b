"""Rules as they might be: changes of a book that give another book, and leave the first as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

from feerules.book import Book
from feerules.documents.model import validate
from feerules.documents.reform import Change, ReformDocument
from feerules.documents.source import read
from feerules.errors import Problem, RuleErrors
from feerules.folders import with_excerpts
from feerules.load import load_files
from feerules.whatif.reforms.drafts import Draft
from feerules.whatif.reforms.moves import number_text
from feerules.whatif.reforms.patches import UNSET, Patch, Scope

__all__ = ["Reform"]

Path = str | tuple[str, ...]
Number = Decimal | int | float | str


@dataclass(frozen=True, slots=True, init=False)
class Reform:
    """Changes of the rules of a book, to be compared with it: each method adds one and gives a new reform.

    `document` and `version` say which documents they are for, by default all that have what is changed.
    With `effective`, a day, they hold from then on: the version in force on it gets a new one, which begins
    that day, and later versions are changed too. Several reforms are added up with +.

    >>> import feerules
    >>> book = feerules.load_files({"tiny.yaml": '''
    ... kind: fee-schedule
    ... id: tiny
    ... effective: {from: 2026-01-01}
    ... facts: {area: {decimal: 2, min: 0, max: 10000, unit: m²}}
    ... fees: {management: {per: area, rate: 2.80, every: month}}
    ... '''})
    >>> dearer = Reform().rate("management", by="0.15").apply(book)
    >>> feerules.price({"area": "100"}, dearer, "2026-11").total
    Decimal('295.00')
    """

    title: str
    patches: tuple[Patch, ...]
    _scope: Scope

    def __init__(
        self,
        title: str = "",
        *,
        document: str | None = None,
        version: str | None = None,
        effective: date | str | None = None,
    ) -> None:
        day = _day(effective) if isinstance(effective, str) else effective
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "patches", ())
        object.__setattr__(self, "_scope", Scope(document, version, day))

    @classmethod
    def load(cls, path: str | FilePath) -> Reform:
        """The reform of a YAML document (kind: reform), which stands beside the folder of the book.

        Raises `RuleErrors` with every problem of it.
        """
        path = FilePath(path)
        return cls.read(path.read_bytes(), path.name)

    @classmethod
    def read(cls, content: str | bytes, name: str = "reform.yaml") -> Reform:
        """The same from a text."""
        tree, problems = read(content, name)
        document = None
        if tree is not None:
            document, more = validate(ReformDocument, tree)
            problems += more
        if problems or document is None:
            raise RuleErrors(problems)
        title = document.title.en if document.title else ""
        reform = cls(
            title, document=document.document, version=document.version, effective=document.effective
        )
        for change in document.changes:
            reform = reform._changed(change)
        return reform

    def _changed(self, change: Change) -> Reform:
        said: dict[str, Any] = {
            name: getattr(change, name) for name in ("to", "by", "times") if name in change.model_fields_set
        }
        rows: dict[str, Any] = {"when": dict(change.when), "column": change.column, "places": change.places}
        match change.verb:
            case "rate":
                return self.rate(str(change.rate), part=change.part, **said, **rows)
            case "adjustment":
                return self.adjustment(str(change.adjustment), str(change.name), action=change.action, **said)
            case "set":
                return self.set(str(change.set), **said, **rows)
            case "add":
                return self.add(str(change.add), change.value, before=change.before, after=change.after)
        return self.remove(str(change.remove))

    # What is changed

    def rate(
        self,
        fee: str,
        *,
        to: Number | None = None,
        by: Number | None = None,
        times: Number | None = None,
        when: Mapping[str, Any] | None = None,
        column: str | None = None,
        part: str | None = None,
        places: int | None = None,
    ) -> Reform:
        """Another rate of a fee, or of a part of it: a number, a formula, or rows of a table of rates or tiers.

        `when` chooses rows: {"type": "residential", "lift": True, "floor": ">= 4"} those that hold for nothing
        else; in tiers, {"up to": 220} a band. `column` names the column of several. `places` rounds what comes
        out of `by` and `times`, half up.
        """
        path = ("fees", fee, *(("parts", part) if part else ()), "rate")
        return self._with("rate", path, to=to, by=by, times=times, when=when, column=column, places=places)

    def adjustment(
        self,
        fee: str,
        name: str | int,
        *,
        to: Number | None = None,
        by: Number | None = None,
        times: Number | None = None,
        action: str = "times",
    ) -> Reform:
        """Another number in an adjustment, which is named by its title or its place, counted from 1."""
        path = ("fees", fee, "adjustments", str(name), action)
        return self._with("set", path, to=to, by=by, times=times)

    def set(
        self,
        path: Path,
        to: Any = UNSET,
        *,
        by: Number | None = None,
        times: Number | None = None,
        when: Mapping[str, Any] | None = None,
        column: str | None = None,
        places: int | None = None,
    ) -> Reform:
        """Another value anywhere: "fees.water.minimum", "ladder.steps.reminder.gap", "parameters.lpr_1y".

        Items of lists are named by their id, their title or their place. `to` may be a text, a number, a list, a
        mapping, or a pipe table in place of another; with `when`, what the rows say that it chooses.
        """
        told = {"to": to, "by": by, "times": times, "when": when, "column": column, "places": places}
        return self._with("set", _steps(path), **told)

    def add(self, path: Path, value: Any, *, before: str | None = None, after: str | None = None) -> Reform:
        """Something new: a key of a mapping, or an item of a list, at its end or beside another.

        `add("fees.parking", {"rate": 150})`; `add("ladder.steps.call", {"channels": ["phone"]}, after="reminder")`
        gives the new item the last name of the path as its id.
        """
        return self._with("add", _steps(path), to=value, before=before, after=after)

    def remove(self, path: Path) -> Reform:
        """Something less: a fee, an adjustment, a step of a ladder, a limit."""
        return self._with("remove", _steps(path))

    def _with(self, verb: Any, path: tuple[str, ...], **said: Any) -> Reform:
        if verb in ("set", "rate"):
            moved = [name for name in ("to", "by", "times") if said.get(name) not in (None, UNSET)]
            if said.get("to", UNSET) is None and verb == "set" and not moved:
                moved = ["to"]  # nothing, in place of something
            if len(moved) != 1:
                found = " and ".join(f"{name}=" for name in moved) or "no change"
                raise ValueError(f"found {found} for {'.'.join(path)}, expected one of to=, by= and times=")
            if "to" not in moved:
                said["to"] = UNSET
        told = {name: _told(name, value) for name, value in said.items()}
        told["when"] = tuple((said.get("when") or {}).items())
        patch = Patch(verb, path, self._scope, **told)
        return self._holding((*self.patches, patch))

    def _holding(self, patches: tuple[Patch, ...]) -> Reform:
        found = Reform(self.title)
        object.__setattr__(found, "patches", patches)
        object.__setattr__(found, "_scope", self._scope)
        return found

    def __add__(self, other: Reform) -> Reform:
        found = self._holding((*self.patches, *other.patches))
        object.__setattr__(found, "title", "; ".join(filter(None, (self.title, other.title))))
        return found

    # What it comes to

    def apply(self, book: Book) -> Book:
        """The book with these changes; the book itself stays as it is.

        Its `files` are the documents, changed where the changes are and nowhere else. Raises `RuleErrors` with
        every change that cannot be made, or with what is then wrong with the rules.
        """
        draft = Draft(book)
        problems: list[Problem] = []
        for patch in self.patches:
            try:
                patch.apply(draft)
            except RuleErrors as error:
                problems += error.problems
        if problems:
            raise RuleErrors(with_excerpts(problems, draft.files))
        changed = load_files(draft.files)
        ids = {each[0].schedule.id for each in book.versions} | {each[0].policy.id for each in book.policies}
        every = {each[0].schedule.id for each in changed.versions} | {
            each[0].policy.id for each in changed.policies
        }
        return changed.only(next(iter(ids))) if len(ids) == 1 and len(every) > 1 else changed

    def __str__(self) -> str:
        """The title, and below it a line for each change."""
        return "\n".join([*filter(None, [self.title]), *(f"- {patch}" for patch in self.patches)])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"found effective={text!r}, expected a day such as 2027-01-01") from None


def _steps(path: Path) -> tuple[str, ...]:
    return tuple(path.split(".")) if isinstance(path, str) else tuple(map(str, path))


def _told(name: str, value: Any) -> Any:
    if name in ("by", "times") and value is not None:
        return _moving(name, value)
    if name == "to" and isinstance(value, float | int | Decimal) and not isinstance(value, bool):
        return number_text(value)
    return value


def _moving(name: str, value: Any) -> str:
    text = number_text(value).strip().removeprefix("+")
    try:
        Decimal(text)
    except ArithmeticError:
        hint = ': write times="1.05" for 5 % more' if text.endswith("%") else ""
        raise ValueError(f"found {name}={value!r}, expected a number{hint}") from None
    return text
