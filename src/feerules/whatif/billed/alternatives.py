"""What another system may do instead of a rule: a fee with one rule altered, and what it takes to alter it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from feerules.documents.charging import Charge
from feerules.documents.schedule import Fee
from feerules.plan.lines import Version
from feerules.whatif.billed.altered import Patch

__all__ = ["Alternative", "Facts", "charges_of", "charging", "in_part", "other_value", "prefixed", "setting"]

Facts = Callable[[pl.LazyFrame], pl.LazyFrame]


@dataclass(frozen=True)
class Alternative:
    """One other way to come to the amounts of a fee.

    `change` says it as data: for a rule the book's and the other, [ours, theirs]. `of` is the fee whose
    rule differs: a fee on other fees' amounts differs where they do. `cost` is how far-fetched it is.
    """

    code: str
    name: str
    of: str
    change: Mapping[str, Any]
    cost: int = 1
    patches: Mapping[str, tuple[Patch, ...]] = field(default_factory=dict)
    facts: Facts | None = None
    months: int = 0  # how many months another period is away
    beside: bool = False  # whether the book's own amount is billed too
    row: str = ""  # the row of the table that holds for everybody; =3 for another rate in row 3

    @property
    def key(self) -> str:
        return f"{self.of}/{self.code}/{self.name}"

    @property
    def general(self) -> str:
        """The key without the row that a unit stands in by the book, which is told after a |."""
        return self.key.partition("|")[0]

    @property
    def own_row(self) -> str:
        return self.name.partition("|")[2]

    def may_replace(self, own: str) -> bool:
        """Whether it says something of units that stand in a row by the book."""
        return self.row == f"={own}" if self.row.startswith("=") else self.row != own

    def joined(self, other: Alternative) -> Alternative:
        """Both at once."""
        patches = {
            name: (*self.patches.get(name, ()), *other.patches.get(name, ()))
            for name in (*self.patches, *other.patches)
        }
        facts = [each for each in (self.facts, other.facts) if each is not None]
        return Alternative(
            "combination", f"{self.code}:{self.name}+{other.code}:{other.name}", self.of,
            {"all_of": [{"code": each.code, "name": each.name, **each.change} for each in (self, other)]},
            self.cost + other.cost + 2, patches, _one_after_another(facts) if facts else None,
        )  # fmt: skip


def _one_after_another(facts: list[Facts]) -> Facts:
    def both(frame: pl.LazyFrame) -> pl.LazyFrame:
        for each in facts:
            frame = each(frame)
        return frame

    return both


# Altering a fee


def setting(name: str, value: Any) -> Patch:
    return lambda _version, fee: None if getattr(fee, name) == value else fee.model_copy(update={name: value})


def other_value(
    code: str, name: str, of: str, key: str, ours: Any, theirs: Any, value: Any, cost: int
) -> Alternative:
    """The same rule with another value, told as [ours, theirs]."""
    return Alternative(code, name, of, {key: [ours, theirs]}, cost, {of: (setting(key, value),)})


def charges_of(fee: Fee) -> Iterator[tuple[str, Charge]]:
    yield "", fee
    yield from fee.parts.items()


def charging(part: str, name: str, value: Any) -> Patch:
    """Sets a key of the fee itself, or of one of its parts."""
    if not part:
        return setting(name, value)

    def patch(_version: Version, fee: Fee) -> Fee | None:
        if part not in fee.parts:
            return None
        changed = fee.parts[part].model_copy(update={name: value})
        return fee.model_copy(update={"parts": {**fee.parts, part: changed}})

    return patch


def prefixed(part: str) -> str:
    return f"{part}." if part else ""


def in_part(part: str, change: dict[str, Any]) -> dict[str, Any]:
    return {"part": part, **change} if part else change
