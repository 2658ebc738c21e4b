"""Whether a fee costs more than in the version before it: rates and bands of the same units, held beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from feerules.checks.steepness import groups_of, number_of
from feerules.checks.valuation import Valued, points, valued
from feerules.documents.charging import Charge, Tiers
from feerules.documents.schedule import Fee
from feerules.documents.tables import Row
from feerules.documents.values import GuidedValue, TableValue, Value
from feerules.errors import Where
from feerules.plan.conditions import read_number
from feerules.plan.names import Names
from feerules.plan.tariffs import SIZE, Group

__all__ = ["Rise", "first_rise"]


@dataclass(frozen=True, slots=True)
class Rise:
    """A price that is higher than it was, where it stands, and a unit that pays it."""

    before: Decimal
    after: Decimal
    where: Where
    witness: Sequence[Mapping[str, str]] = ()


def first_rise(old: tuple[Fee, Names], new: tuple[Fee, Names]) -> Rise | None:
    """The first price of the same units, of a fee or of one of its parts, that is higher than it was."""
    (was, before), (now, after) = old, new
    charges: list[tuple[Charge, Charge]] = [(was, now)]
    charges += [(was.parts[part], charge) for part, charge in now.parts.items() if part in was.parts]
    for one, other in charges:
        yet = _of_rates((one, before), (other, after)) or _of_tiers((one, before), (other, after))
        if yet is not None:
            return yet
    return None


# Rates


def _of_rates(old: tuple[Charge, Names], new: tuple[Charge, Names]) -> Rise | None:
    was, now = (valued(_base(charge.rate), names) for charge, names in (old, new))
    if old[0].rate_per != new[0].rate_per:
        return None
    if was is None or now is None or not _are_alike(was, now):
        return _of_rows(old[0].rate, new[0].rate)
    for point in points(was, now):
        before, after = was.at(point), now.at(point)
        if before is not None and after is not None and after > before:
            facts = {**was.text(point), **now.text(point)}
            where = now.place(point) or new[0].where_of("rate")
            return Rise(before, after, where, [facts] if facts else [])
    return None


def _base(rate: Value | None) -> Value | None:
    """What a guided price floats about."""
    return rate.base if isinstance(rate, GuidedValue) else rate


def _are_alike(one: Valued, other: Valued) -> bool:
    """Whether both ask facts of one kind: what a fact is may have changed from one version to the next."""
    known = dict(_subjects(one))
    return all(known.setdefault(name, about) == about for name, about in _subjects(other))


def _subjects(value: Valued) -> Iterator[tuple[str, tuple[object, ...]]]:
    for made, _ in value.tables:
        for about in made.subjects:
            yield about.name, (about.kind, about.scale, about.lo, about.hi, about.codes)


def _of_rows(old: Value | None, new: Value | None) -> Rise | None:
    """Of tables with computations in them, the rows that are written alike."""
    known = {key: price for key, price, _ in _written(old)}
    for key, price, where in _written(new):
        if price > known.get(key, price):
            return Rise(known[key], price, where)
    return None


def _written(rate: Value | None) -> Iterator[tuple[tuple[str, ...], Decimal, Where]]:
    """The numbers of a table, each with the conditions of its row as they are written."""
    table = rate.table if isinstance(rate, TableValue) else None
    for row in table.rows if table is not None else ():
        cells = [" ".join(cell.split()) for cell in row.cells]
        price = read_number(cells[-1])
        if table is not None and price is not None:
            heads = (str(head.name) for head in table.header)
            yield (
                tuple(f"{head} {cell}" for head, cell in zip(heads, cells[:-1], strict=False)),
                price,
                row.where,
            )


# Bands


def _of_tiers(old: tuple[Charge, Names], new: tuple[Charge, Names]) -> Rise | None:
    """Of groups with the same conditions and bounds, the first price that is higher."""
    was, now = old[0].tiers, new[0].tiers
    if was is None or now is None or was.kind != now.kind:
        return None
    known = {key: group for key, group, _ in _groups(was, old[1])}
    for key, group, rows in _groups(now, new[1]):
        for column, prices in group.prices.items() if key in known else ():
            for n, price in enumerate(prices if column != SIZE else ()):
                before = number_of(known[key].prices.get(column, prices)[n], old[1])
                after = number_of(price, new[1])
                if before is not None and after is not None and after > before:
                    return Rise(before, after, rows[n].where)
    return None


def _groups(tiers: Tiers, names: Names) -> Iterator[tuple[tuple[object, ...], Group, Sequence[Row]]]:
    """Each group of bands, with what tells which one it is: the words of its conditions, and its bounds."""
    table = tiers.table.table
    for group in groups_of(names, tiers) if table is not None else ():
        assert table is not None
        rows = [table.rows[number - 1] for number in group.rows]
        heads = zip(table.header, rows[0].cells, strict=True)
        known = {names.aliases.get(head.name, str(head.name)): " ".join(cell.split()) for head, cell in heads}
        asked = sorted((name, cell) for name, cell in known.items() if names.is_subject(name))
        ends = [number_of(end, names) for end in group.ends]
        if None not in ends:
            yield (*asked, *ends), group, rows
