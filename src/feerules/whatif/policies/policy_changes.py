"""How the answers of two policies about the same accounts differ: who moves class, who gets another action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from feerules.account_rows import account_at
from feerules.estate_ledgers import KNOWN, Batch
from feerules.ledger.accounts import Account
from feerules.whatif.policies.policy_sides import Sides

__all__ = ["Changes", "Largest", "changes_of", "merged"]

# The columns of an action that are compared, and what they are called here.
COMPARED = {
    "policy": "policy", "version": "version", "class": "class", "table_row": "row", "decision": "decision",
    "step_id": "step", "channel": "channel", "role": "role", "needs_approval": "approval", "until": "until",
    "amount": "amount", "fee": "fee", "stop": "stop", "overdue": "overdue", "late_fee_due": "late_fee_due",
    "reasons": "reasons", "reasons_json": "reasons_json",
}  # fmt: skip
# An action is another where one of these differs.
ACTION = ("decision", "step", "channel", "role", "approval", "amount", "fee")
TOTALS = ("overdue", "late_fee_due", "amount", "fee")
CLASSES = ("class", "overdue", "row", "reasons", "reasons_json")
ACTIONS = (
    "policy", "version", "class", "decision", "step", "channel", "role", "approval", "until", "amount", "fee", "stop",
    "overdue", "reasons", "reasons_json",
)  # fmt: skip


@dataclass(frozen=True)
class Largest:
    """An account with another action, to be explained: with how much it is overdue under either policy."""

    overdue: Any
    account: Account


@dataclass(frozen=True)
class Changes:
    """The difference of two answers about some accounts; sums of parts are the sum of the whole."""

    classes: pl.DataFrame
    moved: pl.DataFrame
    actions: pl.DataFrame
    changed: pl.DataFrame
    totals: pl.DataFrame
    problems: pl.DataFrame
    accounts: int
    compared: int
    largest: tuple[Largest, ...]


def changes_of(sides: Sides, batch: Batch, key: str, largest: int) -> Changes:
    """What the second side says otherwise than the first of a batch of accounts."""
    (old, old_problems), (new, new_problems) = sides.of(batch)
    both = _joined(old, new, key)
    problems = _sided(old_problems, new_problems)
    changed = both.filter(pl.col("differs").list.len() > 0)
    failed = problems["account_id"].drop_nulls().n_unique()
    return Changes(
        classes=_by(both, ("class",), ("overdue",)),
        moved=both.filter(_differs("class")).select(key, "currency", *_sides_of(CLASSES)),
        actions=_by(both, ("decision", "step", "channel"), ("amount", "fee")),
        changed=changed.select(key, "party_id", "currency", "differs", *_sides_of(ACTIONS)),
        totals=_totals(both),
        problems=problems,
        accounts=both.height + failed,
        compared=both.height,
        largest=_largest(sides, batch, changed, key, largest),
    )


def merged(parts: Iterable[Changes], key: str, largest: int) -> Changes:
    """The parts as one."""
    each = [*parts]

    def whole(name: str) -> pl.DataFrame:
        frames: list[pl.DataFrame] = [getattr(part, name) for part in each]
        return pl.concat(frames, how="vertical_relaxed")

    every = [one for part in each for one in part.largest]
    return Changes(
        classes=_added(whole("classes"), ("old_overdue", "new_overdue")),
        moved=whole("moved"),
        actions=_added(whole("actions"), ("old_amount", "new_amount", "old_fee", "new_fee")),
        changed=whole("changed"),
        totals=_changes(_added(whole("totals"), ("old", "new"), count=False)),
        problems=whole("problems"),
        accounts=sum(part.accounts for part in each),
        compared=sum(part.compared for part in each),
        largest=tuple(sorted(every, key=_rank)[:largest]),
    )


# Both answers side by side


def _joined(old: pl.DataFrame, new: pl.DataFrame, key: str) -> pl.DataFrame:
    mine = old.select(key, "party_id", "currency", *_told("old"))
    both = mine.join(new.select(key, *_told("new")), on=key, how="inner", maintain_order="left")
    words = [pl.when(_differs(name)).then(pl.lit(name)) for name in ACTION]
    return both.with_columns(pl.concat_list(words).list.drop_nulls().alias("differs"))


def _told(side: str) -> list[pl.Expr]:
    return [pl.col(name).alias(f"{side}_{called}") for name, called in COMPARED.items()]


def _differs(name: str) -> pl.Expr:
    return pl.col(f"old_{name}").ne_missing(pl.col(f"new_{name}"))


def _sides_of(names: Sequence[str]) -> list[str]:
    return [f"{side}_{name}" for name in names for side in ("old", "new")]


def _sided(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Problems with the side that they are of; what both sides say is said once."""
    told = [each.with_columns(pl.lit(side).alias("side")) for side, each in (("old", old), ("new", new))]
    by = old.columns
    found = pl.concat(told).group_by(by, maintain_order=True).agg(pl.col("side").unique(maintain_order=True))
    both = pl.when(pl.col("side").list.len() > 1).then(pl.lit("both")).otherwise(pl.col("side").list.first())
    return found.select(both.alias("side"), *by)


