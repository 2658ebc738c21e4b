"""Trials of policies hold to what the other verbs say: on one day, and followed account by account over many."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import accounts as ledgers
import feerules
from feerules.calendars import Calendar
from feerules.decisions import Act, Decision
from how_often import often
from ledger_frames import frames, renamed
from random_policies import document, policies, pressing

SLOW = settings(max_examples=often(8), suppress_health_check=list(HealthCheck))
CALENDAR = Calendar(unknown_year="weekends_only")
BARS = ("day_limit", "week_limit", "contact_gap", "outside_hours", "no_hours", "unknown_year")
SPOKEN = ("phone", "visit")
DAYS = 7

starts = st.integers(ledgers.HORIZON - 30, ledgers.HORIZON + 10).map(ledgers.on)
plain_policies = policies().map(
    lambda policy: (
        policy
        | {
            "limits": policy["limits"] | {"per": "account"},
            "ledger": {**policy["ledger"], "stale_after": None},
        }
    )
)


def loaded(policy: dict[str, Any]) -> feerules.Book:
    ledger = {key: value for key, value in policy.get("ledger", {}).items() if value is not None}
    return feerules.load_files({"policy.yaml": document(policy | ({"ledger": ledger} if ledger else {}))})


def estate(accounts: list[feerules.Account]) -> dict[str, Any]:
    """The accounts as frames."""
    return {"charges": None, **frames(accounts)}


def named(accounts: list[feerules.Account]) -> pl.DataFrame:
    return pl.DataFrame({"account_id": [each.account_id for each in accounts]})


# An account, day by day


class Follower:
    """What a clerk does who asks about one account each morning, and writes down what was done."""

    def __init__(self, account: feerules.Account, book: feerules.Book) -> None:
        self.account, self.book = account, book
        self.done: list[tuple[Any, ...]] = []
        self.undone: list[tuple[Any, ...]] = []
        self.decisions: list[tuple[date, str, str]] = []
        self.granted: dict[str, date] = {}

    def day(self, day: date) -> None:
        for step, granted in self.granted.items():
            if granted == day:
                self.enter("approval", day, step_id=step)
        try:
            found = feerules.next_action(self.account, self.book, day, calendar=CALENDAR)
        except feerules.UnitErrors:
            return
        self.decisions.append((day, found.kind, found.decision))
        if isinstance(found, Act):
            self.act(found, day)
        else:
            self.bar(found, day)

    def bar(self, found: Decision, day: date) -> None:
        codes = [reason.code for reason in found.reasons]
        if "due" in codes:
            rule = next(reason.rule for reason in found.reasons if reason.code == "due")
            why = next(code for code in codes if code in BARS)
            self.undone.append((day, why, rule))

    def act(self, found: Act, day: date) -> None:
        step = found.step_id
        if found.needs_approval is not None:
            if not self.granted.get(step, date.min) > day:
                self.granted[step] = day + timedelta(days=1)
            self.undone.append((day, "approval", step))
            return
        self.done.append(
            (self.account.account_id, day, step, found.channel, found.role, found.amount, found.fee)
        )
        if found.channel is None:
            self.enter("action", day, step_id=step)
            return
        spoken = found.channel in SPOKEN
        told = {"outcome": "no_answer"} if spoken else {"delivered": True}
        self.enter("contact", day, step_id=step, channel=found.channel, charge_ids=found.charge_ids, **told)

    def enter(self, type_: str, day: date, **more: Any) -> None:
        # Entries of one day go by their ids.
        id_ = f"{self.account.account_id}:{day:%Y%m%d}:{type_}:{more['step_id']}"
        event = feerules.Event.model_validate({"event_id": id_, "type": type_, "effective_on": day, **more})
        self.account = self.account.model_copy(update={"events": (*self.account.events, event)})


def assert_followed(accounts: list[feerules.Account], book: feerules.Book, first: date) -> None:
    days = [first + timedelta(days=number) for number in range(DAYS)]
    run = feerules.simulate(named(accounts), book, first, days[-1], calendar=CALENDAR, **estate(accounts))
    done, undone, decisions = [], Counter[Any](), Counter[Any]()
    for account in accounts:
        follower = Follower(account, book)
        for day in days:
            follower.day(day)
        done += follower.done
        undone.update(follower.undone)
        decisions.update(follower.decisions)
        note(f"{account.account_id}: {follower.done}")
    told = run.done.select("account_id", "day", "step_id", "channel", "role", "amount", "fee")
    assert sorted(told.rows(), key=str) == sorted(done, key=str)
    assert {row[:3]: row[3] for row in run.decisions.rows()} == decisions
    left = run.undone.group_by("day", "why", "step_id").agg(pl.col("accounts").sum())
    assert {row[:3]: row[3] for row in left.rows()} == undone


@SLOW
@given(plain_policies, st.lists(ledgers.accounts(), min_size=1, max_size=4), starts)
def test_a_run_is_each_account_followed_day_by_day(policy: Any, accounts: Any, first: date) -> None:
    assert_followed(renamed(accounts), loaded(policy), first)


@SLOW
@given(pressing(), st.lists(ledgers.debtors(), min_size=4, max_size=4), starts)
def test_a_run_of_a_bare_ladder_is_each_account_followed_too(policy: Any, accounts: Any, first: date) -> None:
    assert_followed(renamed(accounts), loaded(policy), first)


@st.composite
def shared_parties(draw: Any) -> list[feerules.Account]:
    """Accounts of which some are of one party."""
    made = renamed(draw(st.lists(ledgers.accounts(), min_size=2, max_size=5)))
    parties = [feerules.Party(party_id=draw(st.sampled_from(["P-1", "P-2"]))) for _ in made]
    return [each.model_copy(update={"parties": (party,)}) for each, party in zip(made, parties, strict=True)]


@SLOW
@given(
    policies().map(lambda policy: {**policy, "ledger": {}}), shared_parties(), starts, st.integers(1, DAYS)
)
def test_what_came_of_a_run_leads_next_actions_to_its_next_morning(
    policy: Any, accounts: Any, first: date, days: int
) -> None:
    book, given_, last = loaded(policy), estate(accounts), first + timedelta(days=days)
    run = feerules.simulate(named(accounts), book, first, last, calendar=CALENDAR, **given_)
    come = run.events.filter((pl.col("effective_on") < last) | (pl.col("type") == "approval"))
    before = [given_["events"]] if "events" in given_ else []
    events = pl.concat([*before, come], how="diagonal_relaxed")
    entries = given_ | {"events": events}
    rows = feerules.next_actions(named(accounts), book, last, calendar=CALENDAR, **entries).rows
    told = run.decisions.filter(day=last).select("class", "decision", "accounts")
    assert Counter(rows.select("class", "decision").rows()) == {row[:2]: row[2] for row in told.rows()}
    done = run.done.filter(day=last).select("account_id", "step_id", "channel", "amount")
    acts = rows.filter(decision="act").select(done.columns)
    assert {*done.rows()} <= {*acts.rows()}


# One day


@SLOW
@given(policies(), policies(), st.lists(ledgers.accounts(faults=True), min_size=1, max_size=5), ledgers.days)
def test_a_comparison_says_what_both_policies_say(old: Any, new: Any, accounts: Any, as_of: date) -> None:
    accounts, books = renamed(accounts), (loaded(old), loaded(new))
    given_ = estate(accounts)
    told = feerules.compare_policies(*books, named(accounts), as_of, calendar=CALENDAR, **given_)
    answers = [
        feerules.next_actions(named(accounts), book, as_of, calendar=CALENDAR, **given_) for book in books
    ]
    rows = [{row["account_id"]: row for row in each.rows.to_dicts()} for each in answers]
    both = rows[0].keys() & rows[1].keys()
    counts = told.counts
    assert counts["accounts"] == len(accounts) == counts["compared"] + counts["problems"]
    assert counts["compared"] == len(both) == told.classes["accounts"].sum() == told.actions["accounts"].sum()
    assert set(told.moved["account_id"]) == {
        id_ for id_ in both if rows[0][id_]["class"] != rows[1][id_]["class"]
    }
    compared = ("decision", "step_id", "channel", "role", "needs_approval", "amount", "fee")
    assert set(told.changed["account_id"]) == {
        id_ for id_ in both if any(rows[0][id_][name] != rows[1][id_][name] for name in compared)
    }
    for side, name in enumerate(("old", "new")):
        asked = sum(rows[side][id_]["amount"] or 0 for id_ in both)
        assert told.actions[f"{name}_amount"].sum() == asked
        assert told.totals.filter(what="amount")[name].sum() == asked
    assert_explained(told, rows)


def assert_explained(told: Any, rows: list[dict[str, Any]]) -> None:
    """The decisions about the largest are those of the frames."""
    assert len(told.largest) == min(20, told.changed.height)
    for change in told.largest:
        for side, decision in enumerate((change.old, change.new)):
            row = rows[side][change.account_id]
            assert (decision.decision, decision.kind) == (row["decision"], row["class"])
            assert [reason.code for reason in decision.reasons] == row["reasons"]


@SLOW
@given(policies(), st.lists(ledgers.accounts(faults=True), min_size=1, max_size=5), ledgers.days)
def test_nothing_moves_from_a_policy_to_itself(policy: Any, accounts: Any, as_of: date) -> None:
    accounts, book = renamed(accounts), loaded(policy)
    told = feerules.compare_policies(
        book, book, named(accounts), as_of, calendar=CALENDAR, **estate(accounts)
    )
    assert (told.counts["moved"], told.counts["changed"], told.largest) == (0, 0, ())
    assert all(change == 0 for change in told.totals["change"])
    assert set(told.problems["side"]) <= {"both"}


@SLOW
@given(policies(), st.lists(ledgers.accounts(), min_size=1, max_size=5), starts)
def test_the_first_day_of_a_run_is_that_of_next_actions(policy: Any, accounts: Any, first: date) -> None:
    accounts, book = renamed(accounts), loaded(policy)
    given_ = estate(accounts)
    run = feerules.simulate(named(accounts), book, first, first, calendar=CALENDAR, **given_)
    rows = feerules.next_actions(named(accounts), book, first, calendar=CALENDAR, **given_).rows
    assert run.decisions["accounts"].sum() == rows.height
    told = Counter(rows.select("class", "decision").rows())
    assert {(row[1], row[2]): row[3] for row in run.decisions.rows()} == told
    acts = rows.filter(decision="act")
    left = run.undone.filter(why="approval")["accounts"].sum()
    assert run.done.height + left == acts.height
    assert run.done["amount"].sum() == acts.filter(pl.col("needs_approval").is_null())["amount"].sum()
