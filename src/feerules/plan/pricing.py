"""Fee schedules and a period → a plan: the lines that a bill may have, each with its guards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from feerules.calendars import UnknownYear, WorkdayCalendar
from feerules.documents.schedule import DueRule, Every, Fee, FeeSchedule, Liability, Payer
from feerules.documents.values import TableValue
from feerules.errors import Where, did_you_mean
from feerules.periods import Period, add_months, day_number, from_day_number
from feerules.plan.bounds import Builder, Exact, TooLarge, fits_int64
from feerules.plan.charges import Line, Point, Shown, Span, told
from feerules.plan.cycles import Cycle, Progress, anniversaries, calendar_cycles, line_moment, occasion
from feerules.plan.lookups import cells_hold, decide
from feerules.plan.nodes import Guard, Leaf, Node, Plan, Slot
from feerules.plan.terms import FIRST_DAY, LAST_DAY, Moment, Names, Refused, Scope, Term

__all__ = ["PAYERS", "RUN_FROM", "VALID_FROM", "VALID_TO", "LineAbout", "Options", "Version", "check_prices", "compile_prices"]

PAYERS: tuple[Payer, ...] = ("owner", "tenant", "developer", "heir")

# The days on which a record's facts hold, and since when all facts but its payer's are the same.
VALID_FROM = Leaf("valid_from", "date", 0, FIRST_DAY, LAST_DAY, default=FIRST_DAY)
VALID_TO = Leaf("valid_to", "date", 0, FIRST_DAY, LAST_DAY, default=LAST_DAY)
RUN_FROM = Leaf("run_from", "date", 0, FIRST_DAY, LAST_DAY, default=FIRST_DAY)


@dataclass(frozen=True, eq=False)
class Version:
    """One version of a schedule: in force on the day numbers `first` ≤ day < `until`."""

    schedule: FeeSchedule
    names: Names
    first: int
    until: int

    @property
    def first_id(self) -> int:
        return id(self)


@dataclass(frozen=True, slots=True, eq=False)
class LineAbout:
    """What is the same for every record of a slot: the fee, and how to tell the line's numbers."""

    fee_id: str
    fee: Fee
    schedule: FeeSchedule
    cycle: Cycle
    shown: Shown
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Options:
    """How a plan is compiled: for records with dated facts, for the days of the period only …"""

    period: Period
    accrue: bool = False
    dated: bool = False
    calendar: WorkdayCalendar | None = None


@dataclass(eq=False)
class _Draft:
    """What has been compiled so far, over all documents."""

    builder: Builder
    slots: list[Slot] = field(default_factory=list)
    needs: dict[Leaf, Node] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    applies: dict[int, Node] = field(default_factory=dict)


def compile_prices(versions: Sequence[Sequence[Version]], options: Options) -> Plan:
    """The plan for a period; `versions` holds, per document, its versions in order of time.

    Problems are noted in the names of each version: the plan is for use only where there are none.
    """
    draft = _Draft(Builder())
    for each in versions:
        _compile_document(draft, each, options)
    return _finished(draft, options)


def _finished(draft: _Draft, options: Options) -> Plan:
    b = draft.builder
    guards = [Guard(_READ, need, None, leaf) for leaf, need in draft.needs.items()]
    guards += _once_each(draft.guards)
    if draft.applies:
        guards.append(Guard("no_schedule", b.true, b.any_of(draft.applies.values())))
    if options.dated:
        order = b.compare("<", b.fact(VALID_FROM), b.fact(VALID_TO))
        guards.append(Guard("ends_before_start", b.true, order, VALID_TO))
    leaves = [*draft.needs]
    if options.dated:
        leaves += [VALID_FROM, VALID_TO, RUN_FROM]
    return Plan(tuple(leaves), tuple(guards), tuple(draft.slots), _totals(b, draft.slots))


def _once_each(guards: Sequence[Guard]) -> list[Guard]:
    """The guards without repeats: every cycle of a fee asks for the same."""
    found = {(each.code, each.need, each.ok, each.fact and each.fact.name, each.fee): each for each in guards}
    return list(found.values())


