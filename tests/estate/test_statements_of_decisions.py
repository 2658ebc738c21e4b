"""Statements over a table of positions give, in a database, what classify_estate and next_actions give."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import accounts as ledgers
import feerules
from databases import Database, DuckDB
from feerules.calendars import Calendar
from feerules.reasons import reason
from how_often import often
from ledger_frames import frames, renamed
from random_policies import document, policies

ANY_HEALTH = list(HealthCheck)
CALENDAR = Calendar(unknown_year="weekends_only")
VERBS: tuple[tuple[Any, Any], ...] = (
    ("classify_estate", feerules.classify_estate),
    ("next_actions", feerules.next_actions),
)
moments = st.builds(
    lambda day, hour, zone: datetime(day.year, day.month, day.day, hour, 20, tzinfo=zone),
    ledgers.days, st.integers(0, 23), st.sampled_from([None, UTC, ZoneInfo("Asia/Shanghai"), timezone(timedelta(hours=8))]),
)  # fmt: skip


@st.composite
def estates(draw: Any) -> list[feerules.Account]:
    """Accounts with facts of their own; some share a party."""
    made = renamed(draw(st.lists(ledgers.accounts(faults=draw(st.booleans())), min_size=1, max_size=5)))
    some = st.sampled_from(
        [{}, {"vip": True}, {"estate": "east"}, {"estate": "west", "vip": False}, {"estate": "north"}]
    )
    parties = st.sampled_from(["P-1", 'P-2 "\\\t'])
    return [
        each.model_copy(update={"facts": draw(some), "parties": (feerules.Party(party_id=draw(parties)),)}) for each in made
    ]  # fmt: skip


def positions_of(
    accounts: list[feerules.Account], book: feerules.Book, as_of: Any, known_at: Any
) -> feerules.AccountsResult:
    facts = pl.DataFrame(
        [{"account_id": each.account_id, "currency": each.currency, **each.facts} for each in accounts],
        schema={"account_id": pl.String, "currency": pl.String, "vip": pl.Boolean, "estate": pl.String},
    )
    ledger = {"charges": None, **frames(accounts)}
    return feerules.positions(facts, book, as_of, known_at=known_at, **ledger)


def stored(positions: pl.DataFrame, database: Database) -> pl.DataFrame:
    """Positions as a database holds them: where it has no lists of records, as JSON."""
    if database.dialect != "postgres":
        return positions
    said = pl.Series(
        "contradictions", [json.dumps(each) for each in positions["contradictions"].to_list()], pl.String
    )
    frame = positions.with_columns(said)
    return frame.unnest("facts") if "facts" in frame.columns else frame


def answered(
    database: Database, statement: feerules.Statement, names: list[str]
) -> dict[Any, dict[str, Any]]:
    """The rows of a statement by account and day."""
    rows = [dict(zip(names, row, strict=True)) for row in database.run(statement.rows)]
    return {(row["account_id"], row["as_of"]): row for row in rows}


def assert_same(
    database: Database, found: list[feerules.AccountsResult], book: feerules.Book, days: list[Any], as_of: Any, known_at: Any = None
) -> None:  # fmt: skip
    """Positions of some days, asked in one statement, are answered as frames answer those of each day."""
    every = pl.concat([each.rows for each in found], how="diagonal_relaxed")
    types = database.load(stored(every, database), "positions")
    for verb, ask in VERBS:
        more = {"calendar": CALENDAR} if verb == "next_actions" else {}
        written = feerules.to_sql(
            book, verb, database.dialect, "positions", columns=types, as_of=as_of, known_at=known_at, **more
        )
        answers = [
            ask(each, book, day, known_at=known_at, **more) for each, day in zip(found, days, strict=True)
        ]
        expected = pl.concat([each.rows for each in answers], how="diagonal_relaxed")
        rows = answered(database, written, [*expected.columns])
        assert len(rows) == expected.height
        for row in expected.to_dicts():
            mine = rows[row["account_id"], row["as_of"]]
            differing = {name: (mine[name], row[name]) for name in row if mine[name] != row[name]}
            # A database without lists of records tells it as JSON.
            differing.pop("contradictions", None)
            assert not differing
        known = [row for each in found for row in each.problems.rows()]
        problems = [row for each in answers for row in each.problems.rows() if row not in known]
        assert sorted(database.run(written.problems), key=str) == sorted(problems, key=str)


def test_positions_are_decided_in_a_database_as_in_frames(every_database: Database) -> None:
    @settings(max_examples=often(12, every_database.cost), suppress_health_check=ANY_HEALTH)
    @given(policies(), estates(), st.one_of(ledgers.days, moments), st.none() | ledgers.days)
    def law(policy: Any, accounts: Any, as_of: Any, known_at: Any) -> None:
        book = feerules.load_files({"policy.yaml": document(policy)})
        found = positions_of(accounts, book, as_of, known_at)
        assert_same(every_database, [found], book, [as_of], as_of, known_at)

    law()


@settings(max_examples=often(4), suppress_health_check=ANY_HEALTH)
@given(policies(), estates(), st.lists(ledgers.days, min_size=2, max_size=4, unique=True), ledgers.days)
def test_positions_of_several_days_are_decided_in_one_statement(
    database: Database, policy: Any, accounts: Any, days: list[date], next_version: date
) -> None:
    later = policy | {"effective": {"from": next_version.isoformat()}, "minimum": 2}
    book = feerules.load_files({"policy.yaml": document(policy), "later.yaml": document(later)})
    found = [positions_of(accounts, book, day, None) for day in days]
    assert_same(database, found, book, days, (min(days), max(days)))


# By hand

POLICY = r"""
kind: dunning-policy
id: plain
effective: {from: 2020-01-01}
facts: {vip: {boolean: true}}
stops:
  - {id: held, title: {zh: "暂缓 ' -- “；”", en: "a 'hold'; --\\ \" /* */"}, when: {hold: true}, then: hold, review: 3 days}
  - {id: vip, when: {vip: true}, then: clear}
