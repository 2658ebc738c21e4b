"""Units with dated facts, as SQL: several rows for one unit, each with the days on which it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from feerules.plan.nodes import Const, Fact, Guard, Leaf, Node, Plan, Present
from feerules.plan.spans import READ, VALID_FROM, VALID_TO
from feerules.sql_trees import alias, call, cast, column, every, is_null, named, operated, selected
from feerules.statements.engine import Column, Dialect, Prepared

__all__ = ["DATED", "SINCE", "Dated"]

DATED = ("valid_from", "valid_to")
# The days as they were given: without a first day a row holds since ever.
FIRST = VALID_FROM
UNTIL = replace(VALID_TO, default=None, optional=True)
# What tells for whom and when a row holds, and not what is priced.
APART = ("account_id", "owner_id", "tenant_id", "developer_id", "heir_id", *DATED, "run_from", "unread")
BEGINS, HAS_END, END, STARTS = "~begins", "~ended", "~end", "~starts"
SINCE = "~since"  # the first day of a row, by which the last of a unit is known


class Dated:
    """The rows of units over time; `key` is the column that tells which unit a row is of.

    `given` are the columns of the facts in the rows, `columns` those in the rows `with_days`.
    """

    def __init__(
        self, dialect: Dialect, key: str, leaves: Sequence[Leaf], columns: Mapping[str, Column]
    ) -> None:
        self.dialect, self.key, self.leaves, self.given = dialect, key, leaves, columns
        self.columns = dict(columns)

    def overlapping(self, rows: exp.Select) -> exp.Select:
        """The units of which two rows hold on one day."""
        keyed = selected().from_(named(rows, "~dated"), copy=False).where(exp.not_(is_null(column(self.key))))
        days = self._read(keyed, self.given, [FIRST, UNTIL], readable=True, keep=[self.key])
        ordered = selected(column(self.key), column(BEGINS), self._ends()).from_(
            named(days, "~days"), copy=False
        )
        before = [alias(self._over(call("LAG", column(each))), f"{each}before") for each in (BEGINS, END)]
        both = selected(column(self.key), column(BEGINS), *before).from_(
            named(ordered, "~ordered"), copy=False
        )
        same = operated(exp.EQ, column(f"{BEGINS}before"), column(BEGINS))
        later = operated(exp.GT, column(f"{END}before"), column(BEGINS))
        bad = selected(column(self.key)).from_(named(both, "~pairs"), copy=False)
        return bad.where(operated(exp.Or, same, later), copy=False).distinct(copy=False)

    def with_days(self, rows: exp.Select, keep: Sequence[str]) -> exp.Select:
        """The rows with a `valid_to` that is the next row's first day if none is given, and with `run_from`.

        What cannot be read stays as it was given, for the plan to refuse. `keep` are the columns beside the facts.
        """
        every_column = [*keep, *(each.name for each in self.columns.values())]
        days = self._read(rows, self.given, [FIRST, UNTIL], readable=False, keep=every_column)
        given = self.columns.get("valid_to")
        kept = [name for name in every_column if given is None or name != given.name]
        ordered = selected(*map(column, kept), self._until(given)).from_(named(days, "~days"), copy=False)
        self.columns["valid_to"] = (
            Column("~valid_to", "date") if given is None else replace(given, name="~valid_to")
        )
        return self._with_runs(ordered, [*kept, "~valid_to"])

    def _until(self, given: Column | None) -> exp.Expr:
        ends = self._ends().this
        day: exp.Expr = (
            exp.Case()
            .when(is_null(ends.copy()), cast(exp.null(), "DATE"), copy=False)
            .else_(self.dialect.day(ends), copy=False)
        )
        if given is None:
            return alias(day, "~valid_to")
        said = given.expr()
        if given.carries == "text":
            day = self.dialect.plain_day(day)
        elif given.carries != "date":
            day = self.dialect.clock_of(day, zoned=given.carries == "zoned")
        return alias(exp.Case().when(column(HAS_END), said, copy=False).else_(day, copy=False), "~valid_to")

    def _with_runs(self, rows: exp.Select, keep: Sequence[str]) -> exp.Select:
        """Tells each row since when all that the plan reads of its unit is the same."""
        facts = [leaf for leaf in self.leaves if not leaf.name.startswith(READ) and leaf.name not in APART]
        told = self._read(rows, self.columns, [*facts, FIRST, UNTIL], readable=False, keep=keep)
        same = [self._unlike_before(f"~{has}{place}") for place in range(len(facts)) for has in ("is", "has")]
        first = is_null(self._over(call("LAG", column(BEGINS))))
        gap = operated(exp.NEQ, column(BEGINS), self._over(call("LAG", column(END))))
        changed = exp.not_(every([exp.not_(exp.Paren(this=each)) for each in (first, gap, *same)]))
        starts = exp.Case().when(call("COALESCE", changed, exp.true()), column(BEGINS), copy=False)
        marked = selected(*map(column, keep), column(BEGINS), alias(starts, STARTS)).from_(
            named(told, "~told"), copy=False
        )
        # The last of the starts so far, for they rise.
        run = self._over(exp.Max(this=column(STARTS)), running=True)
        self.columns["run_from"] = Column("~run_from", "date")
        return selected(
            *map(column, keep), alias(column(BEGINS), SINCE), alias(self.dialect.day(run), "~run_from")
        ).from_(named(marked, "~runs"), copy=False)

    def _unlike_before(self, name: str) -> exp.Expr:
        return operated(exp.NEQ, column(name), self._over(call("LAG", column(name))))

    def _ends(self) -> exp.Expr:
        """The day after a row's last: as it says, else the first of the next row, null for none."""
        following = self._over(call("LEAD", column(BEGINS)))
        return alias(
            exp.Case().when(column(HAS_END), column(END), copy=False).else_(following, copy=False), END
        )

    def _over(self, part: exp.Expr, *, running: bool = False) -> exp.Expr:
        order = exp.Order(
            expressions=[exp.Ordered(this=column(BEGINS), nulls_first=self.dialect.name == "spark")]
        )
        rows = (
            exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
            if running
            else None
        )
        return exp.Window(this=part, partition_by=[column(self.key)], order=order, spec=rows)

    def _read(
        self,
        rows: exp.Select,
        columns: Mapping[str, Column],
        leaves: Sequence[Leaf],
        *,
        readable: bool,
        keep: Sequence[str],
    ) -> exp.Select:
        """The rows with the number that stands for each fact, and whether it was given; the last two are the days.

        `readable` keeps only the rows in which every fact can be read.
        """
        never = Const(0, 0, 0, 0)
        guards = () if readable else tuple(Guard("unreadable", never, None, leaf) for leaf in leaves)
        outputs: dict[str, Node] = {}
        for place, leaf in enumerate(leaves[:-2]):
            outputs[f"~is{place}"] = Fact(leaf.lo, leaf.hi, leaf.places, leaf)
            outputs[f"~has{place}"] = Present(0, 1, 0, leaf)
        since, until = leaves[-2:]
        outputs[BEGINS] = Fact(since.lo, since.hi, 0, since)
        outputs[HAS_END], outputs[END] = Present(0, 1, 0, until), Fact(until.lo, until.hi, 0, until)
        return Prepared(Plan(tuple(leaves), guards, ()), self.dialect, rows, columns).rows(outputs, keep)
