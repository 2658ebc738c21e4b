"""The files of a book while they are changed: documents by what they are, values by the way to them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from feerules.book import Book
from feerules.documents.editing import Steps, replaced, taken_out, value_at
from feerules.documents.fields import read_day
from feerules.documents.source import read
from feerules.documents.tables import Table, read_table_file
from feerules.documents.tree import Map, Seq
from feerules.errors import Problem, RuleErrors, Where, did_you_mean
from feerules.folders import SUFFIXES
from feerules.plan.names import Names

__all__ = ["Document", "Draft", "Missing", "nearest", "refused"]

VERSIONED = ("fee-schedule", "dunning-policy")
KINDS = (*VERSIONED, "facts", "law-profile")
BOM = "\ufeff"


class Missing(Exception):
    """A way that leads nowhere: as far as it goes, the step that is not there, and what is there instead."""

    def __init__(self, steps: Steps, step: str, known: Iterable[str]) -> None:
        super().__init__(step)
        self.steps, self.step, self.known = steps, step, [*known]


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the book: its file, kind and id, and the days on which it holds."""

    file: str
    kind: str
    id: str
    version: str
    first: date | None
    through: date | None


def refused(code: str, where: Where, found: str, expected: str, hint: str = "") -> RuleErrors:
    return RuleErrors([Problem(code, where, found, expected, hint)])


class Draft:
    """The files of a book, to be changed one by one."""

    def __init__(self, book: Book) -> None:
        self.files = dict(book.files)
        self._texts: dict[str, str] = {}
        self._data: dict[str, Any] = {}
        self._names: dict[str, Names] = {}
        for version in (each for versions in book.versions for each in versions):
            self._names[version.schedule.where.file] = version.names
        for policy in (each for policies in book.policies for each in policies):
            self._names[policy.policy.where.file] = policy.names
        self._others = {each[0].schedule.id for each in book.versions} | {
            each[0].policy.id for each in book.policies
        }

    def text(self, file: str) -> str:
        if file not in self._texts:
            self._texts[file] = self.files[file].decode("utf-8").removeprefix(BOM)
        return self._texts[file]

    def put(self, file: str, text: str) -> None:
        self._data.pop(file, None)
        self._texts[file] = text
        self.files[file] = text.encode()

    def data(self, file: str) -> Any:
        if file not in self._data:
            self._data[file] = value_at(self.text(file), ())
        return self._data[file]

    def names(self, file: str) -> Names:
        """What the words of a document mean; those of shared facts mean it wherever they are included."""
        return self._names.get(file) or next(iter(self._names.values()))

    # Documents

    def documents(self) -> list[Document]:
        """The documents that the book has, its schedules and policies in order of time."""
        found = []
        for file in sorted(self.files):
            data = self.data(file) if file.endswith(SUFFIXES) else None
            if isinstance(data, dict) and data.get("kind") in KINDS:
                document = _document(file, data)
                if document.kind not in VERSIONED or document.id in self._others:
                    found.append(document)
        return sorted(found, key=lambda each: (each.kind not in VERSIONED, each.id, each.first or date.min))

    def from_day(self, documents: Iterable[Document], day: date) -> list[Document]:
        """The versions from a day on; one that is in force on it already gets another that begins with it."""
        found: list[Document] = []
        by_id: dict[str, list[Document]] = {}
        for each in documents:
            if each.kind in VERSIONED:
                by_id.setdefault(f"{each.kind} {each.id}", []).append(each)
        for versions in by_id.values():
            before = [each for each in versions if each.first is not None and each.first <= day]
            last = before[-1] if before else None
            if last is not None and (last.through is None or day <= last.through):
                found.append(last if last.first == day else self._begun(last, day))
            found += [each for each in versions if each.first is not None and each.first > day]
        return found

    def _begun(self, document: Document, day: date) -> Document:
        """A version like another, from a day on, in a file of its own beside it."""
        path = PurePosixPath(document.file)
        file = f"{path.with_suffix('')}.{day}{path.suffix}"
        if file in self.files:
            raise refused(
                "defined_twice",
                Where(file, 1, 1),
                f"the file {file}",
                "a free name for the new version",
                "rename it",
            )
        text = replaced(self.text(document.file), ("effective", "from"), day.isoformat())
        if "version" in self.data(document.file):
            text = taken_out(text, ("version",))
        self.put(file, text)
        self._names[file] = self.names(document.file)
        return _document(file, self.data(file))

    # Ways

    def way(self, file: str, path: Iterable[str]) -> Steps:
        """The steps that a path names, items of lists by id, title or number; raises `Missing`."""
        steps: list[str | int] = []
        value = self.data(file)
        for name in path:
            step = _step(value, name)
            if step is None:
                raise Missing(tuple(steps), name, _known(value))
            steps.append(step)
            value = value[step]
        return tuple(steps)

    def value(self, file: str, steps: Steps) -> Any:
        value = self.data(file)
        for step in steps:
            value = value[step]
        return value

    def where(self, file: str, steps: Steps) -> Where:
        """The place of a value, or of what holds it."""
        tree: Any = read(self.text(file), file)[0]
        place = Where(file, 1, 1)
        for step in steps:
            if isinstance(tree, Map):
                place, tree = tree.key_where(str(step)), tree.get(str(step))
            elif isinstance(tree, Seq):
                tree = tree[int(step)]
                place = getattr(tree, "where", place)
        return place

    # Tables in files of their own

    def table_file(self, file: str, name: str) -> tuple[str, Table]:
        """The path of a table beside a document, and what it says."""
        path, _, sheet = name.partition("#")
        beside = _beside(file, path)
        return beside, read_table_file(f"{beside}#{sheet}" if sheet else beside, self.files[beside])

    def put_table(self, file: str, steps: Steps, name: str, rows: Iterable[Iterable[str]]) -> None:
        """Writes a table for one document alone: where others read the file too, or it is a workbook, into another."""
        told = io.StringIO()
        csv.writer(told, lineterminator="\n").writerows(rows)
        beside = _beside(file, name.partition("#")[0])
        if beside.endswith(".csv") and sum(self._reads(each.file, beside) for each in self.documents()) == 1:
            self.files[beside] = told.getvalue().encode()
            return
        stem = PurePosixPath(name.partition("#")[0]).with_suffix("")
        another = f"{stem}.{PurePosixPath(file).stem}.csv"
        self.files[_beside(file, another)] = told.getvalue().encode()
        self.put(file, replaced(self.text(file), (*steps, "file"), another))

    def _reads(self, file: str, beside: str) -> bool:
        return any(_beside(file, each.partition("#")[0]) == beside for each in _files_in(self.data(file)))


