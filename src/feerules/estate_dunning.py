"""Positions, classes and decisions of an estate: batch by batch, each account under the policy that applies to it."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from feerules.action_columns import Actions
from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.citations import source_of, titles
from feerules.clocks import day_of, read_known, read_moment
from feerules.errors import UnitErrors, UnitProblem
from feerules.estate_ledgers import PROBLEMS, Batch, Ledgers
from feerules.moment_columns import told_at
from feerules.periods import day_number
from feerules.plan.dunning import Compiled
from feerules.plan.ledgers import LedgerTerms
from feerules.plan.nodes import Fact, Leaf, Plan, Present, in_order
from feerules.position_rows import Placed, placed
from feerules.prepared import prepare
from feerules.progress import counting
from feerules.reasons import reason
from feerules.streaming import Entries
from feerules.vocabulary import POSITION, PositionFact, bucket_fact, step_facts

__all__ = ["AccountsResult", "answers"]

Pair = tuple[pl.DataFrame, pl.DataFrame]
OWN = "@"  # before the name of a fact of the position, among the columns that an account brings


@dataclass(frozen=True)
class AccountsResult:
    """The answers for the accounts of an estate, and apart from them the rows that have none.

    `rows` and `problems` are of the kind that came in; for a lazy frame or a path they are lazy, and each is
    computed on its own: `collect` and `sink` make one pass for both. Every account is in exactly one of them.
    `digest` names the rules that gave the answers.
    """

    rows: Any
    problems: Any
    digest: str
    _batches: Callable[[], Iterator[Pair]]

    def collect(self) -> AccountsResult:
        """The same with both frames computed, in one pass over the accounts."""
        rows, problems = _all(self._batches())
        return AccountsResult(rows, problems, self.digest, lambda: iter([(rows, problems)]))

    def sink(
        self, path: str | Path, problems: str | Path | None = None, *, progress: bool | None = None
    ) -> None:
        """Writes the rows to a Parquet file, and the problems beside it, in one pass and bounded memory.

        The problems go to `problems`, by default to the name of `path` with `.problems` before its ending.
        `progress` shows a bar that counts accounts; by default where the standard error is a terminal.
        """
        path = Path(path)
        beside = Path(problems) if problems else path.with_suffix(f".problems{path.suffix}")
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, counting(progress) as count:
            for number, pair in enumerate(self._batches()):
                for name, frame in zip(("rows", "problems"), pair, strict=True):
                    frame.write_parquet(Path(folder) / f"{name}-{number:06}.parquet")
                count(pair[0].height)
            for name, target in (("rows", path), ("problems", beside)):
                pl.scan_parquet(Path(folder) / f"{name}-*.parquet", glob=True).sink_parquet(target)


def answers(
    question: str,
    accounts: Any,
    book: Book,
    as_of: date | datetime | str,
    known_at: date | datetime | str | None,
    key: str,
    strict: bool,
    calendar: WorkdayCalendar | None,
    entries: Mapping[str, Any],
) -> AccountsResult:
    """See `feerules.next_actions`."""
    ledgers = Ledgers(accounts, entries, book.mapping, key)
    asking = _Asking(question, book, read_moment(as_of), read_known(known_at), calendar or book.calendar, key)

    def batches() -> Iterator[Pair]:
        return _ahead(asking.batch, ledgers.batches(share=asking.shares))

    if ledgers.lazy:
        if strict:
            _refuse(pl.concat(problems for _, problems in batches()))
        nothing = asking.nothing(ledgers)
        rows, problems = (_lazily(batches, number, nothing[number].schema) for number in range(2))
        return AccountsResult(rows, problems, book.digest, batches)
    both = _all(batches())
    if strict:
        _refuse(both[1])
    rows, problems = (ledgers.back(frame.lazy()) for frame in both)
    return AccountsResult(rows, problems, book.digest, lambda: iter([both]))


def _ahead(answer: Callable[[Batch], Pair], batches: Iterator[Batch]) -> Iterator[Pair]:
    """The answers in order, two batches at a time: while one is computed, the next is read."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        running: deque[Future[Pair]] = deque()
        for batch in batches:
            running.append(pool.submit(answer, batch))
            if len(running) == 2:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _all(batches: Iterator[Pair]) -> Pair:
    rows, problems = zip(*batches, strict=True)
    return pl.concat(rows), pl.concat(problems)


