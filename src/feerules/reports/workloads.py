"""Who calls on whom: accounts divided among collectors, so that nobody has much more to do than another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, Literal, get_args

import polars as pl

from feerules.frames import FrameError, into_lazy
from feerules.reports.entries import answers
from feerules.reports.reading import Fact, read_frame
from feerules.reports.results import Workload

__all__ = ["Measure", "shared_out"]

Measure = Literal["count", "minutes"]


def shared_out(
    accounts: Any,
    collectors: Any,
    *,
    by: Measure,
    party: str,
    minutes: Mapping[str, int] | None,
    affinity: str | None,
    strict: bool,
) -> Workload:
    """See `feerules.workload`."""
    if by not in get_args(Measure):
        raise ValueError(f"found by={by!r}, expected one of {', '.join(get_args(Measure))}")
    lazy, back = into_lazy(accounts)
    schema = lazy.collect_schema()
    facts = [Fact("account_id")]
    if affinity is not None and affinity not in schema:
        raise FrameError(f'no column "{affinity}": found {", ".join(schema)}; affinity= names a column')
    facts += [Fact(each) for each in (party, affinity) if each is not None and each in schema]
    if by == "minutes":
        known = tuple(_checked(minutes)) if minutes is not None else ()
        facts += (
            [Fact("minutes", "count", needed=True)]
            if minutes is None
            else [Fact("channel", "word", needed=True, words=known)]
        )
    read = read_frame("accounts", lazy, facts, key="account_id", unique=False)
    pieces = _pieces(_accounts(read.rows.collect(), by, party, affinity, minutes))
    loads = _shared(pieces, _collectors(collectors))
    with_minutes = ["minutes"] if by == "minutes" else []
    rows = _rows(pieces, [*with_minutes])
    frames = [rows.lazy(), _summary(loads, affinity, with_minutes).lazy()]
    return Workload(*answers(frames, [read.problems], back, strict=strict))


def _checked(minutes: Mapping[str, int]) -> Mapping[str, int]:
    for channel, each in minutes.items():
        if type(each) is not int or each < 0:
            raise ValueError(f"found minutes {each!r} for {channel}, expected a whole number from 0 up")
    return minutes


def _collectors(given: Any) -> list[str]:
    """The ids, in the order of their UTF-8 bytes, which is Python's order of text."""
    if not isinstance(given, list | tuple):
        found = into_lazy(given)[0].collect()
        if "collector_id" not in found.columns:
            raise FrameError(f"collectors without the column collector_id: found {', '.join(found.columns)}")
        given = found["collector_id"].to_list()
    ids = [None if each is None or each == "" else str(each) for each in given]
    if not ids or None in ids or len({*ids}) < len(ids):
        raise ValueError(f"found the collectors {given!r:.80}, expected one or more ids, each once")
    return sorted(each for each in ids if each is not None)


# What is kept together


@dataclass(slots=True)
class Account:
    id: str
    parties: list[str]
    places: list[str]
    minutes: int
    weight: int


@dataclass(slots=True)
class Piece:
    """Accounts that one collector gets, because one party answers for them."""

    accounts: list[Account]
    collector: str = ""

    @property
    def weight(self) -> int:
        return sum(account.weight for account in self.accounts)

    @property
    def places(self) -> set[str]:
        return {place for account in self.accounts for place in account.places}


def _accounts(
    rows: pl.DataFrame, by: Measure, party: str, affinity: str | None, minutes: Mapping[str, int] | None
) -> list[Account]:
    """One of each account, however many rows tell of it; their minutes add up."""
    if by == "count":
        time: pl.Expr = pl.lit(0, pl.Int64)
    elif minutes is None:
        time = pl.col("minutes")
    else:
        time = pl.col("channel").replace_strict(dict(minutes), return_dtype=pl.Int64)
    listed = [
        (pl.col(each) if each in rows.columns else pl.lit(None, pl.String)).alias(name)
        for name, each in (("parties", party), ("places", affinity))
    ]
    found = (
        rows.select("account_id", *listed, time.alias("minutes"))
        .group_by("account_id")
        .agg(pl.col("parties", "places").drop_nulls().unique().sort(), pl.col("minutes").sum())
        .sort("account_id")
    )
    return [
        Account(id_, parties, places, spent, spent if by == "minutes" else 1)
        for id_, parties, places, spent in found.iter_rows()
    ]


