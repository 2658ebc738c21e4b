"""How rules are cited in results: titles in both languages, places, legal sources; for each policy made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from feerules.documents.charging import Source
from feerules.documents.fields import Words
from feerules.documents.policy import Step, Stop
from feerules.plan.dunning import Compiled

__all__ = ["AboutPolicy", "AboutRule", "about_policy", "source_of", "titles"]


def titles(words: Words | None, otherwise: str) -> dict[str, str]:
    """A title in both languages."""
    if words is None:
        return {"zh": otherwise, "en": otherwise} if otherwise else {}
    return {"zh": words.zh or words.en or otherwise, "en": words.en or words.zh or otherwise}


def source_of(source: Source | None) -> dict[str, str]:
    """The legal source of a rule as plain text."""
    if source is None:
        return {}
    told = {name: getattr(source, name) for name in ("document", "clause", "address", "confidence")}
    return {name: str(value) for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class AboutRule:
    """How a rule of a policy is told: its title, its place, its legal source."""

    title: Mapping[str, str]
    where: str
    source: Mapping[str, str]


class AboutPolicy:
    """How a policy is told: its source, its stops and steps by identity, its classes by name."""

    def __init__(self, compiled: Compiled) -> None:
        policy, classes = compiled.policy, compiled.policy.classes
        rules: list[Stop | Step] = [*policy.stops, *(policy.ladder.steps if policy.ladder else ())]
        self.source = source_of(policy.source)
        self.rules = {
            id(rule): AboutRule(titles(rule.title, rule.id), str(rule.where), source_of(rule.source))
            for rule in rules
        }
        where = "" if classes is None else str(classes.where)
        self.classes = {
            name: AboutRule(titles(policy.class_titles.get(name), name), where, self.source)
            for name in ("", *compiled.classes)
        }


_policies: WeakKeyDictionary[Compiled, AboutPolicy] = WeakKeyDictionary()


def about_policy(compiled: Compiled) -> AboutPolicy:
    found = _policies.get(compiled)
    if found is None:
        found = _policies[compiled] = AboutPolicy(compiled)
    return found
