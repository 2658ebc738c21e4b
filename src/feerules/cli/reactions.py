"""The command about what has happened: which reactions it fires, for every account of some files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

import feerules
from feerules import Account, Charge, EntryErrors, Event, Payment, UnitErrors
from feerules.cli.frames import beside, read_frame, writable, write_frame
from feerules.cli.options import AsJson, AsOf, BookPath, Command, Entries, KeyName, KnownAt, OutPath, Rows
from feerules.cli.printing import (
    FOUND,
    ended,
    print_frame,
    print_json,
    print_problems,
    print_text,
    prints_problems,
    working,
)
from feerules.cli.speech import say
from feerules.clocks import read_day, read_known, read_moment
from feerules.frames import into_lazy
from feerules.reasons import reason
from feerules.wording import sentence

__all__ = ["COMMANDS"]

Since = Annotated[str | None, typer.Option(help=say(sentence("only reactions of this day and later")))]

MODELS: Mapping[str, type[Event] | type[Payment] | type[Charge]] = {
    "events": Event,
    "payments": Payment,
    "charges": Charge,
}
SHOWN = ("account_id", "day", "reaction", "then", "to", "step_id", "events")
TRUTH = {"true": True, "false": False}


@prints_problems
def react(
    book: BookPath,
    as_of: AsOf,
    events: Entries = None,
    payments: Entries = None,
    charges: Entries = None,
    accounts: Entries = None,
    since: Since = None,
    known_at: KnownAt = None,
    key: KeyName = "account_id",
    out: OutPath = None,
    rows: Rows = 20,
    json: AsJson = False,
) -> None:
    writable(out)
    rules = feerules.load(book)
    paths = {"events": events, "payments": payments, "charges": charges}
    if not any(paths.values()):
        raise ValueError("found no entries, expected --events, --payments or --charges")
    # What is asked is one for all accounts: wrong, it is no problem of each.
    asked = read_moment(as_of), None if since is None else read_day(since, "since"), read_known(known_at)
    fired: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    with working():
        for given in _accounts(paths, accounts, key, problems):
            try:
                told = feerules.react(
                    rules, Account.model_validate(given), asked[0], since=asked[1], known_at=asked[2]
                )
            except (EntryErrors, UnitErrors) as errors:
                problems += (_problem(each, given["account_id"]) for each in errors.problems)
                continue
            except ValueError as error:
                told_of = {**_NOTHING, "account_id": given["account_id"], "code": "wrong_type"}
                problems += ({**told_of, "reason": each} for each in _unread(error))
                continue
            fired += (each.to_dict() for each in told)
    _tell(fired, pl.DataFrame(problems, schema=dict.fromkeys(_NOTHING, pl.String)), out, rows, json)


_NOTHING: dict[str, Any] = dict.fromkeys(("account_id", "fact", "value", "code", "reason"))


def _problem(problem: Any, account_id: str) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in _NOTHING} | {"account_id": account_id}


def _unread(error: ValueError) -> Iterator[str]:
    """What is wrong with each entry that cannot be read, as the model of it says."""
    told = getattr(error, "errors", None)
    if told is None:
        yield str(error)
        return
    for each in told(include_url=False):
        yield f"{'.'.join(map(str, each['loc']))}: {each['msg']}"


def _accounts(
    paths: Mapping[str, Path | None], accounts: Path | None, key: str, problems: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Every account that a file names, by id, with its entries; what names none is a problem."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {name: [] for name in paths})
    for name, path in paths.items():
        known = MODELS[name].model_fields.keys() - {"charge_ids", "tags", "account_id"}
        for row in _rows(path, key, problems):
            entry = {field: _read(field, value) for field, value in row.items() if field in known}
            found[str(row[key])][name].append(entry)
    for row in _rows(accounts, key, problems):
        own = {field: row[field] for field in ("currency", "policy") if field in row}
        facts = {field: value for field, value in row.items() if field not in (key, "currency", "policy")}
        found[str(row[key])] |= own | {"facts": facts}
    for name in sorted(found):
        yield {"account_id": name, **found[name]}


def _rows(path: Path | None, key: str, problems: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if path is None:
        return
    frame = into_lazy(read_frame(path))[0]
    if key not in frame.collect_schema().names():
        raise ValueError(f"found no column {key} in {path}, expected one that --key names")
    for number, row in enumerate(frame.collect().iter_rows(named=True), 1):
        said = {name: value for name, value in row.items() if value not in (None, "")}
        if key in said:
            yield said
        elif said:
            told = f"{path.name}, row {number}: {reason('null_key')}"
            problems.append({**_NOTHING, "fact": key, "code": "null_key", "reason": told})


def _read(field: str, value: Any) -> Any:
    return TRUTH.get(str(value).lower(), value) if field == "delivered" else value


def _tell(
    fired: list[dict[str, Any]], problems: pl.DataFrame, out: Path | None, most: int, json: bool
) -> None:
    if json:
        print_json({"problems": problems} if out is not None else {"rows": fired, "problems": problems})
    frame = pl.DataFrame([*map(_row, fired)], schema=dict.fromkeys(_ROW, pl.String))
    if out is not None:
        write_frame(frame, out)
        write_frame(problems, beside(out))
    if not json:
        if out is not None:
            print_text(say(sentence("written to {path}"), path=str(out)))
        elif most and frame.height:
            print_frame(frame, "", SHOWN, most)
        print_text(say(sentence("reactions: {count}"), count=f"{frame.height:,}"))
        print_problems(problems)
    ended(FOUND if problems.height else 0)


_ROW = (*SHOWN, "template", "reaction_id", "policy", "version", "where")


def _row(told: Mapping[str, Any]) -> dict[str, Any]:
    because = "; ".join(f"{each['kind']} {each['id']}" for each in told["events"])
    return {name: told[name] for name in _ROW} | {"then": ", ".join(told["then"]), "events": because}


COMMANDS: tuple[Command, ...] = (
    (
        "react", react, say(sentence("What is to be done because of what has happened: the reactions of the policy.")),
        ("react rules 2026-11-20 --events events.csv --payments payments.csv --since 2026-11-20",),
    ),
)  # fmt: skip
