"""Classes and next actions of an estate, from Parquet to Parquet.

FEERULES_ACCOUNTS sets the number of accounts (default 20,000; the budget speaks of 1,000,000: 60 s, 2 GB, 2 cores).
Each has 36 charges, 30 payments and 12 events; the files are sorted by account, as a ledger is exported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

import feerules

ACCOUNTS = int(os.environ.get("FEERULES_ACCOUNTS", "20000"))
CHUNK = 50_000
AS_OF = "2026-11-25"
LAST = 20_782  # 2026-11-25
RULES = Path(__file__).parents[1] / "rules" / "dunning"
SAMPLE = min(ACCOUNTS, 500)  # accounts that the loop is measured with
BUDGET_S, CORES = 60, 2  # for a million accounts
CHILD = """
import resource, sys, time
import feerules
rules, as_of, folder, charges, payments, events = sys.argv[1:]
book = feerules.load(rules).only("standard-cn")
begun, worked = time.perf_counter(), time.process_time()
ledger = {"charges": charges, "payments": payments, "events": events}
found = feerules.positions(None, book, as_of, **ledger).sink(f"{folder}/positions.parquet", progress=False)
feerules.classify_estate(found, book, as_of).sink(f"{folder}/classes.parquet", progress=False)
feerules.next_actions(found, book, as_of).sink(f"{folder}/actions.parquet", progress=False)
took = time.process_time() - worked, time.perf_counter() - begun
print(*took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


def write_ledger(folder: Path, count: int) -> dict[str, Path]:
    """The frames of a ledger, in files of a chunk of accounts each."""
    random = np.random.default_rng(11)
    for name in ("charges", "payments", "events"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for start in range(0, count, CHUNK):
        ids = pl.Series(np.arange(start, min(count, start + CHUNK))).cast(pl.String).str.zfill(8)
        for name, made in (("charges", charges), ("payments", payments), ("events", events)):
            made(random, ids).write_parquet(folder / name / f"{start:09}.parquet")
    return {name: folder / name for name in ("charges", "payments", "events")}


def repeated(ids: pl.Series, times: int) -> tuple[pl.Series, Any]:
    account = np.repeat(np.arange(len(ids)), times)
    return ids.gather(pl.Series(account)), np.tile(np.arange(times), len(ids))


def days(numbers: Any) -> pl.Series:
    return pl.Series(numbers.astype(np.int32)).cast(pl.Date)


def charges(random: Any, ids: pl.Series) -> pl.DataFrame:
    """Three years of monthly fees, about as much for each month of an account."""
    account, month = repeated(ids, 36)
    due = LAST - 30 * (36 - month)
    fen = np.repeat(random.integers(8_000, 60_000, len(ids)), 36)
    return pl.DataFrame({
        "account_id": account, "number": month, "due_on": days(due), "issued_on": days(due - 15),
        "period_start": days(due - 30), "period_end": days(due), "fen": fen,
    }).select(
        pl.concat_str(pl.lit("C"), "account_id", pl.lit("-"), "number").alias("charge_id"), "account_id",
        pl.lit("management").alias("fee"), "issued_on", "due_on", "period_start", "period_end", money("fen"),
        (pl.col("due_on").dt.offset_by("-15d")).cast(pl.Datetime("us")).alias("recorded_at"),
    )  # fmt: skip


def money(fen: str) -> pl.Expr:
    return pl.col(fen).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2)).alias("amount")


def payments(random: Any, ids: pl.Series) -> pl.DataFrame:
    account, number = repeated(ids, 30)
    day = LAST - 30 * (36 - number) + random.integers(-10, 60, len(number))
    frame = pl.DataFrame({
        "account_id": account, "number": number, "effective_on": days(np.minimum(day, LAST)),
        "fen": random.integers(8_000, 60_000, len(number)),
        "status": random.choice(["cleared", "cleared", "cleared", "reversed"], len(number)),
    })  # fmt: skip
    return frame.select(
        pl.concat_str(pl.lit("P"), "account_id", pl.lit("-"), "number").alias("payment_id"), "account_id",
        money("fen"), "status", "effective_on", pl.col("effective_on").cast(pl.Datetime("us")).alias("recorded_at"),
    )  # fmt: skip


