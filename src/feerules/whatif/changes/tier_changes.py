"""Two tier tables compared by the intervals of the quantity: bounds that moved, prices that changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from feerules.documents.charging import Tiers
from feerules.errors import Where
from feerules.whatif.changes.asked import Asked
from feerules.whatif.changes.sayings import in_words
from feerules.whatif.changes.sides import Incomparable, Pair, Side
from feerules.whatif.changes.table_changes import Difference, differences
from feerules.whatif.changes.table_rows import Bandings, TableRow, TableRows, rows_of_groups
from feerules.wording import Wording

__all__ = ["Band", "TierChange", "TierChanges", "tier_changes"]


@dataclass(frozen=True, slots=True)
class Band:
    """Which part of the quantity a change is about: its number, or from where to where."""

    column: str = ""
    number: int = 0
    low: Any = None
    high: Any = None
    bound: bool = False

    def in_words(self, words: Wording) -> str:
        number = str(self.number)
        if self.bound:
            return words.text("upper bound of tier {number}", number=number)
        span = self._span(words)
        if not self.number:
            return self._of_column(words, span)
        return self._of_column(words, words.text("tier {number}, {span}", number=number, span=span))

    def _span(self, words: Wording) -> str:
        low, high = (None if end is None else in_words(words, end) for end in (self.low, self.high))
        if low is None and high is None:
            return words.text("any quantity")
        if low is None:
            return words.text("up to {high}", high=high or "")
        if high is None:
            return words.text("above {low}", low=low)
        return words.text("above {low} up to {high}", low=low, high=high)

    def _of_column(self, words: Wording, told: str) -> str:
        return words.listed([told, self.column]) if self.column else told


@dataclass(frozen=True, slots=True)
class TierChange:
    """One thing that two tiers say otherwise, of the units that `conditions` name."""

    code: str
    path: str
    band: Band
    before: Any
    after: Any
    old: Where | None
    new: Where | None
    conditions: tuple[Asked, ...] = ()
    partly: bool = False
    old_rows: str = ""
    new_rows: str = ""
    percent: bool = False


@dataclass(frozen=True, slots=True)
class TierChanges:
    changes: tuple[TierChange, ...]
    rows: tuple[TableRows, TableRows]


def tier_changes(pair: Pair, old: Tiers, new: Tiers) -> TierChanges:
    """What two tiers say otherwise; raises Incomparable where one of them was not compiled."""
    before, after = _rows(pair.old, old), _rows(pair.new, new)
    found = tuple(change for each in differences(pair, before, after) for change in _of(each))
    return TierChanges(found, (before, after))


def _rows(side: Side, tiers: Tiers) -> TableRows:
    made = side.names.cache.get(id(tiers))
    if made is None:
        raise Incomparable
    groups, chooser = made
    return rows_of_groups(side, groups, chooser, tiers.table)


def _of(each: Difference) -> Iterator[TierChange]:
    told: dict[str, Any] = {
        "conditions": each.conditions,
        "partly": each.partly,
        "old_rows": ",".join(row.number for row in each.old_rows),
        "new_rows": ",".join(row.number for row in each.new_rows),
        "percent": any(row.percent for row in (*each.old_rows, *each.new_rows)),
    }
    if not isinstance(each.before, Bandings) or not isinstance(each.after, Bandings):
        named = "row_added" if each.new_rows and not each.old_rows else "row_removed"
        yield TierChange(
            named, "bands", Band(), _listed(each.before), _listed(each.after),
            _first(each.old_rows), _first(each.new_rows), **told,
        )  # fmt: skip
        return
    places = [each.old_rows[0].bands, each.new_rows[0].bands]
    if len(each.before.ends) == len(each.after.ends):
        yield from _side_by_side(each.before, each.after, places[0], places[1], told)
    else:
        yield from _by_intervals(each.before, each.after, places[0], places[1], told)


def _first(rows: tuple[TableRow, ...]) -> Where | None:
    return rows[0].where if rows else None


def _listed(bands: Any) -> Any:
    """Bands as one text; what is no bands as it is."""
    if not isinstance(bands, Bandings):
        return bands
    prices = [[str(price) for price in prices] for _, prices in bands.prices]
    ends = [f"≤ {end}" for end in bands.ends] + ["above"]
    return "; ".join(f"{end}: {' + '.join(each)}" for end, *each in zip(ends, *prices, strict=True))


def _side_by_side(
    old: Bandings, new: Bandings, was: tuple[Where, ...], now: tuple[Where, ...], told: Mapping[str, Any]
) -> Iterator[TierChange]:
    """As many bands as before: each with the one that it was."""
    for n, (before, after) in enumerate(zip(old.ends, new.ends, strict=True)):
        if before != after:
            band = Band(number=n + 1, bound=True)
            yield TierChange(
                "tier_bound_moved", f"{n + 1}.up_to", band, before, after, was[n], now[n], **told
            )
    mine, theirs = dict(old.prices), dict(new.prices)
    for column in dict.fromkeys((*theirs, *mine)):
        nothing = (None,) * (len(new.ends) + 1)
        each = zip(mine.get(column, nothing), theirs.get(column, nothing), strict=True)
        for n, (before, after) in enumerate(each):
            if before != after:
                low, high = (None, *new.ends)[n], (*new.ends, None)[n]
                band = Band(column, n + 1, low, high)
                yield TierChange(
                    "tier_rate_changed",
                    f"{n + 1}.{column or 'rate'}",
                    band,
                    before,
                    after,
                    was[n],
                    now[n],
                    **told,
                )


def _by_intervals(
    old: Bandings, new: Bandings, was: tuple[Where, ...], now: tuple[Where, ...], told: Mapping[str, Any]
) -> Iterator[TierChange]:
    """More bands, or fewer: the bounds that came and went, and each stretch whose price is another."""
    for end in new.ends:
        if end not in old.ends:
            n = new.ends.index(end)
            band = Band(number=n + 1, bound=True)
            yield TierChange("tier_added", f"{n + 1}.up_to", band, None, end, None, now[n], **told)
    for end in old.ends:
        if end not in new.ends:
            n = old.ends.index(end)
            band = Band(number=n + 1, bound=True)
            yield TierChange("tier_removed", f"{n + 1}.up_to", band, end, None, was[n], None, **told)
    ends = [*old.ends, *new.ends]
    if not all(isinstance(end, Decimal) for end in ends):
        return
    marks: list[Any] = [None, *sorted(set(ends)), None]  # type: ignore[type-var]
    mine, theirs = dict(old.prices), dict(new.prices)
    for column in dict.fromkeys((*theirs, *mine)):
        stretches: list[list[Any]] = []
        for low, high in pairwise(marks):
            a, b = _band_at(old, high), _band_at(new, high)
            before = mine[column][a] if column in mine else None
            after = theirs[column][b] if column in theirs else None
            if stretches and stretches[-1][2:4] == [before, after]:
                stretches[-1][1] = high
            else:
                stretches.append([low, high, before, after, was[a], now[b]])
        for low, high, before, after, one, other in stretches:
            if before != after:
                band = Band(column, 0, low, high)
                path = f"({low or 0}..{high or ''}].{column or 'rate'}"
                yield TierChange("tier_rate_changed", path, band, before, after, one, other, **told)


def _band_at(bands: Bandings, high: Any) -> int:
    """The band of the stretch that ends at `high`."""
    if high is None:
        return len(bands.ends)
    return next(
        (n for n, end in enumerate(bands.ends) if isinstance(end, Decimal) and high <= end), len(bands.ends)
    )
