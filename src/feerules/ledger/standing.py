"""Disputes, hardship, death, holds and court: how the account stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from feerules.ledger.agreements import Changes, Values
from feerules.ledger.rows import NEVER, EventRow
from feerules.ledger.seen import Seen

__all__ = ["charges_named", "court_of", "standing", "states_of"]


class _Named(Protocol):
    @property
    def charge_ids(self) -> Sequence[str]: ...


class _Lasting(_Named, Protocol):
    """An event that stands from its day on."""

    @property
    def day(self) -> int: ...
    @property
    def closing(self) -> bool: ...
    @property
    def ends(self) -> int | None: ...


_N = TypeVar("_N", bound=_Named)
_L = TypeVar("_L", bound=_Lasting)


def standing(events: Iterable[_L], *, ending: bool = True) -> list[_L]:
    """The events without those that were closed, each by the latest that stood; `ending`: to their end at most."""
    found: list[_L] = []
    for event in events:
        if not event.closing:
            found.append(event)
            continue
        left = [each for each in found if not ending or each.ends is None or event.day < each.ends]
        closed = _latest(left, event.charge_ids)
        if closed is not None:
            found.remove(closed)
    return found


def _latest(found: Sequence[_N], charge_ids: Sequence[str]) -> _N | None:
    """The latest; where charges are named, the latest that names exactly these."""
    names = frozenset(charge_ids)
    fitting = (each for each in reversed(found) if not names or names == frozenset(each.charge_ids))
    return next(fitting, None)


# Disputes, hardship, death, holds


def states_of(seen: Seen, as_of: int, values: Values, changes: Changes) -> str | None:
    """Disputes, hardship, death and holds: each while any of them stands. Gives the reason of the hold."""
    for name in ("hardship", "death"):
        values[name] = int(bool(_open(seen, name, as_of, changes)))
    if "dispute" in seen.events:
        values["dispute_state"] = "open" if _open(seen, "dispute", as_of, changes) else "closed"
    holds = _open(seen, "hold", as_of, changes)
    if not holds:
        return None
    # Nobody is pressed before the last of them has been looked at: that one tells when and why.
    decides = max(reversed(holds), key=lambda hold: NEVER if hold.review is None else hold.review)
    values["hold"] = 1
    values["hold_review_on"] = decides.review
    ends = [hold.review if hold.ends is None else hold.ends for hold in holds]
    values["hold_until"] = max((end for end in ends if end is not None), default=None)
    return decides.reason


def charges_named(seen: Seen, sorts: Sequence[str], as_of: int) -> frozenset[str]:
    """The charges that events of these sorts name which stand."""
    standing_ = (event for sort in sorts for event in _left(seen, sort, as_of))
    return frozenset(name for event in standing_ for name in event.charge_ids)


def _left(seen: Seen, name: str, as_of: int) -> list[EventRow]:
    """The events of a sort that stand on a day: neither closed nor at their end."""
    if name not in seen.events:
        return []
    return [event for event in standing(seen.events[name]) if event.ends is None or as_of < event.ends]


def _open(seen: Seen, name: str, as_of: int, changes: Changes) -> list[EventRow]:
    """The same, and when they end."""
    left = _left(seen, name, as_of)
    changes += [event.ends for event in left if event.ends is not None]
    return left


# Court


@dataclass(eq=False, slots=True)
class _Proceeding:
    charge_ids: Sequence[str]
    hearing: int | None
    decided: bool


def court_of(seen: Seen, as_of: int, values: Values, changes: Changes) -> None:
    """The state of the last proceeding that stands: `ends_on` is the day of the hearing, `outcome` what the court said."""
    proceedings = _proceedings(seen.events.get("court", ()))
    if not proceedings:
        return
    hearing, decided = proceedings[-1].hearing, proceedings[-1].decided
    values["hearing_on"] = hearing
    if decided:
        values["court_state"] = "decided"
    elif hearing is None:
        values["court_state"] = "filed"
    else:
        values["court_state"] = "scheduled" if hearing >= as_of else "awaiting_outcome"
        changes.append(hearing + 1)


def _proceedings(events: Sequence[EventRow]) -> list[_Proceeding]:
    """Those that stand. What tells neither a hearing nor an outcome is filed anew; other events carry on the latest."""
    found: list[_Proceeding] = []
    for event in events:
        begins = not event.closing and event.ends is None and event.outcome is None
        case = None if begins else _latest(found, event.charge_ids)
        if event.closing:
            if case is not None:
                found.remove(case)
        elif case is None:
            found.append(_Proceeding(event.charge_ids, event.ends, event.outcome is not None))
        else:
            case.hearing = event.ends if event.ends is not None else case.hearing
            case.decided = event.outcome is not None
    return found
