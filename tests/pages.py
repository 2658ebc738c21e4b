"""The pages of the manual, as blocks: what the tests load, run and compare.

In a fence, the words after the language say what the block is: a file name (the block is that file),
`wrong` (loading it must fail), `estate`, `calendar`, `notices`, `report`, `spark` or `sql` (it needs the extra of that name).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

FENCE = re.compile(r"```(\S*) ?(.*)")
HEADING = re.compile(r"#+ (.+)")
# What a part of a schedule is put into, so that it can be loaded.
AROUND = "kind: fee-schedule\nid: example\neffective: {from: 2026-01-01}\n"
A_FEE = "fees: {example: {rate: 1}}\n"
SHARED = "facts.yaml"


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins, the heading above it, its language and the words behind that."""

    page: Path
    line: int
    heading: str
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def is_document(self) -> bool:
        return self.language == "yaml" and self.text.startswith("kind:")

    @property
    def is_part(self) -> bool:
        """Keys of a fee schedule without its head: fees, facts, defaults …"""
        return (
            self.language == "yaml"
            and re.match(r"(fees|facts|defaults|derived|tables|parameters|bill):", self.text) is not None
        )

    @property
    def is_case(self) -> bool:
        return self.is_document and self.text.startswith("kind: cases")

    @property
    def is_file(self) -> bool:
        return any("." in word for word in self.words)

    @property
    def file(self) -> str:
        """The file that the block is, as the page calls it or by its place."""
        named = [word for word in self.words if "." in word]
        return named[0] if named else f"line-{self.line}.{self.language}"

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    found, heading, lines = [], "", iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        if above := HEADING.fullmatch(line):
            heading = above[1]
        elif fence := FENCE.fullmatch(line):
            text = "".join(f"{each}\n" for each in _until_closed(lines))
            found.append(Block(page, number, heading, fence[1], tuple(fence[2].split()), text))
    return found


def _until_closed(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line == "```":
            return
        yield line


@dataclass(frozen=True)
class Folder:
    """Blocks that stand together: the files of one book, by name."""

    first: Block
    files: dict[str, str]

    def __str__(self) -> str:
        return str(self.first)


def folders(page: Path, *, wrong: bool = False) -> list[Folder]:
    """The books of a page: the documents below one heading; a part of a schedule with its cases alone."""
    every = blocks(page)
    shared = {block.file: block.text for block in every if block.file == SHARED}
    chosen = [
        block for block in every if block.language in ("yaml", "csv") and ("wrong" in block.words) == wrong
    ]
    groups = [list(group) for _, group in groupby(chosen, key=lambda block: block.heading)]
    books = [each for group in groups for each in _split(group) if _is_book(each)]
    return [_folder(_with_schedules(each, every), shared) for each in books]


def _split(group: list[Block]) -> Iterator[list[Block]]:
    """Each part of a schedule begins a book of its own, with the cases that follow it."""
    together: list[Block] = []
    for block in group:
        if block.is_part and any(other.is_part or other.is_document for other in together):
            yield together
            together = []
        together.append(block)
    if together:
        yield together


def _with_schedules(group: list[Block], every: list[Block]) -> list[Block]:
    """Cases that stand alone below a heading prove the files that the page has shown before."""
    if not all(block.is_case for block in group):
        return group
    return [*(b for b in every if b.line < group[0].line and b.language == "yaml" and b.is_file), *group]


def _is_book(group: list[Block]) -> bool:
    return any(block.is_part or block.is_document or "wrong" in block.words for block in group)


def _folder(group: list[Block], shared: dict[str, str]) -> Folder:
    files = dict(shared)
    for block in group:
        files[block.file] = _whole(block, shared) if block.is_part else block.text
    return Folder(group[0], files)


def _whole(part: Block, shared: dict[str, str]) -> str:
    """A part of a schedule as a schedule; the shared facts of its page come with it."""
    include = f"include: [{SHARED}]\n" if shared else ""
    return AROUND + include + part.text + ("" if re.search(r"^fees:", part.text, re.M) else A_FEE)


# Python


EXTRAS = {"estate", "calendar", "notices", "report", "spark", "sql"}

SERVERS = {"postgres", "pyspark"}  # what is asked of a server; tests that have one run it


def python_of(page: Path, *, extras: bool = False) -> list[Block]:
    """The Python of a page in order; with `extras` also what needs one."""
    found = [
        block for block in blocks(page) if block.language == "python" and SERVERS.isdisjoint(block.words)
    ]
    return [block for block in found if extras or EXTRAS.isdisjoint(block.words)]


def lay_out(page: Path, folder: Path) -> None:
    """Writes the files that a page shows, so that its Python finds them."""
    for block in blocks(page):
        if block.is_file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")


def run(block: Block, names: dict[str, Any]) -> None:
    """Runs a block among the names that the page has so far."""
    exec(compile(block.text, f"{block.page.name}:{block.line}", "exec"), names)  # noqa: S102  (the manual is ours)


def told(block: Block) -> list[str]:
    """What a block says that it prints: the comment behind a print, and the lines of comment below."""
    said = []
    for line in block.text.splitlines():
        if found := re.search(r"print\(.*\)  # (.*)", line):
            said.append(found[1])
        elif line.startswith("# "):
            said.append(line[2:])
    return said


# The command line


def commands_of(block: Block) -> list[tuple[list[str], list[str]]]:
    """The feerules commands of a session, each as its arguments and the lines that it prints."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines() if block.language == "console" else ():
        if line.startswith("$ feerules "):
            found.append((shlex.split(line.removeprefix("$ feerules ")), []))
        elif found:
            found[-1][1].append(line)
    return found


# Links

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def broken_links(page: Path) -> Iterator[str]:
    """Every link of a page to a file that is not there, or to a heading that it does not have."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in LINK.findall(prose):
        file, _, anchor = target.partition("#")
        if "://" in target:
            continue
        other = (page.parent / file).resolve() if file else page
        if not other.exists() or (anchor and anchor not in anchors(other)):
            yield f"{page.name}: {target}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
