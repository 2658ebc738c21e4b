"""Quantities that are counted: usage and its tiers, registers, shares of a pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from feerules.documents.charging import Charge, FeesQuantity, Share, Tiers
from feerules.documents.schedule import Fee
from feerules.documents.values import SumValue, TableValue
from feerules.plan.bounds import Builder, Exact
from feerules.plan.conditions import asked_by, cells_hold
from feerules.plan.cycles import Cycle
from feerules.plan.figures import Figures, Pool, told
from feerules.plan.nodes import Guard, Leaf, Node, Plan, Slot
from feerules.plan.tariffs import (
    Bands,
    begins_year,
    cumulative,
    find_bands,
    mark_bands,
    months_in_force,
    resets,
    slices,
)
from feerules.plan.terms import Scope, Term

__all__ = ["Metering", "Point", "Span", "Use"]

PRICE_COLUMNS = {"step": "amount", "surcharge": "surcharge"}


@dataclass(frozen=True, slots=True)
class Point:
    """A day of a cycle, and the running total of the proration there."""

    day: Node
    total: Node


@dataclass(frozen=True, slots=True)
class Span:
    """What a line covers: from `start` to `end`; `run` is where the parts that round together begin.

    `liable` is the span of days over which a metered quantity is spread, and `liable_total` what of the
    cycle is charged before anything cuts it.
    """

    run: Point
    start: Point
    end: Point
    liable: tuple[Node, Node]
    liable_total: Node
    whole: bool  # nothing cuts the cycle: a metered quantity need not be spread
    splits: tuple[Node, ...] = ()  # the days on which another payer takes over


@dataclass(frozen=True, slots=True)
class Use:
    """A quantity counted from `low` to `high`, out of the whole cycle's `total`, on the days from and until."""

    low: Node
    high: Node
    total: Node
    days: tuple[Node, Node] | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a use in one tier year: counted from `low` to `high`.

    `begun` says whether a part of this year was charged before, `inside` whether the use has days in it.
    """

    low: Node
    high: Node
    begun: Node
    inside: Node


class Metering(Figures):
    """The amounts of a line that come from what was used."""

    def __init__(self, scope: Scope, fee: Fee, cycle: Cycle, span: Span) -> None:
        super().__init__(scope, fee.rounding)
        self.cycle = cycle
        self.span = span
        self.at_a_change = fee.at_a_change
        self.metered = False  # a quantity belongs to the cycle: it goes where the fee says at a change
        self.usage = False  # and it is read from a meter
        self.timed = False  # a price is multiplied by time
        self.of_others = False  # a quantity is of other fees' amounts for the line's own days
        self.month: tuple[Node, Node] | None = None  # the days of the month in hand, where months are priced
        self.in_parts = bool(fee.parts)  # the fee's components are its parts, not those of a rate

    # Metered quantities

    def _portion(self, term: Term, run: Point, to: Point) -> Use:
        """What belongs to the whole cycle, counted when the run begins, and at `to`.

        What lies between is charged: a usage, an amount that is passed on, a share of a pool.
        """
        self.metered = True
        self.usage = self.usage or term.usage
        days = (run.day, to.day)
        if self.month is not None:
            self._needs_reading(self.month[0])
        elif self.span.whole:
            return Use(self.b.const(0, term.node.scale), term.node, term.node, days)
        return Use(self._spread(term.node, run.day), self._spread(term.node, to.day), term.node, days)

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
                "one of rate, tiers, pass_through, share or parts", "add rate: 2.80",
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
        if "component" not in self.roundings or len(parts) == 1 or self.in_parts:
            return rate.times(quantity)
        total = Exact(self.b, self.b.const(0))
        for _, each in parts:
            total = total.plus(self._stage("component", each.times(quantity)))
        return total

    def rate_parts(self, charge: Charge) -> list[tuple[str, Exact]]:
        """The named components of a rate, or the rate itself under no name."""
        value = charge.rate
        if isinstance(value, SumValue):
            self._read_printed(value)
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
        self.scope.guard("above_ceiling", rate.is_at_most(ceiling))
        return rate

    # Tiers

    def _tiered(self, charge: Charge, tiers: Tiers, use: Use) -> Exact:
        column = PRICE_COLUMNS.get(tiers.kind, "rate")
        bands = self._bands(tiers, (column,))
        ends = self._ends(tiers, bands, in_cycle=use.days is not None or isinstance(charge.per, FeesQuantity))
        total = Exact(self.b, self.b.const(0))
        for year in self._tier_years(tiers, use):
            total = total.plus(self._between(tiers, bands, column, ends, year))
        return total.plus(self._at_base(charge, tiers, use))

    def _at_base(self, charge: Charge, tiers: Tiers, use: Use) -> Exact:
        """What every unit costs below and besides the surcharges."""
        if tiers.base is None:
            return Exact(self.b, self.b.const(0))
        if tiers.kind != "surcharge":
            self.scope.names.problem(
                tiers.where_of("base"), "contradiction", f"base: in {tiers.kind} tiers",
                "base: in surcharge tiers only", "say kind: surcharge, or take base: out",
            )  # fmt: skip
        base = self.value(tiers.base, ("base", "rate"), charge)
        self.shown.rate = told(base)
        return base.times(self.b.sub(use.high, use.low))

    def _bands(self, tiers: Tiers, columns: Sequence[str]) -> Bands:
        bands = find_bands(self.scope, tiers, columns)
        self._or_otherwise(tiers.table, bands.found)
        self.shown.decisions.append(("tiers", bands.found, bands.texts))
        return bands

    def _between(self, tiers: Tiers, bands: Bands, column: str, ends: Sequence[Node], year: Stretch) -> Exact:
        b, low, high = self.b, year.low, year.high
        mark_bands(self.scope, tiers, bands, ends, low, high, year.inside)
        if tiers.kind in ("graduated", "surcharge"):
            total = Exact(b, b.const(0))
            for each in slices(b, bands, column, ends, low, high):
                self.shown.slices.append((column, each))
                total = total.plus(self._stage("slice", Exact(b, b.mul(each.quantity, each.price))))
            return total
        size = None if tiers.size is None else b.decimal(tiers.size)
        upto = cumulative(b, tiers.kind, bands, column, ends, high, size)
        if tiers.kind == "step":
            # Nothing used costs something too: but once, and on the days that are charged.
            nothing = Exact(b, b.const(0))
            before = cumulative(b, "step", bands, column, ends, low, None).where(year.begun, nothing)
            return upto.minus(before).where(year.inside, nothing)
        if low.hi == low.lo == 0:
            return upto
        return upto.minus(cumulative(b, tiers.kind, bands, column, ends, low, size))

    def _ends(self, tiers: Tiers, bands: Bands, *, in_cycle: bool = True) -> list[Node]:
        """The bounds of the bands: for the months of the bill, raised, and prorated.

        `in_cycle` says that the quantity is that of the whole cycle; an area is the same in each month.
        """
        count = 1
        if tiers.over is not None and tiers.over.counts == "month":
            if self.cycle.months is None or self.cycle.season:
                raise self.scope.names.refuse(
                    tiers.where_of("over"), "unsupported", "bands of a month in a fee that is not by the month",
                    "over: bill, or cycles of months", "say over: bill, and give the bounds of all of it",
                )  # fmt: skip
            count = self.cycle.months if in_cycle and self.month is None else 1
        return self.scope.once((bands, count), self._raised, tiers, bands, count)

    def _raised(self, tiers: Tiers, bands: Bands, count: int) -> list[Node]:
        b = self.b
        ends = [b.mul(end, b.const(count)) for end in bands.ends]
        for number, each in enumerate(tiers.raise_bounds):
            holds = cells_hold(self.scope, each.when)
            if each.when:
                self.scope.mark("raise", each, holds, ((), (number,)), asked_by(self.scope, [each.when]))
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
        # A bound that a rule lowers below zero leaves its band empty, as does one below that before it.
        ends = [b.max(end, b.const(0)) for end in ends]
        return [*accumulate(ends, b.max)] if bands.may_fall else ends

    def _tier_years(self, tiers: Tiers, use: Use) -> list[Stretch]:
        """The usage counted from and to, in each tier year that the cycle touches."""
        b, over = self.b, tiers.over
        before: Node = b.const(0)
        if over is not None and over.used_before is not None:
            before = self.shown.counted = self._number(over.used_before)
        first, last = self.span.liable
        low, high, years = use.low, use.high, []
        if self.month is not None and use.days is not None and over is not None and over.counts == "month":
            # Each month counts from nothing.
            first, last = (b.clamp(day, first, last) for day in self.month)
            begun = self._spread(use.total, first)
            low, high = b.sub(low, begun), b.sub(high, begun)
        # On the first day of a tier year nothing of it has been charged, whatever a step costs for nothing.
        fresh = over is None or over.used_before is None or begins_year(tiers, self.cycle)
        days = resets(self.scope, tiers, self.cycle)
        # Less than nothing has no band; a correction is priced inside what was counted before it.
        for counted in (before, use.total) if days else (before, b.add(before, low), b.add(before, high)):
            self._at_least_nothing(counted)
        for day in days:
            reset = b.const(day)
            self._needs_reading(reset)
            mid = b.within(self._spread(use.total, reset), min(use.total.lo, 0), use.total.hi)
            parts = (b.add(before, b.min(low, mid)), b.add(before, b.min(high, mid)))
            years.append(Stretch(*parts, *self._known(use, first, reset, fresh=fresh)))
            low, high, before = b.sub(b.max(low, mid), mid), b.sub(b.max(high, mid), mid), b.const(0)
            first, fresh = reset, True
        known = self._known(use, first, last, fresh=fresh)
        return [*years, Stretch(b.add(before, low), b.add(before, high), *known)]

    def _at_least_nothing(self, counted: Node) -> None:
        self.scope.guard("below_zero", self.b.compare("<=", self.b.const(0), counted))

    def _known(self, use: Use, first: Node, last: Node, *, fresh: bool) -> tuple[Node, Node]:
        """Whether a part of a tier year was charged before a use, and whether the use has days in it."""
        b = self.b
        if use.days is None:
            return b.false, b.true
        run, to = use.days
        begun = b.compare("<", first, run) if fresh else b.true
        return begun, b.all_of((b.compare("<", run, last), b.compare("<", first, to)))

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
        terms = {name: self.scope.formula(formula) for name, formula in charge.registers.items()}
        uses = {name: self._portion(term, run, to) for name, term in terms.items()}
        for use in uses.values():
            self._at_least_nothing(use.total)
        bands = self._bands(charge.tiers, tuple(uses))
        ends = self._ends(charge.tiers, bands)
        b = self.b
        low, high, total = (
            b.total(getattr(use, end) for use in uses.values()) for end in ("low", "high", "total")
        )
        whole = Use(low, high, total, (run.day, to.day))
        self.shown.quantity = b.sub(whole.high, whole.low)
        self.shown.unit = next(("·".join(term.unit) for term in terms.values() if term.unit), "")
        if self.month is None:
            self.shown.registers += [(name, b.sub(use.high, use.low)) for name, use in uses.items()]
        price = self._in_order if charge.assign == "in_order" else self._in_proportion
        priced = price(charge.tiers, bands, ends, uses, whole)
        return priced.plus(self._at_base(charge, charge.tiers, whole))

    def _in_order(
        self, tiers: Tiers, bands: Bands, ends: Sequence[Node], uses: Mapping[str, Use], whole: Use
    ) -> Exact:
        """The registers fill the bands one after another, in the order written."""
        b = self.b
        totals = {name: Exact(b, b.const(0)) for name in uses}
        own = {name: self._tier_years(tiers, use) for name, use in uses.items()}
        for n, year in enumerate(self._tier_years(tiers, whole)):
            stop = year.low
            for name, years in own.items():
                start, stop = stop, b.add(stop, b.sub(years[n].high, years[n].low))
                filled = replace(year, low=start, high=stop)
                totals[name] = totals[name].plus(self._between(tiers, bands, name, ends, filled))
        return _sum(b, [self._stage("register", total) for total in totals.values()])

    def _in_proportion(
        self, tiers: Tiers, bands: Bands, ends: Sequence[Node], uses: Mapping[str, Use], whole: Use
    ) -> Exact:
        """Every slice of the whole usage is divided among the registers by their usage."""
        b = self.b
        years = self._tier_years(tiers, whole)
        quantity = Exact(b, b.sub(whole.high, whole.low))
        parts = []
        for name, use in uses.items():
            own, of = Exact(b, b.sub(use.high, use.low)).beside(quantity)
            price = _sum(b, [self._between(tiers, bands, name, ends, year) for year in years])
            parts.append(self._stage("register", price.times(own).over(b.max(of, b.const(1)))))
        return _sum(b, parts)

    # Pools

    def _pool_share(self, share: Share) -> Term:
        """The unit's share, computed over all units beforehand and given as a fact."""
        leaf = self.scope.share_leaf(self.scope.fee or "", self.cycle.key)
        self.scope.require(leaf)
        self.shown.pool = self._pool(share, leaf)
        return Term(self.b.fact(leaf), "decimal")

    def _pool(self, share: Share, leaf: Leaf) -> Pool:
        """How to weigh a unit: a plan of its own, since units that are billed nothing may share too."""
        outer, scope = self.scope, self.scope.apart()
        charged, decided = self.charged, len(self.shown.decisions)
        self.scope = scope
        try:
            weight = self.value(share.by, ("weight", "by"))
            self._at_least_nothing(weight.num)
        finally:
            self.scope = outer
        # The line knows nothing of what was asked to weigh: its plan has other facts.
        self.charged = charged
        del self.shown.decisions[decided:]
        whole = self.b.max(self.b.unscaled(weight.num), self.b.const(0))
        guards = [Guard("unreadable", need, None, fact) for fact, need in scope.needs.items()]
        slot = Slot(leaf.name, scope.need, {"weight": whole})
        for name in share.among:
            scope.term(name, share.where)
        plan = Plan(tuple(scope.needs), (*guards, *scope.guards), (slot,))
        return Pool(leaf, plan, share.among, weight.den)


def _sum(b: Builder, parts: Sequence[Exact]) -> Exact:
    total = parts[0]
    for part in parts[1:]:
        total = total.plus(part)
    return total