def _totals(b: Builder, slots: Sequence[Slot]) -> dict[str, Node]:
    """The `total`, and for each fee its amount under `fee.` and whether it is charged under `charged.`"""
    zero = b.const(0, 2)
    amounts: dict[str, list[Node]] = {}
    charged: dict[str, list[Node]] = {}
    for slot in slots:
        fee_id = slot.about.fee_id if isinstance(slot.about, LineAbout) else slot.key
        amounts.setdefault(fee_id, []).append(b.choose(slot.active, slot.values["amount"], zero))
        charged.setdefault(fee_id, []).append(slot.active)
    totals = {f"fee.{fee_id}": b.raised(b.total(each), 2) for fee_id, each in amounts.items()}
    total = b.raised(b.total(totals.values()), 2)
    return {"total": total, **totals, **{f"charged.{fee_id}": b.any_of(each) for fee_id, each in charged.items()}}


_READ = "unreadable"


def check_prices(versions: Sequence[Sequence[Version]], calendar: WorkdayCalendar | None) -> None:
    """Compiles every fee of every version for one cycle, so that their names note every problem."""
    for document in versions:
        draft = _Draft(Builder())
        orders = [_in_order_of_need(version) for version in document]
        done: _Done = {}
        for version, order in zip(document, orders, strict=True):
            start = from_day_number(version.first)
            options = Options(Period(start, add_months(start, 13)), calendar=calendar)
            for fee_id in order:
                for cycle in _cycles(draft.builder, version, fee_id, options)[:1]:
                    _Lines(draft, version, fee_id, cycle, options, done).compile()
            check_document(draft.builder, version)


def check_document(b: Builder, version: Version) -> None:
    """Compiles what no fee of the schedule may use: every named table, parameter and derived fact."""
    scope = Scope(version.names, b, Moment({}))
    scope.tables = table_term
    for names in (version.names.derived, version.names.parameters, version.names.tables):
        for name in names:
            with suppress(Refused):
                scope.wide(name, version.schedule.where)


def _compile_document(draft: _Draft, versions: Sequence[Version], options: Options) -> None:
    jobs: list[tuple[int, int, Cycle]] = []
    orders = [_in_order_of_need(version) for version in versions]
    for number, version in enumerate(versions):
        for place, fee_id in enumerate(orders[number]):
            for cycle in _cycles(draft.builder, version, fee_id, options):
                jobs += _segments(draft.builder, versions, orders, number, place, cycle)
    done: _Done = {}
    for number, place, cycle in sorted(jobs, key=lambda job: job[:2]):
        fee_id = orders[number][place]
        _Lines(draft, versions[number], fee_id, cycle, options, done).compile()


_Done = dict[tuple[int, str], list[tuple[Cycle, Slot]]]


def _segments(
    b: Builder, versions: Sequence[Version], orders: Sequence[Sequence[str]], number: int, place: int, cycle: Cycle
) -> Iterator[tuple[int, int, Cycle]]:
    """The versions that price a part of a cycle, if `number` is the first of them; each with the fee's place."""
    fee_id = orders[number][place]
    for earlier in versions[:number]:
        if fee_id in earlier.schedule.fees and _touches(earlier, cycle):
            if cycle.period is not None or cycle.months is None:
                return
            begins_later = b.compare("<=", b.const(earlier.until), cycle.start)
            cycle = replace(cycle, exists=b.all_of((cycle.exists, begins_later)))
    for later, version in enumerate(versions[number:], number):
        if fee_id in version.schedule.fees and _touches(version, cycle):
            yield later, orders[later].index(fee_id), cycle


def _touches(version: Version, cycle: Cycle) -> bool:
    return cycle.start.lo < version.until and version.first < cycle.end.hi


def _cycles(b: Builder, version: Version, fee_id: str, options: Options) -> list[Cycle]:
    fee = version.schedule.complete(fee_id)
    every = fee.every or Every(cycle="month")
    scope = Scope(version.names, b, Moment({}))
    try:
        return _cycles_of(scope, fee, every, options)
    except Refused:
        return []


