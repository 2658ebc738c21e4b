"""What is to be done with an account, as values: act, wait, hold, review or clear, each with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from feerules.ledger.position import Position
from feerules.wording import Wording, counted, sentence, translate

__all__ = ["Act", "Clear", "Decision", "Hold", "Reason", "Review", "Wait", "words_for"]

Moment = date | datetime

# What each reason says; its fields come as text, or as days and amounts that a locale writes in its own way.
SAYINGS: Mapping[str, str] = {
    "nothing_owed": sentence("Nothing is owed."),
    "below_minimum": sentence("{amount} is overdue, less than the minimum of {least}."),
    "contradictory": sentence("The entries contradict each other: {what}."),
    "stale": sentence("The newest entry of the ledger is {days} old; {most} are allowed."),
    "stale_by_clock": sentence(
        "The newest entry of the ledger is {minutes} minutes old, {most} are allowed."
    ),
    "before_last_step": sentence("{title} was done on {day}, after the day that is asked about."),
    "stop": sentence("Stop: {title}."),
    "held": sentence("Put on hold: {what}."),
    "stop_over": sentence("The day until which it holds has passed, or is not known."),
    "class": sentence("Class: {title} (row {row})."),
    "lets_through": sentence("The stop lets this step through."),
    "due": sentence("Its turn has come: {title}."),
    "costs": sentence("It costs the debtor {amount}."),
    "resting": sentence("Not again before {until}: {title} was last tried {days} ago."),
    "used_up": sentence("No more of {title}: done as often as the policy allows ({count})."),
    "nothing_due": sentence("No step of the ladder is due."),
    "no_ladder": sentence("The policy has no ladder."),
    "day_limit": sentence("The limit of contacts for one day is reached."),
    "week_limit": sentence("The limit of contacts for one week is reached."),
    "contact_gap": sentence("The last contact was only {days} ago."),
    "outside_hours": sentence("Contacts are allowed from {until} on."),
    "no_hours": sentence("The policy leaves no hours for contacts in the next weeks."),
    "unknown_year": sentence("The calendar does not know the holidays of this year."),
    "week_target": sentence("{count} contacts this week, {target} are aimed at."),
    "stray_credit": sentence("There is credit of {amount} beside what is owed."),
    "time_barred": sentence("The oldest claim may be refused for its age after {day}."),
    "needs_approval": sentence("{role} must approve it first."),
    "escalated": sentence(
        "{role} takes over: {title} was done as often as the policy leaves to others ({count})."
    ),
}


def words_for(
    reasons: Iterable[Reason], next_review_on: date | None, currency: str, words: Wording, *head: str
) -> str:
    """Reasons as a clerk reads them, after what they are the reasons for."""
    sentences = [*head, *(each.explain(words, currency) for each in reasons)]
    if next_review_on is not None:
        sentences.append(words.text("Looked at again on {day}.", day=words.day(next_review_on)))
    return words.told(sentences)


DAYS = counted("{number} day", "{number} days")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, by its code, with what it is about and the place of the rule that says so."""

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""
    where: str = ""
    source: Mapping[str, str] = field(default_factory=dict)

    def explain(self, words: Wording, currency: str) -> str:
        told = {name: _told(words, name, value, currency) for name, value in self.fields.items()}
        return words.text(SAYINGS[self.code], **told)

    def to_dict(self) -> dict[str, Any]:
        plain = {name: _plain(value) for name, value in self.fields.items()}
        return {
            "code": self.code,
            "fields": plain,
            "rule": self.rule,
            "where": self.where,
            "source": dict(self.source),
        }


def _told(words: Wording, name: str, value: Any, currency: str) -> str:
    match value:
        case int() if name in ("days", "most"):
            return words.count(DAYS, str(value))
        case Decimal():
            return words.money(value, currency)
        case datetime():
            return words.moment(value)
        case date():
            return words.day(value)
        case dict():
            return words.title(value)
    return str(value)


