"""Findings on names that nobody uses: facts, derived facts, parameters and tables that no rule asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from feerules.book import Book
from feerules.checks.findings import Finding, finding
from feerules.checks.readings import documents_of
from feerules.documents.charging import Tiers
from feerules.documents.facts import Fact
from feerules.documents.formulas import Formula
from feerules.documents.model import Part
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FeeSchedule, values_in
from feerules.documents.values import TableValue
from feerules.plan.lookups import Decision
from feerules.plan.names import FRAME_FACTS, Names, place_of
from feerules.wording import sentence

__all__ = ["check_unused"]

DECLARED = ("facts", "derived", "parameters", "tables")
# What a line reads of a unit without being told: who pays it, and on which days the unit's record holds.
READ = frozenset((*FRAME_FACTS, "owner_id", "tenant_id", "developer_id", "heir_id", "party_id", "policy"))
KINDS: Mapping[str, Mapping[str, str]] = {
    "facts": {"zh": "房屋信息", "en": "fact"},
    "derived": {"zh": "推算数据", "en": "derived fact"},
    "parameters": {"zh": "参数", "en": "parameter"},
    "tables": {"zh": "价目表", "en": "table"},
}


def check_unused(book: Book) -> Iterator[Finding]:
    """What is declared, and nobody asks; of what documents share, nobody at all."""
    used: set[int] = set()
    includers: dict[int, int] = {}
    for document, names in documents_of(book):
        asked = _asked(document, names)
        for _, name, what in _declared(document, names):
            used |= {id(what)} if name in asked else set()
            includers[id(what)] = includers.get(id(what), 0) + 1
    seen: set[int] = set()
    for document, names in documents_of(book):
        for kind, name, what in _declared(document, names):
            # Of a document that shares, more than one must be here: others may use it elsewhere.
            lonely = name not in getattr(document, kind) and includers[id(what)] < 2
            if id(what) in used or id(what) in seen or lonely or name in READ:
                continue
            seen.add(id(what))
            yield finding(
                "unused_name", "note", place_of(name, getattr(what, "where", document.where)),
                sentence("the {kind} {name}, which no rule asks"),
                sentence("take it out, or name it in the rule that it was meant for"),
                document=document.id, kind=KINDS[kind], name=str(name),
            )  # fmt: skip


def _declared(document: FeeSchedule | DunningPolicy, names: Names) -> Iterator[tuple[str, str, object]]:
    """(kind, name, what) of all that a document declares, and of what it includes."""
    for kind in DECLARED:
        every: dict[str, object] = {**getattr(names, kind), **getattr(document, kind)}
        yield from ((kind, name, what) for name, what in every.items())


def _asked(document: FeeSchedule | DunningPolicy, names: Names) -> set[str]:
    """Every name that the rules of a document ask, also by way of derived facts, parameters and tables."""
    waiting = [value for key, value in vars(document).items() if key not in DECLARED]
    found: set[str] = {names.aliases.get(name, name) for name in document.applies}
    waiting += [value for name in found for value in _behind(name, names)]
    while waiting:
        told = {names.aliases.get(name, name) for name in _mentioned(waiting.pop(), names)}
        for name in told - found:
            found.add(name)
            waiting += _behind(name, names)
    return found


def _behind(name: str, names: Names) -> list[Any]:
    """What stands behind a name: the formula of a derived fact or a parameter, a table."""
    return [each[name] for each in (names.derived, names.parameters, names.tables) if name in each]


def _mentioned(value: Any, names: Names) -> Iterator[str]:
    """Every text in rules that may be a name: more than there are, so that nothing is told in error."""
    for part in values_in(value):
        if isinstance(part, Formula):
            yield from part.names()
        elif isinstance(part, TableValue):
            yield from _of_table(part, names)
        elif isinstance(part, Part) and not isinstance(part, Fact):
            yield from _texts(vars(part))
        if isinstance(part, Tiers):
            yield from _of_tiers(part, names)


def _texts(said: Mapping[str, Any]) -> Iterator[str]:
    for key, each in said.items():
        if isinstance(each, str):
            yield each
        elif isinstance(each, tuple):
            yield from (text for text in each if isinstance(text, str))
            yield from (name for cells in each if type(cells) is dict for name in cells)
        elif type(each) is dict and key in ("applies", "when", "until"):
            yield from each


def _of_table(spec: TableValue, names: Names) -> Iterator[str]:
    if spec.table is not None:
        yield from (head.name for head in spec.table.header)
    made = names.cache.get(id(names.completed.get(id(spec), spec)))
    if isinstance(made, Decision):
        yield from _of_formulas(formula for told, _ in made.formulas.values() for formula in told)


def _of_tiers(tiers: Tiers, names: Names) -> Iterator[str]:
    found = names.cache.get(id(tiers))
    for group in found[0] if found is not None else ():
        every = (each for values in (group.ends, *group.prices.values()) for each in values)
        yield from _of_formulas(each for each in every if isinstance(each, Formula))


def _of_formulas(formulas: Iterable[Formula]) -> Iterator[str]:
    for formula in formulas:
        yield from formula.names()
