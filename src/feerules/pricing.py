"""What does this unit owe for this period? One record in, a bill out; the same numbers as for an estate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from feerules.bill import Bill, LinesOnDemand
from feerules.book import Book
from feerules.errors import MissingExtra, UnitErrors, UnitProblem
from feerules.frame_kinds import is_relation, is_spark
from feerules.periods import Period, from_day_number
from feerules.plan.nodes import Leaf, Node, Plan
from feerules.plan.spans import READ, VALID_FROM
from feerules.reasons import reason
from feerules.reference import Scalar, Unreadable, encoder, function, is_missing
from feerules.telling import Teller, about_of, parties_of

if TYPE_CHECKING:
    from feerules.estate import EstateResult
    from feerules.spark.answers import SparkResult
    from feerules.statements.relations import RelationResult
    from feerules.whatif.billed.reconciliation import Reconciliation

__all__ = ["Priced", "bill_of", "is_relation", "price", "price_estate", "ready", "reconcile", "records_of"]

# Who a unit's parties are: a change of these alone does not change what is owed.
PARTY_FACTS = ("account_id", "owner_id", "tenant_id", "developer_id", "heir_id", "valid_from", "valid_to")
IDS = ("unit_id", *PARTY_FACTS[:-2])
# The first day of a change, as the record that begins with it has it.
CHANGED_FROM = replace(VALID_FROM, name="changes.from")
_first_day = encoder(CHANGED_FROM)
Amount = Decimal | str | int
Share = Amount | Mapping[str, Amount]


def price(
    unit: Mapping[str, Any] | BaseModel,
    book: Book,
    period: str | Period,
    *,
    accrue: bool = False,
    shares: Mapping[str, Share] | None = None,
) -> Bill:
    """Prices one unit for a period: "2026-11", "2026-Q4", "2026", "2026-11-01/2027-02-01".

    `unit` gives the facts that the book's schedules declare, by name or alias; numbers as int, Decimal
    or text (a float only where it is exact), days as `date` or ISO text. `changes: [{from: day, facts:
    {…}}]` are its dated facts. The bill holds the cycles that start in the period, or end in it where a
    fee is billed in arrears, each whole; with `accrue` only the days of the period. `shares` gives the
    unit's part of each shared fee, or {first day of the cycle: part}. Raises `UnitErrors` with every fact that is missing or wrong.

    >>> import feerules
    >>> book = feerules.load_files({"tiny.yaml": '''
    ... kind: fee-schedule
    ... id: tiny
    ... effective: {from: 2026-01-01}
    ... facts: {area: {decimal: 2, min: 0, max: 10000, unit: m²}}
    ... fees: {management: {per: area, rate: 2.80, every: month}}
    ... '''})
    >>> price({"area": "89.50"}, book, "2026-11").total
    Decimal('250.60')
    """
    period = Period.parse(period) if isinstance(period, str) else period
    priced, records = ready(unit, book, period, accrue=accrue, shares=shares)
    return _bill(priced, records, book, period)


def bill_of(
    records: Sequence[Mapping[str, Any]], book: Book, period: Period, *, accrue: bool, dated: bool
) -> Bill:
    """The bill of a unit whose records follow each other in time; its shares are among their facts."""
    priced = _priced(book.plan(period, accrue=accrue, dated=dated))
    return _bill(priced, _in_runs(priced, records, book, dated), book, period)


def _bill(priced: Priced, records: Sequence[Mapping[str, Any]], book: Book, period: Period) -> Bill:
    ran = [priced.run(each) for each in records]
    unit_id = records[0].get("unit_id")
    lines = LinesOnDemand(lambda: priced.lines(ran), lambda: priced.fen(ran))
    return Bill(None if unit_id is None else str(unit_id), period, lines, book.digest)


def price_estate(
    units: Any,
    book: Book,
    period: str | Period,
    *,
    form: Literal["wide", "long"] = "wide",
    key: str = "unit_id",
    accrue: bool = False,
    pools: Any = None,
    billed: Any = None,
    strict: bool = False,
) -> EstateResult | RelationResult | SparkResult:
    """Prices every unit of a frame: the same fen as `price`, for ten million homes.

    `units` is a frame of polars (eager or lazy), pandas, pyarrow or anything with the Arrow PyCapsule
    interface, or the path of a .parquet or .csv file; one row per unit, or several with `valid_from`
    (and `valid_to`) where facts change. The answer comes back as the kind that came in, lazy for a lazy
    frame or a path: `result.rows` and, apart, `result.problems`; `result.sink("bills.parquet")` writes
    both in bounded memory. `form="wide"` gives a row per unit with a column per fee (null: not charged)
    and the total; `"long"` a row per bill line. `key` names the column that tells units apart; a null
    or repeated key is a problem row. `pools` gives the totals that fees with `share:` divide. With
    `billed`, last time's bill lines, only the differences come back, as charges and credits that name
    what they correct. `strict` raises `UnitErrors` instead of giving problem rows.
    A relation of DuckDB gives relations, worked out by DuckDB itself, out of memory if need be.
    A frame of PySpark gives lazy ones, worked out by Spark. Needs the extra `estate`; for a relation `sql`, for
    a frame of PySpark `spark`.
    """

    if not isinstance(period, str | Period):
        raise TypeError(f'found period={period!r}, expected one such as "2026-11"')

    def priced(frame: Any) -> EstateResult:
        result: EstateResult = _extra("price_estate").price_frame(
            frame, book, period,
            form=form, key=key, accrue=accrue, pools=pools, billed=billed, strict=strict,
        )  # fmt: skip
        return result

    if is_spark(units):
        on_spark: SparkResult = _extra("spark").price_units(
            units, book, period,
            form=form, key=key, accrue=accrue, pools=pools, billed=billed, strict=strict,
        )  # fmt: skip
        return on_spark
    if not is_relation(units):
        return priced(units)
    relations = _extra("relations")
    if pools is not None or billed is not None:
        answer: RelationResult = relations.through_memory(units, lambda: priced(units))
    else:
        answer = relations.price_relation(
            units, book, period, form=form, key=key, accrue=accrue, strict=strict
        )
    return answer


def reconcile(
    book: Book,
    units: Any,
    billed: Any,
    period: str | Period,
    *,
    key: str = "unit_id",
    accrue: bool = False,
    pools: Any = None,
    causes: bool = True,
    progress: bool | None = None,
) -> Reconciliation:
    """Compares a book's bills with those that another system sent for the same period, and says why they differ.

    `billed` holds their lines: unit_id, fee, amount; both it and `units` may be any frame or path that
    `price_estate` takes. Print the result for the sums, look at `rows` for each unit and fee. `causes`
    tells what the other system probably does otherwise: alternatives of each rule are tried on the lines
    that differ, and those that explain most to the fen are kept; False leaves that out. `progress` shows
    a bar; by default where the standard error is a terminal. Needs the extra `estate`.
    """
    result: Reconciliation = _extra("reconcile").reconcile_frames(
        book, units, billed, period,
        key=key, accrue=accrue, pools=pools, causes=causes, progress=progress, price=price,
    )  # fmt: skip
    return result


def ready(
    unit: Mapping[str, Any] | BaseModel,
    book: Book,
    period: Period,
    *,
    accrue: bool = False,
    shares: Mapping[str, Share] | None = None,
    marked: bool = False,
) -> tuple[Priced, Sequence[Mapping[str, Any]]]:
    """The plan of a period, with marks if asked for, and the records that a unit is for it: one for each span of its days."""
    facts: Mapping[str, Any] = unit.model_dump() if isinstance(unit, BaseModel) else unit
    dated = "changes" in facts or "valid_from" in facts or "valid_to" in facts
    priced = _priced(book.plan(period, accrue=accrue, dated=dated, marked=marked))
    given = _shares(priced.plan, shares) if shares else {}
    records: list[Mapping[str, Any]] = [*records_of(facts)] if dated else [facts]
    if given:
        records = [{**each, **given} for each in records]
    return priced, _in_runs(priced, records, book, dated)


def _in_runs(
    priced: Priced, records: Sequence[Mapping[str, Any]], book: Book, dated: bool
) -> Sequence[Mapping[str, Any]]:
    """The records under the names that plans know, each with the day since when nothing of it changed."""
    known = [_with_ids(each, book.mapping) for each in records] if book.mapping else records
    return priced.with_runs(known) if dated else known


def _extra(function: str) -> Any:
    """The module that needs an extra for a function."""
    extra = {"relations": "sql", "spark": "spark"}.get(function, "estate")
    try:
        if function == "reconcile":
            from feerules.whatif.billed import reconcile as module
        elif function == "relations":
            from feerules.statements import relations as module  # type: ignore[no-redef]
        elif function == "spark":
            from feerules.spark import prices as module  # type: ignore[no-redef]
        else:
            from feerules import estate as module  # type: ignore[no-redef]
    except ModuleNotFoundError as error:
        raise MissingExtra(function, extra, error.name or "") from error
    return module


def _shares(plan: Plan, shares: Mapping[str, Share]) -> dict[str, Amount]:
    """The unit's shares as facts; a fee shared in several cycles needs an amount for each."""
    given: dict[str, Amount] = {}
    for fee, share in shares.items():
        cycles = [leaf.name for leaf in plan.leaves if leaf.name.startswith(f"share.{fee}.")]
        if isinstance(share, Mapping):
            given |= {f"share.{fee}.{cycle}": amount for cycle, amount in share.items()}
        elif len(cycles) == 1:
            given[cycles[0]] = share
        elif cycles:
            days = ", ".join(name.rpartition(".")[2] for name in cycles)
            raise ValueError(
                f"the fee {fee} is shared in several cycles: give {{first day: amount}} for {days}"
            )
        else:
            raise ValueError(f"no fee {fee} of this period is shared")
    return given