ladder: {steps: [{id: call, when: {days_overdue: ">= 1"}, gap: 3 days, channels: [phone], role: "O'Neil \\"}]}
"""
ODD = [
    "a'; DROP TABLE positions; --",
    'b "quoted" \\ /* \\u000B',
    "ｃ；全角\u3000",
    "d\te\nf\x1f\x7f",
    "plain",
]


def positions_by_hand(ids: list[str], book: feerules.Book, as_of: str) -> feerules.AccountsResult:
    """Accounts that owe one charge; all but the last two are on hold, for a reason that reads as the id."""
    owe = pl.DataFrame({"account_id": ids, "charge_id": [f"C-{each}" for each in ids]}).with_columns(
        fee=pl.lit("management"), due_on=date(2026, 1, 31), amount=pl.lit("50.00")
    )
    hold = pl.DataFrame({"account_id": ids[:-2], "event_id": ids[:-2], "reason": ids[:-2]}).with_columns(
        type=pl.lit("hold"), effective_on=date(2026, 2, 1), review_on=date(2026, 4, 1)
    )
    accounts = pl.DataFrame({"account_id": ids, "vip": [each == ids[-1] for each in ids]})
    return feerules.positions(accounts, book, as_of, charges=owe, events=hold if ids[:-2] else None)


def test_whatever_ids_reasons_and_titles_say_is_text_and_nothing_else(every_database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY + "windows: {workday: ['09:00-12:00']}\n"})
    found = positions_by_hand([*ODD, "Y", "Z"], book, "2026-03-02")
    assert {*found.rows["hold_reason"].drop_nulls()} == {*ODD}
    assert_same(every_database, [found], book, [date(2026, 3, 2)], date(2026, 3, 2))


def test_a_position_of_another_day_is_a_problem(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B"], book, "2026-03-02")
    types = database.load(stored(found.rows, database), "positions")
    written = feerules.to_sql(
        book, "next_actions", database.dialect, "positions", columns=types, as_of="2026-03-03"
    )
    assert database.run(written.rows) == []
    assert sorted(database.run(written.problems)) == [
        ("accounts", each, each, "as_of", "2026-03-02", "out_of_domain", "outside 2026-03-03 to 2026-03-03") for each in "AB"
    ]  # fmt: skip


def test_positions_may_be_texts_and_what_cannot_be_read_is_a_problem(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY + "limits: {week: {at_most: 3}}\n"})
    found = positions_by_hand(["A", "B", "C", "D"], book, "2026-03-02")
    rows = stored(found.rows, database) if database.dialect == "postgres" else found.rows.unnest("facts")
    plain = [name for name, dtype in rows.schema.items() if not dtype.is_nested()]
    dirty = rows.with_columns(pl.col(plain).cast(pl.String)).with_columns(
        overdue=pl.when(account_id="C").then(pl.lit("lots")).otherwise("overdue"),
        attempts_week=pl.when(account_id="C").then(pl.lit("")).otherwise("attempts_week"),
        late_fee_due=pl.when(account_id="D").then(None).otherwise("late_fee_due"),
    )
    types = database.load(dirty, "positions")
    written = feerules.to_sql(
        book, "next_actions", database.dialect, "positions", columns=types, as_of="2026-03-02"
    )
    expected = feerules.next_actions(found, book, "2026-03-02").rows.head(2)
    assert sorted(database.run(written.rows)) == sorted(expected.rows())
    assert sorted(row[2:6] for row in database.run(written.problems)) == [
        ("C", "attempts_week", None, "missing"),
        ("C", "overdue", "lots", "wrong_type"),
        ("D", "late_fee_due", None, "missing"),
    ]


def test_a_position_under_no_policy_of_the_book_is_a_problem(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B"], book, "2026-03-02")
    other = feerules.load_files({"plain.yaml": POLICY.replace("id: plain", "id: other")})
    types = database.load(stored(found.rows, database), "positions")
    written = feerules.to_sql(
        other, "classify_estate", database.dialect, "positions", columns=types, as_of="2026-03-02"
    )
    assert database.run(written.rows) == []
    assert {row[-2:] for row in database.run(written.problems)} == {
        ("no_policy", "no dunning policy of the book applies to this account")
    }


@pytest.mark.parametrize("verb", ["next_actions", "classify_estate"])
def test_a_position_of_nobody_is_a_problem(database: Database, verb: Any) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B", "C"], book, "2026-03-02").rows
    nobody = found.with_columns(pl.Series("account_id", ["A", None, ""]))
    types = database.load(stored(nobody, database), "positions")
    written = feerules.to_sql(book, verb, database.dialect, "positions", columns=types, as_of="2026-03-02")
    assert [row[0] for row in database.run(written.rows)] == ["A"]
    assert sorted(database.run(written.problems), key=str) == [
        ("accounts", "", "", "account_id", None, "null_key", "no key"),
        ("accounts", None, None, "account_id", None, "null_key", "no key"),
    ]


@pytest.mark.parametrize("verb", ["next_actions", "classify_estate"])
def test_two_positions_of_an_account_on_one_day_are_problems(database: Database, verb: Any) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B", "C"], book, "2026-03-02").rows
    twice = found.with_columns(pl.Series("account_id", ["A", "B", "B"]))
    earlier = twice[:1].with_columns(as_of=date(2026, 3, 1))
    types = database.load(stored(pl.concat([twice, earlier]), database), "positions")
    days = "2026-03-01", "2026-03-02"
    written = feerules.to_sql(book, verb, database.dialect, "positions", columns=types, as_of=days)
    assert [row[0] for row in database.run(written.rows)] == ["A", "A"]
    again = ("accounts", "B", "B", "account_id", "B", "duplicate_key", reason("duplicate_key"))
    assert database.run(written.problems) == [again, again]


def test_a_fact_of_accounts_that_the_table_lacks_is_not_left_out_in_silence(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B", "C"], book, "2026-03-02")
    rows = stored(found.rows, database)
    types = database.load(rows.drop("facts", "vip", strict=False), "positions")
    with pytest.raises(feerules.FeeRulesError) as caught:
        feerules.to_sql(
            book, "next_actions", database.dialect, "positions", columns=types, as_of="2026-03-02"
        )
    assert str(caught.value) == (
        "positions without the fact vip, which a policy asks of accounts: keep the column facts that "
        "positions() gives, or give it a column of its own, NULL where nobody says it"
    )


@pytest.mark.parametrize(
    ("known", "asked"), [(None, "2026-03-01"), ("2026-03-01", None), ("2026-02-10", "2026-03-01")]
)
@pytest.mark.parametrize("verb", ["next_actions", "classify_estate"])
def test_positions_answer_only_for_what_was_known_then(
    database: Database, verb: Any, known: str | None, asked: str | None
) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B"], book, "2026-03-02").rows
    told = found.with_columns(known_at=pl.lit(known, pl.String).str.to_date())
    types = database.load(stored(told, database), "positions")
    ask = {"columns": types, "as_of": "2026-03-02"}
    written = feerules.to_sql(book, verb, database.dialect, "positions", known_at=asked, **ask)
    assert database.run(written.rows) == []
    assert [row[3:6] for row in database.run(written.problems)] == [("known_at", known, "other_known_at")] * 2
    same = feerules.to_sql(book, verb, database.dialect, "positions", known_at=known, **ask)
    assert len(database.run(same.rows)) == 2


def test_a_day_that_is_missing_is_told_once(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B"], book, "2026-03-02").rows
    nobody = found.with_columns(as_of=pl.lit(None, pl.Date))
    types = database.load(stored(nobody, database), "positions")
    written = feerules.to_sql(
        book, "next_actions", database.dialect, "positions", columns=types, as_of="2026-03-02"
    )
    assert sorted(row[2:6] for row in database.run(written.problems)) == [
        ("A", "as_of", None, "missing"), ("B", "as_of", None, "missing"),
    ]  # fmt: skip


def test_a_column_called_as_one_of_the_answer_gives_way_to_it(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B"], book, "2026-03-02")
    rows = stored(found.rows, database).with_columns(pl.lit("mine").alias("class"))
    types = database.load(rows, "positions")
    written = feerules.to_sql(
        book, "classify_estate", database.dialect, "positions", columns=types, as_of="2026-03-02"
    )
    assert database.names(written.rows).count("class") == 1
    assert {row["class"] for row in database.records(written.rows)} == {""}


OTHERWISE = {
    "empty texts in place of lists": {"contradictions": pl.lit(""), "warnings": pl.lit("")},
    "a version as a day": {"version": pl.col("version").str.to_date()},
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_column_may_say_the_same_otherwise(database: Database, name: str) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B"], book, "2026-03-02")
    types = database.load(stored(found.rows, database).with_columns(**OTHERWISE[name]), "positions")
    written = feerules.to_sql(
        book, "next_actions", database.dialect, "positions", columns=types, as_of="2026-03-02"
    )
    expected = feerules.next_actions(found, book, "2026-03-02").rows
    assert sorted(database.run(written.rows)) == sorted(expected.rows())


def test_positions_of_one_day_that_were_known_on_two_are_no_repeats(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B", "C"], book, "2026-03-02").rows
    both = pl.concat([found, found[:1].with_columns(known_at=date(2026, 3, 1))])
    types = database.load(stored(both, database), "positions")
    written = feerules.to_sql(
        book, "next_actions", database.dialect, "positions", columns=types, as_of="2026-03-02"
    )
    assert sorted(row[0] for row in database.run(written.rows)) == ["A", "B", "C"]
    assert [(row[2], row[5]) for row in database.run(written.problems)] == [("A", "other_known_at")]


def test_a_table_that_keeps_its_accounts_apart_is_not_searched_for_repeats(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B", "C"], book, "2026-03-02")
    types = database.load(stored(found.rows, database), "positions")
    written = feerules.to_sql(
        book, "next_actions", database.dialect, "positions", columns=types, as_of="2026-03-02", unique=True
    )
    assert "HAVING" not in written.rows + written.problems
    assert sorted(row[0] for row in database.run(written.rows)) == ["A", "B", "C"]
    assert database.run(written.problems) == []


@pytest.mark.parametrize("kind", ["text", "json"])
def test_lists_may_be_json(database: Database, kind: str) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand([*ODD, "Y", "Z"], book, "2026-03-02")
    lists = [name for name, dtype in found.rows.schema.items() if dtype == pl.List]
    said = [pl.Series(name, [json.dumps(each) for each in found.rows[name].to_list()]) for name in lists]
    types = database.load(found.rows.with_columns(said).unnest("facts"), "written")
    types |= dict.fromkeys(lists, kind)
    columns = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in types.items())
    query = f"SELECT {columns} FROM written"
    written = feerules.to_sql(
        book, "next_actions", database.dialect, query, columns=types, as_of="2026-03-02"
    )
    expected = feerules.next_actions(found, book, "2026-03-02").rows
    assert sorted(database.run(written.rows)) == sorted(expected.rows())


def test_of_a_table_of_which_nothing_is_told_each_column_has_its_own_kind(database: Database) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand(["A", "B", "C"], book, "2026-03-02")
    rows = found.rows.unnest("facts")
    database.load(rows if database.dialect == "duckdb" else stored(rows, database), "positions")
    for verb, ask in VERBS:
        written = feerules.to_sql(book, verb, database.dialect, "SELECT * FROM positions", as_of="2026-03-02")
        expected = ask(found, book, "2026-03-02").rows
        told = answered(database, written, expected.columns)
        for row in expected.to_dicts():
            mine = told[row["account_id"], row["as_of"]]
            assert {name for name in row if mine[name] != row[name]} <= {"contradictions"}


def test_a_query_in_place_of_the_table_may_leave_its_day_open() -> None:
    book, database = feerules.load_files({"plain.yaml": POLICY}), DuckDB()
    found = positions_by_hand(["A", "B"], book, "2026-03-02")
    types = database.load(found.rows, "positions")
    days = "2026-03-01", "2026-03-31"
    query = "SELECT * FROM positions WHERE as_of = $day"
    written = feerules.to_sql(book, "next_actions", "duckdb", query, as_of=days, columns=types)
    assert written.parameters == ("day",)
    told = [len(database.run(written.rows, {"day": date(2026, 3, day)})) for day in (1, 2)]
    assert told == [0, 2]


EAST = """\
kind: dunning-policy
id: east
effective: {from: 2020-01-01}
applies: {estate: east}
facts: {estate: {choice: [east, west]}}
ladder: {steps: [{id: visit, when: {days_overdue: ">= 1"}, gap: 3 days, channels: [visit], fee: 10}]}
"""
WEST = """\
kind: dunning-policy
id: west
effective: {from: 2020-01-01}
applies: {estate: west}
facts: {estate: {choice: [east, west]}, floor: {integer: true, min: 0, max: 99}}
buckets: {young: "[1..30]"}
stops: [{id: high, when: {floor: "> 30"}, then: wait, review: 10 days}]
"""


def test_each_position_is_decided_under_the_policy_that_it_names(database: Database) -> None:
    book = feerules.load_files({"east.yaml": EAST, "west.yaml": WEST})
    accounts = pl.DataFrame(
        {"account_id": ["A", "B", "C"], "estate": ["east", "west", "west"], "floor": [None, 31, 2]}
    )
    owe = pl.DataFrame({"account_id": ["A", "B", "C"], "charge_id": ["1", "2", "3"]}).with_columns(
        fee=pl.lit("management"), due_on=date(2026, 1, 31), amount=pl.lit("50.00")
    )
    found = feerules.positions(accounts, book, "2026-03-02", charges=owe)
    assert_same(database, [found], book, [date(2026, 3, 2)], date(2026, 3, 2))


# Relations


def test_a_relation_of_positions_is_answered_by_relations() -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    found = positions_by_hand([*ODD, "Y", "Z"], book, "2026-03-02")
    database = DuckDB()
    database.load(found.rows, "positions")
    given = database.connection.table("positions")
    for _, ask in VERBS:
        told = ask(given, book, "2026-03-02")
        assert sorted(told.rows.fetchall(), key=str) == sorted(
            ask(found, book, "2026-03-02").rows.rows(), key=str
        )
        assert told.problems.fetchall() == []
        assert told.digest == book.digest


def test_problems_of_a_relation_are_raised_where_that_is_asked_for() -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    database = DuckDB()
    database.load(positions_by_hand(["A", "B"], book, "2026-03-02").rows, "positions")
    with pytest.raises(feerules.UnitErrors) as caught:
        feerules.next_actions(database.connection.table("positions"), book, "2026-03-03", strict=True)
    assert {(each.account_id, each.fact, each.value) for each in caught.value.problems} == {
        ("A", "as_of", "2026-03-02"), ("B", "as_of", "2026-03-02"),
    }  # fmt: skip


# What cannot be asked


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"columns": {"account_id": "text"}, "as_of": "2026-03-02"}, 'positions without the column contradictions, covered_charge_ids, '),
        ({"as_of": "2019-03-02"}, "no dunning policy is in force on 2019-03-02, and a position names one"),
        ({"as_of": ("2026-03-02", "2026-03-01")}, "found the days from 2026-03-02 to 2026-03-01, expected the first one first"),
        ({"as_of": ("2026-03-02",)}, "found 1 days as as_of, expected one, or the first and the last of several"),
        ({}, 'found no day, expected one such as as_of="2026-11-25"'),
        ({"as_of": "soon"}, '"soon" as as_of'),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(given: dict[str, Any], message: str) -> None:
    book = feerules.load_files({"plain.yaml": POLICY})
    with pytest.raises(ValueError, match=message):
        feerules.to_sql(book, "next_actions", "duckdb", "positions", **given)
