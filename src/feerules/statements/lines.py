"""Bill lines as SQL: for each slot of a plan, the columns over its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from feerules.line_shapes import LINE_TYPES, Shape, shapes_of
from feerules.periods import from_day_number
from feerules.plan.lines import PAYERS
from feerules.plan.nodes import Slot
from feerules.sql_trees import call, cast, column, decimal, number, operated, selected, text
from feerules.statements.engine import TEXT, Dialect, truth
from feerules.telling import about_of, source_text

__all__ = ["KEY", "Lines"]

KEY = "~key"  # of the unit, before it has the name that the caller gave it


class Lines:
    """The columns of bill lines: each slot's, by the number of the slot, beside the row of a unit."""

    def __init__(self, slots: Sequence[Slot], dialect: Dialect, key: str, carried: Sequence[str]) -> None:
        self.slots, self.dialect, self.key, self.carried = slots, dialect, key, carried
        self.shapes: Mapping[str, Shape] = shapes_of(slots)
        self.abouts = [about_of(slot) for slot in slots]

    def of(self, rows: exp.Select) -> exp.Select:
        every = self._columns() if self.slots else self._none()
        told = [exp.alias_(expr, name, quoted=True, copy=False) for name, expr in every.items()]
        query = selected(*told).from_(
            rows.subquery(exp.to_identifier("~rows", quoted=True), copy=False), copy=False
        )
        if not self.slots:
            return query.where(exp.false(), copy=False)
        query = query.join(self._places(), join_type="CROSS", copy=False)
        return query.where(self._of_slot(self._active), copy=False)

    def _places(self) -> exp.Expr:
        values = [exp.Tuple(expressions=[number(place)]) for place in range(len(self.slots))]
        alias = exp.TableAlias(
            this=exp.to_identifier("~lines", quoted=True), columns=[exp.to_identifier("~slot", quoted=True)]
        )
        return exp.Values(expressions=values, alias=alias)

    def _of_slot(self, told: Callable[[int, Slot], exp.Expr]) -> exp.Expr:
        """What is told of the slot of a line; what is the same for all of them needs no choice."""
        each = [told(place, slot) for place, slot in enumerate(self.slots)]
        if len({expr.sql() for expr in each}) == 1:
            return each[0]
        case = exp.Case(this=column("~slot"))
        for place, expr in enumerate(each):
            case = case.when(number(place), expr, copy=False)
        return case

    def _active(self, place: int, slot: Slot) -> exp.Expr:
        return exp.true() if slot.active.lo == 1 else truth(f"{place}.active", slot.active)

    def _columns(self) -> dict[str, exp.Expr]:
        return {
            "charge_id": self._of_slot(self._charge_id),
            "account_id": self._carried("account_id"),
            "payer_id": self._of_slot(self._payer_id),
            "payer": self._of_slot(lambda place, slot: self._chosen(PAYERS, place, slot, "payer")),
            self.key: column(KEY),
            "fee": self._of_slot(lambda place, _: text(self.abouts[place].fee_id)),
            "kind": self._of_slot(lambda place, _: text(self.abouts[place].fee.kind)),
            "period_start": self._days("start"),
            "period_end": self._days("end"),
            "issued_on": self._days("issued"),
            "due_on": self._days("due"),
            "quantity": self._numbers("quantity"),
            "unit": self._of_slot(lambda place, _: text(self.abouts[place].shown.unit)),
            "rate": self._numbers("rate"),
            "factor": self._numbers("factor"),
            "net": self._of_slot(self._net),
            "tax_rate": self._numbers("tax_rate"),
            "tax": self._numbers("tax"),
            "amount": self._numbers("amount"),
            "currency": self._of_slot(lambda place, _: text(self.abouts[place].schedule.currency)),
            "document": self._of_slot(lambda place, _: text(self.abouts[place].schedule.id)),
            "version": self._of_slot(lambda place, _: text(self.abouts[place].schedule.version_name)),
            "table_row": self._of_slot(self._row),
            "source": self._of_slot(lambda place, slot: text(source_text(self.abouts[place]))),
        }

    def _none(self) -> dict[str, exp.Expr]:
        """The columns where nothing is charged: an ERP's next step finds them all the same."""
        told: dict[str, exp.Expr] = {}
        for name, kind in LINE_TYPES.items():
            told[name] = cast(exp.null(), kind)
            if name == "payer":
                told[self.key] = column(KEY)
        return told

    # Columns

    def _constant(self, slot: Slot, name: str) -> int | None:
        node = slot.values[name]
        return node.lo if node.lo == node.hi else None

    def _carried(self, name: str) -> exp.Expr:
        return cast(column(f"~{name}") if name in self.carried else exp.null(), TEXT)

    def _chosen(self, words: Sequence[str], place: int, slot: Slot, name: str) -> exp.Expr:
        """The text at a node's place in a list."""
        known = self._constant(slot, name)
        return text(words[known]) if known is not None else self._entry(words, column(f"{place}.{name}"))

    def _entry(self, words: Sequence[str], at: exp.Expr) -> exp.Expr:
        return self.dialect.entry(self.dialect.texts(words), at)

    def _day(self, place: int, slot: Slot, name: str) -> exp.Expr:
        known = self._constant(slot, name)
        if known is not None:
            return cast(text(from_day_number(known).isoformat()), "DATE")
        return self.dialect.day(column(f"{place}.{name}"))

    def _days(self, name: str) -> exp.Expr:
        return self._of_slot(lambda place, slot: self._day(place, slot, name))

    def _number(self, place: int, slot: Slot, name: str) -> exp.Expr:
        places, most = self.shapes[name]
        node = slot.values.get(name)
        if node is None:
            return decimal(exp.null(), 0, places, most)
        return decimal(column(f"{place}.{name}"), node.scale, places, most)

    def _numbers(self, name: str) -> exp.Expr:
        return self._of_slot(lambda place, slot: self._number(place, slot, name))

    def _net(self, place: int, slot: Slot) -> exp.Expr:
        net = operated(exp.Sub, column(f"{place}.amount"), column(f"{place}.tax"))
        return decimal(net, 2, 2, 2 * self.shapes["amount"][1])

    def _row(self, place: int, slot: Slot) -> exp.Expr:
        rows = self.abouts[place].rows
        return self._entry(rows, column(f"{place}.row")) if rows else text("")

    def _payer_id(self, place: int, slot: Slot) -> exp.Expr:
        known = self._constant(slot, "payer")
        if known is not None:
            return self._carried(f"{PAYERS[known]}_id")
        case = exp.Case(this=column(f"{place}.payer"))
        for at, payer in enumerate(PAYERS):
            case = case.when(number(at), self._carried(f"{payer}_id"), copy=False)
        return case

    def _charge_id(self, place: int, slot: Slot) -> exp.Expr:
        """As `Teller` puts it together: what is the same in every line of the slot is one text."""
        fee, version = self.abouts[place].fee_id, self.abouts[place].schedule.version_name
        key, start = cast(column(KEY), TEXT), self._constant(slot, "start")
        payer = self._constant(slot, "payer")
        paid_by = [f":{each}:{version}" for each in PAYERS]
        if start is not None and payer is not None:
            return call("CONCAT", key, text(f":{fee}:{from_day_number(start):%Y%m%d}{paid_by[payer]}"))
        day = self.dialect.compact_day(self._day(place, slot, "start"))
        ending = self._entry(paid_by, column(f"{place}.payer")) if payer is None else text(paid_by[payer])
        return call("CONCAT", key, text(f":{fee}:"), day, ending)
