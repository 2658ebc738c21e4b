"""Fee schedules and a period → a plan: the lines that a bill may have, each with its guards."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from feerules.calendars import WorkdayCalendar
from feerules.documents.charging import Every, FactQuantity, Liability
from feerules.documents.facts import KIND_WORDS
from feerules.documents.formulas import Formula
from feerules.documents.schedule import BillRounding, Fee, values_in
from feerules.documents.values import FactValue, TableValue
from feerules.periods import Period, add_months, day_number, from_day_number
from feerules.plan.bounds import Builder, Exact, TooLarge, fits_int64
from feerules.plan.claims import claim_guards
from feerules.plan.conditions import cells_hold
from feerules.plan.cycles import Cycle, anniversaries, calendar_cycles, occasion
from feerules.plan.figures import Figures
from feerules.plan.lines import (
    Draft,
    LineAbout,
    Lines,
    Options,
    Version,
    document_applies,
    rounding_slot,
    table_term,
)
from feerules.plan.moments import Moment, anytime
from feerules.plan.names import FIRST_DAY, LAST_DAY, WIDEST, Refused, place_of
from feerules.plan.nodes import Guard, Leaf, Mark, Node, Plan, Slot
from feerules.plan.percentages import Done
from feerules.plan.spans import RUN_FROM, VALID_FROM, VALID_TO
from feerules.plan.terms import Scope
from feerules.plan.units import Term

__all__ = ["check_prices", "compile_prices", "marks_in"]


def compile_prices(
    versions: Sequence[Sequence[Version]], options: Options, builder: Builder | None = None
) -> Plan:
    """The plan for a period; `versions` holds, per document, its versions in order of time.

    Plans that are computed together share the nodes of one `builder`. Problems are noted in the names of each version: the plan is for use only where there are none.
    """
    draft = Draft(builder or Builder())
    for each in versions:
        _compile_document(draft, each, options)
    plan = _finished(draft, options)
    total = plan.totals["total"]
    if versions and not fits_int64(total.lo, total.hi):
        first = versions[0][0]
        first.names.problem(
            first.schedule.where, "overflow", "the total of a bill can pass 18 digits",
            "numbers of at most 38 digits, and amounts of at most 18",
            "narrow the min and max of the facts that the fees use",
        )  # fmt: skip
    return plan


def _finished(draft: Draft, options: Options) -> Plan:
    b = draft.builder
    guards = [Guard(_READ, need, None, leaf) for leaf, need in draft.needs.items()]
    guards += _once_each(draft.guards)
    guards += claim_guards(b, list(draft.applies), draft.slots)
    guards.append(Guard("no_schedule", b.true, b.any_of(draft.applies.values())))
    if options.dated:
        order = b.compare("<", b.fact(VALID_FROM), b.fact(VALID_TO))
        guards.append(Guard("ends_before_start", b.true, order, VALID_TO))
    leaves = [*draft.needs]
    if options.dated:
        leaves += [VALID_FROM, VALID_TO, RUN_FROM]
    return Plan(tuple(leaves), tuple(guards), tuple(draft.slots), _totals(b, draft.slots), tuple(draft.marks))


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
    return {
        "total": total,
        **totals,
        **{f"charged.{fee_id}": b.any_of(each) for fee_id, each in charged.items()},
    }


_READ = "unreadable"


def check_prices(versions: Sequence[Sequence[Version]], calendar: WorkdayCalendar | None) -> None:
    """Compiles every fee of every version for one cycle, so that their names note every problem."""
    for document in versions:
        draft = Draft(Builder())
        done: Done = {}
        for version in document:
            try:
                _check_version(draft, version, done, calendar)
            except RecursionError:
                version.names.problem(
                    version.schedule.where, "too_deep", "formulas or fees that need the next in too long a chain",
                    "shorter chains", "merge some of them",
                )  # fmt: skip


def marks_in(versions: Sequence[Version], calendar: WorkdayCalendar | None) -> list[list[Mark]]:
    """For each version of a schedule that was found right, where its rules can decide."""
    drafts = [Draft(Builder()) for _ in versions]
    done: Done = {}
    for draft, version in zip(drafts, versions, strict=True):
        _check_version(draft, version, done, calendar, marked=True)
    return [draft.marks for draft in drafts]


def _check_version(
    draft: Draft, version: Version, done: Done, calendar: WorkdayCalendar | None, *, marked: bool = False
) -> None:
    order = _in_order_of_need(version)
    for fee_id in order:
        # Dated, because what a change cuts needs the widest numbers.
        options = Options(_a_cycle_of(version, fee_id), dated=True, calendar=calendar, marked=marked)
        for cycle in _cycles(draft.builder, version, fee_id, options)[:1]:
            if not Lines(draft, version, fee_id, cycle, options, done).compile():
                _check_rest(draft.builder, version, fee_id)
            elif draft.builder.is_close:
                _check_others(draft, version, fee_id, cycle, done, options)
    for fee_id in version.schedule.fees:
        if fee_id not in order:
            _check_rest(draft.builder, version, fee_id)
    check_document(draft.builder, version)


def _check_others(
    draft: Draft, version: Version, fee_id: str, cycle: Cycle, done: Done, options: Options
) -> None:
    """Compiles a cycle of every other length: large numbers may fit in 28 days, and pass the limit in 31."""
    start = options.period.start
    options = replace(options, period=Period(start, add_months(start, 48 + (cycle.months or 1))))
    cycles = {_lengths(each): each for each in reversed(_cycles(draft.builder, version, fee_id, options))}
    cycles.pop(_lengths(cycle), None)
    for each in cycles.values():
        if not Lines(draft, version, fee_id, each, options, done).compile():
            return


def _lengths(cycle: Cycle) -> tuple[int, ...]:
    """How many days after its start each month of a cycle begins, and the cycle ends."""
    return tuple(day.lo - cycle.start.lo for day in (*cycle.month_starts, cycle.end))


def _a_cycle_of(version: Version, fee_id: str) -> Period:
    """A period in which a cycle of the fee starts, whichever its length."""
    every = version.schedule.complete(fee_id).every or Every(cycle="month")
    start = from_day_number(version.first)
    return Period(start, add_months(start, (every.length or 12) + 1))


def _check_rest(b: Builder, version: Version, fee_id: str) -> None:
    """Reads the rest of a fee that was refused, so that all its problems are told at once."""
    scope = _anywhere(b, version)
    scope.fee = fee_id
    fee = version.schedule.complete(fee_id)
    for part in values_in(fee):
        with suppress(Refused, TooLarge):
            if isinstance(part, Formula):
                scope.formula(part)
            elif isinstance(part, FactQuantity | FactValue | Liability):
                scope.term(part.fact, place_of(part.fact, part.where))
            else:
                cells_hold(scope, {**getattr(part, "applies", {}), **getattr(part, "when", {})})
    for charge in (fee, *fee.parts.values()):
        with suppress(Refused, TooLarge):
            if isinstance(charge.rate, TableValue):
                Figures(scope, ()).value(charge.rate, ("rate",), charge)


def _anywhere(b: Builder, version: Version) -> Scope:
    """A scope in which every name of a schedule means something, at no moment in particular."""
    scope = Scope(version.names, b, anytime(b))
    scope.tables = table_term
    widest = Leaf("fees", "decimal", 2, -WIDEST * 100, WIDEST * 100)
    scope.fees = lambda _name, _where: Term(
        b.fact(widest), "decimal", (version.schedule.currency,), priced=True
    )
    return scope


def check_document(b: Builder, version: Version) -> None:
    """Compiles what no fee of the schedule may use: every named table, parameter and derived fact."""
    scope = _anywhere(b, version)
    for names in (version.names.derived, version.names.parameters, version.names.tables):
        for name in names:
            with suppress(Refused, TooLarge):
                scope.term(name, place_of(name, version.schedule.where))
    cells_hold(Scope(version.names, b, Moment({})), version.schedule.applies)


def _compile_document(draft: Draft, versions: Sequence[Version], options: Options) -> None:
    jobs: list[tuple[int, int, Cycle]] = []
    orders = [_in_order_of_need(version) for version in versions]
    for number, version in enumerate(versions):
        for place, fee_id in enumerate(orders[number]):
            # Each version has cycles of its own, and the days of them on which it is in force.
            found = _cycles(draft.builder, version, fee_id, options)
            jobs += [(number, place, cycle) for cycle in found if _touches(version, cycle, options.period)]
    done: Done = {}
    for version in versions:
        if _is_in_force(version, options.period):
            document_applies(draft, Scope(version.names, draft.builder, Moment({})), version)
    for number, place, cycle in sorted(jobs, key=lambda job: job[:2]):
        fee_id = orders[number][place]
        Lines(draft, versions[number], fee_id, cycle, options, done).compile()
    for version in versions:
        if version.schedule.bill is not None:
            _round_bill(draft, version, version.schedule.bill, options)


def _round_bill(draft: Draft, version: Version, rule: BillRounding, options: Options) -> None:
    """A line with the difference between the bill's total, rounded, and the sum of its lines."""
    b = draft.builder
    slots = [slot for slot in draft.slots if slot.key.startswith(version.key)]
    if not slots:
        return
    zero = b.const(0, 2)
    total = b.raised(b.total(b.choose(slot.active, slot.values["amount"], zero) for slot in slots), 2)
    difference = b.raised(b.sub(Exact(b, total).rounded(rule.unit, rule.mode), total), 2)
    if options.dated:
        # Over several records no single one knows the total: only a record that holds always can be rounded.
        always = b.all_of(
            (
                b.compare("<=", b.fact(VALID_FROM), b.const(FIRST_DAY)),
                b.compare("<=", b.const(LAST_DAY), b.fact(VALID_TO)),
            )
        )
        draft.guards.append(Guard("bill_rounding", b.any_of(slot.active for slot in slots), always))
    draft.slots.append(rounding_slot(b, version, difference, options.period))


