"""Cases of what cannot be answered: the problems that a unit or an account must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from feerules.documents.tree import Text
from feerules.errors import UnitErrors
from feerules.proving.results import Difference, unknown
from feerules.reasons import CODES
from feerules.wording import sentence

__all__ = ["expects_problem", "plain", "problem_differences", "told_problems", "unknown_problems"]

SAID = ("problem", "fact", "fee")
Wanted = tuple[str | None, str | None, str | None]  # code, fact, fee; None where the case does not say


def expects_problem(expect: Mapping[str, Any]) -> bool:
    return "problem" in expect or "problems" in expect


def unknown_problems(expect: Mapping[str, Any]) -> Iterator[Difference]:
    """What a case says of problems that nobody can be: told before anything runs."""
    if "problem" in expect and "problems" in expect:
        yield Difference(sentence("problem: and problems:, of which one is enough"))
        return
    for key in expect:
        if key not in (*SAID, "problems"):
            yield unknown(
                sentence("{key}: beside a problem nothing else comes out"), str(key), SAID, key=str(key)
            )
    for each in _said(expect):
        if not isinstance(each, Mapping):
            yield Difference(
                sentence("{found}: no problem, such as {{problem: missing, fact: area}}"),
                {"found": str(each)},
            )
            continue
        for key in each:
            if key not in (*SAID, "problems"):
                yield unknown(sentence("a problem has no {key}"), str(key), SAID, key=str(key))
        code = each.get("problem")
        if not isinstance(code, str) or code not in CODES:
            told = "" if code is None else str(plain(code))
            yield unknown(sentence('"{code}" is the code of no problem'), told, CODES, code=told)


def _said(expect: Mapping[str, Any]) -> list[Any]:
    """Each expected problem as a mapping, where the case writes one."""
    if "problems" not in expect:
        return [{key: expect[key] for key in SAID if key in expect}]
    every = expect["problems"]
    each = every if isinstance(every, list) else [every]
    return [{"problem": one} if isinstance(one, str) else one for one in each]


def problem_differences(
    error: UnitErrors, expect: Mapping[str, Any], aliases: Mapping[str, str]
) -> Iterator[Difference]:
    """What a case expects where a record cannot be answered.

    `problem` must be among the problems that are found; of `problems`, all must be, and none besides. A fact may be
    called by any of its names: `aliases` gives the one of its own.
    """
    found = [(problem.code, problem.fact, problem.fee) for problem in error.problems]
    wanted = [_wanted(each, aliases) for each in _said(expect)]
    missed = [each for each in wanted if not any(_is(each, problem) for problem in found)]
    spare = [problem for problem in found if not any(_is(each, problem) for each in wanted)]
    if missed or ("problems" in expect and spare) or not expects_problem(expect):
        told = ", ".join(f"{key} {_told(value)}" for key, value in expect.items())
        yield Difference(
            sentence("expected {wanted}, found the problems: "), {"wanted": told}, problems=error.problems
        )


def told_problems(expect: Mapping[str, Any]) -> str:
    """What a case expects to be wrong, in a few words."""
    return " and ".join(map(_told, _said(expect)))


def _wanted(said: Mapping[str, Any], aliases: Mapping[str, str]) -> Wanted:
    code, fact, fee = (None if said.get(key) is None else str(said[key]) for key in SAID)
    return code, None if fact is None else aliases.get(fact, fact), fee


def _is(wanted: Wanted, problem: tuple[str, str | None, str | None]) -> bool:
    return all(said in (None, found) for said, found in zip(wanted, problem, strict=True))


def _told(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(_told, value))
    if isinstance(value, dict):
        return " of ".join(_told(value[key]) for key in SAID if key in value) or str(plain(value))
    return str(value)


def plain(value: Any) -> Any:
    """A tree of texts as plain values: the engine's own reading applies to each."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Text) else value
