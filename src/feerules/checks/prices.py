"""Findings on fee schedules by a law profile: guided prices, mark-ups, who pays, how early, what is announced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from feerules.checks.days import NOTICE_DAYS, short_notice
from feerules.checks.findings import Finding
from feerules.checks.law import check_words
from feerules.checks.markups import is_marked_up
from feerules.checks.profiles import Law, titled, under, with_hint
from feerules.checks.rises import first_rise
from feerules.checks.vacancies import check_vacancy
from feerules.checks.valuation import constant, points, valued
from feerules.documents.arithmetic import Binary
from feerules.documents.charging import Charge, FeesQuantity
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee, FeeSchedule, values_in
from feerules.documents.values import GuidedValue
from feerules.plan.lines import Version
from feerules.wording import sentence

__all__ = ["check_prices_by_law", "check_rises"]


def check_prices_by_law(version: Version, law: Law) -> Iterator[Finding]:
    """Every finding on a schedule alone."""
    schedule = version.schedule
    yield from check_words(schedule, law, tuple(schedule.fees.values()))
    yield from check_notice(schedule, law)
    for fee_id in schedule.fees:
        fee = schedule.complete(fee_id)
        for check in CHECKS:
            yield from check(fee_id, fee, version, law)


def check_notice(schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    """Announced fewer days before it holds than the law asks for."""
    told = law.tests.get("short_notice")
    if told is None or told.severity is None:
        return
    least = NOTICE_DAYS if told.rule.least is None else int(told.rule.least)
    for each in short_notice(schedule, least):
        yield with_hint(replace(each, severity=told.severity, basis=told.basis), told.hint)


def check_guided_price(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    """A guided price is one only by the document that sets it."""
    source = fee.source or version.schedule.source
    guided = next((each for each in values_in(fee) if isinstance(each, GuidedValue)), None)
    if guided is None:
        return
    if source is None or not source.document:
        yield from under(
            law, "guided_price", guided.where, sentence("{fee} has a guided price, and no document that sets it"),
            sentence("write source: {{document: …}} at the fee or the schedule"), fee=titled(fee, fee_id),
        )  # fmt: skip
    if guided.up is None and guided.down is None:
        yield from under(
            law, "guided_price", guided.where,
            sentence("{fee} has a guided price, and nothing says how far it may float"),
            sentence("write up: and down:, as the document permits"), fee=titled(fee, fee_id),
        )  # fmt: skip


def check_markup(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    """Utilities are passed on at what they cost."""
    hint = sentence("pass on what was paid, and nothing more")
    passed = [charge for charge in (fee, *fee.parts.values()) if charge.pass_through is not None]
    for rule in fee.adjustments if passed else ():
        times, plus = (constant(each, version.names) for each in (rule.times, rule.plus))
        if (times is not None and times > 1) or (plus is not None and plus > 0):
            yield from under(
                law, "utility_markup", rule.where, sentence("{fee} is passed on with a mark-up"), hint,
                fee=titled(fee, fee_id),
            )  # fmt: skip
    for charge in passed:
        if is_marked_up(charge.pass_through, version.schedule, version.names):
            yield from under(
                law, "utility_markup", charge.where_of("pass_through"), sentence("{fee} is passed on with a mark-up"),
                hint, fee=titled(fee, fee_id),
            )  # fmt: skip
    fees = version.schedule.fees
    for charge in (fee, *fee.parts.values()):
        for other, key in _shares_of(charge):
            if other in fees and _is_passed_on(fees[other]):
                yield from under(
                    law, "utility_markup", charge.where_of(key),
                    sentence("{fee} is a percentage of {other}, which is passed on"), hint,
                    fee=titled(fee, fee_id), other=titled(fees[other], other),
                )  # fmt: skip


def _shares_of(charge: Charge) -> Iterator[tuple[str, str]]:
    """The fees of which a charge is a part for every unit, and the key that says so: per: {fees: …}, or fees.water * 3%."""
    if isinstance(charge.per, FeesQuantity):
        yield from ((str(other), "per") for other in charge.per.fees)
    for key, value in (("per", charge.per), ("rate", charge.rate)):
        if isinstance(value, Formula) and isinstance(value.root, Binary) and value.root.op == "*":
            names = [name for name in value.names() if name.startswith("fees.")]
            yield from ((name.removeprefix("fees."), key) for name in names)


def _is_passed_on(fee: Fee) -> bool:
    return any(charge.pass_through is not None for charge in (fee, *fee.parts.values()))


def check_developer(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    """Homes that are not handed over are the developer's."""
    starts = fee.starts
    if starts is None or starts.before != "nobody" or not _is_by_area(fee, version.schedule):
        return
    written = "before" in starts.model_fields_set
    yield from under(
        law, "developer_pays", starts.where_of("before"),
        sentence("of {fee}, nobody pays the days before {fact}: homes that are not sold or handed over are the developer's"),
        sentence("write starts: {{fact: {fact}, before: developer}}"), fee=titled(fee, fee_id), fact=starts.fact,
        **({} if written else {"severity": "warning"}),
    )  # fmt: skip


