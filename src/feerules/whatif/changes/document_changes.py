"""Two versions of one document compared whole: its head, its names, its fees, or its policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from feerules.documents.facts import Fact
from feerules.documents.fields import Words
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import Defaults, Fee, FeeSchedule
from feerules.errors import Where
from feerules.plan.conditions import read_number
from feerules.plan.names import Names, place_of
from feerules.whatif.changes.change import Change
from feerules.whatif.changes.forms import data_of, implied
from feerules.whatif.changes.keys import LABELS
from feerules.whatif.changes.part_changes import Comparing, Spot
from feerules.whatif.changes.reach import Reach
from feerules.whatif.changes.sides import Pair, Side

__all__ = ["Meeting", "changes_of"]

# What is compared by itself, or is no rule.
HEAD = (
    "kind",
    "id",
    "version",
    "effective",
    "include",
    "facts",
    "parameters",
    "derived",
    "tables",
    "defaults",
    "fees",
)
NAMED = ("parameters", "derived", "tables")
# The keys of a fact that say which values it can have.
DOMAIN = ("decimal", "integer", "boolean", "date", "datetime", "choice", "text", "min", "max", "optional")


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two versions of a document, and the first day on which the new one stands where the old one did."""

    old: FeeSchedule | DunningPolicy
    new: FeeSchedule | DunningPolicy
    old_names: Names
    new_names: Names
    first: date


def changes_of(meeting: Meeting) -> list[Change]:
    """Every change from the old version to the new, what moves money first."""
    found = _Documents(meeting).compared()
    order: dict[str, int] = {}
    for each in found:
        order[each.fee] = min(order.get(each.fee, 3), RANK[each.kind])
    place = {fee: n for n, fee in enumerate(dict.fromkeys(each.fee for each in found))}
    return sorted(found, key=lambda each: (order[each.fee], place[each.fee], RANK[each.kind]))


RANK: Mapping[str, int] = {"amount": 0, "condition": 1, "words": 2}


