"""What a comparison answers with: sums, causes, the units that move most, and frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.bill import Bill
from feerules.wording import Wording, translate

__all__ = ["Bin", "Cause", "Comparison", "FeeChange", "Quantile", "Summary", "UnitChange", "plain", "signed"]

SCHEMA = 1
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """How many units pay more and less, and how much in all.

    units = compared + newly_priced + no_longer_priced + neither, and compared = more + less + same. The sums
    are of the compared units: new − old = change = raised + lowered. A unit that could be priced on one
    side only has no change; what it is billed there stands apart.
    """

    units: int
    compared: int
    more: int
    less: int
    same: int
    newly_priced: int
    no_longer_priced: int
    neither: int
    old: Decimal
    new: Decimal
    change: Decimal
    raised: Decimal
    lowered: Decimal
    newly_priced_new: Decimal
    no_longer_priced_old: Decimal


@dataclass(frozen=True, slots=True)
class FeeChange:
    """One fee of the compared units; the changes of all fees add up to that of the summary.

    `units_old` and `units_new` are charged it on either side.
    """

    fee: str
    title: Words
    units_old: int
    units_new: int
    more: int
    less: int
    old: Decimal
    new: Decimal
    change: Decimal


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule that changed, and its part of the whole change: the step of a waterfall from `before` to `after`.

    `kind` is "rule", "fee" (new or dropped), "schedule" (new or withdrawn), "period" (another period, calendar
    or shared cost) or "rest" (what no rule explains, such as dates of effect). `fee` and `path` say where it
    stands, `from_` since when it holds, `old` and `new` what was and is written, `where_old` and
    `where_new` in which place. `units` are moved by it: `more` up and `less` down.
    """

    number: int
    kind: str
    title: Words
    document: str
    fee: str
    path: str
    from_: date | None
    old: str
    new: str
    where_old: str
    where_new: str
    change: Decimal
    raised: Decimal
    lowered: Decimal
    units: int
    more: int
    less: int
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Quantile:
    """So many per cent of the units change by at most this; `percent` is of what a unit paid, where it paid."""

    at: int
    change: Decimal
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Bin:
    """The units whose change lies between two amounts; the bound that is nearer to 0 is not inside.

    Falls: above ≤ change < below. Raises: above < change ≤ below. Both 0: unchanged. None: open.
    """

    above: Decimal | None
    below: Decimal | None
    units: int
    change: Decimal


@dataclass(frozen=True, slots=True)
class UnitChange:
    """One unit that moves far, with both of its bills; `percent` is of what it paid, None where that was nothing."""

    unit_id: str
    old: Decimal
    new: Decimal
    change: Decimal
    percent: Decimal | None
    old_bill: Bill
    new_bill: Bill

    def explain(self, locale: str = "zh_CN") -> str:
        """The sums, and under them both bills line by line."""
        words = translate(locale)
        told = {
            "old": _money(words, self.old),
            "new": _money(words, self.new),
            "change": signed(words, self.change),
        }
        head = words.text("Unit {unit}: {old} → {new}, {change}", unit=self.unit_id, **told)
        before, after = words.text("Before:"), words.text("After:")
        return "\n".join([head, before, self.old_bill.explain(locale), after, self.new_bill.explain(locale)])


@dataclass(frozen=True)
class Comparison:
    """Who pays more and less under new rules, and why; see `feerules.compare`.

    `rows` has for every compared unit its key, `old`, `new`, `change`, and for each fee `<fee>.old`,
    `<fee>.new` (null: not charged) and `<fee>.change`. `problems` tells of every unit that could not be priced
    why, with the `side` on which: old, new or both. Both are of the kind of frame that came in.
    """

    period: str
    new_period: str
    old_digest: str
    new_digest: str
    currency: str
    titles: Mapping[str, Words]
    summary: Summary
    fees: tuple[FeeChange, ...]
    causes: tuple[Cause, ...]
    quantiles: tuple[Quantile, ...]
    histogram: tuple[Bin, ...]
    raises: tuple[UnitChange, ...]
    falls: tuple[UnitChange, ...]
    _rows: Callable[[], Any] = field(repr=False)
    _problems: Callable[[], Any] = field(repr=False)
    _segments: Callable[..., Any] = field(repr=False)
    _cause_rows: Callable[[], Any] = field(repr=False)

    @property
    def rows(self) -> Any:
        return self._rows()

    @property
    def problems(self) -> Any:
        return self._problems()

    def by_segment(self, *columns: str, **bands: Sequence[str]) -> Any:
        """The change by the columns of the units, "fee" being one too, or by bands of numbers.

        `by_segment("type", area=["< 90", "[90..144)", ">= 144"])`: cells as in a table of rates, the first that
        matches counts. A fact is found by its name or an alias. Each row has its segment, units, more, less,
        same, old, new, change, raised and lowered; the changes add up to that of the summary.
        """
        return self._segments(columns, bands)

    def cause_rows(self) -> Any:
        """Each unit's part of each cause, where it is not 0: key, number, title_zh, title_en, change."""
        return self._cause_rows()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON of all but the frames: money as text, with a `schema` number."""
        told = {each.name: plain(getattr(self, each.name)) for each in fields(self) if each.name[0] != "_"}
        return {"schema": SCHEMA, **told}

    def explain(self, locale: str = "zh_CN") -> str:
        """The sums and the causes, a line for each."""
        return "\n".join(_told(self, translate(locale)))

    def __str__(self) -> str:
        return self.explain("en")


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Bill):
        return value.to_dict()
    if is_dataclass(value):
        return {each.name.rstrip("_"): plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def _told(result: Comparison, words: Wording) -> list[str]:
    summary = result.summary
    period = result.period
    if result.new_period != period:
        period = words.text("{old} → {new}", old=period, new=result.new_period)
    counts = {name: f"{getattr(summary, name):,}" for name in ("units", "compared", "more", "less", "same")}
    told = [
        words.text(
            "{period}: units: {units}; compared: {compared}; paying more: {more}, less: {less}, the same: {same}.",
            period=period, **counts,
        )
    ]  # fmt: skip
    unpriced = {name: getattr(summary, name) for name in ("no_longer_priced", "newly_priced", "neither")}
    if any(unpriced.values()):
        texts = {name: f"{count:,}" for name, count in unpriced.items()}
        told.append(
            words.text(
                "Not compared: only the old rules can price {no_longer_priced}, only the new {newly_priced}, neither {neither}.",
                **texts,
            )
        )
    sums = {
        "old": words.money(summary.old, result.currency),
        "new": words.money(summary.new, result.currency),
    }
    change = signed(words, summary.change, result.currency)
    told.append(words.text("Total: {old} → {new}, {change}.", change=change, **sums))
    return [*told, *(_cause(cause, words, result.currency) for cause in result.causes)]


def _cause(cause: Cause, words: Wording, currency: str) -> str:
    title = words.title(cause.title)
    if cause.kind == "rule" and cause.old and cause.new:
        title = words.text("{cause}, {old} → {new}", cause=title, old=cause.old, new=cause.new)
    change = signed(words, cause.change, currency)
    return words.text(
        "{number}. {cause}: {change}, units: {units}.",
        number=str(cause.number), cause=title, change=change, units=f"{cause.units:,}",
    )  # fmt: skip


def signed(words: Wording, amount: Decimal, currency: str = "CNY") -> str:
    """An amount with its sign, also where it is more."""
    return ("+" if amount > 0 else "") + _money(words, amount, currency)


def _money(words: Wording, amount: Decimal, currency: str = "CNY") -> str:
    return words.money(amount, currency)
