"""The class of a position's arrears, as columns: its words, and where the policy says so."""

from __future__ import annotations

from collections.abc import Mapping

from feerules.citations import source_of, titles
from feerules.deciding.told import Case, Column, Constant, Told, Words
from feerules.plan.dunning import Compiled
from feerules.plan.nodes import Const, Node

__all__ = ["ALWAYS", "class_columns", "class_of", "line_of", "row_of", "text"]

ALWAYS = Const(1, 1, 0, 1)


def text(*cases: tuple[Node, Told], otherwise: str | None = None) -> Column:
    """A column of text: what the first of the cases tells that holds, else the same for all."""
    more = () if otherwise is None else (Case(ALWAYS, Constant(otherwise)),)
    return Column("text", (*(Case(when, told) for when, told in cases), *more))


def class_columns(compiled: Compiled) -> Mapping[str, Column]:
    """The class and what is cited with it; "" where nothing is owed, or the policy has no classes."""
    policy = compiled.policy
    named = {language: tuple(titles(policy.class_titles.get(word), word)[language] for word in compiled.classes)
             for language in ("zh", "en")}  # fmt: skip
    where = "" if policy.classes is None else str(policy.classes.where)
    return {
        "class": class_of(compiled),
        "table_row": row_of(compiled),
        **{f"title_{language}": _worded(compiled, "class", words) for language, words in named.items()},
        "where": text(otherwise=where),
        "policy": text(otherwise=policy.id),
        "version": text(otherwise=policy.version_name),
        "source": text(otherwise=line_of(source_of(policy.source))),
    }


def class_of(compiled: Compiled) -> Column:
    return _worded(compiled, "class", compiled.classes)


def row_of(compiled: Compiled) -> Column:
    """The row that decides the class."""
    return _worded(compiled, "class.leaf", compiled.rows)


def _worded(compiled: Compiled, name: str, words: tuple[str, ...]) -> Column:
    totals = compiled.plan.totals
    if not words or name not in totals:
        return text(otherwise="")
    return text((totals["owes"], Words(words, totals[name])), otherwise="")


def line_of(source: Mapping[str, str]) -> str:
    """A legal source in one line."""
    return " ".join(source[name] for name in ("document", "clause", "address") if name in source)
