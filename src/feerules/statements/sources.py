"""What a statement reads: a named table or a query, with the columns that its database tells of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from feerules.errors import FrameError
from feerules.plan.nodes import Leaf
from feerules.sql_trees import call, cast, selected, text
from feerules.statements.engine import Column, Dialect, column_of

__all__ = ["NATURAL", "Source", "SourceError"]

# The type in which a fact stands where nothing is told of the table.
NATURAL = {
    "decimal": "DECIMAL(38, 10)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "choice": "TEXT",
    "text": "TEXT",
}


# What a column that can be no key carries, in words.
_MET = {
    "decimal": "decimals", "float": "floats", "boolean": "truths", "date": "dates", "moment": "moments",
    "zoned": "moments", "nothing": "nothing", "other": "values of another type",
}  # fmt: skip


class SourceError(FrameError, ValueError):
    """A table or query that cannot be read, or that lacks a column that is needed."""


class Source:
    """A table or a query, and its columns by name; without `columns`, every fact stands in one of its name.

    `mapping` tells the columns of what an ERP calls otherwise.
    """

    def __init__(
        self, given: str, columns: Mapping[str, str] | None, dialect: Dialect, mapping: Mapping[str, str]
    ) -> None:
        self.dialect, self._mapping = dialect, mapping
        self.tree = _tree(given, dialect)
        self._known = (
            None
            if columns is None
            else {name: _column(name, kind, dialect) for name, kind in columns.items()}
        )
        self._taken: list[exp.Expr] = []

    def column(self, name: str, kind: str = "TEXT") -> Column | None:
        """The column of a name, or of what the mapping calls it."""
        if self._known is None:
            return column_of(name, kind, self.dialect)
        return self._known.get(name) or self._known.get(self._mapping.get(name, name))

    def called(self, name: str) -> str:
        """The name that a column goes by here: its own, or what the mapping calls it."""
        found = None if self._known is None else self.column(name)
        return name if found is None else found.name

    def has(self, name: str) -> bool:
        """Whether the table is known to have a column."""
        return self._known is not None and self.column(name) is not None

    @property
    def left_open(self) -> tuple[str, ...]:
        """The parameters of a query in place of the table, in their order."""
        return tuple(dict.fromkeys(each.name for each in self.tree.find_all(exp.Parameter, exp.Placeholder)))

    @property
    def is_told(self) -> bool:
        """Whether the columns of the table are known."""
        return self._known is not None

    def names(self) -> list[str]:
        return [*(self._known or ())]

    def key(self, name: str) -> exp.Expr:
        """The key of a row, null where it says nothing; `SourceError` for a column that can be none."""
        found = self.column(name)
        if found is None:
            raise SourceError(
                f'no column "{name}": found {", ".join(self._known or ())}; name the key with key='
            )
        match found.carries:
            case "integer":
                return found.expr()
            case "text":
                return call("NULLIF", cast(found.expr(), "TEXT"), text(""))
            case "decimal" if found.places == 0:
                return found.expr()
        raise SourceError(
            f'found {_MET.get(found.carries, found.carries)} in the key "{name}", expected text, a whole number or a uuid:'
            f" cast it to text, in a query in place of the table"
        )

    def is_text(self, name: str) -> bool:
        found = self.column(name)
        return found is not None and found.carries == "text"

    def plain_key(self, name: str) -> exp.Expr:
        """The key of a row as it stands there, be it an empty text."""
        return self.key(name) if not self.is_text(name) else self.said_key(name)

    def said_key(self, name: str) -> exp.Expr:
        """What a row says as its key, as text; a key that is none may still say something."""
        found = self.column(name)
        assert found is not None  # `key` has refused it
        return cast(found.expr(), "TEXT")

    def taken(self, leaves: Sequence[Leaf]) -> tuple[list[exp.Expr], dict[str, Column]]:
        """What to select for the facts, and under which name each stands then."""
        selected, columns = [], {}
        for place, leaf in enumerate(leaves):
            held = self._held(leaf)
            if not held:
                continue
            name = f"~c{place}"
            said = [self._said(each) if len(held) > 1 else each.expr() for each in held]
            selected.append(
                exp.alias_(
                    call("COALESCE", *said) if len(said) > 1 else said[0], name, quoted=True, copy=False
                )
            )
            columns[leaf.name] = replace(held[0], name=name)
        return selected, columns

    def _held(self, leaf: Leaf) -> list[Column]:
        if self._known is None:
            return [column_of(leaf.name, NATURAL[leaf.kind], self.dialect)]
        held = [
            self._known[name] for name in dict.fromkeys((leaf.name, *leaf.aliases)) if name in self._known
        ]
        if len({(each.carries, each.places) for each in held if each.carries != "nothing"}) > 1:
            names = ", ".join(each.name for each in held)
            raise SourceError(f"the fact {leaf.name} stands in columns of different types, {names}: keep one")
        return [each for each in held if each.carries != "nothing"] or held[:1]

    def _said(self, held: Column) -> exp.Expr:
        if held.carries == "text":
            return call("NULLIF", cast(held.expr(), "TEXT"), text(""))
        if held.carries == "float":
            nan = self.dialect.is_nan(held.expr())
            return (
                exp.Case()
                .when(exp.not_(nan, copy=False), held.expr(), copy=False)
                .else_(exp.null(), copy=False)
            )
        return held.expr()

    def rows(self, *columns: exp.Expr) -> exp.Select:
        return selected(*columns).from_(self.tree.copy(), copy=False)


def _column(name: str, kind: str, dialect: Dialect) -> Column:
    try:
        if not kind.strip():
            raise ValueError("no type")
        return column_of(name, kind, dialect)
    except (SqlglotError, ValueError) as error:
        raise SourceError(
            f"found the type {kind!r} of the column {name}, expected one of {dialect.name}"
        ) from error


def _tree(given: str, dialect: Dialect) -> exp.Expr:
    """A table, a function that gives one, or a query in parentheses, as it stands behind FROM."""
    words = given.strip().rstrip(";").strip()
    is_query = re.match(r"(select|with)\b", words, re.IGNORECASE) is not None
    try:
        # Parsed here, and never run as it is.
        written = f"SELECT * FROM ({words})" if is_query else f"SELECT * FROM {words}"  # noqa: S608
        query, *more = parse(written, dialect=dialect.name)
    except SqlglotError:
        query, more = None, []
    # `from homes` and `table homes` are queries of some databases, and no names.
    is_name = is_query or not re.match(r"(from|table)\s", words, re.IGNORECASE)
    is_one = isinstance(query, exp.Select) and not {*_filled(query)} - {"expressions", "from_"}
    if not words or more or not isinstance(query, exp.Select) or not is_one or not is_name:
        hint = "; leave comments out" if "--" in words or "/*" in words else ""
        raise SourceError(f"found {given!r}, expected the name of a table, or one query{hint}")
    found: exp.Expr = query.args["from_"].this
    if isinstance(found, exp.Subquery):
        found.set("alias", exp.TableAlias(this=exp.to_identifier("~source", quoted=True)))
    return found


def _filled(query: exp.Select) -> Iterable[str]:
    return (name for name, part in query.args.items() if part)
