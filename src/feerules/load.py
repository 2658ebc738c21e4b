"""A folder of rules → a book: every document read, every problem collected, every schedule compiled once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from feerules.book import Book
from feerules.calendars import Calendar
from feerules.documents.model import Part, validate
from feerules.documents.others import BookDocument, CalendarDocument, CasesDocument
from feerules.documents.schedule import FactLibrary, FeeSchedule
from feerules.documents.source import read
from feerules.documents.tables import TableError, read_table_file
from feerules.documents.tree import Map, Seq, Text
from feerules.errors import Problem, RuleErrors, Where, did_you_mean

__all__ = ["load", "load_files"]

KINDS: dict[str, type[Part]] = {
    "fee-schedule": FeeSchedule,
    "facts": FactLibrary,
    "calendar": CalendarDocument,
    "cases": CasesDocument,
    "book": BookDocument,
}
SUFFIXES = (".yaml", ".yml")
MAX_FILE = 20 * 1024 * 1024
MAX_DOCUMENTS = 5_000
Fetch = Callable[[str], bytes | None]
P = TypeVar("P", bound=Part)


def load(path: str | Path) -> Book:
    """Loads a folder of YAML documents, or one document, into a `Book`.

    Raises `RuleErrors` with every problem of every document at once, each with file, line, column,
    what was found, what was expected and a hint; FileNotFoundError where there is no such path.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no rules at {path}")
    root = path if path.is_dir() else path.parent
    found = _documents(path) if path.is_dir() else [path]
    reader = _Folder(root)
    names = [file.relative_to(root).as_posix() for file in found]
    return _Loading(reader.fetch, names, reader.problems).book()


def load_files(files: Mapping[str, bytes | str]) -> Book:
    """Loads documents that are already in memory: {"garden.yaml": text, "prices.csv": bytes, …}."""
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    names = [name for name in sorted(contents) if name.endswith(SUFFIXES)]
    return _Loading(contents.get, names, []).book()


