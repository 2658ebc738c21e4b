"""Commands that prove a book before it is used: check, test, cases, diff, compare, reconcile; and the schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

import feerules
from feerules.checks.findings import SEVERITIES, Finding
from feerules.cli.frames import in_a_folder
from feerules.cli.options import AsJson, BookPath, Command, ReportPath
from feerules.cli.printing import FOUND, ended, placed, print_json, print_text, prints_problems, write_report
from feerules.cli.speech import LOCALE, say
from feerules.wording import sentence, translate

__all__ = ["COMMANDS"]


class Form(StrEnum):
    """How findings are printed: at length, a line for an editor, a line for GitHub's annotations."""

    full = "full"
    lines = "lines"
    github = "github"


class FailOn(StrEnum):
    error = "error"
    warning = "warning"
    note = "note"
    never = "never"


GRAVE = {FailOn.error: 0, FailOn.warning: 1, FailOn.note: 2, FailOn.never: -1}


@prints_problems
def check(
    book: BookPath,
    profile: Annotated[
        str | None, typer.Option(help=say(sentence("the law: an id such as cn-hangzhou, a file, or none")))
    ] = None,
    form: Annotated[
        Form, typer.Option(help=say(sentence("full, lines (file:line:col), or github annotations")))
    ] = Form.full,
    fail_on: Annotated[
        FailOn, typer.Option(help=say(sentence("the least severe finding that ends it with 1")))
    ] = FailOn.warning,
    report: ReportPath = None,
    json: AsJson = False,
) -> None:
    found = placed(feerules.check(book, profile), book)
    write_report(report, found)
    if json:
        print_json({"findings": [each.to_dict() for each in found]})
    else:
        for each in found:
            print_text(TOLD[form](each))
        print_text(_summary(found), to_error=form is not Form.full)
    worst = [each for each in found if SEVERITIES[each.severity] <= GRAVE[fail_on]]
    ended(FOUND if worst else 0)


def _line(finding: Finding) -> str:
    language = translate(LOCALE).language
    return f"{finding.where}: {finding.severity}: {finding.message[language]} [{finding.code}]"


def _annotation(finding: Finding) -> str:
    level = {"error": "error", "warning": "warning", "note": "notice"}[finding.severity]
    place = f"file={_escaped(finding.where.file)},line={finding.where.line},col={finding.where.column}"
    told = _escaped(finding.message[translate(LOCALE).language])
    return f"::{level} {place},title={finding.code}::{told}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


TOLD = {Form.full: lambda each: each.explain(LOCALE), Form.lines: _line, Form.github: _annotation}


def _summary(found: Sequence[Finding]) -> str:
    counts = Counter(each.severity for each in found)
    if not found:
        return say(sentence("Nothing found."))
    return say(
        sentence("errors: {errors}, warnings: {warnings}, notes: {notes}"),
        errors=str(counts["error"]), warnings=str(counts["warning"]), notes=str(counts["note"]),
    )  # fmt: skip


@prints_problems
def run(
    book: BookPath,
    coverage: Annotated[
        bool, typer.Option("--coverage", help=say(sentence("also tells which rules no case reaches")))
    ] = False,
    report: ReportPath = None,
    json: AsJson = False,
) -> None:
    rules = feerules.load(book)
    results = feerules.run_cases(rules)
    reached = _reached(rules, book, results) if coverage else None
    write_report(report, results, *([reached] if reached else ()))
    told = placed(results, book)
    failed = [each for each in told if not each.passed]
    if json:
        found = {} if reached is None else {"coverage": reached.to_dict()}
        print_json(
            {
                "passed": len(told) - len(failed),
                "failed": len(failed),
                "cases": [each.to_dict() for each in told],
                **found,
            }
        )
    else:
        for each in failed:
            print_text(each.explain(LOCALE))
        print_text(
            say(
                sentence("{passed} cases passed, {failed} failed"),
                passed=str(len(told) - len(failed)),
                failed=str(len(failed)),
            )
        )
        if reached is not None:
            print_text(reached.explain(LOCALE))
    ended(FOUND if failed else 0)


@prints_problems
def cases(
    book: BookPath,
    generate: Annotated[
        bool,
        typer.Option(
            "--generate", help=say(sentence("cases at the edges of every table, tier, stop and step"))
        ),
    ] = False,
    document: Annotated[str | None, typer.Option(help=say(sentence("one document, by its id")))] = None,
    at_most: Annotated[int, typer.Option(min=1, help=say(sentence("cases of one document")))] = 1_000,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=say(sentence("the folder of the rules, or another")))
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help=say(sentence("writes over files that are there")))
    ] = False,
    json: AsJson = False,
) -> None:
    rules = feerules.load(book)
    if not generate:
        reached = _reached(rules, book)
        print_json(reached.to_dict()) if json else print_text(reached.explain(LOCALE))
        return
    made = feerules.generate_cases(rules, document, at_most=at_most)
    if out is not None:
        _kept(made, out, replace)
    if json:
        print_json({"count": made.count, "documents": dict(made.documents)})
    elif out is None:
        print_text("\n".join(made.documents.values()))
    else:
        print_text(
            say(
                sentence("{count} cases in {files}"),
                count=f"{made.count:,}",
                files=", ".join(str(out / name) for name in made.documents),
            )
        )


def _reached(
    rules: feerules.Book, root: Path, results: Sequence[feerules.CaseResult] | None = None
) -> feerules.Coverage:
    """What the cases reach, with places from where the command was called."""
    found = feerules.coverage(rules, results).rules
    places = placed([each.rule for each in found], root)
    return feerules.Coverage(
        tuple(replace(each, rule=rule) for each, rule in zip(found, places, strict=True))
    )


def _kept(made: feerules.GeneratedCases, out: Path, replace: bool) -> None:
    if out.is_file():
        raise ValueError(f"found the file {out}, expected a folder: that of the rules, or another")
    there = [str(out / name) for name in made.documents if (out / name).exists()]
    if there and not replace:
        raise ValueError(f"found {', '.join(there)}, expected no such file: say --replace, or move it away")
    made.write(out, replace=replace)


@prints_problems
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=say(sentence("writes it to a file")))
    ] = None,
) -> None:
    if out is None:
        print_json(feerules.schema())
    elif in_a_folder(out):
        out.write_text(dumps(feerules.schema(), ensure_ascii=False, indent=2), encoding="utf-8")


COMMANDS: tuple[Command, ...] = (
    (
        "check", check, say(sentence("What is wrong, odd or unlawful in rules, before anybody is billed by them.")),
        ("check rules", "check rules --profile cn-hangzhou --form github", "check rules --json --fail-on error"),
    ),
    ("test", run, say(sentence("Runs the cases that stand beside the rules.")), ("test rules", "test rules --coverage")),
    (
        "cases", cases, say(sentence("Which rules the cases reach; with --generate, cases at every edge.")),
        ("cases rules", "cases rules --generate --out rules"),
    ),
    ("schema", schema, say(sentence("The JSON Schema of the documents, for editors.")), ("schema --out schema.json",)),
)  # fmt: skip