def _when(words: Wording, moment: Moment) -> str:
    return words.moment(moment) if isinstance(moment, datetime) else words.day(moment)


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case dict():
            return dict(value)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is common to every decision. `next_review_on`: until then, without a new entry, it stays the same."""

    decision: ClassVar[str] = ""
    head: ClassVar[str] = ""

    account_id: str | None
    party_id: str | None
    as_of: Moment
    known_at: Moment | None
    kind: str
    reasons: tuple[Reason, ...]
    next_review_on: date | None
    policy: str
    version: str
    table_row: str
    position: Position

    def explain(self, locale: str = "zh_CN") -> str:
        """The decision and every reason for it, as a clerk reads them; `locale` as in `Bill.explain`."""
        words = translate(locale)
        return words_for(self.reasons, self.next_review_on, self.position.currency, words, self._said(words))

    def _said(self, words: Wording) -> str:
        return words.text(self.head)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: the columns of an action, and the position."""
        plain: dict[str, Any] = {"schema": 1, "decision": self.decision}
        for name, value in self._fields():
            match value:
                case Position():
                    plain[name] = value.to_dict()
                case tuple():
                    plain[name] = [each.to_dict() if isinstance(each, Reason) else each for each in value]
                case dict():
                    plain[name] = {key: _plain(each) for key, each in value.items()}
                case _:
                    plain[name] = _plain(value)
        plain["class"] = plain.pop("kind")
        return plain

    def _fields(self) -> Iterator[tuple[str, Any]]:
        yield from ((each.name, getattr(self, each.name)) for each in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Decision):
    """Do this step, on this channel, between `not_before` and `not_after` (None: at any time of the day).

    `fallback` is the channel where the first does not deliver. `amount` is what is asked for, `charge_ids`
    what for; `fee` is what the step itself costs the debtor, a proposal. `needs_approval` names who must agree first; `template` the message, `message` its fields.
    """

    decision: ClassVar[str] = "act"
    head: ClassVar[str] = sentence("To do: {title}.")

    step_id: str
    title: Mapping[str, str]
    channel: str | None
    fallback: str | None
    audience: str | None
    not_before: datetime | None
    not_after: datetime | None
    role: str | None
    needs_approval: str | None
    legal: bool
    charge_ids: tuple[str, ...]
    amount: Decimal
    fee: Decimal
    template: str
    message: Mapping[str, Any]
    announces: tuple[str, ...]
    source: Mapping[str, str]

    def _said(self, words: Wording) -> str:
        return words.text(self.head, title=words.title(self.title, self.step_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Decision):
    """Nothing now; `until` is the first day (or moment) at which something may be due."""

    decision: ClassVar[str] = "wait"
    head: ClassVar[str] = sentence("To wait.")

    until: Moment | None

    def _said(self, words: Wording) -> str:
        if self.until is None:
            return words.text(self.head)
        return words.text(sentence("To wait until {day}."), day=_when(words, self.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Decision):
    """Nothing until `until`: a stop of the policy holds, named by `stop`."""

    decision: ClassVar[str] = "hold"
    head: ClassVar[str] = sentence("On hold.")

    stop: str
    until: Moment | None

    def _said(self, words: Wording) -> str:
        if self.until is None:
            return words.text(self.head)
        return words.text(sentence("On hold until {day}."), day=_when(words, self.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Decision):
    """A person decides: the role `by`, because of the stop `stop` or of what the ledger says ("")."""

    decision: ClassVar[str] = "review"
    head: ClassVar[str] = sentence("For a person to decide.")

    stop: str
    by: str | None
    until: Moment | None

    def _said(self, words: Wording) -> str:
        if self.by is None:
            return words.text(self.head)
        return words.text(sentence("For {role} to decide."), role=self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear(Decision):
    """Nothing is to be done: nothing is owed, or too little, or a stop says so."""

    decision: ClassVar[str] = "clear"
    head: ClassVar[str] = sentence("Nothing to do.")

    stop: str
