"""Commands about accounts: their position, their class, what is next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

import feerules
from feerules.cli.frames import PARQUET, beside, read_frame, writable, write_frame
from feerules.cli.options import (
    AsJson,
    AsOf,
    BookPath,
    Charges,
    Command,
    Entries,
    KeyName,
    KnownAt,
    OutPath,
    Rows,
)
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
from feerules.cli.speech import LOCALE, say
from feerules.frames import into_lazy
from feerules.wording import sentence

__all__ = ["COMMANDS", "explain_account"]

# What a person looks at first; a file has every column.
SHOWN = {
    "positions": ("outstanding", "overdue", "days_overdue", "overdue_count", "late_fee_due", "promise_state", "dispute_state", "limitation_in_days"),
    "classify_estate": ("class", "title_zh", "overdue", "days_overdue", "policy"),
    "next_actions": ("decision", "step_id", "channel", "not_before", "until", "role", "needs_approval", "amount", "next_review_on"),
}  # fmt: skip


def _command(question: str) -> Callable[..., None]:
    verb = getattr(feerules, question)

    @prints_problems
    def asked(
        book: BookPath,
        as_of: AsOf,
        charges: Charges,
        accounts: Entries = None,
        payments: Entries = None,
        allocations: Entries = None,
        events: Entries = None,
        parties: Entries = None,
        known_at: KnownAt = None,
        key: KeyName = "account_id",
        out: OutPath = None,
        rows: Rows = 20,
        json: AsJson = False,
    ) -> None:
        given = {
            "charges": charges,
            "payments": payments,
            "allocations": allocations,
            "events": events,
            "parties": parties,
        }
        writable(out)
        result = verb(
            None if accounts is None else read_frame(accounts), feerules.load(book), as_of, known_at=known_at, key=key,
            **{name: None if path is None else read_frame(path) for name, path in given.items()},
        )  # fmt: skip
        _tell(question, result, key, out, rows, json)

    return asked


def _tell(question: str, result: Any, key: str, out: Path | None, most: int, json: bool) -> None:
    if out is not None and out.suffix.lower() in PARQUET:
        result = result.sink(out) or result
    with working():
        rows, problems = (into_lazy(each)[0].collect() for each in (result.rows, result.problems))
    if out is not None and out.suffix.lower() not in PARQUET:
        write_frame(rows, out)
        write_frame(problems, beside(out))
    if json:
        print_json({"problems": problems} if out is not None else {"rows": rows, "problems": problems})
        ended(FOUND if problems.height else 0)
        return
    if out is None and most:
        print_frame(rows, "", (key, *SHOWN[question]), most)
    if out is not None:
        print_text(say(sentence("written to {path}"), path=str(out)))
    if question == "next_actions":
        print_frame(
            rows.group_by("decision", "step_id")
            .agg(pl.len().alias("accounts"), pl.col("amount").sum())
            .sort("decision", "step_id")
        )
    print_text(say(sentence("accounts: {count}"), count=f"{rows.height:,}"))
    print_problems(problems)
    ended(FOUND if problems.height else 0)


def explain_account(
    book: feerules.Book, as_of: str, id_: str, key: str, json: bool, paths: dict[str, Path | None]
) -> None:
    """One account of the files: its position, its class, and what is next, in words."""
    if not id_:
        raise ValueError("found no account, expected --id A-501")
    frames = {name: _of_one(path, key, id_) for name, path in paths.items() if path is not None}
    if not any(frames.values()):
        raise ValueError(
            f"found no account {id_} in {', '.join(str(each) for each in paths.values() if each)}"
        )
    facts = (frames.pop("accounts", None) or [{}])[0]
    entries = {
        name: [{k: v for k, v in row.items() if v is not None} for row in rows]
        for name, rows in frames.items()
    }
    account = {**{k: v for k, v in facts.items() if v is not None}, key: id_, "account_id": id_, **entries}
    arrears = feerules.classify(account, book, as_of)
    decision = feerules.next_action(account, book, as_of)
    if json:
        print_json({"arrears": arrears.to_dict(), "decision": decision.to_dict()})
    else:
        print_text(arrears.explain(LOCALE))
        print_text(decision.explain(LOCALE))


def _of_one(path: Path, key: str, id_: str) -> list[dict[str, Any]]:
    frame = into_lazy(read_frame(path))[0]
    if key not in frame.collect_schema().names():
        raise ValueError(f"found no column {key} in {path}, expected one that --key names")
    return frame.filter(pl.col(key).cast(pl.String) == id_).collect().to_dicts()


COMMANDS: tuple[Command, ...] = (
    (
        "position", _command("positions"), say(sentence("What each account comes to on a day: open, overdue, promises, limitation.")),
        ("position rules 2026-11-20 --charges charges.csv --payments payments.csv",),
    ),
    (
        "classify", _command("classify_estate"), say(sentence("What kind of arrears each account has.")),
        ("classify rules 2026-11-20 --charges charges.parquet --payments payments.parquet --events events.parquet --out classes.csv",),
    ),
    (
        "actions", _command("next_actions"), say(sentence("What is to be done with each account, or why nothing is.")),
        ("actions rules 2026-11-20 --charges charges.csv --payments payments.csv --events events.csv --out actions.xlsx",),
    ),
)  # fmt: skip