def _document(file: str, data: Mapping[str, Any]) -> Document:
    effective = data.get("effective")
    days = effective if isinstance(effective, dict) else {}
    first, through = (read_day(days[key]) if days.get(key) else None for key in ("from", "through"))
    version = str(data.get("version") or first or "")
    return Document(file, str(data["kind"]), str(data.get("id")), version, first, through)


def _step(value: Any, name: str) -> str | int | None:
    if isinstance(value, dict):
        return name if name in value else None
    if isinstance(value, list):
        called = [n for n, each in enumerate(value) if name in _names_of(each)]
        if len(called) == 1:
            return called[0]
        if name.isdecimal() and 0 < int(name) <= len(value):
            return int(name) - 1
    return None


def _names_of(value: Any) -> list[str]:
    """What an item of a list is called: its id, its title in either language, or itself."""
    if not isinstance(value, dict):
        return [value] if isinstance(value, str) else []
    title = value.get("title")
    titles = [*title.values()] if isinstance(title, dict) else [title]
    return [each for each in (value.get("id"), *titles) if isinstance(each, str)]


def _known(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from map(str, value)
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            yield from _names_of(each)[:1] or [str(number)]


def _files_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("file"), str):
            yield value["file"]
        value = [*value.values()]
    if isinstance(value, list):
        for each in value:
            yield from _files_in(each)


def _beside(file: str, name: str) -> str:
    """A path that a document names, as a path of the book."""
    steps: list[str] = []
    for step in (PurePosixPath(file).parent / name).parts:
        if step == ".." and steps:
            steps.pop()
        elif step != ".":
            steps.append(step)
    return "/".join(steps)


def nearest(missing: Missing) -> str:
    """A hint to what may be meant."""
    return did_you_mean(missing.step, missing.known)
