"""Commands that weigh one book against another, or against what an old system billed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

import feerules
from feerules.cli.frames import read_frame, writable, write_frame
from feerules.cli.options import (
    Accrue,
    AsJson,
    AsOf,
    BookPath,
    Charges,
    Command,
    Entries,
    KeyName,
    KnownAt,
    OutPath,
    Pools,
    ReportPath,
    Rows,
    Units,
    When,
)  # fmt: skip
from feerules.cli.printing import (
    FOUND,
    ended,
    print_frame,
    print_json,
    print_problems,
    print_text,
    prints_problems,
    seen,
    tell_written,
    working,
    write_report,
)
from feerules.cli.speech import LOCALE, say
from feerules.frames import into_lazy
from feerules.wording import sentence

__all__ = ["COMMANDS"]

OldBook = Annotated[Path, typer.Argument(exists=True, help=say(sentence("the rules as they are")))]
NewBook = Annotated[Path, typer.Argument(exists=True, help=say(sentence("the rules as they would be")))]


@prints_problems
def diff(old: OldBook, new: NewBook, report: ReportPath = None, json: AsJson = False) -> None:
    found = feerules.diff(feerules.load(old), feerules.load(new))
    found = replace(found, changes=tuple(_placed(each, old, new) for each in found))
    write_report(report, found)
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.explain(LOCALE))


def _placed(change: feerules.Change, old: Path, new: Path) -> feerules.Change:
    """A change with its places from where the command was called: the two books may call a file the same."""
    places = (change.old and seen(change.old, old)), (change.new and seen(change.new, new))
    return replace(change, old=places[0], new=places[1])


@prints_problems
def compare(
    old: OldBook,
    new: NewBook,
    units: Units,
    period: When,
    new_period: Annotated[
        str | None, typer.Option(help=say(sentence("another period for the new rules")))
    ] = None,
    by: Annotated[
        list[str], typer.Option(help=say(sentence("a column to tell segments by, such as type; or fee")))
    ] = [],  # noqa: B006  (typer reads the default, nothing changes it)
    key: KeyName = "unit_id",
    pools: Pools = None,
    accrue: Accrue = False,
    out: OutPath = None,
    report: ReportPath = None,
    json: AsJson = False,
) -> None:
    writable(out)
    shared = None if pools is None else read_frame(pools)
    with working():
        result = feerules.compare(
            feerules.load(old), feerules.load(new), read_frame(units), period, new_period=new_period, key=key, accrue=accrue,
            pools=shared,
        )  # fmt: skip
    segments = [(say(sentence("By {column}"), column=each), result.by_segment(each)) for each in by]
    _keep(result.rows, out)
    write_report(report, result, *segments)
    problems = _whole(result.problems)
    if json:
        print_json(
            {
                **result.to_dict(),
                "segments": {name: _whole(each) for name, (_, each) in zip(by, segments, strict=True)},
                "problems": problems,
            }
        )
    else:
        print_text(result.explain(LOCALE))
        for title, frame in segments:
            print_frame(_whole(frame), title)
        print_problems(problems)
    ended(FOUND if problems.height else 0)


@prints_problems
def compare_policies(
    old: OldBook,
    new: NewBook,
    as_of: AsOf,
    charges: Charges,
    accounts: Entries = None,
    payments: Entries = None,
    allocations: Entries = None,
    events: Entries = None,
    parties: Entries = None,
    known_at: KnownAt = None,
    days: Annotated[
        int | None, typer.Option(min=1, help=say(sentence("follows both policies for so many days")))
    ] = None,
    key: KeyName = "account_id",
    out: OutPath = None,
    report: ReportPath = None,
    json: AsJson = False,
) -> None:
    writable(out)
    given: dict[str, Any] = {
        "charges": charges,
        "payments": payments,
        "allocations": allocations,
        "events": events,
        "parties": parties,
    }
    entries = {name: None if path is None else read_frame(path) for name, path in given.items()}
    known = None if accounts is None else read_frame(accounts)
    with working():
        result = feerules.compare_policies(
            feerules.load(old), feerules.load(new), known, as_of, known_at=known_at, key=key, days=days,
            charges=entries["charges"], payments=entries["payments"], allocations=entries["allocations"],
            events=entries["events"], parties=entries["parties"],
        )  # fmt: skip
    _keep(result.changed, out)
    write_report(report, result)
    problems = _whole(result.problems)
    if json:
        print_json({**result.to_dict(), "problems": problems})
    else:
        print_text(result.explain(LOCALE))
        print_problems(problems)
    ended(FOUND if problems.height else 0)


@prints_problems
def reconcile(
    book: BookPath,
    units: Units,
    billed: Annotated[
        Path, typer.Argument(exists=True, help=say(sentence("the lines that the old system sent")))
    ],
    period: When,
    key: KeyName = "unit_id",
    pools: Pools = None,
    accrue: Accrue = False,
    out: OutPath = None,
    report: ReportPath = None,
    rows: Rows = 20,
    json: AsJson = False,
) -> None:
    writable(out)
    with working():
        result = feerules.reconcile(
            feerules.load(book), read_frame(units), read_frame(billed), period, key=key, accrue=accrue,
            pools=None if pools is None else read_frame(pools),
        )  # fmt: skip
    _keep(result.rows, out)
    write_report(report, result)
    problems = _whole(result.problems)
    differing = sum(each["count"] for state, each in result.summary.items() if state != "matched")
    if json:
        print_json({**result.to_dict(), "problems": problems})
    else:
        print_text(result.explain(LOCALE))
        print_problems(problems, most=rows)
    ended(FOUND if differing or problems.height else 0)


def _whole(frame: Any) -> Any:
    return into_lazy(frame)[0].collect()


def _keep(frame: Any, out: Path | None) -> None:
    if out is not None:
        write_frame(into_lazy(frame)[0], out)
        tell_written(out)


COMMANDS: tuple[Command, ...] = (
    (
        "diff", diff, say(sentence("What changes from one book to another, in words.")),
        ("diff rules-2026 rules-2027", "diff rules-2026 rules-2027 --json"),
    ),
    (
        "compare", compare, say(sentence("Who pays more and less under other rules, and which change is why.")),
        (
            "compare rules new-rules units.parquet 2027-01",
            "compare rules new-rules units.csv 2027-01 --by type --by fee --report change.html",
        ),
    ),
    (
        "compare-policies", compare_policies, say(sentence("Who changes class or gets another action under another policy.")),
        ("compare-policies rules new-rules 2026-11-20 --charges charges.csv --payments payments.csv --days 30",),
    ),
    (
        "reconcile", reconcile, say(sentence("Whether the rules give the bills that an old system sent, and why not.")),
        ("reconcile rules units.csv billed.csv 2026-11 --report reconciliation.html",),
    ),
)  # fmt: skip
