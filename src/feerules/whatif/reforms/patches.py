"""One change of a document: a value, the rows of a table, something more or something less."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from feerules.documents.editing import Steps, added, replaced, taken_out, unshared
from feerules.documents.law import LawProfile
from feerules.documents.model import Part
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FactLibrary, FeeSchedule
from feerules.documents.source import read
from feerules.documents.tables import Table, is_table, parse_table
from feerules.errors import RuleErrors, Where
from feerules.whatif.reforms.drafts import Document, Draft, Missing, nearest, refused
from feerules.whatif.reforms.moves import moved_number, number_text, with_cells
from feerules.whatif.reforms.row_choice import chosen_rows, outputs_of

__all__ = ["UNSET", "Patch", "Scope"]

# What each kind of document may say.
MODELS: Mapping[str, type[Part]] = {
    "fee-schedule": FeeSchedule,
    "dunning-policy": DunningPolicy,
    "facts": FactLibrary,
    "law-profile": LawProfile,
}
HOLDING = ("amount", "rate", "base", "formula")  # keys of a mapping whose value is the number that is meant
IDENTIFIED = (("ladder", "steps"), ("stops",))  # lists whose items have an id
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?%?")
UNSET: Any = object()
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a change is for, by id and version, and from which day on."""

    document: str | None = None
    version: str | None = None
    effective: date | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A change of what stands at a path: `to` a value, `by` a number more, `times` a number.

    With `when` (and `column`) only in the rows of a table that lie inside the condition. `verb` is set, rate,
    add or remove.
    """

    verb: Literal["set", "rate", "add", "remove"]
    path: tuple[str, ...]
    scope: Scope
    to: Any = UNSET
    by: str | None = None
    times: str | None = None
    places: int | None = None
    when: tuple[tuple[str, Any], ...] = ()
    column: str | None = None
    before: str | None = None
    after: str | None = None

    def apply(self, draft: Draft) -> None:
        """Changes the draft; raises `RuleErrors` where it says nothing that can be changed so."""
        documents = self._meant(draft.documents())
        held = self._holding(draft, documents)
        if self.scope.effective is not None:
            begun = draft.from_day(held, self.scope.effective)
            if not begun:
                raise self._out_of_time(held)
            held = begun
        for document in held:
            self._change(draft, document.file)

    def __str__(self) -> str:
        """The change as one line of a list."""
        verb = {"add": "add ", "remove": "remove "}.get(self.verb, "")
        told = [f"{verb}{'.'.join(self.path)}"]
        if self.when:
            told.append("where " + ", ".join(f"{name} {value}" for name, value in self.when))
        said = {"to": self.to if self.verb != "add" else UNSET, "by": self.by, "times": self.times}
        told += [
            f"{name} {value}" for name, value in said.items() if value is not UNSET and value is not None
        ]
        scope = self.scope
        told += [f"from {scope.effective}"] if scope.effective else []
        told += [f"in {scope.document}"] if scope.document else []
        return " ".join(" ".join(each.split()) for each in told)

    # Which documents

    def _meant(self, documents: Sequence[Document]) -> list[Document]:
        scope = self.scope
        found = [each for each in documents if scope.document in (None, each.id)]
        if not found:
            known = sorted({each.id for each in documents})
            missing = Missing((), str(scope.document), known)
            raise refused("unknown_document", _first(documents), f'the document "{scope.document}"',
                          f"one of {', '.join(known)}", nearest(missing))  # fmt: skip
        kept = [each for each in found if scope.version in (None, each.version)]
        if not kept:
            told = ", ".join(each.version for each in found)
            raise refused(
                "unknown_version", _first(found), f'the version "{scope.version}"', f"one of {told}"
            )
        return kept

    def _holding(self, draft: Draft, documents: Sequence[Document]) -> list[Document]:
        """The documents in which the path leads somewhere; else it is told of the one in which it leads furthest."""
        wanted = self.path[:-1] if self.verb == "add" else self.path
        held, open_, furthest, at = [], [], None, documents[0]
        for document in documents:
            try:
                draft.way(document.file, self._way_of(draft, document.file, wanted))
            except Missing as missing:
                if self._may_begin(draft, document, missing):
                    open_.append(document)
                if furthest is None or len(missing.steps) > len(furthest.steps):
                    furthest, at = missing, document
            else:
                held.append(document)
        if not held and not open_:
            assert furthest is not None
            told = ", ".join(furthest.known[:12]) or "nothing"
            hint = nearest(furthest)
            if self.verb == "rate" and furthest.step == "rate" and "parts" in furthest.known:
                parts = draft.value(at.file, (*furthest.steps, "parts"))
                hint = f'say which part: part="{next(iter(parts))}"'
            raise refused("unknown_path", draft.where(at.file, furthest.steps), f'"{furthest.step}" in {".".join(self.path)}',
                          f"one of {told}", hint)  # fmt: skip
        # What one version says, another may leave to what is usual: both are meant.
        deep = [each for each in open_ if len(self.path) > 1]
        return [*held, *deep] if held else open_

    def _may_begin(self, draft: Draft, document: Document, missing: Missing) -> bool:
        """Whether a value that is not written yet can be: a key of a mapping that is there, or of the document."""
        if self.verb != "set" or self.to is UNSET:
            return False
        if not missing.steps:
            return missing.step in MODELS[document.kind].model_fields and len(self.path) <= 3
        return len(missing.steps) == len(self.path) - 1 and isinstance(
            draft.value(document.file, missing.steps), dict
        )

    def _way_of(self, draft: Draft, file: str, path: tuple[str, ...]) -> tuple[str, ...]:
        """A rate is that of the fee, or the prices of its tiers."""
        if self.verb != "rate":
            return path
        holder = draft.way(file, path[:-1])
        value = draft.value(file, holder)
        if isinstance(value, dict) and "rate" not in value and isinstance(value.get("tiers"), dict):
            return (*path[:-1], "tiers", "table")
        return path

    def _out_of_time(self, held: Sequence[Document]) -> RuleErrors:
        days = sorted(str(each.first) for each in held if each.first)
        found = f"no version in force on {self.scope.effective} or later"
        if not days:
            found = "a document without versions, which holds on every day"
        return refused("no_version", _first(held), found, f"a day on which a version holds{', from ' * bool(days)}{''.join(days[:1])}",
                       "leave out effective=, or name another day")  # fmt: skip

    # What is changed

    def _change(self, draft: Draft, file: str) -> None:
        path = self._way_of(draft, file, self.path)
        if self.verb == "add":
            self._add(draft, file)
            return
        try:
            steps = draft.way(file, path)
        except Missing as missing:
            self._begin(draft, file, missing)
            return
        if self.verb == "remove":
            draft.put(file, taken_out(draft.text(file), steps))
            return
        self._value(draft, file, steps)

    def _value(self, draft: Draft, file: str, steps: Steps) -> None:
        """Moves the numbers of a value, or puts another there."""
        value = draft.value(file, steps)
        if _is_rows(value) and (self.verb == "rate" or self.to is UNSET or self.when or self.column):
            self._rows(draft, file, steps, value)
            return
        inner = next((key for key in HOLDING if isinstance(value, dict) and key in value), None)
        if inner is not None and not isinstance(self.to, dict):
            self._value(draft, file, (*steps, inner))
        elif self.when or self.column:
            raise refused("not_a_table", draft.where(file, steps), f"when= for {'.'.join(self.path)}, which is no table",
                          "a table with rows", "leave out when=, or put a table there first")  # fmt: skip
        elif self.to is not UNSET:
            draft.put(file, replaced(draft.text(file), steps, _in_place_of(value, self.to)))
        else:
            self._number_at(draft, file, steps, value)

    def _number_at(self, draft: Draft, file: str, steps: Steps, value: Any) -> None:
        if isinstance(value, str):
            draft.put(file, replaced(draft.text(file), steps, self._number(draft, file, steps, value)))
        elif isinstance(value, dict) and "fact" in value and self.times is not None:
            times = self._number(draft, file, steps, str(value.get("times", "1")))
            draft.put(file, replaced(draft.text(file), steps, {**value, "times": times}))
        elif isinstance(value, dict) and isinstance(value.get("sum"), dict) and self.times is not None:
            for key in value["sum"]:
                self._value(draft, file, (*steps, "sum", key))
        else:
            raise refused("not_a_number", draft.where(file, steps), f"by= or times= for {'.'.join(self.path)}, which is no number",
                          "a number, a formula or a table", "give the whole value with to=")  # fmt: skip

    def _begin(self, draft: Draft, file: str, missing: Missing) -> None:
        """Writes a value that was left to what is usual, in mappings of its own where these are not there either."""
        at = len(missing.steps)
        value = self.to
        for name in reversed(self.path[at + 1 :]):
            value = {name: value}
        draft.put(file, added(draft.text(file), (*missing.steps, missing.step), value))

    def _add(self, draft: Draft, file: str) -> None:
        holder = draft.way(file, self.path[:-1])
        value, last = draft.value(file, holder), self.path[-1]
        if isinstance(value, list):
            new = self.to
            if self.path[:-1] in IDENTIFIED and isinstance(new, dict) and "id" not in new:
                new = {"id": last, **new}
            draft.put(file, added(draft.text(file), (*holder, self._place(draft, file, len(value))), new))
            return
        if not isinstance(value, dict) or last in value:
            raise refused("defined_twice", draft.where(file, holder), f"{'.'.join(self.path)}, which is there already",
                          "a name that is free", f"change it: set({'.'.join(self.path)!r}, …)")  # fmt: skip
        draft.put(file, added(draft.text(file), (*holder, last), self.to))

    def _place(self, draft: Draft, file: str, last: int) -> int:
        """Where in a list something new goes: beside the item that is named, or at the end."""
        for name, more in ((self.before, 0), (self.after, 1)):
            if name is not None:
                try:
                    return int(draft.way(file, (*self.path[:-1], name))[-1]) + more
                except Missing as missing:
                    raise refused("unknown_path", draft.where(file, missing.steps), f'"{name}" in {".".join(self.path[:-1])}',
                                  f"one of {', '.join(missing.known[:12])}", nearest(missing)) from None  # fmt: skip
        return last

    def _number(self, draft: Draft, file: str, steps: Steps, text: str) -> str:
        """What was written, moved by a number; a formula is put into brackets."""
        if self.to is not UNSET:
            return number_text(self.to)
        if _NUMBER.fullmatch(text.strip()):
            return moved_number(text.strip(), self.by, self.times, self.places)
        if text.replace("_", "").isalpha() and text not in draft.names(file).known():
            raise refused("not_a_number", draft.where(file, steps), f'by= or times= for "{text}"', "a number or a formula",
                          "give another value with to=")  # fmt: skip
        if self.times is not None:
            text = f"({text}) * {self.times}"
        return text if self.by is None else f"{text} + {self.by}"

    # Tables

    def _rows(self, draft: Draft, file: str, steps: Steps, value: Any) -> None:
        name = value.get("file") if isinstance(value, dict) else None
        if name is None:
            at = (*steps, "table") if isinstance(value, dict) else steps
            text = unshared(draft.text(file), at)
            draft.put(file, text)
            node: Any = read(text, file)[0]
            for step in at:
                node = node[step]
            table = parse_table(node)
            cells = self._cells(draft, file, steps, table, value)
            draft.put(file, with_cells(text, at, node, table, cells))
            return
        _, table = draft.table_file(file, name)
        rows = [[str(cell) for cell in row.cells] for row in table.rows]
        for (row, column), told in self._cells(draft, file, steps, table, value).items():
            rows[row][column] = told
        draft.put_table(file, steps, name, [[str(head.name) for head in table.header], *rows])

    def _cells(
        self, draft: Draft, file: str, steps: Steps, table: Table, value: Any
    ) -> dict[tuple[int, int], str]:
        """What the cells say that change, by row and column."""
        names, where = draft.names(file), table.rows[0].where
        hit = value.get("hit", "unique") if isinstance(value, dict) else "unique"
        alone = hit in ("unique", "any")
        rows: Sequence[int] = range(len(table.rows))
        if self.when:
            applies = self._applies(draft, file, steps)
            rows = chosen_rows(table, dict(self.when), names, where, alone=alone, applies=applies)
        outputs = outputs_of(table, names)
        if self.column is not None:
            if self.column not in outputs:
                missing = Missing((), self.column, outputs)
                raise refused("unknown_column", where, f'the column "{self.column}"', f"one of {', '.join(outputs)}",
                              nearest(missing))  # fmt: skip
            outputs = {self.column: outputs[self.column]}
        elif self.to is not UNSET and len(outputs) > 1:
            raise refused("several_columns", where, f"to= for the columns {', '.join(outputs)}", "one column",
                          f'say which: column="{next(iter(outputs))}"')  # fmt: skip
        found = {}
        for row in rows:
            for column in outputs.values():
                found[row, column] = self._number(draft, file, steps, str(table.rows[row].cells[column]))
        return found

    def _applies(self, draft: Draft, file: str, steps: Steps) -> list[Mapping[str, str]]:
        """Which units the table is asked for: the conditions of all that it stands in."""
        holders = (draft.value(file, steps[:depth]) for depth in range(len(steps)))
        return [
            each["applies"]
            for each in holders
            if isinstance(each, dict) and isinstance(each.get("applies"), dict)
        ]


def _first(documents: Sequence[Document]) -> Where:
    return Where(documents[0].file if documents else ".", 1, 1)


def _in_place_of(value: Any, to: Any) -> Any:
    """A table in place of another keeps what holds for all of its rows."""
    if isinstance(value, dict) and isinstance(to, str) and is_table(to):
        kept = {key: each for key, each in value.items() if key not in ("file", "table")}
        return {**kept, "table": to} if kept else to
    return to


def _is_rows(value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(value.get("table"), str) or isinstance(value.get("file"), str)
    return isinstance(value, str) and is_table(value)
