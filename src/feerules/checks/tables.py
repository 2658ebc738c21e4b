"""Findings on decision tables, read from their grids: rows that decide nothing, columns that decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from feerules.book import Book
from feerules.checks.findings import Finding, finding
from feerules.checks.readings import Reading, inside, readings
from feerules.checks.rows import joined
from feerules.plan.grid import Condition
from feerules.plan.hits import ADDING
from feerules.plan.names import place_of
from feerules.wording import sentence

__all__ = ["check_tables"]


def check_tables(book: Book) -> Iterator[Finding]:
    """Every finding on the tables of a book's documents: of rates and payers, named tables, tiers, classes."""
    for reading in readings(book):
        for check in CHECKS:
            yield from check(reading)


# Rows that decide nothing


def idle_rows(reading: Reading) -> Iterator[Finding]:
    """Rows that never decide, and rows without which everything stays as it is."""
    if reading.hit in ADDING:
        return
    leaves = _leaves_of(reading, reading.shadowed)
    witnesses = reading.grid.witnesses(leaves.values())
    for row, others in reading.shadowed.items():
        yield _never_decides(reading, row, others, reading.witness(witnesses[leaves[row]]))
    yield from _repeating(reading)


def _leaves_of(reading: Reading, rows: Iterable[int]) -> dict[int, int]:
    """For each row a leaf in which it matches."""
    wanted, found = set(rows), dict[int, int]()
    if wanted:
        for leaf, matching in enumerate(reading.grid.leaves):
            for row in wanted.intersection(matching):
                found.setdefault(row, leaf)
    return found


def _never_decides(reading: Reading, row: int, others: Sequence[int], witness: Mapping[str, str]) -> Finding:
    wider = next((each for each in others if inside(reading.conditions[row], reading.conditions[each])), None)
    same = all(reading.said[each] == reading.said[row] for each in others)
    where, number = reading.row(row).where, reading.number(row)
    if wider is not None:
        return finding(
            "swallowed_row", "note" if same else "warning", where,
            sentence("row {row} never decides: row {other} goes before it, and matches wherever it does"),
            sentence("delete row {row}, or move it above row {other}"),
            witness=[witness], document=reading.document, row=number, other=reading.number(wider),
        )  # fmt: skip
    return finding(
        "unreachable_row", "note" if same else "warning", where,
        sentence("row {row} never decides: rows {others} go before it, and together match wherever it does"),
        sentence("delete row {row}, or move it above them"),
        witness=[witness], document=reading.document, row=number, others=reading.numbers(others),
    )  # fmt: skip


def _repeating(reading: Reading) -> Iterator[Finding]:
    """Rows that decide, and say what a wider row after them says anyway; a note says why they stand there."""
    rank = {row: place for place, row in enumerate(reading.order)}
    needed, after = set(reading.shadowed), dict[int, set[int]]()
    for leaf in reading.grid.leaves:
        ordered = sorted(leaf, key=rank.__getitem__)
        if ordered and (len(ordered) == 1 or reading.said[ordered[0]] != reading.said[ordered[1]]):
            needed.add(ordered[0])
        elif ordered:
            after.setdefault(ordered[0], set()).add(ordered[1])
    for row, others in sorted(after.items()):
        wider = next(
            (each for each in others if inside(reading.conditions[row], reading.conditions[each])), None
        )
        if row not in needed and wider is not None and not reading.is_noted(row):
            yield finding(
                "swallowed_row", "note", reading.row(row).where,
                sentence("row {row} changes nothing: row {other} says the same, and matches wherever it does"),
                sentence("delete row {row}, or say in a column note why it stands there"),
                document=reading.document, row=reading.number(row), other=reading.number(wider),
            )  # fmt: skip


# Rows that are one


def mergeable_rows(reading: Reading) -> Iterator[Finding]:
    """Rows that differ in one column alone, and say the same."""
    if reading.hit in (*ADDING, "priority") or len(set(reading.said)) == len(reading.said):
        return
    idle = set(reading.idle)
    for at, about in enumerate(reading.subjects):
        if about.name in idle:
            continue
        groups = [rows for rows in _alike(reading, at) if len(rows) > 1 and _stand_apart(reading, rows)]
        if groups:
            rows = groups[0]
            yield finding(
                "mergeable_rows", "note", reading.row(rows[1]).where,
                sentence("rows {rows} differ in {column} alone, and say the same; rows of the table that could be left out so: {count}"),
                sentence("write one row for them, with {cell} as {column}, or say in a column note why there are several"),
                document=reading.document, count=str(sum(map(len, groups)) - len(groups)),
                rows=reading.numbers(rows), column=reading.headed(at),
                cell=joined(reading, rows, at),
            )  # fmt: skip


def _stand_apart(reading: Reading, rows: Sequence[int]) -> bool:
    """Whether none of the rows that are alike lies inside the next one, which is told as such."""
    pairs = [(reading.conditions[a], reading.conditions[b]) for a, b in pairwise(rows)]
    return not any(inside(one, other) or inside(other, one) for one, other in pairs)


