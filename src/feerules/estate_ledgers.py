"""The ledger of an estate as frames: its accounts and their entries, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl

from feerules.frames import Back, FrameError, columns_of, into_lazy
from feerules.reasons import reason
from feerules.streaming import CODES, FRAMES, NAMES, Column, Entries, Sheet

__all__ = [
    "KNOWN",
    "PROBLEMS",
    "Batch",
    "Ledgers",
    "columns_in",
    "read_entries",
    "shared_contacts",
    "told",
    "told_to_members",
    "words_of",
]

PROBLEMS: Final = ("frame", "row_id", "account_id", "fact", "value", "code", "reason")
ROWS: Final = 1_000_000  # entries of a batch
KNOWN: Final[tuple[str, ...]] = ("away", "refuses")  # what an account may tell of its party without a contact
_ENTRIES: Final = ("charges", "payments", "allocations", "events", "parties")


@dataclass(frozen=True)
class Batch:
    """Some accounts: a row for each in `accounts` (its columns as they came), their entries, and what cannot be read.

    Accounts with a problem are in `problems` alone.
    """

    accounts: pl.DataFrame
    policies: pl.Series
    entries: Entries
    problems: pl.DataFrame
    id_type: pl.DataType  # of accounts, in the frame that names them: text, or whole numbers

    def of(self, places: pl.Series) -> Batch:
        """Some of the accounts, by their places in ascending order."""
        some = self.accounts[places], self.policies.gather(places), self.entries.of(places)
        return Batch(*some, self.problems, self.id_type)

    def with_entries(self, name: str, rows: pl.DataFrame) -> Batch:
        """The same with further entries of a sort, as `read_entries` gives them; those of other accounts are left out."""
        frames = {sort: getattr(self.entries, sort) for sort in _ENTRIES}
        told = pl.concat([frames[name], _placed(rows, self.entries.ids)], how="diagonal")
        frames[name] = told.sort("acc", maintain_order=True)
        return replace(self, entries=Entries(self.entries.ids, self.entries.currencies, **frames))


class Ledgers:
    """The frames of an estate's ledger. Columns go by their names, or by those that the book maps them to."""

    def __init__(
        self, accounts: Any, entries: Mapping[str, Any], mapping: Mapping[str, str], key: str
    ) -> None:
        self.mapping, self.key = mapping, key
        self.back: Back = lambda lazy: lazy
        self.lazy = False
        given = {"accounts": accounts, **entries}
        first = next((name for name, frame in given.items() if frame is not None), None)
        if first is None:
            raise FrameError("found no frame, expected accounts or charges")
        self.sheets: dict[str, Sheet] = {}
        for name, frame in given.items():
            if frame is not None:
                lazy, back = into_lazy(frame)
                self.sheets[name] = self._sheet(name, lazy)
                if name == first:
                    self.back, self.lazy = (
                        back,
                        isinstance(frame, pl.LazyFrame | str) or hasattr(frame, "joinpath"),
                    )

    def _sheet(self, name: str, frame: pl.LazyFrame) -> Sheet:
        return Sheet(name, frame, columns_in(name, frame.collect_schema(), self.mapping, self.key))

    # The accounts, in batches

    def reads(self, *, share: bool) -> Iterator[Callable[[], Batch]]:
        """Every account once, in batches that are read when they are called for.

        With `share`, contacts of a party count for each of its accounts.
        """
        ids, rows, unnamed = self._keys()
        orphans = self._orphans()
        foreign = self._foreign() if share else None
        count = max(1, -(-rows // ROWS))
        size = max(1, -(-len(ids) // count))
        yield lambda: self._unnamed(unnamed, None if orphans is None else self._lost(orphans))
        for start in range(0, len(ids), size):
            some = ids.slice(start, size)
            yield partial(self._batch, some, (some[0], some[-1]) if count > 1 else None, orphans, foreign)

    def whole(self, foreign: pl.DataFrame | None, lost: pl.DataFrame | None) -> Batch:
        """Every account in one batch, where all that is about an account was brought here before.

        `foreign` are contacts of other accounts, as `shared_contacts` gives them; `lost` the allocations that
        are of no account (payment_id, id).
        """
        ids, _, unnamed = self._keys()
        batch = self._batch(ids, None, None, foreign)
        if not unnamed and lost is None:
            return batch
        return replace(batch, problems=pl.concat([batch.problems, self._unnamed(unnamed, lost).problems]))

    def _keys(self) -> tuple[pl.Series, int, list[str]]:
        """The accounts to answer in order, the rows of all frames, and the frames with rows that name no account.

        The accounts are those of the frame of accounts where there is one, else those that any frame names.
        """
        keyed = {name: sheet for name, sheet in self.sheets.items() if "account_id" in sheet.columns}
        found = dict(
            zip(
                keyed,
                pl.collect_all([_runs(sheet) for sheet in keyed.values()], engine="streaming"),
                strict=True,
            )
        )
        others = [sheet.frame.select(pl.len()) for name, sheet in self.sheets.items() if name not in keyed]
        rows = [each["rows"].sum() for each in found.values()] + [
            each.item() for each in pl.collect_all(others)
        ]
        unnamed = [name for name, each in found.items() if each["id"].null_count()]
        named = [found["accounts"]] if "accounts" in found else [*found.values()]
        ids = pl.concat([each["id"] for each in named]).drop_nulls()
        return ids.unique().sort(), sum(rows), unnamed

    def nothing(self) -> Batch:
        """A batch without an account."""
        return self._unnamed([], None)

    def _id_type(self) -> pl.DataType:
        for sheet in self.sheets.values():
            if "account_id" in sheet.columns:
                found = sheet.frame.collect_schema()[sheet.columns["account_id"]]
                return found if found.is_integer() else pl.String()
        return pl.String()

    def _unnamed(self, names: list[str], lost: pl.DataFrame | None) -> Batch:
        """The rows that name no account, in the frames of these names, and allocations that are of none."""
        parts = []
        for name in names:
            sheet = self.sheets[name]
            found = sheet.problems(sheet.frame.filter(sheet.key.is_null()))
            if name == "accounts":
                found = found.filter(pl.col("fact") == "account_id").with_columns(code=pl.lit("null_key"))
            parts.append(found.collect(engine="streaming"))
        if lost is not None:
            parts.append(lost.select(
                frame=pl.lit("allocations"), row_id="id", account_id=pl.lit(None, pl.String), fact=pl.lit("payment_id"),
                value="payment_id", code=pl.lit("no_account"),
            ))  # fmt: skip
        none = self._read(pl.Series("id", [], dtype=pl.String), (None, None), None, None)
        return Batch(*none[:3], told(parts), self._id_type())

    def _batch(
        self, ids: pl.Series, span: Any, orphans: pl.DataFrame | None, foreign: pl.DataFrame | None
    ) -> Batch:
        accounts, policies, entries, found = self._read(ids, span, orphans, foreign)
        problems = told(found)
        if not problems.height:
            return Batch(accounts, policies, entries, problems, self._id_type())
        good = ~ids.is_in(problems["account_id"].unique().implode())
        return Batch(accounts, policies, entries, problems, self._id_type()).of(good.arg_true())

    def _read(
        self, ids: pl.Series, span: Any, orphans: pl.DataFrame | None, foreign: pl.DataFrame | None
    ) -> tuple[pl.DataFrame, pl.Series, Entries, list[pl.DataFrame]]:
        read, problems = {}, []
        for name in ("accounts", *_ENTRIES):
            sheet = self.sheets.get(name)
            if sheet is None or (name == "allocations" and "account_id" not in sheet.columns):
                read[name] = _empty(name)
                continue
            frame = sheet.frame if span is None else sheet.frame.filter(_between(sheet, *span))
            read[name] = _placed(sheet.encoded(frame).collect(engine="streaming"), ids)
            if not read[name]["good"].all():
                bad = read[name].filter(~pl.col("good"))["account_id"].unique()
                problems.append(
                    sheet.problems(frame.filter(sheet.key.is_in(bad.implode()))).collect(engine="streaming")
                )
        if "allocations" in self.sheets and "account_id" not in self.sheets["allocations"].columns:
            read["allocations"], bad_rows = self._allocations(ids, read["payments"], read["charges"], orphans)
            problems.append(bad_rows)
        if foreign is not None:
            read["events"] = pl.concat([read["events"], _placed(foreign, ids)], how="diagonal")
        accounts, currencies, policies, twice = self._accounts(ids, span, read["accounts"])
        problems.append(twice)
        entries = Entries(
            ids,
            currencies,
            *(read[name] for name in ("parties", "charges", "payments", "allocations", "events")),
        )
        return accounts, policies, entries, problems

    def _accounts(
        self, ids: pl.Series, span: Any, read: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.Series, pl.Series, pl.DataFrame]:
        """A row of the accounts' own columns for each id, their currencies and policies, and the repeated keys."""
        sheet = self.sheets.get("accounts")
        if sheet is None:
            none = pl.Series([None], dtype=pl.String).new_from_index(0, len(ids))
            plain = pl.Series(["CNY"]).new_from_index(0, len(ids))
            return pl.DataFrame({self.key: ids}), plain, none, _no_problems()
        twice = read.filter(read["acc"].is_duplicated())
        problems = twice.select(
            frame=pl.lit("accounts"), row_id="account_id", account_id="account_id", fact=pl.lit(self.key),
            value="account_id", code=pl.lit("duplicate_key"),
        )  # fmt: skip
        frame = sheet.frame if span is None else sheet.frame.filter(_between(sheet, *span))
        raw = (
            frame.with_columns(sheet.key.alias("#id"))
            .filter(pl.col("#id").is_not_null())
            .collect(engine="streaming")
        )
        raw = raw.unique("#id", keep="first", maintain_order=True)
        told_ = pl.DataFrame({"#id": ids}).join(raw, on="#id", how="left", maintain_order="left").drop("#id")
        own = read.unique("acc", keep="first").sort("acc")
        own = pl.DataFrame({"account_id": ids}).join(own, on="account_id", how="left", maintain_order="left")
        # What a position tells as it was read; what policies declare they read themselves.
        told_ = told_.with_columns(own[name] for name in KNOWN if name in sheet.columns)
        return told_, own["currency"].fill_null("CNY"), own["policy"], problems

    # Allocations that name no account, and contacts of one party for all its accounts

    def _orphans(self) -> pl.DataFrame | None:
        """Allocations to payments that nobody made."""
        sheet = self.sheets.get("allocations")
        if sheet is None or "account_id" in sheet.columns:
            return None
        rows = sheet.encoded(sheet.frame)
        if "payments" in self.sheets:
            payments = self.sheets["payments"]
            made = payments.encoded(payments.frame).select(payment_id="id")
            rows = rows.join(made, on="payment_id", how="anti")
        return rows.collect(engine="streaming")

    def _lost(self, orphans: pl.DataFrame) -> pl.DataFrame:
        if "charges" not in self.sheets:
            return orphans
        charges = self.sheets["charges"]
        known = charges.encoded(charges.frame).select(charge_id="id")
        return orphans.lazy().join(known, on="charge_id", how="anti").collect(engine="streaming")

    def _allocations(
        self, ids: pl.Series, payments: pl.DataFrame, charges: pl.DataFrame, orphans: pl.DataFrame | None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Each allocation with the account of its payment, or of its charge where nobody made the payment."""
        sheet = self.sheets["allocations"]
        of_payment = payments.select(payment_id="id", acc="acc", account_id="account_id").unique()
        of_charge = charges.select(charge_id="id", acc="acc", account_id="account_id").unique()
        rows = sheet.encoded(sheet.frame).drop("account_id").with_columns(row=pl.int_range(pl.len()))
        paid = rows.join(of_payment.lazy(), on="payment_id", how="inner").collect(engine="streaming")
        loose = (
            []
            if orphans is None
            else [orphans.drop("account_id").join(of_charge, on="charge_id", how="inner")]
        )
        found = pl.concat([paid, *loose], how="diagonal")
        raw = sheet.frame.with_columns(row=pl.int_range(pl.len()))
        # Without a column of accounts every row lacks one; what else it lacks is told here.
        amount = Sheet(
            "allocations",
            sheet.frame,
            {**sheet.columns, "account_id": sheet.columns.get("payment_id", "payment_id")},
        )
        read = amount.encoded(raw).with_columns(row=pl.int_range(pl.len())).collect(engine="streaming")
        found = (
            found.drop("good")
            .join(read.select("row", "good"), on="row", how="left")
            .with_columns(pl.col("good").fill_null(True))
        )
        bad = found.filter(~pl.col("good"))
        problems = _no_problems()
        if bad.height:
            rows_bad = amount.problems(
                sheet.frame.with_row_index("#row").filter(pl.col("#row").is_in(bad["row"].implode()))
            ).collect()
            owners = bad.select(row_id="id", owner="account_id").unique()
            problems = (
                rows_bad.join(owners, on="row_id", how="left").with_columns(account_id="owner").drop("owner")
            )
        return found, problems

    def members(self) -> pl.LazyFrame:
        """Which accounts (member) each party has (party_id)."""
        if "parties" not in self.sheets:
            return pl.LazyFrame(schema={"party_id": pl.String, "member": pl.String})
        parties = self.sheets["parties"]
        return (
            parties.encoded(parties.frame).filter("good").select(party_id="id", member="account_id").unique()
        )

    def _foreign(self) -> pl.DataFrame | None:
        """Contacts with a party about other accounts of it, as events of each account."""
        if "events" not in self.sheets or "parties" not in self.sheets:
            return None
        events = self.sheets["events"]
        if "party_id" not in events.columns:
            return None
        shared = shared_contacts(events.encoded(events.frame), self.members())
        return shared.collect(engine="streaming")


def shared_contacts(events: pl.LazyFrame, members: pl.LazyFrame) -> pl.LazyFrame:
    """Contacts with a party (as `read_entries` gives them), as events of each other account of it."""
    return told_to_members(events.join(members, on="party_id", how="inner"))


def told_to_members(events: pl.LazyFrame) -> pl.LazyFrame:
    """Of events with a member of their party each, the contacts that count for that member's account."""
    shared = events.filter(
        pl.col("good") & pl.col("party_id").is_not_null() & (pl.col("type") < 2) & (pl.col("status") == 0),
        pl.col("account_id") != pl.col("member"),
    )
    return shared.with_columns(of="account_id", account_id="member", foreign=pl.lit(True)).drop("member")


def columns_in(name: str, found: Iterable[str], mapping: Mapping[str, str], key: str) -> dict[str, str]:
    """For each field of a sort of entries the column that carries it; without a column of accounts, `FrameError`."""
    names = {field.name: (mapping[field.name],) if field.name in mapping else () for field in FRAMES[name]}
    names["account_id"] = (key, *names["account_id"])
    found = dict.fromkeys(found)
    columns = columns_of(found, names)
    if "account_id" not in columns and name != "allocations":
        raise FrameError(f'no column "{key}" in {name}: found {", ".join(found)}; name the key with key=')
    return columns


def read_entries(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Entries of a sort in the numbers of the kernel, from a frame whose columns go by their own names."""
    sheet = Sheet(name, frame.lazy(), {column: column for column in frame.columns})
    return sheet.encoded(sheet.frame).collect()


def _runs(sheet: Sheet) -> pl.LazyFrame:
    """Each account that a frame names (null for none), and in how many rows.

    Rows of one account mostly stand together: so counted first, they are few to be looked up.
    """

    def counted(frame: pl.DataFrame) -> pl.DataFrame:
        runs = frame.select(pl.col("id").rle()).unnest("id")
        return runs.select(id="value", rows=pl.col("len").cast(pl.Int64))

    keys = sheet.frame.select(sheet.key.alias("id"))
    found = keys.map_batches(counted, schema={"id": pl.String, "rows": pl.Int64}, streamable=True)
    return found.group_by("id").agg(pl.col("rows").sum())


def _between(sheet: Sheet, first: str, last: str) -> pl.Expr:
    """The rows of accounts between two ids; a file that is sorted by account is read only where they are."""
    column = sheet.columns["account_id"]
    dtype = sheet.frame.collect_schema()[column]
    if first is None:
        return pl.lit(False)
    key = pl.col(column) if dtype == pl.String else sheet.key
    return key.is_between(pl.lit(first), pl.lit(last))


def _placed(frame: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """The rows of these accounts, with the place of the account as `acc`."""
    places = pl.DataFrame({"account_id": ids, "acc": np.arange(len(ids), dtype=np.int32)})
    runs = frame.select(pl.col("account_id").rle()).unnest("account_id")
    placed = runs.join(places, left_on="value", right_on="account_id", how="left", maintain_order="left")
    acc = np.repeat(placed["acc"].fill_null(-1).to_numpy(), placed["len"].to_numpy())
    frame = frame.with_columns(pl.Series("acc", acc, dtype=pl.Int32))
    if (acc < 0).any():
        frame = frame.filter(pl.col("acc") >= 0)
    if not (acc[1:] >= acc[:-1]).all():
        frame = frame.sort("acc", maintain_order=True)
    return frame


def _empty(name: str) -> pl.DataFrame:
    kinds = {field.name: _dtype(field) for field in FRAMES[name]}
    return read_entries(name, pl.DataFrame(schema=kinds)).with_columns(acc=pl.lit(0, pl.Int32))


def _dtype(field: Column) -> Any:
    return {
        "texts": pl.List(pl.String),
        "money": pl.Int64,
        "day": pl.Date,
        "moment": pl.Datetime("us"),
        "flag": pl.Boolean,
    }.get(field.kind, pl.String)


def _no_problems() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(PROBLEMS[:-1], pl.String))


def told(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Problems with the sentence for each."""
    found = pl.concat(
        [_no_problems(), *(part.select(pl.col(PROBLEMS[:-1]).cast(pl.String)) for part in parts)]
    )
    leaves = {(name, field.name): field.leaf for name, fields in FRAMES.items() for field in fields}
    pairs = found.select("frame", "fact", "code").unique()
    sentences = [
        reason(code, leaves.get((frame, fact)) if code in CODES else None)
        for frame, fact, code in pairs.iter_rows()
    ]
    said = pairs.with_columns(pl.Series("reason", sentences, dtype=pl.String))
    return found.join(said, on=["frame", "fact", "code"], how="left", maintain_order="left", nulls_equal=True)


def words_of(name: str) -> tuple[Mapping[str, str], Mapping[str, tuple[str, ...]]]:
    """How the kernel calls each column of a frame, and the words of those that it has as numbers."""
    fields = FRAMES[name]
    return {field.name: NAMES[name].get(field.name, field.name) for field in fields}, {
        field.name: field.words for field in fields if field.kind == "word"
    }
