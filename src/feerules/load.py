"""A folder of rules → a book: every document read, every problem collected, every schedule compiled once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from feerules.book import Book
from feerules.calendars import Calendar
from feerules.checks.profiles import check_profiles
from feerules.documents.law import LawProfile
from feerules.documents.model import Part, validate
from feerules.documents.others import BookDocument, CalendarDocument, CasesDocument
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FactLibrary, FeeSchedule
from feerules.documents.source import read
from feerules.documents.tables import TableError, read_table_file
from feerules.documents.tree import Map, Seq, Text, describe, quote
from feerules.documents.values import TableValue
from feerules.errors import Problem, RuleErrors, Where, did_you_mean
from feerules.folders import SUFFIXES, Folder, documents_of, unreadable, with_excerpts
from feerules.plan.names import place_of

__all__ = ["load", "load_files"]

KINDS: dict[str, type[Part]] = {
    "fee-schedule": FeeSchedule,
    "dunning-policy": DunningPolicy,
    "law-profile": LawProfile,
    "facts": FactLibrary,
    "calendar": CalendarDocument,
    "cases": CasesDocument,
    "book": BookDocument,
}
MAX_DOCUMENTS = 5_000
MAX_INCLUDES = 40  # how deep documents may include each other
# Mappings whose keys are names: a `file` there is a fact or a fee, not the file of a table.
NAMED = frozenset(
    (
        "tables",
        "derived",
        "fees",
        "parts",
        "registers",
        "sum",
        "facts",
        "parameters",
        "applies",
        "when",
        "words",
        "acts",
        "tests",
    )
)
Fetch = Callable[[str], bytes | None]
P = TypeVar("P", bound=Part)
V = TypeVar("V", FeeSchedule, DunningPolicy)


def load(path: str | Path) -> Book:
    """Loads a folder of YAML documents, or one document, into a `Book`.

    Raises `RuleErrors` with every problem of every document at once, each with file, line, column,
    what was found, what was expected and a hint; FileNotFoundError where there is no such path.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no rules at {path}")
    root = path if path.is_dir() else path.parent
    found = documents_of(path) if path.is_dir() else [path]
    reader = Folder(root)
    names = [file.relative_to(root).as_posix() for file in found]
    return _Loading(reader.fetch, names, reader.problems).book()


def load_files(files: Mapping[str, bytes | str]) -> Book:
    """Loads documents that are already in memory: {"garden.yaml": text, "prices.csv": bytes, …}."""
    contents = {
        # What cannot be encoded comes out as bytes that the reader refuses by name.
        name: text.encode(errors="surrogatepass") if isinstance(text, str) else text
        for name, text in files.items()
    }
    names = [name for name in sorted(contents) if name.endswith(SUFFIXES)]
    return _Loading(contents.get, names, []).book()


