"""Two tables compared by what they say of units, not by their rows: where the outputs differ, and from which rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from feerules.plan.grid import Condition, GridTooLarge, build
from feerules.whatif.changes.asked import Asked, asked
from feerules.whatif.changes.regions import Box, TooManyBoxes, boxes_of, meet, merged, minus, without
from feerules.whatif.changes.sides import Incomparable, Pair, Side
from feerules.whatif.changes.table_rows import TableRow, TableRows

__all__ = ["Difference", "differences"]

MOST_BOXES = 4_000  # of all the regions of one table, and beside that
BOXES_PER_ROW = 8
MOST_TOLD = 12  # of one row: more are told as a part of it


@dataclass(frozen=True, slots=True)
class Difference:
    """Units of which the two tables say different things; no rows where none matches them."""

    conditions: tuple[Asked, ...]
    column: str
    before: Any
    after: Any
    old_rows: tuple[TableRow, ...]
    new_rows: tuple[TableRow, ...]
    partly: bool = False


@dataclass(frozen=True, slots=True)
class _Key:
    """What the units of one region have in common."""

    column: str
    before: Hashable
    after: Hashable
    old: tuple[int, ...]
    new: tuple[int, ...]

    def is_one_change_with(self) -> Hashable:
        """Rows of the new table that take the place of several old ones are told once."""
        return (self.column, self.before, self.after, self.new or ("old", self.old))


def differences(pair: Pair, old: TableRows, new: TableRows) -> list[Difference]:
    """Every region in which two tables say different things, in the order of the new rows."""
    try:
        return _Comparing(pair, old, new).found()
    except (Incomparable, GridTooLarge):
        return [*_by_text(pair, old, new)]


class _Comparing:
    def __init__(self, pair: Pair, old: TableRows, new: TableRows) -> None:
        self.pair, self.old, self.new = pair, old, new
        heads = dict.fromkeys((*new.heads, *old.heads))
        self.commons = [pair.common(name) for name in heads]
        self.axes = [common.axis for common in self.commons]
        self.columns = tuple(dict.fromkeys((*old.columns, *new.columns)))
        read_old = [self._read(pair.old, old, row, new=False) for row in old.rows]
        read_new = [self._read(pair.new, new, row, new=True) for row in new.rows]
        self.was, self.now = [row for row, _ in read_old], [row for row, _ in read_new]
        self.boxes_old, self.boxes_new = [box for _, box in read_old], [box for _, box in read_new]
        self.rough = False

    def _read(
        self, side: Side, table: TableRows, row: TableRow, *, new: bool
    ) -> tuple[tuple[Condition, ...], Box]:
        """What a row matches, as conditions and as a box."""
        cells = dict(zip(table.heads, row.cells, strict=True))
        read = [common.read(side, cells.get(common.name, "-"), new=new) for common in self.commons]
        return tuple([condition for condition, _ in read]), tuple([bands for _, bands in read])

    def found(self) -> list[Difference]:
        if self._is_same():
            return []
        regions = self._of_unique() if {self.old.hit, self.new.hit} == {"unique"} else self._of_any()
        return self._told(regions)

    def _is_same(self) -> bool:
        same = self.old.hit == self.new.hit and self.old.otherwise == self.new.otherwise
        priority = [getattr(each.spec, "priority", ()) for each in (self.old, self.new)]
        said = [[row.says for row in table.rows] for table in (self.old, self.new)]
        return same and priority[0] == priority[1] and self.boxes_old == self.boxes_new and said[0] == said[1]

    # Tables whose rows never overlap

    def _of_unique(self) -> dict[_Key, list[Box]]:
        """Rows that ask the same are compared by themselves; only the others need a grid."""
        regions: dict[_Key, list[Box]] = {}
        waiting = {box: at for at, box in enumerate(self.boxes_old)}
        left_new = []
        for at, box in enumerate(self.boxes_new):
            before = waiting.pop(box, None)
            if before is None:
                left_new.append(at)
            else:
                self._note(regions, (before,), (at,), [box])
        left_old = sorted(waiting.values())
        mine: dict[int, list[Box]] = {}
        theirs: dict[int, list[Box]] = {}
        for one, other in self._partners(left_old, left_new):
            box_of_both = meet(self.boxes_old[one], self.boxes_new[other])
            self._note(regions, (one,), (other,), [box_of_both] if box_of_both else [])
            mine.setdefault(one, []).append(self.boxes_new[other])
            theirs.setdefault(other, []).append(self.boxes_old[one])
        for one in left_old:
            self._note(regions, (one,), (), minus(self.boxes_old[one], mine.get(one, ())))
        for other in left_new:
            self._note(regions, (), (other,), minus(self.boxes_new[other], theirs.get(other, ())))
        return regions

    def _partners(self, old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
        """Which of the old rows meet which of the new ones."""
        if not old or not new:
            return []
        grid = build(self.axes, [*(self.was[at] for at in old), *(self.now[at] for at in new)])
        found: dict[tuple[int, int], None] = {}
        for leaf in grid.leaves:
            mine = [old[row] for row in leaf if row < len(old)]
            theirs = [new[row - len(old)] for row in leaf if row >= len(old)]
            found |= dict.fromkeys((a, b) for a in mine for b in theirs)
        return [*found]

    # Tables whose rows may overlap

    def _of_any(self) -> dict[_Key, list[Box]]:
        grid = build(self.axes, [*self.was, *self.now])
        keys = [self._keys(leaf) or None for leaf in grid.leaves]
        try:
            found = boxes_of(grid, keys, MOST_BOXES + BOXES_PER_ROW * len(grid.rows))
        except TooManyBoxes:
            return self._roughly(keys)
        regions: dict[_Key, list[Box]] = {}
        for several, boxes in found.items():
            for key in several:
                regions.setdefault(key, []).extend(boxes)
        return regions

    def _keys(self, leaf: Sequence[int]) -> tuple[_Key, ...]:
        """In which columns the two tables differ where these rows match."""
        count = len(self.was)
        mine = tuple(row for row in leaf if row < count)
        theirs = tuple(row - count for row in leaf if row >= count)
        return tuple(self._differing(mine, theirs))

    def _differing(self, mine: tuple[int, ...], theirs: tuple[int, ...]) -> Iterator[_Key]:
        one, other = self.old.deciding(mine), self.new.deciding(theirs)
        if not one and not other:
            return  # what holds otherwise is told by itself
        for column in self.columns:
            before, after = self.old.said(column, mine, one), self.new.said(column, theirs, other)
            if before != after:
                yield _Key(column, before, after, one, other)

    def _roughly(self, keys: Iterable[tuple[_Key, ...] | None]) -> dict[_Key, list[Box]]:
        """Where regions have no shape that one could tell: the rows that decide, as far as both match."""
        regions: dict[_Key, list[Box]] = {}
        self.rough = True
        for key in dict.fromkeys(key for several in keys for key in several or ()):
            boxes = [self.boxes_old[at] for at in key.old[:1]] + [self.boxes_new[at] for at in key.new[:1]]
            both = meet(boxes[0], boxes[-1]) if boxes else None
            regions[key] = [both] if both else boxes[:1]
        return regions

    # What was found, told

    def _note(
        self, regions: dict[_Key, list[Box]], old: tuple[int, ...], new: tuple[int, ...], boxes: list[Box]
    ) -> None:
        if boxes:
            for key in self._differing(old, new):
                regions.setdefault(key, []).extend(boxes)

    def _told(self, regions: dict[_Key, list[Box]]) -> list[Difference]:
        groups: dict[Hashable, list[_Key]] = {}
        for key in regions:
            groups.setdefault(key.is_one_change_with(), []).append(key)
        found: list[tuple[tuple[int, ...], Difference]] = []
        for keys in groups.values():
            boxes = [box for key in keys for box in regions[key]]
            old = tuple(dict.fromkeys(row for key in keys for row in key.old))
            place = keys[0].new or tuple(len(self.now) + row for row in old)
            found += ((place, each) for each in self._of_boxes(keys[0], old, boxes))
        return [each for _, each in sorted(found, key=lambda told: told[0])]

    def _of_boxes(self, key: _Key, old: tuple[int, ...], boxes: Sequence[Box]) -> Iterator[Difference]:
        rows_old = tuple(self.old.rows[at] for at in old)
        rows_new = tuple(self.new.rows[at] for at in key.new)
        known = merged([box for each in boxes if (box := self._both_know(each)) is not None])
        partly = self.rough
        if len(known) > MOST_TOLD:
            row = self.boxes_new[key.new[0]] if key.new else self.boxes_old[old[0]]
            known, partly = [row], True
        for box in known:
            yield Difference(self._asked(box), key.column, key.before, key.after, rows_old, rows_new, partly)
        for box, is_new in self._one_knows(key, boxes):
            before, after = (None, key.after) if is_new else (key.before, None)
            mine, theirs = ((), rows_new) if is_new else (rows_old, ())
            yield Difference(self._asked(box), key.column, before, after, mine, theirs, partly)

    def _both_know(self, box: Box) -> Box | None:
        """The part of a region in which every value is one of both versions."""
        return meet(box, tuple(common.shared for common in self.commons))

    def _one_knows(self, key: _Key, boxes: Sequence[Box]) -> Iterator[tuple[Box, bool]]:
        """Regions of values that only one version knows, where a row of that version is about them alone."""
        for at, common in enumerate(self.commons):
            for is_new, rows, of in ((True, key.new, self.boxes_new), (False, key.old, self.boxes_old)):
                beyond = without(of[rows[0]][at], common.shared) if rows else ()
                if not beyond or not common.is_about(of[rows[0]][at]):
                    continue
                pieces = [
                    meet(box, tuple(beyond if n == at else each for n, each in enumerate(box)))
                    for box in boxes
                ]
                yield from ((box, is_new) for box in merged([piece for piece in pieces if piece is not None]))

    def _asked(self, box: Box) -> tuple[Asked, ...]:
        each = zip(self.commons, box, strict=True)
        return tuple(told for common, bands in each if (told := asked(self.pair, common, bands)) is not None)


# Row by row


def _by_text(pair: Pair, old: TableRows, new: TableRows) -> Iterator[Difference]:
    """Rows that only one of the tables has, where nothing better can be told."""
    mine, theirs = (_by_cells(each) for each in (old, new))
    for cells in dict.fromkeys((*theirs, *mine)):
        one, other = mine.get(cells), theirs.get(cells)
        before, after = (row.says if row else {} for row in (one, other))
        heads = old.heads if other is None else new.heads
        row = other or one
        assert row is not None
        for column in dict.fromkeys((*before, *after)):
            if before.get(column) != after.get(column):
                conditions = tuple(
                    Asked(name, cell, pair.title(name), words=({"zh": cell, "en": cell},))
                    for name, cell in zip(heads, row.cells, strict=True)
                    if cell != "-"
                )
                yield Difference(
                    conditions, column, before.get(column), after.get(column),
                    (one,) if one else (), (other,) if other else (),
                )  # fmt: skip


def _by_cells(table: TableRows) -> dict[Any, TableRow]:
    return {tuple(sorted(zip(table.heads, row.cells, strict=True))): row for row in table.rows}