# Sums


def _by(both: pl.DataFrame, names: Sequence[str], sums: Sequence[str]) -> pl.DataFrame:
    by = [f"{side}_{name}" for side in ("old", "new") for name in names]
    told = [pl.col(f"{side}_{name}").sum() for name in sums for side in ("old", "new")]
    return both.group_by(*by, "currency").agg(pl.len().cast(pl.Int64).alias("accounts"), *told)


def _added(parts: pl.DataFrame, sums: Sequence[str], *, count: bool = True) -> pl.DataFrame:
    """Sums of parts, in order of what they are of."""
    added = (*(("accounts",) if count else ()), *sums)
    by = [name for name in parts.columns if name not in added]
    return parts.group_by(by).agg(pl.col(added).sum()).sort(by, nulls_last=True).select(parts.columns)


def _totals(both: pl.DataFrame) -> pl.DataFrame:
    money = pl.Decimal(38, 2)
    parts = [
        both.group_by("currency").agg(
            pl.lit(name).alias("what"),
            pl.col(f"old_{name}").cast(money).sum().alias("old"),
            pl.col(f"new_{name}").cast(money).sum().alias("new"),
        )
        for name in TOTALS
    ]
    return pl.concat(parts)


def _changes(totals: pl.DataFrame) -> pl.DataFrame:
    return (
        totals.with_columns(change=pl.col("new") - pl.col("old"))
        .with_columns(pl.col("what").cast(pl.Enum(TOTALS)))
        .sort("currency", "what")
        .with_columns(pl.col("what").cast(pl.String))
    )


# The largest


def _largest(sides: Sides, batch: Batch, changed: pl.DataFrame, key: str, most: int) -> tuple[Largest, ...]:
    overdue = pl.max_horizontal("old_overdue", "new_overdue").alias("#overdue")
    some = changed.with_columns(overdue, pl.col(key).cast(pl.String).alias("#id"))
    some = some.sort("#overdue", "#id", descending=[True, False]).head(most)
    brought = {name for side in sides.sides for name in side.standing.brought} | {*KNOWN}
    names = [name for name in batch.accounts.columns if name in brought]
    found = []
    for id_, amount in some.select("#id", "#overdue").iter_rows():
        place = batch.entries.ids.index_of(id_)
        assert place is not None  # an answer is of one of the accounts
        facts = {name: batch.accounts[name][place] for name in names}
        # A float is taken for the number that its text shows, as in a frame.
        told = {
            name: str(value) if isinstance(value, float) else value
            for name, value in facts.items()
            if value is not None
        }
        found.append(Largest(amount, account_at(place, batch.entries, told, batch.policies[place])))
    return tuple(found)


def _rank(one: Largest) -> tuple[Any, str]:
    return -one.overdue, str(one.account.account_id)
