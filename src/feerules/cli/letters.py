"""The command that writes what owners are sent and boards show."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer

import feerules
from feerules.cli.frames import read_frame
from feerules.cli.options import AsJson, BookPath, Command, Entries
from feerules.cli.printing import FOUND, ended, print_frame, print_json, print_text, prints_problems
from feerules.cli.speech import LOCALE, say
from feerules.documents.source import read
from feerules.errors import RuleErrors
from feerules.frames import into_lazy
from feerules.wording import sentence

__all__ = ["COMMANDS"]


class Kind(StrEnum):
    price_table = "price_table"
    fee_notice = "fee_notice"
    payment_notice = "payment_notice"
    demand = "demand"
    reminder = "reminder"


LETTERS: Mapping[Kind, Literal["fee_notice", "payment_notice", "action"]] = {
    Kind.fee_notice: "fee_notice",
    Kind.payment_notice: "payment_notice",
    Kind.demand: "action",
}
# What is asked of the accounts that are written to.
QUESTIONS = {Kind.payment_notice: "positions", Kind.demand: "next_actions"}


@prints_problems
def notice(
    kind: Annotated[Kind, typer.Argument(help=say(sentence("what is written")))],
    book: BookPath,
    when: Annotated[
        str, typer.Argument(help=say(sentence("a period for a fee notice, a day for the others")))
    ],
    sender: Annotated[
        Path,
        typer.Option(exists=True, help=say(sentence("who writes: a YAML file with name, payee, hotline"))),
    ],
    units: Entries = None,
    charges: Entries = None,
    payments: Entries = None,
    events: Entries = None,
    accounts: Entries = None,
    recipients: Annotated[
        Path | None,
        typer.Option(exists=True, help=say(sentence("who each account is: account_id, name, unit, address"))),
    ] = None,
    id_: Annotated[
        str, typer.Option("--id", help=say(sentence("the unit or account; without it, all of them")))
    ] = "",
    templates: Annotated[
        Path | None, typer.Option(exists=True, help=say(sentence("a folder of templates of your own")))
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help=say(sentence("a .html or .txt file; a folder for all of them"))),
    ] = None,
    json: AsJson = False,
) -> None:
    rules, who = feerules.load(book), _sender(sender)
    told: dict[str, Any] = {"locale": LOCALE, "templates": templates}
    if kind is Kind.price_table:
        _tell(feerules.price_table(rules, who, on=when, **told), out, json)
        return
    if kind is Kind.reminder:
        _tell(feerules.reminder(who, on=when, **told), out, json)
        return
    if kind is Kind.fee_notice:
        letters, rows = LETTERS[kind], _bills(rules, units, when, id_)
    else:
        letters, question = LETTERS[kind], QUESTIONS[kind]
        given = {"charges": charges, "payments": payments, "events": events, "accounts": accounts}
        rows = _answers(question, rules, when, id_, given)
    told |= {
        name: None if path is None else read_frame(path)
        for name, path in (("charges", charges), ("recipients", recipients))
    }
    many = feerules.estate_notices(rows, who, kind=letters, book=rules, **told)
    if id_:
        for each in many:
            _tell(each, out, json)
        return
    if out is None:
        raise ValueError(
            "found no --out, expected the folder into which the letters go, or --id for one of them"
        )
    report = many.write(out)
    problems = into_lazy(report.problems)[0].collect()
    print_text(
        say(
            sentence("letters: {count}, in {path}"),
            count=f"{into_lazy(report.rows)[0].collect().height:,}",
            path=str(out),
        )
    )
    if problems.height:
        print_frame(problems, say(sentence("problems: {count}"), count=f"{problems.height:,}"))
    ended(FOUND if problems.height else 0)


def _sender(path: Path) -> dict[str, Any]:
    tree, problems = read(path.read_bytes(), path.name)
    if tree is None or problems:
        raise RuleErrors(problems)
    return {str(key): _plain(value) for key, value in tree.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else str(value)


def _bills(book: feerules.Book, units: Path | None, period: str, id_: str) -> Any:
    if units is None:
        raise ValueError("found no --units, expected the units that are billed")
    lines = into_lazy(feerules.price_estate(read_frame(units), book, period, form="long").rows)[0].collect()
    return _only(lines, "unit_id", id_)


def _answers(question: str, book: feerules.Book, as_of: str, id_: str, paths: dict[str, Path | None]) -> Any:
    if paths["charges"] is None:
        raise ValueError("found no --charges, expected the charges of the accounts")
    given = {name: None if path is None else read_frame(path) for name, path in paths.items()}
    result = getattr(feerules, question)(given.pop("accounts"), book, as_of, **given)
    return _only(into_lazy(result.rows)[0].collect(), "account_id", id_)


def _only(rows: pl.DataFrame, key: str, id_: str) -> pl.DataFrame:
    found = rows.filter(pl.col(key) == id_) if id_ else rows
    if not found.height:
        raise ValueError(f"found nothing to write about {id_ or 'anybody'}")
    return found


def _tell(one: Any, out: Path | None, json: bool) -> None:
    if out is not None:
        one.write(out)
        print_text(say(sentence("written to {path}"), path=str(out)))
    elif json:
        print_json(one.to_dict())
    else:
        print_text(one.text)


COMMANDS: tuple[Command, ...] = (
    (
        "notice", notice, say(sentence("Writes price lists, fee notices, payment notices and demands.")),
        (
            "notice price_table rules 2027-01-01 --sender sender.yaml --out prices.html",
            "notice fee_notice rules 2026-11 --units units.csv --sender sender.yaml --out letters",
            "notice demand rules 2026-11-20 --charges charges.csv --id A-501 --sender sender.yaml --out demand.html",
        ),
    ),
)  # fmt: skip
