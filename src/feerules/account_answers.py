"""Answers for the accounts of an estate: rows and problems, in batches that are computed when they are asked for."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import polars as pl
from polars.io.plugins import register_io_source

from feerules.errors import UnitErrors, UnitProblem
from feerules.frames import Back
from feerules.progress import counting

__all__ = ["AccountsResult", "Asked", "Pair", "Part", "ahead", "refuse", "result_of"]

SLICE = 50_000  # answers that are taken up together

T = TypeVar("T")
Pair = tuple[pl.DataFrame, pl.DataFrame]
Part = Callable[[], Pair]
Parts = Callable[[], Iterator[Part]]


class Asked(NamedTuple):
    """What was asked about every account."""

    question: str
    digest: str
    as_of: date | datetime
    known_at: date | datetime | None
    key: str


@dataclass(frozen=True)
class AccountsResult:
    """The answers for the accounts of an estate, and apart from them the rows that have none.

    `rows` and `problems` are of the kind that came in; for a lazy frame or a path they are lazy, and each is
    computed on its own: `collect` and `sink` make one pass for both. Every account is in exactly one of them.
    `digest` names the rules that gave the answers.
    """

    rows: Any
    problems: Any
    asked: Asked = field(repr=False)
    parts: Parts = field(repr=False)
    back: Back = field(repr=False)

    @property
    def digest(self) -> str:
        return self.asked.digest

    @property
    def lazy(self) -> bool:
        return isinstance(self.rows, pl.LazyFrame)

    def collect(self) -> AccountsResult:
        """The same with both frames computed, in one pass over the accounts."""
        return _whole(self.asked, _all(self.parts()), lambda lazy: lazy.collect())

    def sink(
        self, path: str | Path, problems: str | Path | None = None, *, progress: bool | None = None
    ) -> AccountsResult:
        """Writes the rows to a Parquet file, and the problems beside it, in one pass and bounded memory.

        The problems go to `problems`, by default to the name of `path` with `.problems` before its ending.
        `progress` shows a bar that counts accounts; by default where the standard error is a terminal. What
        comes back are the same answers, lazily from these files: nothing is computed again.
        """
        path = Path(path)
        beside = Path(problems) if problems else path.with_suffix(f".problems{path.suffix}")
        # Elsewhere first: a file that is there already stays as it is until all is computed.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, counting(progress) as count:
            written = _write(ahead(self.parts()), Path(folder), count)
            for file, target in zip(written, (path, beside), strict=True):
                file.replace(target)
        frames = pl.scan_parquet(path), pl.scan_parquet(beside)
        return replace(
            self, rows=frames[0], problems=frames[1], parts=partial(_slices, *frames), back=_as_it_is
        )


def result_of(
    asked: Asked, parts: Parts, back: Back, nothing: Pair | None, *, strict: bool
) -> AccountsResult:
    """The answers of some parts: lazily where the frames without a row are given, else computed at once."""
    if nothing is None:
        both = _all(parts())
        refuse(both[1], strict=strict)
        return _whole(asked, both, back)
    if strict:
        refuse(pl.concat(problems for _, problems in ahead(parts())), strict=True)
    rows, problems = (_lazily(lambda: ahead(parts()), number, nothing[number].schema) for number in range(2))
    return AccountsResult(rows, problems, asked, parts, _as_it_is)


def _as_it_is(lazy: pl.LazyFrame) -> pl.LazyFrame:
    return lazy


def _whole(asked: Asked, both: Pair, back: Back) -> AccountsResult:
    rows, problems = (back(frame.lazy()) for frame in both)
    return AccountsResult(rows, problems, asked, partial(_slices, both[0].lazy(), both[1].lazy()), back)


def _slices(rows: pl.LazyFrame, problems: pl.LazyFrame) -> Iterator[Part]:
    """Answers that are there already, some rows at a time."""
    count = rows.select(pl.len()).collect().item()
    nothing = problems.clear()
    yield lambda: (rows.clear().collect(), problems.collect())
    for start in range(0, count, SLICE):
        yield partial(_slice, rows, nothing, start)


def _slice(rows: pl.LazyFrame, nothing: pl.LazyFrame, start: int) -> Pair:
    return rows.slice(start, SLICE).collect(), nothing.collect()


def ahead(parts: Iterable[Callable[[], T]]) -> Iterator[T]:
    """The answers in order, two parts at a time: what one core computes, the other need not wait for."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        running: deque[Future[T]] = deque()
        for part in parts:
            running.append(pool.submit(part))
            if len(running) == 2:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _all(parts: Iterable[Part]) -> Pair:
    rows, problems = zip(*ahead(parts), strict=True)
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


def _write(pairs: Iterator[Pair], folder: Path, count: Callable[[int], object]) -> tuple[Path, Path]:
    """Two files in a folder: rows as they come, and the problems that come with them."""
    rows, problems = folder / "rows.parquet", folder / "problems.parquet"
    first = next(pairs)

    def passing() -> Iterator[Pair]:
        for number, pair in enumerate(chain([first], pairs)):
            if pair[1].height or not number:
                pair[1].write_parquet(folder / f"some-{number:06}.parquet")
            count(pair[0].height)
            yield pair

    _lazily(passing, 0, first[0].schema).sink_parquet(rows)
    pl.scan_parquet(folder / "some-*.parquet").sink_parquet(problems)
    return rows, problems


def refuse(found: pl.DataFrame, *, strict: bool) -> None:
    """Raises every problem at once, where that is asked for."""
    if strict and found.height:
        raise UnitErrors(
            UnitProblem(
                None, row["fact"], row["value"], row["code"], row["reason"], account_id=row["account_id"]
            )
            for row in found.iter_rows(named=True)
        )