def _alike(reading: Reading, at: int) -> Iterable[list[int]]:
    """The rows that are alike but for one column; where the first row wins, only rows that follow each other."""
    groups: dict[Hashable, list[int]] = {}
    last: dict[Hashable, int] = {}
    in_turn = reading.hit == "first"
    for row, codes in enumerate(reading.codes):
        if reading.is_noted(row):
            continue
        key: Hashable = (codes[:at], codes[at + 1 :], reading.said[row])
        if in_turn and key in last and last[key] != row - 1:
            groups[key, last[key]] = groups.pop(key)
        last[key] = row
        groups.setdefault(key, []).append(row)
    return groups.values()


# Columns that decide nothing


def idle_columns(reading: Reading) -> Iterator[Finding]:
    """Columns whatever is in them; but where rows never decide, that comes first, and notes explain."""
    if reading.shadowed:
        return
    for at, (name, where) in enumerate(reading.decision.heads):
        if name not in reading.idle or _is_explained(reading, at):
            continue
        yield finding(
            "idle_column", "warning", where,
            sentence("the column {column} decides nothing: the answer is the same whatever it is"),
            sentence("take the column out, or mend the rows that are to differ by it"),
            document=reading.document, column=reading.headed(at),
        )  # fmt: skip


def _is_explained(reading: Reading, at: int) -> bool:
    """Whether every row that asks a column has a note."""
    about = reading.subjects[at]
    everything = Condition(((about.lo, about.hi + 1),), about.nullable)
    asking = [row for row, told in enumerate(reading.conditions) if told[at] != everything]
    return bool(asking) and all(map(reading.is_noted, asking))


# Hit policies


def better_hit(reading: Reading) -> Iterator[Finding]:
    """A table whose rows never match together proves more with unique, one whose rows agree with any."""
    if reading.hit in ("unique", "collect#") or len(reading.said) < 2:
        return
    shared = [leaf for leaf in reading.grid.leaves if len(leaf) > 1]
    where = reading.spec.where_of("hit")
    if not shared:
        yield finding(
            "better_hit", "note", where,
            sentence("hit: {hit}, and no two rows ever match the same {record}"),
            sentence("say hit: unique, or nothing: it is then proved, whenever the table changes"),
            document=reading.document, hit=reading.hit, record=reading.record,
        )  # fmt: skip
    elif reading.hit in ("first", "priority") and all(_agree(reading, leaf) for leaf in shared):
        yield finding(
            "better_hit", "note", where,
            sentence("hit: {hit}, and rows that match the same {record} say the same"),
            sentence("say hit: any: it is then proved, whenever the table changes"),
            document=reading.document, hit=reading.hit, record=reading.record,
        )  # fmt: skip


def _agree(reading: Reading, leaf: Sequence[int]) -> bool:
    return len({reading.said[row] for row in leaf}) == 1


def outside_lists(reading: Reading) -> Iterator[Finding]:
    """Outputs that `priority:` does not order, and what it orders that no row says."""
    if reading.hit != "priority":
        return
    listed = reading.spec.priority
    ranks = reading.ranks
    unlisted: set[Hashable] = set()
    for row, rank in enumerate(ranks):
        if rank == len(listed) and reading.said[row] not in unlisted:
            unlisted.add(reading.said[row])
            yield finding(
                "outside_list", "note", reading.row(row).where,
                sentence("row {row} says {output}, which priority: does not list, so that it goes last"),
                sentence("add {output} to priority:"),
                document=reading.document, row=reading.number(row), output=reading.output(row),
            )  # fmt: skip
    for rank, text in enumerate(listed):
        if rank not in ranks:
            yield finding(
                "outside_list", "note", place_of(text, reading.spec.where),
                sentence("priority: lists {output}, which no row says"),
                sentence("take {output} out of priority:, or mend the row that is to say it"),
                document=reading.document, output=str(text),
            )  # fmt: skip


def undecided(reading: Reading) -> Iterator[Finding]:
    """Rows of one rank that match the same unit and say different things: nothing but their order decides."""
    if reading.hit != "priority":
        return
    ranks = reading.ranks
    for rows, point in reading.grid.overlaps():
        first = min(ranks[row] for row in rows)
        tied = [row for row in rows if ranks[row] == first]
        if not _agree(reading, tied):
            yield finding(
                "overlap", "warning", reading.row(tied[1]).where,
                sentence("rows {rows} match the same {record}, say different things, and priority: orders neither"),
                sentence("add what they say to priority:, the more important first"),
                witness=[reading.witness(point)], document=reading.document, rows=reading.numbers(tied),
                record=reading.record,
            )  # fmt: skip
            return


CHECKS: tuple[Callable[[Reading], Iterator[Finding]], ...] = (
    idle_rows,
    mergeable_rows,
    idle_columns,
    better_hit,
    outside_lists,
    undecided,
)
