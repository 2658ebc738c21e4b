"""A dunning policy → a plan over the facts of a position: which stops hold, which class, which steps are due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from feerules.documents.formulas import Formula
from feerules.documents.policy import After, DunningPolicy, Step, Stop
from feerules.documents.schedule import FactLibrary
from feerules.documents.values import TableValue
from feerules.errors import did_you_mean
from feerules.plan.bounds import Builder, TooLarge
from feerules.plan.conditions import Asked, asked_by, cells_hold
from feerules.plan.cuts import Cuts, cuts_of
from feerules.plan.elapsed import months_fact, months_since
from feerules.plan.ladders import is_amount
from feerules.plan.ledger_terms import step_terms, terms_of
from feerules.plan.ledgers import LedgerTerms
from feerules.plan.lines import table_term
from feerules.plan.lookups import NOTES, Found, decide
from feerules.plan.moments import Moment
from feerules.plan.names import FIRST_DAY, LAST_DAY, Names, Refused, place_of, texts_in
from feerules.plan.nodes import Fact, Guard, Leaf, Mark, Node, Plan, in_order
from feerules.plan.patterns import ReactionsTerms
from feerules.plan.reactions import patterns_of
from feerules.plan.terms import Scope, Term
from feerules.vocabulary import ALIASES, POSITION, PositionFact, bucket_fact

__all__ = ["CLASS", "Compiled", "PolicyVersion", "compile_policy", "policy_names"]

CLASS = "class"
MOST_ASKED = 10**18  # fen: what a column of amounts can hold


@dataclass(frozen=True, eq=False)
class PolicyVersion:
    """One version of a policy: its document, what it may name, and the days on which it is in force."""

    policy: DunningPolicy
    names: Names
    first: int
    until: int


@dataclass(frozen=True, eq=False)
class Compiled:
    """A policy, ready to run: the terms of its ledgers, the facts that a position tells (`own`), what its
    reactions look for, and a plan.

    `leaves` are those of all these facts, whether the plan asks for them or not.

    The plan's `totals` are

    `applies`; `stop` (the first that holds, their number for none) and `stop.N.until` (day number, 0 for
    none); `class` and `class.leaf`; for each step `step.N.met` (its conditions and the step it comes after),
    `step.N.ready` (its gap too) and `step.N.left` (it may be done once more); `step` and `step.N` for each
    stop that lets steps through (the step that is taken, their number for none).
    """

    policy: DunningPolicy
    terms: LedgerTerms
    plan: Plan
    leaves: Mapping[str, Leaf]
    classes: tuple[str, ...]
    rows: tuple[str, ...]
    cuts: Cuts
    reactions: ReactionsTerms

    @property
    def own(self) -> AbstractSet[str]:
        return self.leaves.keys()


# Names


def policy_names(policy: DunningPolicy, library: FactLibrary, mapping: Mapping[str, str]) -> Names:
    """What the cells and formulas of a policy may name: the facts of a position, and its own."""
    facts = {**library.facts, **policy.facts}
    told = [*POSITION.values(), *_own_facts(policy)]
    texts = texts_in({**facts}, policy, library, more=[fact.name for fact in told if fact.kind == "text"])
    leaves = {fact.name: _leaf(fact, texts.get(fact.name, ())) for fact in told}
    names = Names(
        facts=facts,
        derived={**library.derived, **policy.derived},
        parameters={},
        tables={**library.tables, **policy.tables},
        fees=frozenset(),
        leaves=leaves,
        aliases=dict(ALIASES),
        texts=texts,
        mapping=mapping,
        computed=frozenset([CLASS, *(months_fact(step.id) for step in _steps(policy))]),
        said={fact.zh: name for name, fact in POSITION.items()},
        about=("policy", "account"),
    )
    for key in ("facts", "derived", "tables"):
        for name in getattr(policy, key):
            if name in POSITION or name in ALIASES or name == CLASS:
                names.problem(
                    place_of(name, policy.where), "defined_twice", f'"{name}" of {key}, which every position tells',
                    "one meaning for a name", "rename it",
                )  # fmt: skip
    return names


def _own_facts(policy: DunningPolicy) -> Iterator[PositionFact]:
    yield from map(bucket_fact, policy.buckets)
    for step in _steps(policy):
        yield from step_terms(step).facts


def _steps(policy: DunningPolicy) -> tuple[Step, ...]:
    return policy.ladder.steps if policy.ladder else ()


def _leaf(fact: PositionFact, texts: Iterable[str]) -> Leaf:
    codes = fact.words if fact.kind == "choice" else tuple(sorted(texts))
    lo, hi = {
        "boolean": (0, 1),
        "date": (FIRST_DAY, LAST_DAY),
        "choice": (0, len(codes) - 1),
        "text": (0, len(codes)),
    }.get(fact.kind, fact.bounds)
    words = (("true", 1), ("false", 0)) if fact.kind == "boolean" else ()
    return Leaf(fact.name, fact.kind, fact.places, lo, hi, codes, words, optional=fact.optional)


# The plan


def compile_policy(version: PolicyVersion, *, marked: bool = False) -> Compiled | None:
    """The plan of a policy; None where problems were noted in its names. `marked` tells which rules decide."""
    before = len(version.names.problems)
    terms = terms_of(version.policy, version.names)
    try:
        compiled = _Compiling(version, terms, marked=marked).compiled()
    except (Refused, TooLarge):
        compiled = None
    return compiled if len(version.names.problems) == before else None


class _Compiling:
    def __init__(self, version: PolicyVersion, terms: LedgerTerms, *, marked: bool = False) -> None:
        self.version, self.policy, self.terms = version, version.policy, terms
        self.b = Builder()
        self.scope = Scope(version.names, self.b, Moment({}))
        self.scope.tables = table_term
        self.scope.marks = [] if marked else None
        self.outputs: dict[str, Node] = {}
        ids = [step.id for step in _steps(self.policy)]
        self.scope.computed |= months_since(self.scope, ids, self.policy.where) if ids else ()

    def compiled(self) -> Compiled:
        self.outputs["applies"] = cells_hold(self.scope, self.policy.applies)
        found, classes = self._class()
        self._stops()
        self._ladder()
        self._spare()
        self._minimum()
        marks = tuple(self._marks())
        plan = Plan(tuple(self.scope.needs), tuple(self._guards()), (), self.outputs, marks)
        rows = found.decision.rows if found else ()
        own = (*POSITION, *(fact.name for fact in _own_facts(self.policy)))
        leaves = {name: self.version.names.leaves[name] for name in own}
        reactions = patterns_of(self.policy, self.version.names, self.terms)
        return Compiled(self.policy, self.terms, plan, leaves, classes, rows, cuts_of(plan), reactions)

    def _guards(self) -> Iterator[Guard]:
        # Of an account that owes nothing, nothing more is asked than what tells that.
        owes = self.outputs["owes"]
        first = {node.leaf for node in in_order([owes]) if isinstance(node, Fact)}
        for leaf, need in self.scope.needs.items():
            asked = need if leaf in first else self.b.all_of((owes, need))
            yield Guard("unreadable", asked, None, leaf)
        for guard in self.scope.guards:
            yield replace(guard, need=self.b.all_of((owes, guard.need)))

    def _spare(self) -> None:
        """Compiles what nothing may use, so that its problems are told."""
        names = self.version.names
        spare = Scope(names, self.b, Moment({}))
        spare.tables, spare.computed = table_term, self.scope.computed
        for name in (*names.derived, *names.tables):
            with suppress(Refused):
                spare.term(name, place_of(name, self.policy.where))

    def _minimum(self) -> None:
        """An account owes where anything is open, unless what is overdue of it is less than the minimum."""
        b, where = self.b, self.policy.where
        zero, least = b.const(0, 2), b.const(int(self.policy.minimum * 100), 2)
        overdue = self.scope.term("overdue", where).node
        small = b.all_of((b.compare("<", zero, overdue), b.compare("<", overdue, least)))
        names = ["outstanding", *(["left_alone"] if self.terms.exclude_named_by else [])]
        anything = b.any_of([b.compare("<", zero, self.scope.term(name, where).node) for name in names])
        self.outputs["owes"] = b.all_of((anything, b.negate(small)))

    def _marks(self) -> Iterator[Mark]:
        """Where rules decide, of an account that owes: also where a stop does, and where a step is taken."""
        if self.scope.marks is None:
            return
        b, outputs, stops = self.b, self.outputs, self.policy.stops
        for number, stop in enumerate(stops):
            holds = b.compare("==", outputs["stop"], b.const(number))
            self.scope.mark("stop", stop, holds, asked=self._asked_by(stop))
        ways = [
            (b.const(len(stops)), "step"),
            *((b.const(n), f"step.through.{n}") for n in range(len(stops))),
        ]
        for number, step in enumerate(_steps(self.policy)):
            taken = b.any_of(
                b.all_of(
                    (b.compare("==", outputs["stop"], at), b.compare("==", outputs[name], b.const(number)))
                )
                for at, name in ways
                if name in outputs
            )
            self.scope.mark("step", step, taken, asked=self._asked_by(step))
        for mark in self.scope.marks:
            of = CLASS if mark.rule is self.policy.classes else mark.fee
            yield replace(mark, need=b.all_of((outputs["owes"], mark.need)), fee=of)

    def _asked_by(self, part: Stop | Step) -> Asked | None:
        """Its conditions, and of a step when it comes after another, how long it rests, how often it is done."""
        always = dict(part.when)
        if isinstance(part, Step):
            own = f"steps.{part.id}"
            if part.after is not None:
                since = f"steps.{part.after.step}.days"
                always[since] = part.after.days if part.after.days != "-" else "not(null)"
                if part.after.months != "-":
                    always[months_fact(part.after.step)] = part.after.months
            always |= {f"{own}.days": f">= {part.gap}, null"} if part.gap else {}
            always |= {f"{own}.count": f"< {part.at_most}"} if part.at_most else {}
        return asked_by(self.scope, [{**always, **cells} for cells in part.any or [{}]])

    # Classes

    def _class(self) -> tuple[Found | None, tuple[str, ...]]:
        spec = self.policy.classes
        if spec is None:
            return None, ()
        words = _outputs_of(spec)
        for name in self.policy.class_titles:
            if name not in words:
                self.version.names.problem(
                    place_of(name, spec.where), "unknown_word", f'a title for the class "{name}"',
                    f"one of {', '.join(words)}", did_you_mean(name, words),
                )  # fmt: skip
        found = decide(self.scope, spec, (CLASS,), words)
        node = found.outputs[CLASS]
        leaf = Leaf(CLASS, "choice", 0, 0, len(words) - 1, tuple(words))
        self.scope.computed[CLASS] = Term(node, "choice", None, leaf)
        self.outputs[CLASS], self.outputs["class.leaf"] = node, found.leaf
        return found, tuple(words)

    # Stops

    def _stops(self) -> None:
        b, stops = self.b, self.policy.stops
        holds = [self._tried(partial(self._holds, stop)) for stop in stops]
        first: Node = b.const(len(stops))
        for number, stop in reversed([*enumerate(stops)]):
            first = b.choose(holds[number], b.const(number), first)
            self._until(number, stop)
        self.outputs["stop"] = first

    def _tried(self, made: Callable[[], Node]) -> Node:
        """What is made; where that is refused, a stand-in, so that the next part is read all the same."""
        try:
            return made()
        except Refused:
            return self.b.false

    def _until(self, number: int, stop: Stop) -> None:
        for name, offset in stop.until.items():
            where = place_of(name, stop.where)
            with suppress(Refused):
                term = self.scope.term(str(name), where)
                if term.kind != "date":
                    raise self.version.names.refuse(
                        where, "wrong_type", f'"{name}", which is no day', "a day of the position",
                        "until: {promised_on: 0 days}",
                    )  # fmt: skip
                day = self.b.add(term.node, self.b.const(offset))
                none = self.b.const(0)
                self.outputs[f"stop.{number}.until"] = self.b.choose(term.present or self.b.true, day, none)

    def _holds(self, part: Stop | Step) -> Node:
        b, scope = self.b, self.scope
        when = cells_hold(scope, part.when)
        if not part.any:
            return when
        # What decides already leaves the rest unasked.
        found: Node = b.false
        for cells in part.any:
            with scope.needing(b.all_of((when, b.negate(found)))):
                found = b.any_of((found, cells_hold(scope, cells)))
        return b.all_of((when, found))

    # The ladder

    def _ladder(self) -> None:
        if self.policy.ladder is None:
            return
        steps = self.policy.ladder.steps
        counts = [self.scope.term(f"steps.{step.id}.count", step.where).node for step in steps]
        ready = [
            self._tried(partial(self._ready, number, step, counts[number]))
            for number, step in enumerate(steps)
        ]
        due = self._in_order(steps, counts, ready)
        self.outputs["step"] = self._chosen(due)
        for number, stop in enumerate(self.policy.stops):
            if stop.lets_through:
                through = [
                    each if step.id in stop.lets_through else self.b.false
                    for step, each in zip(steps, due, strict=True)
                ]
                self.outputs[f"step.through.{number}"] = self._chosen(through)

    def _ready(self, number: int, step: Step, count: Node) -> Node:
        b = self.b
        tests = [self._tried(partial(self._holds, step))]
        if step.after is not None:
            tests.append(self._after(step, step.after))
        if step.legal:
            # Only of what a delivered, expired demand has covered.
            covered = self.scope.term("demand_covers", step.where).node
            tests.append(b.compare("<", b.const(0, 2), covered))
        met, rested = b.all_of(tests), self._rested(step)
        most = step.at_most
        if most is None and self.policy.ladder and self.policy.ladder.order == "one_step_at_a_time":
            most = 1
        left = b.true if most is None else b.compare("<", count, b.const(most))
        self.outputs |= {
            f"step.{number}.met": met,
            f"step.{number}.rested": rested,
            f"step.{number}.left": left,
        }
        for name, formula in (("fee", step.fee), ("amount", step.amount)):
            # What is no amount at all is told with the ladder.
            if formula is not None and (name == "fee" or is_amount(self.policy, step)):
                made = self._tried(partial(self._money, formula, met))
                self.outputs[f"step.{number}.{name}"] = made
        return b.all_of((met, rested, left))

    def _rested(self, step: Step) -> Node:
        """Whether the gap has passed since the step was done, and since the try that holds it back."""
        b, clock = self.b, step.gap_by == "clock"
        # Nothing is done twice on one day.
        gap = b.const(1 if clock else max(step.gap or 0, 1))
        by_clock = [self.scope.term(f"steps.{step.id}.rested", step.where).node] if clock else []
        tests = []
        for name in ("days", "tried") if step_terms(step).holds else ("days",):
            since = self.scope.term(f"steps.{step.id}.{name}", step.where)
            over = b.all_of((b.compare("<=", gap, since.node), *by_clock))
            tests.append(b.any_of((b.negate(since.present or b.true), over)))
        return b.all_of(tests)

    def _after(self, step: Step, after: After) -> Node:
        days, months = f"steps.{after.step}.days", months_fact(after.step)
        if days not in self.version.names.leaves:
            ids = [each.id for each in _steps(self.policy)]
            raise self.version.names.refuse(
                after.where_of("step"), "unknown_step", f'the step "{after.step}"',
                f"a step of the ladder: {', '.join(ids)}", did_you_mean(after.step, ids),
            )  # fmt: skip
        done = self.scope.term(days, after.where).present or self.b.true
        since = {name: cell for name, cell in ((days, after.days), (months, after.months)) if cell != "-"}
        return self.b.all_of((done, cells_hold(self.scope, since)))

    def _money(self, formula: Formula, met: Node) -> Node:
        """What a step costs or asks for; its facts are needed only where its conditions hold."""
        b, none = self.b, self.b.const(0, 2)
        with self.scope.needing(met):
            told = b.rounded(self.scope.formula(formula).node, 2)
        if told.hi >= MOST_ASKED:
            raise self.version.names.refuse(
                formula.where(0), "overflow", f'"{formula}", which can reach {len(str(told.hi)) - 2} digits',
                "an amount of at most 16 digits", "bound it with min, or multiply by a smaller number",
            )  # fmt: skip
        return b.choose(met, b.max(none, told), none)

    def _in_order(self, steps: Sequence[Step], counts: Sequence[Node], ready: Sequence[Node]) -> list[Node]:
        """The steps that may be taken, by the order of the ladder; the first of them is taken."""
        b = self.b
        order = self.policy.ladder.order if self.policy.ladder else "first"
        if order == "first":
            return list(ready)
        done = [b.compare("<", b.const(0), count) for count in counts]
        due = []
        for number, each in enumerate(ready):
            # No way leads back to a step before one that was done and is in force.
            tests = [each, b.negate(b.any_of(done[number + 1 :]))]
            if order == "one_step_at_a_time" and number:
                # On another day, that is: who asks twice on one day is not led up the ladder.
                before = self.scope.term(f"steps.{steps[number - 1].id}.days", steps[number].where)
                tests += [done[number - 1], b.compare("<=", b.const(1), before.node)]
            due.append(b.all_of(tests))
        return due

    def _chosen(self, due: Sequence[Node]) -> Node:
        b, order = self.b, self.policy.ladder.order if self.policy.ladder else "first"
        chosen: Node = b.const(len(due))
        numbered = [*enumerate(due)]
        # The last that is asked wins: from the last step to the first, unless the last goes first.
        for number, each in reversed(numbered) if order == "first" else numbered:
            chosen = b.choose(each, b.const(number), chosen)
        return chosen


def _outputs_of(spec: TableValue) -> list[str]:
    """The words in the output column of the classes: the last that is no remark."""
    if spec.table is None:
        return []
    heads = [head.name.lower() for head in spec.table.header]
    told = [at for at, head in enumerate(heads) if head == CLASS] or [
        at for at, head in enumerate(heads) if head not in NOTES
    ][-1:]
    return list(dict.fromkeys(str(row.cells[at]) for row in spec.table.rows for at in told))