class _Documents:
    def __init__(self, meeting: Meeting) -> None:
        self.old, self.new = meeting.old, meeting.new
        pair = Pair(Side(self.old, meeting.old_names), Side(self.new, meeting.new_names))
        self.pair = pair
        self.c = Comparing(pair, {"document": self.new.id, "effective": meeting.first})
        self.reaches = Reach(pair.old), Reach(pair.new)

    def compared(self) -> list[Change]:
        c, old, new = self.c, self.old, self.new
        top = Spot()
        if isinstance(old, FeeSchedule) and isinstance(new, FeeSchedule):
            self._fees(old, new)
            every = {"fees": self._every()}
            c.part(replace(top, base=every), old, new, skip=HEAD)
            self._defaults(old, new)
        else:
            c.part(top, old, new, skip=(*HEAD, "minimum"))
            if isinstance(new, DunningPolicy) and isinstance(old, DunningPolicy):
                least = replace(top.key("pursued_from"), path="minimum", noun="minimum")
                c.value(least, old.minimum, new.minimum, (old, "minimum"), (new, "minimum"))
                spot = top.key("parameters")
                c.members(spot, old.parameters, new.parameters, old.where, new.where)
        if (old.version != new.version) and old.effective.from_ == new.effective.from_:
            c.value(top.key("version"), old.version, new.version, (old, "version"), (new, "version"))
        if old.id != new.id:
            places = old.where_of("id"), new.where_of("id")
            c.keep(top.key("document"), (old.id, new.id), places, kind="words")
        self._names()
        self._facts()
        return c.found

    def _every(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.reaches[1].fees, *self.reaches[0].fees)))

    def _reached(self, *names: str) -> tuple[str, ...]:
        """The fees whose lines these names can move, in either version."""
        found = (fee for reach in reversed(self.reaches) for name in names for fee in reach.of(name))
        return tuple(dict.fromkeys(found))

    # Fees

    def _fees(self, old: FeeSchedule, new: FeeSchedule) -> None:
        for fee in dict.fromkeys((*new.fees, *old.fees)):
            one, other = old.fees.get(fee), new.fees.get(fee)
            shown = other or one
            assert shown is not None
            title = (
                {"zh": shown.title.zh, "en": shown.title.en}
                if isinstance(shown.title, Words)
                else {"zh": fee, "en": fee.replace("_", " ")}
            )
            reached = tuple(dict.fromkeys((fee, *self._reached(f"fees.{fee}"))))
            base = {"fee": fee, "fee_title": title, "fees": reached}
            spot = Spot(path=f"fees.{fee}", base=base)
            if one is not None and other is not None:
                skip = [
                    key for key in Defaults.model_fields if _by_default(one, key) and _by_default(other, key)
                ]
                self.c.part(spot, implied(old.complete(fee)), implied(new.complete(fee)), skip=skip)
            else:
                whole = replace(spot, keys=("fees",), noun="fee", pieces=(LABELS["fee_whole"],))
                places = _key_place(old, fee, one), _key_place(new, fee, other)
                self.c.keep(whole, (data_of(one), data_of(other)), places, kind="amount")

    def _defaults(self, old: FeeSchedule, new: FeeSchedule) -> None:
        """What both versions leave to the defaults, told once for all fees."""
        spot = replace(Spot().key("defaults"), noun="")
        was, now = (
            implied(Fee.model_construct(**_said(old.defaults))),
            implied(Fee.model_construct(**_said(new.defaults))),
        )
        for key in Defaults.model_fields:
            fees = tuple(
                fee
                for fee in new.fees
                if fee in old.fees and _by_default(old.fees[fee], key) and _by_default(new.fees[fee], key)
            )
            if fees:
                here = replace(spot, base={"fees": fees}).key(key)
                told = ((old.defaults, key), (new.defaults, key))
                self.c.value(here, getattr(was, key), getattr(now, key), *told)

    # Names

    def _names(self) -> None:
        """Parameters, derived facts and tables, with those of the documents that are included."""
        old, new = self.pair.old.names, self.pair.new.names
        for kind in NAMED:
            before, after = getattr(old, kind), getattr(new, kind)
            for name in dict.fromkeys((*after, *before)):
                one = {name: before[name]} if name in before else {}
                other = {name: after[name]} if name in after else {}
                base = {"fees": self._reached(name)}
                self.c.members(
                    replace(Spot().key(kind), base=base), one, other, self.old.where, self.new.where
                )

    def _facts(self) -> None:
        old, new = self.pair.old.names.facts, self.pair.new.names.facts
        for name in dict.fromkeys((*new, *old)):
            one, other = old.get(name), new.get(name)
            title = self.pair.title(name)
            spot = replace(Spot().key("facts").member(name, title), base={"fees": self._reached(name)})
            if one is None or other is None:
                places = (one.where if one else None), (other.where if other else None)
                self.c.keep(spot, (data_of(one), data_of(other)), places)
                continue
            self._fact(spot, one, other)

    def _domain(self, spot: Spot, old: Fact, new: Fact) -> None:
        """Which values can be right, key by key."""
        for key in (*DOMAIN, "default"):
            if _bound(old, key) != _bound(new, key):
                said = _said_of(old, key), _said_of(new, key)
                places = old.where_of(key), new.where_of(key)
                here, code = spot.key(key), "" if key == "default" else "fact_domain_changed"
                self.c.keep(here, said, places, code)

    def _fact(self, spot: Spot, old: Fact, new: Fact) -> None:
        self.c.part(spot, old, new, skip=(*DOMAIN, "default", "aliases", "words"))
        self._domain(spot, old, new)
        lost = tuple(each for each in old.aliases if each not in (*new.aliases, *new.words))
        if lost:
            said = tuple(map(str, lost)), None
            self.c.keep(spot.key("aliases"), said, (old.where_of("aliases"), None), "fact_alias_removed")
        for word, of in old.words.items():
            if new.words.get(word) != of:
                now = f"{word}: {new.words[word]}" if word in new.words else None
                places = place_of(word, old.where), place_of(_key(new.words, word), new.where)
                here = spot.key("words")
                self.c.keep(replace(here, path=f"{here.path}.{word}"), (f"{word}: {of}", now), places)


def _said_of(fact: Fact, key: str) -> Any:
    value = getattr(fact, key)
    return None if value is False else data_of(value)


def _bound(fact: Fact, key: str) -> Any:
    """What a fact says of its values, in the one form that it has: 100.00 is 100, choices have no order."""
    value = getattr(fact, key)
    if key == "choice" and value is not None:
        return frozenset(map(str, value))
    if key in ("min", "max", "default") and value is not None and fact.kind in ("decimal", "integer"):
        return read_number(value) or value
    return None if value is False else value


def _key(members: Iterable[str], name: str) -> Any:
    return next((key for key in members if key == name), name)


def _key_place(schedule: FeeSchedule, fee: str, said: Fee | None) -> Where | None:
    return None if said is None else place_of(_key(schedule.fees, fee), said.where)


def _by_default(fee: Fee, key: str) -> bool:
    return key not in fee.model_fields_set


def _said(defaults: Defaults) -> dict[str, Any]:
    return {key: value for key in Defaults.model_fields if (value := getattr(defaults, key))}
