"""Notices for a whole estate: from bill lines, positions and actions, one by one, into files, as a frame."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import feerules
from feerules import NoticeError
from feerules.frames import FrameError
from frame_kinds import Kind, polars_of
from letters import ESTATE, HOME, OWNER, POLICY, SENDER, a_bill, a_debtor, a_policy, an_act

NAMES = {"A-501": OWNER, "A-502": {"name": "李四"}}
HOMES = [HOME, HOME | {"unit_id": "3-2-502", "account_id": "A-502", "area": "120.00"}]


def lines(homes: list[dict[str, Any]] = HOMES, period: str = "2026-11") -> Any:
    units = pl.DataFrame(homes)
    return feerules.price_estate(units, ESTATE.only("sample-estate"), period, form="long").rows


def test_each_payer_of_an_estate_gets_what_a_single_notice_says() -> None:
    many = list(feerules.estate_notices(lines(), SENDER, book=ESTATE, recipients=NAMES))
    assert [notice.recipient_id for notice in many] == ["A-501", "A-502"]
    one = feerules.fee_notice(a_bill(), SENDER, recipient=OWNER)
    assert many[0].fields["total"] == one.fields["total"]
    assert [line["amount"] for line in many[0].fields["lines"]] == [
        line["amount"] for line in one.fields["lines"]
    ]
    assert many[0].sms == one.sms
    # A frame does not know how many decimals an area was written with, nor what a percentage is of.
    assert many[0].text.splitlines()[0:7] == one.text.splitlines()[0:7]
    assert "89.5 m² × 2.40 = ¥214.80" in many[0].text


def test_a_fee_that_is_billed_is_no_arrears() -> None:
    (told, *_) = feerules.estate_notices(lines(), SENDER, book=ESTATE)
    assert (">金额<" in told.html, "欠费" in told.html) == (True, False)


def test_the_developers_days_are_no_business_of_the_owner() -> None:
    homes = [HOME | {"handover": "2026-10-11", "developer_id": "D-1", "owner_id": "O-1"}]
    people = {"A-501": OWNER, "D-1": {"name": "某某置业"}}
    notices = list(feerules.estate_notices(lines(homes, "2026-10"), SENDER, recipients=people))
    assert ["尊敬的某某置业：" in notices[0].text, "尊敬的张三：" in notices[1].text] == [True, True]
    assert [(notice.fields["payer"], notice.fields["payer_id"]) for notice in notices] == [
        ("developer", "D-1"), ("owner", "O-1"),
    ]  # fmt: skip


def test_units_of_one_account_share_a_notice_and_units_without_do_not() -> None:
    together = [HOME, HOME | {"unit_id": "3-2-502"}]
    assert len(list(feerules.estate_notices(lines(together), SENDER))) == 1
    alone = [{name: value for name, value in home.items() if name != "account_id"} for home in together]
    notices = list(feerules.estate_notices(lines(alone), SENDER))
    assert [notice.recipient_id for notice in notices] == ["3-2-501", "3-2-502"]


def test_the_answer_is_a_frame_of_the_kind_that_came_in(kind: Kind, tmp_path: Path) -> None:
    report = feerules.estate_notices(kind.give(lines(), tmp_path), SENDER).frame()
    assert isinstance(report.rows, kind.comes_back)
    rows = polars_of(report.rows)
    assert sorted(rows["recipient_id"]) == ["A-501", "A-502"]
    assert rows["sms_segments"].to_list() == [1, 1]
    assert rows["kind"].unique().to_list() == ["fee_notice"]


def test_notices_are_written_into_a_folder(tmp_path: Path) -> None:
    report = feerules.estate_notices(lines(), SENDER).write(
        tmp_path / "out", (".html", ".txt", ".sms"), progress=False
    )
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == [f"A-50{n}.fee_notice.{form}" for n in (1, 2) for form in ("html", "sms", "txt")]
    assert report.rows["file"].to_list() == ["A-501.fee_notice.html", "A-502.fee_notice.html"]
    assert (tmp_path / "out" / "A-501.fee_notice.sms").read_text(encoding="utf-8").startswith("【花园物业】")


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["../../etc/passwd", "a/b"], ["_.._etc_passwd.fee_notice.txt", "a_b.fee_notice.txt"]),
        (["A*1", "A?1", "a_1"], ["A_1.fee_notice-2.txt", "A_1.fee_notice.txt", "a_1.fee_notice-3.txt"]),
        (["三栋501"], ["三栋501.fee_notice.txt"]),
        (["栋" * 90], [f"{'栋' * 60}.fee_notice.txt"]),
    ],
)
def test_whatever_an_account_is_called_its_files_stay_in_the_folder(
    ids: list[str], names: list[str], tmp_path: Path
) -> None:
    homes = [HOME | {"account_id": each, "unit_id": f"U-{n}"} for n, each in enumerate(ids)]
    feerules.estate_notices(lines(homes), SENDER).write(tmp_path / "out", (".txt",), progress=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_row_that_cannot_be_told_is_a_problem_and_keeps_no_other_from_its_notice() -> None:
    rows = lines().with_columns(
        due_on=pl.when(pl.col("account_id") == "A-501").then(None).otherwise(pl.col("due_on"))
    )
    report = feerules.estate_notices(rows, SENDER).frame()
    assert report.rows["recipient_id"].to_list() == ["A-502"]
    assert report.problems.to_dicts() == [
        {
            "recipient_id": "A-501",
            "code": "not_a_day",
            "reason": "found nothing, expected a day such as 2026-11-12",
        }
    ]
    with pytest.raises(NoticeError, match="not_a_day"):
        list(feerules.estate_notices(rows, SENDER))


@pytest.mark.parametrize("amount", ["214.80", Decimal("214.80"), 214.8])
def test_an_amount_is_read_in_every_form_that_is_exact(amount: Any) -> None:
    row = {
        "unit_id": "A", "fee": "management", "period_start": "2026-11-01", "period_end": "2026-12-01",
        "due_on": "2026-11-15", "amount": amount,
    }  # fmt: skip
    (notice,) = feerules.estate_notices(pl.DataFrame([row]), SENDER)
    assert notice.fields["total"] == Decimal("214.80")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("amount", "12.345", "not_an_amount"),
        ("amount", "zwölf", "not_an_amount"),
        ("amount", "NaN", "not_an_amount"),
        ("due_on", "15/11/2026", "not_a_day"),
        ("period_start", None, "not_a_day"),
        ("quantity", "viel", "not_an_amount"),
    ],
)
def test_a_value_that_cannot_be_read_is_a_problem_of_its_notice(column: str, value: Any, code: str) -> None:
    row = {
        "unit_id": "A", "fee": "management", "period_start": "2026-11-01", "period_end": "2026-12-01",
        "due_on": "2026-11-15", "amount": "1.00",
    }  # fmt: skip
    report = feerules.estate_notices(pl.DataFrame([row | {column: value}]), SENDER).frame()
    assert (report.rows.height, report.problems["code"].to_list()) == (0, [code])


def test_a_suffix_that_is_none_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(NoticeError, match=r'did you mean "\.html"'):
        feerules.estate_notices(lines(), SENDER).write(tmp_path / "out", (".htm",))
    assert [*tmp_path.iterdir()] == []


def test_a_column_that_is_missing_is_told_with_those_that_are_there() -> None:
    with pytest.raises(
        FrameError, match="rows without the column due_on, amount: found fee, period_start, period_end"
    ):
        feerules.estate_notices(pl.DataFrame({"fee": ["a"], "period_start": [1], "period_end": [1]}), SENDER)


def test_an_empty_frame_gives_no_notice() -> None:
    report = feerules.estate_notices(lines().clear(), SENDER).frame()
    assert (report.rows.height, report.problems.height) == (0, 0)


# Positions and actions

CHARGES = pl.DataFrame([charge.model_dump(exclude={"tags"}) for charge in a_debtor().charges])
PAYMENTS = pl.DataFrame([payment.model_dump() for payment in a_debtor().payments])
EVENTS = pl.DataFrame([event.model_dump(exclude={"charge_ids"}) for event in a_debtor().events])
LEDGER: dict[str, Any] = {
    "charges": CHARGES.with_columns(account_id=pl.lit("A-501")),
    "payments": PAYMENTS.with_columns(account_id=pl.lit("A-501")),
    "events": EVENTS.with_columns(account_id=pl.lit("A-501")),
}
ACCOUNTS = pl.DataFrame({"account_id": ["A-501", "A-502"]})
OPEN = LEDGER["charges"].with_columns(open=pl.Series(["150.60", "250.60", "250.60", "250.60"]))


def actions(policy: feerules.Book) -> Any:
    return feerules.next_actions(ACCOUNTS, policy, "2026-07-10", **LEDGER).rows


def test_positions_give_payment_notices_of_those_who_owe() -> None:
    positions = feerules.positions(ACCOUNTS, POLICY, "2026-07-10", **LEDGER).rows
    (notice,) = feerules.estate_notices(
        positions, SENDER, kind="payment_notice", book=ESTATE, charges=OPEN, recipients=NAMES
    )
    one = feerules.payment_notice(
        feerules.position(a_debtor(), POLICY, "2026-07-10"), SENDER, book=ESTATE, recipient=OWNER
    )
    assert notice.sms == one.sms
    assert notice.fields["overdue"] == one.fields["overdue"]
    assert notice.fields["late_fee"] == one.fields["late_fee"] == Decimal("12.53")
    assert [each["open"] for each in notice.fields["charges"]] == [
        each["open"] for each in one.fields["charges"]
    ]


def test_actions_give_the_demand_that_a_single_decision_gives() -> None:
    (notice,) = feerules.estate_notices(
        actions(POLICY), SENDER, kind="action", book=ESTATE, charges=OPEN, recipients=NAMES
    )
    one = feerules.demand(an_act(), SENDER, book=ESTATE, recipient=OWNER)
    same = ("amount", "capital", "late_fee", "pay_by", "period", "consequences", "as_of")
    assert {name: notice.fields[name] for name in same} == {name: one.fields[name] for name in same}
    assert (notice.kind, notice.sms, notice.needs_approval) == ("demand", one.sms, "manager")
    assert "依据：民法典 第九百四十四条" in notice.text


def test_what_is_open_of_each_charge_is_told_only_where_it_is_sure() -> None:
    (paid_in_part,) = feerules.estate_notices(
        actions(POLICY), SENDER, kind="action", charges=LEDGER["charges"]
    )
    assert "未缴金额" not in paid_in_part.html
    assert "物业管理费" not in paid_in_part.text
    unpaid = LEDGER | {"payments": None}
    whole = feerules.next_actions(ACCOUNTS, POLICY, "2026-07-10", **unpaid).rows
    (notice,) = feerules.estate_notices(whole, SENDER, kind="action", book=ESTATE, charges=LEDGER["charges"])
    assert "1. 物业管理费（2026年1月）：应缴日期2026年1月15日、未缴¥250.60。" in notice.text
    (alone,) = feerules.estate_notices(whole, SENDER, kind="action")
    assert "截至2026年7月10日，您有应缴费用尚未缴纳。" in alone.text


@pytest.mark.parametrize(
    ("step", "kind", "audience"),
    [
        ("channels: [sms]", "payment_notice", "debtor"),
        ("channels: [courier], must_be: delivered", "demand", "debtor"),
        ("channels: [board]", "reminder", "public"),
    ],
)
def test_a_step_gives_what_it_is(step: str, kind: str, audience: str) -> None:
    (notice,) = feerules.estate_notices(actions(a_policy(step)), SENDER, kind="action", on=date(2026, 7, 10))
    assert (notice.kind, notice.audience) == (kind, audience)


def test_what_may_not_be_announced_is_a_problem_of_each_account() -> None:
    rows = actions(a_policy("channels: [courier], must_be: delivered, announces: [stop_water]"))
    report = feerules.estate_notices(rows, SENDER, kind="action").frame()
    assert report.rows.height == 0
    assert report.problems["code"].to_list() == ["forbidden_consequence"]


@pytest.mark.parametrize(
    ("column", "value", "code"), [("fields", "{", "not_json"), ("amount", "x", "not_an_amount")]
)
def test_an_action_that_cannot_be_read_is_a_problem(column: str, value: str, code: str) -> None:
    rows = actions(POLICY).with_columns(pl.lit(value).alias(column))
    assert feerules.estate_notices(rows, SENDER, kind="action").frame().problems["code"].to_list() == [code]


def test_lists_may_be_texts_with_commas() -> None:
    rows = actions(POLICY).with_columns(announces=pl.lit("payment_order, lawsuit"))
    (notice,) = feerules.estate_notices(rows, SENDER, kind="action")
    assert notice.fields["consequences"] == ["payment_order", "lawsuit"]


def test_recipients_may_be_a_frame() -> None:
    people = pl.DataFrame({"unit_id": ["3-2-501"], "name": ["王五"], "unit": [None]})
    first, second = feerules.estate_notices(lines(), SENDER, recipients=people)
    assert ("尊敬的王五：" in first.text, "尊敬的业主：" in second.text) == (True, True)
    with pytest.raises(
        FrameError, match="recipients without the column account_id, payer_id or unit_id: found name"
    ):
        feerules.estate_notices(lines(), SENDER, recipients=pl.DataFrame({"name": ["A"]}))


def test_a_kind_that_is_none_is_told() -> None:
    with pytest.raises(NoticeError, match='did you mean "fee_notice"'):
        feerules.estate_notices(lines(), SENDER, kind="fee_notic")  # type: ignore[arg-type]
