"""Which alternatives explain which lines: the one that explains most, then the next, as long as it is no chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from feerules.whatif.billed.trials import Fen, Lines, Mask, Trial

__all__ = ["Verdict", "verdicts_on"]

CHANCE = 0.02  # how likely one false verdict on a fee may be, where all differences were chance
TINY = 5  # fen: amounts so near each other meet by chance
ENOUGH = 5  # lines that only a few fen tell apart
MOSTLY = 0.8  # of the lines that an alternative changes, those that it must explain to be believed at sight
AS_GOOD = 0.98


@dataclass(frozen=True, eq=False)
class Verdict:
    """An alternative, and the lines that it explains to the fen.

    `also` are alternatives that explain the same.
    """

    trial: Trial
    explained: Mask
    also: tuple[Trial, ...]


@dataclass(frozen=True, eq=False)
class _Candidate:
    trial: Trial
    hits: Mask
    moved: Mask
    broken: int


def verdicts_on(lines: Lines, trials: Sequence[Trial], left: Mask, *, matched: int) -> list[Verdict]:
    """The alternatives that explain lines of those `left`; `matched` lines there are in all, some of them here."""
    differs = lines.differs
    scale = max(1.0, matched / max(1, int((~differs).sum())))
    candidates = [_candidate(lines, trial, differs) for trial in trials]
    candidates = [each for each in candidates if (each.hits & left).any()]
    found: list[Verdict] = []
    start = left
    while candidates:
        chances = _Chances(lines, left, len(trials))
        scored = [
            (_score(each, left, start & ~left, scale, chances), -each.trial.alternative.cost, -n)
            for n, each in enumerate(candidates)
        ]
        best = max(scored)
        if best[0] <= 0:
            break
        chosen = candidates[-best[2]]
        explained = chosen.hits & left
        also = [
            each.trial
            for (score, _, _), each in zip(scored, candidates, strict=True)
            if each is not chosen and score >= best[0] * AS_GOOD and not (explained & ~each.hits).any()
        ]
        found.append(Verdict(chosen.trial, explained, tuple(also)))
        left = left & ~explained
        candidates = [each for each in candidates if (each.hits & left).any()]
    return found


def _candidate(lines: Lines, trial: Trial, differs: Mask) -> _Candidate:
    moved = trial.known & (trial.amounts != lines.ours)
    hits = differs & trial.known & (trial.amounts == lines.billed)
    return _Candidate(trial, hits, moved, int((moved & ~differs).sum()))


class _Chances:
    """How likely it is that an amount meets a bill by chance, were the bills apart for no reason."""

    def __init__(self, lines: Lines, left: Mask, tries: int) -> None:
        self.lines = lines
        self.apart = np.sort((lines.billed - lines.ours)[left])
        self.limit = log(CHANCE / max(1, tries))

    def expected(self, amounts: Fen, at: Mask) -> float:
        """How many of some lines an alternative would meet by chance: by how common such differences are.

        Nothing is easily met: lines of which nothing was billed are all taken for chance.
        """
        unsent = at & (self.lines.billed == 0) & (amounts == 0)
        at = at & ~unsent
        apart = (amounts - self.lines.ours)[at]
        size = np.abs(apart)
        reach = np.where(size <= TINY, 0, np.maximum(2, size // 4))
        near = np.searchsorted(self.apart, apart + reach, "right") - np.searchsorted(
            self.apart, apart - reach, "left"
        )
        return float((near / (max(1, len(self.apart)) * (2 * reach + 1))).sum()) + float(unsent.sum())

    def are_against(self, explained: int, expected: float) -> bool:
        """Whether so many lines met by chance are too unlikely to be believed (Chernoff's bound)."""
        if explained <= expected:
            return False
        return explained - expected + explained * log(max(expected, 1e-12) / explained) < self.limit


def _score(each: _Candidate, left: Mask, gone: Mask, scale: float, chances: _Chances) -> float:
    """How much an alternative explains of the lines `left`; 0 where that may be chance.

    What it would change of the lines that are `gone`, which others explain, speaks against it by half.
    """
    explained = each.hits & left
    count = int(explained.sum())
    if not count:
        return 0.0
    moved = each.moved & left
    elsewhere = int((each.moved & gone).sum())
    share = count / (int(moved.sum()) + elsewhere / 2 + each.broken * scale)
    apart = np.abs((each.trial.amounts - chances.lines.ours)[explained])
    told = count >= ENOUGH or int(apart.max()) > TINY or (share == 1 and count > 1)
    plain = share >= MOSTLY and told
    if not plain and not chances.are_against(count, chances.expected(each.trial.amounts, moved)):
        return 0.0
    return count * (0.5 + 0.5 * share)
