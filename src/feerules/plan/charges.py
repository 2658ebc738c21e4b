"""One line of a bill: from a fee, a cycle and two points in it to an exact amount, and to whole fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from feerules.documents.formulas import Formula
from feerules.documents.schedule import (
    Adjustment,
    Charge,
    FactQuantity,
    Fee,
    FeesQuantity,
    Limit,
    PerUnit,
    Rounding,
    Share,
    Started,
    Tiers,
)
from feerules.documents.values import FactValue, GuidedValue, SumValue, TableValue, Value
from feerules.plan.bounds import Builder, Exact
from feerules.plan.cycles import Cycle, Progress, judged_on
from feerules.plan.lookups import Found, cells_hold, decide
from feerules.plan.nodes import Guard, Leaf, Node, Plan, Slot
from feerules.plan.tariffs import Bands, Slice, cumulative, find_bands, months_in_force, resets, slices
from feerules.plan.terms import Moment, Refused, Scope, Term

__all__ = ["Line", "Point", "Pool", "Shown", "Span", "told"]

FEN = Decimal("0.01")
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Point:
    """A day of a cycle, and the running total of the proration there."""

    day: Node
    total: Node


@dataclass(frozen=True, slots=True)
class Span:
    """What a line covers: from `start` to `end`; `run` is where the parts that round together begin.

    `liable` is the span of days over which a metered quantity is spread.
    """

    run: Point
    start: Point
    end: Point
    liable: tuple[Node, Node]
    whole: bool  # nothing cuts the cycle: a metered quantity need not be spread


@dataclass(frozen=True, slots=True)
class Use:
    """A quantity counted from `low` to `high`, out of the whole cycle's `total`."""

    low: Node
    high: Node
    total: Node


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """How a shared fee is divided: `plan` weighs each unit, among units with equal `among` facts.

    The share that a unit gets is the fact `leaf`; `den` is the weights' common denominator.
    """

    leaf: Leaf
    plan: Plan
    among: tuple[str, ...]
    den: Node


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
    parts: list[tuple[str, Node]] = field(default_factory=list)
    applied: list[tuple[int, Node]] = field(default_factory=list)
    months: list[tuple[Node, Node]] = field(default_factory=list)
    pool: Pool | None = None