def _cycles_of(scope: Scope, fee: Fee, every: Every, options: Options) -> list[Cycle]:
    billed = fee.billed or "in_advance"
    period = options.period
    day = every.once or every.use
    if day is not None:
        return [occasion(scope.b, _day_of(scope, day, every), period)]
    if options.accrue:
        period, billed = _reaching_back(every, period), "in_advance"
    if every.anniversary_of is not None:
        anchor = _day_of(scope, every.anniversary_of, every)
        return anniversaries(scope.b, anchor, every.length or 12, period, billed)
    return [each for each in calendar_cycles(scope.b, every, period, billed) if _overlap(each, options)]


def _reaching_back(every: Every, period: Period) -> Period:
    """A period in which every cycle starts that has a day in `period`."""
    return Period(add_months(period.start, -(every.length or 12)), period.end)


def _overlap(cycle: Cycle, options: Options) -> bool:
    return not options.accrue or (cycle.period is not None and cycle.period.intersect(options.period) is not None)


def _day_of(scope: Scope, name: str, every: Every) -> Node:
    """A date fact as a day number; a moment counts as its day."""
    term = scope.term(name, every.where)
    if term.kind == "datetime":
        return scope.b.div_round(term.node, scope.b.const(1440), "down")
    if term.kind != "date":
        raise scope.names.refuse(every.where, "wrong_type", f'"{name}", a {term.kind}', "a date fact")
    return term.node


def _in_order_of_need(version: Version) -> list[str]:
    """The fees, each after the fees whose amounts it needs; rings are problems."""
    fees, done = version.schedule.fees, dict[str, None]()

    def visit(fee_id: str, ring: tuple[str, ...]) -> None:
        if fee_id in ring:
            path = " → ".join([*ring[ring.index(fee_id) :], fee_id])
            version.names.problem(
                fees[fee_id].where, "circular_fees", path, "fees that do not need their own amount",
                f"take fees.{fee_id} out of one of them",
            )  # fmt: skip
        elif fee_id in fees and fee_id not in done:
            for needed in version.schedule.fees_needed_by(fee_id):
                visit(needed, (*ring, fee_id))
            done[fee_id] = None

    for fee_id in fees:
        visit(fee_id, ())
    return list(done)


