"""The cases of a book as tests of pytest: each case one test, with its own name, its place, and what differs.

pytest finds this by itself where feerules is installed. It stands beside the package, and loads nothing of it until
somebody asks for a book, so that the tests of other projects start as fast as before.

    # pytest.ini:  feerules_books = rules
    # or:          pytest --feerules rules
    # or, in a test file:
    from feerules_pytest import cases
    test_cases = cases("rules")
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from feerules.book import Book
    from feerules.proving.results import CaseResult

__all__ = ["cases"]

Run = Callable[[], "CaseResult"]
Books = dict[Path, "Book | None"]  # each by its path, once it is loaded


def cases(book: str | Path, document_id: str | None = None, *, locale: str = "en") -> Callable[[Run], None]:
    """A test of every case of a book, or of those for one document: `test_cases = cases("rules")`.

    A relative path is looked for beside the test file, and then in the folders above it.
    """
    caller = inspect.stack()[1].filename
    path = _above(Path(caller).parent, Path(book))
    try:
        found = [(name, run) for _, name, _, run in _every_case(_loaded(path), document_id)]
    except Exception as error:
        if _is_ours(error):
            pytest.fail(str(error), pytrace=False)
        raise
    names = _apart(name for name, _ in found)

    @pytest.mark.parametrize("case", [run for _, run in found], ids=names)
    def test_cases(case: Run) -> None:
        result = case()
        if not result.passed:
            pytest.fail(_told(result, locale), pytrace=False)

    return test_cases


def _above(folder: Path, path: Path) -> Path:
    places = (each / path for each in (folder, *folder.parents))
    return next((place for place in places if place.exists()), path)


# Books


def _loaded(path: Path) -> Book:
    from feerules import load

    return load(path)


def _every_case(book: Book, document_id: str | None = None) -> Iterator[tuple[str, str, int, Run]]:
    """Each case: the file that it stands in, its name, its line, and what runs it."""
    from functools import partial

    from feerules.proving.cases import cases_of, run_case

    for document, number, case in cases_of(book, document_id):
        name = (case.name.en or case.name.zh or str(number)).replace("::", ":")
        yield case.where.file, name, case.where.line, partial(run_case, book, document, case, number)


def _apart(names: Iterable[str]) -> list[str]:
    """Names that are told apart, since two cases may have one."""
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def _is_ours(error: Exception) -> bool:
    from feerules.errors import FeeRulesError

    return isinstance(error, FeeRulesError | FileNotFoundError)


def _told(result: CaseResult, locale: str) -> str:
    place, name = str(result.where), result.titles.get("zh" if locale.startswith("zh") else "en", result.name)
    told = result.explained(locale)
    return "\n".join([f"{place}: {name}", *(f"  {each}" for each in told)])


# The plugin


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("feerules", "cases of feerules books")
    group.addoption(
        "--feerules", action="append", default=[], metavar="PATH", help="run the cases of this book of rules"
    )
    parser.addini("feerules_books", "books of rules whose cases are tests", type="paths", default=[])
    parser.addini("feerules_locale", "the language in which differences are told: en or zh_CN", default="en")


def pytest_configure(config: pytest.Config) -> None:
    """A book is collected where it is asked for, and with everything; who asks for one file gets this file alone."""
    asked = [str((config.invocation_params.dir / each).resolve()) for each in config.getoption("--feerules")]
    known = [str(path) for path in config.getini("feerules_books")]
    if known and config.args_source is not pytest.Config.ArgsSource.ARGS:
        asked += known
    books: Books = {Path(each).resolve(): None for each in (*asked, *known)}
    config.stash[BOOKS] = books
    if asked and config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR and not known:
        config.args = []  # --feerules alone asks for the cases alone
    config.args += [each for each in dict.fromkeys(asked) if each not in config.args]


BOOKS = pytest.StashKey[Books]()


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if path.resolve() not in parent.config.stash.get(BOOKS, {}):
        return None
    folder: pytest.Collector = Folder.from_parent(parent, path=path)
    return folder


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A book may be a single file."""
    if file_path.resolve() not in parent.config.stash.get(BOOKS, {}):
        return None
    cases: pytest.Collector = CasesFile.from_parent(
        parent, path=file_path, book=file_path, name=file_path.name
    )
    return cases


def _book_at(config: pytest.Config, path: Path) -> Book:
    """The book, loaded once; what is wrong with it is one error of the collection."""
    books = config.stash[BOOKS]
    book = books.get(path.resolve())
    if book is None:
        try:
            book = books[path.resolve()] = _loaded(path)
        except Exception as error:
            if _is_ours(error):
                raise pytest.Collector.CollectError(str(error)) from None
            raise
    return book


class Folder(pytest.Directory):
    """A book, or a folder inside it."""

    root: Path | None = None

    def collect(self) -> Iterator[pytest.Collector]:
        root = self.root or self.path
        here = self.path.relative_to(root).parts
        book = _book_at(self.config, root)
        names = sorted({file for file, _ in ((name, None) for name, *_ in _every_case(book))})
        inside = [name.split("/") for name in names if tuple(name.split("/")[: len(here)]) == here]
        folders = dict.fromkeys(parts[len(here)] for parts in inside if len(parts) > len(here) + 1)
        for name in folders:
            folder = Folder.from_parent(self, path=self.path / name)
            folder.root = root
            yield folder
        for parts in inside:
            if len(parts) == len(here) + 1:
                yield CasesFile.from_parent(self, path=self.path / parts[-1], book=root)


class CasesFile(pytest.File):
    """One document of cases."""

    def __init__(self, *, book: Path, **more: Any) -> None:
        super().__init__(**more)
        self.book = book

    def collect(self) -> Iterator[pytest.Item]:
        root = self.book if self.book.is_dir() else self.book.parent
        book, own = _book_at(self.config, self.book), self.path.relative_to(root).as_posix()
        found = [(name, line, run) for file, name, line, run in _every_case(book) if file == own]
        for name, (_, line, run) in zip(_apart(name for name, *_ in found), found, strict=True):
            yield CaseItem.from_parent(self, name=name, line=line, run=run)


class Failed(Exception):
    """A case that does not come out."""


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, line: int, run: Run, **more: Any) -> None:
        super().__init__(**more)
        self.line, self.run = line, run

    def runtest(self) -> None:
        result = self.run()
        if not result.passed:
            raise Failed(_told(result, self.config.getini("feerules_locale")))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What differs, and no traceback."""
        return (
            str(excinfo.value) if isinstance(excinfo.value, Failed) else super().repr_failure(excinfo, style)
        )

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name
