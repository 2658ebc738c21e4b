"""Commands that prove a book before it is used: check, test, cases, diff, compare, reconcile; and the schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

import feerules
from feerules.checks.findings import SEVERITIES, Finding
from feerules.cli.options import AsJson, BookPath, Command
from feerules.cli.printing import FOUND, ended, placed, print_json, print_text, prints_problems
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
    json: AsJson = False,
) -> None:
    found = placed(feerules.check(book, profile), book)
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
def run(book: BookPath, json: AsJson = False) -> None:
    results = placed(feerules.run_cases(feerules.load(book)), book)
    failed = [each for each in results if not each.passed]
    if json:
        print_json(
            {
                "passed": len(results) - len(failed),
                "failed": len(failed),
                "cases": [each.to_dict() for each in results],
            }
        )
    else:
        for each in failed:
            print_text(str(each))
        print_text(
            say(
                sentence("{passed} cases passed, {failed} failed"),
                passed=str(len(results) - len(failed)),
                failed=str(len(failed)),
            )
        )
    ended(FOUND if failed else 0)


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=say(sentence("writes it to a file")))
    ] = None,
) -> None:
    if out is None:
        print_json(feerules.schema())
    else:
        out.write_text(dumps(feerules.schema(), ensure_ascii=False, indent=2), encoding="utf-8")


COMMANDS: tuple[Command, ...] = (
    (
        "check", check, say(sentence("What is wrong, odd or unlawful in rules, before anybody is billed by them.")),
        ("check rules", "check rules --profile cn-hangzhou --form github", "check rules --json --fail-on error"),
    ),
    ("test", run, say(sentence("Runs the cases that stand beside the rules.")), ("test rules",)),
    ("schema", schema, say(sentence("The JSON Schema of the documents, for editors.")), ("schema --out schema.json",)),
)  # fmt: skip