def _with_ids(record: Mapping[str, Any], mapping: Mapping[str, str]) -> Mapping[str, Any]:
    """The record with the ids of its unit and parties under their own names, where the book maps them."""
    told = {name: record.get(mapping[name]) for name in IDS if name in mapping and name not in record}
    return {**record, **told}


def records_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A unit with dated facts as one record for each span of days on which they stay the same."""
    base = {name: value for name, value in facts.items() if name != "changes"}
    records = [base]
    for first, new in _changes(facts):
        records[-1] = {**records[-1], "valid_to": first}
        known = {name: value for name, value in records[-1].items() if not name.startswith(READ)}
        # A fact that the change does not tell was not read on its day.
        read = {"unread": True, **{f"{READ}{name}": True for name in new}}
        records.append({**known, **new, **read, "valid_from": first, "valid_to": base.get("valid_to")})
    return records


def _changes(facts: Mapping[str, Any]) -> Iterator[tuple[date, dict[str, Any]]]:
    """(day, what is new) in order of time; what several changes tell of one day is one change.

    Where they contradict each other they stay apart: the days of the first are then none, a problem.
    """
    told: list[tuple[date, dict[str, Any]]] = []
    for first, change in sorted(_with_first_days(facts), key=itemgetter(0)):
        new = change.get("facts", {key: value for key, value in change.items() if key != "from"})
        if (
            told
            and told[-1][0] == first
            and all(told[-1][1].get(name, new[name]) == new[name] for name in new)
        ):
            told[-1][1].update(new)
        else:
            told.append((first, dict(new)))
    yield from told


def _with_first_days(facts: Mapping[str, Any]) -> list[tuple[date, Mapping[str, Any]]]:
    """Each change with its first day; raises `UnitErrors` with every one that has none."""
    changes = facts.get("changes") or ()
    if isinstance(changes, str | Mapping) or not all(isinstance(each, Mapping) for each in changes):
        raise ValueError(f"found changes={changes!r}, expected a list of {{from: day, facts: {{…}}}}")
    found: list[tuple[date, Mapping[str, Any]]] = []
    problems = []
    for change in changes:
        value = change.get("from")
        try:
            if is_missing(value):
                raise Unreadable("missing")
            found.append((from_day_number(_first_day(value)), change))
        except Unreadable as error:
            problems.append(_problem(facts, CHANGED_FROM, error.code, value))
    if problems:
        raise UnitErrors(problems)
    return found


def _is_about_days(name: str) -> bool:
    """Whether a fact tells when and for whom a record holds, and not what is priced."""
    return name in PARTY_FACTS or name in ("run_from", "unread") or name.startswith(READ)


# Plans, ready to run

_ready: WeakKeyDictionary[Plan, Priced] = WeakKeyDictionary()


def _priced(plan: Plan) -> Priced:
    found = _ready.get(plan)
    if found is None:
        found = _ready[plan] = Priced(plan)
    return found


Ran = tuple[Mapping[str, Any], tuple[int, ...], tuple[int, ...]]  # the record, its arguments, its amounts


class Priced:
    """A plan with its functions: `run` for the amounts, `lines` for all that a bill tells."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._scalar = Scalar(plan)
        self._amounts = function(
            plan.leaves, [node for slot in plan.slots for node in (slot.active, slot.values["amount"])]
        )
        self._tellers: list[Teller] = []
        self._details: Callable[..., tuple[int, ...]] | None = None
        self._fees = [about_of(slot).fee_id for slot in plan.slots]
        facts = [n for n, leaf in enumerate(plan.leaves) if not _is_about_days(leaf.name)]
        self._priced_facts = [*facts, *(n + len(plan.leaves) for n in facts)]  # a value each, then a presence

    def with_runs(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Tells each record since when all that the plan needs of it is the same; who pays is no part of that."""
        told: list[dict[str, Any]] = []
        before: list[int] = []
        for record in records:
            arguments, _ = self._scalar.read(record)
            known = [arguments[n] for n in self._priced_facts]
            start = told[-1]["run_from"] if told and known == before else record.get("valid_from")
            told.append({**record, "run_from": start})
            before = known
        return told

    def run(self, record: Mapping[str, Any]) -> Ran:
        """Checks a record and prices it; raises `UnitErrors`."""
        arguments, bad = self._scalar.read(record)
        failures = self._scalar.failures(arguments, bad)
        if failures:
            raise UnitErrors(
                _problem(record, guard.fact, code, value, guard.fee) for guard, code, value in failures
            )
        return record, arguments, self._amounts(*arguments)

    def fen(self, ran: Sequence[Ran]) -> dict[str, int]:
        """The amount of each fee that is charged."""
        fen: dict[str, int] = {}
        for _, _, amounts in ran:
            for fee, active, amount in zip(self._fees, amounts[::2], amounts[1::2], strict=True):
                if active:
                    fen[fee] = fen.get(fee, 0) + amount
        return fen

    def lines(self, ran: Sequence[Ran]) -> list[dict[str, Any]]:
        """The lines of all records as JSON: fee by fee as the schedule has them, cycle by cycle."""
        details = self._details or self._telling()
        found: list[dict[str, Any]] = []
        for record, arguments, amounts in ran:
            numbers, parties = details(*arguments), parties_of(record)
            found += [
                teller.line(parties, numbers)
                for teller, active in zip(self._tellers, amounts[::2], strict=True)
                if active
            ]
        return found

    def _telling(self) -> Callable[..., tuple[int, ...]]:
        nodes: list[Node] = []
        tellers = []
        for slot in self.plan.slots:
            teller = Teller(slot, len(nodes))
            nodes += teller.nodes
            tellers.append(teller)
        self._tellers = tellers
        self._details = function(self.plan.leaves, nodes)
        return self._details


def _problem(
    record: Mapping[str, Any], fact: Leaf | None, code: str, value: Any, fee: str | None = None
) -> UnitProblem:
    unit_id = record.get("unit_id")
    return UnitProblem(
        None if unit_id is None else str(unit_id),
        None if fact is None else fact.name,
        None if value is None else str(value),
        code,
        reason(code, fact),
        fee,
    )
