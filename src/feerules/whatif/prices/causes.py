"""Rules that changed, in words: a title in both languages, what was written and what is, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.citations import titles
from feerules.documents.formulas import Formula
from feerules.documents.model import UNPLACED, Part
from feerules.documents.schedule import FeeSchedule
from feerules.documents.tables import Row
from feerules.documents.values import TableValue
from feerules.errors import Where
from feerules.periods import from_day_number
from feerules.plan.lines import Version
from feerules.plan.lookups import NOTES
from feerules.whatif.changes.keys import LABELS
from feerules.whatif.prices.blending import ABSENT, SILENT, Rule
from feerules.whatif.prices.timelines import WHOLE, Pair
from feerules.wording import Wording, sentence, translate

__all__ = ["About", "about_rest", "about_rules", "about_setting"]

MOST = 120  # characters of what was written
LOCALES = {"zh": "zh_CN", "en": "en"}

# What the rules of a fee are about: its keys, and what several of them come to.
PARTS = {**LABELS, "price": sentence("price")}


# Keys that people of every language write as a sign.
SIGNS = {"times": "×", "plus": "+", "minus": "−"}


@dataclass(frozen=True, slots=True)
class About:
    """What a cause says of itself, before anything is counted."""

    kind: str
    title: Mapping[str, str]
    document: str = ""
    fee: str = ""
    path: str = ""
    from_: date | None = None
    old: str = ""
    new: str = ""
    where_old: str = ""
    where_new: str = ""


def about_rules(rules: Sequence[tuple[Pair, Rule]]) -> About:
    """One rule, or several that cannot be told apart."""
    pair, first = rules[0]
    said = {language: _listed(translate(locale), rules, language) for language, locale in LOCALES.items()}
    sides = [_apart(rule.old, rule.new) for _, rule in rules]
    old, new = (
        _texts([(side[n], rule.outputs) for side, (_, rule) in zip(sides, rules, strict=True)])
        for n in (0, 1)
    )
    alone = len(rules) == 1
    return About(
        _kind(first) if alone else "rule",
        said,
        pair.either.schedule.id,
        first.path[1] if first.path[0] == "fees" else "",
        ".".join(first.path),
        from_day_number(pair.first) if pair.new is None else pair.new.schedule.effective.from_,
        old,
        new,
        _where(pair.old, first, first.old),
        _where(pair.new, first, first.new),
    )


def about_setting(old_period: str, new_period: str) -> About:
    """What is not of the schedules: the period, or else the calendar or the shared costs."""
    if old_period != new_period:
        said = {
            language: translate(locale).text("The period: {old} → {new}", old=old_period, new=new_period)
            for language, locale in LOCALES.items()
        }
    else:
        said = _in_both("Calendar and shared costs")
    return About("period", said, old=old_period, new=new_period)


def about_rest() -> About:
    """What is left when every rule has been switched."""
    return About("rest", _in_both("Other rules: days of effect, payers"))


def _in_both(message: str) -> dict[str, str]:
    return {language: translate(locale).messages["", message][0] for language, locale in LOCALES.items()}


_MARKED = (
    sentence("Calendar and shared costs"),
    sentence("Other rules: days of effect, payers"),
)


def _kind(rule: Rule) -> str:
    if rule.path == WHOLE:
        return "schedule"
    whole = len(rule.path) == 2 and rule.path[0] == "fees" and ABSENT in (rule.old, rule.new)
    return "fee" if whole else "rule"


# Titles


def _listed(words: Wording, rules: Sequence[tuple[Pair, Rule]], language: str) -> str:
    told = list(dict.fromkeys(_title(words, pair, rule, language) for pair, rule in rules))
    if len(told) > 3:
        return words.text("{cause}, and more: {count}", cause=told[0], count=str(len(told) - 1))
    return words.listed(told)


def _title(words: Wording, pair: Pair, rule: Rule, language: str) -> str:
    schedule = pair.either.schedule
    document = titles(schedule.title, schedule.id)[language]
    if rule.path == WHOLE:
        if rule.old is ABSENT:
            return words.text("New schedule: {document}", document=document)
        return words.text("Schedule withdrawn: {document}", document=document)
    if rule.path[0] != "fees":
        named = rule.path[1] if len(rule.path) > 1 else ""
        return _with_part(words, pair, document, rule.path[0], named, rule)
    fee = _fee_title(pair, rule.path[1], language)
    if len(rule.path) == 2:
        if rule.old is ABSENT:
            return words.text("New fee: {fee}", fee=fee)
        return words.text("Fee dropped: {fee}", fee=fee)
    part, rest = rule.path[2], rule.path[3:]
    if part == "parts" and len(rest) > 1:
        fee, part, rest = words.text("{fee}, {part}", fee=fee, part=rest[0]), rest[1], rest[2:]
    named = rest[0] if rest and part in ("adjustments", "parts") else ""
    if part == "adjustments" and named:
        named = _adjustment_title(rule, named, language)
    return _with_part(words, pair, fee, part, named, rule)


def _with_part(words: Wording, pair: Pair, subject: str, part: str, named: str, rule: Rule) -> str:
    told = words.messages["", PARTS[part]][0]
    if named:
        told = words.text("{part} {name}", part=told, name=named)
    told = words.text("{fee}: {part}", fee=subject, part=told)
    if rule.conditions:
        cells = [_condition(words, pair.either, *each) for each in rule.conditions]
        told = words.text("{part} ({conditions})", part=told, conditions=words.listed(cells))
    return told


def _condition(words: Wording, version: Version, name: str, cell: str) -> str:
    names = version.names
    spec = names.facts.get(names.aliases.get(name, name)) or names.derived.get(name)
    said = name.replace("_", " ")
    # In English a fact's own name reads well, and its title is often a sentence.
    if spec is not None and spec.title is not None and words.language == "zh":
        said = spec.title.zh
    return words.text("{part} {name}", part=said, name=cell)


def _fee_title(pair: Pair, fee_id: str, language: str) -> str:
    for version in (pair.new, pair.old):
        fee = None if version is None else version.schedule.fees.get(fee_id)
        if fee is not None and fee.title is not None:
            return titles(fee.title, fee_id)[language]
    return fee_id


def _adjustment_title(rule: Rule, named: str, language: str) -> str:
    for side in (rule.new, rule.old):
        if isinstance(side, Part) and getattr(side, "title", None) is not None:
            return titles(side.title, named)[language]  # type: ignore[attr-defined]
    return named


# What was written


def _apart(old: Any, new: Any) -> tuple[Any, Any]:
    """Of two parts that say much the same, what differs."""
    if not isinstance(old, Part) or type(old) is not type(new) or isinstance(old, TableValue | FeeSchedule):
        return old, new
    names = [
        name
        for name in type(old).model_fields
        if name not in SILENT and getattr(old, name) != getattr(new, name)
    ]
    before, after = ({name.rstrip("_"): getattr(side, name) for name in names} for side in (old, new))
    return before, after


def _texts(values: Sequence[tuple[Any, Sequence[int]]]) -> str:
    told = [_text(*each) for each in values]
    text = "; ".join(each for each in told if each)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def _text(value: Any, outputs: Sequence[int] = ()) -> str:
    """A value as one line, whatever it is: numbers and words as written, keys with what they say."""
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, Row):
        return " ".join(str(value.cells[n]) for n in outputs or range(len(value.cells)))
    if isinstance(value, FeeSchedule):
        return value.version_name
    if isinstance(value, TableValue) and value.table is not None:
        heads = [str(head.name) for head in value.table.header]
        kept = [n for n, name in enumerate(heads) if name not in NOTES]
        return "; ".join(_text(row, kept) for row in value.table.rows)
    if isinstance(value, Part):
        said = {
            name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set
        }
        return _text({name.rstrip("_"): each for name, each in said.items() if name not in SILENT})
    if isinstance(value, Mapping):
        return ", ".join(
            f"{SIGNS.get(name, name)} {_text(each)}" for name, each in value.items() if each is not None
        )
    if isinstance(value, tuple | list):
        return "; ".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _where(version: Version | None, rule: Rule, value: Any) -> str:
    """Where a rule is written; where that is not known, its fee or its document."""
    if version is None or value is ABSENT:
        return ""
    if isinstance(value, Formula):
        return str(value.where(0))
    place = getattr(value, "where", None)
    if isinstance(place, Where) and place != UNPLACED:
        return str(place)
    schedule = version.schedule
    fee = schedule.fees.get(rule.path[1]) if rule.path[0] == "fees" else None
    return str(schedule.where if fee is None else fee.where)