class _Lines:
    """The lines of one fee in one cycle under one version: one for each payer."""

    def __init__(
        self, draft: _Draft, version: Version, fee_id: str, cycle: Cycle, options: Options, done: _Done
    ) -> None:
        self.draft, self.b = draft, draft.builder
        self.version, self.names = version, version.names
        self.fee_id, self.fee = fee_id, version.schedule.complete(fee_id)
        self.cycle, self.options = cycle, options
        self.done = done.setdefault((version.first, fee_id), [])
        self._all_done = done
        self.scope = Scope(version.names, draft.builder, line_moment(self.b, cycle, cycle.start, cycle.end))
        self.scope.fee = fee_id
        self.scope.tables = table_term
        self.scope.fees = self._amount_of

    def compile(self) -> None:
        try:
            self._compile()
        except Refused:
            pass
        except TooLarge as error:
            self._too_large(error.magnitude, error.operation)
        self._keep()

    def _too_large(self, magnitude: int, operation: str) -> None:
        digits = len(str(magnitude))
        self.names.problem(
            self.fee.where, "overflow", f"{self.fee_id}: {operation} can reach {digits} digits",
            "numbers of at most 38 digits, and amounts of at most 18",
            "narrow the min and max of the facts it uses, or give fewer decimals",
        )  # fmt: skip

    def _keep(self) -> None:
        """Hands what this line needs of a record to the plan."""
        for leaf, need in self.scope.needs.items():
            known = self.draft.needs.get(leaf, self.b.false)
            self.draft.needs[leaf] = self.b.any_of((known, need))
        self.draft.guards += self.scope.guards

    def _compile(self) -> None:
        scope, b = self.scope, self.b
        document = self._document_applies()
        with scope.needing(document):
            applies = b.all_of((document, cells_hold(scope, self.fee.applies)))
        scope.gate = dict(scope.needs)
        with scope.needing(applies):
            self._need_cycle_days()
            active = b.all_of((applies, self.cycle.exists))
            for payer, span, exists, name in self._spans():
                self._line(payer, span, b.all_of((active, exists)), name)

    def _need_cycle_days(self) -> None:
        every = self.fee.every
        name = every and (every.once or every.use or every.anniversary_of)
        if every is not None and name:
            self.scope.term(name, every.where)

    def _document_applies(self) -> Node:
        known = self.draft.applies.get(self.version.first_id)
        if known is None:
            known = cells_hold(self.scope, self.version.schedule.applies)
            self.draft.applies[self.version.first_id] = known
        else:
            cells_hold(self.scope, self.version.schedule.applies)
        return known

    def _amount_of(self, fee_id: str, where: Where) -> Term:
        """The amounts of another fee's lines for the same days."""
        b = self.b
        if fee_id not in self.version.schedule.fees:
            raise self.names.refuse(
                where, "unknown_fee", f'the fee "{fee_id}"', "a fee of this schedule",
                did_you_mean(fee_id, self.version.schedule.fees),
            )  # fmt: skip
        lines = self._all_done.get((self.version.first, fee_id), [])
        zero = b.const(0, 2)
        nodes = [
            b.choose(slot.active, slot.values["amount"], zero) for cycle, slot in lines if _within(cycle, self.cycle)
        ]
        return Term(b.raised(b.total(nodes), 2), "decimal", (self.version.schedule.currency,))

    # Which days

    def _spans(self) -> Iterator[tuple[Payer | None, Span, Node, str]]:
        """(payer, span, where it exists, name) for the liable payer and those before and after."""
        if self.cycle.months is None:
            yield None, self._moment_span(), self._in_force(), ""
            return
        days = _Days(self)
        if days.before is not None:
            yield days.before, *days.span_before(), "before"
        yield None, *days.span(), ""
        if days.after is not None:
            yield days.after, *days.span_after(), "after"

    def _moment_span(self) -> Span:
        zero, one = self.b.const(0), self.b.const(1)
        start, end = Point(self.cycle.start, zero), Point(self.cycle.end, one)
        return Span(start, start, end, (self.cycle.start, self.cycle.end), whole=True)

    def _in_force(self) -> Node:
        """Whether the day of a one-off or a use lies in the version, and in the record's days."""
        b, day = self.b, self.cycle.start
        tests = [b.inside(day, self.version.first, self.version.until - 1)]
        if self.options.dated:
            tests += [b.compare("<=", b.fact(VALID_FROM), day), b.compare("<", day, b.fact(VALID_TO))]
        return b.all_of(tests)

    # One line

    def _line(self, payer: Payer | None, span: Span, active: Node, name: str) -> None:
        b, scope = self.b, self.scope
        moment = line_moment(b, self.cycle, span.start.day, span.end.day)
        progress = _progress(b, self.cycle, self.fee) if self.cycle.months is not None else None
        with scope.at(moment):
            line = Line(scope, self.fee, self.cycle, span, progress)
            amount = line.amount()
            if line.metered:
                active = self._metered(line, span, active)
            elif progress is not None:
                active = b.all_of((active, b.compare("<", span.start.total, span.end.total)))
            amount, tax = self._taxed(line, amount)
            payer_code = self._payer(payer)
        if not fits_int64(amount.lo, amount.hi):
            self._too_large(max(abs(amount.lo), abs(amount.hi)), "the amount")
        if self.fee.kind == "refund":
            amount, tax = (b.sub(b.const(0, 2), node) for node in (amount, tax))
        values = {"amount": b.raised(amount, 2), "tax": tax, "payer": payer_code, **self._days(span)}
        values |= self._told(line.shown)
        about = LineAbout(self.fee_id, self.fee, self.version.schedule, self.cycle, line.shown, self._rows(line.shown))
        slot = Slot(self._key(name), b.all_of((active, line.charged)), values, about)
        self.draft.slots.append(slot)
        self.done.append((self.cycle, slot))

    def _told(self, shown: Shown) -> dict[str, Node]:
        """The numbers beside the amount, where there is one of each to tell."""
        told: dict[str, Node] = {}
        if not self.fee.parts:
            if shown.quantity is not None:
                told["quantity"] = shown.quantity
            if shown.rate is not None:
                told["rate"] = shown.rate
        if shown.factor is not None and not shown.months:
            told["factor"] = shown.factor.rounded(Decimal("0.000001"), "half_up")
        if self.fee.tax is not None and shown.tax_rate is not None:
            told["tax_rate"] = shown.tax_rate
        if shown.decisions:
            told["row"] = shown.decisions[0][1].leaf
        return told

    def _rows(self, shown: Shown) -> tuple[str, ...]:
        return shown.decisions[0][2] if shown.decisions else ()

    def _key(self, name: str) -> str:
        schedule = self.version.schedule
        return "/".join(filter(None, (schedule.id, schedule.version_name, self.fee_id, self.cycle.key, name)))

    def _metered(self, line: Line, span: Span, active: Node) -> Node:
        b = self.b
        if self.fee.at_a_change is None and line.usage:
            self.names.problem(
                self.fee.where, "missing_key", f"{self.fee_id}, a fee by usage, without at_a_change",
                "at_a_change: by_days, by_reading or all_to_the_later",
                "it says where the usage goes when a price or an owner changes inside a cycle",
            )  # fmt: skip
        if self.fee.at_a_change == "by_reading" and not span.whole:
            for day in (self.version.first, self.version.until):
                self._needs_reading(b.const(day), span)
        if self.fee.at_a_change == "all_to_the_later" and not span.whole:
            return b.all_of((active, b.compare("<=", span.liable[1], span.end.day)))
        return b.all_of((active, b.compare("<", span.start.day, span.end.day)))

    def _needs_reading(self, day: Node, span: Span) -> None:
        """A record must not cover a change of version inside its liable days."""
        b = self.b
        first, last = span.liable
        if self.options.dated:
            first, last = b.max(first, b.fact(VALID_FROM)), b.min(last, b.fact(VALID_TO))
        outside = b.any_of((b.compare("<=", day, first), b.compare("<=", last, day)))
        self.scope.guard("no_reading_at_change", outside)

    def _taxed(self, line: Line, amount: Node) -> tuple[Node, Node]:
        """The gross amount and the tax in it; both in fen, so that net + tax is the amount."""
        b, tax = self.b, self.fee.tax
        if tax is None:
            return amount, b.const(0, 2)
        decided = len(line.shown.decisions)
        rate = line.value(tax.rate, ("rate",))
        del line.shown.decisions[decided:]  # the tax rate's row is not the price's
        line.shown.tax_rate = told(rate)
        whole = Exact(b, b.const(1)).plus(rate)
        share = Exact(b, b.mul(amount, rate.num), rate.den)
        if tax.included:
            num, den, _ = rate.common(whole)
            share = Exact(b, b.mul(amount, b.unscaled(num)), b.unscaled(den))
        part = share.rounded(Decimal("0.01"), "half_up")
        return (amount if tax.included else b.add(amount, part)), part

    def _payer(self, payer: Payer | None) -> Node:
        said = payer or self.fee.payer
        if isinstance(said, TableValue):
            found = decide(self.scope, said, ("payer",), PAYERS)
            if said.otherwise is None or said.otherwise == "problem":
                self.scope.guard("no_row", found.matched)
            return found.outputs["payer"]
        return self.b.const(PAYERS.index(said))

    def _days(self, span: Span) -> dict[str, Node]:
        issued = self._day(self.fee.issued, span, None)
        if issued is None:
            issued = span.start.day if self.fee.billed != "in_arrears" else span.end.day
        due = self._day(self.fee.due, span, issued)
        return {"start": span.start.day, "end": span.end.day, "issued": issued, "due": issued if due is None else due}

    def _day(self, rule: DueRule | None, span: Span, issued: Node | None) -> Node | None:
        """The day that a rule names for this line."""
        if rule is None:
            return None
        last = self.b.sub(self.cycle.end, self.b.const(1))
        if rule.after is not None:
            known = {"issue": issued, "start": self.cycle.start, "end": self.cycle.end}
            anchor = known[rule.after]
        else:
            anchor = self.cycle.start if rule.of == "start" else last
        if anchor is None:
            anchor = self.cycle.start
        days = [_ruled(rule, from_day_number(n), self.options.calendar) for n in range(anchor.lo, anchor.hi + 1)]
        if None in days:
            raise self.names.refuse(
                rule.where, "unknown_year", "a due day in a year that the calendar does not know",
                "a calendar of that year, or unknown_year: weekends_only", "add the year to the book's calendar",
            )  # fmt: skip
        table = tuple(day for day in days if day is not None)
        return self.b.gather(table, self.b.sub(anchor, self.b.const(anchor.lo)))


