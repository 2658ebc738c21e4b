"""What generated cases are called: which rule, which fact, and on which side of its edge, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feerules.documents.fields import Words
from feerules.plan.conditions import Subject
from feerules.plan.names import Names
from feerules.plan.nodes import Mark
from feerules.proving.edges import Side
from feerules.proving.marks import Rule
from feerules.vocabulary import ALIASES, POSITION
from feerules.wording import Wording, sentence, translate

__all__ = ["RULES", "At", "Naming"]

SIDES: Mapping[Side, str] = {
    "lower": sentence("{value} (lower edge)"),
    "upper": sentence("{value} (upper edge)"),
    "only": sentence("{value} (the only value)"),
    "below": sentence("{value} (just below)"),
    "above": sentence("{value} (just above)"),
    "value": sentence("{value}"),
    "other": sentence("{value} (another value)"),
    "absent": sentence("{value} without a value"),
}
RULES: Mapping[str, str] = {
    "row": sentence("row {number}"),
    "class": sentence("row {number} of the classes"),
    "band": sentence("band {number}"),
    "otherwise": sentence("no row of the table"),
    "adjustment": sentence("adjustment {number}"),
    "raise": sentence("raised bounds {number}"),
    "part": sentence("part {number}"),
    "fee": sentence("is charged"),
    "stop": sentence("stop {name}"),
    "step": sentence("step {name}"),
}
LOCALES = {"zh": "zh_CN", "en": "en"}
LONGEST = {"zh": 12, "en": 24}  # titles that say more are for other places


@dataclass(frozen=True, slots=True)
class At:
    """Where a record stands: at an edge of a fact, or of what tiers count (`subject` None)."""

    subject: Subject | None
    text: str
    side: Side


class Naming:
    """The names of cases of one document; `titles` are those of its fees, stops and steps."""

    def __init__(self, names: Names, titles: Mapping[str, Words | None]) -> None:
        self.names, self.titles = names, titles
        self.words = {language: translate(locale) for language, locale in LOCALES.items()}

    def of(self, mark: Mark, rule: Rule, edges: Sequence[At]) -> dict[str, str]:
        """The name of a case at some edges of a rule, or of the rule alone."""
        return {
            language: self._in(words, language, mark, rule, edges) for language, words in self.words.items()
        }

    def _in(self, words: Wording, language: str, mark: Mark, rule: Rule, edges: Sequence[At]) -> str:
        title: Words | None = getattr(mark.rule, "title", None)
        own = rule.name if title is None else title.in_(language)
        parts = [words.text(RULES[rule.kind], number=str(rule.number), name=own)]
        parts += [self._edge(words, language, each) for each in edges]
        if rule.kind in ("class", "stop", "step") or not rule.name:
            return words.listed(parts)
        return words.text("{fee}: {edge}", fee=self._title(rule.name, language), edge=words.listed(parts))

    def _edge(self, words: Wording, language: str, at: At) -> str:
        fact = [] if at.subject is None else [self.fact(at.subject.name, language)]
        return words.text(SIDES[at.side], value=" ".join([*fact, *filter(None, [at.text])]))

    def _title(self, name: str, language: str) -> str:
        title = self.titles.get(name)
        return name if title is None else title.in_(language)

    def fact(self, name: str, language: str) -> str:
        """A fact as people call it: by its title, or in Chinese by what a position calls it."""
        known = self.names.facts.get(self.names.aliases.get(name, name))
        if (
            known is not None
            and known.title is not None
            and len(known.title.in_(language)) <= LONGEST[language]
        ):
            return known.title.in_(language)
        told = POSITION.get(ALIASES.get(name, name))
        return told.zh if told is not None and language == "zh" else name
