"""One line of a bill: from a fee, a cycle and two points in it to an exact amount, and to whole fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import or_
from typing import Literal

from feerules.documents.charging import (
    Adjustment,
    Charge,
    FactQuantity,
    FeesQuantity,
    Limit,
    PerUnit,
    Rounding,
    Started,
)
from feerules.documents.facts import KIND_WORDS
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee
from feerules.documents.values import Value
from feerules.plan.bounds import Exact
from feerules.plan.conditions import asked_by, cells_hold
from feerules.plan.cycles import Cycle, Progress, judged_on, line_moment
from feerules.plan.figures import Shown, ShownPart
from feerules.plan.metering import Point, Span, Use
from feerules.plan.moments import Moment
from feerules.plan.names import Refused, place_of
from feerules.plan.nodes import Node
from feerules.plan.percentages import Others
from feerules.plan.terms import Scope
from feerules.plan.units import Term
from feerules.plan.visits import Visits

__all__ = ["Line"]

FEN = Decimal("0.01")
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What is priced at once: a line, or the part of it in one month, from `run` to `to`."""

    time: Exact
    moment: Moment
    run: Point
    to: Point


class Line(Visits):
    """Builds the amount of one line."""

    def __init__(
        self, scope: Scope, fee: Fee, cycle: Cycle, span: Span, progress: Progress | None, others: Others
    ) -> None:
        super().__init__(scope, fee, cycle, span)
        self.fee = fee
        self.progress = progress
        self.others = others

    # From exact amounts to fen

    def amount(self) -> tuple[Node, Node, Node]:
        """(total before, total up to the end, their difference) in fen: what is rounded together sums."""
        b, span = self.b, self.span
        nothing = b.const(0, 2)
        if span.start is span.run:
            amount = self._in_fen(self.exact(span.run, span.end))
            return nothing, amount, amount
        upto_end = self._upto(span.end, "end")
        begun = b.compare("<", span.run.day, span.start.day)
        with self.scope.needing(begun):
            before = b.choose(begun, self._upto(span.start, "start"), nothing)
        # What the line tells of itself is its own part, not the run's.
        self.shown = Shown()
        self.exact(span.start, span.end)
        # Both totals rise together: the part between them is never more than all of it.
        part = b.sub(upto_end, before)
        widest = max(abs(upto_end.lo), abs(upto_end.hi))
        return before, upto_end, b.within(part, -widest, widest)

    def _upto(self, to: Point, told: Literal["start", "end"]) -> Node:
        """What a line from where the run begins would cost up to a point: whoever pays, it is judged alike."""
        run, self.others.told = self.span.run, told
        try:
            with self.scope.at(line_moment(self.b, self.cycle, run.day, to.day)):
                return self._in_fen(self.exact(run, to))
        finally:
            self.others.told = "own"

    def _in_fen(self, exact: Exact) -> Node:
        steps = [each for each in self.fee.rounding if each.stage == "fee_line"] or [Rounding()]
        for each in steps:
            exact = Exact(self.b, exact.rounded(each.step, each.mode))
        return self.b.rounded(exact.num, 2)

    # Time

    def exact(self, run: Point, to: Point) -> Exact:
        """The exact charge for what lies between two points."""
        most = self.fee.maximum
        if most is not None and most.each is not None:
            return self._by_days(most, most.each, run, to)
        months, share_of_cycle = self._months(run, to), self._share_of_cycle(run, to)
        total, used = Exact(self.b, self.b.const(0)), []
        for n, each in enumerate(months):
            self.month = self._month(n) if len(months) > 1 else None
            with self.scope.at(each.moment):
                share = share_of_cycle if len(months) == 1 else self._share_of(each.time)
                part = self._stage("month", self._charge(each.time, each.run, each.to, share))
                total = total.plus(part)
            if len(months) > 1:
                self.shown.months.append((each.moment.nodes["judged_on"], part.rounded(FEN, "half_up")))
            used += [self.shown.quantity] if self.shown.quantity is not None else []
        self.month = None
        if self.usage and used:
            self.shown.quantity = self.b.total(used)
        return self._limited(self.fee, total, self._share_of_sums(share_of_cycle))

    def _by_days(self, most: Limit, each: int, run: Point, to: Point) -> Exact:
        """A visit whose amount has a most for each so many days: every such part is priced by itself."""
        charges = (self.fee, *self.fee.parts.values())
        rules = [charge.per for charge in charges if isinstance(charge.per, Started)]
        if not rules or self.cycle.months is not None:
            raise self._no_visit(most)
        b, time = self.b, Exact(self.b, self.b.const(1))
        total, counted, parts = Exact(b, b.const(0)), [], dict[str, Exact]()
        told: dict[str, ShownPart] = {}
        for stretch, times in self._stretches(rules, each):
            self.stretch, self.shown = stretch, Shown()
            price = self._charge(time, run, to, None)
            total = total.plus(price.at_most(self._limit(most, "maximum", None)).times(times))
            counted += [] if self.shown.quantity is None else [b.mul(self.shown.quantity, times)]
            for part in self.shown.parts:
                amount = Exact(b, part.amount).times(times)
                told[part.name] = part
                parts[part.name] = parts[part.name].plus(amount) if part.name in parts else amount
        self.stretch = None
        # A part has a quantity on each day, and none of them is that of its whole amount.
        self.shown.parts = [
            replace(told[name], amount=amount.rounded(FEN, "half_up"), quantity=None, rate=None)
            for name, amount in parts.items()
        ]
        self.shown.quantity = b.total(counted) if counted else None
        if self.fee.minimum is None:
            return total
        if self.fee.minimum.each is not None:
            raise self._no_visit(self.fee.minimum)
        return total.at_least(self._limit(self.fee.minimum, "minimum", None))

    def _no_visit(self, limit: Limit) -> Refused:
        return self.scope.names.refuse(
            limit.where_of("each"), "contradiction", "each: where no visit has a maximum",
            "each: in the maximum of a fee whose per: counts started time", "take each: out",
        )  # fmt: skip

    def _months(self, run: Point, to: Point) -> list[Piece]:
        """The time that is charged, in months: as one piece, or month by month where a rule asks so."""
        moment = self.scope.moment
        if self.progress is None:
            return [Piece(Exact(self.b, self.b.const(1)), moment, run, to)]
        by_month = self._by_month()
        if not (by_month or "month_fraction" in self.roundings):
            return [Piece(self._time(run, to), moment, run, to)]
        pieces = [self._month_piece(n, run, to) for n in range(self.cycle.months or 1)]
        if by_month:
            return pieces
        total = pieces[0].time
        for piece in pieces[1:]:
            total = total.plus(piece.time)
        return [Piece(total, moment, run, to)]

    def _by_month(self) -> bool:
        """Whether each month is priced by itself; other fees' amounts are for all the days of the line."""
        fee = self.fee
        if fee.judged != "each_month" and "month" not in self.roundings:
            return False
        own = (fee.per, fee.rate, fee.tiers, fee.pass_through, fee.adjustments, *fee.parts.values())
        if (self.cycle.months or 1) == 1 or not self.others.named_in(*own):
            return True
        if fee.judged == "each_month":
            raise self.scope.names.refuse(
                fee.where_of("judged"), "unsupported", "judged: each_month in a fee on other fees' amounts",
                "judged: at_start", "judge the other fees month by month, or bill all of them every: month",
            )  # fmt: skip
        return False

    def _time(self, run: Point, to: Point) -> Exact:
        assert self.progress is not None
        between = self.b.within(self.b.sub(to.total, run.total), 0, self.progress.whole)
        return Exact(self.b, between, self.progress.denominator)

    def _month(self, n: int) -> tuple[Node, Node]:
        """The first day of the nth month of the cycle, and the day after its last."""
        first, last = self.cycle.month_starts[n : n + 2]
        return first, last

    def _month_piece(self, n: int, run: Point, to: Point) -> Piece:
        assert self.progress is not None
        b, den, (first, last) = self.b, self.progress.denominator, self._month(n)
        ends = [
            Point(b.clamp(x.day, first, last), b.clamp(x.total, b.const(n * den), b.const((n + 1) * den)))
            for x in (run, to)
        ]
        time = Exact(b, b.within(b.sub(ends[1].total, ends[0].total), 0, den), den)
        return Piece(self._stage("month_fraction", time), self._moment_of(n), ends[0], ends[1])

    def _moment_of(self, n: int) -> Moment:
        """The moment at which the nth month is judged: its first day that is charged to anybody."""
        if self.fee.judged != "each_month":
            return self.scope.moment
        day = self.b.max(self.cycle.month_starts[n], self.span.run.day)
        return judged_on(self.b, self.scope.moment, day)

    def _share_of_cycle(self, run: Point, to: Point) -> Exact | None:
        """Which share of the whole cycle the line covers; None where it is all of it."""
        if self.progress is None:
            return None
        time = self._time(run, to)
        if time.num.lo == time.num.hi == self.progress.whole:
            return None
        return self._share_of(time)

    def _share_of(self, time: Exact) -> Exact:
        """Which share of the whole cycle some months are."""
        return time.over(self.cycle.months or 1)

    # Charges

    def _charge(self, time: Exact, run: Point, to: Point, share: Exact | None) -> Exact:
        self.shown.factor = None
        charges: Mapping[str, Charge] = {"": self.fee, **self.fee.parts}
        total = Exact(self.b, self.b.const(0))
        for name, charge in charges.items():
            if not name and self.fee.parts and not _says_something(charge):
                continue
            part = self._part(name, charge, time, run, to, share)
            total = total.plus(part)
        return self._adjusted(total, self._share_of_sums(share))

    def _share_of_sums(self, share: Exact | None) -> Exact | None:
        """Which share of a sum for a cycle the line gets: all of it, where all that is metered is the line's."""
        own_days = self.timed or self.of_others or self.month is not None
        all_of_it = self.metered and not own_days and self.fee.at_a_change == "all_to_the_later"
        return None if all_of_it else share

    def _part(
        self, name: str, charge: Charge, time: Exact, run: Point, to: Point, share: Exact | None
    ) -> Exact:
        if not name:
            return self._own(charge, time, run, to)
        shown, unit = self.shown, self.shown.unit
        shown.quantity, shown.rate, shown.unit = None, None, ""
        holds = cells_hold(self.scope, charge.applies)
        known = self.metered, self.timed, self.of_others
        self.metered = self.timed = self.of_others = False
        with self.scope.needing(holds):
            part = self._own(charge, time, run, to)
            part = self._stage("component", self._limited(charge, part, self._share_of_sums(share)))
        self.metered, self.timed, self.of_others = map(or_, known, (self.metered, self.timed, self.of_others))
        number = [*self.fee.parts].index(name)
        self.scope.mark("part", charge, holds, ((), (number,)), asked_by(self.scope, [charge.applies]))
        part = part.where(holds, Exact(self.b, self.b.const(0)))
        amount = part.rounded(FEN, "half_up")
        shown.parts.append(ShownPart(name, amount, shown.quantity, shown.rate, shown.unit, holds))
        shown.unit = unit or shown.unit
        return part

    def _own(self, charge: Charge, time: Exact, run: Point, to: Point) -> Exact:
        if charge.pass_through is not None:
            use = self._portion(self.scope.formula(charge.pass_through), run, to)
            return Exact(self.b, self.b.sub(use.high, use.low))
        if charge.share is not None:
            use = self._portion(self._pool_share(charge.share), run, to)
            return Exact(self.b, self.b.sub(use.high, use.low))
        if charge.registers:
            return self._registers(charge, run, to)
        if isinstance(charge.per, Started):
            return self._visit(charge, charge.per)
        return self._quantity_times_rate(charge, time, run, to)

    def _quantity_times_rate(self, charge: Charge, time: Exact, run: Point, to: Point) -> Exact:
        term = self._quantity(charge)
        self.shown.unit = self.shown.unit or ("·".join(term.unit) if term.unit else "")
        if isinstance(charge.per, FeesQuantity):
            self.of_others = True
            return self._priced(charge, Use(self.b.const(0), term.node, term.node))
        if term.usage:
            return self._priced(charge, self._portion(term, run, to))
        priced = self._priced(charge, Use(self.b.const(0), term.node, term.node))
        self.timed = True
        if self.progress is None or self.others.named_in(charge.rate):
            return priced
        span = self._in_rate_time(charge, time, run, to)
        self._note_factor(span)
        return Exact(self.b, self.b.mul(priced.num, span.num), priced.den).over(span.den)

    def _in_rate_time(self, charge: Charge, time: Exact, run: Point, to: Point) -> Exact:
        """The time charged, counted in what the rate is for: months, quarters, days, cycles."""
        per = charge.rate_per or self.fee.rate_per
        if per is None and self.cycle.months != 1:
            self.scope.names.problem(
                charge.where_of("rate"), "missing_key", "a rate without the time that it is for",
                f"rate_per: month, or rate_per: cycle for all {self.cycle.months} months",
                "add rate_per: month",
            )  # fmt: skip
        per = per or "cycle"
        if per == "day":
            return Exact(self.b, self.b.sub(to.day, run.day))
        if self.cycle.season and per != "cycle":
            raise self.scope.names.refuse(
                charge.where_of("rate_per"), "unsupported", f"rate_per: {per} in a fee by the season",
                "rate_per: cycle, the whole season, or day", "give the price of a season",
            )  # fmt: skip
        return time.over((self.cycle.months or 1) if per == "cycle" else MONTHS[per])

    def _quantity(self, charge: Charge) -> Term:
        per = charge.per
        if per is None:
            return Term(self.b.const(1), "decimal")
        if isinstance(per, FactQuantity):
            term = self.scope.number(per.fact, place_of(per.fact, per.where))
            return Term(
                self.b.mul(term.node, self.b.decimal(per.times)), "decimal", term.unit, usage=term.usage
            )
        if isinstance(per, FeesQuantity):
            return self._fees(per)
        assert isinstance(per, Formula)
        term = self.scope.formula(per)
        if term.kind not in ("decimal", "integer"):
            raise self.scope.names.refuse(
                per.where(0),
                "wrong_type",
                f"a quantity that is {KIND_WORDS[term.kind]}",
                "a number, such as area",
            )
        return term

    def _fees(self, per: FeesQuantity) -> Term:
        terms = [self.scope.number(f"fees.{name}", place_of(name, per.where)) for name in per.fees]
        return Term(self.b.total(term.node for term in terms), "decimal", terms[0].unit, priced=True)

    # Adjustments and limits

    def _adjusted(self, amount: Exact, share: Exact | None) -> Exact:
        """The amount after every adjustment that applies; a sum is for a whole cycle, as limits are."""
        for number, rule in enumerate(self.fee.adjustments):
            holds = cells_hold(self.scope, rule.when)
            with self.scope.needing(holds):
                try:
                    changed = self._changed(rule, amount, share)
                except Refused:
                    continue
            self.scope.mark("adjustment", rule, holds, ((), (number,)), asked_by(self.scope, [rule.when]))
            self.shown.applied.append((number, holds))
            if isinstance(rule.times, Formula):
                with self.scope.needing(holds):
                    self._note_factor(Exact(self.b, self._number(rule.times)), holds)
            amount = changed.where(holds, amount)
        return amount

    def _changed(self, rule: Adjustment, amount: Exact, share: Exact | None) -> Exact:
        if rule.times is not None:
            factor = self.value(rule.times, ("times",))
            return Exact(self.b, self.b.mul(amount.num, factor.num), self.b.mul(amount.den, factor.den))
        if rule.plus is not None:
            return amount.plus(self._sum(rule.plus, "plus", share))
        if rule.minus is not None:
            return amount.minus(self._sum(rule.minus, "minus", share))
        if rule.at_most is not None:
            return amount.at_most(self._sum(rule.at_most, "at_most", share))
        if rule.at_least is not None:
            return amount.at_least(self._sum(rule.at_least, "at_least", share))
        if rule.free_months is not None:
            if self.cycle.months is None or self.cycle.season:
                raise self.scope.names.refuse(
                    rule.where_of("free_months"), "unsupported", "free_months in a fee that is not by the month",
                    "free months of cycles of months", "say times: 0.5 for half of the amount, or minus: 5",
                )  # fmt: skip
            return self._without_months(amount, self._number(rule.free_months))
        if rule.per_unit is not None:
            return self._per_unit(rule.per_unit, amount, share)
        raise self.scope.names.refuse(
            rule.where, "missing_key", "an adjustment that changes nothing",
            "one of times, plus, minus, at_most, at_least, free_months, per_unit",
            "add times: 0.70 for 70 % of the amount, or minus: 5 for 5 less",
        )  # fmt: skip

    def _without_months(self, amount: Exact, free: Node) -> Exact:
        """The share that is left when some months of the cycle cost nothing; a part of it gets its part."""
        b = self.b
        time = Exact(b, self.span.liable_total, 1 if self.progress is None else self.progress.denominator)
        left = time.minus(Exact(b, free)).at_least(Exact(b, b.const(0)))
        kept, of = left.beside(time)
        return amount.times(b.min(kept, of)).over(b.max(of, b.const(1)))

    def _per_unit(self, rule: PerUnit, amount: Exact, share: Exact | None) -> Exact:
        b = self.b
        per = rule.times if rule.times is not None else rule.plus
        if per is None:
            raise self.scope.names.refuse(
                rule.where,
                "missing_key",
                "per_unit that changes nothing",
                "times: or plus:",
                "add times: 12.5%",
            )
        excess = b.max(b.sub(self._number(rule.of), self._number(rule.above)), b.const(0))
        if rule.started:
            excess = b.rounded(excess, 0, "up")
        most = None if rule.at_most is None else Exact(b, self._number(rule.at_most))
        change = Exact(b, b.mul(excess, self._number(per)))
        change = change.at_most(most) if most else change
        if rule.times is None:
            return amount.plus(_part(change, share))
        return amount.plus(Exact(b, b.mul(amount.num, change.num), b.mul(amount.den, change.den)))

    def _limited(self, charge: Charge, amount: Exact, share: Exact | None) -> Exact:
        for limit in (charge.minimum, charge.maximum):
            if limit is not None and limit.each is not None:
                raise self._no_visit(limit)
        if charge.minimum is not None:
            amount = amount.at_least(self._limit(charge.minimum, "minimum", share))
        if charge.maximum is not None:
            amount = amount.at_most(self._limit(charge.maximum, "maximum", share))
        return amount

    def _limit(self, limit: Limit, name: str, share: Exact | None) -> Exact:
        return self._sum(limit.amount, name, None if limit.whole else share)

    def _sum(self, value: Value, name: str, share: Exact | None) -> Exact:
        """A sum for a whole cycle, of which a part gets its part; other fees' amounts are for these days already."""
        return _part(self.value(value, (name,)), None if self.others.named_in(value) else share)


def _part(amount: Exact, share: Exact | None) -> Exact:
    """The part of a sum that a share of its time gets; None stands for all of it."""
    if share is None:
        return amount
    return Exact(amount.b, amount.b.mul(amount.num, share.num), amount.b.mul(amount.den, share.den))


def _says_something(charge: Charge) -> bool:
    return any((charge.rate, charge.tiers, charge.pass_through, charge.share, charge.registers))