def table_term(scope: Scope, spec: TableValue, name: str) -> Term:
    """A named table as a number of a formula."""
    found = decide(scope, spec, (name, "value", "rate"))
    b = scope.b
    node = b.total(found.outputs.values())
    if isinstance(spec.otherwise, Decimal):
        node = b.choose(found.matched, node, b.decimal(spec.otherwise))
    else:
        scope.guard("no_row", found.matched)
    return Term(node, "decimal")


def _within(inner: Cycle, outer: Cycle) -> bool:
    if inner.period is not None and outer.period is not None:
        return outer.period.start <= inner.period.start and inner.period.end <= outer.period.end
    return inner.key == outer.key


def _progress(b: Builder, cycle: Cycle, fee: Fee) -> Progress:
    return Progress(b, cycle, fee.prorate or ("cycle_days" if cycle.season else "calendar_days"))


def _ruled(rule: DueRule, anchor: date, calendar: WorkdayCalendar | None) -> int | None:
    if rule.after is not None or rule.day is None:
        day = anchor + timedelta(days=rule.days or 0)
    else:
        first = add_months(anchor.replace(day=1), rule.months_later)
        length = (add_months(first, 1) - first).days
        day = first.replace(day=min(rule.day, length))
    if rule.roll == "none" or calendar is None:
        return day_number(day)
    try:
        rolled = calendar.next_workday(day) if rule.roll == "next_workday" else calendar.previous_workday(day)
    except UnknownYear:
        return None
    return day_number(rolled)


