"""What the law allows in a notice: who may read what of a debtor, and which consequences may be announced."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from feerules.book import Book
from feerules.checks.acts import acts_in
from feerules.checks.profiles import Law, LawfulAct, law_of, shipped
from feerules.errors import Problem
from feerules.notices.results import NoticeError, given, one_of
from feerules.wording import Wording

__all__ = [
    "AUDIENCES",
    "POSTED",
    "PRIVACY",
    "announced",
    "check_audience",
    "law_for",
    "shortest_period",
    "threats_in",
]

AUDIENCES: Final = ("debtor", "household", "neighbours", "public")
# Whoever is not of the household reads nothing of a debtor.
POSTED: Final = frozenset({"neighbours", "public"})
PRIVACY: Final = "Personal Information Protection Law 25 (个人信息保护法第二十五条)"


def law_for(book: Book | None) -> Law:
    """The law profile of a book that has one; else that of mainland China."""
    if book is None or not book.laws:
        return _mainland()
    own = {each.id: each for each in book.laws}
    extended = {each.extends for each in book.laws}
    return law_of(next((each for each in book.laws if each.id not in extended), book.laws[0]), own)


@cache
def _mainland() -> Law:
    return law_of(shipped("cn-mainland"), {})


def announced(consequences: Iterable[str], law: Law, local_rule: str, words: Wording) -> list[str]:
    """What may follow, as the law calls it; `NoticeError` with each act that may not be announced."""
    told: list[str] = []
    problems: list[Problem] = []
    for word in consequences:
        acts = [*acts_in(word, law, declared=True)]
        refused = [problem for act in acts if (problem := _refused(word, act, local_rule))]
        if not acts:
            refused = [_unknown(word, law)]
        problems += refused[:1]
        told += (words.title(act.title, act.id) for act in acts)
    if problems:
        raise NoticeError(problems)
    return [*dict.fromkeys(told)]


def _refused(word: str, act: LawfulAct, local_rule: str) -> Problem | None:
    where = given("announces")
    if act.severity == "error":
        expected = f"nothing that the law forbids: {_basis(act)}"
        return Problem("forbidden_consequence", where, f'"{word}"', expected, "take it out of announces:")
    if act.severity == "warning" and not local_rule:
        expected = f"a consequence that follows from the law alone; see {_basis(act)}"
        hint = 'name the local rule or judgment that allows it: local_rule="…"'
        return Problem("doubtful_consequence", where, f'"{word}"', expected, hint)
    return None


def _unknown(word: str, law: Law) -> Problem:
    allowed = [name for name, act in law.acts.items() if act.severity is None]
    return one_of("unknown_consequence", "announces", word, allowed)


def _basis(act: LawfulAct) -> str:
    return ", ".join(f"{each.document} {each.clause}".strip() for each in act.basis)


def shortest_period(law: Law) -> int:
    """The days below which a period to pay is hardly reasonable."""
    return int(law.tests["demand_period"].rule.least or 0)


def threats_in(text: str, law: Law, announces: Iterable[str]) -> list[str]:
    """What a text seems to announce though it must not, as warnings for a person to look at."""
    known = {act.id for word in announces for act in acts_in(word, law, declared=True)}
    return [
        f'the text speaks of "{act.title["zh"]}" ({act.id}), which may not be announced: {_basis(act)}'
        for act in acts_in(text, law, declared=False)
        if act.severity == "error" and act.id not in known
    ]


def check_audience(audience: str, what: str, hint: str) -> None:
    """`NoticeError` where others than the household could read of a debtor."""
    if audience not in AUDIENCES:
        raise NoticeError([one_of("unknown_audience", "audience", audience, AUDIENCES)])
    if audience in POSTED:
        found = f"{what} for the audience {audience}"
        expected = f"nothing of a debtor where others read it: {PRIVACY}"
        raise NoticeError([Problem("not_for_posting", given("audience"), found, expected, hint)])
