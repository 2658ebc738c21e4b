"""Does a rule book hold before anybody is billed by it? Every check over every document, findings in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from feerules.book import Book
from feerules.checks.days import check_days, check_versions
from feerules.checks.duplicates import check_duplicates
from feerules.checks.findings import SEVERITIES, Finding, Told
from feerules.checks.law import check_policy_by_law
from feerules.checks.policies import check_policies
from feerules.checks.prices import check_prices_by_law, check_rises
from feerules.checks.profiles import SHIPPED, Law, law_of, shipped
from feerules.checks.readings import documents_of, titles_of
from feerules.checks.refusals import from_problem
from feerules.checks.tables import check_tables
from feerules.checks.tariffs import check_tariffs
from feerules.checks.unused import check_unused
from feerules.documents.law import LawProfile
from feerules.documents.schedule import Headed
from feerules.errors import Problem, RuleErrors, did_you_mean
from feerules.folders import with_excerpts
from feerules.load import load, read_book

__all__ = ["check"]

# The law of the mainland is asked where a book has no profile of its own: of documents in yuan.
USUAL = "cn-mainland"
NONE = "none"
Check = Callable[[Book], Iterable[Finding]]
CHECKS: tuple[Check, ...] = (check_tables, check_tariffs, check_days, check_policies)
# What nobody uses, and which days nothing covers, can be said only of a book that was read whole.
OF_THE_WHOLE: tuple[Check, ...] = (check_versions, check_unused)
# What a law tells by a test of its own, with its numbers.
BY_TESTS: Mapping[str, str] = {"no_limits": "contact_limits", "short_notice": "short_notice"}


def check(book: Book | str | Path, profile: str | Path | None = None) -> list[Finding]:
    """Everything odd, wrong or unlawful in a book, or in the folder or file of one.

    `profile` names the law: the id of a law profile of the book or of the library ("cn-mainland",
    "cn-hangzhou", …), the path of one, or "none". Without it, the profiles of the book itself are asked, and
    "cn-mainland" where it has none. A profile is for the documents of its currency.

    The findings stand in the order of the files; of one place, the most severe first. What keeps rules from
    loading is an error among them where a path is given; the documents that can be read are then checked all
    the same, each by itself. Raises ValueError for a profile that nobody knows,
    `RuleErrors` for one that is wrong.
    """
    if isinstance(book, Book):
        return _found(book, _laws(book, profile), (*CHECKS, *OF_THE_WHOLE))
    try:
        book, problems = read_book(book)
    except RuleErrors as errors:
        return [from_problem(each) for each in errors.problems]
    if not problems:
        return _found(book, _laws(book, profile), (*CHECKS, *OF_THE_WHOLE))
    files = {problem.where.file for problem in problems}
    laws = [] if any(law.where.file in files for law in book.laws) else _laws(book, profile)
    readable = _found(book.without(_ids_with(problems, book)), laws, CHECKS)
    return sorted([*_with_titles(map(from_problem, problems), book), *readable], key=_place)


def _found(book: Book, laws: Sequence[Law], checks: Iterable[Check]) -> list[Finding]:
    currencies = {each.id: each.currency for each in _documents(book)}
    every = (each for one in checks for each in one(book))
    found = [grave for each in every for grave in _by_its_law(each, currencies.get(each.document), laws)]
    found += (each for law in laws for each in _by_law(book, law))
    return sorted(with_excerpts(_with_titles(found, book), book.files), key=_place)


def _with_titles(found: Iterable[Finding], book: Book) -> Iterator[Finding]:
    """Findings that know what the facts of their witnesses are called."""
    known = dict[str, dict[str, Told]]()
    for document, names in documents_of(book):
        for place in (document.id, document.where.file):  # what keeps rules from loading knows its file alone
            known.setdefault(place, {}).update(titles_of(names))
    for each in found:
        titles = known.get(each.document or each.where.file, {})
        asked = {name: titles[name] for unit in each.witness for name in unit if name in titles}
        yield replace(each, titles=asked) if asked else each


def _ids_with(problems: Sequence[Problem], book: Book) -> set[str]:
    """The documents that were not read whole."""
    files = {problem.where.file for problem in problems}
    return {
        document.id
        for document, names in documents_of(book)
        if names.problems or document.where.file in files
    }


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


def _by_its_law(found: Finding, currency: str | None, laws: Sequence[Law]) -> Iterator[Finding]:
    """What the law says of a finding that other checks made too: how grave it is, and by which rule."""
    for law in laws:
        if law.currency != currency:
            continue
        if BY_TESTS.get(found.code) in law.tests:
            return
        told = law.tests.get(found.code)
        if told is not None:
            if told.severity is not None:
                yield replace(found, severity=told.severity, basis=told.basis)
            return
    yield found


def _documents(book: Book) -> Iterator[Headed]:
    yield from book.schedules
    yield from (each.policy for versions in book.policies for each in versions)


def _by_law(book: Book, law: Law) -> Iterator[Finding]:
    documents = [
        [each for each in versions if each.schedule.currency == law.currency] for versions in book.versions
    ]
    yield from check_duplicates(documents, law)
    for versions, meant in zip(book.versions, documents, strict=True):
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
