"""Limits of contacts within one day, where a party has several accounts and each has something to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from feerules.plan.dunning import Compiled

__all__ = ["PartyLimits"]


@dataclass
class Tally:
    """Contacts of the day that count for an account, beside its own."""

    attempts: int = 0
    connected: int = 0


@dataclass
class PartyLimits:
    """What was done since the morning counts for every account of the party. `partners`: the accounts of each."""

    partners: Mapping[str, list[str]]
    tallies: dict[str, Tally] = field(default_factory=dict)

    def note(self, party_id: str | None, *, reached: bool) -> None:
        for account in self.partners.get(party_id or "", ()):
            tally = self.tallies.setdefault(account, Tally())
            tally.attempts += 1
            tally.connected += reached

    def used_up(self, account: str, act: Mapping[str, Any], compiled: Compiled) -> str | None:
        """The limit that the day has used up for an action of the morning."""
        tally = self.tallies.get(account)
        if tally is None or act["channel"] is None or not compiled.terms.limits_per_party:
            return None
        limits = compiled.policy.limits
        week, day = limits.week.at_most, limits.day
        if week is not None and act["attempts_week"] + tally.attempts >= week:
            return "week_limit"
        if day.connected is not None and act["contacts_today"] + tally.connected >= day.connected:
            return "day_limit"
        if day.attempts is not None and act["attempts_today"] + tally.attempts >= day.attempts:
            return "day_limit"
        return "contact_gap" if limits.gap else None
