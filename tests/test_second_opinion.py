"""Bills against the naive arithmetic of `oracle.py`: the same lines, days, payers and fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import feerules
import oracle
from bills import schedule
from feerules.periods import Period

RULES = (
    "calendar_days", "thirty_day_months", "half_months", "whole_months", "full_months", "next_month", "days_365",
    "days_of_year", "cycle_days", "none",
)  # fmt: skip
SEASON = ((11, 15), (3, 15))
days = st.dates(date(2025, 1, 1), date(2028, 12, 31))
rates = st.integers(1, 99_999).map(lambda n: Fraction(n, 1000))


@st.composite
def fees(draw: Any) -> oracle.Fee:
    kind = draw(st.sampled_from(["calendar", "calendar", "anniversary", "season", "once"]))
    months = draw(st.sampled_from([1, 3, 6, 12])) if kind in ("calendar", "anniversary") else None
    fee = oracle.Fee(
        kind, months, season=SEASON if kind == "season" else None,
        per=draw(st.sampled_from(["", "area"])), rates=draw(rates),
        unit=draw(st.sampled_from([Fraction(1, 100), Fraction(1, 10), Fraction(1)])),
        mode=draw(st.sampled_from(["half_up", "half_even", "half_down", "up", "down"])),
    )  # fmt: skip
    if kind == "once":
        return fee
    rules = ("calendar_days", "cycle_days", "none") if kind == "season" else RULES
    times = ["cycle", "day"] if kind == "season" else ["cycle", "day", *oracle.LENGTHS]
    starts_on = draw(st.sampled_from([(1, 1), (1, 16), (3, 31)])) if kind == "calendar" else (1, 1)
    return replace(
        fee, starts_on=starts_on, prorate=draw(st.sampled_from(rules)), rate_per=draw(st.sampled_from(times)),
        billed=draw(st.sampled_from(["in_advance", "in_arrears"])),
        before=draw(st.sampled_from([None, "nobody", "developer"])),
        after=draw(st.sampled_from([None, "nobody", "heir"])),
    )  # fmt: skip


def written(fee: oracle.Fee) -> str:
    """The fee as a schedule says it."""
    every = {
        "calendar": f"{{months: {fee.months}, starts_on: {fee.starts_on[0]:02}-{fee.starts_on[1]:02}}}",
        "anniversary": f"{{cycle: {({1: 'month', 3: 'quarter', 6: 'half_year', 12: 'year'}).get(fee.months or 0)}, anniversary_of: handover}}",
        "season": "{season: {from: 11-15, through: 03-15}}",
        "once": "{once: paid_on}",
    }[fee.kind]
    assert isinstance(fee.rates, Fraction)
    told = [f"every: {every}, rate: {float(fee.rates):.3f}"]
    told.append(f"rounding: [{{unit: {float(fee.unit):g}, mode: {fee.mode}}}]")
    if fee.per:
        told.append(f"per: {fee.per}")
    if fee.kind != "once":
        told.append(f"billed: {fee.billed}, prorate: {fee.prorate}, rate_per: {fee.rate_per}")
    if fee.before:
        told.append(f"starts: {{fact: handover, before: {fee.before}}}")
    if fee.after:
        told.append(f"ends: {{fact: moved_out, after: {fee.after}}}")
    return "fee: {" + ", ".join(told) + "}"


periods = st.tuples(days, st.integers(1, 420)).map(lambda each: (each[0], each[0] + timedelta(days=each[1])))
units = st.fixed_dictionaries(
    {
        "area": st.integers(0, 20_000).map(lambda n: Fraction(n, 100)),
        "handover": days,
        "moved_out": st.one_of(st.none(), days),
        "paid_on": days,
    }
)


def found_by_feerules(
    fee: oracle.Fee, unit: dict[str, Any], period: oracle.Days, *, accrue: bool = False
) -> list[tuple[date, date, str, Fraction]]:
    files = {"first.yaml": schedule(written(fee))}
    if fee.later is not None:
        day, times = fee.later
        assert isinstance(fee.rates, Fraction)
        later = replace(fee, rates=fee.rates * times)
        files["second.yaml"] = schedule(written(later), day.isoformat())
    changes = [{"from": day, "facts": {"owner_id": str(day)}} for day in sorted(unit.get("owners", ()))]
    facts = {**unit, "area": f"{float(unit['area']):.2f}", "owner_id": "first", "changes": changes}
    bill = feerules.price(facts, feerules.load_files(files), Period(*period), accrue=accrue)
    return sorted((line.period_start, line.period_end, line.payer, Fraction(line.amount)) for line in bill)


def told(lines: list[oracle.Line]) -> list[tuple[date, date, str, Fraction]]:
    return sorted((line.start, line.end, line.payer, line.amount) for line in lines)


@given(fees(), units, periods)
def test_a_bill_is_what_naive_arithmetic_gives(
    fee: oracle.Fee, unit: dict[str, Any], period: oracle.Days
) -> None:
    assert found_by_feerules(fee, unit, period) == told(oracle.lines(fee, unit, period))


# A part of a part is a plain difference only where days add up.
additive = fees().filter(lambda fee: fee.prorate in oracle.ADDITIVE and fee.kind != "once")


@given(
    additive, units, periods, st.booleans(), st.sets(days, max_size=2), st.one_of(st.none(), days),
    st.integers(1, 3),
)  # fmt: skip
def test_a_bill_cut_by_owners_versions_and_its_period_is_what_naive_arithmetic_gives(
    fee: oracle.Fee,
    unit: dict[str, Any],
    period: oracle.Days,
    accrue: bool,
    owners: set[date],
    changed: date | None,
    times: int,
) -> None:
    unit = {**unit, "owners": owners}
    fee = fee if changed is None else replace(fee, later=(changed, Fraction(times)))
    assert found_by_feerules(fee, unit, period, accrue=accrue) == told(
        oracle.lines(fee, unit, period, accrue=accrue)
    )