class Line:
    """Builds the amount of one line; `charged` turns false where a rule says "not charged"."""

    def __init__(self, scope: Scope, fee: Fee, cycle: Cycle, span: Span, progress: Progress | None) -> None:
        self.scope = scope
        self.b: Builder = scope.b
        self.fee = fee
        self.cycle = cycle
        self.span = span
        self.progress = progress
        self.charged: Node = scope.b.true
        self.shown = Shown()
        self.roundings = {each.stage: each for each in fee.rounding}
        self.at_a_change = fee.at_a_change
        self.metered = False  # the quantity belongs to the cycle: time does not multiply it
        self.usage = False  # and it is read from a meter

    # From exact amounts to fen

    def amount(self) -> Node:
        """The amount in fen: the rounded total up to the end less the rounded total up to the start."""
        span = self.span
        upto_end = self._in_fen(self.exact(span.run, span.end))
        if span.start is span.run:
            return upto_end
        before = self._in_fen(self.exact(span.run, span.start))
        # What the line tells of itself is its own part, not the run's.
        self.shown = Shown()
        self.exact(span.start, span.end)
        # Both totals rise together: the part between them is never more than all of it.
        part = self.b.sub(upto_end, before)
        widest = max(abs(upto_end.lo), abs(upto_end.hi))
        return self.b.within(part, -widest, widest)

    def _in_fen(self, exact: Exact) -> Node:
        steps = [each for each in self.fee.rounding if each.stage == "fee_line"] or [Rounding()]
        for each in steps:
            exact = Exact(self.b, exact.rounded(each.step, each.mode))
        return self.b.rounded(exact.num, 2)

    def _stage(self, stage: str, exact: Exact) -> Exact:
        rounding = self.roundings.get(stage)  # type: ignore[call-overload]
        return Exact(self.b, exact.rounded(rounding.step, rounding.mode)) if rounding else exact

    # Time

    def exact(self, run: Point, to: Point) -> Exact:
        """The exact charge for what lies between two points."""
        months = self._months(run, to)
        total = Exact(self.b, self.b.const(0))
        for time, moment in months:
            with self.scope.at(moment):
                part = self._stage("month", self._charge(time, run, to))
                total = total.plus(part)
            if len(months) > 1:
                self.shown.months.append((moment.nodes["judged_on"], part.rounded(FEN, "half_up")))
        share = self._share_of_cycle(run, to)
        return self._limited(self.fee, total, share)

    def _months(self, run: Point, to: Point) -> list[tuple[Exact, Moment]]:
        """The time that is charged, in months: as one piece, or month by month where a rule asks so."""
        moment = self.scope.moment
        if self.progress is None:
            return [(Exact(self.b, self.b.const(1)), moment)]
        fraction = self.roundings.get("month_fraction")
        by_month = self.fee.judged == "each_month" or "month" in self.roundings
        if not (by_month or fraction):
            return [(self._time(run, to), moment)]
        pieces = [self._month_piece(n, run, to, fraction) for n in range(self.cycle.months or 1)]
        if by_month:
            return [(time, self._moment_of(n, run)) for n, time in enumerate(pieces)]
        total = pieces[0]
        for piece in pieces[1:]:
            total = total.plus(piece)
        return [(total, moment)]

    def _time(self, run: Point, to: Point) -> Exact:
        assert self.progress is not None
        between = self.b.within(self.b.sub(to.total, run.total), 0, self.progress.whole)
        return Exact(self.b, between, self.progress.denominator)

    def _month_piece(self, n: int, run: Point, to: Point, fraction: Rounding | None) -> Exact:
        assert self.progress is not None
        b, den = self.b, self.progress.denominator
        ends = [b.clamp(x.total, b.const(n * den), b.const((n + 1) * den)) for x in (run, to)]
        piece = Exact(b, b.within(b.sub(ends[1], ends[0]), 0, den), den)
        if fraction is None:
            return piece
        return Exact(b, piece.rounded(fraction.step, fraction.mode))

    def _moment_of(self, n: int, run: Point) -> Moment:
        """The moment at which the nth month is judged: its first day that the line covers."""
        if self.fee.judged != "each_month":
            return self.scope.moment
        return judged_on(self.b, self.scope.moment, self.b.max(self.cycle.month_starts[n], run.day))

    def _share_of_cycle(self, run: Point, to: Point) -> Exact | None:
        """Which share of the whole cycle the line covers; None where it is all of it."""
        if self.progress is None:
            return None
        time = self._time(run, to)
        if time.num.lo == time.num.hi == self.progress.whole:
            return None
        return time.over(self.cycle.months or 1)

    # Charges

    def _charge(self, time: Exact, run: Point, to: Point) -> Exact:
        self.shown.factor = None
        charges: Mapping[str, Charge] = {"": self.fee, **self.fee.parts}
        total = Exact(self.b, self.b.const(0))
        for name, charge in charges.items():
            if not name and self.fee.parts and not _says_something(charge):
                continue
            part = self._part(name, charge, time, run, to)
            if name:
                self.shown.parts.append((name, part.rounded(FEN, "half_up")))
            total = total.plus(part)
        return self._adjusted(total, time)

    def _part(self, name: str, charge: Charge, time: Exact, run: Point, to: Point) -> Exact:
        if not name:
            return self._own(charge, time, run, to)
        holds = cells_hold(self.scope, charge.applies)
        with self.scope.needing(holds):
            part = self._own(charge, time, run, to)
            part = self._stage("component", self._limited(charge, part, self._share_of_cycle(run, to)))
        return part.where(holds, Exact(self.b, self.b.const(0)))

    def _own(self, charge: Charge, time: Exact, run: Point, to: Point) -> Exact:
        if charge.pass_through is not None:
            term = self.scope.formula(charge.pass_through)
            use = self._portion(term, run, to)
            return Exact(self.b, self.b.sub(use.high, use.low))
        if charge.share is not None:
            return self._pool_share(charge.share)
        if charge.registers:
            return self._registers(charge, run, to)
        if isinstance(charge.per, Started):
            return self._visit(charge, charge.per)
        return self._quantity_times_rate(charge, time, run, to)

    def _quantity_times_rate(self, charge: Charge, time: Exact, run: Point, to: Point) -> Exact:
        term = self._quantity(charge)
        self.shown.unit = self.shown.unit or ("·".join(term.unit) if term.unit else "")
        if term.usage or isinstance(charge.per, FeesQuantity):
            self.metered = True
            return self._priced(charge, self._portion(term, run, to))
        priced = self._priced(charge, Use(self.b.const(0), term.node, term.node))
        if self.progress is None:
            return priced
        span = self._in_rate_time(charge, time, run, to)
        self._note_factor(span)
        return Exact(self.b, self.b.mul(priced.num, span.num), priced.den).over(span.den)

    def _note_factor(self, factor: Exact, holds: Node | None = None) -> None:
        known = self.shown.factor or Exact(self.b, self.b.const(1))
        times = Exact(self.b, self.b.mul(known.num, factor.num), self.b.mul(known.den, factor.den))
        self.shown.factor = times if holds is None else times.where(holds, known)

    def _in_rate_time(self, charge: Charge, time: Exact, run: Point, to: Point) -> Exact:
        """The time charged, counted in what the rate is for: months, quarters, days, cycles."""
        per = charge.rate_per or self.fee.rate_per
        if per is None and self.cycle.months != 1:
            self.scope.names.problem(
                charge.where, "missing_key", "a rate without the time that it is for",
                "rate_per: month, cycle, …", "a cycle of several months needs it",
            )  # fmt: skip
        per = per or "cycle"
        if per == "day":
            return Exact(self.b, self.b.sub(to.day, run.day))
        return time.over((self.cycle.months or 1) if per == "cycle" else MONTHS[per])

    def _quantity(self, charge: Charge) -> Term:
        per = charge.per
        if per is None:
            return Term(self.b.const(1), "decimal")
        if isinstance(per, FactQuantity):
            term = self.scope.number(per.fact, per.where)
            return Term(self.b.mul(term.node, self.b.decimal(per.times)), "decimal", term.unit, usage=term.usage)
        if isinstance(per, FeesQuantity):
            return self._fees(per)
        assert isinstance(per, Formula)
        term = self.scope.formula(per)
        if term.kind not in ("decimal", "integer"):
            raise self.scope.names.refuse(
                per.where(0), "wrong_type", f"a quantity that is a {term.kind}", "a number, such as area"
            )
        return term

    def _fees(self, per: FeesQuantity) -> Term:
        nodes = [self.scope.number(f"fees.{name}", per.where).node for name in per.fees]
        return Term(self.b.total(nodes), "decimal", ("CNY",))

    # Metered quantities

    def _portion(self, term: Term, run: Point, to: Point) -> Use:
        """The usage counted when the run begins, and at `to`: what lies between is charged."""
        self.usage = self.usage or term.usage
        if self.span.whole or not term.usage:
            return Use(self.b.const(0, term.node.scale), term.node, term.node)
        return Use(self._spread(term.node, run.day), self._spread(term.node, to.day), term.node)

    def _spread(self, usage: Node, day: Node) -> Node:
        """How much of a cycle's usage lies before a day."""
        b, (first, last) = self.b, self.span.liable
        if self.at_a_change == "all_to_the_later":
            return b.choose(b.compare("<=", last, day), usage, b.const(0, usage.scale))
        if self.at_a_change == "by_reading":
            # A reading stands at every change, so the record's usage is its own.
            return b.choose(b.compare("<=", self.span.end.day, day), usage, b.const(0, usage.scale))
        days = b.max(b.sub(last, first), b.const(1))
        passed = b.clamp(b.sub(day, first), b.const(0), days)
        part = b.div_round(b.mul(usage, passed), days, "half_up", usage.scale)
        return b.within(part, min(usage.lo, 0), max(usage.hi, 0))

    # Prices

    def _priced(self, charge: Charge, use: Use) -> Exact:
        """The price of a quantity, before time counts."""
        quantity = self.shown.quantity = self.b.sub(use.high, use.low)
        if charge.tiers is not None:
            return self._tiered(charge, charge.tiers, use)
        if charge.rate is None:
            raise self.scope.names.refuse(
                charge.where, "missing_key", "a charge without a price",
                "one of rate, tiers, pass_through, share or parts", "add rate:",
            )  # fmt: skip
        return self._components(charge, quantity)

    def _components(self, charge: Charge, quantity: Node) -> Exact:
        assert charge.rate is not None
        parts = self.rate_parts(charge)
        rate = parts[0][1]
        for _, each in parts[1:]:
            rate = rate.plus(each)
        rate = self._under_ceiling(charge, self._stage("rate", rate))
        self.shown.rate = told(rate)
        if len(parts) > 1:
            self.shown.components += [(name, told(each)) for name, each in parts]
        if "component" not in self.roundings or len(parts) == 1 or self.fee.parts:
            return rate.times(quantity)
        total = Exact(self.b, self.b.const(0))
        for _, each in parts:
            total = total.plus(self._stage("component", each.times(quantity)))
        return total

    def rate_parts(self, charge: Charge) -> list[tuple[str, Exact]]:
        """The named components of a rate, or the rate itself under no name."""
        value = charge.rate
        if isinstance(value, SumValue):
            return [(name, self.value(each, (name, "rate"), charge)) for name, each in value.sum.items()]
        if isinstance(value, TableValue) and value.components:
            found = self._found(value, ("rate",), charge)
            return [(name, Exact(self.b, node)) for name, node in found.outputs.items()]
        assert value is not None
        return [("", self.value(value, ("rate",), charge))]

    def _under_ceiling(self, charge: Charge, rate: Exact) -> Exact:
        if charge.ceiling is None:
            return rate
        ceiling = self.value(charge.ceiling.rate, ("ceiling", "rate"), charge)
        if charge.ceiling.beyond == "cap":
            return rate.at_most(ceiling)
        self.scope.guard("above_ceiling", _at_most(rate, ceiling))
        return rate

    def value(self, value: Value, outputs: Sequence[str], charge: Charge | None = None) -> Exact:
        """Any value of the language as an exact number."""
        b = self.b
        if isinstance(value, Formula):
            return Exact(b, self._number(value))
        if isinstance(value, FactValue):
            node = self.scope.number(value.fact, value.where).node
            return Exact(b, b.mul(node, b.decimal(value.times)))
        if isinstance(value, TableValue):
            found = self._found(value, outputs, charge)
            return Exact(b, b.total(found.outputs.values()))
        if isinstance(value, SumValue):
            total = Exact(b, b.const(0))
            for name, each in value.sum.items():
                total = total.plus(self.value(each, (name, *outputs), charge))
            return total
        assert isinstance(value, GuidedValue)
        return self._guided(value, outputs, charge)

    def _number(self, formula: Formula) -> Node:
        term = self.scope.formula(formula)
        if term.kind not in ("decimal", "integer"):
            raise self.scope.names.refuse(formula.where(0), "wrong_type", f"a {term.kind}", "a number")
        return term.node

    def _guided(self, value: GuidedValue, outputs: Sequence[str], charge: Charge | None) -> Exact:
        base = self.value(value.base, ("base", *outputs), charge)
        if value.float is None:
            return base
        chosen = self.value(value.float, ("float",), charge)
        b = self.b
        if value.up is not None:
            self.scope.guard("float_out_of_range", _at_most(chosen, Exact(b, b.decimal(value.up))))
        if isinstance(value.down, Decimal):
            self.scope.guard("float_out_of_range", _at_most(Exact(b, b.decimal(-value.down)), chosen))
        factor = Exact(b, b.const(1)).plus(chosen)
        return Exact(b, b.mul(base.num, factor.num), b.mul(base.den, factor.den))

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
            return Found(outputs, b.true, found.leaf, found.decision)
        else:
            self.scope.guard("no_row", found.matched)
        return found

    # Tiers

    def _tiered(self, charge: Charge, tiers: Tiers, use: Use) -> Exact:
        column = PRICE_COLUMNS.get(tiers.kind, "rate")
        bands = self._bands(tiers, (column,))
        ends = self._ends(tiers, bands)
        total = Exact(self.b, self.b.const(0))
        for low, high in self._tier_years(tiers, use):
            total = total.plus(self._between(tiers, bands, column, ends, low, high))
        if tiers.base is not None:
            base = self.value(tiers.base, ("base", "rate"), charge)
            total = total.plus(base.times(self.b.sub(use.high, use.low)))
        return total

    def _bands(self, tiers: Tiers, columns: Sequence[str]) -> Bands:
        bands = find_bands(self.scope, tiers, columns)
        self._or_otherwise(tiers.table, bands.found)
        self.shown.decisions.append(("tiers", bands.found, bands.texts))
        return bands

    def _between(
        self, tiers: Tiers, bands: Bands, column: str, ends: Sequence[Node], low: Node, high: Node
    ) -> Exact:
        b = self.b
        if tiers.kind in ("graduated", "surcharge"):
            total = Exact(b, b.const(0))
            for each in slices(b, bands, column, ends, low, high):
                self.shown.slices.append((column, each))
                total = total.plus(self._stage("slice", Exact(b, b.mul(each.quantity, each.price))))
            return total
        size = None if tiers.size is None else b.decimal(tiers.size)
        upto = cumulative(b, tiers.kind, bands, column, ends, high, size)
        if low.hi == low.lo == 0:
            return upto
        return upto.minus(cumulative(b, tiers.kind, bands, column, ends, low, size))

    def _ends(self, tiers: Tiers, bands: Bands) -> list[Node]:
        """The bounds of the bands: for the months of the bill, raised, and prorated."""
        ends, b = list(bands.ends), self.b
        if tiers.over is not None and tiers.over.counts == "month":
            ends = [b.mul(end, b.const(self.cycle.months or 1)) for end in ends]
        for each in tiers.raise_bounds:
            holds = cells_hold(self.scope, each.when)
            with self.scope.needing(holds):
                if each.times is not None:
                    times = self._number(each.times)
                    ends = [b.choose(holds, b.mul(end, times), end) for end in ends]
                if each.by is not None:
                    by = self._number(each.by)
                    ends = [b.choose(holds, b.add(end, by), end) for end in ends]
        if tiers.prorate_bounds is not None:
            months, of = months_in_force(self.scope, tiers, tiers.prorate_bounds, self.cycle)
            rule = tiers.prorate_bounds
            ends = [Exact(b, b.mul(end, months), of).rounded(rule.unit, rule.mode) for end in ends]
        # A bound that a rule lowers below zero leaves its band empty.
        return [b.max(end, b.const(0)) for end in ends]

    def _tier_years(self, tiers: Tiers, use: Use) -> list[tuple[Node, Node]]:
        """The usage counted from and to, in each tier year that the cycle touches."""
        b, over = self.b, tiers.over
        before = b.const(0) if over is None or over.used_before is None else self._number(over.used_before)
        low, high, years = use.low, use.high, []
        for day in resets(self.scope, tiers, self.cycle):
            reset = b.const(day)
            self._needs_reading(reset)
            mid = b.within(self._spread(use.total, reset), min(use.total.lo, 0), use.total.hi)
            years.append((b.add(before, b.min(low, mid)), b.add(before, b.min(high, mid))))
            low, high, before = b.sub(b.max(low, mid), mid), b.sub(b.max(high, mid), mid), b.const(0)
        return [*years, (b.add(before, low), b.add(before, high))]

    def _needs_reading(self, day: Node) -> None:
        """Where usage is split by reading, a record must begin or end on the day of the change."""
        if self.at_a_change == "by_reading":
            b, span = self.b, self.span
            outside = b.any_of((b.compare("<=", day, span.start.day), b.compare("<=", span.end.day, day)))
            self.scope.guard("no_reading_at_change", outside)

    # Time-of-use registers

    def _registers(self, charge: Charge, run: Point, to: Point) -> Exact:
        if charge.tiers is None:
            raise self.scope.names.refuse(
                charge.where, "missing_key", "registers without tiers", "tiers with a column for each register",
                "without tiers, write one part for each register",
            )  # fmt: skip
        self.metered = True
        terms = {name: self.scope.formula(formula) for name, formula in charge.registers.items()}
        uses = {name: self._portion(term, run, to) for name, term in terms.items()}
        bands = self._bands(charge.tiers, tuple(uses))
        ends = self._ends(charge.tiers, bands)
        b = self.b
        whole = Use(*(b.total(getattr(use, end) for use in uses.values()) for end in ("low", "high", "total")))
        self.shown.quantity = b.sub(whole.high, whole.low)
        price = self._in_order if charge.assign == "in_order" else self._in_proportion
        return price(charge.tiers, bands, ends, uses, whole)

    def _in_order(
        self, tiers: Tiers, bands: Bands, ends: Sequence[Node], uses: Mapping[str, Use], whole: Use
    ) -> Exact:
        """The registers fill the bands one after another, in the order written."""
        total, b = Exact(self.b, self.b.const(0)), self.b
        ((start, _),) = self._tier_years(tiers, whole)[-1:]
        for name, use in uses.items():
            stop = b.add(start, b.sub(use.high, use.low))
            part = self._between(tiers, bands, name, ends, start, stop)
            total, start = total.plus(self._stage("register", part)), stop
        return total

    def _in_proportion(
        self, tiers: Tiers, bands: Bands, ends: Sequence[Node], uses: Mapping[str, Use], whole: Use
    ) -> Exact:
        """Every slice of the whole usage is divided among the registers by their usage."""
        b = self.b
        parts = []
        ((low, high),) = self._tier_years(tiers, whole)[-1:]
        quantity = b.max(b.unscaled(b.sub(whole.high, whole.low)), b.const(1))
        for name, use in uses.items():
            own = b.unscaled(b.sub(use.high, use.low))
            part = self._between(tiers, bands, name, ends, low, high)
            parts.append(self._stage("register", part.times(own).over(quantity)))
        return _sum(b, parts)

    # Visits, pools

    def _visit(self, charge: Charge, rule: Started) -> Exact:
        b = self.b
        minutes = b.rounded(self._minutes(rule), 0, "up")
        beyond = b.max(b.sub(minutes, b.const(rule.free)), b.const(0))
        if rule.beyond_free == "from_the_start":
            beyond = b.choose(b.compare("<=", minutes, b.const(rule.free)), b.const(0), minutes)
        if rule.cap is None:
            return self._started(charge, rule, beyond)
        cap = Exact(b, self._number(rule.cap))
        block = b.const(rule.cap_per)
        blocks = b.div_round(beyond, block, "down")
        rest = b.within(b.sub(beyond, b.mul(blocks, block)), 0, rule.cap_per)
        whole = self._started(charge, rule, block).at_most(cap).times(blocks)
        return whole.plus(self._started(charge, rule, rest).at_most(cap))

    def _started(self, charge: Charge, rule: Started, minutes: Node) -> Exact:
        units = self.b.div_round(minutes, self.b.const(rule.started), "up")
        return self._priced(charge, Use(self.b.const(0), units, units))

    def _minutes(self, rule: Started) -> Node:
        if rule.minutes is not None:
            node = self._number(rule.minutes)
        else:
            if rule.between is None:
                raise self.scope.names.refuse(
                    rule.where, "missing_key", "started time without a duration", "between: [entered_at, left_at]"
                )
            terms = [self.scope.number(name, rule.where) for name in rule.between]
            if any(term.kind != "datetime" for term in terms):
                raise self.scope.names.refuse(
                    rule.where, "wrong_type", f"between: {', '.join(rule.between)}", "two datetime facts"
                )
            node = self.b.sub(terms[1].node, terms[0].node)
        self.scope.guard("ends_before_start", self.b.compare("<=", self.b.const(0), node))
        return self.b.max(node, self.b.const(0))

    def _pool_share(self, share: Share) -> Exact:
        """The unit's share, computed over all units beforehand and given as a fact."""
        leaf = self.scope.share_leaf(self.scope.fee or "", self.cycle.key)
        self.scope.require(leaf)
        self.shown.pool = self._pool(share, leaf)
        return Exact(self.b, self.b.fact(leaf))

    def _pool(self, share: Share, leaf: Leaf) -> Pool:
        """How to weigh a unit: a plan of its own, since units that are billed nothing may share too."""
        outer, scope = self.scope, self.scope.apart()
        self.scope = scope
        try:
            weight = self.value(share.by, ("weight", "by"))
        finally:
            self.scope = outer
        whole = self.b.max(self.b.unscaled(weight.num), self.b.const(0))
        guards = [Guard("unreadable", need, None, fact) for fact, need in scope.needs.items()]
        slot = Slot(leaf.name, scope.need, {"weight": whole})
        for name in share.among:
            scope.term(name, share.where)
        plan = Plan(tuple(scope.needs), (*guards, *scope.guards), (slot,))
        return Pool(leaf, plan, share.among, weight.den)

    # Adjustments and limits

    def _adjusted(self, amount: Exact, time: Exact) -> Exact:
        for number, rule in enumerate(self.fee.adjustments):
            holds = cells_hold(self.scope, rule.when)
            with self.scope.needing(holds):
                try:
                    changed = self._changed(rule, amount, time)
                except Refused:
                    continue
            self.shown.applied.append((number, holds))
            if isinstance(rule.times, Formula):
                self._note_factor(Exact(self.b, self._number(rule.times)), holds)
            amount = changed.where(holds, amount)
        return amount

    def _changed(self, rule: Adjustment, amount: Exact, time: Exact) -> Exact:
        if rule.times is not None:
            factor = self.value(rule.times, ("times",))
            return Exact(self.b, self.b.mul(amount.num, factor.num), self.b.mul(amount.den, factor.den))
        if rule.plus is not None:
            return amount.plus(self.value(rule.plus, ("plus",)))
        if rule.minus is not None:
            return amount.minus(self.value(rule.minus, ("minus",)))
        if rule.at_most is not None:
            return amount.at_most(self.value(rule.at_most, ("at_most",)))
        if rule.at_least is not None:
            return amount.at_least(self.value(rule.at_least, ("at_least",)))
        if rule.free_months is not None:
            return self._without_months(amount, time, self._number(rule.free_months))
        if rule.per_unit is not None:
            return self._per_unit(rule.per_unit, amount)
        raise self.scope.names.refuse(
            rule.where, "missing_key", "an adjustment that changes nothing",
            "one of times, plus, minus, at_most, at_least, free_months, per_unit",
        )  # fmt: skip

    def _without_months(self, amount: Exact, time: Exact, free: Node) -> Exact:
        """The share of the amount that is left when some months of it cost nothing."""
        b = self.b
        left = time.minus(Exact(b, free)).at_least(Exact(b, b.const(0)))
        kept, of, _ = left.common(time)
        kept = b.min(kept, of)
        least = b.max(b.unscaled(of), b.const(1))
        return Exact(b, b.mul(amount.num, b.unscaled(kept)), b.mul(amount.den, least))

    def _per_unit(self, rule: PerUnit, amount: Exact) -> Exact:
        b = self.b
        excess = b.max(b.sub(self._number(rule.of), self._number(rule.above)), b.const(0))
        if rule.started:
            excess = b.rounded(excess, 0, "up")
        most = None if rule.at_most is None else Exact(b, self._number(rule.at_most))
        per = rule.times if rule.times is not None else rule.plus
        assert per is not None
        change = Exact(b, b.mul(excess, self._number(per)))
        change = change.at_most(most) if most else change
        if rule.times is None:
            return amount.plus(change)
        return amount.plus(Exact(b, b.mul(amount.num, change.num), b.mul(amount.den, change.den)))

    def _limited(self, charge: Charge, amount: Exact, share: Exact | None) -> Exact:
        if charge.minimum is not None:
            amount = amount.at_least(self._limit(charge.minimum, "minimum", share))
        if charge.maximum is not None:
            amount = amount.at_most(self._limit(charge.maximum, "maximum", share))
        return amount

    def _limit(self, limit: Limit, name: str, share: Exact | None) -> Exact:
        amount = self.value(limit.amount, (name,))
        if share is None or limit.whole:
            return amount
        return Exact(self.b, self.b.mul(amount.num, share.num), self.b.mul(amount.den, share.den))


PRICE_COLUMNS = {"step": "amount", "surcharge": "surcharge"}


def _says_something(charge: Charge) -> bool:
    return any((charge.rate, charge.tiers, charge.pass_through, charge.share, charge.registers))


def _at_most(low: Exact, high: Exact) -> Node:
    mine, theirs, _ = low.common(high)
    return low.b.compare("<=", mine, theirs)


def told(value: Exact) -> Node:
    """A number as a bill shows it: exact where it has no denominator, else to six places."""
    if value.den.lo == value.den.hi == 1:
        return value.num
    return value.rounded(Decimal("0.000001"), "half_up")


def _sum(b: Builder, parts: Sequence[Exact]) -> Exact:
    total = parts[0]
    for part in parts[1:]:
        total = total.plus(part)
    return total