def _touches(version: Version, cycle: Cycle, period: Period) -> bool:
    """Whether a day of the cycle can lie in the version; a single day is one of the period, and says so by itself."""
    if cycle.months is None:
        return _is_in_force(version, period)
    return cycle.start.lo < version.until and version.first < cycle.end.hi


def _is_in_force(version: Version, period: Period) -> bool:
    return version.first < day_number(period.end) and day_number(period.start) < version.until


def _cycles(b: Builder, version: Version, fee_id: str, options: Options) -> list[Cycle]:
    fee = version.schedule.complete(fee_id)
    every = fee.every or Every(cycle="month")
    scope = Scope(version.names, b, Moment({}))
    try:
        found = _cycles_of(scope, fee, every, options)
    except Refused:
        return []
    leaves = tuple(scope.needs)
    return [replace(each, leaves=leaves) for each in found] if leaves else found


def _cycles_of(scope: Scope, fee: Fee, every: Every, options: Options) -> list[Cycle]:
    billed = fee.billed or "in_advance"
    period = options.period
    name = every.once or every.use
    if name is not None:
        day, known = _day_of(scope, name, every)
        return [_known(scope.b, occasion(scope.b, day, period), known)]
    if options.accrue:
        period, billed = _reaching_back(every, period), "in_advance"
    if every.anniversary_of is not None:
        day, known = _day_of(scope, every.anniversary_of, every)
        found = anniversaries(scope.b, day, every.length or 12, period, billed)
        return [_known(scope.b, each, known) for each in found]
    return [each for each in calendar_cycles(scope.b, every, period, billed) if _overlap(each, options)]


