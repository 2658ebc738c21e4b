"""The sentence for each problem that a statement tells."""

from __future__ import annotations

from sqlglot import exp

from feerules.plan.nodes import Plan
from feerules.reasons import reasons_of
from feerules.sql_trees import call, column, text

__all__ = ["reason_of"]


def reason_of(plan: Plan) -> exp.Expr:
    """The sentence for the problem of a row, which has the columns `code` and `fact`."""
    at = call("CONCAT", column("code"), text("|"), call("COALESCE", column("fact"), text("")))
    pairs = reasons_of(plan).items()
    if not pairs:
        return exp.null()
    return exp.Case(this=at, ifs=[exp.If(this=text(known), true=text(said)) for known, said in pairs])
