"""Does a rule book hold before anybody is billed by it? Every check over every document, findings in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from feerules.book import Book
from feerules.checks.findings import SEVERITIES, Finding, from_problem
from feerules.checks.law import check_policy_by_law
from feerules.checks.prices import check_prices_by_law, check_rises
from feerules.checks.profiles import SHIPPED, Law, law_of, shipped
from feerules.checks.tables import check_tables
from feerules.documents.law import LawProfile
from feerules.documents.schedule import Headed
from feerules.errors import RuleErrors, did_you_mean
from feerules.folders import with_excerpts
from feerules.load import load

__all__ = ["check"]

# The law of the mainland is asked where a book has no profile of its own: of documents in yuan.
USUAL = "cn-mainland"
NONE = "none"
CHECKS: tuple[Callable[[Book], Iterable[Finding]], ...] = (check_tables,)


def check(book: Book | str | Path, profile: str | Path | None = None) -> list[Finding]:
    """Everything odd, wrong or unlawful in a book, or in the folder or file of one.

    `profile` names the law: the id of a law profile of the book or of the library ("cn-mainland",
    "cn-hangzhou", …), the path of one, or "none". Without it, the profiles of the book itself are asked, and
    "cn-mainland" where it has none. A profile is for the documents of its currency.

    The findings stand in the order of the files; of one place, the most severe first. What keeps rules from
    loading is an error among them where a path is given. Raises ValueError for a profile that nobody knows,
    `RuleErrors` for one that is wrong.
    """
    if not isinstance(book, Book):
        try:
            book = load(book)
        except RuleErrors as errors:
            return [from_problem(each) for each in errors.problems]
    laws = _laws(book, profile)
    found = [grave for one in CHECKS for each in one(book) for grave in _by_its_law(each, book, laws)]
    found += (each for law in laws for each in _by_law(book, law))
    return sorted(with_excerpts(found, book.files), key=_place)


def _laws(book: Book, profile: str | Path | None) -> list[Law]:
    own = {each.id: each for each in book.laws}
    if profile == NONE:
        return []
    if profile is None:
        extended = {each.extends for each in book.laws}
        roots = [each for each in book.laws if each.id not in extended] or [shipped(USUAL)]
        return [law_of(each, own) for each in roots]
    found = _named(str(profile), own)
    return [law_of(found[-1], {**own, **{each.id: each for each in found}})]


def _named(profile: str, own: Mapping[str, LawProfile]) -> Sequence[LawProfile]:
    if profile in own:
        return [own[profile]]
    if profile in SHIPPED:
        return [shipped(profile)]
    if Path(profile).exists() and (found := load(profile).laws):
        return found
    known = [*own, *SHIPPED, NONE]
    hint = did_you_mean(profile, known) or "give the path of one"
    raise ValueError(f"found the law profile {profile!r}, expected one of {', '.join(known)}: {hint}")


def _by_its_law(found: Finding, book: Book, laws: Sequence[Law]) -> Iterator[Finding]:
    """What the law says of a finding that other checks made too: how grave it is, and by which rule."""
    currencies = {each.id: each.currency for each in _documents(book)}
    for law in laws:
        told = law.tests.get(found.code)
        if told is not None and currencies.get(found.document) == law.currency:
            if told.severity is not None:
                yield replace(found, severity=told.severity, basis=told.basis)
            return
    yield found


def _documents(book: Book) -> Iterator[Headed]:
    yield from book.schedules
    yield from (each.policy for versions in book.policies for each in versions)


def _by_law(book: Book, law: Law) -> Iterator[Finding]:
    for versions in book.versions:
        meant = [each for each in versions if each.schedule.currency == law.currency]
        for version in meant:
            yield from _of_document(version.schedule.id, check_prices_by_law(version, law))
        yield from _of_document(versions[0].schedule.id, check_rises(meant, law))
    for policies in book.policies:
        for policy in policies:
            if policy.policy.currency == law.currency:
                yield from _of_document(policy.policy.id, check_policy_by_law(policy, law))


def _of_document(name: str, found: Iterable[Finding]) -> Iterator[Finding]:
    return (replace(each, document=name) for each in found)


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.where, SEVERITIES[finding.severity], finding.code, finding.message["en"]
