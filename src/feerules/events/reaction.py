"""A reaction as a result: what is to be done, on which day, because of what, by which rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.vocabulary import HAPPENINGS
from feerules.wording import Wording, counted, sentence, translate

__all__ = ["Reaction", "Trigger"]

DEEDS: Mapping[str, str] = {
    "escalate": sentence("hand over to {role}"),
    "notify": sentence("notify"),
    "step": sentence("take the step {step}"),
    "cancel": sentence("cancel what was arranged"),
    "thank": sentence("thank for it"),
    "reopen": sentence("open it again"),
    "review": sentence("a person looks at it"),
    "hold": sentence("put on hold"),
}
# The same, where a role is named.
FOR_ROLES: Mapping[str, str] = {
    "notify": sentence("notify {role}"),
    "review": sentence("{role} looks at it"),
    "reopen": sentence("{role} opens it again"),
}
WITHIN = counted(
    "and in {number} day none of what was awaited", "and in {number} days none of what was awaited"
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something that happened: `kind` as rules call it, the day, the id of the entry that says so, and what it tells.

    `told` has what the entry tells of channel, outcome, amount …; money as `Decimal`.
    """

    kind: str
    id: str
    day: date
    told: Mapping[str, str | bool | Decimal] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it apart from all else that happens on the account."""
        return f"{self.kind}:{self.id}"

    def explain(self, words: Wording) -> str:
        """In the words of a reader: what, when, which entry."""
        known = HAPPENINGS[self.kind]
        what = words.title({"zh": known.zh, "en": known.en})
        return words.text("{what} on {day} ({id})", what=what, day=words.day(self.day), id=self.id)

    def to_dict(self) -> dict[str, Any]:
        told = {
            name: format(each, "f") if isinstance(each, Decimal) else each for name, each in self.told.items()
        }
        return {"kind": self.kind, "id": self.id, "day": self.day.isoformat(), "told": told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What a policy does because of what happened on an account; one for each time that it happens.

    `then` are the deeds, in the order written: escalate, notify, step, cancel, thank, reopen, review, hold. `to` is the
    role, `step_id` the step of the ladder that is taken, `template` the message. `day` is the day on which the pattern
    was whole: that of the last of `events`, or the day after the days were over in which something did not come.
    `reaction_id` is the same for the same account, rule and events, on every machine and every run: who has carried
    one out need not do it again.
    """

    reaction_id: str
    account_id: str | None
    day: date
    reaction: str
    title: Mapping[str, str]
    then: tuple[str, ...]
    to: str | None
    step_id: str | None
    template: str
    events: tuple[Trigger, ...]
    waited: int | None
    policy: str
    version: str
    where: str
    source: Mapping[str, str]

    def explain(self, locale: str = "zh_CN") -> str:
        """What is to be done and why, as a clerk reads it; `locale` as in `Bill.explain`."""
        words = translate(locale)
        head = words.text(
            "{title}: {deeds}.",
            title=words.title(self.title, self.reaction),
            deeds=words.listed(self._deeds(words)),
        )
        because = [each.explain(words) for each in self.events]
        if self.waited is not None:
            because.append(words.count(WITHIN, str(self.waited)))
        why = words.text(
            "On {day}, because of: {events}.", day=words.day(self.day), events=words.listed(because)
        )
        return words.told([head, why])

    def _deeds(self, words: Wording) -> Iterator[str]:
        for deed in self.then:
            said = FOR_ROLES.get(deed, DEEDS[deed]) if self.to else DEEDS[deed]
            yield words.text(said, role=self.to or "", step=self.step_id or "")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: money as text, days as ISO text."""
        return {
            "schema": 1,
            "reaction_id": self.reaction_id,
            "account_id": self.account_id,
            "day": self.day.isoformat(),
            "reaction": self.reaction,
            "title": dict(self.title),
            "then": list(self.then),
            "to": self.to,
            "step_id": self.step_id,
            "template": self.template,
            "events": [each.to_dict() for each in self.events],
            "waited": self.waited,
            "policy": self.policy,
            "version": self.version,
            "where": self.where,
            "source": dict(self.source),
        }
