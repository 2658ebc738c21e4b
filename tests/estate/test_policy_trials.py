"""Policies tried before rollout: what another changes, what one comes to over days, which of several."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import feerules
from feerules.estate_positions import Standing
from frame_kinds import Kind

HEAD = "kind: dunning-policy\nid: garden\neffective: {from: 2026-01-01}\n"
CLASSES = """
classes:
  hit: first
  table: |
    | days_overdue | class |
    |--------------|-------|
    | >= 30        | old   |
    | -            | fresh |
class_titles: {old: {zh: 长期, en: long overdue}, fresh: {zh: 新欠, en: newly overdue}}
"""
STRICT = (
    CLASSES
    + """
ladder:
  steps:
    - {id: call, title: {zh: 电话催缴, en: call}, when: {class: old}, channels: [phone], gap: 2 days, fee: 5.00, role: caller}
    - {id: remind, title: {zh: 提醒, en: reminder}, when: {class: fresh, days_overdue: ">= 5"}, channels: [wechat], gap: 5 days}
"""
)
GENTLE = STRICT.replace(">= 30", ">= 60")
MONDAY = date(2026, 11, 2)


def book(body: str, **more: str) -> feerules.Book:
    return feerules.load_files(
        {"garden.yaml": HEAD + body, **{f"{name}.yaml": text for name, text in more.items()}}
    )


def charges(**days: int) -> pl.DataFrame:
    """Charges of 100.00, of accounts that are so many days overdue on the Monday."""
    return pl.DataFrame(
        {
            "account_id": list(days),
            "charge_id": [f"C-{name}" for name in days],
            "fee": "management",
            "due_on": [MONDAY - timedelta(days=each) for each in days.values()],
            "amount": "100.00",
        }
    )


# Two policies on one day


def test_who_moves_class_and_who_gets_another_action_is_told_with_the_reasons_of_both() -> None:
    told = feerules.compare_policies(
        book(STRICT), book(GENTLE), None, MONDAY, charges=charges(a=10, b=40, c=80)
    )
    assert told.counts == {"accounts": 3, "compared": 3, "problems": 0, "moved": 1, "changed": 1}
    assert told.classes.select("old_class", "new_class", "accounts", "new_overdue").rows() == [
        ("fresh", "fresh", 1, Decimal(100)), ("old", "fresh", 1, Decimal(100)), ("old", "old", 1, Decimal(100)),
    ]  # fmt: skip
    assert told.moved.select("account_id", "old_class", "old_row", "new_class", "new_row").rows() == [
        ("b", "old", "1", "fresh", "2")
    ]
    assert told.actions.select("old_step", "old_channel", "new_step", "new_channel", "accounts").rows() == [
        ("call", "phone", "call", "phone", 1), ("call", "phone", "remind", "wechat", 1), ("remind", "wechat", "remind", "wechat", 1),
    ]  # fmt: skip
    (row,) = told.changed.to_dicts()
    assert row["differs"] == ["step", "channel", "role", "fee"]
    assert (row["old_fee"], row["new_fee"]) == (Decimal(5), Decimal(0))
    assert row["old_reasons"] == ["class", "due", "costs"]
    assert json.loads(row["new_reasons_json"])[1]["rule"] == "remind"
    assert told.totals.filter(what="fee").rows() == [("CNY", "fee", Decimal(10), Decimal(5), Decimal(-5))]


def test_a_comparison_explains_itself_in_chinese_and_english() -> None:
    told = feerules.compare_policies(book(STRICT), book(GENTLE), None, MONDAY, charges=charges(b=40))
    assert str(told).splitlines() == [
        "Accounts on November 2, 2026: 1; compared 1, with problems 0.",
        "To another class: 1 (long overdue → newly overdue 1).",
        "With another action: 1 (to do call by phone → to do reminder by WeChat 1).",
        "Overdue in all: ¥100.00 before, ¥100.00 after, change ¥0.00.",
        "Late fee proposed: ¥0.00 before, ¥0.00 after, change ¥0.00.",
        "Asked for by actions: ¥100.00 before, ¥100.00 after, change ¥0.00.",
        "Step fees: ¥5.00 before, ¥0.00 after, change -¥5.00.",
    ]
    assert told.explain("zh_CN").splitlines()[:3] == [
        "2026年11月2日共1户：比较1户，有问题0户。",
        "类别变动1户（长期 → 新欠 1）。",
        "处理变动1户（待办 电话催缴 电话 → 待办 提醒 微信 1）。",
    ]
    (change,) = told.largest
    assert change.explain("zh").splitlines() == [
        "账户b，逾期¥100.00：",
        "原政策：待办：电话催缴。类别：长期（第1行）。按催缴阶梯应执行：电话催缴。该步骤向业主收取¥5.00。",
        "新政策：待办：提醒。类别：新欠（第2行）。按催缴阶梯应执行：提醒。2026年11月22日再次复核。",
    ]
    assert str(change).startswith("Account b, ¥100.00 overdue:\nBefore: To do: call.")


def test_a_comparison_is_plain_json() -> None:
    told = feerules.compare_policies(
        book(STRICT), book(GENTLE), None, MONDAY, charges=charges(a=10, b=40), days=3
    )
    plain = json.loads(json.dumps(told.to_dict()))
    assert plain["counts"]["changed"] == 1
    assert plain["totals"][3] == {
        "currency": "CNY",
        "what": "fee",
        "old": "5.00",
        "new": "0.00",
        "change": "-5.00",
    }
    assert plain["largest"][0]["old"]["step_id"] == "call"
    assert plain["new_run"]["days"][0]["day"] == "2026-11-02"


def test_the_largest_come_first_and_no_more_than_are_asked_for() -> None:
    some = charges(a=40, b=41, c=42, d=43).with_columns(amount=pl.Series(["9", "11", "10", "10"]))
    told = feerules.compare_policies(book(STRICT), book(GENTLE), None, MONDAY, charges=some, largest=3)
    assert [change.account_id for change in told.largest] == ["b", "c", "d"]
    assert told.counts["changed"] == 4


def test_accounts_that_a_policy_cannot_answer_are_told_on_its_side() -> None:
    euro = HEAD.replace("garden", "euro") + "currency: EUR\n" + STRICT
    accounts = pl.DataFrame({"account_id": ["a", "b", "c"], "currency": ["CNY", "EUR", "CNY"]})
    some = charges(a=10, b=40, c=80).with_columns(
        currency=accounts["currency"], amount=pl.Series(["1", "2", "lots"])
    )
    told = feerules.compare_policies(book(STRICT), book(GENTLE, euro=euro), accounts, MONDAY, charges=some)
    assert told.counts == {"accounts": 3, "compared": 1, "problems": 2, "moved": 0, "changed": 0}
    assert told.problems.select("side", "account_id", "code").rows() == [
        ("both", "c", "wrong_type"), ("old", "b", "no_policy"),
    ]  # fmt: skip
    with pytest.raises(feerules.UnitErrors, match="wrong_type"):
        feerules.compare_policies(book(STRICT), book(GENTLE), accounts, MONDAY, charges=some, strict=True)


def test_a_book_without_a_policy_in_force_has_problems_and_no_answers() -> None:
    later = HEAD.replace("2026-01-01", "2027-01-01")
    new = feerules.load_files({"garden.yaml": later + STRICT})
    told = feerules.compare_policies(book(STRICT), new, None, MONDAY, charges=charges(a=10, b=40))
    assert told.counts["problems"] == 2
    assert told.problems.select("side", "code").rows() == [("new", "no_policy")] * 2
    grid = feerules.try_policies({"none": new}, None, MONDAY, charges=charges(a=10))
    assert grid.rows.height == 0
    assert grid.problems.select("policy", "code").rows() == [("none", "no_policy")]


def calls_of(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    positions = Standing.of
    monkeypatch.setattr(Standing, "of", lambda self, batch: calls.append(batch) or positions(self, batch))
    return calls


@pytest.mark.parametrize(
    ("change", "times"),
    [
        (lambda text: text.replace(">= 30", ">= 60"), 1),
        (lambda text: text.replace("from: 2026-01-01", "from: 2026-02-01").replace("id: garden", "id: gentle"), 1),
        (lambda text: text + "late_fee: {rate: 0.0005}\n", 2),
        (lambda text: text.replace("id: remind", "id: reminder"), 2),
        (lambda text: text + "limits: {per: account}\n", 2),
    ],
    ids=["another class", "another name and version", "late fee", "another step", "limits per account"],
)  # fmt: skip
def test_positions_are_worked_out_once_where_they_cannot_differ(
    change: Callable[[str], str], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, text = book(STRICT), change(HEAD + STRICT)
    new = feerules.load_files({"garden.yaml": text})
    version = new.policies[0][0].policy
    expected = feerules.next_actions(None, new, MONDAY, charges=charges(a=10, b=40)).rows
    calls = calls_of(monkeypatch)
    told = feerules.compare_policies(old, new, None, MONDAY, charges=charges(a=10, b=40))
    assert len(calls) == 2 * times  # a batch of rows that name no account, and one of accounts
    steps = dict(expected.select("account_id", "step_id").iter_rows())
    assert told.actions["accounts"].sum() == 2
    assert sorted(told.frames["changed"].select("account_id", "new_step").rows()) == sorted(
        (id_, steps[id_]) for id_ in told.changed["account_id"]
    )
    assert set(told.changed["new_policy"]) <= {version.id}


def test_accounts_that_name_their_policies_are_never_under_one_of_another_name() -> None:
    accounts = pl.DataFrame({"account_id": ["a"], "policy": ["garden"]})
    new = feerules.load_files({"garden.yaml": HEAD.replace("garden", "gentle") + STRICT})
    told = feerules.compare_policies(book(STRICT), new, accounts, MONDAY, charges=charges(a=10))
    assert told.problems.select("side", "code").rows() == [("new", "no_policy")]


@pytest.mark.long
def test_frames_come_back_as_they_came(kind: Kind, tmp_path: Path) -> None:
    given = kind.give(charges(a=10, b=40), tmp_path)
    told = feerules.compare_policies(book(STRICT), book(GENTLE), None, MONDAY, charges=given, days=1)
    grid = feerules.try_policies({"a": book(STRICT)}, None, MONDAY, charges=given)
    run = told.new_run
    assert run is not None
    for frame in (told.classes, told.changed, told.days, told.problems, run.days, run.events, grid.rows):
        assert isinstance(frame, kind.comes_back)


def test_accounts_keep_the_name_and_type_of_their_key(tmp_path: Path) -> None:
    some = charges(a=10, b=40).with_columns(account_id=pl.Series([7, 8])).rename({"account_id": "konto"})
    some.write_parquet(tmp_path / "charges.parquet")
    given = {"charges": tmp_path / "charges.parquet", "key": "konto"}
    told = feerules.compare_policies(book(STRICT), book(GENTLE), None, MONDAY, **given)
    assert told.changed.collect()["konto"].to_list() == [8]
    run = feerules.simulate(None, book(STRICT), MONDAY, MONDAY, **given)
    assert run.events.collect()["konto"].to_list() == [7, 8]
    after = feerules.next_actions(
        None, book(STRICT), MONDAY, charges=some, events=run.events.collect(), key="konto"
    )
    assert after.rows["decision"].to_list() == ["wait", "wait"]


# A policy over days

DAILY = "ladder: {steps: [{id: call, when: {days_overdue: '>= 1'}, channels: [phone], gap: 1 day, role: caller}]}\n"


def calls(run: Any) -> list[tuple[int, str]]:
    """The days of the month and the accounts that were called."""
    return [(day.day, account) for day, account in run.done.select("day", "account_id").iter_rows()]


def test_what_finds_no_room_stays_undone_and_whoever_waits_longest_comes_first() -> None:
    some = charges(a=10, b=10, c=10).with_columns(amount=pl.Series(["1", "3", "2"]))
    run = feerules.simulate(None, book(DAILY), MONDAY, "2026-11-04", charges=some, capacity={"phone": 1})
    assert calls(run) == [(2, "b"), (3, "c"), (4, "a")]
    assert run.days.select("day", "actions", "undone").rows() == [
        (MONDAY + timedelta(days=n), 1, 2) for n in range(3)
    ]
    assert run.undone.select("why", "step_id", "channel", "role", "accounts", "overdue").rows() == [
        ("capacity", "call", "phone", "caller", 2, Decimal(overdue)) for overdue in (3, 4, 5)
    ]
    assert run.accounts.select("account_id", "actions", "undone").rows() == [
        ("a", 1, 2),
        ("b", 1, 2),
        ("c", 1, 2),
    ]


def test_the_largest_may_come_first_day_after_day_and_others_never() -> None:
    some = charges(a=10, b=10).with_columns(amount=pl.Series(["1", "3"]))
    run = feerules.simulate(
        None, book(DAILY), MONDAY, "2026-11-04", charges=some, capacity={"caller": 1}, first="amount"
    )
    assert calls(run) == [(2, "b"), (3, "b"), (4, "b")]
    assert run.never.select("account_id", "decision", "reasons", "undone").rows() == [
        ("a", "act", ["due"], 3)
    ]
    assert run.totals.select("acted_on", "never", "undone").rows() == [(1, 1, 3)]


def test_capacity_may_differ_from_day_to_day() -> None:
    run = feerules.simulate(
        None,
        book(DAILY),
        MONDAY,
        "2026-11-03",
        charges=charges(a=10),
        capacity=lambda day: {"phone": day.day - 2},
    )
    assert calls(run) == [(3, "a")]


APPROVED = "ladder: {steps: [{id: call, when: {days_overdue: '>= 1'}, channels: [phone], gap: 9 days, approval: manager}]}\n"


@pytest.mark.parametrize(
    ("after", "called", "waiting"),
    [(0, [(2, "a")], 0), (1, [(3, "a")], 0), (2, [(4, "a")], 0), (3, [], 1), (None, [], 1)],
)
def test_a_step_that_needs_approval_waits_for_it(after: int | None, called: Any, waiting: int) -> None:
    run = feerules.simulate(
        None, book(APPROVED), MONDAY, "2026-11-04", charges=charges(a=10), approval_days=after
    )
    assert calls(run) == called
    assert run.totals.select("approvals_asked", "approvals_waiting").rows() == [(1, waiting)]
    granted = None if after is None else MONDAY + timedelta(days=after)
    assert run.approvals.rows() == [("a", "CNY", "call", "manager", MONDAY, granted)]
    left = run.undone.filter(why="approval")["accounts"].sum()
    assert left == (called[0][0] - 2 if called else 3)


def test_days_without_hours_leave_steps_undone() -> None:
    hours = 'windows: {workday: ["09:30-12:00"]}\n'
    run = feerules.simulate(None, book(DAILY + hours), "2026-11-06", "2026-11-09", charges=charges(a=10))
    assert calls(run) == [(6, "a"), (9, "a")]
    assert run.undone.select("day", "why", "step_id", "role", "accounts").rows() == [
        (date(2026, 11, day), "outside_hours", "call", "caller", 1) for day in (7, 8)
    ]


def test_two_accounts_of_a_party_share_its_limits_within_a_day() -> None:
    parties = pl.DataFrame({"party_id": ["P", "P", "Q"], "account_id": ["a", "b", "c"]})
    given = {"charges": charges(a=10, b=10, c=10), "parties": parties}
    limited = book(DAILY + "limits: {per: party, day: {attempts: 1}, week: {at_most: 2}}\n")
    run = feerules.simulate(None, limited, MONDAY, "2026-11-05", **given)
    assert calls(run) == [(2, "a"), (2, "c"), (3, "b"), (3, "c")]
    assert run.undone.group_by("why").agg(pl.col("accounts").sum()).sort("why").rows() == [
        ("day_limit", 1), ("week_limit", 7),
    ]  # fmt: skip
    alone = feerules.simulate(
        None, book(DAILY + "limits: {per: account, day: {attempts: 1}}\n"), MONDAY, MONDAY, **given
    )
    assert calls(alone) == [(2, "a"), (2, "b"), (2, "c")]


def test_entries_of_later_days_count_on_their_days() -> None:
    paid = pl.DataFrame(
        {"payment_id": ["P"], "account_id": ["a"], "effective_on": [date(2026, 11, 4)], "amount": ["100"]}
    )
    run = feerules.simulate(
        None, book(DAILY), MONDAY, "2026-11-06", charges=charges(a=10, b=-1), payments=paid
    )
    assert calls(run) == [(2, "a"), (3, "a"), (4, "b"), (5, "b"), (6, "b")]


def test_a_new_version_of_a_policy_begins_on_its_day() -> None:
    later = HEAD.replace("2026-01-01", "2026-11-04") + DAILY.replace("id: call", "id: visit").replace(
        "phone", "visit"
    )
    run = feerules.simulate(None, book(DAILY, later=later), MONDAY, "2026-11-05", charges=charges(a=10))
    assert run.done["step_id"].to_list() == ["call", "call", "visit", "visit"]


def test_a_ledger_stays_as_fresh_as_it_was_on_the_first_morning() -> None:
    some = charges(a=10, b=10).with_columns(recorded_at=pl.Series([MONDAY, MONDAY - timedelta(days=9)]))
    parties = pl.DataFrame({"party_id": ["P", "P"], "account_id": ["a", "b"]})
    run = feerules.simulate(
        None,
        book(DAILY + "ledger: {stale_after: 2 days}\n"),
        MONDAY,
        "2026-11-08",
        charges=some,
        parties=parties,
    )
    assert calls(run) == [(day, "a") for day in range(2, 9)]
    assert run.never.select("account_id", "decision", "reasons").rows() == [("b", "review", ["stale"])]


def test_an_account_that_has_a_problem_is_told_once_and_counted_on_no_day() -> None:
    asks = 'facts: {vip: {boolean: true}}\nstops: [{id: vip, when: {days_overdue: ">= 3", vip: true}, then: clear}]\n'
    run = feerules.simulate(None, book(asks + DAILY), MONDAY, "2026-11-04", charges=charges(a=2, b=10))
    assert calls(run) == [(2, "a")]
    assert run.problems.select("day", "account_id", "fact", "code").rows() == [
        (MONDAY, "b", "vip", "missing"), (date(2026, 11, 3), "a", "vip", "missing"),
    ]  # fmt: skip
    assert run.decisions.rows() == [(MONDAY, "", "act", 1)]
    assert run.accounts.select("account_id", "decision").rows() == [("a", None)]


def test_legal_steps_are_told_with_their_days() -> None:
    ladder = """
