"""Cases at the edges of every rule, as documents: what the rules say now, for a person to read and sign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from feerules.book import Book
from feerules.errors import Where
from feerules.proving.marks import Rule, rules_of
from feerules.proving.position_settings import position_settings
from feerules.proving.settings import Setting, generate
from feerules.proving.unit_settings import unit_settings
from feerules.proving.writing import WrittenCase, document_of
from feerules.wording import sentence, translate

__all__ = ["GeneratedCases", "generate_cases"]

MOST_CASES = 1_000
TITLE = sentence("Cases at the edges of the rules")
HEAD = (
    sentence("Computed from the rules as they are, and not yet confirmed by a person."),
    sentence("Read each case, mend the rules where it is wrong, and sign: later changes are then seen."),
)
LEFT = sentence("Rules that no case here reaches: {number}.")


@dataclass(frozen=True, slots=True)
class GeneratedCases:
    """Documents of cases by the path where they belong in the book, and the rules that none of them reaches."""

    documents: Mapping[str, str]
    missed: tuple[Rule, ...]
    count: int

    def write(self, folder: str | Path, *, replace: bool = False) -> list[Path]:
        """Writes the documents into the folder of the book; FileExistsError where one is there, since somebody may
        have signed it."""
        paths = [Path(folder) / name for name in self.documents]
        there = [str(path) for path in paths if path.exists()]
        if there and not replace:
            raise FileExistsError(
                f"found {', '.join(there)}, expected no such file: say replace=True, or move it away"
            )
        for path, text in zip(paths, self.documents.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return paths


def generate_cases(
    book: Book, document_id: str | None = None, *, at_most: int = MOST_CASES
) -> GeneratedCases:
    """Cases for every schedule and policy of a book, or for one: each row, band, adjustment, stop and step at its edges.

    For each condition on a number or a day there is the last value inside and the first outside, for each on words
    one value after the other; for tiers the bound and one step above. What is expected is what the book says now.
    A document gets at most so many cases; where it has more rules, they are chosen evenly, and `missed` names those
    that are left, and those for which no facts were found. ValueError where the book has no such document.
    """
    parts = {part.id for part, _ in rules_of(book)}
    if document_id is not None and document_id not in parts:
        raise ValueError(f"the book has no document {document_id!r}")
    documents: dict[str, str] = {}
    missed: list[Rule] = []
    count = 0
    for name in sorted(parts if document_id is None else [document_id]):
        only = book.only(name)
        every = [*_versions(only)]
        made = [generate(rules, settings, at_most) for _, rules, settings in every]
        cases = [case for each in made for case in each.cases]
        left = [rule for each in made for rule in each.missed]
        if cases:
            path = PurePosixPath(every[0][0].file).parent / f"{name}.edges.cases.yaml"
            documents[str(path)] = _document(name, cases, len(left))
        missed += left
        count += len(cases)
    return GeneratedCases(documents, tuple(missed), count)


def _versions(book: Book) -> Iterator[tuple[Where, Mapping[Rule, bool], Iterator[Setting]]]:
    """Each version of the one document of a book: its place, its rules, and where cases for them are looked for."""
    known = {id(part): rules for part, rules in rules_of(book)}
    for version in (each for versions in book.versions for each in versions):
        yield version.schedule.where, known[id(version.schedule)], unit_settings(book, version)
    for policy in (each for policies in book.policies for each in policies):
        yield policy.policy.where, known[id(policy.policy)], position_settings(book, policy)


def _document(name: str, cases: list[WrittenCase], missed: int) -> str:
    both = [translate(locale) for locale in ("zh_CN", "en")]
    lines = (*HEAD, LEFT) if missed else HEAD
    head = [words.text(line, number=str(missed)) for words in both for line in lines]
    title = {words.language: words.text(TITLE) for words in both}
    return document_of(name, title, head, cases)
