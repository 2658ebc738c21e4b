"""Bill lines of an estate as columns: for each slot of a plan, the expressions over its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from feerules.frames import digits, to_decimal
from feerules.line_shapes import LINE_TYPES, Shape
from feerules.periods import from_day_number
from feerules.plan.lines import PAYERS
from feerules.plan.nodes import Node, Slot
from feerules.telling import about_of, source_text

__all__ = ["LineColumns", "enumerations", "no_lines"]

_KINDS: Mapping[str, pl.DataType] = {
    "TEXT": pl.String(),
    "DATE": pl.Date(),
    "DECIMAL(18, 2)": pl.Decimal(18, 2),
    "DECIMAL(18, 6)": pl.Decimal(18, 6),
}
KINDS: Mapping[str, pl.DataType] = {name: _KINDS[kind] for name, kind in LINE_TYPES.items()}
DAYS_LISTED = 3_000  # that a charge_id finds in a list; more are written anew, line by line


def no_lines(rows: pl.LazyFrame, key: pl.Expr, *more: pl.Expr) -> pl.LazyFrame:
    """The columns of bill lines where nothing is charged: an ERP's next step finds them all the same."""
    columns = [pl.lit(None, kind).alias(name) for name, kind in KINDS.items()]
    return rows.limit(0).select(*columns[:4], key, *columns[4:], *more)


def enumerations(slots: Sequence[Slot], carried: Sequence[str]) -> dict[str, pl.Enum]:
    """The columns that hold few words, and the words that each can hold; none where no unit tells them."""
    words: dict[str, set[str]] = {}
    for slot in slots:
        about = about_of(slot)
        schedule = about.schedule
        told = {
            "payer": PAYERS,
            "fee": (about.fee_id,),
            "kind": (about.fee.kind,),
            "unit": (about.shown.unit,),
            "currency": (schedule.currency,),
            "document": (schedule.id,),
            "version": (schedule.version_name,),
            "table_row": about.rows or ("",),
            "source": (source_text(about),),
        }
        for name, texts in told.items():
            words.setdefault(name, set()).update(texts)
    untold = {"account_id": ("account_id",), "payer_id": tuple(f"{payer}_id" for payer in PAYERS)}
    words |= {name: set() for name, columns in untold.items() if not {*columns} & {*carried}}
    return {name: pl.Enum(sorted(texts)) for name, texts in words.items()}


