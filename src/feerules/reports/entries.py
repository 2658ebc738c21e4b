"""The entries of a ledger as far as they are known, ready to be added up for any day.

What is open of a charge follows from posted facts alone: its amount, the credits, waivers and write-offs
that name it, and the allocations to it. Nothing is allocated here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from feerules.frames import Back, FrameError, into_lazy, to_decimal
from feerules.reports.kinds import KINDS, OWED, REDUCED, STATUSES
from feerules.reports.reading import Fact, Known, Read, problem_rows, read_frame
from feerules.reports.results import EntryErrors, EntryProblem

__all__ = ["Entries", "answers", "total"]

CHARGES = (
    *(Fact("charge_id"), Fact("account_id"), Fact("unit_id"), Fact("fee")),
    Fact("kind", "word", needed=True, words=KINDS, default="charge"),
    Fact("amount", "money", needed=True),
    Fact("currency", needed=True, default="CNY"),
    *(Fact(day, "day") for day in ("period_start", "period_end", "issued_on", "due_on")),
    *(Fact("corrects_charge_id"), Fact("tags", "list")),
)
PAYMENTS = (
    *(Fact("payment_id"), Fact("account_id")),
    Fact("amount", "money", needed=True),
    Fact("currency", needed=True, default="CNY"),
    Fact("status", "word", needed=True, words=STATUSES, default="cleared"),
    *(Fact("effective_on", "day"), Fact("reverses_payment_id")),
)
ALLOCATIONS = (
    *(Fact("payment_id", needed=True), Fact("charge_id", needed=True)),
    Fact("amount", "money", needed=True),
)
AMOUNT = Fact("amount", "money", least=0)
# What a charge is grouped by that follows from its days: its period, or the day it was issued.
DERIVED = ("charge_year", "charge_month")
# What an account has, and so each of its payments.
PLACES = ("estate_id", "building_id", "account_id")

Check = tuple[pl.Expr, Fact, str]  # where the test holds, the fact has the problem of this code


def keys_of(by: str | Sequence[str]) -> list[str]:
    """What a report is grouped by; amounts of two currencies are never added."""
    columns = [by] if isinstance(by, str) else list(by)
    return [*dict.fromkeys(each for each in columns if each != "currency"), "currency"]


def total(fen: pl.Expr) -> pl.Expr:
    """A sum that no number of entries can overflow."""
    return fen.cast(pl.Int128).sum()


class Entries:
    """Charges, payments and posted allocations, judged and joined.

    `owed` are the charges that ask for money; `_day` is the day from which one counts. `keys` are the
    columns to group by, which the charges or, by unit or account, `units` must have. What a charge must
    have for a question `needs` names.
    """

    def __init__(
        self,
        charges: Any,
        payments: Any,
        allocations: Any,
        *,
        by: str | Sequence[str],
        units: Any = None,
        known_at: Known | None = None,
        needs: Sequence[str] = (),
    ) -> None:
        if allocations is None or payments is None:
            raise FrameError(ALLOCATIONS_NEEDED)
        schema = into_lazy(charges)[0].collect_schema()
        self.back: Back = into_lazy(charges)[1]
        if lacking := [each for each in needs if each not in schema]:
            raise FrameError(f"charges without the column {', '.join(lacking)}: found {', '.join(schema)}")
        self.keys = keys_of(by)
        self.problems: list[pl.DataFrame] = []
        self._applied: dict[date, pl.LazyFrame] = {}
        self._units = None if units is None else into_lazy(units)[0]
        carried = [each for each in self.keys if each in schema]
        read = read_frame("charges", charges, CHARGES, key="charge_id", known_at=known_at, carry=carried)
        entries = self._judged_charges(read, needs)
        self.owed = self._with_keys(entries.filter(pl.col("kind").is_in(OWED)), schema)
        schema = into_lazy(payments)[0].collect_schema()
        carried = [each for each in self.places if each in schema]
        read = read_frame(
            "payments", payments, PAYMENTS, key="payment_id", known_at=known_at, carry=carried, log="amount"
        )
        self.payments = self._judged_payments(read)
        read = read_frame("allocations", allocations, ALLOCATIONS, key=None, known_at=known_at)
        self.allocated = self._judged_allocations(read)
        self._reductions(entries)
        self._check_payments()

    # Judging

    def _sift(self, name: str, rows: pl.LazyFrame, row_id: pl.Expr, checks: Sequence[Check]) -> pl.LazyFrame:
        """The rows that pass every check; the others are problems."""
        fails = pl.any_horizontal(test.fill_null(False) for test, _, _ in checks)
        known = rows.collect()
        bad = known.filter(fails)
        for test, fact, failed in checks:
            value = pl.col(fact.name)
            said = to_decimal(value, 2) if fact.kind == "money" else value
            self.problems.append(
                problem_rows(
                    name, bad, fact, pl.when(test).then(pl.lit(failed)),
                    row_id=row_id, value=said.cast(pl.String), account_id=pl.col("account_id"),
                    fee=pl.col("fee") if name == "charges" else None,
                )
            )  # fmt: skip
        return known.filter(~fails).lazy()

    def _judged_charges(self, read: Read, needs: Sequence[str]) -> pl.LazyFrame:
        self.problems.append(read.problems)
        rows = read.rows.with_columns(
            _day=pl.coalesce("issued_on", "due_on"),
            _late_fee=(pl.col("kind") == "waiver") & _is_about_late_fee(read.rows),
        )
        owed, names = pl.col("kind").is_in(OWED), pl.col("corrects_charge_id")
        unnamed = pl.col("kind").is_in(["waiver", "write_off"]) & ~pl.col("_late_fee") & names.is_null()
        checks: list[Check] = [
            (pl.col("_day").is_null(), Fact("due_on", "day"), "missing"),
            (owed & (pl.col("amount") < 0), AMOUNT, "out_of_domain"),
            (pl.col("period_end") <= pl.col("period_start"), Fact("period_end", "day"), "ends_before_start"),
            (unnamed, Fact("corrects_charge_id"), "missing"),
        ]
        facts = {fact.name: fact for fact in CHARGES}
        checks += [(owed & pl.col(each).is_null(), facts[each], "missing") for each in needs]
        return self._sift("charges", rows, pl.col("charge_id"), checks)

    def _judged_payments(self, read: Read) -> pl.LazyFrame:
        self.problems.append(read.problems)
        counts, reverses = pl.col("status") != "in_transit", pl.col("reverses_payment_id")
        cleared = (pl.col("status") == "cleared") | (counts & reverses.is_not_null())
        checks: list[Check] = [
            (cleared & pl.col("effective_on").is_null(), Fact("effective_on", "day"), "missing"),
            (reverses.is_null() & (pl.col("amount") < 0), AMOUNT, "out_of_domain"),
        ]
        rows = self._sift("payments", read.rows, pl.col("payment_id"), checks)
        known = rows.select(reverses_payment_id="payment_id", _known=pl.lit(True))
        rows = rows.join(known, on="reverses_payment_id", how="left", maintain_order="left")
        unknown = reverses.is_not_null() & pl.col("_known").is_null()
        rows = self._sift(
            "payments",
            rows,
            pl.col("payment_id"),
            [(unknown, Fact("reverses_payment_id"), "unknown_payment")],
        )
        undone = (
            rows.filter(counts & reverses.is_not_null())
            .group_by(payment_id="reverses_payment_id")
            .agg(_void=pl.col("effective_on").min())
        )
        rows = self._placed(rows).join(undone, on="payment_id", how="left", maintain_order="left")
        return rows.with_columns(_counts=(pl.col("status") == "cleared") & reverses.is_null())

    def _judged_allocations(self, read: Read) -> pl.LazyFrame:
        self.problems.append(read.problems)
        payments = self.payments.select(
            "payment_id", "account_id", "_counts", "_void", *self._found_places(),
            _paid_on="effective_on", _paid_in="currency", _paid=pl.lit(True),
        )  # fmt: skip
        charges = self.owed.select("charge_id", _charged_on="_day", _charged_in="currency")
        rows = read.rows.join(payments, on="payment_id", how="left", maintain_order="left")
        rows = rows.join(charges, on="charge_id", how="left", maintain_order="left")
        checks: list[Check] = [
            (pl.col("amount") < 0, AMOUNT, "out_of_domain"),
            (pl.col("_paid").is_null(), Fact("payment_id"), "unknown_payment"),
            (pl.col("_charged_in").is_null(), Fact("charge_id"), "unknown_charge"),
            (pl.col("_paid_in") != pl.col("_charged_in"), Fact("charge_id"), "other_currency"),
        ]
        ids = pl.concat_str("payment_id", pl.lit(":"), "charge_id")
        rows = self._sift("allocations", rows, ids, checks).filter("_counts")
        return rows.select(
            "payment_id", "charge_id", "_void", "account_id", *self._found_places(),
            currency="_paid_in", _fen="amount", _day=pl.max_horizontal("_paid_on", "_charged_on"),
        )  # fmt: skip

    def _reductions(self, entries: pl.LazyFrame) -> None:
        """Credits, waivers and write-offs by the charge they name; and what is the payer's own money."""
        gives = (pl.col("kind") == "refund") & (pl.col("amount") < 0)
        reduces = pl.col("kind").is_in([*REDUCED]) | gives
        target = self.owed.select(
            corrects_charge_id="charge_id", _target="kind", _charged_on="_day", _charged_in="currency"
        )
        rows = entries.filter(~pl.col("kind").is_in(OWED)).join(
            target, on="corrects_charge_id", how="left", maintain_order="left"
        )
        named = pl.col("corrects_charge_id").is_not_null()
        checks: list[Check] = [
            (named & pl.col("_target").is_null(), Fact("corrects_charge_id"), "unknown_charge"),
            (pl.col("_charged_in") != pl.col("currency"), Fact("corrects_charge_id"), "other_currency"),
        ]
        rows = self._sift("charges", rows, pl.col("charge_id"), checks)
        # A late fee that has accrued and was not posted is no receivable: waiving it moves none.
        rows = rows.filter(~(pl.col("_late_fee") & (pl.col("_target") != "late_fee").fill_null(True)))
        what = pl.col("kind").replace_strict(dict(REDUCED), default="credited", return_dtype=pl.String)
        self.reductions = rows.filter(reduces & named).select(
            _ref="charge_id", charge_id="corrects_charge_id", account_id="account_id", fee="fee",
            _what=what, _fen=pl.col("amount").abs(), _day=pl.max_horizontal("_day", "_charged_on"),
        )  # fmt: skip
        of_account = rows.filter(~named | ~reduces).with_columns(_fen=pl.col("amount").abs())
        of_account = self._placed(of_account)
        self.credits = of_account.filter(reduces)
        self.refunds = of_account.filter(~reduces)

    def _check_payments(self) -> None:
        given = self.allocated.group_by("payment_id").agg(_given=total(pl.col("_fen")))
        rows = self.payments.filter("_counts").join(given, on="payment_id", how="inner")
        over = pl.col("_given") > pl.col("amount")
        self._sift("payments", rows, pl.col("payment_id"), [(over, AMOUNT, "allocated_over_payment")])

    # Columns to group by

    def _with_keys(self, owed: pl.LazyFrame, schema: Any) -> pl.LazyFrame:
        period = pl.coalesce("period_start", "_day")
        owed = owed.with_columns(charge_year=period.dt.year(), charge_month=period.dt.strftime("%Y-%m"))
        have = {*(fact.name for fact in CHARGES if fact.name in schema), *DERIVED, "kind", "currency"}
        for key in self.keys:
            if key in have or key in schema:
                continue
            owed = self._looked_up(owed, key)
        return owed

    def _looked_up(self, owed: pl.LazyFrame, key: str) -> pl.LazyFrame:
        """The column from the frame of units: by the charge's unit, else by its account."""
        found = [each for each in ("unit_id", "account_id") if each != key and self._tells(each, key)]
        if not found:
            raise FrameError(
                f'no column "{key}": give it in the charges, or units= with unit_id or account_id and {key}'
            )
        for number, each in enumerate(found):
            told = self._only(self._units, each, key).rename({key: f"_told_{number}"})
            owed = owed.join(told, on=each, how="left", maintain_order="left")
        return owed.with_columns(pl.coalesce(f"_told_{number}" for number in range(len(found))).alias(key))

    def _tells(self, column: str, key: str) -> bool:
        return self._units is not None and {column, key} <= {*self._units.collect_schema()}

    @staticmethod
    def _only(frame: pl.LazyFrame | None, column: str, key: str) -> pl.LazyFrame:
        """The one value that goes with each id; none where there are several."""
        assert frame is not None
        known = frame.select(pl.col(column).cast(pl.String), pl.col(key)).drop_nulls().unique()
        one = pl.when(pl.len() == 1).then(pl.col(key).first())
        return known.group_by(column).agg(one.alias(key))

    @property
    def places(self) -> list[str]:
        """The keys that a payment has as well."""
        return [key for key in self.keys if key in (*PLACES, "currency")]

    def _found_places(self) -> list[str]:
        return [key for key in self.places if key not in ("account_id", "currency")]

    def _placed(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Entries of an account with its place: their own, else that of the account in units or charges."""
        for key in self._found_places():
            source = self._units if self._tells("account_id", key) else self.owed
            told = self._only(source, "account_id", key).rename({key: "_told"})
            own = [key] if key in rows.collect_schema() else []
            rows = rows.join(told, on="account_id", how="left", maintain_order="left")
            rows = rows.with_columns(pl.coalesce(*own, "_told").alias(key)).drop("_told")
        return rows

    # What is open

    def applied(self, as_of: date) -> pl.LazyFrame:
        """What has reduced each charge up to the end of a day, entry by entry, in the order of time.

        `_applied` is the part of an entry that found something open. A reversed payment has never been.
        """
        if as_of not in self._applied:
            self._applied[as_of] = self._applied_by(as_of).collect().lazy()
        return self._applied[as_of]

    def _applied_by(self, as_of: date) -> pl.LazyFrame:
        kept = pl.col("_void").is_null() | (pl.col("_void") > as_of)
        received = self.allocated.filter(kept).select(
            "charge_id", _ref="payment_id", _what=pl.lit("received"), _fen="_fen", _day="_day",
            _order=pl.lit(1),
        )  # fmt: skip
        reduced = self.reductions.select(
            "charge_id", _ref="_ref", _what="_what", _fen="_fen", _day="_day", _order=pl.lit(0)
        )
        amounts = self.owed.filter(pl.col("_day") <= as_of).select("charge_id", _amount="amount")
        amount, fen = pl.col("_amount").cast(pl.Int128), pl.col("_fen").cast(pl.Int128)
        # One running sum over all charges, less what it was where the charge begins: a window for each of
        # millions of charges would take many times as long.
        begins = pl.col("charge_id").ne_missing(pl.col("charge_id").shift())
        running = fen.cum_sum()
        before = running - fen - pl.when(begins).then(running - fen).forward_fill()
        part = pl.min_horizontal(before + fen, amount) - pl.min_horizontal(before, amount)
        return (
            pl.concat([reduced, received])
            .filter(pl.col("_day") <= as_of)
            .join(amounts, on="charge_id", how="inner")
            .sort("charge_id", "_day", "_order", "_ref")
            .with_columns(_applied=part.cast(pl.Int64))
        )

    def standing(self, as_of: date) -> pl.LazyFrame:
        """Each charge that is issued by a day, with what has reduced it, and what is open at its end."""
        columns = ("received", *REDUCED.values())
        what, applied = pl.col("_what"), pl.col("_applied")
        sums = (
            self.applied(as_of)
            .group_by("charge_id")
            .agg(applied.filter(what == column).sum().alias(column) for column in columns)
        )
        return (
            self.owed.filter(pl.col("_day") <= as_of)
            .join(sums, on="charge_id", how="left", maintain_order="left")
            .with_columns(pl.col(columns).fill_null(0))
            .with_columns(open=pl.col("amount") - pl.sum_horizontal(columns))
        )

    def check_applied(self, as_of: date) -> None:
        """Tells what was allocated, waived or written off beyond what was open."""
        rows = self.applied(as_of).filter(pl.col("_applied") < pl.col("_fen")).collect()
        for name, fact, failed, what in (
            ("allocations", "amount", "allocated_over_charge", ("received",)),
            ("charges", "amount", "nothing_to_waive", ("waived", "written_off")),
        ):
            ids = pl.concat_str("_ref", pl.lit(":"), "charge_id") if name == "allocations" else pl.col("_ref")
            self.problems.append(
                problem_rows(
                    name, rows, Fact(fact, "money"), pl.when(pl.col("_what").is_in(what)).then(pl.lit(failed)),
                    row_id=ids, value=to_decimal(pl.col("_fen"), 2).cast(pl.String),
                )
            )  # fmt: skip

    # Answers

    def told(self, *frames: pl.LazyFrame, strict: bool) -> list[Any]:
        """See `answers`."""
        return answers(frames, self.problems, self.back, strict=strict)


def answers(
    frames: Sequence[pl.LazyFrame], problems: Sequence[pl.DataFrame], back: Back, *, strict: bool
) -> list[Any]:
    """The frames, and after them the problems, as the data came; with `strict`, problems are raised."""
    wrong = pl.concat(problems).sort("frame", "row_id", "fact", "code", nulls_last=True)
    if strict and wrong.height:
        raise EntryErrors(EntryProblem(**each) for each in wrong.iter_rows(named=True))
    return [back(each.lazy()) for each in (*pl.collect_all(frames), wrong)]


ALLOCATIONS_NEEDED = (
    "a report needs payments and posted allocations (payment_id, charge_id, amount): which money paid which "
    "charge; where nothing is allocated yet, give frames with these columns and no rows"
)


def _is_about_late_fee(rows: pl.LazyFrame) -> pl.Expr:
    """Whether an entry is about late fee, by its fee or by a tag (a list, or words in a text)."""
    kind = rows.collect_schema()["tags"]
    tags = pl.col("tags")
    if isinstance(kind, pl.List) and kind.inner == pl.String:
        tagged = tags.list.contains("late_fee")
    elif kind == pl.String:
        tagged = tags.str.contains(r"(^|[,;\s])late_fee($|[,;\s])")
    else:
        tagged = pl.lit(False)
    return (pl.col("fee") == "late_fee").fill_null(False) | tagged.fill_null(False)