def _lazily(batches: Callable[[], Iterator[Pair]], number: int, schema: pl.Schema) -> pl.LazyFrame:
    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        for pair in batches():
            frame = pair[number]
            frame = frame if predicate is None else frame.filter(predicate)
            frame = frame if with_columns is None else frame.select(with_columns)
            if n_rows is not None:
                frame, n_rows = frame.head(n_rows), n_rows - min(n_rows, frame.height)
            # A source ends where Polars is given nothing.
            if frame.height:
                yield frame
            if n_rows == 0:
                return

    return register_io_source(source, schema=schema)


def _refuse(found: pl.DataFrame) -> None:
    if found.height:
        raise UnitErrors(
            UnitProblem(
                None, row["fact"], row["value"], row["code"], row["reason"], account_id=row["account_id"]
            )
            for row in found.iter_rows(named=True)
        )


class _Asking:
    """One question about every account: the policies that may apply, and the columns of the answers."""

    def __init__(
        self, question: str, book: Book, as_of: date | datetime, known_at: date | datetime | None,
        calendar: WorkdayCalendar | None, key: str,
    ) -> None:  # fmt: skip
        self.question, self.as_of, self.known_at, self.key = question, as_of, known_at, key
        self.day, self.calendar = day_of(as_of), calendar
        self.policies = [_Policy(each) for each in book.compiled_policies(day_number(self.day))]

    @property
    def shares(self) -> bool:
        return any(each.compiled.policy.limits.per == "party" for each in self.policies)

    def nothing(self, ledgers: Ledgers) -> Pair:
        """The frames without a row: their columns."""
        return self.batch(next(iter(ledgers.batches(share=False))))

    def batch(self, batch: Batch) -> Pair:
        problems = [batch.problems]
        which, found = self._policies_of(batch)
        problems.append(found)
        rows: list[pl.DataFrame] = []
        for number, policy in [*enumerate(self.policies), (-1, None)]:
            places = np.flatnonzero(which == number)
            # Without any row, the columns are those of every policy all the same.
            if policy is None and (self.question != "positions" or not len(places)) and rows:
                continue
            found_rows, found = self._under(policy, batch, pl.Series(places))
            rows.append(found_rows.with_columns(pl.Series("#acc", places).gather(found_rows["#acc"])))
            problems.append(found)
        answered = pl.concat(rows, how="diagonal_relaxed").sort("#acc").drop("#acc")
        answered = answered.with_columns(pl.col(self.key).cast(batch.id_type))
        return answered, pl.concat(problems)

    # Policies

    def _policies_of(self, batch: Batch) -> tuple[Any, pl.DataFrame]:
        """For each account the number of its policy (-1: none, -2: it has a problem)."""
        count = batch.accounts.height
        claims = np.zeros(count, np.int64)
        which = np.full(count, -1, np.int64)
        failed = np.zeros(count, np.bool_)
        named = batch.policies.is_not_null().to_numpy()
        problems = []
        for number, policy in enumerate(self.policies):
            claimed = (batch.policies == policy.compiled.policy.id).fill_null(False).to_numpy() & named
            own = (batch.entries.currencies == policy.compiled.policy.currency).to_numpy()
            loose = ~named & ~failed & own
            applies, found = policy.applies(batch.accounts, batch.entries.ids)
            bad = np.isin(np.arange(count), found["#acc"].to_numpy()) & loose
            problems.append(found.filter(pl.col("#acc").is_in(pl.Series(np.flatnonzero(bad)).implode())))
            failed |= bad
            claimed |= applies & loose & ~bad
            which[claimed] = number
            claims += claimed
        which[failed] = -2
        lacking = (claims == 0) & ~failed & (self.question != "positions")
        which[lacking | (claims > 1)] = -2
        told = [_problems(each, batch.entries.ids) for each in problems]
        for code, some in (("no_policy", lacking), ("policy_claimed_twice", (claims > 1) & ~failed)):
            ids = batch.entries.ids.filter(pl.Series(some))
            told.append(_told(ids, None, None, code, reason(code)))
        return which, pl.concat(told)

    # Answers

    def _under(self, policy: _Policy | None, batch: Batch, places: pl.Series) -> Pair:
        """The answers for some accounts under one policy."""
        accounts, entries = batch.accounts[places], batch.entries.of(places)
        if policy is None:
            return self._plainly(accounts, entries)
        if policy.compiled.policy.limits.per != "party":
            own = ~pl.col("foreign")
            entries = Entries(entries.ids, entries.currencies, entries.parties, entries.charges, entries.payments,
                              entries.allocations, entries.events.filter(own))  # fmt: skip
        found = placed(accounts, entries, policy.compiled.terms, self.as_of, self.known_at)
        if self.question == "positions":
            return self._told(found.facts.with_row_index("#acc"), entries), _problems(None, entries.ids)
        frame, problems = policy.judged(accounts, found, entries.ids)
        if self.question == "classify_estate":
            rows = policy.classed(frame)
            return self._told(rows, entries), problems
        actions = Actions(policy.compiled, self.as_of, self.known_at, self.calendar)
        return actions.of(policy.classed(frame), found.charges, entries.ids, self.key), problems

    def _plainly(self, accounts: pl.DataFrame, entries: Entries) -> Pair:
        """Positions under no policy, in the currency of each account."""
        found = [
            placed(
                accounts.filter(pl.Series(mine)),
                entries.of(mine.arg_true()),
                LedgerTerms(str(currency)),
                self.as_of,
                self.known_at,
            ).facts.with_columns(pl.Series("#acc", mine.arg_true()))
            for currency in entries.currencies.unique()
            for mine in [entries.currencies == currency]
        ]
        if not found:
            found = [
                placed(accounts, entries, LedgerTerms(), self.as_of, self.known_at).facts.with_row_index(
                    "#acc"
                )
            ]
        rows = pl.concat([each.with_columns(pl.col("#acc").cast(pl.UInt32)) for each in found]).sort("#acc")
        return self._told(rows, entries), _problems(None, entries.ids)

    def _told(self, rows: pl.DataFrame, entries: Entries) -> pl.DataFrame:
        """The columns of a position: who and when first, the facts, and what the policy says of them."""
        ids = entries.ids.gather(rows["#acc"]).alias(self.key)
        known = told_at(self.known_at)
        head = [pl.lit(ids), pl.col("party_id"), pl.col("as_of"), known.alias("known_at"), pl.col("currency")]
        names = [name.removeprefix(OWN) for name in rows.columns]
        rows = rows.rename(dict(zip(rows.columns, names, strict=True)))
        rest = pl.exclude(
            "party_id",
            "as_of",
            "known_at",
            "currency",
            "^#.*$",
            "^stop.*$",
            "^step\\..*$",
            "owes",
            "applies",
            "step",
            "class.leaf",
            "^~.*$",
        )
        return rows.select("#acc", *head, rest)


