"""The lines of one fee in one cycle: amounts, days, payers, tax, and what each tells of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from feerules.calendars import UnknownYear, WorkdayCalendar
from feerules.documents.charging import DueRule, Payer
from feerules.documents.fields import Words
from feerules.documents.schedule import Fee, FeeSchedule
from feerules.documents.values import TableValue
from feerules.periods import Period, PeriodError, add_months, day_number, from_day_number
from feerules.plan.bounds import Builder, Exact, TooLarge, fits_int64
from feerules.plan.charges import FEN, Line
from feerules.plan.conditions import asked_by, cells_hold
from feerules.plan.cycles import Cycle, line_moment
from feerules.plan.figures import Shown, told
from feerules.plan.lookups import decide
from feerules.plan.metering import Point, Span
from feerules.plan.names import Names, Refused
from feerules.plan.nodes import Guard, Leaf, Mark, Node, Slot
from feerules.plan.percentages import Done, Laid, Others, Side
from feerules.plan.spans import UNREAD, VALID_FROM, VALID_TO, Days, progress_of, read_of
from feerules.plan.terms import Scope
from feerules.plan.units import Term

__all__ = [
    "PAYERS",
    "Draft",
    "LineAbout",
    "Lines",
    "Options",
    "Version",
    "rounding_slot",
    "table_term",
]

PAYERS: tuple[Payer, ...] = ("owner", "tenant", "developer", "heir")


@dataclass(frozen=True, eq=False)
class Version:
    """One version of a schedule: in force on the day numbers `first` ≤ day < `until`."""

    schedule: FeeSchedule
    names: Names
    first: int
    until: int

    @property
    def key(self) -> str:
        """What the keys of its lines begin with."""
        return f"{self.schedule.id}/{self.schedule.version_name}/"


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
    """How a plan is compiled: for records with dated facts, for the days of the period only, with marks …"""

    period: Period
    accrue: bool = False
    dated: bool = False
    calendar: WorkdayCalendar | None = None
    marked: bool = False


@dataclass(eq=False)
class Draft:
    """What has been compiled so far, over all documents."""

    builder: Builder
    slots: list[Slot] = field(default_factory=list)
    needs: dict[Leaf, Node] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    applies: dict[Version, Node] = field(default_factory=dict)
    laying: tuple[str, ...] = ()  # the fees that wait for another's amounts
    marks: list[Mark] = field(default_factory=list)


class Lines:
    """The lines of one fee in one cycle under one version: one for each payer."""

    def __init__(
        self, draft: Draft, version: Version, fee_id: str, cycle: Cycle, options: Options, done: Done
    ) -> None:
        self.draft, self.b = draft, draft.builder
        self.version, self.names = version, version.names
        self.fee_id, self.fee = fee_id, version.schedule.complete(fee_id)
        self.cycle, self.options = cycle, options
        self.done = done.setdefault((version.first, fee_id), [])
        self.others = Others(self.b, version.names, version.schedule, fee_id, cycle, dated=options.dated)
        self.others.laid = lambda other: done.get((version.first, other), [])
        # Without `self`, so that what was compiled can go as soon as nobody needs it.
        self.others.lay = lambda other, days: _lay(draft, version, (fee_id, other), days, options, done)
        self.scope = Scope(version.names, draft.builder, line_moment(self.b, cycle, cycle.start, cycle.end))
        self.scope.fee = fee_id
        self.scope.tables = table_term
        self.scope.fees = self.others.amount_of
        self.scope.marks = [] if options.marked else None

    def compile(self) -> bool:
        """Adds the lines to the draft; False where a problem was noted instead."""
        try:
            self._compile()
        except Refused:
            return False
        except TooLarge as error:
            self._too_large(error.magnitude, error.operation)
            return False
        except PeriodError as error:
            where, hint = self.fee.where_of("prorate"), error.hint or "choose another prorate:"
            self.names.problem(where, "unsupported", error.found, error.expected, hint)
            return False
        finally:
            self._keep()
        return True

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
        document = document_applies(self.draft, scope, self.version)
        with scope.needing(document):
            applies = b.all_of((document, cells_hold(scope, self.fee.applies)))
        scope.gate = dict(scope.needs)
        with scope.needing(applies):
            for leaf in self.cycle.leaves:
                scope.require(leaf)
            active = b.all_of((applies, self.cycle.exists))
            for payer, span, exists, side in self._spans():
                self._line(payer, span, active, exists, side)

    # Which days

    def _spans(self) -> Iterator[tuple[Payer | None, Span, Node, Side]]:
        """(payer, span, where it exists, name) for the liable payer and those before and after."""
        if self.cycle.months is None:
            yield None, self._moment_span(), self._in_force(), ""
            return
        days = Days(self.scope, self.fee, self.cycle, self._force(), dated=self.options.dated)
        if days.before is not None:
            yield days.before, *days.span_before(), "before"
        yield None, *days.span(), ""
        if days.after is not None:
            yield days.after, *days.span_after(), "after"

    def _force(self) -> tuple[int, int]:
        """From and until when the version is in force, inside the period where only its days count."""
        if not self.options.accrue:
            return self.version.first, self.version.until
        period = self.options.period
        return max(self.version.first, day_number(period.start)), min(
            self.version.until, day_number(period.end)
        )

    def _moment_span(self) -> Span:
        zero, one = self.b.const(0), self.b.const(1)
        start, end = Point(self.cycle.start, zero), Point(self.cycle.end, one)
        return Span(start, start, end, (self.cycle.start, self.cycle.end), one, whole=True)

    def _in_force(self) -> Node:
        """Whether the day of a one-off or a use lies in the version, and in the record's days."""
        b, day = self.b, self.cycle.start
        tests = [b.inside(day, self.version.first, self.version.until - 1)]
        if self.options.dated:
            tests += [b.compare("<=", b.fact(VALID_FROM), day), b.compare("<", day, b.fact(VALID_TO))]
        return b.all_of(tests)

    # One line

    def _line(self, payer: Payer | None, span: Span, applies: Node, exists: Node, side: Side) -> None:
        b, scope = self.b, self.scope
        self.others.side = side
        active = b.all_of((applies, exists))
        before_line = len(scope.marks or ())
        moment = line_moment(b, self.cycle, span.start.day, span.end.day, span.run.day)
        progress = progress_of(b, self.cycle, self.fee) if self.cycle.months is not None else None
        with scope.at(moment):
            line = Line(scope, self.fee, self.cycle, span, progress, self.others)
            before, upto, amount = line.amount()
            if line.metered:
                active = self._metered(line, span, active)
            elif line.of_others:
                active = b.all_of((active, b.compare("<", span.start.day, span.end.day)))
            elif progress is not None:
                active = b.all_of((active, b.compare("<", span.start.total, span.end.total)))
            before, upto, amount, tax = self._taxed(line, before, upto, amount)
            payer_code = self._payer(payer)
        b.is_close = b.is_close or not fits_int64(31 * amount.lo, 31 * amount.hi)
        if not fits_int64(amount.lo, amount.hi):
            self._too_large(max(abs(amount.lo), abs(amount.hi)), "the amount")
        if self.fee.kind == "refund":
            before, upto, amount, tax = (b.sub(b.const(0, 2), node) for node in (before, upto, amount, tax))
        values = {"amount": b.raised(amount, 2), "tax": tax, "payer": payer_code, **self._days(span)}
        values |= self._told(line.shown)
        about = LineAbout(
            self.fee_id, self.fee, self.version.schedule, self.cycle, line.shown, self._rows(line.shown)
        )
        slot = Slot(self._key(side), b.all_of((active, line.charged)), values, about)
        self.draft.slots.append(slot)
        if scope.marks is not None:
            self._mark(active, slot.active, scope.marks)
            del scope.marks[before_line:]
        charged = b.all_of((applies, line.charged))
        self.done.append(Laid(self.cycle, self.fee.billed or "", side, slot, charged, exists, before, upto))

    def _mark(self, exists: Node, charged: Node, marks: list[Mark]) -> None:
        """Tells which rules decide a line: where it is charged, or is not because no row of a table matches."""
        b, asked = self.b, asked_by(self.scope, [self.fee.applies])
        own = Mark("fee", self.fee, charged, b.true, ((), (0,)), asked)
        for each in {id(mark): mark for mark in (own, *marks)}.values():
            holds = exists if each.kind == "otherwise" else charged
            self.draft.marks.append(replace(each, need=b.all_of((holds, each.need)), fee=self.fee_id))

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
        return self.version.key + "/".join(filter(None, (self.fee_id, self.cycle.key, name)))

    def _metered(self, line: Line, span: Span, active: Node) -> Node:
        b = self.b
        if self.fee.at_a_change is None and line.usage:
            self.names.problem(
                self.fee.where, "missing_key", f"{self.fee_id}, a fee by usage, without at_a_change",
                "at_a_change: by_days, by_reading or all_to_the_later",
                "add at_a_change: by_days; it says where usage goes when a price or an owner changes inside a cycle",
            )  # fmt: skip
        if self.fee.at_a_change == "by_reading" and not span.whole:
            for day in (*map(b.const, self._force()), *span.splits):
                self._needs_reading(day, span)
            if self.options.dated:
                self._needs_told_readings(span)
        goes_on = line.timed or line.of_others  # days without usage cost something too
        if self.fee.at_a_change == "all_to_the_later" and not span.whole and not goes_on:
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

    def _needs_told_readings(self, span: Span) -> None:
        """A change inside the liable days must tell what was read on its day: what it does not is of the days before."""
        b, scope = self.b, self.scope
        begins = b.fact(VALID_FROM)
        outside = b.any_of((b.compare("<=", begins, span.liable[0]), b.compare("<=", span.liable[1], begins)))
        for leaf in self._read_facts():
            for each in (UNREAD, read_of(leaf)):
                scope.require(each)
            told = b.any_of((b.negate(b.fact(UNREAD)), b.fact(read_of(leaf)), outside))
            scope.guard("no_reading_at_change", told, leaf)

    def _read_facts(self) -> Iterator[Leaf]:
        """The facts of a fee by usage that a meter gives, and what it had counted before."""
        schedule, names = self.version.schedule, self.names
        charges = (self.fee, *self.fee.parts.values())
        counted = [x.tiers.over.used_before for x in charges if x.tiers and x.tiers.over]
        before = set(schedule.names_in(tuple(counted)))
        for name in schedule.names_in(self.fee):
            leaf = names.leaves.get(names.aliases.get(name, name))
            if leaf is not None and (name in before or names.facts[leaf.name].usage):
                yield leaf

    def _taxed(self, line: Line, before: Node, upto: Node, amount: Node) -> tuple[Node, Node, Node, Node]:
        """The totals and the amount with their tax, and the tax in it; in fen, so that net + tax is the amount."""
        b, tax = self.b, self.fee.tax
        if tax is None:
            return before, upto, amount, b.const(0, 2)
        decided = len(line.shown.decisions)
        rate = line.value(tax.rate, ("rate",))
        if rate.num.lo < 0:
            raise self.names.refuse(
                tax.where_of("rate"), "out_of_range", "a tax rate that can be below 0", "a rate from 0 on",
                "write a share such as 6%, or give its fact min: 0",
            )  # fmt: skip
        del line.shown.decisions[decided:]  # the tax rate's row is not the price's
        line.shown.tax_rate = told(rate)
        if tax.included:
            return before, upto, amount, _tax_in(b, amount, rate)
        # Parts that are rounded together have their tax on top together too.
        taxes = [Exact(b, b.mul(node, rate.num), rate.den).rounded(FEN, "half_up") for node in (before, upto)]
        before, upto = (b.add(node, part) for node, part in zip((before, upto), taxes, strict=True))
        part = b.sub(taxes[1], taxes[0])
        return before, upto, b.add(amount, part), part

    def _payer(self, payer: Payer | None) -> Node:
        said = payer or self.fee.payer
        if isinstance(said, TableValue):
            found = decide(self.scope, said, ("payer",), PAYERS)
            # Somebody pays what is charged: no row is a problem, whatever a fee says of no rate.
            self.scope.guard("no_row", found.matched)
            return next(iter(found.outputs.values()))
        return self.b.const(PAYERS.index(said))

    def _days(self, span: Span) -> dict[str, Node]:
        issued = self._day(self.fee.issued, span, None)
        if issued is None:
            issued = span.start.day if self.fee.billed != "in_arrears" else span.end.day
        due = self._day(self.fee.due, span, issued)
        return {
            "start": span.start.day,
            "end": span.end.day,
            "issued": issued,
            "due": issued if due is None else due,
        }

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
        dates = map(from_day_number, range(anchor.lo, anchor.hi + 1))
        try:
            table = tuple(_ruled(rule, day, self.options.calendar) for day in dates)
        except UnknownYear as error:
            year = error.day.year
            raise self.names.refuse(
                rule.where_of("roll"), "unknown_year", f"a due day in {year}, which the calendar does not know",
                "a calendar of that year, or unknown_year: weekends_only",
                f"add {year} to years: of the calendar, and its holidays",
            ) from None  # fmt: skip
        return self.b.gather(table, self.b.sub(anchor, self.b.const(anchor.lo)))


