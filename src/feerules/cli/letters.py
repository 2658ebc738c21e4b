"""The command that writes what owners are sent and boards show."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer

import feerules
from feerules.cli.frames import in_a_folder, read_frame
from feerules.cli.options import AsJson, BookPath, Command, Entries
from feerules.cli.printing import FOUND, ended, print_json, print_problems, print_text, prints_problems
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
    one = bool(id_) or kind in (Kind.price_table, Kind.reminder)
    _writable(out, one)
    rules, who = feerules.load(book), _sender(sender)
    told: dict[str, Any] = {"locale": LOCALE, "templates": templates}
    if kind is Kind.price_table:
        _tell(feerules.price_table(rules, who, on=when, **told), out, json)
        return
    if kind is Kind.reminder:
        _tell(feerules.reminder(who, on=when, **told), out, json)
        return
    if kind is Kind.fee_notice:
        letters, (rows, unanswered) = LETTERS[kind], _bills(rules, units, when, id_)
    else:
        letters, question = LETTERS[kind], QUESTIONS[kind]
        given = {"charges": charges, "payments": payments, "events": events, "accounts": accounts}
        rows, unanswered = _answers(question, rules, when, id_, given)
    told |= {
        name: None if path is None else read_frame(path)
        for name, path in (("charges", charges), ("recipients", recipients))
    }
    many = feerules.estate_notices(rows, who, kind=letters, book=rules, **told)
    if id_:
        for each in many:
            _tell(each, out, json)
    elif out is not None:
        _tell_all(many.write(out), unanswered, out, json)


def _writable(out: Path | None, one: bool) -> None:
    """A letter goes into a file, many go into a folder; asked before the work is done."""
    if one:
        in_a_folder(out)
    elif out is None or out.suffix in (".html", ".txt") or out.is_file():
        found = "no --out" if out is None else str(out)
        raise ValueError(
            f"found {found}, expected the folder into which the letters go, or --id for one of them"
        )


def _tell_all(report: Any, unanswered: pl.DataFrame, out: Path, json: bool) -> None:
    """How many letters were written, and who gets none: what has no letter, and what had no answer before."""
    count = into_lazy(report.rows)[0].collect().height
    problems = into_lazy(report.problems)[0].collect()
    if json:
        print_json({"letters": count, "unanswered": unanswered, "problems": problems})
    else:
        print_text(say(sentence("letters: {count}, in {path}"), count=f"{count:,}", path=str(out)))
        print_problems(unanswered)
        print_problems(problems)
    ended(FOUND if problems.height or unanswered.height else 0)


def _sender(path: Path) -> dict[str, Any]:
    tree, problems = read(path.read_bytes(), path.name)
    if tree is None or problems:
        raise RuleErrors(problems)
    return {str(key): _plain(value) for key, value in tree.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else str(value)


def _bills(
    book: feerules.Book, units: Path | None, period: str, id_: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    if units is None:
        raise ValueError("found no --units, expected the units that are billed")
    return _only(feerules.price_estate(read_frame(units), book, period, form="long"), "unit_id", id_)


def _answers(
    question: str, book: feerules.Book, as_of: str, id_: str, paths: dict[str, Path | None]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    if paths["charges"] is None:
        raise ValueError("found no --charges, expected the charges of the accounts")
    given = {name: None if path is None else read_frame(path) for name, path in paths.items()}
    result = getattr(feerules, question)(given.pop("accounts"), book, as_of, **given)
    return _only(result, "account_id", id_)


def _only(result: Any, key: str, id_: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows to write about, and the problems of the others; of one, with all that keeps it from an answer."""
    rows, problems = (into_lazy(each)[0].collect() for each in (result.rows, result.problems))
    if not id_:
        return rows, problems
    found, why = rows.filter(pl.col(key) == id_), problems.filter(pl.col(key) == id_)
    if why.height:
        print_problems(why)
        ended(FOUND)
    if not found.height:
        raise ValueError(f"found nothing to write about {id_}")
    return found, why


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
