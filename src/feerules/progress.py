"""A progress bar over rows that pass by, where a person is watching."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import polars as pl

__all__ = ["counted", "counting"]

Frames = tuple[pl.LazyFrame, pl.LazyFrame]


@contextmanager
def counted(frames: Frames, progress: bool | None) -> Iterator[Frames]:
    """The same frames, with a bar that counts their rows as they are computed.

    `progress` None shows it where the standard error is a terminal.
    """
    if progress is False or (progress is None and not sys.stderr.isatty()):
        yield frames
        return
    from tqdm import tqdm

    with tqdm(unit=" rows", unit_scale=True, file=sys.stderr) as bar:

        def count(batch: pl.DataFrame) -> pl.DataFrame:
            bar.update(batch.height)
            return batch

        rows, problems = (frame.map_batches(count, streamable=True) for frame in frames)
        yield rows, problems


@contextmanager
def counting(progress: bool | None, unit: str = "accounts") -> Iterator[Callable[[int], object]]:
    """A function that counts on a bar, or on nothing."""
    if progress is False or (progress is None and not sys.stderr.isatty()):
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(unit=f" {unit}", unit_scale=True, file=sys.stderr) as bar:
        yield bar.update