def _lay(
    draft: Draft, version: Version, ids: tuple[str, str], cycle: Cycle, options: Options, done: Done
) -> None:
    """Compiles the lines that a second fee has on another bill: their amounts count here, and stand there."""
    fee_id, other = ids
    laying = (*draft.laying, fee_id)
    if other in laying:
        raise Refused  # a ring, told where the fees are put in order
    unbilled = replace(draft, slots=[], laying=laying)
    Lines(unbilled, version, other, cycle, options, done).compile()


def rounding_slot(b: Builder, version: Version, difference: Node, period: Period) -> Slot:
    """The line of a bill that rounds its total."""
    start, end = b.const(day_number(period.start)), b.const(day_number(period.end))
    fee = Fee(title=Words("尾差调整", "Rounding"))
    cycle = Cycle("bill", start, end, b.true, None, (start,), period)
    owner = b.const(PAYERS.index("owner"))
    values = {"amount": difference, "tax": b.const(0, 2), "payer": owner, "start": start, "end": end}
    values |= {"issued": start, "due": start}
    about = LineAbout("rounding", fee, version.schedule, cycle, Shown(), ())
    return Slot(f"{version.key}rounding", b.compare("!=", difference, b.const(0, 2)), values, about)


def document_applies(draft: Draft, scope: Scope, version: Version) -> Node:
    """Whether a version is for a record at all; what it takes to know is needed of every record."""
    holds = cells_hold(scope, version.schedule.applies)
    for leaf, need in scope.needs.items():
        draft.needs[leaf] = scope.b.any_of((draft.needs.get(leaf, scope.b.false), need))
    return draft.applies.setdefault(version, holds)


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


def _tax_in(b: Builder, amount: Node, rate: Exact) -> Node:
    """The tax that an amount includes: amount × rate ÷ (1 + rate)."""
    num, den = rate.beside(Exact(b, b.const(1)).plus(rate))
    return Exact(b, b.mul(amount, num), den).rounded(FEN, "half_up")


def _ruled(rule: DueRule, anchor: date, calendar: WorkdayCalendar | None) -> int:
    if rule.after is not None or rule.day is None:
        day = anchor + timedelta(days=rule.days or 0)
    else:
        first = add_months(anchor.replace(day=1), rule.months_later)
        length = (add_months(first, 1) - first).days
        day = first.replace(day=min(rule.day, length))
    if rule.roll == "none" or calendar is None:
        return day_number(day)
    rolled = calendar.next_workday(day) if rule.roll == "next_workday" else calendar.previous_workday(day)
    return day_number(rolled)
