"""The verbs about accounts for whole estates: positions, classes of arrears, and what is next, over frames."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.errors import MissingExtra
from feerules.frame_kinds import is_relation, is_spark

if TYPE_CHECKING:
    from feerules.estate_dunning import AccountsResult
    from feerules.spark.answers import SparkAnswers, SparkResult
    from feerules.statements.relations import RelationResult

__all__ = ["classify_estate", "next_actions", "positions"]

Moment = str | date | datetime
NOT_GIVEN: Any = object()  # None says that there are no charges


def positions(
    accounts: Any,
    book: Book,
    as_of: Moment,
    *,
    charges: Any,
    payments: Any = None,
    allocations: Any = None,
    events: Any = None,
    parties: Any = None,
    known_at: Moment | None = None,
    key: str = "account_id",
    strict: bool = False,
) -> AccountsResult | RelationResult | SparkAnswers:
    """The position of every account of an estate: the same facts as `position`, a row for each.

    The frames hold the entries, a row each, by the columns of the entries' models; each is a frame of polars,
    pandas, pyarrow or Arrow, or the path of a .parquet or .csv file. `accounts` has a row per account with its
    currency, its policy, and the facts that policies declare; without it, every account that a frame names is
    answered. Entries of other accounts than these are left alone. `key` names the column that tells accounts
    apart. An account of which a row cannot be read has no answer: each reason is a row of `problems`. `strict`
    raises `UnitErrors` instead. The answers come back as the kind of frame that came in first, of a relation of DuckDB
    as relations; files sorted by account are read once. The result may stand in place of `accounts` in `classify_estate` and `next_actions`.
    Needs the extra `estate`.
    """
    found: AccountsResult = _answers(
        "positions", accounts, book, as_of, known_at, key, strict, None,
        charges=charges, payments=payments, allocations=allocations, events=events, parties=parties,
    )  # fmt: skip
    return found


def classify_estate(
    accounts: Any,
    book: Book,
    as_of: Moment,
    *,
    charges: Any = NOT_GIVEN,
    payments: Any = None,
    allocations: Any = None,
    events: Any = None,
    parties: Any = None,
    known_at: Moment | None = None,
    key: str = "account_id",
    strict: bool = False,
) -> AccountsResult | RelationResult | SparkResult:
    """What kind of arrears is each account of an estate? The same as `classify`, a row for each.

    The frames are those of `positions`; its result may stand in place of `accounts`, without entries, so that
    what it worked out serves both this and `next_actions`; so may a relation of DuckDB or a frame of PySpark
    with its columns, which gives relations or frames of PySpark. A row has the facts of the position, and `class`,
    `title_zh`, `title_en`, `table_row`, `where`, `policy`, `version`, `source`. Needs the extra `estate`.
    """
    found: AccountsResult | RelationResult | SparkResult = _answers(
        "classify_estate", accounts, book, as_of, known_at, key, strict, None,
        charges=charges, payments=payments, allocations=allocations, events=events, parties=parties,
    )  # fmt: skip
    return found


def next_actions(
    accounts: Any,
    book: Book,
    as_of: Moment,
    *,
    charges: Any = NOT_GIVEN,
    payments: Any = None,
    allocations: Any = None,
    events: Any = None,
    parties: Any = None,
    known_at: Moment | None = None,
    key: str = "account_id",
    strict: bool = False,
    calendar: WorkdayCalendar | None = None,
) -> AccountsResult | RelationResult | SparkResult:
    """What is to be done with each account of an estate? The same as `next_action`, a row for each.

    The frames are those of `positions`, or its result stands in place of `accounts`; contacts count for every
    account of a party where the policy's limits are per party. Positions may be a relation of DuckDB or
    a frame of PySpark, which gives the same. `reasons` lists the codes of the reasons in
    order, `reasons_json` tells them in full, `fields` holds the fields of the message as JSON. Needs the extra
    `estate`.
    """
    found: AccountsResult | RelationResult | SparkResult = _answers(
        "next_actions", accounts, book, as_of, known_at, key, strict, calendar,
        charges=charges, payments=payments, allocations=allocations, events=events, parties=parties,
    )  # fmt: skip
    return found


def _answers(
    question: str,
    accounts: Any,
    book: Book,
    as_of: Moment,
    known_at: Moment | None,
    key: str,
    strict: bool,
    calendar: WorkdayCalendar | None,
    **entries: Any,
) -> Any:
    decided = _by_statement(question, accounts) if entries["charges"] is NOT_GIVEN else None
    if decided is not None:
        return decided(
            accounts,
            book,
            question,
            as_of=as_of,
            known_at=known_at,
            calendar=calendar,
            key=key,
            strict=strict,
        )
    try:
        from feerules import estate_dunning
        from feerules.spark import dunning as spark_dunning
    except ModuleNotFoundError as error:
        raise MissingExtra(question, "estate", error.name or "") from error
    given = {"accounts": accounts, **entries}
    known = isinstance(accounts, estate_dunning.AccountsResult | spark_dunning.SparkAnswers)
    if entries["charges"] is NOT_GIVEN:
        if not known:
            raise TypeError(f"{question} needs charges=, or the result of positions in place of accounts")
        entries["charges"] = None
    on_spark = isinstance(accounts, spark_dunning.SparkAnswers) or any(
        map(is_spark, (accounts, *entries.values()))
    )
    answers = spark_dunning.answers if on_spark else estate_dunning.answers

    def answered() -> Any:
        return answers(question, accounts, book, as_of, known_at, key, strict, calendar, entries)

    first = next((each for each in given.values() if each is not None and each is not NOT_GIVEN), None)
    if not is_relation(first):
        return answered()
    return _relations(question).through_memory(first, answered)


def _by_statement(question: str, positions: Any) -> Any:
    """What decides positions where they are, by SQL: those of a relation of DuckDB, or of a frame of Spark."""
    if is_relation(positions):
        return _relations(question).decision_relation
    if not is_spark(positions):
        return None
    try:
        from feerules.spark.decisions import decide_positions
    except ModuleNotFoundError as error:
        raise MissingExtra(question, "spark", error.name or "") from error
    return decide_positions


def _relations(question: str) -> Any:
    """The module that needs the extra `sql`."""
    try:
        from feerules.statements import relations
    except ModuleNotFoundError as error:
        raise MissingExtra(question, "sql", error.name or "") from error
    return relations
