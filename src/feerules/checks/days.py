"""Findings on days: versions that leave a day out, notice that was too short, calendars and parameters that end early."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from itertools import pairwise

from feerules.book import Book
from feerules.checks.findings import Finding, finding
from feerules.documents.charging import DueRule
from feerules.documents.policy import DunningPolicy, ParameterRate
from feerules.documents.schedule import FeeSchedule, Headed, values_in
from feerules.plan.names import place_of
from feerules.wording import sentence

__all__ = ["NOTICE_DAYS", "check_days", "check_versions"]

NOTICE_DAYS = 30
ONE_DAY = timedelta(days=1)
MONTHS_OF_A_YEAR = 12


# Between versions


def check_versions(book: Book) -> Iterator[Finding]:
    """What each version leaves to the next: days that neither holds on, fees that stop."""
    schedules = [[each.schedule for each in versions] for versions in book.versions]
    headed: list[Sequence[Headed]] = [*schedules, *([each.policy for each in x] for x in book.policies)]
    for versions in headed:
        for before, after in pairwise(versions):
            yield from uncovered_days(before, after)
    for schedule in schedules:
        for old, new in pairwise(schedule):
            yield from dropped_fees(old, new)


def uncovered_days(before: Headed, after: Headed) -> Iterator[Finding]:
    """A hole between the last day of a version and the first of the next; or a last day that is not reached."""
    through, first = before.effective.through, after.effective.from_
    if through is None:
        return
    where = before.effective.where_of("through")
    if through + ONE_DAY < first:
        yield finding(
            "uncovered_days", "warning", where,
            sentence("{name} ends on {last}, and its next version begins on {first}: no version holds in between"),
            sentence("write through: {before}, or let the next version begin earlier"),
            witness=[{"day": str(through + ONE_DAY)}], document=before.id, name=before.id, last=str(through), first=str(first),
            before=str(first - ONE_DAY),
        )  # fmt: skip
    elif through >= first:
        yield finding(
            "uncovered_days", "note", where,
            sentence("{name} says it ends on {last}, and ends before {first} already, where its next version begins"),
            sentence("write through: {before}, or leave it out"),
            witness=[{"day": str(first)}], document=before.id, name=before.id, last=str(through), first=str(first),
            before=str(first - ONE_DAY),
        )  # fmt: skip


def dropped_fees(old: FeeSchedule, new: FeeSchedule) -> Iterator[Finding]:
    """Fees that the next version does not have; most of all those that it has by another name."""
    added = [fee for fee in new.fees if fee not in old.fees]
    for fee_id, fee in old.fees.items():
        if fee_id in new.fees:
            continue
        titles = [name for name in added if fee.title is not None and new.fees[name].title == fee.title]
        near = titles or get_close_matches(fee_id, added, n=1, cutoff=0.8)
        where = place_of(fee_id, fee.where)
        if near:
            yield finding(
                "dropped_fee", "warning", where,
                sentence("{fee} ends before {day}; the version from then on has {other}, which looks like the same fee"),
                sentence("keep the id of a fee in all versions: that is how its history is known"),
                document=old.id, fee=str(fee_id), day=str(new.effective.from_), other=str(near[0]),
            )  # fmt: skip
        else:
            yield finding(
                "dropped_fee", "note", where,
                sentence("{fee} ends before {day}: the version from then on does not have it"),
                sentence("add it to the new version, if it is not meant to end"),
                document=old.id, fee=str(fee_id), day=str(new.effective.from_),
            )  # fmt: skip


# Of one version


def check_days(book: Book) -> Iterator[Finding]:
    """What each version says of its own days: notice, publication, parameters, due days."""
    for versions in book.versions:
        for version in versions:
            yield from short_notice(version.schedule)
            yield from missing_publication(version.schedule)
            yield from short_calendar(version.schedule, book)
    for policies in book.policies:
        for each in policies:
            yield from late_parameters(each.policy)


def short_notice(schedule: FeeSchedule, least: int = NOTICE_DAYS) -> Iterator[Finding]:
    """Announced fewer days before it holds than is usual, or than a law asks for."""
    publication, first = schedule.publication, schedule.effective.from_
    if publication is None or publication.announced is None:
        return
    days = (first - publication.announced).days
    if days < least:
        yield finding(
            "short_notice", "warning", publication.where_of("announced"),
            sentence("announced on {announced}, {days} days before it holds; {wanted} are usual"),
            sentence("let it hold from {later} on, or announce it earlier"),
            document=schedule.id, announced=str(publication.announced), days=str(days), wanted=str(least),
            later=str(publication.announced + least * ONE_DAY),
        )  # fmt: skip


def missing_publication(schedule: FeeSchedule) -> Iterator[Finding]:
    """What a reader needs to trust a schedule: a source; and of one that was announced, who decided and when."""
    missing = []
    if not _has_source(schedule):
        missing.append("source")
    published = schedule.publication
    if published is not None or "source" in missing:
        if published is None or published.announced is None:
            missing.append("publication: announced")
        if published is None or not (published.approved_by or published.decided_on):
            missing.append("publication: approved_by, decided_on")
    if missing:
        yield finding(
            "missing_publication", "note", schedule.where if published is None else published.where,
            sentence("{name} does not say: {missing}"),
            sentence("say which document it rests on, when it was announced, who decided it, and when"),
            document=schedule.id, name=schedule.id, missing="; ".join(missing),
        )  # fmt: skip


def _has_source(schedule: FeeSchedule) -> bool:
    sources = [schedule.source, *(fee.source for fee in schedule.fees.values())]
    return any(source is not None and (source.document or source.address) for source in sources)


def short_calendar(schedule: FeeSchedule, book: Book) -> Iterator[Finding]:
    """Due days are rolled, and the calendar ends before the schedule does."""
    calendar = book.calendar
    if calendar is None or calendar.unknown_year != "refuse":
        return
    rules = [part for part in values_in(schedule) if isinstance(part, DueRule) and part.roll != "none"]
    missing = _unknown_years(schedule, sorted(calendar.years))
    if rules and missing:
        yield finding(
            "short_calendar", "note", rules[0].where_of("roll"),
            sentence("{name} rolls its days to workdays, and the calendar does not know {year}: no bill of that year can be made"),
            sentence("add {year} to years: of the calendar, or say unknown_year: weekends_only"),
            witness=[{"day": f"{missing}-01-01"}], document=schedule.id, name=schedule.id, year=str(missing),
        )  # fmt: skip


def _unknown_years(schedule: FeeSchedule, known: Sequence[int]) -> int | None:
    """The first year of a schedule that is not known; where it has no end, one that follows the last known."""
    first, through = schedule.effective.from_.year, schedule.effective.through
    last = max(first, known[-1] + 1) if through is None else through.year
    return next((year for year in range(first, last + 1) if year not in known), None)


def late_parameters(policy: DunningPolicy) -> Iterator[Finding]:
    """The first value of a rate, which holds from a later day than the policy."""
    fee = policy.late_fee
    if fee is None or not isinstance(fee.rate, ParameterRate):
        return
    name = fee.rate.parameter
    values = sorted(policy.parameters.get(name, ()), key=lambda value: value.from_)
    if values and values[0].from_ > policy.effective.from_:
        first: date = values[0].from_
        yield finding(
            "uncovered_days", "warning", values[0].where_of("from"),
            sentence("{parameter} has no value before {first}, and {name} holds from {from_day} on: the first value is used for the days before"),
            sentence("add the value that held on {from_day}"),
            witness=[{"day": str(policy.effective.from_)}], document=policy.id, name=policy.id, parameter=name, first=str(first),
            from_day=str(policy.effective.from_),
        )  # fmt: skip