def _is_by_area(charge: Charge, schedule: FeeSchedule) -> bool:
    """Whether the quantity is an area, so that the fee is one for managing what stands there."""
    if not isinstance(charge.per, Formula):
        return False
    named = [schedule.facts.get(name) for name in charge.per.names()]
    return any(fact is not None and (fact.unit or "") in ("m²", "㎡", "平方米") for fact in named)


def check_repairs(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    """Major repairs are paid from the maintenance fund."""
    for part in (fee, *fee.parts.values()) if "repair_in_fee" in law.tests else ():
        for word in law.tests["repair_in_fee"].rule.words:
            title = titled(part, "")
            if word in title["zh"] or word in title["en"].lower():
                yield from under(
                    law, "repair_in_fee", part.where_of("title"),
                    sentence("{part} charges for a major repair or renewal, which the maintenance fund pays"),
                    sentence("take it out of the fee"), part=title,
                )  # fmt: skip
                break


def check_prepayment(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    months = fee.every.length if fee.every else None
    most = (
        law.most("long_prepayment", version.schedule.effective.from_)
        if "long_prepayment" in law.tests
        else None
    )
    if months is not None and most is not None and months > most and fee.billed != "in_arrears" and fee.every:
        yield from under(
            law, "long_prepayment", fee.every.where, sentence("{fee} is paid {months} months in advance, more than {most}"),
            sentence("bill at most {most} months at a time, or in arrears"), fee=titled(fee, fee_id), months=str(months),
            most=f"{most:f}",
        )  # fmt: skip


def check_share(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    """Without an agreement, a common cost is shared by area."""
    for charge in (fee, *fee.parts.values()):
        by = charge.share.by if charge.share else None
        if by is not None and constant(by, version.names) is not None and charge.share:
            yield from under(
                law, "share_by_area", charge.share.where_of("by"),
                sentence("{fee} is shared by homes and not by area"),
                sentence("write by: area, or cite the agreement in a law profile of your own"), fee=titled(fee, fee_id),
            )  # fmt: skip


def check_deposit(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    """What is given back is no fee."""
    title = titled(fee, "")
    words = law.tests["deposit_as_fee"].rule.words if "deposit_as_fee" in law.tests else ()
    if fee.kind == "charge" and any(word in title["zh"] or word in title["en"].lower() for word in words):
        yield from under(
            law, "deposit_as_fee", fee.where_of("title"), sentence("{fee} is called a deposit, and charged as a fee"),
            sentence("write kind: deposit"), fee=titled(fee, fee_id),
        )  # fmt: skip


def check_vat(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    rates = law.tests["vat_rate"].rule.rates if "vat_rate" in law.tests else ()
    told = valued(fee.tax.rate, version.names) if fee.tax and rates else None
    if fee.tax is None or told is None:
        return
    for point in points(told):
        rate = told.at(point)
        if rate is not None and rate not in rates:
            known = ", ".join(f"{(each * 100).normalize():f}%" for each in rates)
            yield from under(
                law, "vat_rate", told.place(point) or fee.tax.where_of("rate"),
                sentence("{fee} has a tax of {rate}, which is no rate of the tax"), sentence("write one of {known}"),
                fee=titled(fee, fee_id), rate=f"{(rate * 100).normalize():f}%", known=known,
            )  # fmt: skip
            return


CHECKS: Sequence[Callable[[str, Fee, Version, Law], Iterator[Finding]]] = (
    check_guided_price,
    check_markup,
    check_developer,
    check_repairs,
    check_prepayment,
    check_share,
    check_deposit,
    check_vacancy,
    check_vat,
)


# From one version to the next


def check_rises(versions: Sequence[Version], law: Law) -> Iterator[Finding]:
    """Prices that rise from a version to the next, without a decision of those who pay."""
    for before, after in pairwise(versions):
        published = after.schedule.publication
        decided = published and (published.decided_on or published.approved_by)
        for fee_id in () if decided else after.schedule.fees:
            old, new = before.schedule.fees.get(fee_id), after.schedule.fees[fee_id]
            risen = first_rise((old, before.names), (new, after.names)) if old else None
            if risen is not None:
                yield from under(
                    law, "price_rise", risen.where, sentence("{fee} rises from {old} to {new}, and no decision is named"),
                    sentence("write publication: {{decided_on: …}}, or approved_by:"), witness=risen.witness,
                    fee=titled(new, fee_id), old=f"{risen.before:f}", new=f"{risen.after:f}",
                )  # fmt: skip
