"""Findings on steps that are due and never sent: no hours are left for them, or the limits forbid them."""

from __future__ import annotations

from collections.abc import Iterator

from feerules.calendars import Calendar
from feerules.checks.findings import Finding, finding
from feerules.documents.cells import Cell
from feerules.documents.policy import DunningPolicy, Step
from feerules.plan.alternatives import Reading
from feerules.wording import sentence

__all__ = ["never_sent"]

SATURDAY = 6


def never_sent(policy: DunningPolicy, reading: Reading, calendar: Calendar | None) -> Iterator[Finding]:
    """Steps with channels that are due on days without hours alone, or so soon after another that limits forbid it."""
    for step in policy.ladder.steps if policy.ladder else ():
        if step.channels:
            yield from _without_hours(policy, step, reading, calendar)
            yield from _too_soon(policy, step)


def _without_hours(
    policy: DunningPolicy, step: Step, reading: Reading, calendar: Calendar | None
) -> Iterator[Finding]:
    days = _weekdays(step, reading)
    if policy.windows is None or not days:
        return
    hours = {
        "workday": policy.windows.workday,
        "weekend": policy.windows.weekend,
        "holiday": policy.windows.holiday,
    }
    kinds = {"weekend" if day >= SATURDAY else "workday" for day in days}
    if calendar is not None:
        # A weekend day may be worked on, and any day may be a holiday.
        kinds |= {"workday"} if calendar.workdays else set()
        kinds |= {"holiday"} if calendar.holidays else set()
    if not any(hours[kind] for kind in kinds):
        told = ", ".join(map(str, sorted(days)))
        yield finding(
            "never_sent", "warning", step.where,
            sentence("{step} is due on the weekdays {days} alone, and windows: has no hours on them: nothing is sent"),
            sentence("give hours to {kinds}, or let it be due on other days"),
            witness=[{"weekday": str(min(days))}], document=policy.id, step=step.id, days=told,
            kinds=", ".join(sorted(kinds)),
        )  # fmt: skip


def _weekdays(step: Step, reading: Reading) -> set[int]:
    """The weekdays on which a step can be due; none where it asks no weekday."""
    found: set[int] = set()
    for each in reading.possible(step):
        if "weekday" not in each:
            return set()
        found |= {day for day in range(1, 8) if any(lo <= day < hi for lo, hi in each["weekday"].bands)}
    return found


def _too_soon(policy: DunningPolicy, step: Step) -> Iterator[Finding]:
    """A step that must follow another so soon that the gap between contacts forbids it."""
    gap, after = policy.limits.gap, step.after
    if gap is None or after is None or policy.ladder is None:
        return
    other = next((each for each in policy.ladder.steps if each.id == after.step), None)
    latest = _latest(after.days)
    if other is not None and other.channels and latest is not None and latest < gap:
        yield finding(
            "never_sent", "warning", after.where_of("days"),
            sentence("{step} is due at most {days} days after {other}, and limits: leave {gap} days between contacts: nothing is sent"),
            sentence("let it be due {gap} days after {other}, or shorten the gap of limits"),
            witness=[{f"steps.{other.id}.days": str(latest), "days_since_attempt": str(latest)}],
            document=policy.id, step=step.id, days=str(latest), other=other.id, gap=str(gap),
        )  # fmt: skip


def _latest(cell: str) -> int | None:
    """The most days that a cell allows; None where it has no end."""

    ranges = Cell.parse(cell, type="number").ranges() or ()
    last = ranges[-1] if ranges else None
    if last is None or last.hi is None:
        return None
    return int(last.hi) - (1 if last.hi_open and last.hi == int(last.hi) else 0)
