"""The law that a book is checked by: a profile and those that it extends, as one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pkgutil import get_data
from typing import Any, TypeVar

from feerules.checks.findings import Basis, Finding, Severity, Told, finding
from feerules.documents.fields import Words
from feerules.documents.law import Act, LawProfile, LawRule, LawTest, Need
from feerules.documents.model import validate
from feerules.documents.policy import ParameterRate
from feerules.documents.source import read
from feerules.errors import Problem, Where, did_you_mean

__all__ = [
    "SHIPPED",
    "Law",
    "LawfulAct",
    "Tested",
    "check_profiles",
    "law_of",
    "plain_text",
    "shipped",
    "titled",
    "under",
    "with_hint",
]

ARTICLES = re.compile(r"\b(?:the|an?|his|her|their) ")
SHIPPED = ("cn-mainland", "cn-hangzhou", "cn-weifang", "cn-zhengzhou")
R = TypeVar("R", Act, LawTest)


@dataclass(frozen=True, slots=True)
class LawfulAct:
    """What the law says of an act; `severity` is None where it is allowed."""

    id: str
    title: Told
    severity: Severity | None
    basis: tuple[Basis, ...]
    words: tuple[str, ...]  # these and the next as `plain_text` has them
    but: tuple[str, ...]
    needs: tuple[Need, ...]
    hint: Told


@dataclass(frozen=True, slots=True)
class Tested:
    """A test with its numbers; `severity` is None where the profile allows what it is about."""

    severity: Severity | None
    basis: tuple[Basis, ...]
    rule: LawTest
    hint: Told


@dataclass(frozen=True)
class Law:
    """A profile, whole: its acts and tests with what it inherits; `parameters` are dated, ascending."""

    id: str
    currency: str
    as_of: date
    acts: Mapping[str, LawfulAct]
    tests: Mapping[str, Tested]
    parameters: Mapping[str, tuple[tuple[date, Decimal], ...]]

    def most(self, test: str, day: date) -> Decimal | None:
        """The highest number that a test permits on a day."""
        most = self.tests[test].rule.most
        if not isinstance(most, ParameterRate):
            return most
        known = self.parameters[most.parameter]
        value = next((value for first, value in reversed(known) if first <= day), known[0][1])
        return value * most.times + most.plus


@cache
def shipped(name: str) -> LawProfile:
    """A profile that comes with the library."""
    content = get_data("feerules", f"law/{name}.yaml")
    assert content is not None
    tree, problems = read(content, f"{name}.yaml")
    assert tree is not None, problems
    profile, problems = validate(LawProfile, tree)
    assert profile is not None, problems
    return profile


def law_of(profile: LawProfile, own: Mapping[str, LawProfile]) -> Law:
    """A profile of a book, with what it extends: profiles of the book first, then those of the library."""
    chain = [*_chain(profile, own)][::-1]
    parameters = {name: values for each in chain for name, values in each.parameters.items()}
    return Law(
        profile.id,
        profile.currency,
        profile.as_of,
        {name: _act(name, *each) for name, each in _laid_over([(one, one.acts) for one in chain]).items()},
        {name: _test(*each) for name, each in _laid_over([(one, one.tests) for one in chain]).items()},
        {
            name: tuple(sorted((each.from_, each.value) for each in values))
            for name, values in parameters.items()
        },
    )


def _chain(profile: LawProfile, own: Mapping[str, LawProfile]) -> Iterator[LawProfile]:
    """The profile, the one that it extends, and so on; a ring is a problem of loading, and is left here."""
    seen: set[str] = set()
    at: LawProfile | None = profile
    while at is not None and at.id not in seen:
        yield at
        seen.add(at.id)
        at = None if at.extends is None else _found(at.extends, own)


def _found(name: str, own: Mapping[str, LawProfile]) -> LawProfile | None:
    return own.get(name) or (shipped(name) if name in SHIPPED else None)


def _laid_over(
    rules: Iterable[tuple[LawProfile, Mapping[Any, R]]],
) -> dict[str, tuple[R, tuple[Basis, ...]]]:
    """Every entry in which each later profile says something else, and the rules of law that it then rests on."""
    found: dict[str, tuple[R, tuple[Basis, ...]]] = {}
    for profile, entries in rules:
        for name, rule in entries.items():
            if name not in found:
                found[name] = rule, _cited(rule, rule, profile)
                continue
            below, basis = found[name]
            merged = below.model_copy(update={each: getattr(rule, each) for each in rule.model_fields_set})
            # What a place adds stands before what holds everywhere; a permission stands alone.
            found[name] = merged, _cited(rule, merged, profile) + (() if rule.level == "allowed" else basis)
    return found


def _cited(rule: LawRule, whole: LawRule, profile: LawProfile) -> tuple[Basis, ...]:
    sure, place = whole.confidence or "high", _told(profile.jurisdiction)
    return tuple(Basis(each.document, each.clause or "", sure, place) for each in rule.basis)


def _severity(rule: LawRule) -> Severity | None:
    level = rule.level
    return None if level is None or level == "allowed" else level


def _told(words: Words | None, otherwise: str = "") -> Told:
    return {"zh": words.zh, "en": words.en} if words else {"zh": otherwise, "en": otherwise}


def _act(name: str, rule: Act, basis: tuple[Basis, ...]) -> LawfulAct:
    title, hint = _told(rule.title, name), _told(rule.hint)
    words, but = (tuple(map(plain_text, texts)) for texts in (rule.words, rule.but))
    return LawfulAct(name, title, _severity(rule), basis, words, but, rule.needs, hint)


def plain_text(text: str) -> str:
    """A text without what joins its words, and without articles, which nobody minds: cut-off the water."""
    return ARTICLES.sub("", re.sub(r"[\s_-]+", " ", text.lower()))


def _test(rule: LawTest, basis: tuple[Basis, ...]) -> Tested:
    return Tested(_severity(rule), basis, rule, _told(rule.hint))


# What is wrong with a profile itself


def check_profiles(profiles: Iterable[LawProfile]) -> Iterator[Problem]:
    """Every problem of the profiles of a book."""
    own = {each.id: each for each in profiles}
    for profile in own.values():
        if profile.extends is not None:
            yield from _of_extends(profile, own)
        chain = [*_chain(profile, own)]
        for key in ("acts", "tests"):
            for name, rule in getattr(profile, key).items():
                before = [rules[name] for each in chain[1:] if name in (rules := getattr(each, key))]
                yield from _of_rule(name, rule, before)
                yield from _of_parameter(rule, chain)


def _of_extends(profile: LawProfile, own: Mapping[str, LawProfile]) -> Iterator[Problem]:
    assert profile.extends is not None
    known = [*own, *SHIPPED]
    if _found(profile.extends, own) is None:
        yield profile.problem(
            "unknown_profile", found=f'the law profile "{profile.extends}"', expected=f"one of {', '.join(known)}",
            hint=did_you_mean(profile.extends, known) or "extend cn-mainland", key="extends",
        )  # fmt: skip
    elif [*_chain(profile, own)][-1].extends is not None:
        yield profile.problem(
            "circular_profiles", found=f"{profile.id}, which extends itself by way of {profile.extends}",
            expected="a profile that ends in one that extends none", hint="take one extends: out", key="extends",
        )  # fmt: skip


def _of_rule(name: str, rule: LawRule, before: Sequence[LawRule]) -> Iterator[Problem]:
    level = next((each.level for each in (rule, *before) if each.level), None)
    sure = next((each.confidence for each in (rule, *before) if each.confidence), "high")
    if level is None:
        yield rule.problem(
            "missing_key", found=f"{name} without a level", expected="level: error, warning, note or allowed",
            hint="add level: warning",
        )  # fmt: skip
    elif level == "error" and sure != "high":
        yield rule.problem(
            "contradiction", found=f"{name}, an error with the confidence {sure}",
            expected="confidence: high for an error, which stops a rollout", hint="write level: warning", key="level",
        )  # fmt: skip
    inherited = next((each.level for each in before if each.level), None)
    if before and rule.level not in (None, inherited) and not rule.basis:
        yield rule.problem(
            "no_basis", found=f"{name}, which is {rule.level} here and {inherited} in what this profile extends",
            expected="basis: with the local rule that says so", hint="add basis: [{document: …, clause: …}]", key="level",
        )  # fmt: skip


def _of_parameter(rule: LawRule, chain: Sequence[LawProfile]) -> Iterator[Problem]:
    most = rule.most if isinstance(rule, LawTest) else None
    known = [name for each in chain for name in each.parameters]
    if isinstance(most, ParameterRate) and most.parameter not in known:
        yield most.problem(
            "unknown_parameter", found=f'"{most.parameter}"',
            expected=f"one of the parameters: {', '.join(known) or 'none is declared'}",
            hint=did_you_mean(most.parameter, known) or "declare it under parameters:", key="parameter",
        )  # fmt: skip


# Findings by a profile


def under(law: Law, test: str, where: Where, message: str, hint: str, **fields: Any) -> Iterator[Finding]:
    """A finding of a test, as grave as the profile says; nothing where it allows what the test is about."""
    told = law.tests.get(test)
    severity: Severity | None = fields.pop("severity", None) or (told.severity if told else None)
    if told is not None and told.severity is not None and severity is not None:
        yield with_hint(finding(test, severity, where, message, hint, basis=told.basis, **fields), told.hint)


def with_hint(found: Finding, hint: Told) -> Finding:
    return replace(found, hint=hint) if any(hint.values()) else found


def titled(part: Any, otherwise: str) -> Told:
    """The title of a part in both languages."""
    title = getattr(part, "title", None)
    return (
        {"zh": title.zh or otherwise, "en": title.en or otherwise}
        if title
        else {"zh": otherwise, "en": otherwise}
    )
