"""The two versions that are compared, and each fact as both of them know it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from feerules.documents.arithmetic import Binary, Call, Name, Node, Unary
from feerules.documents.fields import Words
from feerules.documents.formulas import Formula
from feerules.documents.law import LawProfile
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FeeSchedule
from feerules.documents.values import FactValue
from feerules.plan.conditions import Conditions, Subject, subject_of
from feerules.plan.grid import Axis, Condition
from feerules.plan.names import Names, Refused
from feerules.vocabulary import POSITION, bucket_fact, step_facts
from feerules.whatif.changes.regions import Bands, bands_of, joined
from feerules.wording import CHINESE

__all__ = ["Common", "Incomparable", "Pair", "Side", "common"]

# The numbers of a formula over other fees' amounts, whose bounds differ from line to line.
WIDE = Subject("", "decimal", 6, -(10**18), 10**18, False, (), {})


class Incomparable(Exception):
    """Two tables that no common axes hold: they are told row by row."""


class Side:
    """One of two versions: its document, and what its names mean."""

    def __init__(self, document: FeeSchedule | DunningPolicy | LawProfile, names: Names) -> None:
        self.document = document
        # Reading notes problems and keeps what it read; a loaded book stays as it is.
        self.names = copy(names)
        self.names.problems, self.names.cells = {}, {}
        self.reader = Conditions(self.names)

    def name(self, written: str) -> str:
        """The one name of a fact, whichever of its names was written."""
        return str(self.names.aliases.get(written, written))

    def subject(self, name: str) -> Subject | None:
        """What a fact can be here; None where it is no fact of this version."""
        names = self.names
        if name in names.subjects:
            return names.subjects[name]  # type: ignore[no-any-return]
        if name in names.leaves:
            return subject_of(names, names.leaves[name], name)
        return replace(WIDE, name=name) if names.is_subject(name) else None

    def formula(self, formula: Formula) -> Formula:
        """The formula with the one name of each fact."""
        return Formula(self._named(formula.root), formula.text)

    def value(self, value: Any) -> Any:
        """A value in the one form that its meaning has: the fact of {fact: x} is the formula x."""
        if isinstance(value, FactValue) and value.times == 1:
            return Formula(Name(self.name(value.fact)), value.fact)
        return self.formula(value) if isinstance(value, Formula) else value

    def _named(self, node: Node) -> Node:
        match node:
            case Name(name=name):
                return replace(node, name=self.name(name))
            case Unary(operand=operand):
                return replace(node, operand=self._named(operand))
            case Binary(left=left, right=right):
                return replace(node, left=self._named(left), right=self._named(right))
            case Call(name="round", args=(first, *rest)):
                return replace(node, args=(self._named(first), *rest))
            case Call(args=args):
                return replace(node, args=tuple(map(self._named, args)))
        return node

    # How people call a fact and its values

    def title(self, name: str) -> dict[str, str]:
        """A fact as people call it, in both languages."""
        declared = self.names.facts.get(name) or self.names.derived.get(name)
        spoken = name.replace("_", " ")
        if declared is not None and declared.title is not None:
            return {"zh": declared.title.zh, "en": _short(declared.title, spoken)}
        told = POSITION.get(name)
        if name.startswith("steps."):
            known = {
                fact.name: fact
                for fact in step_facts(name.split(".")[1], by_clock=True, holds=True, in_turn=True)
            }
            if name in known:
                return {"zh": known[name].zh, "en": known[name].en}
        if told is None and name.startswith("bucket_"):
            told = bucket_fact(name.removeprefix("bucket_"))
        return {"zh": told.zh if told else name, "en": spoken}

    def word(self, name: str, code: str) -> dict[str, str]:
        """A value of a fact as people call it: another spelling of it, where a language has one."""
        titles = getattr(self.document, "class_titles", {})
        if name == "class" and code in titles:
            return {"zh": titles[code].zh, "en": titles[code].en}
        declared = self.names.facts.get(name)
        words = [word for word, of in declared.words.items() if of == code] if declared else []
        zh = next((str(word) for word in words if CHINESE.search(word)), code)
        return {"zh": zh, "en": code.replace("_", " ")}

    def unit(self, name: str) -> str:
        declared = self.names.facts.get(name) or self.names.derived.get(name)
        return str(declared.unit or "") if declared is not None else ""


def _short(title: Words, otherwise: str) -> str:
    """An English title inside a sentence; the plain name where it is a sentence itself."""
    if len(title.en) > 24 or re.search(r"[,;:(]", title.en) or CHINESE.search(title.en):
        return otherwise
    return title.en if title.en[:2].isupper() else title.en[:1].lower() + title.en[1:]


@dataclass(frozen=True, eq=False)
class Common:
    """One fact as both versions know it: an axis of all values, how each reads cells, and what both can be."""

    axis: Axis
    old: Subject
    new: Subject
    shared: Bands

    @property
    def name(self) -> str:
        return self.axis.name

    @property
    def subject(self) -> Subject:
        return self.new

    @cached_property
    def all(self) -> Bands:
        return ((self.axis.lo, self.axis.end),)

    def is_about(self, bands: Bands) -> bool:
        """Whether values that only one version knows are what a cell is about: a word it names, or all it says."""
        if self.subject.kind == "choice":
            return bands != self.all
        return not any(max(a, c) < min(b, d) for a, b in bands for c, d in self.shared)

    def read(self, side: Side, text: str, *, new: bool) -> tuple[Condition, Bands]:
        """What a cell of one version matches; raises Incomparable where that has no place on the axis."""
        known = self._read.get((text, new))
        if known is None:
            try:
                condition = side.reader.read(text, self.new if new else self.old)
            except Refused:
                raise Incomparable from None
            known = self._read[text, new] = condition, bands_of(self.axis, condition)
        return known

    @cached_property
    def _read(self) -> dict[tuple[str, bool], tuple[Condition, Bands]]:
        return {}


@dataclass(frozen=True, eq=False)
class Pair:
    """The two versions, and the facts that they share, each made once."""

    old: Side
    new: Side

    @cached_property
    def made(self) -> dict[Any, Any]:
        """What was made of the values of a fact, by its name and these."""
        return {}

    @cached_property
    def _known(self) -> dict[str, Common | None]:
        return {}

    def common(self, name: str) -> Common:
        """Raises Incomparable where the two mean different kinds of things by the name."""
        if name not in self._known:
            self._known[name] = common(name, self.old.subject(name), self.new.subject(name))
        found = self._known[name]
        if found is None:
            raise Incomparable
        return found

    def title(self, name: str) -> dict[str, str]:
        side = self.new if self.new.subject(name) is not None else self.old
        return side.title(name)


def common(name: str, old: Subject | None, new: Subject | None) -> Common | None:
    """A fact on one axis; where one version does not know it, as the other does."""
    one, other = old or new, new or old
    if one is None or other is None:
        return None
    numbers = {"decimal", "integer"}
    if one.kind != other.kind and not {one.kind, other.kind} <= numbers:
        return None
    if one.codes or other.codes:
        return _worded(name, one, other)
    scale = max(one.scale, other.scale)
    (a, b), (c, d) = (_raised(each, scale) for each in (one, other))
    nullable = one.nullable or other.nullable
    kind = one.kind if one.kind == other.kind else "decimal"
    same: dict[str, Any] = {"name": name, "kind": kind, "scale": scale, "nullable": nullable}
    same |= {"lo": min(a, c), "hi": max(b, d) - 1}
    hi = max(b, d)
    shared = ((max(a, c), min(b, d)),) if max(a, c) < min(b, d) else ()
    absent = ((hi, hi + 1),) if one.nullable and other.nullable else ()
    axis = Axis(name, min(a, c), hi - 1, nullable)
    return Common(axis, replace(one, **same), replace(other, **same), joined((*shared, *absent)))


def _raised(subject: Subject, scale: int) -> tuple[int, int]:
    """The numbers of a fact at more places, half-open."""
    more = 10 ** (scale - subject.scale)
    return subject.lo * more, subject.hi * more + 1


def _worded(name: str, one: Subject, other: Subject) -> Common:
    codes = tuple(dict.fromkeys((*one.codes, *other.codes)))
    nullable = one.nullable or other.nullable
    hi = len(codes) if one.kind == "text" else len(codes) - 1
    axis = Axis(name, 0, hi, nullable)
    both = [
        n for n, code in enumerate(codes) if one.kind == "text" or (code in one.codes and code in other.codes)
    ]
    shared = [(n, n + 1) for n in both] + ([(hi, hi + 1)] if one.kind == "text" else [])
    if one.nullable and other.nullable:
        shared.append((hi + 1, hi + 2))
    sides = [_reworded(each, codes, hi, nullable) for each in (one, other)]
    return Common(axis, sides[0], sides[1], joined(shared))


def _reworded(subject: Subject, codes: Sequence[str], hi: int, nullable: bool) -> Subject:
    place = {code: n for n, code in enumerate(codes)}
    words: Mapping[str, int] = {
        word: place[subject.codes[number]]
        for word, number in subject.words.items()
        if subject.kind == "choice"
    }
    return replace(subject, codes=tuple(codes), words=words, lo=0, hi=hi, nullable=nullable)