class LineColumns:
    """The columns of the bill lines of one slot; `kinds` gives the types of text columns that are not String."""

    def __init__(
        self,
        slot: Slot,
        number: int,
        key: pl.Expr,
        carried: Sequence[str],
        shapes: Mapping[str, Shape],
        kinds: Mapping[str, pl.Enum],
    ) -> None:
        self.slot, self.about = slot, about_of(slot)
        self.number, self.key, self.carried, self.shapes, self.kinds = number, key, carried, shapes, kinds

    def of(self, rows: pl.LazyFrame, *more: pl.Expr) -> pl.LazyFrame:
        if self.slot.active.lo == 0:
            rows = rows.filter(pl.col(f"{self.number}.active"))
        return rows.select(*self._columns(), *more)

    def _node(self, name: str) -> pl.Expr:
        return pl.col(f"{self.number}.{name}")

    def _columns(self) -> list[pl.Expr]:
        about, schedule = self.about, self.about.schedule
        amount, tax = self._node("amount"), self._node("tax")
        return [
            self._charge_id().alias("charge_id"),
            self._carried("account_id"),
            self._payer_id().alias("payer_id"),
            self._chosen("payer", PAYERS, self.slot.values["payer"]),
            self.key,
            self._text("fee", about.fee_id),
            self._text("kind", about.fee.kind),
            self._day("start").alias("period_start"),
            self._day("end").alias("period_end"),
            self._day("issued").alias("issued_on"),
            self._day("due").alias("due_on"),
            self._number("quantity"),
            self._text("unit", about.shown.unit),
            self._number("rate"),
            self._number("factor"),
            to_decimal(amount - tax, 2, most=2 * self.shapes["amount"][1]).alias("net"),
            self._number("tax_rate"),
            self._number("tax"),
            self._number("amount"),
            self._text("currency", schedule.currency),
            self._text("document", schedule.id),
            self._text("version", schedule.version_name),
            self._row(),
            self._text("source", source_text(about)),
        ]

    def _kind(self, name: str) -> pl.DataType:
        return self.kinds.get(name, pl.String())

    def _text(self, name: str, text: str | None) -> pl.Expr:
        return pl.lit(text, self._kind(name)).alias(name)

    def _chosen(self, name: str, texts: Sequence[str], node: Node) -> pl.Expr:
        """The text at a node's place in a list."""
        if node.lo == node.hi:
            return self._text(name, texts[node.lo])
        return _texts(texts, self._node(name), self._kind(name)).alias(name)

    def _carried(self, name: str) -> pl.Expr:
        return pl.col(name) if name in self.carried else self._text(name, None)

    def _constant(self, name: str) -> int | None:
        node = self.slot.values[name]
        return node.lo if node.lo == node.hi else None

    def _day(self, name: str) -> pl.Expr:
        known = self._constant(name)
        if known is not None:
            return pl.lit(from_day_number(known), pl.Date)
        return self._node(name).cast(pl.Int32).cast(pl.Date)

    def _number(self, name: str) -> pl.Expr:
        places, most = self.shapes[name]
        node = self.slot.values.get(name)
        if node is None:
            return pl.lit(None, pl.Decimal(digits(most), places)).alias(name)
        return to_decimal(
            self._node(name), node.scale, places, most=most // 10 ** (places - node.scale)
        ).alias(name)

    def _payer_id(self) -> pl.Expr:
        known = self._constant("payer")
        if known is not None:
            name = f"{PAYERS[known]}_id"
            return pl.col(name).cast(pl.String) if name in self.carried else self._text("payer_id", None)
        chosen = self._text("payer_id", None)
        for number, payer in enumerate(PAYERS):
            if f"{payer}_id" in self.carried:
                column = pl.col(f"{payer}_id").cast(pl.String)
                chosen = pl.when(self._node("payer") == number).then(column).otherwise(chosen)
        return chosen

    def _row(self) -> pl.Expr:
        if not self.about.rows:
            return self._text("table_row", "")
        return _texts(self.about.rows, self._node("row"), self._kind("table_row")).alias("table_row")

    def _charge_id(self) -> pl.Expr:
        """As `Teller` puts it together: what is the same in every line of the slot is one text."""
        start, payer = self.slot.values["start"], self.slot.values["payer"]
        fee, version = self.about.fee_id, self.about.schedule.version_name
        key = self.key.cast(pl.String)
        if start.lo == start.hi and payer.lo == payer.hi:
            day = from_day_number(start.lo)
            return pl.concat_str(key, pl.lit(f":{fee}:{day:%Y%m%d}:{PAYERS[payer.lo]}:{version}"))
        paid_by = _texts([f":{each}:{version}" for each in PAYERS], self._node("payer"))
        return pl.concat_str(key, pl.lit(f":{fee}:"), self._day_in_id(), paid_by)

    def _day_in_id(self) -> pl.Expr:
        """The first day as 20261101, looked up where few days are possible."""
        start = self.slot.values["start"]
        if start.hi - start.lo > DAYS_LISTED:  # the day of a one-off may lie in any year
            return self._day("start").dt.strftime("%Y%m%d")
        days = [f"{from_day_number(day):%Y%m%d}" for day in range(start.lo, start.hi + 1)]
        return _texts(days, self._node("start") - start.lo)


def _texts(texts: Sequence[str], index: pl.Expr, kind: pl.DataType | None = None) -> pl.Expr:
    return pl.lit(pl.Series(list(texts), dtype=kind or pl.String())).gather(index)
