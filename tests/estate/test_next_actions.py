"""classify_estate and next_actions give, row for row, what classify and next_action give account by account."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import accounts as ledgers
import feerules
from feerules.calendars import Calendar
from feerules.decisions import Act, Decision, Review
from feerules.frames import FrameError
from how_often import often
from ledger_frames import frames, renamed
from policies import book as policy_book
from random_policies import document, policies, pressing

SLOW = settings(max_examples=often(16), suppress_health_check=list(HealthCheck))
CALENDAR = Calendar(unknown_year="weekends_only")
moments = st.one_of(
    ledgers.days, st.builds(lambda day, hour: datetime(day.year, day.month, day.day, hour, 20), ledgers.days, st.integers(0, 23)),
    st.builds(lambda day, hour: datetime(day.year, day.month, day.day, hour, 20, tzinfo=UTC), ledgers.days, st.integers(0, 23)),
)  # fmt: skip


soon = st.builds(
    lambda day, hour: day if hour is None else datetime(day.year, day.month, day.day, hour, 20),
    st.integers(ledgers.HORIZON - 20, ledgers.HORIZON + 15).map(ledgers.on), st.none() | st.integers(0, 23),
)  # fmt: skip


@st.composite
def estates(draw: Any) -> list[feerules.Account]:
    """Accounts with facts of their own; some share a party."""
    made = renamed(draw(st.lists(ledgers.accounts(faults=draw(st.booleans())), min_size=1, max_size=5)))
    told = []
    for account in made:
        facts = draw(
            st.sampled_from([{}, {"vip": True}, {"estate": "east"}, {"estate": "west", "vip": False}])
        )
        party = draw(st.sampled_from(["P-1", "P-2", f"P-{account.account_id}"]))
        told.append(account.model_copy(update={"facts": facts, "parties": (feerules.Party(party_id=party),)}))
    return told


def accounts_frame(accounts: list[feerules.Account]) -> pl.DataFrame:
    schema = {
        "account_id": pl.String,
        "vip": pl.Boolean,
        "estate": pl.String,
        "policy": pl.String,
        "currency": pl.String,
    }
    rows = [
        {"account_id": a.account_id, "policy": a.policy, "currency": a.currency, **a.facts} for a in accounts
    ]
    return pl.DataFrame(rows, schema=schema)


def with_party(accounts: list[feerules.Account], book: feerules.Book) -> list[feerules.Account]:
    """Each account as an ERP hands it over alone: with the contacts of its party about other accounts."""
    if all(version.policy.limits.per != "party" for each in book.policies for version in each):
        return accounts
    told = []
    for account in accounts:
        mine = {party.party_id for party in account.parties}
        foreign = tuple(
            event.model_copy(update={"account_id": other.account_id})
            for other in accounts
            if other is not account
            for event in other.events
            if event.party_id in mine and event.type in ("contact", "demand") and event.status == "open"
        )
        own = tuple(event.model_copy(update={"account_id": account.account_id}) for event in account.events)
        told.append(account.model_copy(update={"events": own + foreign}))
    return told


def row_of(decision: Decision) -> dict[str, Any]:
    """A decision as a row of the frame tells it."""
    told = {name: getattr(decision, name, None) for name in NAMES}
    acts = isinstance(decision, Act)
    source = getattr(decision, "source", {})
    until = getattr(decision, "until", None)
    if until is not None and isinstance(decision.as_of, datetime) and not isinstance(until, datetime):
        until = datetime(until.year, until.month, until.day, tzinfo=decision.as_of.tzinfo)
    plain = decision.to_dict()
    return told | {
        "class": decision.kind,
        "stop": getattr(decision, "stop", stop_of(decision)),
        "role": decision.by if isinstance(decision, Review) else getattr(decision, "role", None),
        "reasons": [each.code for each in decision.reasons],
        "reasons_json": plain["reasons"],
        "fields": plain.get("message"),
        "charge_ids": list(decision.charge_ids) if acts else None,
        "announces": list(decision.announces) if acts else None,
        "source": " ".join(source[n] for n in ("document", "clause", "address") if n in source)
        if acts
        else None,
        "until": until,
    }


def stop_of(decision: Decision) -> str:
    """A wait does not name its stop; the frame does."""
    codes = {each.code: each.rule for each in decision.reasons}
    return codes.get("stop", "") if decision.decision == "wait" else ""


NAMES = (
    "account_id", "party_id", "as_of", "known_at", "decision", "step_id", "channel", "fallback", "audience", "not_before",
    "not_after", "needs_approval", "legal", "amount", "fee", "template", "next_review_on", "policy", "version", "table_row",
)  # fmt: skip


def read(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in (*NAMES, *MORE)}
    told["reasons_json"] = json.loads(row["reasons_json"])
    told["fields"] = None if row["fields"] is None else json.loads(row["fields"])
    return told


MORE = (
    "class",
    "stop",
    "role",
    "reasons",
    "reasons_json",
    "fields",
    "charge_ids",
    "announces",
    "source",
    "until",
)


def assert_same(accounts: list[feerules.Account], book: feerules.Book, as_of: Any, known_at: Any) -> None:
    decided, arrears, problems = {}, {}, []
    for account in with_party(accounts, book):
        try:
            decision = feerules.next_action(account, book, as_of, known_at=known_at, calendar=CALENDAR)
            decided[account.account_id] = row_of(decision)
            arrears[account.account_id] = feerules.classify(account, book, as_of, known_at=known_at)
        except feerules.UnitErrors as error:
            problems += [(p.account_id, p.fact, p.value, p.code, p.reason) for p in error.problems]
    given_ = {"known_at": known_at, "charges": None, **frames(accounts)}
    result = feerules.next_actions(accounts_frame(accounts), book, as_of, calendar=CALENDAR, **given_)
    rows = {row["account_id"]: read(row) for row in result.rows.to_dicts()}
    assert rows.keys() == decided.keys()
    for name, row in decided.items():
        differing = {key: (rows[name][key], row[key]) for key in row if rows[name][key] != row[key]}
        assert not differing, differing
    told = ("account_id", "fact", "value", "code", "reason")
    assert sorted(result.problems.select(told).rows(), key=str) == sorted(problems, key=str)
    classes = feerules.classify_estate(accounts_frame(accounts), book, as_of, **given_).rows
    for row in classes.to_dicts():
        one = arrears[row["account_id"]]
        assert (row["class"], row["table_row"], row["where"]) == (one.kind, one.table_row, one.where)
        assert {"zh": row["title_zh"], "en": row["title_en"]} == (dict(one.title) or {"zh": "", "en": ""})
        assert (row["policy"], row["version"]) == (one.policy, one.version)
        assert row["outstanding"] == one.position.outstanding
    assert set(classes["account_id"]) == arrears.keys()
    found = feerules.positions(accounts_frame(accounts), book, as_of, **given_)
    decided_ = feerules.next_actions(found, book, as_of, known_at=known_at, calendar=CALENDAR)
    assert decided_.rows.equals(result.rows)
    assert sorted(decided_.problems.rows(), key=str) == sorted(result.problems.rows(), key=str)
    assert feerules.classify_estate(found, book, as_of, known_at=known_at).rows.equals(classes)


@SLOW
@given(policies(), estates(), moments, st.none() | ledgers.days, st.none() | ledgers.days)
def test_an_estate_is_decided_as_its_accounts_are(
    policy: Any, accounts: Any, as_of: Any, known_at: Any, next_version: date | None
) -> None:
    versions = {"policy.yaml": document(policy)}
    if next_version is not None:
        later = policy | {"effective": {"from": next_version.isoformat()}, "minimum": 2}
        versions["later.yaml"] = document(later)
    assert_same(accounts, feerules.load_files(versions), as_of, known_at)


@SLOW
@given(pressing(), st.lists(ledgers.debtors(), min_size=10, max_size=10), soon)
def test_an_estate_is_tried_again_as_its_accounts_are(policy: Any, accounts: Any, as_of: Any) -> None:
    assert_same(renamed(accounts), feerules.load_files({"policy.yaml": document(policy)}), as_of, None)


@settings(max_examples=often(8), suppress_health_check=list(HealthCheck))
@given(st.lists(policies(), min_size=2, max_size=2), estates(), ledgers.days, st.data())
def test_each_account_is_decided_under_its_own_policy(
    pair: Any, accounts: Any, as_of: date, data: Any
) -> None:
    for policy, estate in zip(pair, ("east", "west"), strict=True):
        policy |= {"id": estate, "applies": {"estate": estate}}
        policy["limits"]["per"] = "account"
    named = [
        each.model_copy(update={"policy": data.draw(st.sampled_from([None, "east", "west", "gone"]))})
        for each in accounts
    ]
    files = {f"{each['id']}.yaml": document(each) for each in pair}
    assert_same(named, feerules.load_files(files), as_of, None)


def test_two_policies_for_one_account_are_a_problem_of_it() -> None:
    text = "kind: dunning-policy\nid: {}\neffective: {{from: 2020-01-01}}\n"
    book = feerules.load_files({"a.yaml": text.format("a"), "b.yaml": text.format("b")})
    charges = pl.DataFrame(
        {"account_id": ["A", "B"], "charge_id": ["1", "2"], "fee": "f", "due_on": "2026-01-31", "amount": "5"}
    )
    accounts = pl.DataFrame({"account_id": ["A", "B"], "policy": ["a", None]})
    result = feerules.next_actions(accounts, book, "2026-03-01", charges=charges)
    assert result.rows["account_id"].to_list() == ["A"]
    assert result.problems.select("account_id", "code").rows() == [("B", "policy_claimed_twice")]
    with pytest.raises(feerules.UnitErrors, match="policy_claimed_twice"):
        feerules.next_actions(accounts, book, "2026-03-01", charges=charges, strict=True)


@pytest.mark.parametrize("kind", ["file", "lazy", "frame"])
def test_positions_serve_every_question(tmp_path: Path, kind: str) -> None:
    book = feerules.load(Path(__file__).parents[2] / "rules" / "dunning").only("standard-cn")
    charges = pl.DataFrame(
        {
            "account_id": [2, 10, 10, 7],
            "charge_id": ["1", "2", "3", "4"],
            "fee": "management",
            "due_on": "2026-01-31",
            "amount": ["50", "many", "60", "70"],
        }
    )
    charges.write_parquet(tmp_path / "charges.parquet")
    given_ = charges if kind == "frame" else tmp_path / "charges.parquet"
    found = feerules.positions(None, book, "2026-03-02", charges=given_)
    if kind == "file":
        found = found.sink(tmp_path / "positions.parquet", progress=False)
        # What was written is what is read from now on.
        (tmp_path / "charges.parquet").unlink()
    actions, classes = (
        verb(found, book, "2026-03-02") for verb in (feerules.next_actions, feerules.classify_estate)
    )
    assert isinstance(actions.rows, pl.DataFrame if kind == "frame" else pl.LazyFrame)
    assert actions.collect().rows.select("account_id", "step_id", "charge_ids").rows() == [
        (2, "reminder", ["1"]), (7, "reminder", ["4"]),
    ]  # fmt: skip
    assert classes.collect().rows.select("account_id", "class", "overdue").rows() == [
        (2, "undecided", Decimal(50)), (7, "undecided", Decimal(70)),
    ]  # fmt: skip
    for each in (found, actions, classes):
        assert each.collect().problems.select("row_id", "account_id", "code").rows() == [
            ("2", "10", "wrong_type")
        ]


def test_positions_answer_only_what_they_were_asked_for() -> None:
    one = feerules.load(Path(__file__).parents[2] / "rules" / "dunning").only("standard-cn")
    charges = pl.DataFrame(
        {"account_id": ["A"], "charge_id": ["1"], "fee": "f", "due_on": "2026-01-31", "amount": "5"}
    )
    found = feerules.positions(None, one, "2026-03-01", charges=charges)
    with pytest.raises(FrameError, match="as_of 2026-03-01, not 2026-03-02"):
        feerules.next_actions(found, one, "2026-03-02")
    with pytest.raises(FrameError, match="known_at None, not 2026-03-01"):
        feerules.next_actions(found, one, "2026-03-01", known_at=date(2026, 3, 1))
    with pytest.raises(FrameError, match="digest"):
        feerules.next_actions(found, feerules.load_files({"f.yaml": "kind: book\nid: plain\n"}), "2026-03-01")
    with pytest.raises(FrameError, match="found positions and charges"):
        feerules.classify_estate(found, one, "2026-03-01", charges=charges)
    with pytest.raises(FrameError, match="question classify_estate, not positions"):
        feerules.next_actions(feerules.classify_estate(found, one, "2026-03-01"), one, "2026-03-01")
    with pytest.raises(TypeError, match="next_actions needs charges="):
        feerules.next_actions(pl.DataFrame({"account_id": ["A"]}), one, "2026-03-01")


def test_an_account_that_no_policy_is_for_has_a_position_and_no_answer() -> None:
    text = "kind: dunning-policy\nid: {0}\neffective: {{from: 2020-01-01}}\nfacts: {{estate: {{choice: [a, b, c]}}}}\napplies: {{estate: {0}}}\n"
    book = feerules.load_files(
        {name: text.format(name.removesuffix(".yaml")) for name in ("a.yaml", "b.yaml")}
    )
    ids = ["1", "2", "3", "4"]
    accounts = pl.DataFrame({"account_id": ids, "estate": ["b", "c", "a", "b"]})
    charges = pl.DataFrame(
        {"account_id": ids, "charge_id": ids, "fee": "f", "due_on": "2026-01-31", "amount": "5"}
    )
    found = feerules.positions(accounts, book, "2026-03-01", charges=charges)
    assert found.rows.select("account_id", "policy", "facts").rows() == [
        ("1", "b", {"estate": "b"}), ("2", None, {"estate": "c"}), ("3", "a", {"estate": "a"}), ("4", "b", {"estate": "b"}),
    ]  # fmt: skip
    for result in (
        feerules.next_actions(found, book, "2026-03-01"),
        feerules.next_actions(accounts, book, "2026-03-01", charges=charges),
    ):
        assert result.rows.select("account_id", "policy").rows() == [("1", "b"), ("3", "a"), ("4", "b")]
        assert result.problems.select("account_id", "code").rows() == [("2", "no_policy")]


def test_an_account_that_names_a_policy_which_is_not_there_is_a_problem_to_every_question() -> None:
    book = feerules.load_files({"a.yaml": "kind: dunning-policy\nid: a\neffective: {from: 2020-01-01}\n"})
    accounts = pl.DataFrame({"account_id": ["1", "2"], "policy": ["gone", "a"]})
    charges = pl.DataFrame(
        {"account_id": ["1"], "charge_id": ["1"], "fee": "f", "due_on": "2026-01-31", "amount": "5"}
    )
    for verb in (feerules.positions, feerules.classify_estate, feerules.next_actions):
        result = verb(accounts, book, "2026-03-01", charges=charges)
        assert result.rows["account_id"].to_list() == ["2"]
        assert result.problems.select("account_id", "fact", "value", "code").rows() == [
            ("1", "policy", "gone", "no_policy")
        ]


def test_what_fails_on_the_way_leaves_no_file(tmp_path: Path) -> None:
    book = feerules.load(Path(__file__).parents[2] / "rules" / "dunning").only("standard-cn")
    charges = pl.DataFrame(
        {"account_id": ["A"], "charge_id": ["1"], "fee": "f", "due_on": "2026-01-31", "amount": "5"}
    )
    result = feerules.positions(None, book, "2026-03-01", charges=charges.lazy())

    def fails() -> Any:
        yield next(result.parts())
        raise KeyError("the disk is gone")

    with pytest.raises(KeyError, match="the disk is gone"):
        replace(result, parts=fails).sink(tmp_path / "positions.parquet", progress=False)
    assert [*tmp_path.iterdir()] == []


def test_files_are_answered_lazily_and_written_in_one_pass(tmp_path: Path) -> None:
    book = feerules.load(Path(__file__).parents[2] / "rules" / "dunning").only("standard-cn")
    charges = pl.DataFrame(
        {
            "account_id": ["A", "B"],
            "charge_id": ["1", "2"],
            "fee": "management",
            "due_on": "2026-01-31",
            "amount": ["50", "many"],
        }
    )
    charges.write_parquet(tmp_path / "charges.parquet")
    result = feerules.next_actions(None, book, "2026-03-02", charges=tmp_path / "charges.parquet")
    assert isinstance(result.rows, pl.LazyFrame)
    assert result.rows.select("account_id", "step_id").collect().rows() == [("A", "reminder")]
    result.sink(tmp_path / "actions.parquet", progress=False)
    assert pl.read_parquet(tmp_path / "actions.parquet")["decision"].to_list() == ["act"]
    problems = pl.read_parquet(tmp_path / "actions.problems.parquet")
    assert problems.select("frame", "row_id", "account_id", "fact", "value", "code").rows() == [
        ("charges", "2", "B", "amount", "many", "wrong_type")
    ]


@pytest.mark.parametrize(("offset", "zone", "told"), [
    ("+08:00", "Etc/GMT-8", "2026-11-10T10:00"), ("-03:00", "Etc/GMT+3", "2026-11-10T10:00"),
    ("+00:00", "UTC", "2026-11-10T10:00"), ("+05:30", "UTC", "2026-11-10T04:30"),
])  # fmt: skip
def test_hours_stand_on_the_clock_of_the_question(offset: str, zone: str, told: str) -> None:
    rules = policy_book(
        'ladder:\n  steps:\n    - {id: call, when: {overdue: "> 0"}, channels: [phone], gap: 3 days}\n'
        'windows: {workday: ["09:30-12:00"]}\n'
    )
    debt = {
        "charge_id": "C-1",
        "account_id": "A-1",
        "fee": "management",
        "due_on": "2026-01-31",
        "amount": "9.00",
    }
    found = feerules.next_actions(None, rules, f"2026-11-10T10:00{offset}", charges=pl.DataFrame([debt])).rows
    assert found.schema["not_before"] == pl.Datetime("us", zone)
    assert found["not_before"].item().isoformat()[:16] == told


def test_a_coming_version_of_the_policy_is_looked_at_in_an_estate_too() -> None:
    text = 'kind: dunning-policy\nid: dun\neffective: {{from: {0}}}\nladder:\n  steps:\n    - {{id: call, when: {{days_overdue: ">= {1}"}}, channels: [phone], gap: 60 days}}\n'
    rules = feerules.load_files(
        {"old.yaml": text.format("2020-01-01", 7), "new.yaml": text.format("2026-04-01", 3)}
    )
    debt = {
        "charge_id": "C-1",
        "account_id": "A-1",
        "fee": "management",
        "due_on": "2026-03-29",
        "amount": "9.00",
    }
    found = feerules.next_actions(None, rules, "2026-03-31", charges=pl.DataFrame([debt])).rows
    account = feerules.Account.model_validate({"account_id": "A-1", "charges": [debt]})
    alone = feerules.next_action(account, rules, "2026-03-31").next_review_on
    assert found["next_review_on"].item() == alone == date(2026, 4, 1)


def test_a_step_rests_in_an_estate_for_what_was_done_for_a_debt_that_is_paid() -> None:
    rules = policy_book(
        'ladder:\n  steps:\n    - {id: call, when: {overdue: "> 0"}, channels: [phone], gap: 10 days}\n'
    )
    entries = {
        "charges": [
            {"charge_id": name, "account_id": "A-1", "fee": "management", "due_on": due, "amount": "50.00"}
            for name, due in (("C-1", "2026-01-01"), ("C-2", "2026-02-24"))
        ],
        "payments": [{"payment_id": "P-1", "account_id": "A-1", "amount": "50.00", "effective_on": "2026-02-22"}],
        "events": [{"event_id": "E-1", "account_id": "A-1", "type": "contact", "step_id": "call", "effective_on": "2026-02-20"}],
    }  # fmt: skip
    found = feerules.next_actions(
        None, rules, "2026-02-25", **{name: pl.DataFrame(rows) for name, rows in entries.items()}
    ).rows
    assert (found["decision"].item(), found["until"].item()) == ("wait", date(2026, 3, 2))
    assert '"days": 5' in found["reasons_json"].item()