def _pieces(accounts: Sequence[Account]) -> list[Piece]:
    """The accounts that are tied by a party, directly or through others; the heaviest first, then by id."""
    root: dict[str, str] = {}

    def top(party: str) -> str:
        while (above := root.setdefault(party, party)) != party:
            root[party] = party = root[above]
        return party

    for account in accounts:
        for party in account.parties[1:]:
            root[top(party)] = top(account.parties[0])
    together: dict[tuple[str, str], list[Account]] = {}
    for account in accounts:
        tie = ("party", top(account.parties[0])) if account.parties else ("account", account.id)
        together.setdefault(tie, []).append(account)
    # The accounts are in order of their ids, and so the first of a piece is its lowest.
    return sorted(map(Piece, together.values()), key=lambda piece: (-piece.weight, piece.accounts[0].id))


# Sharing


@dataclass(slots=True)
class Load:
    collector: str
    weight: int = 0
    minutes: int = 0
    accounts: int = 0
    parties: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)

    @property
    def rank(self) -> tuple[int, str]:
        return self.weight, self.collector

    def take(self, piece: Piece) -> None:
        piece.collector = self.collector
        self.weight += piece.weight
        self.minutes += sum(account.minutes for account in piece.accounts)
        self.accounts += len(piece.accounts)
        self.parties.update(party for account in piece.accounts for party in account.parties)
        self.places |= piece.places


def _shared(pieces: Sequence[Piece], collectors: Sequence[str]) -> list[Load]:
    """Gives each piece to whoever has least to do, or to one who is at that place anyway.

    The second only where that leaves nobody more than the largest piece above the least loaded; so the
    loads never differ by more than that piece.
    """
    loads = {each: Load(each) for each in collectors}
    least = [load.rank for load in loads.values()]
    heapify(least)
    at: dict[str, set[str]] = {}
    most = pieces[0].weight if pieces else 0
    for piece in pieces:
        while least[0] != loads[least[0][1]].rank:
            heappop(least)
        lowest, idle = least[0]
        there = [loads[each] for place in piece.places for each in at.get(place, ())]
        fit = [load for load in there if load.weight + piece.weight <= lowest + most]
        chosen = min(fit, key=lambda load: load.rank, default=loads[idle])
        chosen.take(piece)
        heappush(least, chosen.rank)
        for place in piece.places:
            at.setdefault(place, set()).add(chosen.collector)
    return [loads[each] for each in collectors]


def _rows(pieces: Sequence[Piece], columns: Sequence[str]) -> pl.DataFrame:
    schema = {"account_id": pl.String, "collector_id": pl.String, "minutes": pl.Int64}
    rows = [(account.id, piece.collector, account.minutes) for piece in pieces for account in piece.accounts]
    told = pl.DataFrame(rows, schema=schema, orient="row").sort("collector_id", "account_id")
    return told.select("account_id", "collector_id", *columns)


def _summary(loads: Sequence[Load], affinity: str | None, columns: Sequence[str]) -> pl.DataFrame:
    rows: Iterator[tuple[Any, ...]] = (
        (load.collector, load.accounts, len(load.parties), len(load.places), load.minutes) for load in loads
    )
    schema = {
        "collector_id": pl.String,
        **dict.fromkeys(("accounts", "parties", "places", "minutes"), pl.Int64),
    }
    told = pl.DataFrame(list(rows), schema=schema, orient="row")
    places = [] if affinity is None else ["places"]
    return told.select("collector_id", "accounts", "parties", *places, *columns)
