"""The policies of a book over frames: whom each is for, and what its plan says of a position."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from feerules.account_answers import Pair
from feerules.deciding.told import Description
from feerules.plan.dunning import Compiled
from feerules.plan.nodes import Fact, Leaf, Plan, Present, in_order
from feerules.prepared import prepare
from feerules.reasons import reason
from feerules.told_columns import OWN

__all__ = ["BROUGHT", "Policy", "problem_of", "problems_of"]

BROUGHT = "facts"  # what an account brings, in one column of its position


def problem_of(ids: pl.Series, policies: pl.Series, code: str) -> pl.DataFrame:
    """One problem of each account about its policy; `policies` are those that the accounts name, if any."""
    frame = pl.DataFrame(
        {"row_id": ids.cast(pl.String), "account_id": ids.cast(pl.String), "value": policies}
    )
    named = pl.col("value").is_not_null()
    return frame.select(
        pl.lit("accounts").alias("frame"), "row_id", "account_id", pl.when(named).then(pl.lit("policy")).alias("fact"),
        "value", pl.lit(code).alias("code"), pl.lit(reason(code)).alias("reason"),
    )  # fmt: skip


def problems_of(found: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Problems of the engine's (#acc, fact, value, code, reason) as rows; `ids` tells the account of each #acc."""
    named = found.join(ids, on="#acc", how="left", maintain_order="left")
    return named.select(
        pl.lit("accounts").alias("frame"), pl.col("account_id").alias("row_id"), "account_id",
        "fact", "value", "code", "reason",
    )  # fmt: skip


class Policy:
    """A policy's plan over frames: whom it is for, and what it says of a position."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled

    def applies(self, accounts: pl.DataFrame) -> tuple[Any, pl.DataFrame]:
        """Whether it is for each account, and the facts that this asks and that cannot be read."""
        none = pl.DataFrame(
            schema={"#acc": pl.UInt32, **dict.fromkeys(("fact", "value", "code", "reason"), pl.String)}
        )
        if not self.compiled.policy.applies:
            return np.ones(accounts.height, np.bool_), none
        node = self.compiled.plan.totals["applies"]
        nodes = in_order([node])
        asked = {id(each.leaf): each.leaf for each in nodes if isinstance(each, Fact | Present)}
        plan = Plan(tuple(asked.values()), (), (), {"applies": node})
        frame = accounts.with_row_index("#acc").lazy()
        stand_ins = {
            leaf.name: _stand_in(leaf)
            for leaf in plan.leaves
            if leaf.name in self.compiled.own and not leaf.optional
        }
        frame = frame.with_columns(expr.alias(f"{OWN}{name}") for name, expr in stand_ins.items())
        prepared = prepare(plan, frame, {name: f"{OWN}{name}" for name in stand_ins})
        rows, bad = pl.collect_all(
            [prepared.rows(plan.totals, ["#acc"]), prepared.problems(["#acc"])], engine="streaming"
        )
        found = np.zeros(accounts.height, np.bool_)
        found[rows["#acc"].to_numpy()] = rows["applies"].cast(pl.Boolean).to_numpy()
        return found, self._reasoned(bad, plan)

    def run(self, description: Description, rows: pl.DataFrame, key: str) -> Pair:
        """Positions under this policy with what the nodes of a description come to, and the problems of those that
        have no answer.

        What a position tells stands behind an @, what the account brought by its own name.
        """
        plan = description.plan
        told = [name for name in rows.columns if name not in ("#acc", BROUGHT)]
        frame = rows.lazy().select(
            "#acc",
            *(pl.col(name).alias(f"{OWN}{name}") for name in told),
            *(_drawn(*of).alias(name) for name, of in description.drawn.items()),
            *([pl.col(BROUGHT)] if BROUGHT in rows.columns else []),
        )
        frame = frame.unnest(BROUGHT) if BROUGHT in rows.columns else frame
        columns = {leaf.name: f"{OWN}{leaf.name}" for leaf in plan.leaves if leaf.name in self.compiled.own}
        prepared = prepare(plan, frame, columns)
        keep = ["#acc", *(f"{OWN}{name}" for name in told)]
        found, bad = pl.collect_all([prepared.rows(plan.totals, keep), prepared.problems(["#acc"])])
        ids = rows.select("#acc", account_id=pl.col(key).cast(pl.String))
        return found, problems_of(self._reasoned(bad, plan), ids)

    @property
    def is_of(self) -> pl.Expr:
        """Whether a position is under this policy."""
        policy = self.compiled.policy
        return (pl.col("policy") == policy.id) & (pl.col("version") == policy.version_name)

    def asks(self) -> set[str]:
        """The names of every fact that the plan reads, of an account or its position."""
        return {name for leaf in self.compiled.plan.leaves for name in (leaf.name, *leaf.aliases)}

    def brought(self) -> set[str]:
        """What the plan asks an account itself for."""
        leaves = [leaf for leaf in self.compiled.plan.leaves if leaf.name not in self.compiled.own]
        return {name for leaf in leaves for name in (leaf.name, *leaf.aliases)}

    def _reasoned(self, bad: pl.DataFrame, plan: Plan) -> pl.DataFrame:
        leaves = {leaf.name: leaf for leaf in plan.leaves}
        pairs = bad.select("fact", "code").unique()
        sentences = [reason(code, leaves.get(fact)) for fact, code in pairs.iter_rows()]
        said = pairs.with_columns(pl.Series("reason", sentences, dtype=pl.String))
        return bad.join(said, on=["fact", "code"], how="left", nulls_equal=True, maintain_order="left").drop(
            "fee"
        )


def _drawn(column: str, entry: str | None) -> pl.Expr:
    """Whether a list of the position has an entry; for None, whether it has any."""
    entries = pl.col(column).list
    return entries.len() > 0 if entry is None else entries.contains(entry)


def _stand_in(leaf: Leaf) -> pl.Expr:
    """What stands for a fact of the position where none is asked: its first value."""
    match leaf.kind:
        case "choice":
            return pl.lit(leaf.codes[leaf.lo])
        case "boolean":
            return pl.lit(False)
    return pl.lit(leaf.lo // 10**leaf.places, pl.Int64)
