"""What is contradictory about many accounts, as it is found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from feerules.engines.batches import Entries
from feerules.engines.segments import Bools, Ints, firsts, ints

__all__ = ["Findings", "repeated"]


class Findings:
    """Contradictions: for each account those of (code, sort of entry, id)."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(self, code: str, sort: str, acc: Ints, ids: pl.Series) -> None:
        if len(acc):
            self._parts.append(
                pl.DataFrame({"acc": acc.astype(np.int32), "id": ids}).select(
                    "acc", code=pl.lit(code), sort=pl.lit(sort), id="id"
                )
            )

    def told(self) -> pl.DataFrame:
        """Each contradiction once, in order."""
        if not self._parts:
            kinds = {"acc": pl.Int32, "code": pl.String, "sort": pl.String, "id": pl.String}
            return pl.DataFrame(schema=kinds)
        return pl.concat(self._parts).unique().sort("acc", "code", "sort", "id")


def repeated(entries: Entries) -> Bools:
    """The accounts of which two entries of a sort share an id: which of them stands is told by all their columns."""
    found = np.zeros(len(entries.ids), np.bool_)
    frames: Sequence[pl.DataFrame] = (entries.charges, entries.payments, entries.events)
    for frame in frames:
        if not frame.height:
            continue
        hashes = frame["id"].hash().to_numpy() ^ (
            frame["acc"].to_numpy().astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        )
        in_order = np.sort(hashes)
        twice = in_order[1:][~firsts(in_order)[1:]]
        if len(twice):
            # Equal hashes are only suspects: the ids themselves decide.
            suspects = frame.select("acc", "id").filter(pl.Series(np.isin(hashes, twice)))
            found[ints(suspects.filter(suspects.is_duplicated())["acc"])] = True
    return found