class _Days:
    """The days of a cycle that a line covers: its version, its record and its payer's liability."""

    def __init__(self, lines: _Lines) -> None:
        self.b, self.cycle, self.options = lines.b, lines.cycle, lines.options
        self.progress = _progress(lines.b, lines.cycle, lines.fee)
        fee, version = lines.fee, lines.version
        self.before = None if fee.starts is None or fee.starts.before == "nobody" else fee.starts.before
        self.after = None if fee.ends is None or fee.ends.after == "nobody" else fee.ends.after
        self.starts = self._liability(lines, fee.starts)
        self.ends = self._liability(lines, fee.ends)
        if self.starts is not None and fee.prorate == "next_month":
            self.starts = self._month_after(self.starts)
        self.first, self.until = version.first, version.until
        if self.options.accrue:
            self.first = max(self.first, day_number(self.options.period.start))
            self.until = min(self.until, day_number(self.options.period.end))

    def _liability(self, lines: _Lines, liability: Liability | None) -> Node | None:
        """The day at which liability begins or ends; an absent optional fact means that it does not."""
        if liability is None:
            return None
        term = lines.scope.term(liability.fact, liability.where)
        if term.kind != "date":
            raise lines.names.refuse(
                liability.where, "wrong_type", f'"{liability.fact}", a {term.kind}', "a date fact"
            )
        if term.present is None:
            return term.node
        absent = FIRST_DAY if liability is lines.fee.starts else LAST_DAY
        return self.b.choose(term.present, term.node, self.b.const(absent))

    def _month_after(self, day: Node) -> Node:
        """The first day of the cycle's month after the one that holds `day`."""
        b, cycle = self.b, self.cycle
        begins = cycle.end
        for start in reversed(cycle.month_starts[1:-1]):
            begins = b.choose(b.compare("<", day, start), start, begins)
        return b.choose(b.compare("<", day, cycle.start), day, begins)

    # Totals at a day, for the liable payer and for those on the other sides

    def _floor(self) -> Node:
        return self.b.const(0) if self.starts is None else self.progress.opens(self.starts)

    def _ceiling(self) -> Node:
        whole = self.b.const(self.progress.whole)
        return whole if self.ends is None else self.b.max(self.progress.closes(self.ends), self._floor())

    def _upto(self, day: Node) -> Node:
        """The running total at a day, of the days on which the payer is liable."""
        b = self.b
        floor, ceiling = self._floor(), self._ceiling()
        total = b.clamp(self.progress.cuts(day), floor, ceiling)
        first = self.cycle.start if self.starts is None else b.max(self.starts, self.cycle.start)
        last = self.cycle.end if self.ends is None else b.min(self.ends, self.cycle.end)
        total = b.choose(b.compare("<=", last, day), ceiling, total)
        return b.choose(b.compare("<=", day, first), floor, total)

    def _outer(self) -> tuple[Node, Node, Node]:
        """(run, first, last) of the record and the version inside the cycle."""
        b = self.b
        first = b.max(self.cycle.start, b.const(self.first))
        last = b.min(self.cycle.end, b.const(self.until))
        run = first
        if self.options.dated:
            run = b.max(first, b.fact(RUN_FROM))
            first = b.max(first, b.fact(VALID_FROM))
            last = b.min(last, b.fact(VALID_TO))
        return run, first, last

    def span(self) -> tuple[Span, Node]:
        b = self.b
        run, first, last = self._outer()
        if self.starts is not None:
            first = b.max(first, self.starts)
        if self.ends is not None:
            last = b.min(last, self.ends)
        start, end = Point(first, self._upto(first)), Point(last, self._upto(last))
        begin = start
        if self.before is not None:
            begin = Point(run, b.clamp(self.progress.cuts(run), b.const(0), self._floor()))
        elif self.options.dated:
            begin = Point(run, self._upto(run))
        return self._spanned(begin, start, end), b.compare("<", first, last)

    def span_before(self) -> tuple[Span, Node]:
        b = self.b
        assert self.starts is not None
        run, first, last = self._outer()
        last = b.min(last, self.starts)
        floor = self._floor()

        def upto(day: Node) -> Node:
            total = b.min(self.progress.cuts(day), floor)
            return b.choose(b.compare("<=", self.starts or day, day), floor, total)

        start, end = Point(first, upto(first)), Point(last, upto(last))
        begin = Point(run, upto(run)) if self.options.dated else start
        return self._spanned(begin, start, end), b.compare("<", first, last)

    def span_after(self) -> tuple[Span, Node]:
        b = self.b
        assert self.ends is not None
        run, first, last = self._outer()
        first = b.max(first, self.ends)
        ceiling = self._ceiling()

        def upto(day: Node) -> Node:
            total = b.max(self.progress.cuts(day), ceiling)
            return b.choose(b.compare("<=", day, self.ends or day), ceiling, total)

        start, end = Point(first, upto(first)), Point(last, upto(last))
        begin = Point(b.max(run, b.const(0)), self._upto(run)) if self.starts is None else start
        return self._spanned(begin, start, end), b.compare("<", first, last)

    def _spanned(self, begin: Point, start: Point, end: Point) -> Span:
        b = self.b
        split = self.before is not None or self.after is not None or self.options.dated
        static = self.first <= self.cycle.start.lo and self.until >= self.cycle.end.hi
        first, last = self.cycle.start, self.cycle.end
        if self.starts is not None and self.before is None:
            first = b.max(first, self.starts)
        if self.ends is not None and self.after is None:
            last = b.min(last, self.ends)
        return Span(begin, start, end, (first, last), whole=static and not split)
