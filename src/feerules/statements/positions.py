"""The table of positions that a statement about accounts reads, and the columns that it must have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from sqlglot import exp

from feerules.plan.dunning import Compiled
from feerules.sql_trees import alias, call, cast, column, is_null, named, number, of, operated, selected, text
from feerules.statements.engine import Column, Dialect
from feerules.statements.sources import Source, SourceError

__all__ = ["Positions"]

NAMED: Final = ("policy", "version")
LISTS: Final = ("contradictions", "warnings", "open_charge_ids", "overdue_charge_ids", "covered_charge_ids")
DAYS: Final = ("as_of", "known_at", "later_on", "changes_on")


class Positions:
    """A table of positions: its columns by name, those of the struct `facts` among them."""

    def __init__(
        self, dialect: Dialect, given: str, types: Mapping[str, str] | None, mapping: Mapping[str, str]
    ) -> None:
        self.dialect, self.types = dialect, types
        self.source = Source(given, types, dialect, mapping)
        brought = dict(_inside(types["facts"], dialect)) if types is not None and "facts" in types else {}
        if brought:
            at = (alias(_field(name), name) for name in brought)
            flat = self.source.rows(exp.Star(), *at)
            self.source = Source(dialect.sql(flat), {**brought, **(types or {})}, dialect, mapping)

    def need(self, names: Iterable[str]) -> None:
        """Refuses a table that lacks some of the columns; `SourceError` with all of them."""
        lacking = [name for name in names if self.source.column(name) is None]
        if lacking:
            raise SourceError(
                f"positions without the column {', '.join(lacking)}: found {', '.join(self.types or ()) or 'none'}; "
                "keep every column that positions() gives"
            )

    def need_one(self, *names: str) -> None:
        """Refuses a table that has a fact of accounts under none of its names: left out in silence, it would decide."""
        if not any(self.source.column(name) for name in names):
            raise SourceError(
                f"positions without the fact {names[0]}, which a policy asks of accounts: keep the column facts that "
                "positions() gives, or give it a column of its own, NULL where nobody says it"
            )

    def column(self, name: str, kind: str = "TEXT") -> Column:
        self.need([name])
        found = self.source.column(name, "DATE" if name in DAYS else kind)
        assert found is not None  # it was needed
        return self._listed(found) if name in LISTS else found

    def said(self, name: str) -> exp.Expr:
        """What a position says in a column, as text; null where the table lacks it."""
        found = self.source.column(name, "DATE" if name in DAYS else "TEXT")
        return exp.null() if found is None else cast(found.expr(), "TEXT")

    def is_known_by(self, known_at: date | datetime | None) -> exp.Expr:
        """Whether a position rests on what was known at the moment that is asked about."""
        found = self.source.column("known_at", "DATE")
        if found is None and known_at is None:
            return exp.true()
        held = self.column("known_at")
        said = held.expr()
        if known_at is None:
            return is_null(call("NULLIF", said, text(""))) if held.carries == "text" else is_null(said)
        asked = text(known_at.isoformat(sep=" ") if isinstance(known_at, datetime) else known_at.isoformat())
        kinds = {"date": "DATE", "moment": "TIMESTAMP", "zoned": "TIMESTAMPTZ"}
        if held.carries in kinds and not (held.carries == "date" and isinstance(known_at, datetime)):
            same = operated(exp.EQ, said, cast(asked, kinds[held.carries]))
        else:
            same = operated(exp.EQ, cast(said, "TEXT"), asked)
        return call("COALESCE", same, exp.false())

    def _listed(self, found: Column) -> Column:
        """A column of lists; what is JSON is read as if it were a text."""
        if self.types is None:
            return replace(found, carries="other")
        is_json = self.types.get(found.name, "").strip().lower() in ("json", "jsonb")
        return replace(found, carries="text") if is_json else found

    def is_of(self, compiled: Compiled) -> exp.Expr:
        """Whether a position is under a policy."""
        pairs = zip(NAMED, (compiled.policy.id, compiled.policy.version_name), strict=True)
        return exp.and_(
            *(operated(exp.EQ, cast(self.column(name).expr(), "TEXT"), text(word)) for name, word in pairs)
        )

    def is_again(self, key: str, known_at: date | datetime | None) -> exp.Expr:
        """Whether there is another position of the same account on the same day, of what was known then."""
        held = [self.column(name).expr() for name in (key, "as_of")]
        names = [f"~{key}", "~as_of"]
        counted = self.source.rows(*map(alias, held, names)).where(self.is_known_by(known_at)).group_by(*held)
        counted = counted.having(operated(exp.GT, call("COUNT", exp.Star()), number(1)), copy=False)
        same = [operated(exp.EQ, of("~again", name), each) for name, each in zip(names, held, strict=True)]
        others = selected(number(1)).from_(named(counted, "~again"), copy=False)
        return exp.Exists(this=others.where(*same, copy=False))


def _inside(kind: str, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """The fields of a struct, and their types."""
    built = exp.DataType.build(kind, dialect=dialect.name, udt=True)
    for each in built.expressions if built.is_type("struct") else ():
        yield each.name, each.kind.sql(dialect=dialect.name)


def _field(name: str) -> exp.Expr:
    return exp.Dot(this=exp.Paren(this=column("facts")), expression=exp.to_identifier(name, quoted=True))
