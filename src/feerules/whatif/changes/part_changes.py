"""Two parts of rules compared key by key: what says the same is passed by, whatever its form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from feerules.documents.charging import Charge, Tiers
from feerules.documents.fields import Words
from feerules.documents.formulas import Formula
from feerules.documents.model import UNPLACED, Part
from feerules.documents.policy import DatedValue
from feerules.documents.tree import Text
from feerules.documents.values import TableValue
from feerules.errors import Where
from feerules.plan.names import place_of
from feerules.whatif.changes.asked import Asked, Together, asked
from feerules.whatif.changes.change import Change, Piece
from feerules.whatif.changes.forms import data_of, form_of, number_of, unit_of
from feerules.whatif.changes.keys import ATOMS, ORDERED, SINGULAR, WHOLE, kind_of, label_of
from feerules.whatif.changes.members import name_of, paired
from feerules.whatif.changes.sayings import Numbered
from feerules.whatif.changes.sides import Incomparable, Pair, Side
from feerules.whatif.changes.table_changes import Difference, differences
from feerules.whatif.changes.table_rows import TableRow, TableRows, rows_of, rows_of_value
from feerules.whatif.changes.tier_changes import TierChange, tier_changes

__all__ = ["Comparing", "Spot"]

# Members whose names alone do not say what they are.
NAMED = frozenset(
    ("parameters", "derived", "tables", "facts", "buckets", "registers", "class_titles", "acts", "tests")
)

Both = tuple[Any, Any]  # of the old version, and of the new
Places = tuple[Where | None, Where | None]
Said = tuple[Any, str]  # the part that has a key, and the key


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a document a comparison is: its keys, the beginning of its codes, how people call it."""

    keys: tuple[str, ...] = ()
    path: str = ""
    noun: str = ""
    pieces: tuple[Piece, ...] = ()
    base: Mapping[str, Any] | None = None  # what every change here has in common
    otherwise: Both = (None, None)  # what a charge says for its tables that say nothing themselves

    def key(self, key: str) -> Spot:
        """The spot of a key below this one."""
        keys = (*self.keys, key)
        label: Piece = label_of(keys) or {"zh": key, "en": key.replace("_", " ")}
        one = SINGULAR.get(key, key)
        noun, pieces = f"{self.noun}_{one}".lstrip("_"), (*self.pieces, label)
        if self.keys and self.keys[-1] in WHOLE:
            noun = self.noun
        elif key == "steps":  # people know them without their ladder
            noun, pieces = one, (label,)
        return replace(self, keys=keys, path=f"{self.path}.{key}".lstrip("."), noun=noun, pieces=pieces)

    def member(self, name: str, title: Piece) -> Spot:
        """The spot of a member of a list or mapping."""
        above = self.pieces if self.keys[-1] in NAMED else self.pieces[:-1]
        pieces = (*above, title)
        return replace(self, path=f"{self.path}.{name}", pieces=pieces)


