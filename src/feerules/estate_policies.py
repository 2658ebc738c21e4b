"""The policies of a book over frames: whom each is for, and what its plan says of a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from feerules.account_answers import Pair
from feerules.citations import source_of, titles
from feerules.plan.dunning import Compiled
from feerules.plan.nodes import Fact, Leaf, Plan, Present, in_order
from feerules.prepared import prepare
from feerules.reasons import reason

__all__ = ["BROUGHT", "Policy", "problem_of", "problems_of"]

OWN = "@"  # before the name of a fact of the position, among the columns that an account brings
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

    def judged(self, rows: pl.DataFrame, key: str) -> Pair:
        """Positions under this policy with the answers of its plan, and the problems of those that have none.

        What a position tells stands behind an @, what the account brought by its own name.
        """
        plan = self.compiled.plan
        told = [name for name in rows.columns if name not in ("#acc", BROUGHT)]
        frame = rows.select(
            "#acc",
            *(pl.col(name).alias(f"{OWN}{name}") for name in told),
            *([pl.col(BROUGHT)] if BROUGHT in rows.columns else []),
        )
        frame = frame.unnest(BROUGHT) if BROUGHT in rows.columns else frame
        columns = {leaf.name: f"{OWN}{leaf.name}" for leaf in plan.leaves if leaf.name in self.compiled.own}
        prepared = prepare(plan, frame.lazy(), columns)
        keep = ["#acc", *(f"{OWN}{name}" for name in told)]
        found, bad = pl.collect_all([prepared.rows(plan.totals, keep), prepared.problems(["#acc"])])
        ids = rows.select("#acc", account_id=pl.col(key).cast(pl.String))
        return self._classed(found), problems_of(self._reasoned(bad, plan), ids)

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

    def _classed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the class of their arrears (~class): "" where nothing is owed, or there are no classes."""
        compiled = self.compiled
        nothing = pl.lit("")
        kind, row = nothing, nothing
        if "class" in compiled.plan.totals:
            owes = pl.col("owes").cast(pl.Boolean)
            kind = pl.when(owes).then(_word(compiled.classes, pl.col("class"))).otherwise(nothing)
            row = pl.when(owes).then(_word(compiled.rows, pl.col("class.leaf"))).otherwise(nothing)
        return rows.with_columns(kind.alias("~class"), row.alias("table_row"))

    def words(self) -> list[pl.Expr]:
        """The class in words, and where the policy says so."""
        policy, kinds = self.compiled.policy, ["", *self.compiled.classes]
        told = [titles(policy.class_titles.get(name), name) for name in kinds]
        source = source_of(policy.source)
        where = "" if policy.classes is None else str(policy.classes.where)
        return [
            pl.col("~class").alias("class"),
            pl.col("table_row"),
            *(
                pl.col("~class")
                .replace_strict(kinds, [each.get(language, "") for each in told], return_dtype=pl.String)
                .alias(f"title_{language}")
                for language in ("zh", "en")
            ),
            pl.lit(where).alias("where"),
            pl.lit(policy.id).alias("policy"),
            pl.lit(policy.version_name).alias("version"),
            pl.lit(" ".join(source[name] for name in ("document", "clause", "address") if name in source)).alias("source"),
        ]  # fmt: skip


def _word(words: Sequence[str], at: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(list(words) or [""], dtype=pl.String)).gather(at)


def _stand_in(leaf: Leaf) -> pl.Expr:
    """What stands for a fact of the position where none is asked: its first value."""
    match leaf.kind:
        case "choice":
            return pl.lit(leaf.codes[leaf.lo])
        case "boolean":
            return pl.lit(False)
    return pl.lit(leaf.lo // 10**leaf.places, pl.Int64)
