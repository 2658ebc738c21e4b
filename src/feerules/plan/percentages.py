"""Other fees' amounts: what a percentage of them, or a formula that names them, is reckoned from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from feerules.documents.charging import Every
from feerules.documents.schedule import Fee, FeeSchedule
from feerules.errors import Where
from feerules.plan.bounds import Builder
from feerules.plan.cycles import Cycle, calendar_cycles
from feerules.plan.names import Names
from feerules.plan.nodes import Node, Slot
from feerules.plan.spans import VALID_TO
from feerules.plan.units import Term

__all__ = ["Done", "Laid", "Others", "Side"]

Side = Literal["before", "", "after"]  # of a handover or a lease; "" for the liable payer
SIDES: tuple[Side, ...] = ("before", "", "after")


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A line that has been compiled, with what is rounded together with it.

    `before` is the total of what precedes it and `upto` the total up to its end, where the fee is for the
    record at all (`charged`); `exists` says whether the line has a day in the record.
    """

    cycle: Cycle
    billed: str
    side: Side
    slot: Slot
    charged: Node
    exists: Node
    before: Node
    upto: Node


# By the version's first day and the fee.
Done = dict[tuple[int, str], list[Laid]]


class Others:
    """The other fees as one line of a fee sees them: for its own days and its payer's side."""

    def __init__(
        self, b: Builder, names: Names, schedule: FeeSchedule, fee_id: str, cycle: Cycle, *, dated: bool
    ) -> None:
        self.b, self.names, self.schedule = b, names, schedule
        self.fee_id, self.fee, self.cycle = fee_id, schedule.complete(fee_id), cycle
        self.dated = dated
        self.side: Side = ""
        # What `amount_of` tells: the line's own part, or all that is rounded together up to one of its ends.
        self.told: Literal["own", "start", "end"] = "own"
        self.laid: Callable[[str], Sequence[Laid]] = lambda _: ()
        self.lay: Callable[[str, Cycle], None] = lambda *_: None

    def named_in(self, *values: Any) -> bool:
        """Whether a part of the document is reckoned from other fees' amounts: it is for the days of the line already."""
        known = self.names.of_fees
        for each in values:
            if id(each) not in known:
                known[id(each)] = bool(self.schedule.fees_named_in(each))
        return any(known[id(each)] for each in values)

    def amount_of(self, fee_id: str, where: Where) -> Term:
        """The amounts of another fee's lines for the same days and the same payer's side."""
        b = self.b
        nodes = [self._amount(fee_id, cycle) for cycle in self._cycles_of(fee_id, where)]
        return Term(b.raised(b.total(nodes), 2), "decimal", (self.schedule.currency,), priced=True)

    # Which lines

    def _cycles_of(self, fee_id: str, where: Where) -> list[Cycle]:
        """The other fee's cycles, which must lie inside this one: else a part of its amounts would be lost."""
        theirs = self.schedule.complete(fee_id).every or Every(cycle="month")
        mine = self.fee.every or Every(cycle="month")
        if theirs == mine:
            return [self.cycle]
        period = self.cycle.period
        if period is not None and theirs.length and theirs.anniversary_of is None:
            found = calendar_cycles(self.b, theirs, period, "in_advance")
            days = [each.period for each in found if each.period is not None]
            if days and days[0].start == period.start and days[-1].end == period.end:
                return found
        raise self.names.refuse(
            where, "unsupported", f"the fee {fee_id}, whose cycles do not lie inside those of {self.fee_id}",
            "a fee with the same cycles, or with shorter ones that begin and end with them",
            f"give {self.fee_id} the same every:",
        )  # fmt: skip

    def _lines_of(self, fee_id: str, cycle: Cycle) -> list[Laid]:
        """The lines of a cycle; where it stands on another bill, they are compiled for their amounts alone."""
        found = [each for each in self.laid(fee_id) if self._is_same(each, cycle)]
        if not found:
            self.lay(fee_id, cycle)
            found = [each for each in self.laid(fee_id) if each.cycle is cycle]
        return sorted(found, key=lambda each: SIDES.index(each.side))

    def _is_same(self, line: Laid, cycle: Cycle) -> bool:
        if line.cycle is cycle or cycle.period is not None:
            return line.cycle is cycle or line.cycle.period == cycle.period
        return line.cycle.key == cycle.key and line.billed == self.fee.billed

    def _sides(self) -> Iterator[Side]:
        """The sides that this line counts: every side counts once."""
        if self.side == "" and self.fee.starts is None:
            yield "before"
        yield self.side
        if self.side == "" and self.fee.ends is None:
            yield "after"

    # What they come to

    def _amount(self, fee_id: str, cycle: Cycle) -> Node:
        b, zero = self.b, self.b.const(0, 2)
        every = self._lines_of(fee_id, cycle)
        sides = list(self._sides())
        lines = [each for each in every if each.side in sides]
        if not lines:
            return zero
        own = b.total(b.choose(each.slot.active, each.slot.values["amount"], zero) for each in lines)
        if self.told == "own":
            return own
        before = self._before(cycle, lines)
        if self._starts_anew(self.fee):
            # Its own run begins with liability: what others paid before that is no part of it.
            earlier = [each.upto for each in every if each.side == "before"]
            before = b.sub(before, b.total(earlier))
        before = b.choose(lines[0].charged, before, zero)
        return before if self.told == "start" else b.add(before, own)

    def _starts_anew(self, fee: Fee) -> bool:
        return fee.starts is not None and fee.starts.before == "nobody"

    def _before(self, cycle: Cycle, lines: Sequence[Laid]) -> Node:
        """What the fee comes to in this cycle before the days of the record, or of the payer's side."""
        b = self.b
        # A record after the cycle has all of it behind it, one before the cycle nothing.
        found = lines[-1].before
        if self.dated:
            found = b.choose(b.compare("<=", b.fact(VALID_TO), cycle.start), b.const(0, 2), found)
        for each in reversed(lines):
            found = b.choose(each.exists, each.before, found)
        return found
