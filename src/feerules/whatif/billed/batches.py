"""Many alternatives of a fee in one pass over the units: what they have in common is computed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from feerules.plan.bounds import Builder
from feerules.plan.lines import Options
from feerules.plan.nodes import Const, Guard, Leaf, Node, Plan, Present
from feerules.prepared import prepare
from feerules.whatif.billed.altered import Documents, FeeAlone

__all__ = ["Batch"]


class Batch:
    """The amounts of one fee under several sets of rules; `options` are the same for all."""

    def __init__(self, alone: FeeAlone, options: Options) -> None:
        self.alone, self.options = alone, options
        self.builder = Builder()
        self.outputs: dict[str, Node] = {}
        self.leaves: dict[int, Leaf] = {}
        self.given: dict[int, Node] = {}

    def add(self, documents: Documents) -> str | None:
        """The name under which `rows` tells the amounts; None for rules that cannot be."""
        plan = self.alone.compiled(documents, self.options, self.builder)
        if plan is None:
            return None
        name = str(len(self.outputs) // 2)
        self.leaves |= {id(leaf): leaf for leaf in plan.leaves}
        self.outputs[f"{name}.amount"] = plan.totals.get(f"fee.{self.alone.fee_id}", Const(0, 0, 2, 0))
        self.outputs[f"{name}.ok"] = self.builder.all_of(self._tests(plan.guards))
        return name

    def _tests(self, guards: Sequence[Guard]) -> Iterator[Node]:
        """What a unit must be for the rules to say its amount."""
        for guard in guards:
            leaf = guard.fact
            if guard.ok is not None:
                yield self.builder.any_of((self.builder.negate(guard.need), guard.ok))
            elif leaf is not None and not leaf.optional and leaf.default is None:
                yield self.builder.any_of((self.builder.negate(guard.need), self._given(leaf)))

    def _given(self, leaf: Leaf) -> Node:
        return self.given.setdefault(id(leaf), Present(0, 1, 0, leaf))

    def rows(self, units: pl.LazyFrame, key: str) -> pl.LazyFrame:
        """unit_id, and under each name the fen, null where the rules do not say; units with unreadable facts are not there."""
        leaves = tuple(self.leaves.values())
        # What is not told may not be needed; what is told must be readable.
        guards = tuple(Guard("unreadable", self._given(leaf), None, leaf) for leaf in leaves)
        rows = prepare(Plan(leaves, guards, ()), units).rows(self.outputs, [key])
        names = [name.removesuffix(".ok") for name in self.outputs if name.endswith(".ok")]
        amounts = [
            pl.when(pl.col(f"{name}.ok").cast(pl.Boolean)).then(pl.col(f"{name}.amount")).alias(name)
            for name in names
        ]
        return rows.select(pl.col(key).cast(pl.String).alias("unit_id"), *amounts)
