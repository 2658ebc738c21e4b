"""Shared costs, as SQL: a total divided among units by weight, to the fen, with nothing left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from feerules.periods import day_number
from feerules.plan.figures import Pool
from feerules.plan.names import FIRST_DAY, LAST_DAY
from feerules.plan.nodes import Const, Fact, Guard, Leaf, Node, Plan, Slot
from feerules.plan.spans import VALID_FROM, VALID_TO
from feerules.reasons import reason
from feerules.sql_trees import (
    alias,
    call,
    cast,
    column,
    decimal,
    every,
    is_null,
    named,
    number,
    of,
    operated,
    selected,
    table,
    text,
)
from feerules.statements.dated import SINCE
from feerules.statements.engine import BIGINT, TEXT, WIDE, Column, Dialect, Prepared, truth
from feerules.statements.lines import KEY
from feerules.statements.reasoning import reason_of
from feerules.statements.sources import Source, SourceError
from feerules.telling import about_of

__all__ = ["Shares", "pools_of"]

# What pools tell, and in which type where nothing is told of their table.
NEEDED = {"pool_id": "TEXT", "fee": "TEXT", "period_start": "DATE", "amount": "DECIMAL(18, 2)"}
# Times any weight and any number of days, a total stays below 38 digits.
AMOUNT = Leaf("amount", "decimal", 2, -(10**15), 10**15)
BEGINS = Leaf("period_start", "date", 0, FIRST_DAY, LAST_DAY)
MOST_SHARE = 10**17
PROBLEM_COLUMNS = ("frame", "row_id", "unit_id", "fee", "fact", "value", "code", "reason")
SOUND, POOLS = "~sound", "~pools"  # the units that tell who they are, and the pools, as named queries


def pools_of(slots: Sequence[Slot]) -> dict[str, Slot]:
    """The slots that divide pools, by the fact that tells a unit its share; parts of one share come once."""
    shared = [(about_of(slot).shown.pool, slot) for slot in slots]
    return {pool.leaf.name: slot for pool, slot in reversed(shared) if pool is not None}


@dataclass(frozen=True)
class Units:
    """The units of a statement: the query `SOUND` has their facts in `columns`; `among` the text of each fact
    that says who shares, of which `unkeyed` has those of rows whose key tells no unit."""

    columns: Mapping[str, Column]
    among: Mapping[str, str]
    unkeyed: exp.Select
    dated: bool


class Shares:
    """The shares of every unit in the pools of a table, as named queries; `fees` are all that can be shared."""

    def __init__(self, pools: Source, slots: Mapping[str, Slot], fees: Sequence[str], units: Units) -> None:
        self.dialect, self.units, self.fees = pools.dialect, units, fees
        self.parts = [Sharing(place, slot, self.dialect, units) for place, slot in enumerate(slots.values())]
        self.queries: list[tuple[str, exp.Query]] = [(POOLS, self._read(pools))]
        for part in self.parts:
            self.queries += part.queries()

    def joined(self) -> tuple[exp.Select, dict[str, Column]]:
        """The units with their shares, and the column of each share."""
        query, columns = selected(_whole(SOUND)).from_(table(SOUND), copy=False), dict(self.units.columns)
        for part in self.parts:
            query.select(of(part.shares, part.shares), append=True, copy=False)
            same = operated(exp.EQ, of(part.shares, KEY), of(SOUND, KEY))
            query = query.join(table(part.shares), on=same, join_type="LEFT", copy=False)
            # What the units say of their shares themselves does not count.
            columns[part.pool.leaf.name] = Column(part.shares, "decimal", 2)
        return query, columns

    def unweighed(self) -> exp.Query:
        """The units that cannot be weighed: they have no answer, whether they pay the fee or not."""
        return _union([selected(column(KEY)).from_(table(part.lost), copy=False) for part in self.parts])

    def of_units(self) -> list[exp.Query]:
        """What pricing may find wrong with a unit as well, and the pools that nobody shares."""
        return [each for part in self.parts for each in (part.empty(), part.misweighed())]

    def of_pools(self) -> list[exp.Query]:
        """What is wrong with a pool, each time that it is."""
        return [self._misread(), self._repeated()]

    # Pools

    def _read(self, pools: Source) -> exp.Query:
        """Each pool: an id of its own, its texts, `~begins` and `~fen`, null where they cannot be read."""
        missing = [name for name in NEEDED if not pools.has(name)]
        if missing and pools.is_told:
            raise SourceError(
                f"pools without the column {', '.join(missing)}: found {', '.join(pools.names())}"
            )
        held = {name: pools.column(name, kind) for name, kind in NEEDED.items()}
        held |= {fact: self._told(pools, fact) for fact in self.units.among}
        given = [
            alias(cast(each.expr() if each else exp.null(), TEXT), f"~t.{name}")
            for name, each in held.items()
        ]
        given += [alias(each.expr(), f"~r.{name}") for name, each in held.items() if each and name in NEEDED]
        columns = {
            leaf.name: Column(f"~r.{leaf.name}", each.carries, each.places)
            for leaf in self._leaves
            for each in [held[leaf.name]]
            if each
        }
        self._plan = Plan(self._leaves, (), ())
        self.read = Prepared(self._plan, self.dialect, pools.rows(*given), columns)
        texts = [f"~t.{name}" for name in held]
        rows = self.read.read({"fee": "~known", "period_start": "~begins", "amount": "~amount"}, texts)
        often = exp.Window(this=call("COUNT", exp.Star()), partition_by=[column(name) for name in texts])
        id_ = call("CONCAT", *(self._apart(column(name)) for name in texts))
        query = selected(exp.Star(), alias(id_, "~pool"), alias(often, "~often")).from_(
            named(rows, "~given"), copy=False
        )
        once = operated(exp.EQ, column("~often"), number(1))
        known = exp.not_(is_null(column("~begins")))
        fen = exp.Case().when(operated(exp.And, once, known), column("~amount"), copy=False)
        return selected(exp.Star(), alias(fen, "~fen")).from_(named(query, "~counted"), copy=False)

    def _told(self, pools: Source, fact: str) -> Column | None:
        """The column of pools that says among whom each is shared; without one, they are shared by nobody."""
        if not pools.is_told:
            return pools.column(fact)
        names = (fact, *(alias_ for part in self.parts for alias_ in part.aliases.get(fact, ())))
        return next((pools.column(name) for name in names if pools.has(name)), None)

    def _apart(self, part: exp.Expr) -> exp.Expr:
        """A text with its length before it, so that no two rows of texts are joined to one."""
        size = cast(call("LENGTH", part.copy()), TEXT)
        return call("COALESCE", operated(exp.DPipe, operated(exp.DPipe, size, text(":")), part), text("-"))

    @property
    def _leaves(self) -> tuple[Leaf, ...]:
        return Leaf("fee", "choice", 0, 0, max(len(self.fees) - 1, 0), tuple(self.fees)), BEGINS, AMOUNT

    def _misread(self) -> exp.Query:
        bad = self.read.problems(["~t.pool_id", "~t.fee"])
        told = {
            "frame": text("pools"), "row_id": column("~t.pool_id"), "fee": column("~t.fee"), "fact": column("fact"),
            "value": column("value"), "code": column("code"), "reason": reason_of(self._plan),
        }  # fmt: skip
        return selected(*_problem(told)).from_(named(bad, "~bad"), copy=False)

    def _repeated(self) -> exp.Query:
        told = _of_pool("repeated_pool", "pool_id", column("~t.pool_id"))
        often = operated(exp.GT, column("~often"), number(1))
        return selected(*_problem(told)).from_(table(POOLS), copy=False).where(often, copy=False)


class Sharing:
    """How one slot's pools are shared: the weights of units, the parts of each pool, the share of each unit."""

    def __init__(self, place: int, slot: Slot, dialect: Dialect, units: Units) -> None:
        pool = about_of(slot).shown.pool
        assert pool is not None
        self.pool: Pool = pool
        self.slot, self.dialect, self.units = slot, dialect, units
        self.cycle = about_of(slot).cycle.period
        self.shares, self.lost = f"~share{place}", f"~lost{place}"
        self.weights, self.mine, self.matched, self.bad = (
            f"~{name}{place}" for name in ("weight", "mine", "part", "bad")
        )
        self.among = [units.among[name] for name in pool.among]
        self.aliases = {leaf.name: leaf.aliases for leaf in pool.plan.leaves}
        never = Const(0, 0, 0, 0)
        days = (VALID_FROM, VALID_TO) if units.dated else ()
        plan = pool.plan
        apart = tuple(Guard("unreadable", never, None, leaf) for leaf in days)
        self.plan = Plan((*plan.leaves, *days), (*plan.guards, *apart), plan.slots)
        source = selected().from_(table(SOUND), copy=False)
        self.prepared = Prepared(self.plan, dialect, source, units.columns)

    def queries(self) -> list[tuple[str, exp.Query]]:
        return [
            (self.weights, self._weighed()),
            (self.lost, self._unweighed()),
            (self.mine, self._of_slot()),
            (self.matched, self._parts()),
            (self.bad, self._unshared()),
            (self.shares, self._summed()),
        ]

    # Weights

    def _weighed(self) -> exp.Query:
        """One row for each unit that shares: its weight, over the days of the cycle where its facts are dated."""
        active = self.plan.slots[0].active
        outputs: dict[str, Node] = {"~weight": self.plan.slots[0].values["weight"], "~shares": active}
        since = [SINCE] if self.units.dated else []
        if self.units.dated:
            outputs |= {f"~{leaf.name}": Fact(leaf.lo, leaf.hi, 0, leaf) for leaf in (VALID_FROM, VALID_TO)}
        rows = self.prepared.rows(outputs, [KEY, *self.among, *since])
        weight = self.dialect.as_kind(column("~weight"), WIDE)
        if not self.units.dated:
            told = [column(KEY), *map(column, self.among), alias(weight, "~weight")]
            return (
                selected(*told)
                .from_(named(rows, "~rows"), copy=False)
                .where(truth("~shares", active), copy=False)
            )
        if self.cycle is not None:
            weight = operated(exp.Mul, weight, self.dialect.as_kind(self._days(), WIDE))
        last = [alias(self.dialect.latest(column(name), column(SINCE)), name) for name in self.among]
        told = [column(KEY), *last, alias(exp.Sum(this=weight), "~weight")]
        summed = (
            selected(*told)
            .from_(named(rows, "~rows"), copy=False)
            .where(truth("~shares", active), copy=False)
        )
        return summed.group_by(column(KEY), copy=False)

    def _days(self) -> exp.Expr:
        """How many days of the cycle a row holds."""
        assert self.cycle is not None
        first, last = number(day_number(self.cycle.start)), number(day_number(self.cycle.end))
        begins = self.dialect.greatest(column("~valid_from"), first)
        ends = self.dialect.least(column("~valid_to"), last)
        return self.dialect.greatest(operated(exp.Sub, ends, begins), number(0))

    def _unweighed(self) -> exp.Query:
        keep = [KEY, *self.among]
        bad = named(self.prepared.problems(keep), "~bad")
        return selected(*map(column, keep)).from_(bad, copy=False).distinct(copy=False)

    def misweighed(self) -> exp.Query:
        key = cast(column(KEY), TEXT)
        told = {
            "frame": text("units"), "row_id": key, "unit_id": key.copy(), "fee": column("fee"), "fact": column("fact"),
            "value": column("value"), "code": column("code"), "reason": reason_of(self.pool.plan),
        }  # fmt: skip
        return selected(*_problem(told)).from_(named(self.prepared.problems([KEY]), "~bad"), copy=False)

    # Parts

    def _of_slot(self) -> exp.Query:
        """The pools of the slot's fee that begin in its cycle; of an unknown day, one may be of this cycle."""
        mine = operated(exp.EQ, column("~t.fee"), text(about_of(self.slot).fee_id))
        query = selected().from_(table(POOLS), copy=False)
        if self.cycle is None:
            return query.where(mine, copy=False)
        first, last = day_number(self.cycle.start), day_number(self.cycle.end)
        inside = exp.Between(this=column("~begins"), low=number(first), high=number(last - 1))
        return query.where(
            operated(exp.And, mine, exp.Paren(this=operated(exp.Or, is_null(column("~begins")), inside))),
            copy=False,
        )

    def _matching(self, units: exp.Expr, told: Sequence[exp.Expr]) -> exp.Select:
        """The pools beside the units among which each is shared."""
        pairs = zip(self.pool.among, self.among, strict=True)
        same = [operated(exp.EQ, of(self.mine, f"~t.{name}"), of("~u", mine)) for name, mine in pairs]
        query = selected(*told).from_(units, copy=False)
        return query.join(
            table(self.mine), on=every(same) if same else exp.true(), join_type="INNER", copy=False
        )

    def _named(self, name: str) -> exp.Expr:
        return exp.Table(
            this=exp.to_identifier(name, quoted=True),
            alias=exp.TableAlias(this=exp.to_identifier("~u", quoted=True)),
        )

    def _parts(self) -> exp.Query:
        told = [of("~u", KEY), of("~u", "~weight"), of(self.mine, "~pool"), of(self.mine, "~fen")]
        return self._matching(self._named(self.weights), told)

    def _unshared(self) -> exp.Query:
        """The pools that cannot be shared: a unit among them has no weight, no amount, or nobody shares them."""
        pool = [of(self.mine, "~pool")]
        lost = self._matching(self._named(self.lost), pool)
        unkeyed = self._matching(named(self.units.unkeyed.copy(), "~u"), [each.copy() for each in pool])
        unread = (
            selected(column("~pool"))
            .from_(table(self.mine), copy=False)
            .where(is_null(column("~fen")), copy=False)
        )
        return _union(
            [
                lost,
                unkeyed,
                unread,
                selected(column("~pool")).from_(named(self._empty(), "~empty"), copy=False),
            ],
            distinct=True,
        )

    def _empty(self) -> exp.Select:
        heavy = selected(number(1)).from_(table(self.matched), copy=False)
        same = operated(exp.EQ, of(self.matched, "~pool"), of(self.mine, "~pool"))
        heavy = heavy.where(
            operated(exp.And, same, operated(exp.GT, of(self.matched, "~weight"), number(0))), copy=False
        )
        some = operated(exp.NEQ, column("~fen"), number(0))
        query = selected().from_(table(self.mine), copy=False)
        return query.where(operated(exp.And, some, exp.not_(exp.Exists(this=heavy))), copy=False)

    def empty(self) -> exp.Query:
        told = _of_pool("empty_pool", "amount", cast(decimal(column("~fen"), 2, 2, MOST_SHARE), TEXT))
        return selected(*_problem(told)).from_(named(self._empty(), "~empty"), copy=False)

    # Shares

    def _summed(self) -> exp.Query:
        """(key, share) of every unit; one of which a share is not known has none."""
        total = exp.Sum(this=column("~share"))
        share = decimal(total, 2, 2, 10**18)
        query = selected(column(KEY), alias(share, self.shares)).from_(
            named(self._divided(), "~divided"), copy=False
        )
        return query.where(self._is_not_without(), copy=False).group_by(column(KEY), copy=False)

    def _is_not_without(self) -> exp.Expr:
        on = operated(exp.EQ, of(self.bad, "~pool"), of(self.matched, "~pool"))
        without = (
            selected(number(1))
            .from_(table(self.matched), copy=False)
            .join(table(self.bad), on=on, copy=False)
        )
        mine = operated(exp.EQ, of(self.matched, KEY), of("~divided", KEY))
        return exp.not_(exp.Exists(this=without.where(mine, copy=False)))

    def _divided(self) -> exp.Select:
        """Largest remainder, ties by the key's bytes; a negative total mirrors a positive one."""
        same = operated(exp.EQ, of(self.bad, "~pool"), of(self.matched, "~pool"))
        bad = exp.Exists(this=selected(number(1)).from_(table(self.bad), copy=False).where(same, copy=False))
        good = selected().from_(table(self.matched), copy=False).where(exp.not_(bad), copy=False)
        # Where all weights are zero the total is zero too.
        weight = self.dialect.greatest(_over_pool(exp.Sum(this=column("~weight"))), number(1))
        sums = self._more(good, "~good", {"~sum": self.dialect.as_kind(weight, WIDE)})
        product = operated(
            exp.Mul, self.dialect.as_kind(call("ABS", column("~fen")), WIDE), column("~weight")
        )
        products = self._more(sums, "~sums", {"~product": product})
        whole = self.dialect.quotient(column("~product"), column("~sum"), WIDE, MOST_SHARE)
        rest = operated(exp.Mod, column("~product"), column("~sum"))
        parts = self._more(products, "~products", {"~whole": whole, "~rest": rest})
        left = operated(exp.Sub, call("ABS", column("~fen")), _over_pool(exp.Sum(this=column("~whole"))))
        order = [
            exp.Ordered(this=column("~rest"), desc=True),
            exp.Ordered(this=self.dialect.by_bytes(cast(column(KEY), TEXT))),
        ]
        rank = exp.Window(
            this=call("ROW_NUMBER"), partition_by=[column("~pool")], order=exp.Order(expressions=order)
        )
        ranked = self._more(parts, "~parts", {"~left": left, "~rank": rank})
        more = (
            exp.Case()
            .when(operated(exp.LTE, column("~rank"), column("~left")), number(1), copy=False)
            .else_(number(0), copy=False)
        )
        size = operated(exp.Add, column("~whole"), more)
        signed = (
            exp.Case()
            .when(
                operated(exp.LT, column("~fen"), number(0)),
                exp.Neg(this=exp.Paren(this=size.copy())),
                copy=False,
            )
            .else_(size, copy=False)
        )
        share = self.dialect.as_kind(signed, BIGINT)
        return selected(column(KEY), alias(share, "~share")).from_(named(ranked, "~ranked"), copy=False)

    def _more(self, query: exp.Query, name: str, told: Mapping[str, exp.Expr]) -> exp.Select:
        return selected(exp.Star(), *(alias(each, to) for to, each in told.items())).from_(
            named(query, name), copy=False
        )


def _over_pool(part: exp.Expr) -> exp.Expr:
    return exp.Window(this=part, partition_by=[column("~pool")])


def _whole(name: str) -> exp.Expr:
    return exp.Column(this=exp.Star(), table=exp.to_identifier(name, quoted=True))


def _union(queries: Sequence[exp.Query], *, distinct: bool = True) -> exp.Query:
    first, *more = queries
    for query in more:
        first = exp.Union(this=first, expression=query, distinct=distinct)
    return first


def _of_pool(code: str, fact: str, value: exp.Expr) -> dict[str, exp.Expr]:
    return {
        "frame": text("pools"), "row_id": column("~t.pool_id"), "fee": column("~t.fee"), "fact": text(fact),
        "value": value, "code": text(code), "reason": text(reason(code)),
    }  # fmt: skip


def _problem(told: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [alias(cast(told.get(name, exp.null()), TEXT), name) for name in PROBLEM_COLUMNS]
