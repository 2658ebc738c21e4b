"""Findings on policies by a law profile: what is done to debtors, how they are reached, what it costs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from feerules.checks.acts import OF_COURTS, check_acts
from feerules.checks.findings import Finding, Severity
from feerules.checks.profiles import Law, titled, under
from feerules.checks.suits import check_suits
from feerules.documents.durations import told_hours
from feerules.documents.model import Part
from feerules.documents.policy import DunningPolicy, LateFee, ParameterRate, Step
from feerules.documents.schedule import Headed
from feerules.errors import Where
from feerules.plan.dunning import PolicyVersion
from feerules.wording import sentence

__all__ = ["check_policy_by_law", "check_words"]

# What an audience beyond the household may never see of a debtor, and what it had better not.
PERSONAL = ("name", "phone", "id_number", "photo", "plate", "amount")
PUBLIC = ("neighbours", "public")
QUIET = (22 * 60, 8 * 60)


def check_policy_by_law(version: PolicyVersion, law: Law) -> Iterator[Finding]:
    """Every finding on a policy."""
    policy = version.policy
    steps = policy.ladder.steps if policy.ladder else ()
    for step in steps:
        yield from check_acts(step, law)
        yield from check_audience(step, law)
    yield from check_suits(version, law)
    for check in CHECKS:
        yield from check(policy, law)
    yield from check_words(policy, law, steps)


# Who sees it


def check_audience(step: Step, law: Law) -> Iterator[Finding]:
    """A message about one debtor that others see."""
    seen = [each for each in step.channels if each.seen_by in PUBLIC]
    if not seen:
        return
    personal = [each for each in step.shows if each in PERSONAL]
    severity: Severity | None = None if personal else "note" if step.shows == ("room",) else "warning"
    message = (
        sentence("{step} shows {shown} to others on {channel}") if step.shows
        else sentence("{step} reaches one debtor on {channel}, where others see it")
    )  # fmt: skip
    yield from under(
        law, "public_message", step.where_of("channels"), message,
        sentence("reach the debtor alone; where others see it, post nothing that tells who owes"), severity=severity,
        step=titled(step, step.id), channel=seen[0].channel, shown=", ".join(personal or step.shows),
    )  # fmt: skip


# How often, and when


def check_quiet_hours(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    if not _reaches(policy):
        return
    windows, quiet = policy.windows, policy.limits.quiet
    if windows is not None and all(
        QUIET[1] <= start and end <= QUIET[0]
        for start, end in (*windows.workday, *windows.weekend, *windows.holiday)
    ):
        return
    if quiet is None:
        message, told = sentence("nothing keeps contacts out of the night"), ""
    elif _covers(quiet):
        return
    else:
        message, told = sentence("the quiet hours {hours} leave a part of the night open"), told_hours(quiet)
    yield from under(
        law, "quiet_hours", policy.limits.where_of("quiet") if quiet else _place(policy),
        message, sentence('write limits: {{quiet: "22:00-08:00"}}'), hours=told,
    )  # fmt: skip


def _covers(quiet: tuple[int, int]) -> bool:
    start, end = quiet
    return start > end and start <= QUIET[0] and end >= QUIET[1]


def _reaches(policy: DunningPolicy) -> bool:
    steps = policy.ladder.steps if policy.ladder else ()
    return any(each.channel not in OF_COURTS for step in steps for each in step.channels)


def _place(policy: DunningPolicy) -> Where:
    """Where limits would be written: at the limits themselves, else at the ladder."""
    for key in ("limits", "ladder"):
        if key in policy.model_fields_set:
            return policy.where_of(key)
    return policy.where


def check_contact_limits(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    if not _reaches(policy) or "contact_limits" not in law.tests:
        return
    rule, day = law.tests["contact_limits"].rule, policy.limits.day
    most = {"connected": rule.least, "attempts": rule.most}
    over = [
        f"{name}: {'–' if given is None else given}"
        for name, allowed in most.items()
        if isinstance(allowed, Decimal) and ((given := getattr(day, name)) is None or given > allowed)
    ]
    if over:
        yield from under(
            law, "contact_limits", _place(policy), sentence("a person may be contacted too often on one day ({over})"),
            sentence("write limits: {{day: {{connected: {connected}, attempts: {attempts}}}}}"), over=", ".join(over),
            connected=str(rule.least), attempts=str(rule.most),
        )  # fmt: skip


def check_contact_per_person(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    if _reaches(policy) and policy.limits.per == "account":
        yield from under(
            law, "contact_per_person", policy.limits.where_of("per"),
            sentence("contacts are counted by account, so that who owns several homes is called for each"),
            sentence("write per: party"),
        )  # fmt: skip


def check_contact_on_holidays(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    windows = policy.windows
    if not _reaches(policy) or (windows is not None and not windows.holiday):
        return
    where = _place(policy) if windows is None else windows.where_of("holiday")
    yield from under(
        law, "contact_on_holidays", where, sentence("people are contacted on public holidays too"),
        sentence('write windows: with hours of workday and weekend, and none of holiday'),
    )  # fmt: skip


# Money


def check_late_fee_rate(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    fee = policy.late_fee
    if fee is None:
        return
    for test in ("late_fee_rate", "late_fee_reducible"):
        if test not in law.tests:
            continue
        for day, rate in _yearly(fee, policy, max(policy.first_day, law.as_of)):
            most = law.most(test, day)
            if most is not None and rate > most:
                yield from under(
                    law, test, fee.where_of("rate"), sentence("a late fee of {rate} a year on {day}, above {most}"),
                    sentence("lower the rate, or cap it by rate_per_year"), rate=_percent(rate), most=_percent(most),
                    day=day.isoformat(),
                )  # fmt: skip
                return


def _yearly(fee: LateFee, policy: DunningPolicy, since: date) -> Iterator[tuple[date, Decimal]]:
    """The rate a year on a day, and on each later one on which it changes."""
    times = {"day": 360 if fee.days == "thirty_day_months" else 365, "month": 12, "year": 1}[fee.per]
    cap = fee.cap.rate_per_year if fee.cap else None

    def capped(rate: Decimal) -> Decimal:
        return min(rate * times, cap) if cap else rate * times

    if not isinstance(fee.rate, ParameterRate):
        yield since, capped(fee.rate)
        return
    known = sorted((each.from_, each.value) for each in policy.parameters.get(fee.rate.parameter, ()))
    before = [value for first, value in known if first <= since] or [known[0][1]]
    later = [(first, value) for first, value in known if first > since]
    for day, value in ((since, before[-1]), *later):
        yield day, capped(value * fee.rate.times + fee.rate.plus)


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}%"


def check_late_fee_cap(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    fee = policy.late_fee
    if fee is None or (fee.cap and (fee.cap.share_of_principal or fee.cap.amount)):
        return
    if isinstance(fee.rate, ParameterRate) or fee.rate or fee.daily:
        yield from under(
            law, "late_fee_cap", fee.where, sentence("a late fee that grows without an end"),
            sentence("write cap: {{share_of_principal: 0.30}}"),
        )  # fmt: skip


def check_allocation(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    if policy.ledger.allocate == "newest_due_first":
        yield from under(
            law, "allocation_order", policy.ledger.where_of("allocate"),
            sentence("money goes to the newest debt first, so that old ones grow older"),
            sentence("write allocate: civil_code_560, or oldest_due_first"),
        )  # fmt: skip


def check_limitation(policy: DunningPolicy, law: Law) -> Iterator[Finding]:
    years = policy.limitation.years
    rule = law.tests["limitation_years"].rule if "limitation_years" in law.tests else None
    if rule is None or rule.least is None or years == rule.least:
        return
    yield from under(
        law, "limitation_years", policy.limitation.where_of("years"),
        sentence("claims are taken to last {years} years; the law says {least}, and no contract changes it"),
        sentence("write limitation: {{years: {least}}}"), years=str(years), least=str(rule.least),
    )  # fmt: skip


CHECKS: Sequence[Callable[[DunningPolicy, Law], Iterator[Finding]]] = (
    check_quiet_hours,
    check_contact_limits,
    check_contact_per_person,
    check_contact_on_holidays,
    check_late_fee_rate,
    check_late_fee_cap,
    check_allocation,
    check_limitation,
)


# Words


def check_words(document: Headed, law: Law, parts: Sequence[Part]) -> Iterator[Finding]:
    """A word that belongs to public law, in a title."""
    words = law.tests["word_of_public_law"].rule.words if "word_of_public_law" in law.tests else ()
    for part in (document, *parts):
        told = titled(part, "")
        for word in words:
            if word in told["zh"] or word in told["en"]:
                yield from under(
                    law, "word_of_public_law", part.where_of("title"),
                    sentence('"{word}" is a word of public law; a contract has 违约金'), sentence("write 违约金"), word=word,
                )  # fmt: skip
