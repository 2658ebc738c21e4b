"""From lines that differ to causes: each fee is searched, and what its search finds is told with sums and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.bill import Bill
from feerules.book import Book
from feerules.errors import FeeRulesError
from feerules.money import from_scaled
from feerules.periods import Period
from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.alternatives import Alternative
from feerules.whatif.billed.causes import Cause, Example, Sureness
from feerules.whatif.billed.sampling import facts_of
from feerules.whatif.billed.searching import FeeSearch, Found, Tick
from feerules.whatif.billed.trials import Asked

__all__ = ["Estate", "PriceOne", "causes_of"]

SHOWN = 3  # examples of each cause
SURE = 0.8
SOME = 5  # lines that meet to the fen in spite of others that do not
# A rule holds for everybody: of the lines that it touches, the share below which it is doubted, and is none.
DOUBTED, NONE = 0.1, 0.02
PriceOne = Callable[..., Bill]
KEY = ["unit_id", "fee"]
NO_LINES = pl.DataFrame(schema=dict.fromkeys(KEY, pl.String))


@dataclass(frozen=True, eq=False)
class Estate:
    """What is asked: the book, the period, the units, and those among them that were priced."""

    book: Book
    period: Period
    asked: Asked
    priced: pl.Series
    price: PriceOne


def causes_of(estate: Estate, rows: pl.DataFrame, tick: Tick) -> tuple[list[Cause], pl.DataFrame]:
    """The causes of lines that differ, and for each line its cause: unit_id, fee, cause.

    `rows` has unit_id, fee, ours, billed (fen) and state.
    """
    apart = rows.filter(pl.col("state").is_in(["different", "missing", "extra"]))
    found = [*_strangers(estate, apart)]
    known = pl.concat([NO_LINES, *map(_lines_of, found)])
    fees = {*apart.join(known, on=KEY, how="anti")["fee"]}
    explained: dict[str, list[Found]] = {}
    for fee, needs in _in_order_of_need(estate.book):
        if fee in fees:
            lines = rows.filter((pl.col("fee") == fee) & (pl.col("state") != "problem"))
            lines = lines.join(known, on=KEY, how="anti", maintain_order="left")
            inherited = [each for name in needs for each in explained.get(name, ())]
            search = FeeSearch(
                estate.book, fee, estate.period, estate.asked, lines, estate.priced, tick, inherited
            )
            of_fee = [each for each in search.run() if _is_probable(each)]
            explained[fee] = [each for each in of_fee if _is_a_rule(each.alternative)]
            found += of_fee
    placed = [(each, _lines_of(each)) for each in found]
    placed.sort(key=lambda each: (-len(each[1]), each[0].fee, each[0].alternative.key))
    causes, told = [], []
    for each, keys in placed:
        lines = apart.join(keys, on=KEY, how="semi", maintain_order="left")
        cause = _cause(estate, each, lines)
        causes.append(cause)
        told.append(keys.with_columns(pl.lit(cause.id).alias("cause")))
    return causes, pl.concat([NO_LINES.with_columns(cause=pl.lit(None, pl.String)), *told])


def _in_order_of_need(book: Book) -> list[tuple[str, list[str]]]:
    """Every fee with the fees that it needs, after those."""
    needs: dict[str, dict[str, None]] = {}
    for schedule in book.schedules:
        for name in schedule.fees:
            needs.setdefault(name, {}).update(dict.fromkeys(schedule.fees_needed_by(name)))
    done: dict[str, list[str]] = {}

    def visit(name: str) -> None:
        if name not in done and name in needs:
            for each in needs[name]:
                visit(each)
            done[name] = [*needs[name]]

    for name in needs:
        visit(name)
    return [*done.items()]


def _is_a_rule(alternative: Alternative) -> bool:
    """Whether an alternative says how a fee is worked out, so that it tells on fees that need its amount."""
    return bool(alternative.patches or alternative.facts) and not alternative.row


def _is_probable(found: Found) -> bool:
    """Whether it may be why: a rule that would hold for few of many, when nobody can say for which, is not."""
    return _is_of_one_line(found) or bool(found.whole or found.where) or _share(found) >= NONE


def _is_of_one_line(found: Found) -> bool:
    """Whether it is a slip that happens to a line, and not a way to work a fee out."""
    return found.alternative.code in ("times", "slip", "sign", "period", "row", "rate", "quantity_off")


def _share(found: Found) -> float:
    return len(found.units) / max(1, found.touched)


def _lines_of(found: Found) -> pl.DataFrame:
    """The lines that a cause explains; what was billed under another name are two."""
    fees = (
        [found.fee, found.alternative.change["name"]] if found.alternative.code == "renamed" else [found.fee]
    )
    return pl.concat(pl.DataFrame({"unit_id": found.units, "fee": [fee] * len(found.units)}, schema=dict.fromkeys(KEY, pl.String)) for fee in fees)  # fmt: skip


# What the book or the estate does not know


def _strangers(estate: Estate, apart: pl.DataFrame) -> Iterator[Found]:
    extra = apart.filter(pl.col("state") == "extra")
    nobody = extra.filter(~pl.col("unit_id").is_in(estate.priced.implode()))
    for (fee,), lines in nobody.group_by("fee", maintain_order=True):
        yield _stranger("unknown_unit", str(fee), lines)
    extra = extra.join(nobody, on=KEY, how="anti")
    fees = {name for schedule in estate.book.schedules for name in schedule.fees}
    fees |= {"rounding"}  # the line of a bill whose total is rounded
    missing = apart.filter(pl.col("state") == "missing")
    for (fee,), lines in extra.filter(~pl.col("fee").is_in([*fees])).group_by("fee", maintain_order=True):
        same = lines.join(missing, on="unit_id", suffix="_ours").filter(
            pl.col("billed") == pl.col("ours_ours")
        )
        counted = same.group_by("fee_ours").len().sort("len", "fee_ours", descending=[True, False])
        rest = lines
        if len(counted) and counted["len"][0] * 2 >= len(lines):
            own = counted["fee_ours"][0]
            moved = same.filter(pl.col("fee_ours") == own)
            yield _stranger("renamed", own, moved, {"name": str(fee)})
            rest = lines.join(moved, on="unit_id", how="anti")
            missing = missing.join(moved.select("unit_id", fee="fee_ours"), on=KEY, how="anti")
        if len(rest):
            yield _stranger("unknown_fee", str(fee), rest)


def _stranger(code: str, fee: str, lines: pl.DataFrame, change: dict[str, Any] | None = None) -> Found:
    name = (change or {}).get("name", "all")
    alternative = Alternative(code, name, fee, change or {code: True})
    return Found(fee, alternative, lines["unit_id"], len(lines), 0, 0, whole=True)


# Telling


def _cause(estate: Estate, found: Found, lines: pl.DataFrame) -> Cause:
    alternative = found.alternative
    other = f"{alternative.of}/" if alternative.of != found.fee else ""
    also = tuple(
        {"id": each.key, "code": each.code, "name": each.name, "of": each.of, "change": each.change}
        for each in found.also
    )
    return Cause(
        id=f"{found.fee}/{other}{alternative.code}/{alternative.name}",
        code=alternative.code, name=alternative.name, fee=found.fee, of=alternative.of, change=alternative.change,
        where=tuple(test.to_dict() for test in found.where),
        count=len(lines), ours=from_scaled(int(lines["ours"].sum()), 2), billed=from_scaled(int(lines["billed"].sum()), 2),
        touched=found.touched, broken=found.broken, tried=found.tried, sureness=_sureness(found), also=also,
        examples=tuple(_examples(estate, found, lines)),
    )  # fmt: skip


def _sureness(found: Found) -> Sureness:
    count = len(found.units)
    if found.whole or found.where or (count > 1 and _share(found) >= SURE):
        return "high"
    doubted = not _is_of_one_line(found) and _share(found) < DOUBTED
    return "medium" if count >= SOME and not doubted else "low"


def _examples(estate: Estate, found: Found, lines: pl.DataFrame) -> Iterator[Example]:
    some = lines.filter(pl.col("fee") == found.fee).sort("unit_id").head(SHOWN)
    key = estate.asked.key
    unit = pl.col(key).cast(pl.String)
    units = estate.asked.units.filter(unit.is_in(some["unit_id"].implode())).collect(engine="streaming")
    records = {str(row[key]): row for row in units.iter_rows(named=True)}
    alone = FeeAlone(estate.book, found.fee, estate.period)
    names = facts_of(alone, estate.asked, units.columns)
    for unit_id, ours, billed in some.select("unit_id", "ours", "billed").iter_rows():
        record = records.get(unit_id, {})
        facts = {name: _said(record[name]) for name in names if record.get(name) is not None}
        explained = _explained(estate, alone.own, found.fee, record)
        yield Example(unit_id, _yuan(ours), _yuan(billed), facts, explained)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else from_scaled(fen, 2)


def _explained(estate: Estate, book: Book, fee: str, record: dict[str, Any]) -> dict[str, str]:
    """How the book comes to its amount, in both languages; nothing where one record does not tell."""
    if not record or estate.asked.dated:
        return {}
    facts = {name: value for name, value in record.items() if value is not None}
    try:
        bill = estate.price(facts, book, estate.period, accrue=estate.asked.accrue)
    except (FeeRulesError, ValueError):
        return {}
    told = [line for line in bill.lines if line.fee == fee]
    return {key: "\n".join(line.explain(key) for line in told) for key in ("zh", "en")} if told else {}