def events(random: Any, ids: pl.Series) -> pl.DataFrame:
    account, number = repeated(ids, 12)
    kind = random.choice(["contact"] * 8 + ["demand", "promise", "hold", "dispute"], len(number))
    day = LAST - random.integers(0, 120, len(number))
    contact, demand = kind == "contact", kind == "demand"
    steps = np.where(
        contact, random.choice(["reminder", "call-or-visit"], len(number)), np.where(demand, "demand", "")
    )
    return pl.DataFrame({
        "event_id": pl.Series(np.arange(len(number))).cast(pl.String), "account_id": account, "type": kind,
        "status": random.choice(["open", "closed"], len(number)), "effective_on": days(day), "step_id": steps,
        "channel": np.where(contact, random.choice(["phone", "sms", "visit"], len(number)), ""),
        "outcome": np.where(contact, random.choice(["answered", "no_answer", "away"], len(number)), ""),
        "delivered": pl.Series(np.where(demand, random.integers(0, 2, len(number)), -1)).replace_strict({0: False, 1: True, -1: None}, return_dtype=pl.Boolean),
        "promised_on": days(day + 10), "review_on": days(day + 30), "recorded_at": days(day),
    })  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_ledger(tmp_path_factory.mktemp("ledger"), ACCOUNTS)


@pytest.mark.parametrize("question", ["classify_estate", "next_actions"])
def test_an_estate_is_answered(
    benchmark: Any, ledger: dict[str, Path], tmp_path: Path, question: str
) -> None:
    book = feerules.load(RULES).only("standard-cn")

    def answer() -> None:
        result = getattr(feerules, question)(None, book, AS_OF, **ledger)
        result.sink(tmp_path / "answers.parquet", progress=False)

    benchmark.pedantic(answer, rounds=1, iterations=1)
    assert pl.scan_parquet(tmp_path / "answers.parquet").select(pl.len()).collect().item() == ACCOUNTS


# Both questions in a process of their own, and beside them a loop over accounts


class Took(NamedTuple):
    """Seconds of the processors and on the clock, and gigabytes at the highest."""

    processor: float
    clock: float
    peak: float


def both_questions(ledger: dict[str, Path], folder: Path) -> Took:
    """Positions once, and from them classes and next actions, Parquet to Parquet."""
    given = [str(RULES), AS_OF, str(folder), *(str(path) for path in ledger.values())]
    child = subprocess.run([sys.executable, "-c", CHILD, *given], check=True, capture_output=True, text=True)
    return Took(*map(float, child.stdout.split()))


def sampled(ledger: dict[str, Path]) -> list[dict[str, Any]]:
    """The first accounts as an ERP hands over one: plain data, without what says nothing."""
    accounts: dict[str, dict[str, Any]] = {}
    for name, path in ledger.items():
        for row in (
            pl.scan_parquet(path)
            .filter(pl.col("account_id") < f"{SAMPLE:08}")
            .collect()
            .iter_rows(named=True)
        ):
            account = accounts.setdefault(row["account_id"], {"account_id": row["account_id"]})
            account.setdefault(name, []).append(
                {key: value for key, value in row.items() if value not in (None, "")}
            )
    return [*accounts.values()]


def one_by_one(accounts: list[dict[str, Any]]) -> tuple[float, dict[str, tuple[str, str]]]:
    """Seconds of the processors for both verbs of one account, in a loop; and what they say."""
    book, begun, told = feerules.load(RULES).only("standard-cn"), process_time(), {}
    for given in accounts:
        account = feerules.Account.model_validate(given)
        kind = feerules.classify(account, book, AS_OF).kind
        told[given["account_id"]] = kind, feerules.next_action(account, book, AS_OF).decision
    return process_time() - begun, told


def test_both_questions_are_within_their_budget(ledger: dict[str, Path], tmp_path: Path, tell: Any) -> None:
    took = both_questions(ledger, tmp_path)
    seconds, told = one_by_one(sampled(ledger))
    loop, budget = seconds / len(told) * ACCOUNTS, BUDGET_S * ACCOUNTS / 1_000_000
    work = f"{ACCOUNTS:,} accounts, classify_estate and next_actions"
    tell(
        work,
        f"{took.processor:.1f} s of processor time, {took.processor / (CORES * budget):.2f} of the budget",
        f"{CORES * budget:.1f} s",
    )
    tell(
        work,
        f"{took.clock:.1f} s on the clock, {took.clock / budget:.2f} of the budget",
        f"{budget:.1f} s on {CORES} free cores",
    )
    tell(work, f"{took.peak:.2f} GB at the highest", "2 GB")
    tell(
        work,
        f"a loop over accounts takes {loop / took.processor:.1f} × the processor time ({loop:.0f} s)",
        "more than 1 ×",
    )
    answers = pl.scan_parquet(tmp_path / "actions.parquet")
    assert answers.select(pl.len()).collect().item() == ACCOUNTS
    rows = (
        answers.filter(pl.col("account_id").is_in([*told]))
        .select("account_id", "class", "decision")
        .collect()
    )
    assert {row[0]: row[1:] for row in rows.iter_rows()} == told
