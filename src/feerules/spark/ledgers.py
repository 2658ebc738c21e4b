"""The ledger of an estate on Spark: all that is about one account, brought together in one shuffle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from feerules.estate_ledgers import columns_in
from feerules.frame_kinds import is_spark
from feerules.frames import FrameError
from feerules.spark.columns import polars_type, quoted
from feerules.spark.packing import Sort
from feerules.spark.workers import CONTACTS, LOST, MEMBER
from feerules.streaming import FRAMES

__all__ = ["SparkLedgers"]

MATCHED, OWNER = "#matched", "#owner"


class SparkLedgers:
    """The frames of a ledger. `facts` are the columns that policies ask of accounts; with `share`, contacts of a
    party count for each of its accounts."""

    def __init__(
        self, accounts: Any, entries: Mapping[str, Any], mapping: Mapping[str, str], key: str, facts: set[str],
        *, share: bool,
    ) -> None:  # fmt: skip
        given = {
            name: frame for name, frame in {"accounts": accounts, **entries}.items() if frame is not None
        }
        _refuse_others(given)
        self.sheets = {
            name: _Sheet(name, frame, columns_in(name, frame.columns, mapping, key), facts if name == "accounts" else set())
            for name, frame in given.items()
        }  # fmt: skip
        self.share = share and "parties" in given and "party_id" in self._columns("events")

    def _columns(self, name: str) -> Mapping[str, str]:
        return self.sheets[name].columns if name in self.sheets else {}

    @property
    def _adrift(self) -> bool:
        """Whether allocations name no account."""
        return "allocations" in self.sheets and "account_id" not in self._columns("allocations")

    def nothing(self) -> dict[str, pl.DataFrame]:
        """The frames without a row, as workers have them."""
        found = {name: pl.DataFrame(schema=sheet.schema()) for name, sheet in self.sheets.items()}
        if self._adrift:
            found["allocations"] = found["allocations"].with_columns(account_id=pl.lit(None, pl.String))
        return found

    def sorts(self) -> list[Sort]:
        """Every sort of rows that workers need."""
        found = [
            sheet.sort(name, sheet.frame, sheet.text("account_id"))
            for name, sheet in self.sheets.items()
            if name != "allocations" or not self._adrift
        ]
        found += self._allocations(self.sheets["allocations"]) if self._adrift else []
        return found + (self._contacts() if self.share else [])

    def _allocations(self, sheet: _Sheet) -> list[Sort]:
        """Allocations with the account of their payment, or of their charge where nobody made the payment; and
        those of neither."""
        rows = sheet.frame.selectExpr("*", f"{sheet.text('payment_id')} as `#payment`")
        rows = self._owned(rows, "payments", "payment_id", "#payment")
        # What has its payment needs no charge: a text that no charge has keeps it apart, and spread over all parts.
        charge = f"if(`{MATCHED}#payment`, concat('\\n', `#payment`), {sheet.text('charge_id')}) as `#charge`"
        rows = self._owned(rows.selectExpr("*", charge), "charges", "charge_id", "#charge")
        # Payments and charges that name no account are told of themselves, and not once more for their allocations.
        owner = f"coalesce(`{OWNER}#payment`, `{OWNER}#charge`) as account_id"
        placed = rows.filter(f"`{MATCHED}#payment` or `{MATCHED}#charge`").selectExpr(*sheet.names, owner)
        lost = rows.filter(f"`{MATCHED}#payment` is null and `{MATCHED}#charge` is null")
        told = sheet.sort(
            "allocations", placed.filter("account_id is not null"), "account_id", ("account_id", "string")
        )
        ids = (
            f"{sheet.text('payment_id')} as payment_id",
            f"concat({sheet.text('payment_id')}, '/', {sheet.text('charge_id')}) as id",
        )
        return [
            told,
            Sort(LOST, lost.selectExpr(*ids), (("payment_id", "string"), ("id", "string")), salted("id")),
        ]

    def _owned(self, rows: Any, name: str, field: str, by: str) -> Any:
        """Rows with the account of the payment or charge that they name, and whether there is one (null: no)."""
        if name not in self.sheets:
            return rows.selectExpr(
                "*", f"cast(null as boolean) as `{MATCHED}{by}`", f"cast(null as string) as `{OWNER}{by}`"
            )
        sheet = self.sheets[name]
        named = sheet.frame.selectExpr(
            f"{sheet.text(field)} as `{by}`",
            f"true as `{MATCHED}{by}`",
            f"{sheet.text('account_id')} as `{OWNER}{by}`",
        )
        return rows.join(named.filter(f"`{by}` is not null").distinct(), by, "left")

    def _contacts(self) -> list[Sort]:
        """Contacts with a party, once more for each other account of it."""
        events, parties = self.sheets["events"], self.sheets["parties"]
        about = f"{events.text('party_id')} as `#party`", f"{events.text('account_id')} as `{OWNER}`"
        rows = events.frame.selectExpr(*events.names, *about).filter(f"`{OWNER}` is not null")
        if events.is_text("type"):
            rows = rows.filter(f"{quoted(events.columns['type'])} in ('contact', 'demand')")
        named = parties.frame.selectExpr(
            f"{parties.text('party_id')} as `#party`", f"{parties.text('account_id')} as `{MEMBER}`"
        )
        members = named.filter(f"`#party` is not null and `{MEMBER}` is not null").distinct()
        shared = rows.join(members, "#party").filter(f"`{MEMBER}` <> `{OWNER}`")
        return [events.sort(CONTACTS, shared, quoted(MEMBER), (MEMBER, "string"))]


class _Sheet:
    """One frame of a ledger on Spark: which of its columns are needed, and how they read as text."""

    def __init__(self, name: str, frame: Any, columns: Mapping[str, str], more: set[str]) -> None:
        self.name, self.frame, self.columns = name, frame, columns
        wanted = {*columns.values()} | more
        self.kinds = {field.name: field.dataType for field in frame.schema.fields if field.name in wanted}
        lower = Counter(column.lower() for column in frame.columns)
        repeated = [column for column in self.kinds if lower[column.lower()] > 1]
        if repeated:
            raise FrameError(
                f"the column {', '.join(repeated)} occurs more than once in {name}: rename or drop one"
            )

    @property
    def names(self) -> list[str]:
        return [quoted(name) for name in self.kinds]

    def schema(self) -> dict[str, Any]:
        return {name: polars_type(kind, name) for name, kind in self.kinds.items()}

    def is_text(self, field: str) -> bool:
        return field in self.columns and told(self.kinds[self.columns[field]]) == "string"

    def text(self, field: str) -> str:
        """SQL: what the field says as text, null where it says nothing; as `engines.entries` reads it."""
        if field not in self.columns:
            return "cast(null as string)"
        name, kind = quoted(self.columns[field]), told(self.kinds[self.columns[field]])
        if kind == "string":
            return f"nullif(cast({name} as string), '')"
        if kind in ("tinyint", "smallint", "int", "bigint"):
            return f"cast({name} as string)"
        if kind in ("float", "double"):
            whole = f"rint({name}) = {name} and abs({name}) < 9007199254740992D"
            return f"case when {whole} then cast(cast({name} as bigint) as string) end"
        return "cast(null as string)"

    def sort(self, name: str, frame: Any, key: str, *more: tuple[str, str]) -> Sort:
        """These rows for workers; what names no account is spread, for each such row is a problem by itself."""
        columns = tuple((column, told(kind)) for column, kind in self.kinds.items())
        row = self.text(FRAMES[self.name][0].name)
        return Sort(name, frame, (*columns, *more), f"coalesce({key}, {salted(row)})")


def salted(text: str) -> str:
    """SQL: a key for a row that needs no other beside it."""
    return f"cast(xxhash64({text}) as string)"


def told(kind: Any) -> str:
    """A type of Spark as DDL; a text of any length or collation is a text."""
    name: str = kind.simpleString()
    return "string" if name.startswith(("string", "char(", "varchar(")) or name == "void" else name


def _refuse_others(given: Mapping[str, Any]) -> None:
    others = [f"{name} as {_kind_of(frame)}" for name, frame in given.items() if not is_spark(frame)]
    if others:
        raise FrameError(
            f"found {', '.join(others)} beside frames of PySpark, expected all of one kind: read files with "
            "spark.read, and make frames with spark.createDataFrame"
        )


def _kind_of(frame: Any) -> str:
    kind = type(frame)
    library = kind.__module__.partition(".")[0]
    return kind.__name__ if library == "builtins" else f"{kind.__name__} of {library}"
