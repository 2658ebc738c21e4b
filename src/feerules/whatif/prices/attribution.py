"""Which rule moves whom by how much: books between the old and the new one, priced one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from math import factorial
from typing import Literal

import polars as pl

from feerules.book import Book
from feerules.errors import RuleErrors
from feerules.plan.nodes import Plan
from feerules.whatif.prices.blending import Rule
from feerules.whatif.prices.causes import About, about_rules
from feerules.whatif.prices.timelines import Blends

__all__ = ["Attribute", "Step", "Steps", "attributed"]

Attribute = Literal["in_order", "averaged", "no"]
MOST_STEPS = 40
MOST_AVERAGED = 6
Key = tuple[int, tuple[str, ...]]
Totals = Callable[[Book, Plan | None], pl.Series]


@dataclass(frozen=True, slots=True)
class Step:
    """A cause, and how far it moves each compared unit, in fen."""

    about: About
    change: pl.Series


@dataclass(frozen=True)
class Steps:
    """How the steps between two books are priced.

    `totals` gives the fen of each compared unit under a book, null where it cannot be priced there; `plan`
    the plan of such a book, which asks no schedule of a unit; `done` is told of each step.
    """

    totals: Totals
    plan: Callable[[Book], Plan]
    done: Callable[[int], object]


def attributed(blends: Blends, first: pl.Series, steps: Steps, how: Attribute) -> list[Step]:
    """The causes of the change from `first`, the old rules, to the new rules, in order.

    In order: each rule is switched upon those before it. Averaged: over every order in which they could be.
    What a unit cannot be priced with is left to the next step with which it can.
    """
    causes = _grouped(blends.rules)
    if how == "averaged":
        return _averaged(blends, [cause for cause, *_ in _sound(blends, causes, steps)], first, steps)
    found, before = [], first
    for cause, book, plan in _sound(blends, causes, steps):
        after = _totals(book, plan, before, steps)
        found.append(Step(_about(blends, cause), after - before))
        before = after
        steps.done(1)
    return found


Cause = list[tuple[int, Rule]]


def _keys(cause: Iterable[tuple[int, Rule]]) -> set[Key]:
    return {(number, rule.path) for number, rule in cause}


def _about(blends: Blends, cause: Cause) -> About:
    return about_rules([(blends.pairs[number], rule) for number, rule in cause])


def _totals(book: Book, plan: Plan, before: pl.Series, steps: Steps) -> pl.Series:
    found = steps.totals(book, plan)
    return found.fill_null(before) if found.null_count() else found


def _grouped(rules: Sequence[tuple[int, Rule]]) -> list[Cause]:
    """The rules one by one; of very many, those of a table, a fee or a document together."""
    grouped = [[each] for each in rules]
    for depth in (4, 3, 2, 1, 0):
        if len(grouped) <= MOST_STEPS:
            break
        grouped = [
            list(group)
            for _, group in groupby(rules, lambda each, d=depth: (each[0], each[1].path[:d]))  # type: ignore[misc]
        ]
    return grouped


def _sound(blends: Blends, causes: Iterable[Cause], steps: Steps) -> Iterator[tuple[Cause, Book, Plan]]:
    """The causes, each with the book that it makes upon those before; what makes none goes with the next."""
    picked, waiting = set[Key](), list[tuple[int, Rule]]()
    for cause in causes:
        waiting += cause
        picked |= _keys(cause)
        book = blends.book(picked)
        try:
            plan = steps.plan(book)
        except RuleErrors:
            continue
        yield waiting, book, plan
        waiting = []


def _averaged(blends: Blends, causes: Sequence[Cause], first: pl.Series, steps: Steps) -> list[Step]:
    """The mean of each cause over all orders, to the fen: what is rounded off one goes to the next."""
    count = len(causes)
    if count > MOST_AVERAGED:
        raise ValueError(
            f'found {count} rules that differ, expected at most {MOST_AVERAGED} for attribute="averaged": '
            'take "in_order", or compare in several steps'
        )
    values = _values(blends, causes, first, steps)
    names = {some: str(number) for number, some in enumerate(values)}
    frame = pl.DataFrame([value.alias(names[some]) for some, value in values.items()]).with_columns(
        pl.all().cast(pl.Int128)
    )
    found, upto = [], pl.lit(0, pl.Int128)
    for at, cause in enumerate(causes):
        parts = [
            (pl.col(names[some | {at}]) - pl.col(names[some])) * pl.lit(_orders(len(some), count), pl.Int128)
            for some in values
            if at not in some
        ]
        before, upto = upto, upto + pl.sum_horizontal(parts)
        change = _nearest(upto, factorial(count)) - _nearest(before, factorial(count))
        found.append(
            Step(_about(blends, cause), frame.select(change.cast(pl.Int64).alias("change"))["change"])
        )
    return found


def _orders(before: int, count: int) -> int:
    """In how many orders of all causes these come before one, and the others after it."""
    return factorial(before) * factorial(count - before - 1)


def _nearest(number: pl.Expr, parts: int) -> pl.Expr:
    return (2 * number + parts) // (2 * parts)


def _values(
    blends: Blends, causes: Sequence[Cause], first: pl.Series, steps: Steps
) -> Mapping[frozenset[int], pl.Series]:
    """What every unit owes under every choice of the causes."""
    values = {frozenset[int](): first}
    for size in range(1, len(causes) + 1):
        for some in combinations(range(len(causes)), size):
            picked = set[Key]().union(*(_keys(causes[at]) for at in some))
            try:
                book = blends.book(picked)
                values[frozenset(some)] = _totals(book, steps.plan(book), values[frozenset(some[:-1])], steps)
            except RuleErrors as error:
                raise ValueError(
                    f"{_about(blends, causes[some[-1]]).title['en']}: "
                    'makes no book without the others; take attribute="in_order"'
                ) from error
            steps.done(1)
    return values