def _documents(folder: Path) -> list[Path]:
    files = [file for suffix in SUFFIXES for file in folder.rglob(f"*{suffix}")]
    return sorted(
        file for file in files if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


class _Folder:
    """Reads files below a root, and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.problems: list[Problem] = []

    def fetch(self, name: str) -> bytes | None:
        file = (self.root / name).resolve()
        if not file.is_relative_to(self.root) or not file.is_file():
            return None
        if file.stat().st_size > MAX_FILE:
            self.problems.append(_too_big(name, file.stat().st_size))
            return b""
        return file.read_bytes()


def _too_big(name: str, size: int) -> Problem:
    return Problem(
        "file_too_big", Where(name, 1, 1), f"a file of {size:,} bytes", f"at most {MAX_FILE:,} bytes",
        "split it into several files",
    )  # fmt: skip


class _Loading:
    """Goes once over all documents; nothing stops it but a file that cannot be read at all."""

    def __init__(self, fetch: Fetch, names: list[str], problems: list[Problem]) -> None:
        self._fetch = fetch
        self.names = names
        self.problems = problems
        self.files: dict[str, bytes] = {}
        self.parts: dict[str, Part] = {}

    def fetch(self, name: str) -> bytes | None:
        if name not in self.files:
            content = self._fetch(name)
            if content is None:
                return None
            self.files[name] = content
        return self.files[name]

    def book(self) -> Book:
        if not self.names:
            raise RuleErrors(
                [Problem("no_documents", Where(".", 1, 1), "no .yaml file", "at least one document")]
            )
        for name in self.names[:MAX_DOCUMENTS]:
            part = self._document(name)
            if part is not None:
                self.parts[name] = part
        schedules = [
            (name, each, self._with_includes(name, each))
            for name, each in self.parts.items()
            if isinstance(each, FeeSchedule)
        ]
        self._check_ids()
        book = Book.assemble(
            schedules=[(name, each, library) for name, each, library in schedules],
            calendar=self._calendar(),
            mapping=self._mapping(),
            cases=tuple((name, each) for name, each in self.parts.items() if isinstance(each, CasesDocument)),
            files=self.files,
            digest=self._digest(),
            rebuild=load_files,
        )
        self.problems += book.problems()
        if self.problems:
            raise RuleErrors(self._told(self.problems))
        return book

    def _told(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems without repeats, each with the line that it points into."""
        told = dict.fromkeys(problems)
        return [each if each.excerpt else replace(each, excerpt=self._excerpt(each.where)) for each in told]

    def _excerpt(self, where: Where) -> str:
        content = self.files.get(where.file, b"")
        if where.file.endswith(".xlsx"):
            return ""
        lines = content.decode("utf-8", "replace").splitlines()
        return lines[where.line - 1][:160] if 0 < where.line <= len(lines) else ""

    # Documents

    def _document(self, name: str) -> Part | None:
        content = self.fetch(name)
        if content is None:
            self.problems.append(
                Problem("unreadable", Where(name, 1, 1), "no readable file", "a file of the book")
            )
            return None
        tree, problems = read(content, name)
        self.problems += problems
        if tree is None:
            return None
        model = self._kind(name, tree)
        if model is None:
            return None
        self._read_tables(name, tree)
        part, problems = validate(model, tree)
        self.problems += problems
        return part

    def _kind(self, name: str, tree: Map) -> type[Part] | None:
        kind = tree.get(Text("kind"))
        if isinstance(kind, str) and kind in KINDS:
            return KINDS[kind]
        where = tree.where if kind is None else tree.value_where("kind")
        found = "a document without kind" if kind is None else f'the kind "{kind}"'
        hint = (
            "begin the document with kind: fee-schedule" if kind is None else did_you_mean(str(kind), KINDS)
        )
        code = "missing_key" if kind is None else "unknown_word"
        self.problems.append(Problem(code, where, found, "one of " + ", ".join(KINDS), hint))
        return None

    def _read_tables(self, name: str, tree: Any) -> None:
        """Puts the table of a file beside the document where a mapping names one with `file:`."""
        if isinstance(tree, Map):
            file = tree.get(Text("file"))
            if isinstance(file, Text) and "table" not in tree:
                self._read_table(name, tree, file)
            for value in tree.values():
                self._read_tables(name, value)
        elif isinstance(tree, Seq):
            for value in tree:
                self._read_tables(name, value)

    def _read_table(self, name: str, tree: Map, file: Text) -> None:
        beside = self._beside(name, file.partition("#")[0], file.where)
        if beside is None:
            return
        content = self.fetch(beside)
        if content is None:
            self.problems.append(
                Problem(
                    "missing_file",
                    file.where,
                    f'the file "{file}"',
                    "a file of the book",
                    "paths are relative to the document",
                )
            )
            return
        sheet = file.partition("#")[2]
        try:
            table = read_table_file(beside + ("#" + sheet if sheet else ""), content)
        except TableError as error:
            self.problems += error.problems
        else:
            tree[Text("table")] = table

    def _beside(self, name: str, file: str, where: Where) -> str | None:
        """A path relative to a document as a path of the book; a problem where it leads outside."""
        steps: list[str] = []
        path = PurePosixPath(name).parent / file
        for step in path.parts:
            if step == ".." and steps:
                steps.pop()
            elif step == ".." or step.startswith(("/", "\\")) or ":" in step:
                self.problems.append(
                    Problem("outside_book", where, f'the path "{file}"', "a file inside the book's folder",
                            "copy the file into the folder")
                )  # fmt: skip
                return None
            elif step != ".":
                steps.append(step)
        return "/".join(steps)

    # What stands between documents

    def _with_includes(self, name: str, schedule: FeeSchedule) -> FactLibrary:
        """All that a schedule includes, in one library; rings and double names are problems."""
        merged: dict[str, Any] = {key: {} for key in ("facts", "parameters", "derived", "tables")}
        self._include(name, schedule, merged, (name,))
        return FactLibrary.model_construct(kind="facts", id=schedule.id, include=(), **merged)

    def _include(
        self,
        name: str,
        part: FeeSchedule | FactLibrary,
        merged: dict[str, dict[str, Any]],
        ring: tuple[str, ...],
    ) -> None:
        for file in part.include:
            where = file.where if isinstance(file, Text) else part.where
            beside = self._beside(name, file, where)
            if beside is None:
                continue
            if beside in ring:
                path = " → ".join([*ring[ring.index(beside) :], beside])
                self.problems.append(
                    Problem(
                        "cyclic_include", where, path, "includes that do not lead back", f"take {file} out"
                    )
                )
                continue
            library = self.parts.get(beside) or self._document(beside)
            if isinstance(library, FactLibrary):
                self.parts[beside] = library
                self._include(beside, library, merged, (*ring, beside))
                self._merge(library, merged)
            elif beside not in self.names or library is not None:
                self.problems.append(
                    Problem("wrong_include", where, f'"{file}"', "a document of kind: facts in the book",
                            did_you_mean(beside, self.names))
                )  # fmt: skip

    def _merge(self, library: FactLibrary, merged: dict[str, dict[str, Any]]) -> None:
        for key, into in merged.items():
            for name, value in getattr(library, key).items():
                if name in into and into[name] is not value:
                    where = getattr(value, "where", library.where)
                    where = where if isinstance(where, Where) else library.where
                    self.problems.append(
                        Problem(
                            "defined_twice",
                            where,
                            f'"{name}" of {key}',
                            "one definition",
                            "rename one of them",
                        )
                    )
                into[name] = value

    def _check_ids(self) -> None:
        seen: dict[tuple[str, object], str] = {}
        for name, part in self.parts.items():
            if isinstance(part, CasesDocument):
                continue
            day = part.effective.from_ if isinstance(part, FeeSchedule) else None
            key = (str(getattr(part, "id", "")), day)
            if key in seen:
                what = f"{key[0]} from {day}" if day else key[0]
                self.problems.append(
                    Problem(
                        "two_versions" if day else "defined_twice",
                        part.where,
                        f"{what}, which {seen[key]} is too",
                        "versions that begin on different days" if day else "ids of their own",
                        "change effective: from, or the id",
                    )
                )
            seen.setdefault(key, name)

    def _calendar(self) -> Calendar | None:
        found = [part for part in self.parts.values() if isinstance(part, CalendarDocument)]
        if not found:
            return None
        return Calendar(
            holidays=frozenset(day for each in found for day in each.holidays),
            workdays=frozenset(day for each in found for day in each.workdays),
            years=frozenset(int(year) for each in found for year in each.years),
            unknown_year=found[0].unknown_year,
        )

    def _mapping(self) -> dict[str, str]:
        found = [part for part in self.parts.values() if isinstance(part, BookDocument)]
        return {key: value for part in found for key, value in part.mapping.items()}

    def _digest(self) -> str:
        total = hashlib.sha256()
        for name in sorted(self.files):
            total.update(name.encode() + b"\0" + hashlib.sha256(self.files[name]).digest())
        return total.hexdigest()
