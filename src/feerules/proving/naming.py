"""What generated cases are called: which rule, which fact, and on which side of its edge, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from feerules.documents.fields import Words
from feerules.plan.conditions import Subject
from feerules.plan.names import Names
from feerules.plan.nodes import Mark
from feerules.proving.edges import Side
from feerules.proving.marks import Rule
from feerules.vocabulary import ALIASES, POSITION
from feerules.wording import Wording, sentence, translate

__all__ = ["RULES", "Naming"]

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


class Naming:
    """The names of cases of one document; `titles` are those of its fees, stops and steps."""

    def __init__(self, names: Names, titles: Mapping[str, Words | None]) -> None:
        self.names, self.titles = names, titles
        self.words = {language: translate(locale) for language, locale in LOCALES.items()}

    def of(self, mark: Mark, rule: Rule, *told: tuple[Subject | None, int | str | None, Side]) -> dict[str, str]:
        """The name of a case at an edge of a rule, or of the rule alone."""
        return {language: self._in(words, language, mark, rule, told) for language, words in self.words.items()}

    def _in(
        self,
        words: Wording,
        language: str,
        mark: Mark,
        rule: Rule,
        told: tuple[tuple[Subject | None, int | str | None, Side], ...],
    ) -> str:
        title: Words | None = getattr(mark.rule, "title", None)
        own = rule.name if title is None else title.in_(language)
        parts = [words.text(RULES[rule.kind], number=str(rule.number), name=own)]
        parts += [self._edge(words, language, *each) for each in told]
        if rule.kind in ("class", "stop", "step") or not rule.name:
            return words.listed(parts)
        return words.text("{fee}: {edge}", fee=self._title(rule.name, language), edge=words.listed(parts))

    def _edge(
        self, words: Wording, language: str, subject: Subject | None, value: int | str | None, side: Side
    ) -> str:
        fact = "" if subject is None else self.fact(subject.name, language)
        text = "" if value is None else value if isinstance(value, str) else "" if subject is None else subject.text(value)
        return words.text(SIDES[side], value=f"{fact} {text}".strip())

    def _title(self, name: str, language: str) -> str:
        title = self.titles.get(name)
        return name if title is None else title.in_(language)

    def fact(self, name: str, language: str) -> str:
        """A fact as people call it: by its title, or in Chinese by what a position calls it."""
        known = self.names.facts.get(self.names.aliases.get(name, name))
        if known is not None and known.title is not None:
            return known.title.in_(language)
        told = POSITION.get(ALIASES.get(name, name))
        return told.zh if told is not None and language == "zh" else name
