"""What a policy says of ledgers → integers: the terms that the kernels obey."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

from feerules.documents.policy import DunningPolicy, LateFee, ParameterRate, Step
from feerules.errors import did_you_mean
from feerules.periods import day_number
from feerules.plan.bounds import Builder
from feerules.plan.conditions import Conditions, subject
from feerules.plan.ledgers import (
    APPROVED,
    AWAY,
    CONNECTED,
    REFUSED,
    UNREACHABLE,
    Bucket,
    LateFeeTerms,
    LedgerTerms,
    RateFrom,
    StepTerms,
)
from feerules.plan.moments import Moment
from feerules.plan.names import FIRST_DAY, Names, Refused, place_of
from feerules.plan.terms import Scope

__all__ = ["step_terms", "terms_of"]


def terms_of(policy: DunningPolicy, names: Names) -> LedgerTerms:
    """What the kernels obey; what is wrong with it is noted among the problems of the policy."""
    rules = policy.ledger
    outcomes, steps = rules.outcomes, policy.ladder.steps if policy.ladder else ()
    return LedgerTerms(
        currency=policy.currency,
        allocate=rules.allocate,
        fee_order=rules.fees_first,
        interest_first=rules.within_a_debt == "interest_first",
        credit_applied=rules.credit == "applied",
        age_from=rules.age_from,
        grace=rules.grace,
        exclude_fees=frozenset(rules.exclude.fees),
        exclude_kinds=frozenset(rules.exclude.kinds),
        exclude_tags=frozenset(rules.exclude.tags),
        exclude_named_by=tuple(
            sort
            for sort, is_excluded in (("dispute", rules.exclude.disputed), ("hold", rules.exclude.held))
            if is_excluded
        ),
        late_fee=None if policy.late_fee is None else _late_fee(policy, policy.late_fee, names),
        buckets=tuple(_buckets(policy, names)),
        limitation_years=policy.limitation.years,
        limitation_separate=policy.limitation.separate,
        promise_tolerance=policy.tolerance.promise,
        plan_tolerance=policy.tolerance.plan,
        demand_period=rules.demand_period,
        connected=frozenset(outcomes.connected or CONNECTED),
        unreachable=frozenset(outcomes.unreachable or UNREACHABLE),
        away=frozenset(outcomes.away or AWAY),
        refused=frozenset(outcomes.refused or REFUSED),
        approved=frozenset(outcomes.approved or APPROVED),
        steps=tuple(map(step_terms, steps)),
        limits_per_party=policy.limits.per == "party",
        restarts=policy.ladder is None or policy.ladder.restart == "when_paid",
    )


def step_terms(step: Step) -> StepTerms:
    return StepTerms(
        step.id,
        in_force=step.in_force,
        delivered=step.must_be == "delivered",
        period=step.period,
        more_than=step.gap if step.gap_by == "clock" else None,
        channels=len(step.channels),
        in_turn=step.in_turn,
        rests=(step.gap or 0) > 1,
    )


_PER = {"day": 1, "month": 30, "year": 365}


def _year_of(fee: LateFee) -> int:
    """The days of a year: twelve months, where every month has thirty."""
    return 12 * _PER["month"] if fee.days == "thirty_day_months" else _PER["year"]


def _late_fee(policy: DunningPolicy, fee: LateFee, names: Names) -> LateFeeTerms:
    cap = fee.cap
    share, yearly = (cap.share_of_principal, cap.rate_per_year) if cap else (None, None)
    return LateFeeTerms(
        fees=None if fee.on == "all" else frozenset(fee.on),
        rates=tuple(_rates(policy, fee, names)),
        grace=fee.grace,
        back_dated=fee.after_grace == "from_due",
        thirty_day_months=fee.days == "thirty_day_months",
        flat=int(fee.flat * 100),
        daily=int(fee.daily * 100),
        cap_share=None if share is None else Fraction(share).as_integer_ratio(),
        cap_amount=None if cap is None or cap.amount is None else int(cap.amount * 100),
        cap_by_days=None if yearly is None else (Fraction(yearly) / _year_of(fee)).as_integer_ratio(),
        mode=fee.mode,
        unit={"0.01": 1, "0.1": 10, "1": 100}[fee.unit],
    )


def _rates(policy: DunningPolicy, fee: LateFee, names: Names) -> Iterator[RateFrom]:
    rate, per = fee.rate, _PER[fee.per]
    if fee.per == "year":
        per = _year_of(fee)
    if not isinstance(rate, ParameterRate):
        yield RateFrom(FIRST_DAY, *(Fraction(rate) / per).as_integer_ratio())
        return
    values = policy.parameters.get(rate.parameter, ())
    if not values:
        known = policy.parameters
        names.problem(
            rate.where_of("parameter"), "unknown_parameter", f'"{rate.parameter}"',
            f"one of the parameters: {', '.join(known) or 'none is declared'}",
            did_you_mean(rate.parameter, known) or f"declare parameters: {{{rate.parameter}: [{{from: 2025-05-20, value: 3.00%}}]}}",
        )  # fmt: skip
    days = [day_number(each.from_) for each in sorted(values, key=lambda each: each.from_)]
    for number, each in enumerate(sorted(values, key=lambda each: each.from_)):
        day = days[number] if number else FIRST_DAY
        value = Fraction(each.value) * Fraction(rate.times) + Fraction(rate.plus)
        yield RateFrom(day, *(value / per).as_integer_ratio())


def _buckets(policy: DunningPolicy, names: Names) -> Iterator[Bucket]:
    b = Builder()
    scope = Scope(names, b, Moment({}))
    for name, text in policy.buckets.items():
        where = place_of(text, policy.where)
        with suppress(Refused):
            about = subject(scope, "days_overdue", where)
            reader = Conditions(names)
            yield Bucket(name, reader.condition(reader.parse(text, "integer"), where, about).bands)