def _known(b: Builder, cycle: Cycle, known: Node) -> Cycle:
    """The cycle, where the unit has the day that it is told by."""
    return replace(cycle, exists=b.all_of((known, cycle.exists)))


def _reaching_back(every: Every, period: Period) -> Period:
    """A period in which every cycle starts that has a day in `period`."""
    return Period(add_months(period.start, -(every.length or 12)), period.end)


def _overlap(cycle: Cycle, options: Options) -> bool:
    return not options.accrue or (
        cycle.period is not None and cycle.period.intersect(options.period) is not None
    )


def _day_of(scope: Scope, name: str, every: Every) -> tuple[Node, Node]:
    """A date fact as a day number, and whether it is known; a moment counts as its day."""
    where = place_of(name, every.where)
    term = scope.term(name, where)
    known = term.present or scope.b.true
    if term.kind == "datetime":
        return scope.b.div_round(term.node, scope.b.const(1440), "down"), known
    if term.kind != "date":
        raise scope.names.refuse(where, "wrong_type", f'"{name}", {KIND_WORDS[term.kind]}', "a date fact")
    return term.node, known


def _in_order_of_need(version: Version) -> list[str]:
    """The fees, each after the fees whose amounts it needs; rings are problems, and left out."""
    fees, sound = version.schedule.fees, dict[str, bool]()

    def visit(fee_id: str, ring: tuple[str, ...]) -> bool:
        if fee_id in ring:
            path = " → ".join([*ring[ring.index(fee_id) :], fee_id])
            version.names.problem(
                fees[fee_id].where, "circular_fees", path, "fees that do not need their own amount",
                f"take fees.{fee_id} out of one of them",
            )  # fmt: skip
            return False
        if fee_id in fees and fee_id not in sound:
            needed = [visit(each, (*ring, fee_id)) for each in version.schedule.fees_needed_by(fee_id)]
            sound[fee_id] = all(needed)
        return sound.get(fee_id, True)

    for fee_id in fees:
        visit(fee_id, ())
    return [fee_id for fee_id, is_sound in sound.items() if is_sound]
