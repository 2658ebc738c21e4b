"""Which rules the cases of a book reach: rows, bands, adjustments, stops, classes, steps; and which none does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from feerules.assessing import arguments_under, assess
from feerules.book import Book
from feerules.clocks import read_known, read_moment
from feerules.documents.others import Case
from feerules.errors import RuleErrors, UnitErrors
from feerules.periods import Period
from feerules.plan.nodes import Mark
from feerules.pricing import ready
from feerules.proving.account_cases import ASKED, given_by
from feerules.proving.cases import cases_of, run_case
from feerules.proving.marks import Rule, marks_of, rule_of, rules_of
from feerules.proving.naming import RULES
from feerules.proving.problem_cases import expects_problem, plain
from feerules.proving.results import CaseResult
from feerules.wording import Wording, sentence, translate

__all__ = ["Coverage", "CoveredRule", "coverage", "reached_by"]

State = Literal["reached", "failing", "missed", "unreachable"]
KINDS: Mapping[str, str] = {
    "fee": sentence("fees"),
    "row": sentence("rows of tables"),
    "otherwise": sentence("otherwise of tables"),
    "band": sentence("bands of tiers"),
    "raise": sentence("raised bounds"),
    "part": sentence("parts"),
    "adjustment": sentence("adjustments"),
    "stop": sentence("stops"),
    "class": sentence("rows of classes"),
    "step": sentence("steps"),
}
STATES: Mapping[str, str] = {
    "missed": sentence("No case reaches:"),
    "failing": sentence("Only cases that fail reach:"),
    "unreachable": sentence("Nothing can reach, since other rows come before:"),
}


@dataclass(frozen=True, slots=True)
class CoveredRule:
    """A rule, and whether a case reaches it; `cases` are the places of the cases that do.

    `state`: `reached` by a case that passes, `failing` (by such alone as do not), `missed`, or `unreachable`,
    whatever the case. `kind` is fee, row, otherwise, band, raise, part, adjustment, stop, class or step; `name` the
    fee, stop or step that it belongs to, `number` that of a row or band, from 1.
    """

    document: str
    version: str
    rule: Rule
    state: State
    cases: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        rule = self.rule
        return {
            "document": self.document,
            "version": self.version,
            "kind": rule.kind,
            "name": rule.name,
            "number": rule.number,
            "file": rule.where.file,
            "line": rule.where.line,
            "column": rule.where.column,
            "state": self.state,
            "cases": list(self.cases),
        }

    def explain(self, locale: str = "zh_CN") -> str:
        return self.told(translate(locale))

    def told(self, words: Wording) -> str:
        rule = self.rule
        told = words.text(RULES[rule.kind], number=str(rule.number), name=rule.name)
        if rule.name and rule.kind not in ("class", "stop", "step"):
            told = words.text("{fee}: {edge}", fee=rule.name, edge=told)
        return f"{rule.where}: {told}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every rule of a book, in the order of its documents, and which of them its cases reach."""

    rules: tuple[CoveredRule, ...]

    def _in(self, *states: State) -> tuple[CoveredRule, ...]:
        return tuple(each for each in self.rules if each.state in states)

    @property
    def reached(self) -> tuple[CoveredRule, ...]:
        return self._in("reached")

    @property
    def missed(self) -> tuple[CoveredRule, ...]:
        """What no case that passes reaches, and one could."""
        return self._in("missed", "failing")

    @property
    def unreachable(self) -> tuple[CoveredRule, ...]:
        return self._in("unreachable")

    @property
    def counts(self) -> Mapping[str, tuple[int, int]]:
        """For each kind of rule how many are reached, of how many that can be."""
        counts: dict[str, tuple[int, int]] = {}
        for kind in KINDS:
            of = [each for each in self.rules if each.rule.kind == kind and each.state != "unreachable"]
            if of:
                counts[kind] = sum(each.state == "reached" for each in of), len(of)
        return counts

    @property
    def ratio(self) -> Fraction:
        """The share of the rules that are reached, of those that can be; 1 where there are none."""
        of = len(self.rules) - len(self.unreachable)
        return Fraction(len(self.reached), of) if of else Fraction(1)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; `ratio` is text such as 7/9."""
        return {
            "schema": 1,
            "ratio": str(self.ratio),
            "counts": {kind: {"reached": reached, "of": of} for kind, (reached, of) in self.counts.items()},
            "rules": [each.to_dict() for each in self.rules],
        }

    def explain(self, locale: str = "zh_CN") -> str:
        """The counts, and every rule that is not reached with its place; `locale` as in `Bill.explain`."""
        words = translate(locale)
        lines = [
            words.text(
                "{kind}: {reached} of {of}", kind=words.text(KINDS[kind]), reached=str(reached), of=str(of)
            )
            for kind, (reached, of) in self.counts.items()
        ]
        for state, head in STATES.items():
            rules = [each for each in self.rules if each.state == state]
            lines += [words.text(head), *(f"  {each.told(words)}" for each in rules)] if rules else []
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.explain("en")


def coverage(book: Book, results: Iterable[CaseResult] | None = None) -> Coverage:
    """Which rules of a book its cases reach, with the place of each.

    A rule is reached where it decides something that a case expects and that comes out: an amount, a class, a
    stop or a step. What a case does not expect, it does not prove. `results` are those of `run_cases`, if it ran
    already.
    """
    passed = None if results is None else {each.where: each.passed for each in results}
    found: dict[Rule, dict[str, bool]] = {}
    for document, number, case in cases_of(book):
        holds = run_case(book, document, case, number).passed if passed is None else passed.get(case.where)
        if holds is not None:
            for rule in reached_by(book, document.for_, case):
                found.setdefault(rule, {})[str(case.where)] = holds
    rules: dict[Rule, CoveredRule] = {}
    for part, known in rules_of(book):
        for rule, reachable in known.items():
            cases = found.get(rule, {})
            state = _state(cases.values(), reachable)
            rules.setdefault(rule, CoveredRule(part.id, part.version_name, rule, state, tuple(cases)))
    return Coverage(tuple(rules.values()))


def _state(cases: Iterable[bool], reachable: bool) -> State:
    told = list(cases)
    if any(told):
        return "reached"
    return "failing" if told else "missed" if reachable else "unreachable"


def reached_by(book: Book, document: str, case: Case) -> set[Rule]:
    """The rules that decide what a case expects; none where it cannot be answered, or expects that."""
    if expects_problem(case.expect):
        return set()
    try:
        only = book.only(document)
        decided = _of_unit(only, case) if case.unit is not None else _of_account(only, case)
        return {rule_of(mark, number) for mark, number in decided}
    except (UnitErrors, RuleErrors, ValueError):  # what is wrong is told by its result
        return set()


def _of_unit(book: Book, case: Case) -> Iterator[tuple[Mark, int]]:
    fees = _fees_of(book, case.expect)
    period = Period.parse(case.period or "")
    priced, records = ready(
        plain(case.unit), book, period, accrue=bool(case.accrue), shares=case.shares, marked=True
    )
    marks = marks_of(priced.plan)
    for arguments in [priced.run(each)[1] for each in records]:
        yield from ((mark, number) for mark, number in marks.decided(arguments) if mark.fee in fees)


def _fees_of(book: Book, expect: Mapping[str, Any]) -> set[str]:
    """The fees whose amounts a case expects, and those that their amounts rest on."""
    needed: dict[str, set[str]] = {}
    for schedule in book.schedules:
        for fee in schedule.fees:
            needed.setdefault(fee, set()).update(schedule.fees_needed_by(fee))
    waiting: Sequence[str] = [*needed] if {"total", "rounding"} & expect.keys() else [*expect]
    found: set[str] = set()
    while waiting:
        found |= {*waiting}
        waiting = [each for fee in waiting for each in needed.get(fee, ()) if each not in found]
    return found


def _of_account(book: Book, case: Case) -> Iterator[tuple[Mark, int]]:
    as_of = read_moment(case.as_of or "")
    assessed = assess(given_by(book, case), book, as_of, read_known(case.known_at))
    if assessed.position.contradictions:
        return
    marked = book.marked_policy(assessed.compiled.policy)
    acts = bool({"reason", *ASKED} & case.expect.keys())
    for mark, number in marks_of(marked.plan).decided(arguments_under(assessed, marked)):
        # A class is part of what is decided; what is decided is no part of a class.
        if acts or (mark.kind not in ("stop", "step") and "class" in case.expect):
            yield mark, number