def _told(ids: pl.Series, fact: Any, value: Any, code: str, sentence: str) -> pl.DataFrame:
    frame = pl.DataFrame({"account_id": ids})
    return frame.select(
        frame=pl.lit("accounts"), row_id="account_id", account_id="account_id", fact=pl.lit(fact, pl.String),
        value=pl.lit(value, pl.String), code=pl.lit(code), reason=pl.lit(sentence),
    )  # fmt: skip


def _problems(found: pl.DataFrame | None, ids: pl.Series) -> pl.DataFrame:
    """Problems of the engine's (#acc, fact, value, code, reason) as rows."""
    if found is None:
        return pl.DataFrame(schema=dict.fromkeys(PROBLEMS, pl.String))
    names = ids.gather(found["#acc"]).cast(pl.String)
    return found.select(
        pl.lit("accounts").alias("frame"),
        names.alias("row_id"),
        names.alias("account_id"),
        "fact",
        "value",
        "code",
        "reason",
    )


class _Policy:
    """A policy's plan over frames: whom it is for, and what it says of a position."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self._own = {**POSITION, **{fact.name: fact for fact in _more_facts(compiled)}}

    def applies(self, accounts: pl.DataFrame, ids: pl.Series) -> tuple[Any, pl.DataFrame]:
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

    def judged(self, accounts: pl.DataFrame, found: Placed, ids: pl.Series) -> Pair:
        """The positions with the answers of the plan, and the problems of those that have none."""
        plan = self.compiled.plan
        own = {name: f"{OWN}{name}" for name in found.facts.columns}
        frame = pl.concat([accounts.with_row_index("#acc"), found.facts.rename(own)], how="horizontal").lazy()
        columns = {leaf.name: f"{OWN}{leaf.name}" for leaf in plan.leaves if leaf.name in self.compiled.own}
        prepared = prepare(plan, frame, columns)
        keep = ["#acc", *own.values()]
        rows, bad = pl.collect_all(
            [prepared.rows(plan.totals, keep), prepared.problems(["#acc"])], engine="streaming"
        )
        return rows.sort("#acc"), _problems(self._reasoned(bad, plan), ids)

    def _reasoned(self, bad: pl.DataFrame, plan: Plan) -> pl.DataFrame:
        leaves = {leaf.name: leaf for leaf in plan.leaves}
        pairs = bad.select("fact", "code").unique()
        sentences = [reason(code, leaves.get(fact)) for fact, code in pairs.iter_rows()]
        said = pairs.with_columns(pl.Series("reason", sentences, dtype=pl.String))
        return bad.join(said, on=["fact", "code"], how="left", nulls_equal=True, maintain_order="left").drop(
            "fee"
        )

    def classed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the class of their arrears: "" where nothing is owed, or there are no classes."""
        compiled, policy = self.compiled, self.compiled.policy
        nothing = pl.lit("")
        kind, row = nothing, nothing
        if "class" in compiled.plan.totals:
            owes = pl.col("owes").cast(pl.Boolean)
            kind = pl.when(owes).then(_word(compiled.classes, pl.col("class"))).otherwise(nothing)
            row = pl.when(owes).then(_word(compiled.rows, pl.col("class.leaf"))).otherwise(nothing)
        told = {name: titles(policy.class_titles.get(name), name) for name in ("", *compiled.classes)}
        source = source_of(policy.source)
        rows = rows.with_columns(kind.alias("~class"), row.alias("table_row"))
        words = pl.col("~class")
        return rows.with_columns(
            words.replace_strict(
                {name: each.get("zh", "") for name, each in told.items()}, return_dtype=pl.String
            ).alias("title_zh"),
            words.replace_strict(
                {name: each.get("en", "") for name, each in told.items()}, return_dtype=pl.String
            ).alias("title_en"),
            pl.lit("" if policy.classes is None else str(policy.classes.where)).alias("where"),
            pl.lit(policy.id).alias("policy"),
            pl.lit(policy.version_name).alias("version"),
            pl.lit(
                " ".join(source[name] for name in ("document", "clause", "address") if name in source)
            ).alias("source"),
        ).with_columns(pl.col("~class").alias("class"))


def _word(words: Sequence[str], at: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(list(words) or [""], dtype=pl.String)).gather(at)


def _more_facts(compiled: Compiled) -> Iterator[PositionFact]:
    yield from (bucket_fact(bucket.name) for bucket in compiled.terms.buckets)
    yield from (
        fact
        for step in compiled.terms.steps
        for fact in step_facts(step.id, by_clock=step.more_than is not None, must_be=step.delivered)
    )


def _stand_in(leaf: Leaf) -> pl.Expr:
    """What stands for a fact of the position where none is asked: its first value."""
    match leaf.kind:
        case "choice":
            return pl.lit(leaf.codes[leaf.lo])
        case "boolean":
            return pl.lit(False)
    return pl.lit(leaf.lo // 10**leaf.places, pl.Int64)
