"""The search for causes: for each fee the alternatives are tried on its lines, and those that explain lines are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from feerules.book import Book
from feerules.periods import Period
from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.alternatives import Alternative
from feerules.whatif.billed.families import alternatives_of, shared_alternatives
from feerules.whatif.billed.flaws import flawed, periods_of, rounded_shares
from feerules.whatif.billed.pairs import likely_pairs
from feerules.whatif.billed.price_alternatives import cells_of
from feerules.whatif.billed.quantities import implied_alternatives, quantity_alternatives
from feerules.whatif.billed.sampling import facts_of, parts_of, sample_of, units_of
from feerules.whatif.billed.traits import Test, all_hold, told_apart
from feerules.whatif.billed.trials import Asked, Lines, Mask, Trial, details_of, tried
from feerules.whatif.billed.verdicts import Verdict, verdicts_on

__all__ = ["FeeSearch", "Found"]

MOSTLY = 0.95  # of the lines that an alternative changes: what it does not explain of them are exceptions
Tick = Callable[[int], object]


@dataclass(frozen=True, eq=False)
class Found:
    """A cause of one fee, and the units whose lines it explains."""

    fee: str
    alternative: Alternative
    units: pl.Series
    touched: int
    broken: int
    tried: int
    also: tuple[Alternative, ...] = ()
    where: tuple[Test, ...] = ()
    whole: bool = False  # whether it needs no condition: every line that it is about has it


@dataclass(eq=False)
class FeeSearch:
    """One fee: its lines (unit_id, ours, billed in fen, and state), and every unit that was priced."""

    book: Book
    fee: str
    period: Period
    asked: Asked
    rows: pl.DataFrame
    priced: pl.Series
    tick: Tick
    inherited: Sequence[Found] = ()  # what explains lines of the fees that this one needs
    found: list[Found] = field(default_factory=list)

    def run(self) -> list[Found]:
        """Every cause that is found, the one that explains most first."""
        self.alone = FeeAlone(self.book, self.fee, self.period)
        self.differing = self.rows.filter(pl.col("state") != "matched")
        self.sample = sample_of(self.alone, self.asked, self.rows, self.priced)
        self.near = self.sample.asked
        columns = self.sample.matching.columns
        self.lines = Lines.of(pl.concat([self.sample.differing.select(columns), self.sample.matching]))
        facts = _readable(units_of(self.near, self.lines.units), self.asked.key, self.lines.units)
        # Of conditions that say the same, one on what the fee asks is the better.
        own = facts_of(self.alone, self.asked, facts.columns)
        self.facts = facts.select(*own, pl.exclude(own))
        self.sent = self.rows["billed"].null_count() < len(self.rows)
        if self.sent:  # else there is nothing to say but that it is never billed
            self._verdicts()
        self._missing_and_extra()
        return self.found

    # Alternatives

    def _verdicts(self) -> None:
        self.details = details_of(self.alone, self.near)
        matched = len(self.priced) - len(self.differing)
        alternatives = self._alternatives()
        trials = self._split([*self._trials(alternatives, self.lines)])
        verdicts = verdicts_on(self.lines, trials, self.lines.differs, matched=matched)
        left = self.lines.differs & ~_any_of(verdicts, len(self.lines))
        pairs = [] if self.alone.shares else likely_pairs(alternatives, trials, self.lines, left)
        if pairs:
            verdicts += verdicts_on(self.lines, [*self._computed(pairs, self.lines)], left, matched=matched)
        marked = self._marked(verdicts)
        explained = _any_of(verdicts, len(self.lines))
        for verdict, keys in zip(verdicts, marked, strict=True):
            if len(keys):
                self.found.append(self._told(verdict, keys, explained))

    def _alternatives(self) -> list[Alternative]:
        if self.alone.shares:
            return [*shared_alternatives(self.alone), *periods_of(self.alone)]
        near = self.near.units
        found = [*alternatives_of(self.alone), *periods_of(self.alone)]
        found += quantity_alternatives(self.alone, near, self.asked.key, self.lines, self.details)
        found += implied_alternatives(self.alone, near, self.lines, self.details)
        found += [each.alternative for each in self.inherited]
        return [*{each.key: each for each in found}.values()]

    def _trials(self, alternatives: Sequence[Alternative], lines: Lines) -> Iterator[Trial]:
        yield from self._computed(alternatives, lines)
        yield from flawed(lines, self.details, self.fee)
        if self.alone.shares:
            yield from rounded_shares(self.alone, self.near, lines)

    def _computed(self, alternatives: Sequence[Alternative], lines: Lines) -> Iterator[Trial]:
        units = {each.alternative.key: each.units for each in self.inherited}
        for trial in tried(self.alone, alternatives, self.near, lines, self.tick):
            own = units.get(trial.alternative.key)
            if own is None:
                yield trial
            else:  # it is known already for which units it holds
                yield replace(trial, known=trial.known & lines.units.is_in(own.implode()).to_numpy())

    def _split(self, trials: Sequence[Trial]) -> list[Trial]:
        """The rate of a row for everybody says something of those alone who stand in another one: row by row."""
        rows = self._own_rows(self.lines)
        found = [trial for trial in trials if not trial.alternative.row]
        for trial in trials:
            if trial.alternative.row:
                hits = trial.known & (trial.amounts == self.lines.billed) & self.lines.differs
                own_rows = rows.filter(pl.Series(hits)).unique().sort()
                found += [
                    self._of_row(trial, own, rows) for own in own_rows if trial.alternative.may_replace(own)
                ]
        return found

    def _of_row(self, trial: Trial, own: str, rows: pl.Series) -> Trial:
        alternative = trial.alternative
        change = {
            **alternative.change,
            "own_row": own,
            "own_cells": cells_of(self.alone, alternative.of, own),
        }
        told = replace(
            alternative, name=f"{alternative.name}|{own}" if own else alternative.name, change=change
        )
        return Trial(told, trial.amounts, trial.known & (rows == own).to_numpy())

    def _own_rows(self, lines: Lines) -> pl.Series:
        """The table row that decides each line, "" where none does."""
        keys = pl.DataFrame({"unit_id": lines.units})
        return keys.join(self.details, on="unit_id", how="left", maintain_order="left")[
            "table_row"
        ].fill_null("")

    # All lines

    def _marked(self, verdicts: Sequence[Verdict]) -> list[pl.Series]:
        """The units whose lines each verdict explains: of the lines that were tried, or of all."""
        if self.sample.whole or not verdicts:
            return [self.lines.units.filter(pl.Series(each.explained)) for each in verdicts]
        marked: list[list[pl.Series]] = [[] for _ in verdicts]
        for near, some in parts_of(self.alone, self.asked, self.differing):
            self.near = near
            self.details = details_of(self.alone, self.near)
            for keys, found in zip(marked, self._marked_in(verdicts, Lines.of(some)), strict=True):
                keys.append(found)
        return [pl.concat(keys) for keys in marked]

    def _marked_in(self, verdicts: Sequence[Verdict], lines: Lines) -> Iterator[pl.Series]:
        """The same for some lines: each is explained by the first verdict that does."""
        wanted = {each.trial.alternative.general: each.trial.alternative for each in verdicts}
        originals = [replace(each, name=each.name.partition("|")[0]) for each in wanted.values()]
        trials = {each.alternative.key: each for each in self._trials(originals, lines)}
        rows, left = self._own_rows(lines), lines.differs
        for verdict in verdicts:
            alternative = verdict.trial.alternative
            trial = trials.get(alternative.general)
            hits = np.zeros(len(lines), np.bool_)
            if trial is not None:
                hits = trial.known & (trial.amounts == lines.billed) & left
            if alternative.row:
                hits = hits & (rows == alternative.own_row).to_numpy()
            yield lines.units.filter(pl.Series(hits))
            left = left & ~hits

    def _told(self, verdict: Verdict, keys: pl.Series, explained: Mask) -> Found:
        """A verdict with what speaks against it: the lines that it would change, and that nothing explains so."""
        trial, differs = verdict.trial, self.lines.differs
        others = trial.known & (trial.amounts != self.lines.ours) & ~explained
        own = int(verdict.explained.sum())
        mostly = own >= MOSTLY * (own + int(others.sum()))
        where = () if mostly else told_apart(self.facts, verdict.explained, others, self.period)
        also = tuple(each.alternative for each in verdict.also if each.alternative.code != "rate")
        return Found(
            self.fee, trial.alternative, keys, len(keys) + int(others.sum()), int((others & ~differs).sum()),
            int((~differs).sum()), also[:3], where, whole=len(keys) > 1 and not others.any(),
        )  # fmt: skip

    # What no alternative explains

    def _missing_and_extra(self) -> None:
        gone = (
            pl.concat([each.units for each in self.found]) if self.found else pl.Series([], dtype=pl.String)
        )
        left = self.lines.differs & ~self.lines.units.is_in(gone.implode()).to_numpy()
        charged, sent = self.lines.ours != 0, self.lines.billed != 0
        self._one_sided("missing", left & charged & ~sent, charged & ~(left & ~sent), gone)
        self._one_sided("extra", left & ~charged & sent, ~charged & ~(left & sent), gone)

    def _one_sided(self, code: str, these: Mask, others: Mask, gone: pl.Series) -> None:
        """Lines that one side alone has, where a condition tells them from the lines that both or neither have."""
        if not these.any():
            return
        never = code == "missing" and not self.sent
        where = () if never else told_apart(self.facts, these, others, self.period)
        if not (never or where or not others.any()):
            return
        side = pl.col("billed") if code == "missing" else pl.col("ours")
        every = self.differing.filter((side.fill_null(0) == 0) & ~pl.col("unit_id").is_in(gone.implode()))[
            "unit_id"
        ]
        if where:
            facts = _readable(units_of(self.asked, every), self.asked.key, every)
            every = every.filter(pl.Series(all_hold(where, facts)))
        change = {code: True, "never": never} if code == "missing" else {code: True}
        alternative = Alternative(code, "never" if never else "some", self.fee, change)
        self.found.append(
            Found(self.fee, alternative, every, len(every), 0, int(others.sum()), (), where, whole=not where)
        )


def _any_of(verdicts: Sequence[Verdict], size: int) -> Mask:
    found = np.zeros(size, np.bool_)
    for each in verdicts:
        found |= each.explained
    return found


def _readable(units: pl.DataFrame, key: str, unit_ids: pl.Series) -> pl.DataFrame:
    """What is known of the unit of each line: the last of its rows; texts that are all numbers or days as these."""
    unit = pl.col(key).cast(pl.String).alias("#unit")
    last = units.with_columns(unit).unique("#unit", keep="last", maintain_order=True)
    facts = pl.DataFrame({"#unit": unit_ids}).join(last, on="#unit", how="left", maintain_order="left")
    return facts.drop("#unit", key).with_columns(
        _read(facts[name]) for name in facts.columns if facts.schema[name] == pl.String and name != key
    )


def _read(column: pl.Series) -> pl.Series:
    said = column.set(column == "", None)
    for kind in (pl.Float64, pl.Date):
        read = said.str.to_date(strict=False) if kind == pl.Date else said.cast(kind, strict=False)
        if read.null_count() == said.null_count() < len(said):
            return read
    return said