class Comparing:
    """Compares the parts of two versions and keeps each change."""

    def __init__(self, pair: Pair, common: Mapping[str, Any]) -> None:
        self.pair, self.common = pair, dict(common)
        self.found: list[Change] = []

    # What is kept

    def keep(self, spot: Spot, said: Both, places: Places, code: str = "", **more: Any) -> None:
        """Keeps what was said before and is said after, and where."""
        before, after = said
        old, new = places
        told = {**self.common, **(spot.base or {}), **more}
        verb = "added" if before is None else "removed" if after is None else "changed"
        told.setdefault("kind", kind_of(spot.keys))
        told |= {"code": code or f"{spot.noun}_{verb}", "path": spot.path, "subject": spot.pieces}
        told |= {"before": before, "after": after}
        told |= {"old": None if before is None else old, "new": None if after is None else new}
        self.found.append(Change(**told))

    # Parts

    def part(self, spot: Spot, old: Part, new: Part, skip: Iterable[str] = ()) -> None:
        """Every key of two parts of one class."""
        for key, field in type(new).model_fields.items():
            if key not in skip and key != "otherwise":  # that is told with the table
                said = field.alias or key
                if isinstance(old, Charge) and isinstance(new, Charge):
                    holds = key in ("rate", "tiers", "ceiling")
                    spot = replace(spot, otherwise=(old.otherwise, new.otherwise) if holds else (None, None))
                here = spot.key(said)
                if type(new).short == key:  # a tax is its rate: it needs no word of its own
                    here = replace(here, pieces=spot.pieces, noun=spot.noun)
                self.value(here, getattr(old, key), getattr(new, key), (old, said), (new, said))

    def value(self, spot: Spot, old: Any, new: Any, was: Said, now: Said) -> None:
        """What one key says, in both versions; `was` and `now` are the parts that have it, and the key."""
        old, new = form_of(self.pair.old, spot.keys, old), form_of(self.pair.new, spot.keys, new)
        if old is new:
            return
        match (old, new):
            case (TableValue(), _) | (_, TableValue()) if _is_table_or_one(old) and _is_table_or_one(new):
                self.table(spot, old, new, was, now)
            case (Tiers(), Tiers()):
                self.tiers(spot, old, new)
            case (Part(), Part()) if type(old) is type(new) and not isinstance(new, ATOMS):
                self.part(spot, old, new)
            case (tuple(), tuple()) if spot.keys[-1] == "any":
                self.alternatives(spot, old, new, was, now)
            case (dict(), dict()) if spot.keys[-1] in ("applies", "when"):
                self.cells(spot, old, new)
            case (dict(), dict()):
                self.members(spot, old, new, was[0].where, now[0].where)
                if getattr(now[0], "assign", None) == "in_order" and spot.keys[-1] == "registers":
                    self.order(spot, [*old], [*new], was, now)
            case (tuple(), tuple()) if any(isinstance(each, Part) for each in (*old, *new)):
                self.list(spot, old, new, was, now)
            case _:
                self.plain(spot, old, new, was, now)

    def plain(self, spot: Spot, old: Any, new: Any, was: Said, now: Said) -> None:
        """Two values that are told as they are."""
        if _same(old, new, ordered=spot.keys[-1] in ORDERED):
            return
        places = _place(*was), _place(*now)
        key = spot.keys[-1]
        self.keep(
            spot,
            (data_of(old, key), data_of(new, key)),
            places,
            unit=unit_of(spot.keys, old, new, written=(_written(*was), _written(*now))),
        )

    # Conditions

    def cells(self, spot: Spot, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """What `applies` or `when` asks, fact by fact."""
        before = {self.pair.old.name(name): (name, cell) for name, cell in old.items()}
        after = {self.pair.new.name(name): (name, cell) for name, cell in new.items()}
        for name in dict.fromkeys((*after, *before)):
            one, other = before.get(name), after.get(name)
            told = self._asked(name, one, new=False), self._asked(name, other, new=True)
            if told[0] != told[1]:
                places = _cell_place(one), _cell_place(other)
                self.keep(replace(spot, path=f"{spot.path}.{name}"), told, places)

    def alternatives(
        self,
        spot: Spot,
        old: Sequence[Mapping[str, str]],
        new: Sequence[Mapping[str, str]],
        was: Said,
        now: Said,
    ) -> None:
        """Conditions of which one must hold."""
        before = tuple(self._alternative(each, self.pair.old, new=False) for each in old)
        after = tuple(self._alternative(each, self.pair.new, new=True) for each in new)
        if {each.cell for each in before} != {each.cell for each in after}:
            self.keep(spot, (before or None, after or None), (_place(*was), _place(*now)))

    def _alternative(self, cells: Mapping[str, str], side: Side, *, new: bool) -> Together:
        named = {side.name(name): (name, cell) for name, cell in cells.items()}
        asked_for = [self._asked(name, said, new=new) for name, said in sorted(named.items())]
        return Together(tuple(each for each in asked_for if each is not None))

    def _asked(self, name: str, said: tuple[str, str] | None, *, new: bool) -> Asked | None:
        if said is None:
            return None
        side = self.pair.new if new else self.pair.old
        try:
            common = self.pair.common(name)
            found = asked(self.pair, common, common.read(side, said[1], new=new)[1])
        except Incomparable:
            cell = str(said[1])
            return Asked(name, cell, self.pair.title(name), "text", words=({"zh": cell, "en": cell},))
        return found or Asked(name, "-", self.pair.title(name))

    # Mappings and lists

    def members(
        self, spot: Spot, old: Mapping[str, Any], new: Mapping[str, Any], was: Where, now: Where
    ) -> None:
        """The members of two mappings, by name."""
        for name in dict.fromkeys((*new, *old)):
            here = spot.member(name, self._title(name, new.get(name, old.get(name))))
            one, other = old.get(name), new.get(name)
            if one is not None and other is not None:
                self.value(here, one, other, (_Holder(old, was), name), (_Holder(new, now), name))
            else:
                places = place_of(_key(old, name), was), place_of(_key(new, name), now)
                unit = unit_of(spot.keys, one, other)
                self.keep(here, (data_of(one), data_of(other)), places, unit=unit)

    def _title(self, name: str, member: Any) -> Piece:
        title = getattr(member, "title", None)
        if isinstance(title, Words):
            return {"zh": title.zh, "en": title.en}
        return {"zh": name, "en": name.replace("_", " ")}

    def list(self, spot: Spot, old: Sequence[Any], new: Sequence[Any], was: Said, now: Said) -> None:
        """The members of two lists, each with the one that it was."""
        if isinstance((*new, *old)[0], ATOMS):
            self.plain(spot, old, new, _first_apart(old, new, was), _first_apart(new, old, now))
            return
        pairs = [*paired(old, new)]
        for one, other in pairs:
            member = other or one
            here = self._member(spot, member, new.index(member) if other else old.index(member))
            if one is not None and other is not None:
                self.part(here, one, other)
            else:
                places = (one and one.where), (other and other.where)
                unit = unit_of(here.keys, one, other)
                whole = replace(here, pieces=(*spot.pieces, here.pieces[-1]))
                self.keep(whole, (data_of(one), data_of(other)), places, unit=unit)
        if spot.keys[-1] in ORDERED:
            both = [(one, other) for one, other in pairs if one is not None and other is not None]
            before = [name_of(one, old.index(one)) for one in old if any(one is each for each, _ in both)]
            after = [
                name_of(one, old.index(one)) for one, _ in sorted(both, key=lambda pair: new.index(pair[1]))
            ]
            self.order(spot, before, after, was, now)

    def order(self, spot: Spot, old: Sequence[str], new: Sequence[str], was: Said, now: Said) -> None:
        """The order of what both lists have, where it says something."""
        told = tuple(name for name in old if name in new), tuple(name for name in new if name in old)
        if told[0] != told[1]:
            here = replace(spot, path=f"{spot.path}.order", pieces=(*spot.pieces, label_of(("order",))))
            places = was[0].where_of(was[1]), now[0].where_of(now[1])
            one = SINGULAR.get(spot.keys[-1], spot.keys[-1])
            self.keep(here, told, places, f"{one}_order_changed")

    def _member(self, spot: Spot, member: Any, number: int) -> Spot:
        name = name_of(member, number)
        if isinstance(member, DatedValue):
            return spot.member(name, {"zh": name, "en": name})
        title = getattr(member, "title", None)
        if isinstance(title, Words):
            return spot.member(name, {"zh": title.zh, "en": title.en})
        if name != str(number + 1):
            return spot.member(name, {"zh": name, "en": name})
        return replace(
            spot,
            path=f"{spot.path}.{name}",
            pieces=(*spot.pieces, Numbered(number + 1)),
        )

    # Tables

    def table(self, spot: Spot, old: Any, new: Any, was: Said, now: Said) -> None:
        words = spot.keys[-1] in ("payer", "classes")
        sides = (self.pair.old, old, was, spot.otherwise[0]), (self.pair.new, new, now, spot.otherwise[1])
        rows = [
            rows_of(side, each, holds, words=words)
            if isinstance(each, TableValue)
            else rows_of_value(number_of(each), part.where_of(key))
            for side, each, (part, key), holds in sides
        ]
        for each in differences(self.pair, *rows):
            self.difference(spot, each, *rows)
        self.of_table(spot, *rows)

    def of_table(self, spot: Spot, old: TableRows, new: TableRows) -> None:
        """What a table says beside its rows."""
        holds = old.otherwise, new.otherwise
        if holds[0] != holds[1] and (old.spec is None) == (new.spec is None):
            self.keep(spot.key("otherwise"), holds, (old.where, new.where), "otherwise_changed")
        if not any(any(row.notes) for rows in (old, new) for row in rows.rows):
            return
        before, after = _notes(old), _notes(new)
        for cells, row in before.items():
            if cells in after:
                self._notes(spot.key("note"), row, after[cells])

    def _notes(self, spot: Spot, one: TableRow, other: TableRow) -> None:
        """What a row says to people, where it says the same to machines."""
        rows = {"old_rows": one.number, "new_rows": other.number}
        for n, (before, after) in enumerate(zip(one.notes, other.notes, strict=False)):
            if before != after:
                places = (one.bands or (one.where,))[n], (other.bands or (other.where,))[n]
                here = replace(spot, path=f"{spot.path}.{other.number}.{n + 1}")
                self.keep(here, (before, after), places, "row_note_changed", **rows)

    def difference(self, spot: Spot, each: Difference, old: TableRows, new: TableRows) -> None:
        one, other = each.old_rows, each.new_rows
        named = f"{spot.noun}_changed" if one and other else "row_added" if other else "row_removed"
        here = spot
        if each.column and len({*old.columns, *new.columns}) > 1:
            here = replace(
                spot,
                path=f"{spot.path}.{each.column}",
                pieces=(*spot.pieces, {"zh": each.column, "en": each.column}),
            )
        places = one[0].where if one else old.where, other[0].where if other else new.where
        self.keep(
            here, (data_of(each.before), data_of(each.after)), places, named,
            conditions=each.conditions, partly=each.partly,
            unit="%" if any(row.percent for row in (*one, *other)) else "",
            old_rows=",".join(row.number for row in one), new_rows=",".join(row.number for row in other),
            called=self._classes(each) if spot.keys[-1] == "classes" else {},
        )  # fmt: skip

    def _classes(self, each: Difference) -> dict[str, dict[str, str]]:
        """How people call the classes of arrears that a change speaks of."""
        sides = ((self.pair.old, each.before), (self.pair.new, each.after))
        return {said: side.word("class", said) for side, said in sides if isinstance(said, str)}

    def tiers(self, spot: Spot, old: Tiers, new: Tiers) -> None:
        self.part(spot, old, new, skip=("table",))
        try:
            told = tier_changes(self.pair, old, new)
        except Incomparable:
            if old.table != new.table:
                self.plain(spot.key("table"), old.table, new.table, (old, "table"), (new, "table"))
            return
        for each in told.changes:
            self.tier(spot, each)
        self.of_table(spot, *told.rows)

    def tier(self, spot: Spot, each: TierChange) -> None:
        here = replace(spot, path=f"{spot.path}.{each.path}", pieces=(*spot.pieces, each.band))
        self.keep(
            here, (data_of(each.before), data_of(each.after)), (each.old, each.new), each.code,
            conditions=each.conditions, partly=each.partly, old_rows=each.old_rows, new_rows=each.new_rows,
            unit="%" if each.percent and not each.band.bound else "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Holder:
    """A mapping in the place of the part that has it."""

    members: Mapping[str, Any]
    where: Where

    def where_of(self, key: str) -> Where:
        value = self.members.get(key)
        if isinstance(value, Formula):
            return value.where(0)
        return (
            value.where if isinstance(value, Part | Text) else place_of(_key(self.members, key), self.where)
        )


def _written(part: Any, key: str) -> str:
    return part.as_written(key) if isinstance(part, Part) and key else ""


def _first_apart(members: Sequence[Any], others: Sequence[Any], otherwise: Said) -> Said:
    """The first member that the other list does not have there: its place is that of the change."""
    for n, each in enumerate(members):
        if n >= len(others) or each != others[n]:
            return each, ""
    return otherwise


def _cell_place(said: tuple[str, str] | None) -> Where | None:
    return None if said is None else place_of(said[1], Where("", 1, 1))


def _key(members: Mapping[str, Any], name: str) -> Any:
    """The key as it was written, with its place."""
    return next((key for key in members if key == name), name)


def _place(part: Any, key: str) -> Where | None:
    """Where a key is said; None where it is not."""
    where: Where = part.where_of(key)
    written = not key or isinstance(part, _Holder) or part.was_written(key)
    return where if written and where != UNPLACED else None


def _is_table_or_one(value: Any) -> bool:
    return isinstance(value, TableValue | Formula | str)


def _same(old: Any, new: Any, *, ordered: bool) -> bool:
    if isinstance(old, tuple) and isinstance(new, tuple) and not ordered:
        try:
            return sorted(map(repr, old)) == sorted(map(repr, new)) or set(old) == set(new)
        except TypeError:
            pass
    return bool(old == new) or (not old and not new and old in (None, (), {}) and new in (None, (), {}))


def _notes(rows: TableRows) -> dict[Any, Any]:
    return {(row.cells, tuple(row.says.items())): row for row in rows.rows}
