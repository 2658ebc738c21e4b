"""Two versions of a schedule, rule by rule: where they differ, and a schedule that has some of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from feerules.documents.charging import Adjustment, Charge, Tiers
from feerules.documents.model import Part
from feerules.documents.schedule import Defaults, Fee, FeeSchedule
from feerules.documents.tables import Row, Table
from feerules.documents.values import GuidedValue, SumValue, TableValue
from feerules.plan.lines import Version
from feerules.plan.lookups import NOTES
from feerules.plan.names import Names

__all__ = ["ABSENT", "Absent", "Rule", "blended", "merged", "rules_between"]

MOST_ROWS = 12  # of a table that are told one by one; of more, the table is one rule
# What people read, and nothing is worked out from.
SILENT = frozenset(("title", "note", "source", "category", "tags"))
# What moves no amount: who pays, and when it is due.
IDLE = ("issued", "due", "payer")
# In the order in which an amount comes about.
CHARGE = (
    "kind", "applies", "every", "billed", "starts", "ends", "prorate", "at_a_change", "judged",
    "per", "registers", "assign", "rate", "rate_per", "tiers", "parts", "pass_through", "share", "otherwise",
    "ceiling", "adjustments", "minimum", "maximum", "rounding", "tax",
)  # fmt: skip
# How a price comes about: where more than one of these differs, no part of it means anything alone.
PRICE = ("per", "registers", "assign", "rate", "rate_per", "tiers", "parts", "pass_through", "share")
NAMED = ("facts", "parameters", "derived", "tables")
T = TypeVar("T")


class Absent(Enum):
    """What one side has not."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule in which two schedules differ: where in them, what it said and what it says.

    `path` leads there: ("fees", "management", "rate", "2") is the third row of a table of rates, `conditions`
    are the cells under which it holds, `outputs` the places of the others. `old` or `new` is ABSENT where only
    the other has it.
    """

    path: tuple[str, ...]
    old: Any
    new: Any
    outputs: tuple[int, ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()


Pick = Callable[[Rule], bool]


def rules_between(old: Version, new: Version) -> list[Rule]:
    """Every rule that moves an amount and differs, in the order in which an amount comes about."""
    found: list[Rule] = []

    def pick(rule: Rule) -> bool:
        found.append(rule)
        return False

    blended(old, new, pick)
    return found


def blended(old: Version, new: Version, pick: Pick) -> FeeSchedule:
    """The old schedule with those rules of the new one that `pick` takes; it stands on no other document."""
    blend = _Blend(pick, (old.names, new.names))
    named = {kind: blend.named(kind) for kind in NAMED}
    before, after = old.schedule, new.schedule
    applies = blend.value(before.applies, after.applies, ("applies",))
    fees = blend.keyed(_whole(before), _whole(after), ("fees",))
    bill = blend.value(before.bill, after.bill, ("bill",))
    said = {name: getattr(after, name) for name in FeeSchedule.model_fields}
    changed = {"applies": applies, "fees": fees, "bill": bill, "include": (), "defaults": Defaults()}
    return FeeSchedule.model_construct(**said | named | changed)


def _whole(schedule: FeeSchedule) -> dict[str, Fee]:
    """Every fee with the defaults of its schedule."""
    return {fee_id: schedule.complete(fee_id) for fee_id in schedule.fees}


class _Blend:
    """Goes through both sides at once, and asks at every rule that differs which side is to hold."""

    def __init__(self, pick: Pick, names: Sequence[Names]) -> None:
        self._pick = pick
        self._names = names

    def value(self, old: Any, new: Any, path: tuple[str, ...]) -> Any:
        if _same(old, new):
            return new
        match old, new:
            case Charge(), Charge():
                return self._charge(old, new, path)
            case Tiers(), Tiers():
                return self._fields(old, new, path, Tiers.model_fields)
            case SumValue(), SumValue() if old.sum.keys() == new.sum.keys():
                return old.model_copy(update={"sum": self.keyed(old.sum, new.sum, path)})
            case GuidedValue(), GuidedValue():
                return self._fields(old, new, path, GuidedValue.model_fields)
            case TableValue(table=Table() as before), TableValue(table=Table() as after):
                heads = self._alike(old, new, before, after)
                if heads is not None:
                    return self._rows(old, before, after, heads, path)
        return self._either(Rule(path, old, new))

    def _either(self, rule: Rule) -> Any:
        return rule.new if self._pick(rule) else rule.old

    def named(self, kind: str) -> dict[str, Any]:
        """The facts, formulas or tables of both sides; one that is new moves nothing until a rule names it."""
        old, new = (getattr(names, kind) for names in self._names)
        taken = [{name for each in NAMED for name in getattr(names, each)} for names in self._names]
        both = {name: each for name, each in old.items() if name in taken[1]}
        more = {name: each for name, each in new.items() if name in taken[0]}
        apart = {name: each for name, each in {**old, **new}.items() if name not in both and name not in more}
        return {**self.keyed(both, more, (kind,)), **apart}

    def keyed(self, old: Mapping[str, T], new: Mapping[str, T], path: tuple[str, ...]) -> dict[str, Any]:
        """Two mappings key by key; what only one side has is a rule too."""
        found = {
            key: self.value(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
            for key in merged(old, new)
        }
        return {key: value for key, value in found.items() if value is not ABSENT}

    def _fields(self, old: Part, new: Part, path: tuple[str, ...], names: Iterable[str]) -> Part:
        said = {
            name: self.value(getattr(old, name), getattr(new, name), (*path, name))
            for name in names
            if name not in SILENT
        }
        return old.model_copy(update=said)

    def _charge(self, old: Charge, new: Charge, path: tuple[str, ...]) -> Charge:
        said: dict[str, Any] = {}
        price = [name for name in PRICE if not _same(getattr(old, name), getattr(new, name))]
        for name in CHARGE:
            if name not in type(old).model_fields or name in said:
                continue
            if len(price) > 1 and name in price:
                before, after = ({each: getattr(side, each) for each in price} for side in (old, new))
                said |= self._either(Rule((*path, "price"), before, after))
                continue
            pair, at = (getattr(old, name), getattr(new, name)), (*path, name)
            said[name] = getattr(self, f"_{name}", self.value)(*pair, at)
        return old.model_copy(update=said)

    def _parts(self, old: dict[str, Charge], new: dict[str, Charge], path: tuple[str, ...]) -> Any:
        # A fee that gets parts, or loses them, is another fee: no part goes without the others.
        return self.keyed(old, new, path) if old and new else self.value(old, new, path)

    def _adjustments(
        self, old: tuple[Adjustment, ...], new: tuple[Adjustment, ...], path: tuple[str, ...]
    ) -> tuple[Adjustment, ...]:
        before, after = _by_name(old), _by_name(new)
        common = [key for key in before if key in after]
        if (
            len(before) < len(old)
            or len(after) < len(new)
            or common != [key for key in after if key in before]
        ):
            return self.value(old, new, path)  # type: ignore[no-any-return]
        return tuple(self.keyed(before, after, path).values())

    # Tables

    def _alike(self, old: TableValue, new: TableValue, before: Table, after: Table) -> list[int] | None:
        """Which columns are conditions, where the tables differ in outputs alone; else None."""
        header = [str(head.name) for head in before.header]
        policy = {"table": None, "file": None}
        if (
            header != [str(head.name) for head in after.header]
            or len(before.rows) != len(after.rows)
            or old.model_copy(update=policy) != new.model_copy(update=policy)
        ):
            return None
        heads = [n for n, name in enumerate(header) if self._is_condition(name)]
        pairs = [*zip(before.rows, after.rows, strict=True)]
        if any(a.cells[n] != b.cells[n] for a, b in pairs for n in heads):
            return None
        differing = sum(not _same_row(a, b, header) for a, b in pairs)
        return heads if differing <= MOST_ROWS else None

    def _is_condition(self, name: str) -> bool:
        return any(names.is_subject(names.aliases.get(name, name)) for names in self._names)

    def _rows(
        self, spec: TableValue, before: Table, after: Table, heads: Sequence[int], path: tuple[str, ...]
    ) -> TableValue:
        header = tuple(str(head.name) for head in before.header)
        outputs = tuple(n for n, name in enumerate(header) if n not in heads and name not in NOTES)
        rows = []
        for at, (old, new) in enumerate(zip(before.rows, after.rows, strict=True)):
            if _same_row(old, new, header):
                rows.append(new)
                continue
            told = tuple((header[n], str(old.cells[n])) for n in heads if old.cells[n] != "-")
            rows.append(self._either(Rule((*path, str(at)), old, new, outputs, told)))
        return spec.model_copy(update={"table": replace(before, rows=tuple(rows)), "file": None})


def merged(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """The keys of both in one order: as the new has them, and each that is gone after the one it stood behind."""
    order = list(new)
    at = 0
    for key in old:
        if key in order:
            at = order.index(key) + 1
        else:
            order.insert(at, key)
            at += 1
    return order


def _by_name(adjustments: Iterable[Adjustment]) -> dict[str, Adjustment]:
    """Each by its title, or by its condition and what it does where it has none."""
    return {_name(each): each for each in adjustments}


def _name(adjustment: Adjustment) -> str:
    if adjustment.title is not None:
        return adjustment.title.zh or adjustment.title.en
    said = sorted(adjustment.model_fields_set - SILENT - {"when"})
    return "/".join([*said, *(f"{name} {cell}" for name, cell in adjustment.when.items())])


def _same_row(old: Row, new: Row, header: Sequence[str]) -> bool:
    pairs = zip(header, old.cells, new.cells, strict=True)
    return all(before == after for name, before, after in pairs if name not in NOTES)


def _same(old: Any, new: Any) -> bool:
    """Whether both say the same, whatever they call it."""
    if isinstance(old, Part) and type(old) is type(new):
        names = type(old).model_fields.keys() - SILENT - {*IDLE}
        return all(_same(getattr(old, name), getattr(new, name)) for name in names)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new)
