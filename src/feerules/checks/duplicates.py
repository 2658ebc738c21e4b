"""Items that are charged twice: fees of one title that one unit can have together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from unicodedata import normalize

from feerules.checks.findings import Finding
from feerules.checks.profiles import Law, plain_text, titled, under
from feerules.checks.valuation import excluded, is_meant, points, valued
from feerules.documents.charging import Every
from feerules.documents.schedule import Fee
from feerules.documents.values import TableValue
from feerules.plan.lines import Version
from feerules.wording import sentence

__all__ = ["check_duplicates"]


@dataclass(frozen=True, eq=False)
class Item:
    """A fee of a version."""

    version: Version
    fee_id: str
    fee: Fee

    @property
    def titles(self) -> frozenset[tuple[str, str]]:
        """Its titles, without what only looks different."""
        told = titled(self.fee, "")
        return frozenset(
            (tongue, plain_text(normalize("NFKC", text)).replace(" ", ""))
            for tongue, text in told.items()
            if text
        )

    @property
    def applies(self) -> Mapping[str, str]:
        """The conditions on its units, by the facts' own names."""
        aliases = self.version.names.aliases
        every = {**self.version.schedule.applies, **self.fee.applies}
        return {aliases.get(name, name): cell for name, cell in every.items()}


def check_duplicates(documents: Sequence[Sequence[Version]], law: Law) -> Iterator[Finding]:
    """Every pair of fees that charges a unit twice for one thing, in one document and in two that claim the same units."""
    every = [
        Item(version, fee_id, version.schedule.complete(fee_id))
        for versions in documents
        for version in versions
        for fee_id in version.schedule.fees
    ]
    told = set[frozenset[tuple[str, str]]]()
    for one, other in _of_one_title(every):
        pair = frozenset(((one.version.key, one.fee_id), (other.version.key, other.fee_id)))
        if pair not in told and _stand_together(one.version, other.version) and _meet(one, other):
            told.add(pair)
            yield from under(
                law, "duplicate_item", other.fee.where_of("title"),
                sentence("{fee} and {other} have the same title, and one unit can have both: it pays twice for one thing"),
                sentence("take one of them out, or give it the title of what else it is for"),
                document=other.version.schedule.id, fee=other.fee_id, other=one.fee_id,
            )  # fmt: skip
    for one, other in _copied(every):
        if not one.titles & other.titles:
            yield from under(
                law, "duplicate_item", other.fee.where_of("rate"),
                sentence("{fee} has the quantity, the rates and the conditions of {other}"),
                sentence("take one of them out if it was copied; if both are meant, let them share one named table"),
                document=other.version.schedule.id, severity="note", fee=other.fee_id, other=one.fee_id,
            )  # fmt: skip


def _of_one_title(every: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in every:
        for title in item.titles:
            groups.setdefault(title, []).append(item)
    for group in groups.values():
        yield from combinations(group, 2)


def _stand_together(one: Version, other: Version) -> bool:
    """Whether two versions price the same units: one document, or two that ask the same facts of them.

    Schedules that say nothing of their units may be of several places, and one unit has only one of them.
    """
    if one is other:
        return True
    if one.schedule.id == other.schedule.id or one.until <= other.first or other.until <= one.first:
        return False
    facts = [{each.names.aliases.get(name, name) for name in each.schedule.applies} for each in (one, other)]
    return bool(facts[0]) and facts[0] == facts[1]


def _meet(one: Item, other: Item) -> bool:
    """Whether one unit can have both on one day."""
    if one.fee_id == other.fee_id or one.fee.kind != other.fee.kind:
        return False
    if (
        _moment(one.fee.every) != _moment(other.fee.every)
        or _follow(one.fee, other.fee)
        or _follow(other.fee, one.fee)
    ):
        return False
    if excluded(one.version.names, one.applies, other.applies) is not None:
        return False
    return _cost_together(one, other)


def _moment(every: Every | None) -> object:
    """When a fee that does not come every cycle does: two such fees are of two things."""
    return (
        None
        if every is None
        else (every.once, every.use, every.season and (every.season.from_, every.season.through))
    )


def _follow(one: Fee, other: Fee) -> bool:
    """Whether one fee ends on the day on which the other begins."""
    return one.ends is not None and other.starts is not None and one.ends.fact == other.starts.fact


def _cost_together(one: Item, other: Item) -> bool:
    """Whether both cost something at one point; what nobody can tell counts, but where a fee is `not_charged` for some."""
    rates = [valued(each.fee.rate, each.version.names) for each in (one, other)]
    first, second = rates
    if first is None or second is None:
        return not any(_may_not_be_charged(each.fee) for each in (one, other))
    meant = is_meant(one.version.names, (one.applies, other.applies))
    return any(first.at(point) and second.at(point) for point in filter(meant, points(first, second)))


def _may_not_be_charged(fee: Fee) -> bool:
    tables = (fee.rate, fee.tiers and fee.tiers.table)
    return fee.otherwise == "not_charged" or any(
        getattr(each, "otherwise", None) == "not_charged" for each in tables
    )


def _copied(every: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    """Fees of one version whose tables of rates were written twice, cell by cell, for the same quantity."""
    groups: dict[object, list[Item]] = {}
    for item in every:
        rate = item.fee.rate
        rows = rate.table.rows if isinstance(rate, TableValue) and rate.table is not None else ()
        if len(rows) > 1:
            cells = tuple(tuple(map(str, row.cells)) for row in rows)
            per, conditions = str(item.fee.per), tuple(sorted(item.applies.items()))
            groups.setdefault((item.version.key, per, conditions, cells), []).append(item)
    for group in groups.values():
        for one, other in combinations(group, 2):
            if _table_place(one) != _table_place(other) and _moment(one.fee.every) == _moment(
                other.fee.every
            ):
                yield one, other


def _table_place(item: Item) -> object:
    rate = item.fee.rate
    return rate.table.rows[0].where if isinstance(rate, TableValue) and rate.table is not None else None