class _Loading:
    """Goes once over all documents; nothing stops it but a file that cannot be read at all."""

    def __init__(self, fetch: Fetch, names: list[str], problems: list[Problem]) -> None:
        self._fetch = fetch
        self.names = names
        self.problems = problems
        self.files: dict[str, bytes] = {}
        self.parts: dict[str, Part] = {}
        self.incomplete: set[str] = set()

    def fetch(self, name: str) -> bytes | None:
        if name not in self.files:
            content = self._fetch(name)
            if content is None:
                return None
            self.files[name] = content
        return self.files[name]

    def book(self) -> Book:
        if not self.names:
            hint = "put a document such as garden.yaml into the folder"
            raise RuleErrors(
                [Problem("no_documents", Where(".", 1, 1), "no .yaml file", "at least one document", hint)]
            )
        if len(self.names) > MAX_DOCUMENTS:
            found, expected = f"{len(self.names):,} documents", f"at most {MAX_DOCUMENTS:,} documents"
            where, hint = Where(self.names[MAX_DOCUMENTS], 1, 1), "load several books"
            self.problems.append(Problem("too_many_documents", where, found, expected, hint))
        for name in self.names[:MAX_DOCUMENTS]:
            part = self._document(name)
            if part is not None:
                self.parts[name] = part
        schedules, policies = self._complete(FeeSchedule), self._complete(DunningPolicy)
        self._check_ids()
        laws = tuple(each for each in self.parts.values() if isinstance(each, LawProfile))
        self.problems += check_profiles(laws)
        book = Book.assemble(
            schedules=schedules,
            policies=policies,
            laws=laws,
            calendar=self._calendar(),
            mapping=self._mapping(),
            cases=tuple((name, each) for name, each in self.parts.items() if isinstance(each, CasesDocument)),
            files=self.files,
            digest=self._digest(),
            rebuild=load_files,
        )
        self.problems += book.problems()
        if self.problems:
            raise RuleErrors(with_excerpts(self.problems, self.files))
        return book

    def _complete(self, kind: type[V]) -> list[tuple[V, FactLibrary]]:
        """The documents of a kind, each with all that it includes."""
        found = [(name, each) for name, each in self.parts.items() if isinstance(each, kind)]
        complete = [(name, each, self._with_includes(name, each)) for name, each in found]
        # What is missing with an include would be told once more for every place that names it.
        return [(each, library) for name, each, library in complete if name not in self.incomplete]

    # Documents

    def _document(self, name: str) -> Part | None:
        content = self.fetch(name)
        if content is None:
            if not self._is_told(name):
                self.problems.append(unreadable(name, "it is not there, or it is no file"))
            return None
        tree, problems = read(content, name)
        self.problems += problems
        if tree is None:
            return None
        model = self._kind(name, tree)
        if model is None:
            return None
        if model in (FeeSchedule, DunningPolicy, FactLibrary):
            self._read_tables(name, tree, "", set())
        part, problems = validate(model, tree)
        self.problems += [_of_another_kind(problem, tree, model) for problem in problems]
        return part

    def _is_told(self, name: str) -> bool:
        return any(problem.where.file == name for problem in self.problems)

    def _kind(self, name: str, tree: Map) -> type[Part] | None:
        kind = tree.get(Text("kind"))
        if isinstance(kind, str) and kind in KINDS:
            return KINDS[kind]
        if kind is None:
            code, where, found = "missing_key", tree.where, "a document without kind"
            hint = "begin the document with kind: fee-schedule"
        else:
            code, where, found = "unknown_word", tree.value_where("kind"), f"the kind {describe(kind)}"
            hint = did_you_mean(str(kind), KINDS) or "fees stand in kind: fee-schedule"
        self.problems.append(Problem(code, where, found, "one of " + ", ".join(KINDS), hint))
        return None

    def _read_tables(self, name: str, tree: Any, key: str, seen: set[int]) -> None:
        """Puts the table of a file beside the document where a mapping names one with `file:`."""
        if not isinstance(tree, (Map, Seq)) or id(tree) in seen:
            return
        seen.add(id(tree))
        if isinstance(tree, Seq):
            for value in tree:
                self._read_tables(name, value, "", seen)
            return
        file = tree.get(Text("file"))
        if isinstance(file, Text) and key not in NAMED and tree.keys() <= TableValue.model_fields.keys():
            self._read_table(name, tree, file)
        for inner, value in tree.items():
            if type(value) is not Text:  # as most values are
                self._read_tables(name, value, inner if key not in NAMED else "", seen)

    def _read_table(self, name: str, tree: Map, file: Text) -> None:
        if "table" in tree:
            hint = "keep one of them"
            self.problems.append(
                Problem("contradiction", file.where, "a file and a table", "one table", hint)
            )
            return
        beside = self._beside(name, file.partition("#")[0], file.where)
        if beside is None:
            return
        content = self.fetch(beside)
        if content is None:
            if not self._is_told(beside):
                self._missing(file, beside)
            return
        sheet = file.partition("#")[2]
        try:
            table = read_table_file(beside + ("#" + sheet if sheet else ""), content)
        except TableError as error:
            self.problems += error.problems
        else:
            tree[Text("table")] = table

    def _missing(self, file: Text | str, beside: str) -> None:
        """A file that a document names and nobody has."""
        where = file.where if isinstance(file, Text) else Where(beside, 1, 1)
        hint = did_you_mean(beside, [*self.names, *self.files]) or "paths are relative to the document"
        found = f"the file {quote(file)}, which is not there"
        self.problems.append(Problem("missing_file", where, found, "a file of the book", hint))

    def _beside(self, name: str, file: str, where: Where) -> str | None:
        """A path relative to a document as a path of the book; a problem where it leads outside."""
        steps: list[str] = []
        path = PurePosixPath(name).parent / file
        for step in path.parts:
            if step == ".." and steps:
                steps.pop()
            elif step == ".." or step.startswith(("/", "\\")) or ":" in step:
                self.problems.append(
                    Problem("outside_book", where, f"the path {quote(file)}", "a file inside the book's folder",
                            "copy the file into the folder")
                )  # fmt: skip
                return None
            elif step != ".":
                steps.append(step)
        return "/".join(steps)

    # What stands between documents

    def _with_includes(self, name: str, schedule: FeeSchedule | DunningPolicy) -> FactLibrary:
        """All that a document includes, in one library; rings and double names are problems."""
        merged: dict[str, Any] = {key: {} for key in ("facts", "parameters", "derived", "tables")}
        self._include(name, schedule, merged, (name,), set())
        return FactLibrary.model_construct(kind="facts", id=schedule.id, include=(), **merged)

    def _include(
        self,
        name: str,
        part: FeeSchedule | DunningPolicy | FactLibrary,
        merged: dict[str, dict[str, Any]],
        ring: tuple[str, ...],
        seen: set[str],
    ) -> None:
        for file in part.include:
            where = file.where if isinstance(file, Text) else part.where
            beside = self._beside(name, file, where)
            library = None if beside is None else self._library(file, beside, where)
            if beside is None or library is None:
                self.incomplete.add(ring[0])
            elif self._leads_on(beside, where, ring) and beside not in seen:
                seen.add(beside)
                self._include(beside, library, merged, (*ring, beside), seen)
                self._merge(library, merged)

    def _leads_on(self, beside: str, where: Where, ring: tuple[str, ...]) -> bool:
        """Whether an include neither closes a ring nor is one of too long a chain."""
        if beside in ring:
            path = " → ".join([*ring[ring.index(beside) :], beside])
            self.problems.append(
                Problem("cyclic_include", where, path, "includes that do not lead back", f"take {beside} out")
            )
        elif len(ring) > MAX_INCLUDES:
            found, expected = f"more than {MAX_INCLUDES} includes in each other", f"at most {MAX_INCLUDES}"
            self.problems.append(
                Problem("too_deep", where, found, expected, "include the last ones directly")
            )
        else:
            return True
        return False

    def _library(self, file: str, beside: str, where: Where) -> FactLibrary | None:
        part = self.parts.get(beside)
        if part is None and beside not in self.names:
            if self.fetch(beside) is None:
                if not self._is_told(beside):
                    self._missing(file, beside)
                return None
            part = self._document(beside)
        if isinstance(part, FactLibrary):
            self.parts[beside] = part
            return part
        if part is not None:
            kind = getattr(part, "kind", "")
            found, expected = f"{quote(file)}, a document of kind: {kind}", "a document of kind: facts"
            hint = "move what is shared into a document of kind: facts, and include that"
            self.problems.append(Problem("wrong_include", where, found, expected, hint))
        return None

    def _merge(self, library: FactLibrary, merged: dict[str, dict[str, Any]]) -> None:
        for key, into in merged.items():
            for name, value in getattr(library, key).items():
                if name in into and into[name] is not value:
                    where, hint = place_of(name, library.where), "rename one of them"
                    found = f'"{name}" of {key}, which another included document defines too'
                    self.problems.append(Problem("defined_twice", where, found, "one definition", hint))
                into[name] = value

    def _check_ids(self) -> None:
        seen: dict[tuple[str, object], str] = {}
        for name, part in self.parts.items():
            if isinstance(part, CasesDocument):
                continue
            day = part.effective.from_ if isinstance(part, FeeSchedule | DunningPolicy) else None
            key = (str(getattr(part, "id", "")), day)
            if key in seen and isinstance(part, FeeSchedule | DunningPolicy):
                self.problems.append(
                    part.effective.problem(
                        "two_versions",
                        found=f"a version of {part.id} from {day}, as in {seen[key]}",
                        expected="versions that begin on different days",
                        hint="change the first day, or the id",
                        key="from",
                    )
                )
            elif key in seen:
                found, hint = f'the id "{key[0]}", as in {seen[key]}', "change one of them"
                self.problems.append(
                    part.problem(
                        "defined_twice", found=found, expected="an id of its own", hint=hint, key="id"
                    )
                )
            seen.setdefault(key, name)

    def _calendar(self) -> Calendar | None:
        found = [part for part in self.parts.values() if isinstance(part, CalendarDocument)]
        if not found:
            return None
        holidays = frozenset(day for each in found for day in each.holidays)
        for each in found:
            self.problems += (each.both(day) for day in each.workdays if day in holidays)
        return Calendar(
            holidays=holidays,
            workdays=frozenset(day for each in found for day in each.workdays) - holidays,
            years=frozenset(year for each in found for year in each.years),
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


def _of_another_kind(problem: Problem, tree: Map, model: type[Part]) -> Problem:
    """The problem of a key that stands in another kind of document, with a hint to that."""
    key = next((key for key in tree if isinstance(key, Text) and key.where == problem.where), None)
    kinds = [kind for kind, other in KINDS.items() if other is not model and key in other.model_fields]
    if problem.code != "unknown_key" or key is None or not kinds:
        return problem
    return replace(problem, hint=f"{key}: stands in a document of kind: {kinds[0]}")
