"""What proves a book: findings with their witnesses, cases, and the change of policy in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from feerules.pages.page import Block, Figure, Prose, Section, Tone
from feerules.pages.parts.amounts import bars
from feerules.pages.reader import Reader
from feerules.pages.tables import Columns, listed
from feerules.wording import sentence

__all__ = ["cases_section", "coverage_section", "diff_section", "findings_section"]

SEVERITIES: Mapping[str, tuple[str, Tone]] = {
    "error": (sentence("Errors"), "alert"),
    "warning": (sentence("Warnings"), "more"),
    "note": (sentence("Notes"), "plain"),
}
KINDS: Mapping[str, str] = {
    "amount": sentence("What it costs"),
    "condition": sentence("For whom, when and how"),
    "words": sentence("Words only"),
}


def findings_section(findings: Sequence[Any], reader: Reader, title: str) -> Section:
    """The findings of `check`, the most severe first, each with its witnesses and its legal basis."""
    text = reader.words.text
    counts = Counter(each.severity for each in findings)
    figures = [
        Figure(text(label), reader.number(counts[severity]), tone=tone if counts[severity] else "plain")
        for severity, (label, tone) in SEVERITIES.items()
    ]
    if not findings:
        return Section(title or text("Findings"), tuple(figures), (Prose((text("Nothing was found."),)),))
    ordered = sorted(findings, key=lambda each: list(SEVERITIES).index(each.severity))
    columns: Columns = (
        (text("Severity"), "text"), (text("Code"), "text"), (text("In the file"), "place"), (text("Finding"), "text"),
        (text("Witness"), "text"), (text("Legal basis"), "text"), (text("Hint"), "text"),
    )  # fmt: skip
    table = listed(text("Findings, one by one"), columns, [_finding(each, reader) for each in ordered])
    codes = bars(
        reader, text("Findings by code"), Counter(each.code for each in findings).items(),
        labels=text("Code"), values=text("Findings"), kind="number",
    )  # fmt: skip
    return Section(
        title or text("Findings"),
        tuple(figures),
        (*(codes if len(counts) and len({e.code for e in findings}) > 2 else ()), table),
    )


def _finding(each: Any, reader: Reader) -> tuple[str, ...]:
    return (
        reader.words.text(each.severity),
        each.code,
        str(each.where),
        reader.said(each.message),
        "\n".join(
            reader.words.listed(f"{name} {value}" for name, value in one.items()) for one in each.witness
        ),
        "\n".join(basis.told(reader.words) for basis in each.basis),
        reader.said(each.hint),
    )


# Cases


def cases_section(results: Sequence[Any], reader: Reader, title: str) -> Section:
    """The results of `run_cases`, those that failed first."""
    text = reader.words.text
    failed = [each for each in results if not each.passed]
    figures = (
        Figure(text("Cases"), reader.number(len(results))),
        Figure(text("Passed"), reader.number(len(results) - len(failed))),
        Figure(text("Failed"), reader.number(len(failed)), tone="alert" if failed else "plain"),
    )
    columns: Columns = (
        (text("Result"), "text"), (text("Document"), "text"), (text("Case"), "text"), (text("In the file"), "place"),
        (text("Differences"), "text"),
    )  # fmt: skip
    ordered = sorted(results, key=lambda each: each.passed)
    table = listed(text("Cases, one by one"), columns, [_case(each, reader) for each in ordered])
    return Section(title or text("Cases"), figures, (table,))


def _case(each: Any, reader: Reader) -> tuple[str, ...]:
    result = reader.words.text("Passed") if each.passed else reader.words.text("Failed")
    name = reader.words.title(each.titles, each.name)
    told = [difference.explain(reader.words) for difference in each.found]
    return result, each.document, name, str(each.where), "\n".join(told)


# Coverage

COVERED: Mapping[str, str] = {
    "missed": sentence("No case reaches it"),
    "failing": sentence("Only cases that fail reach it"),
    "unreachable": sentence("Nothing can reach it"),
    "reached": sentence("A case reaches it"),
}


def coverage_section(result: Any, reader: Reader, title: str) -> Section:
    """Which rules the cases of a book reach; those that none reaches first."""
    text = reader.words.text
    every = len(result.rules) - len(result.unreachable)
    share = (
        reader.words.percent((Decimal(len(result.reached)) / every).quantize(Decimal("0.001")))
        if every
        else ""
    )
    figures = (
        Figure(
            text("Rules reached by cases"),
            f"{reader.number(len(result.reached))} / {reader.number(every)}",
            share,
        ),
        Figure(
            text("Reached by none"),
            reader.number(len(result.missed)),
            tone="more" if result.missed else "plain",
        ),
        Figure(text("Nothing can reach it"), reader.number(len(result.unreachable))),
    )
    columns: Columns = (
        (text("State"), "text"), (text("Document"), "text"), (text("Version"), "text"), (text("Rule"), "text"),
        (text("Cases"), "place"),
    )  # fmt: skip
    ordered = sorted(result.rules, key=lambda each: list(COVERED).index(each.state))
    rows = [
        (
            text(COVERED[each.state]),
            each.document,
            each.version,
            each.explain(reader.words.language),
            "\n".join(each.cases),
        )
        for each in ordered
    ]
    return Section(
        title or text("What the cases reach"), figures, (listed(text("Rules, one by one"), columns, rows),)
    )


# The change of policy


def diff_section(diff: Any, reader: Reader, title: str) -> Section:
    """What one version of rules says otherwise than another."""
    text = reader.words.text
    counts = Counter(each.kind for each in diff.changes)
    figures = tuple(Figure(text(label), reader.number(counts[kind])) for kind, label in KINDS.items())
    changed = {(each.document, each.effective) for each in diff.changes}
    versions = tuple(
        each.explain(reader.words)
        for each in diff.versions
        if not changed or (each.document, each.first) in changed
    )
    blocks: list[Block] = [Prose(versions)] if versions else []
    if not diff.changes:
        blocks.append(Prose((text("Nothing changes."),)))
    else:
        columns: Columns = (
            (text("From"), "day"), (text("Kind"), "text"), (text("Change"), "text"), (text("Old place"), "place"),
            (text("New place"), "place"),
        )  # fmt: skip
        rows = [
            (each.effective, text(KINDS[each.kind]), each.explain(reader.words.language), each.old, each.new)
            for each in diff.changes
        ]
        blocks.append(listed(text("Changes, one by one"), columns, rows))
    return Section(title or text("What changes in the rules"), figures, tuple(blocks))
