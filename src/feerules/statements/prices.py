"""What a whole estate owes, as SQL: the plan of one unit over a table, wide or line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from feerules.book import Book
from feerules.line_shapes import LINE_COLUMNS
from feerules.periods import Period
from feerules.plan.nodes import Leaf, Node, Slot
from feerules.reasons import reason
from feerules.sql_trees import (
    alias,
    call,
    cast,
    column,
    decimal,
    is_null,
    named,
    number,
    of,
    operated,
    selected,
    text,
)
from feerules.statements.dated import DATED, SINCE, Dated
from feerules.statements.engine import TEXT, WIDE, Column, Prepared, truth
from feerules.statements.lines import KEY, Lines
from feerules.statements.reasoning import reason_of
from feerules.statements.shares import SOUND, Shares, Units, pools_of
from feerules.statements.sources import Source, SourceError
from feerules.telling import about_of

__all__ = ["Prices"]

WIDEST = 10**38 - 1
# What a bill line carries from its unit, beside the key.
CARRIED = ("account_id", "owner_id", "tenant_id", "developer_id", "heir_id")


class Prices:
    """One estate in one period, as statements; `unique` says that the table itself keeps keys from repeating."""

    def __init__(
        self,
        book: Book,
        period: Period,
        source: Source,
        key: str,
        *,
        accrue: bool,
        unique: bool,
        pools: Source | None = None,
        only_if: exp.Expr | None = None,
    ) -> None:
        self.source, self.dialect, self.key = source, source.dialect, key
        self.dated = any(source.has(name) for name in DATED)
        if self.dialect.name == "spark" and (self.dated or pools is not None):
            # A query that names others is written out at each of their uses there: planning one took minutes.
            raise SourceError(
                "found pools= or dated facts (valid_from, valid_to), which are not worked out on Spark: one machine "
                "prices them in bounded memory from Parquet files, and so do duckdb and postgres"
            )
        self.plan = book.plan(period, accrue=accrue, dated=self.dated)
        self.carried = [name for name in CARRIED if name != key and source.has(name)]
        slots = pools_of(self.plan.slots)
        facts, columns = source.taken(self._facts(slots if pools else {}))
        self._plain = unique and not self.dated
        # As it stands in the table, so that a look-up of one unit finds the index of the table.
        told = [alias(source.plain_key(key) if self._plain else source.key(key), KEY)]
        for name in self.carried:
            held = source.column(name)
            assert held is not None
            told.append(alias(held.expr(), f"~{name}"))
        among = self._among(slots) if pools is not None else {}
        told += [alias(cast(each.expr(), TEXT), among_) for each, among_ in among.values()]
        self.fees = [name.removeprefix("fee.") for name in self.plan.totals if name.startswith("fee.")]
        self._only_if = only_if
        self.given = self._asked(source.rows(*told, *facts))
        self._over_time = Dated(self.dialect, KEY, self.plan.leaves, columns) if self.dated else None
        rows = self._keyed()
        if self._over_time is not None:
            kept = [KEY, *(f"~{name}" for name in self.carried), *(name for _, name in among.values())]
            rows = self._over_time.with_days(rows, kept)
            columns = self._over_time.columns
        self.shares = None
        if pools is None:
            self._refuse_unshared(slots)
        else:
            units = Units(
                columns, {fact: name for fact, (_, name) in among.items()}, self._unkeyed(), self.dated
            )
            self.shares = Shares(pools, slots, book.shared_fees(), units)
            self._queries = [(SOUND, rows), *self.shares.queries]
            rows, columns = self.shares.joined()
        self.prepared = Prepared(self.plan, self.dialect, rows, columns)

    def _facts(self, slots: Mapping[str, Slot]) -> list[Leaf]:
        """What the plan reads of a unit, and what weighs it; its shares it does not tell itself."""
        shared = [about_of(slot).shown.pool for slot in slots.values()]
        leaves = [*self.plan.leaves, *(leaf for pool in shared if pool for leaf in pool.plan.leaves)]
        return [
            leaf for name, leaf in {leaf.name: leaf for leaf in reversed(leaves)}.items() if name not in slots
        ]

    def _among(self, slots: Mapping[str, Slot]) -> dict[str, tuple[Column, str]]:
        """For each fact that says who shares a cost, its column, and what its text is called."""
        found: dict[str, tuple[Column, str]] = {}
        for slot in slots.values():
            pool = about_of(slot).shown.pool
            aliases = {leaf.name: leaf.aliases for leaf in pool.plan.leaves} if pool else {}
            for fact in pool.among if pool else ():
                names = (fact, *aliases.get(fact, ()))
                held = [self.source.column(name) for name in names if self.source.has(name)]
                held = held if self.source.is_told else [self.source.column(fact)]
                if not held or held[0] is None:
                    raise SourceError(f"units without the column {fact}, which says who shares a cost")
                found.setdefault(fact, (held[0], f"~among{len(found)}"))
        return found

    def _refuse_unshared(self, slots: Mapping[str, Slot]) -> None:
        """Without pools, the units must tell their shares themselves."""
        lacking = sorted({about_of(slot).fee_id for name, slot in slots.items() if not self.source.has(name)})
        if lacking:
            raise SourceError(
                f"the fee {', '.join(lacking)} shares costs among units: give the table of their totals with pools="
            )

    def _finished(self, query: exp.Query) -> exp.Query:
        """A statement with the queries that it names."""
        if self.shares is not None:
            for name, each in self._queries:
                query = query.with_(exp.to_identifier(name, quoted=True), each.copy(), copy=False)
        return query

    def _asked(self, rows: exp.Select) -> exp.Select:
        return rows if self._only_if is None else rows.where(self._only_if.copy(), copy=False)

    # Keys

    def _keyed(self) -> exp.Select:
        """The rows that tell their unit."""
        query = selected().from_(
            self.given.subquery(exp.to_identifier("~units", quoted=True), copy=False), copy=False
        )
        query = query.where(exp.not_(is_null(column(KEY)), copy=False), copy=False)
        if self._plain:
            is_text = self.source.is_text(self.key)
            return query.where(operated(exp.NEQ, column(KEY), text("")), copy=False) if is_text else query
        again = operated(exp.EQ, of("~again", KEY), of("~units", KEY))
        repeated = selected(number(1)).from_(
            self._repeated().subquery(exp.to_identifier("~again", quoted=True), copy=False), copy=False
        )
        return query.where(
            exp.not_(exp.Exists(this=repeated.where(again, copy=False)), copy=False), copy=False
        )

    def _unkeyed(self) -> exp.Select:
        """The rows that tell no unit."""
        query = selected().from_(named(self.given.copy(), "~units"), copy=False)
        lacking = is_null(column(KEY))
        if self._plain:
            return query.where(lacking, copy=False)
        again = selected(column(KEY)).from_(named(self._repeated(), "~again"), copy=False)
        again = again.where(exp.not_(is_null(column(KEY)), copy=False), copy=False)
        among = exp.In(this=column(KEY), query=exp.Subquery(this=again))
        return query.where(operated(exp.Or, lacking, among), copy=False)

    def _repeated(self) -> exp.Select:
        """The keys that cannot stand: of several rows, or of two that hold on one day."""
        if self._over_time is not None:
            return self._over_time.overlapping(self.given.copy())
        key = self.source.key(self.key)
        keys = self._asked(self.source.rows(exp.alias_(key, KEY, quoted=True, copy=False)))
        counted = keys.subquery(exp.to_identifier("~keys", quoted=True), copy=False)
        often = operated(exp.GT, call("COUNT", exp.Star()), number(1))
        return (
            selected(column(KEY))
            .from_(counted, copy=False)
            .group_by(column(KEY), copy=False)
            .having(often, copy=False)
        )

    # Answers

    def wide(self, every_fee: Sequence[str] | None = None) -> exp.Query:
        """A row per unit: its key and account, an amount per fee (null: not charged), the total."""
        fees = every_fee or self.fees
        carried = [name for name in self.carried if name == "account_id"]
        self._refuse_key([*carried, *fees, "total"])
        self._refuse_long([self.key, *fees])
        # By their places: a name with a word before it may be longer than a database keeps.
        totals = {self._total(name): node for name, node in self.plan.totals.items()}
        rows = self._priced(totals, [KEY, *(f"~{name}" for name in carried)])
        if self.dated:
            rows = self._summed(rows, carried)
        amounts = [exp.alias_(self._amount(fee), fee, quoted=True, copy=False) for fee in fees]
        told = [
            exp.alias_(column(KEY), self.key, quoted=True, copy=False),
            *(exp.alias_(column(f"~{name}"), name, quoted=True, copy=False) for name in carried),
            *amounts,
            exp.alias_(
                decimal(column(self._total("total")), 2, 2, self._most("total")),
                "total",
                quoted=True,
                copy=False,
            ),
        ]
        return self._finished(selected(*told).from_(named(rows, "~rows"), copy=False))

    def _total(self, name: str) -> str:
        return f"~total{[*self.plan.totals].index(name)}"

    def _priced(self, outputs: Mapping[str, Node], keep: Sequence[str]) -> exp.Select:
        if not self.dated:
            return self._weighed(self.prepared.rows(outputs, keep))
        # A unit is priced for all of its days or not at all.
        rows = self.prepared.rows(outputs, [*keep, *([SINCE] if SINCE not in keep else [])])
        bad = selected(number(1)).from_(named(self.prepared.problems([KEY]), "~bad"), copy=False)
        bad = bad.where(operated(exp.EQ, of("~bad", KEY), of("~good", KEY)), copy=False)
        query = selected().from_(named(rows, "~good"), copy=False)
        return self._weighed(query.where(exp.not_(exp.Exists(this=bad), copy=False), copy=False))

    def _weighed(self, rows: exp.Select) -> exp.Select:
        """The rows of units that can be weighed, where a cost is shared."""
        if self.shares is None or not self.shares.parts:
            return rows
        lost = selected(number(1)).from_(named(self.shares.unweighed(), "~lost"), copy=False)
        lost = lost.where(operated(exp.EQ, of("~lost", KEY), of("~rows", KEY)), copy=False)
        query = selected().from_(named(rows, "~rows"), copy=False)
        return query.where(exp.not_(exp.Exists(this=lost), copy=False), copy=False)

    def _summed(self, rows: exp.Select, carried: Sequence[str]) -> exp.Select:
        """One row for the several records of a unit."""
        told = [column(KEY)]
        told += [
            alias(self.dialect.latest(column(f"~{name}"), column(SINCE)), f"~{name}") for name in carried
        ]
        for name, node in self.plan.totals.items():
            if name.startswith("charged."):
                held = truth(self._total(name), node)
                flag = exp.Case().when(held, number(1), copy=False).else_(number(0), copy=False)
                some = operated(exp.EQ, exp.Max(this=flag), number(1))
                told.append(alias(some, self._total(name)))
            else:
                total = self._total(name)
                told.append(alias(exp.Sum(this=self.dialect.as_kind(column(total), WIDE)), total))
        return selected(*told).from_(named(rows, "~records"), copy=False).group_by(column(KEY), copy=False)

    def _most(self, name: str) -> int:
        """How large a total can get; over dated facts, several records add up."""
        if self.dated:
            return WIDEST
        node = self.plan.totals[name]
        return max(abs(node.lo), abs(node.hi))

    def _amount(self, fee: str) -> exp.Expr:
        if fee not in self.fees:
            return cast(exp.null(), "DECIMAL(18, 2)")
        amount = decimal(column(self._total(f"fee.{fee}")), 2, 2, self._most(f"fee.{fee}"))
        charged = self.plan.totals[f"charged.{fee}"]
        if self.dated and charged.lo == 0:
            return exp.Case().when(column(self._total(f"charged.{fee}")), amount, copy=False)
        return (
            amount
            if charged.lo == 1
            else exp.Case().when(truth(self._total(f"charged.{fee}"), charged), amount, copy=False)
        )

    def _refuse_key(self, names: Sequence[str]) -> None:
        # Databases take no notice of capitals.
        if self.key.lower() in {name.lower() for name in names}:
            raise SourceError(f'the key "{self.key}" is also the name of a column of the answer: rename it')

    def _refuse_long(self, names: Sequence[str]) -> None:
        most = self.dialect.longest_name
        for name in names if most else ():
            size = len(name.encode())
            if size > most:
                raise SourceError(
                    f"the column {name} would have a name of {size} bytes, and {self.dialect.name} keeps {most}: shorten it"
                )

    def long(self) -> exp.Query:
        """A row per bill line."""
        self._refuse_key(LINE_COLUMNS)
        self._refuse_long([self.key])
        slots = [slot for slot in self.plan.slots if slot.active.hi]
        outputs: dict[str, Node] = {}
        for place, slot in enumerate(slots):
            outputs[f"{place}.active"] = slot.active
            outputs |= {f"{place}.{name}": node for name, node in slot.values.items()}
        rows = self._priced(outputs, [KEY, *(f"~{name}" for name in self.carried)])
        return self._finished(Lines(slots, self.dialect, self.key, self.carried).of(rows))

    # Problems

    def problems(self) -> exp.Query:
        """A row per reason; a unit with a problem has no row among the answers."""
        bad = self.prepared.problems([KEY])
        key = cast(column(KEY), "TEXT")
        code, fact = column("code"), column("fact")
        told = {
            "frame": text("units"),
            "row_id": key,
            "unit_id": key.copy(),
            "fee": column("fee"),
            "fact": fact,
            "value": column("value"),
            "code": code,
            "reason": reason_of(self.plan),
        }
        found = selected(*_texts(told)).from_(
            bad.subquery(exp.to_identifier("~bad", quoted=True), copy=False), copy=False
        )
        every: exp.Query = found
        if self.shares is not None:
            # Weighing and pricing find the same wrong with a fact that both read.
            for each in self.shares.of_units():
                every = exp.Union(this=every, expression=each, distinct=True)
            for each in self.shares.of_pools():
                every = exp.Union(this=every, expression=each, distinct=False)
        return self._finished(exp.Union(this=every, expression=self._key_problems(), distinct=False))

    def _key_problems(self) -> exp.Select:
        """The rows whose key tells no unit: null, or that of other rows too."""
        keys = self._asked(
            self.source.rows(
                exp.alias_(self.source.key(self.key), KEY, quoted=True, copy=False),
                exp.alias_(self.source.said_key(self.key), "~said", quoted=True, copy=False),
            )
        )
        query = selected().from_(
            keys.subquery(exp.to_identifier("~units", quoted=True), copy=False), copy=False
        )
        lacking = is_null(column(KEY))
        again = selected(column(KEY)).from_(
            self._repeated().subquery(exp.to_identifier("~again", quoted=True), copy=False), copy=False
        )
        again = again.where(exp.not_(is_null(column(KEY)), copy=False), copy=False)
        among = exp.In(this=column(KEY), query=exp.Subquery(this=again))
        query = query.where(
            lacking.copy() if self._plain else operated(exp.Or, lacking.copy(), among),
            copy=False,
        )
        key = cast(column(KEY), "TEXT")

        def either(null: str, repeated: str) -> exp.Expr:
            return exp.Case().when(lacking.copy(), text(null), copy=False).else_(text(repeated), copy=False)

        again_ = "overlapping_rows" if self.dated else "duplicate_key"
        told = {
            "frame": text("units"),
            "row_id": key,
            "unit_id": key.copy(),
            "fee": exp.null(),
            "fact": text(self.key),
            "value": column("~said"),
            "code": either("null_key", again_),
            "reason": either(reason("null_key"), reason(again_)),
        }
        return selected(*_texts(told)).from_(
            query.subquery(exp.to_identifier("~unkeyed", quoted=True), copy=False), copy=False
        )


def _texts(told: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [exp.alias_(cast(expr, TEXT), name, quoted=True, copy=False) for name, expr in told.items()]
