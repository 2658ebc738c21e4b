"""What the numbers of the language come to: formulas, tables, facts, sums and guided prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from feerules.documents.charging import Charge, Rounding
from feerules.documents.formulas import Formula
from feerules.documents.values import FactValue, GuidedValue, SumValue, TableValue, Value
from feerules.plan.bounds import Builder, Exact
from feerules.plan.lookups import Found, decide, decision
from feerules.plan.names import place_of
from feerules.plan.nodes import Leaf, Node, Plan
from feerules.plan.outputs import number_of
from feerules.plan.tariffs import Slice
from feerules.plan.terms import Scope

__all__ = ["Figures", "Pool", "Shown", "ShownPart", "told"]


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """How a shared fee is divided: `plan` weighs each unit, among units with equal `among` facts.

    The share that a unit gets is the fact `leaf`; `den` is the weights' common denominator.
    """

    leaf: Leaf
    plan: Plan
    among: tuple[str, ...]
    den: Node


@dataclass(frozen=True, slots=True, eq=False)
class ShownPart:
    """A part of a fee where it `holds`: its amount, and what of what it is where that is told."""

    name: str
    amount: Node
    quantity: Node | None
    rate: Node | None
    unit: str
    holds: Node


@dataclass(eq=False)
class Shown:
    """What a line tells about itself beside its amount; each node is computed only when asked for."""

    quantity: Node | None = None
    unit: str = ""
    rate: Node | None = None
    factor: Exact | None = None
    tax_rate: Node | None = None
    decisions: list[tuple[str, Found, tuple[str, ...]]] = field(default_factory=list)
    components: list[tuple[str, Node]] = field(default_factory=list)
    slices: list[tuple[str, Slice]] = field(default_factory=list)
    parts: list[ShownPart] = field(default_factory=list)
    registers: list[tuple[str, Node]] = field(default_factory=list)
    guided: list[tuple[str, Node]] = field(default_factory=list)
    counted: Node | None = None  # what tiers had counted before
    applied: list[tuple[int, Node]] = field(default_factory=list)
    months: list[tuple[Node, Node]] = field(default_factory=list)
    pool: Pool | None = None


class Figures:
    """The numbers of one line; `charged` turns false where a rule says "not charged"."""

    def __init__(self, scope: Scope, rounding: Sequence[Rounding]) -> None:
        self.scope = scope
        self.b: Builder = scope.b
        self.charged: Node = scope.b.true
        self.shown = Shown()
        self.roundings = {each.stage: [r for r in rounding if r.stage == each.stage] for each in rounding}

    def _stage(self, stage: str, exact: Exact) -> Exact:
        """The number after every rounding of a stage, in the order written."""
        for each in self.roundings.get(stage, ()):  # type: ignore[call-overload]
            exact = Exact(self.b, exact.rounded(each.step, each.mode))
        return exact

    def _note_factor(self, factor: Exact, holds: Node | None = None) -> None:
        known = self.shown.factor or Exact(self.b, self.b.const(1))
        times = Exact(self.b, self.b.mul(known.num, factor.num), self.b.mul(known.den, factor.den))
        self.shown.factor = times if holds is None else times.where(holds, known)

    def value(self, value: Value, outputs: Sequence[str], charge: Charge | None = None) -> Exact:
        """Any value of the language as an exact number."""
        b = self.b
        if isinstance(value, Formula):
            return Exact(b, self._number(value))
        if isinstance(value, FactValue):
            node = self.scope.number(value.fact, place_of(value.fact, value.where)).node
            return Exact(b, b.mul(node, b.decimal(value.times)))
        if isinstance(value, TableValue):
            found = self._found(value, outputs, charge)
            return Exact(b, b.total(found.outputs.values()))
        if isinstance(value, SumValue):
            total = Exact(b, b.const(0))
            for name, each in value.sum.items():
                total = total.plus(self.value(each, (name, *outputs), charge))
            self._read_printed(value)
            return total
        assert isinstance(value, GuidedValue)
        return self._guided(value, outputs, charge)

    def _read_printed(self, value: SumValue) -> None:
        """Reads the table of printed totals, which no bill uses, so that what is wrong with it is told."""
        if isinstance(value.printed, TableValue):
            decision(self.scope, value.printed, ("printed", "rate"))

    def _number(self, formula: Formula) -> Node:
        return number_of(self.scope, formula)

    def _guided(self, value: GuidedValue, outputs: Sequence[str], charge: Charge | None) -> Exact:
        base = self.value(value.base, ("base", *outputs), charge)
        if value.float is None:
            return base
        chosen = self.value(value.float, ("float",), charge)
        b = self.b
        if value.up is not None:
            self.scope.guard("float_out_of_range", chosen.is_at_most(self._permitted(value.up, "up")))
        if value.down is not None and value.down != "without_limit":
            least = Exact(b, b.const(0)).minus(self._permitted(value.down, "down"))
            self.scope.guard("float_out_of_range", least.is_at_most(chosen))
        self.shown.guided += [("base", told(base)), ("float", told(chosen))]
        factor = Exact(b, b.const(1)).plus(chosen)
        return Exact(b, b.mul(base.num, factor.num), b.mul(base.den, factor.den))

    def _permitted(self, value: Value, output: str) -> Exact:
        """The most that a float may be; the row that says it is not the price's."""
        decided = len(self.shown.decisions)
        limit = self.value(value, (output,))
        del self.shown.decisions[decided:]
        return limit

    def _found(self, spec: TableValue, outputs: Sequence[str], charge: Charge | None) -> Found:
        if spec.otherwise is None and charge is not None and charge.otherwise is not None:
            spec = self.scope.names.otherwise(spec, charge.otherwise)
        found = decide(self.scope, spec, outputs)
        self.shown.decisions.append((outputs[0], found, found.decision.rows))
        return self._or_otherwise(spec, found)

    def _or_otherwise(self, spec: TableValue, found: Found) -> Found:
        """Where no row matches: nothing is charged, the record is a problem, or a number holds."""
        b = self.b
        if spec.otherwise == "not_charged":
            inactive = b.negate(self.scope.need)
            self.charged = b.all_of((self.charged, b.any_of((found.matched, inactive))))
        elif isinstance(spec.otherwise, Decimal):
            other = b.decimal(spec.otherwise)
            outputs = {name: b.choose(found.matched, node, other) for name, node in found.outputs.items()}
            return Found(outputs, b.true, found.leaf, found.decision, found.terms)
        else:
            self.scope.guard("no_row", found.matched)
        return found


def told(value: Exact) -> Node:
    """A number as a bill shows it: exact where it has no denominator, else to six places."""
    if value.den.lo == value.den.hi == 1:
        return value.num
    return value.rounded(Decimal("0.000001"), "half_up")