ladder:
  steps:
    - {id: sue, when: {demand: expired}, legal: true, at_most: 1, role: legal}
    - {id: letter, when: {days_overdue: ">= 1"}, channels: [courier], must_be: delivered, period: 3 days, at_most: 1}
"""
    run = feerules.simulate(None, book(ladder), MONDAY, "2026-11-12", charges=charges(a=10))
    assert run.legal.rows() == [("a", "sue", date(2026, 11, 6), Decimal(100))]
    assert run.totals["legal"].to_list() == [1]
    assert run.done.select("step_id", "connected", "delivered").rows() == [
        ("letter", True, True),
        ("sue", False, None),
    ]


def test_what_came_of_a_run_leads_other_verbs_to_the_next_morning() -> None:
    given = {"charges": charges(a=10, b=40)}
    run = feerules.simulate(None, book(STRICT), MONDAY, "2026-11-05", **given)
    further = feerules.simulate(None, book(STRICT), MONDAY, "2026-11-06", **given)
    rows = feerules.next_actions(None, book(STRICT), "2026-11-06", events=run.events, **given).rows
    last = further.decisions.filter(day=date(2026, 11, 6)).drop("day")
    assert rows.group_by("class", "decision").len("accounts").sort("class").rows() == last.rows()


def test_a_run_explains_itself_in_chinese_and_english() -> None:
    run = feerules.simulate(
        None, book(STRICT), MONDAY, "2026-11-03", charges=charges(a=10, b=40, c=40), capacity={"phone": 1}
    )
    assert str(run).splitlines() == [
        "November 2, 2026 to November 3, 2026:",
        "Actions: 3, of them contacts 3, connected 1; fees of steps ¥10.00. Accounts with an action: 3 of 3. In arrears and never with an action: 0.",
        "Steps: call 2, reminder 1.",
        "Undone, counted each day: no room on that day 1.",
    ]
    assert run.explain("zh").splitlines() == [
        "2026年11月2日至2026年11月3日：",
        "催缴3次，其中联系3次、接通1次；步骤费用¥10.00。催缴过的户数：3（共3户）。有欠费而从未催缴的户数：0。",
        "步骤：电话催缴 2、提醒 1。",
        "未办（逐日累计）：当日无余力 1。",
    ]
    assert run.titles("en")["old"] == "long overdue"
    assert json.loads(json.dumps(run.to_dict()))["totals"][0]["fees"] == "10.00"


# What comes of a contact


def ends(outcome: Any, channel: str = "phone", more: str = "") -> tuple[Any, ...]:
    """How the first contact ended, and what was done the day after."""
    text = DAILY.replace("[phone]", f"[{channel}, visit]") + more
    run = feerules.simulate(None, book(text), MONDAY, "2026-11-03", charges=charges(a=10), outcome=outcome)
    first, *rest = run.done.select("outcome", "delivered", "connected", "channel").rows()
    return (*first[:3], [row[3] for row in rest])


@pytest.mark.parametrize(
    ("outcome", "channel", "told"),
    [
        (None, "phone", ("no_answer", None, False, ["phone"])),
        (None, "sms", (None, True, True, ["sms"])),
        ("answered", "phone", ("answered", None, True, ["phone"])),
        ("answered", "sms", (None, True, True, ["sms"])),
        ({"outcome": "undelivered"}, "sms", ("undelivered", False, False, ["visit"])),
        ({"outcome": "busy", "delivered": False}, "phone", ("busy", False, False, ["visit"])),
        ({"outcome": "answered", "promised_in": 9}, "phone", ("answered", None, True, [])),
        ({"outcome": "answered", "pays_in": 1}, "phone", ("answered", None, True, [])),
        ({"outcome": "answered", "pays_in": 0}, "phone", ("answered", None, True, [])),
        (lambda act: "off" if act["channel"] == "phone" else None, "phone", ("off", None, False, ["phone"])),
        (lambda act: None, "phone", ("no_answer", None, False, ["phone"])),
        ([{"channel": "phone", "outcome": "busy", "rate": 1}], "phone", ("busy", None, False, ["phone"])),
        (
            [{"step_id": "other", "outcome": "busy", "rate": 1}],
            "phone",
            ("no_answer", None, False, ["phone"]),
        ),
    ],
)
def test_an_outcome_is_what_the_caller_assumes(outcome: Any, channel: str, told: tuple[Any, ...]) -> None:
    stop = (
        'stops: [{id: promised, when: {promise_in_days: "> 1"}, then: wait, until: {promised_on: -1 day}}]\n'
    )
    assert ends(outcome, channel, stop) == told


def test_a_policy_with_words_of_its_own_is_told_in_them() -> None:
    own = "ledger: {outcomes: {unreachable: [未接通], connected: [已接通]}}\n"
    assert ends(None, more=own)[0] == "未接通"
    assert ends("已接通", more=own)[2] is True


def test_rates_are_met_and_draw_the_same_every_time() -> None:
    some = charges(**{f"a{number}": 10 for number in range(1000)})
    rates = pl.DataFrame({"outcome": ["no_answer", "answered"], "rate": ["0.75", "0.25"]})
    runs = [
        feerules.simulate(None, book(DAILY), MONDAY, MONDAY, charges=some, outcome=rates) for _ in range(2)
    ]
    assert runs[0].done.equals(runs[1].done)
    assert runs[0].days["connected"].to_list() == [251]


def test_rates_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("channel,outcome,delivered,promised_in,rate\nphone,answered,true,3,1\n", encoding="utf-8")
    run = feerules.simulate(None, book(DAILY), MONDAY, MONDAY, charges=charges(a=10), outcome=str(path))
    assert run.events.select("type", "delivered", "promised_on").rows() == [
        ("contact", True, None), ("promise", None, date(2026, 11, 5)),
    ]  # fmt: skip


# Several policies


def test_a_grid_has_a_row_for_each_policy() -> None:
    some = charges(a=10, b=40, c=80)
    grid = feerules.try_policies(
        {"strict": book(STRICT), "gentle": book(GENTLE)}, None, MONDAY, charges=some, days=3
    )
    assert grid.rows.select("policy", "accounts", "act", "amount", "fee", "actions", "fees").rows() == [
        ("strict", 3, 3, Decimal(300), Decimal(10), 5, Decimal(20)),
        ("gentle", 3, 3, Decimal(300), Decimal(5), 4, Decimal(10)),
    ]
    alone = feerules.simulate(None, book(GENTLE), MONDAY, "2026-11-04", charges=some)
    assert grid.days.filter(policy="gentle").drop("policy").equals(alone.days)
    assert grid.runs["gentle"].totals.equals(alone.totals)
    assert str(grid).splitlines()[2:] == [
        "gentle: to do 3, to wait 0, on hold 0, for a person 0, nothing to be done 0; late fee proposed ¥0.00, fees of steps ¥5.00.",
        "Over the days: 4 actions, 0 undone, 0 accounts never with an action.",
    ]
    assert grid.explain("zh").splitlines()[1] == "期间：催缴5次，未办0次，从未催缴0户。"
    assert json.loads(json.dumps(grid.to_dict()))["rows"][1]["fees"] == "10.00"


def test_both_runs_stand_side_by_side() -> None:
    told = feerules.compare_policies(book(STRICT), book(GENTLE), None, MONDAY, charges=charges(b=40), days=1)
    assert told.days.select("step_id", "old_actions", "new_actions", "old_fees", "new_fees").rows() == [
        ("call", 1, 0, Decimal(5), Decimal(0)), ("remind", 0, 1, Decimal(0), Decimal(0)),
    ]  # fmt: skip
    assert told.old_run is not None
    assert "Before: November 2, 2026:" in str(told)


# What is wrong


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"outcome": "no_anwser"}, "found the outcome 'no_anwser', expected one of answered, away, busy, connected, met, no_answer, not_met, off, promised, read, refused, undelivered, wrong_number; did you mean \"no_answer\"?"),
        ({"outcome": {"promise_in": 3}}, "found 'promise_in' in outcome=, expected outcome, delivered, promised_in, pays_in; did you mean \"promised_in\"?"),
        ({"outcome": {"pays_in": -1}}, "found pays_in -1 in outcome=, expected a whole number of days from 0 up"),
        ({"outcome": {"delivered": "yes"}}, "found delivered 'yes' in outcome=, expected True, False or nothing"),
        ({"outcome": {"outcome": 1}}, "found the outcome 1 in outcome=, expected a word such as no_answer"),
        ({"outcome": lambda act: 3}, "found 3 as what outcome= said of a, expected a word, a mapping or nothing"),
        ({"outcome": [{"rate": "0.4"}, {"rate": "0.5"}]}, "found rates of any contact that add up to 0.9, expected 1: give what happens in all other cases a row too"),
        ({"outcome": [{"channel": "phone", "rate": "0.4"}]}, "found rates of the channel phone that add up to 0.4, expected 1: give what happens in all other cases a row too"),
        ({"outcome": [{"outcome": "off"}]}, "found the rate None in row 1 of outcome=, expected a number from 0 to 1, such as 0.4"),
        ({"outcome": [{"chanel": "phone", "rate": 1}]}, "found 'chanel' in row 1 of outcome=, expected step_id, channel, outcome, delivered, promised_in, pays_in, rate; did you mean \"channel\"?"),
        ({"outcome": ["off"]}, "found 'off' as row 1 of outcome=, expected a mapping with outcome and rate"),
        ({"capacity": {"fone": 3}}, "found capacity for 'fone', expected a channel or a role of the policies: app, board, caller, courier, court, email, group, in_person, notice, phone, post, sms, visit, wechat; did you mean \"phone\"?"),
        ({"capacity": {"phone": "3"}}, "found capacity '3' for phone, expected a whole number from 0 up"),
        ({"capacity": lambda day: 3}, "found capacity 3, expected numbers by channel or role, such as {\"phone\": 200}"),
        ({"approval_days": -1}, "found approval_days=-1, expected a whole number from 0 up, or None for never"),
        ({"first": "oldest"}, "found first='oldest', expected one of waiting, amount"),
        ({"days": 0}, "found days=0, expected a whole number from 1 up"),
    ],
)  # fmt: skip
def test_what_cannot_be_assumed_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="found") as refused:
        feerules.compare_policies(
            book(DAILY), book(DAILY), None, MONDAY, charges=charges(a=10), **{"days": 2} | asked
        )
    assert str(refused.value) == message


def test_days_are_days() -> None:
    given = {"charges": charges(a=10)}
    with pytest.raises(feerules.PeriodError, match="the last day 2026-11-01 before the first, 2026-11-02"):
        feerules.simulate(None, book(DAILY), MONDAY, "2026-11-01", **given)
    with pytest.raises(feerules.PeriodError, match="with days="):
        feerules.compare_policies(book(DAILY), book(DAILY), None, datetime(2026, 11, 2, 9), days=2, **given)


def test_a_moment_is_compared_as_a_day_is() -> None:
    hours = 'windows: {workday: ["09:30-12:00"]}\n'
    told = feerules.compare_policies(
        book(DAILY + hours), book(DAILY), None, datetime(2026, 11, 2, 8), charges=charges(a=10)
    )
    assert told.changed.select("old_decision", "old_until", "new_decision").rows() == [
        ("wait", datetime(2026, 11, 2, 9, 30), "act")
    ]
    assert "November 2, 2026, 08:00" in str(told)


def test_books_that_map_a_column_differently_are_refused() -> None:
    maps = [
        book(DAILY, book=f"kind: book\nid: b\nmapping: {{due_on: {name}}}\n") for name in ("due", "falls_due")
    ]
    with pytest.raises(ValueError, match="found due_on mapped to due and to falls_due"):
        feerules.compare_policies(*maps, None, MONDAY, charges=charges(a=10))


def test_books_are_books_and_policies_come_by_name() -> None:
    given = {"charges": charges(a=10)}
    with pytest.raises(TypeError, match="found DataFrame as old, expected a book, as"):
        feerules.compare_policies(given["charges"], book(DAILY), None, MONDAY, **given)
    with pytest.raises(TypeError, match="found str as book, expected a book"):
        feerules.simulate(None, "garden.yaml", MONDAY, MONDAY, **given)
    with pytest.raises(TypeError, match="expected books by name"):
        feerules.try_policies([book(DAILY)], None, MONDAY, **given)
