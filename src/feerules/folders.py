"""The files of a book's folder: which there are, and what is in them; nothing outside it is ever read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from feerules.documents.source import MAX_BYTES, read_file
from feerules.documents.tree import Lines
from feerules.errors import Problem, Where

if TYPE_CHECKING:
    from feerules.checks.findings import Finding

__all__ = ["SUFFIXES", "Folder", "documents_of", "unreadable", "with_excerpts"]

SUFFIXES = (".yaml", ".yml")
P = TypeVar("P", "Problem", "Finding")
MAX_FILE = 20 * 1024 * 1024


def documents_of(folder: Path) -> list[Path]:
    files = [file for suffix in SUFFIXES for file in folder.rglob(f"*{suffix}")]
    return sorted(
        file for file in files if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


class Folder:
    """Reads files below a root, and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.problems: list[Problem] = []

    def fetch(self, name: str) -> bytes | None:
        """The content of a file; None where there is none, or where a problem says why it is not read."""
        try:
            file = (self.root / name).resolve()
            if not file.is_relative_to(self.root) or not file.is_file():
                return None
            size = file.stat().st_size
            if name.endswith(SUFFIXES) and size > MAX_BYTES:
                self.problems += read_file(file, name)[1]
            elif size > MAX_FILE:
                self.problems.append(_too_big(name, size))
            else:
                return file.read_bytes()
        except (OSError, ValueError, RuntimeError) as error:  # a name that no file can have, a ring of links
            self.problems.append(unreadable(name, getattr(error, "strerror", "") or str(error)))
        return None


def _too_big(name: str, size: int) -> Problem:
    return Problem(
        "file_too_big", Where(name, 1, 1), f"a file of {size:,} bytes", f"at most {MAX_FILE:,} bytes",
        "split it into several files",
    )  # fmt: skip


def unreadable(name: str, reason: str) -> Problem:
    return Problem(
        "unreadable", Where(name, 1, 1), f"a file that cannot be read: {reason}", "a file of the book",
        "look at its path and its rights",
    )  # fmt: skip


def with_excerpts(problems: Iterable[P], files: Mapping[str, bytes]) -> list[P]:
    """The problems or findings without repeats, each with the line that it points into."""
    lines: dict[str, Lines] = {}

    def excerpt(where: Where) -> str:
        if where.file not in files or where.file.endswith(".xlsx"):
            return ""
        if where.file not in lines:
            lines[where.file] = Lines(where.file, files[where.file].decode("utf-8-sig", "replace"))
        return lines[where.file].excerpt_of(where)

    told = dict.fromkeys(problems)
    return [each if each.excerpt else replace(each, excerpt=excerpt(each.where)) for each in told]
