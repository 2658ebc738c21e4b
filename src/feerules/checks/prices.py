"""Findings on fee schedules by a law profile: guided prices, mark-ups, who pays, how early, what is announced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from feerules.checks.findings import Finding
from feerules.checks.law import check_words
from feerules.checks.profiles import Law, titled, under
from feerules.documents.arithmetic import Num
from feerules.documents.charging import Charge, FeesQuantity
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee, FeeSchedule, values_in
from feerules.documents.values import GuidedValue, TableValue
from feerules.plan.lines import Version
from feerules.wording import sentence

__all__ = ["check_prices_by_law", "check_rises"]


def check_prices_by_law(version: Version, law: Law) -> Iterator[Finding]:
    """Every finding on a schedule alone."""
    schedule = version.schedule
    yield from check_words(schedule, law, tuple(schedule.fees.values()))
    for fee_id in schedule.fees:
        fee = schedule.complete(fee_id)
        for check in CHECKS:
            yield from check(fee_id, fee, schedule, law)


def check_guided_price(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    """A guided price is one only by the document that sets it."""
    source = fee.source or schedule.source
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


def check_markup(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    """Utilities are passed on at what they cost."""
    hint = sentence("pass on what was paid, and nothing more")
    passed = [charge for charge in (fee, *fee.parts.values()) if charge.pass_through is not None]
    for rule in fee.adjustments if passed else ():
        times, plus = _number(rule.times), _number(rule.plus)
        if (times is not None and times > 1) or (plus is not None and plus > 0):
            yield from under(
                law, "utility_markup", rule.where, sentence("{fee} is passed on with a mark-up"), hint,
                fee=titled(fee, fee_id),
            )  # fmt: skip
    for charge in (fee, *fee.parts.values()):
        for other in charge.per.fees if isinstance(charge.per, FeesQuantity) else ():
            if other in schedule.fees and _is_passed_on(schedule.fees[other]):
                yield from under(
                    law, "utility_markup", charge.where_of("per"),
                    sentence("{fee} is a percentage of {other}, which is passed on"), hint,
                    fee=titled(fee, fee_id), other=titled(schedule.fees[other], other),
                )  # fmt: skip


def _is_passed_on(fee: Fee) -> bool:
    return any(charge.pass_through is not None for charge in (fee, *fee.parts.values()))


def check_developer(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    """Homes that are not handed over are the developer's."""
    starts = fee.starts
    if starts is None or starts.before != "nobody" or not _is_by_area(fee, schedule):
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


def check_repairs(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
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


def check_prepayment(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    months = fee.every.length if fee.every else None
    most = law.most("long_prepayment", schedule.effective.from_) if "long_prepayment" in law.tests else None
    if months is not None and most is not None and months > most and fee.billed != "in_arrears" and fee.every:
        yield from under(
            law, "long_prepayment", fee.every.where, sentence("{fee} is paid {months} months in advance, more than {most}"),
            sentence("bill at most {most} months at a time, or in arrears"), fee=titled(fee, fee_id), months=str(months),
            most=f"{most:f}",
        )  # fmt: skip


def check_share(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    """Without an agreement, a common cost is shared by area."""
    for charge in (fee, *fee.parts.values()):
        by = charge.share.by if charge.share else None
        if by is not None and _number(by) is not None and charge.share:
            yield from under(
                law, "share_by_area", charge.share.where_of("by"),
                sentence("{fee} is shared by homes and not by area"),
                sentence("write by: area, or cite the agreement in a law profile of your own"), fee=titled(fee, fee_id),
            )  # fmt: skip


def check_deposit(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    """What is given back is no fee."""
    title = titled(fee, "")
    words = law.tests["deposit_as_fee"].rule.words if "deposit_as_fee" in law.tests else ()
    if fee.kind == "charge" and any(word in title["zh"] or word in title["en"].lower() for word in words):
        yield from under(
            law, "deposit_as_fee", fee.where_of("title"), sentence("{fee} is called a deposit, and charged as a fee"),
            sentence("write kind: deposit"), fee=titled(fee, fee_id),
        )  # fmt: skip


def check_vat(fee_id: str, fee: Fee, schedule: FeeSchedule, law: Law) -> Iterator[Finding]:
    rates = law.tests["vat_rate"].rule.rates if "vat_rate" in law.tests else ()
    rate = _number(fee.tax.rate) if fee.tax else None
    if fee.tax and rate is not None and rates and rate not in rates:
        known = ", ".join(f"{(each * 100).normalize():f}%" for each in rates)
        yield from under(
            law, "vat_rate", fee.tax.where_of("rate"), sentence("{fee} has a tax of {rate}, which is no rate of the tax"),
            sentence("write one of {known}"), fee=titled(fee, fee_id), rate=f"{(rate * 100).normalize():f}%", known=known,
        )  # fmt: skip


CHECKS: Sequence[Callable[[str, Fee, FeeSchedule, Law], Iterator[Finding]]] = (
    check_guided_price,
    check_markup,
    check_developer,
    check_repairs,
    check_prepayment,
    check_share,
    check_deposit,
    check_vat,
)


# From one version to the next


def check_rises(versions: Sequence[Version], law: Law) -> Iterator[Finding]:
    """Prices that rise from a version to the next, without a decision of those who pay."""
    for before, after in pairwise(each.schedule for each in versions):
        decided = after.publication and (after.publication.decided_on or after.publication.approved_by)
        for fee_id in () if decided else after.fees:
            old = before.fees.get(fee_id)
            risen = _risen(old, after.fees[fee_id]) if old else None
            if risen is not None:
                yield from under(
                    law, "price_rise", after.fees[fee_id].where_of("rate"),
                    sentence("{fee} rises from {old} to {new}, and no decision is named"),
                    sentence("write publication: {{decided_on: …}}, or approved_by:"),
                    fee=titled(after.fees[fee_id], fee_id), old=f"{risen[0]:f}", new=f"{risen[1]:f}",
                )  # fmt: skip


def _risen(old: Fee, new: Fee) -> tuple[Decimal, Decimal] | None:
    """The first price of the same units that is higher than it was."""
    known = dict(_prices(old.rate))
    pairs = ((known[key], price) for key, price in _prices(new.rate) if key in known)
    return next(((before, after) for before, after in pairs if after > before), None)


def _prices(rate: object) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """The numbers of a rate, each with the conditions of its row as they are written."""
    number = _number(rate)
    if number is not None:
        yield (), number
    if isinstance(rate, TableValue) and rate.table is not None:
        heads = [head.name for head in rate.table.header]
        for row in rate.table.rows:
            cells = [" ".join(str(cell).split()) for cell in row.cells]
            if (price := _decimal(cells[-1])) is not None:
                yield tuple(f"{head} {cell}" for head, cell in zip(heads, cells[:-1], strict=False)), price


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text.replace(".", "", 1).isdecimal() else None


def _number(value: object) -> Decimal | None:
    """The number that a value is, where it is nothing but one."""
    root = value.root if isinstance(value, Formula) else None
    return root.value if isinstance(root, Num) else None
