"""What owners are sent: word for word in both languages, as text, as a page, and as data."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import feerules
from feerules import Notice, NoticeError
from feerules.notices.fields import FIELDS, LAYOUT
from letters import (
    DATA,
    ESTATE,
    HOME,
    LOCALES,
    OWNER,
    POLICY,
    ROOT,
    SENDER,
    a_bill,
    a_debtor,
    a_policy,
    an_act,
    same_as,
)
from test_import import place_of_the_package, run_fresh


def every_notice(locale: str, **more: Any) -> list[Notice]:
    to_owner = {"recipient": OWNER, "locale": locale} | more
    position = feerules.position(a_debtor(), POLICY, "2026-07-10")
    return [
        feerules.fee_notice(a_bill(), SENDER, **to_owner),
        feerules.payment_notice(position, SENDER, book=ESTATE, pay_by="2026-07-25", **to_owner),
        feerules.demand(an_act(), SENDER, book=ESTATE, **to_owner),
        feerules.reminder(SENDER, on="2026-07-10", locale=locale, **more),
        feerules.price_table(ESTATE, SENDER, on="2026-11-01", locale=locale, **more),
    ]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "at", range(5), ids=["fee_notice", "payment_notice", "demand", "reminder", "price_table"]
)
def test_a_notice_says_this_word_for_word(at: int, locale: str) -> None:
    notice = every_notice(locale)[at]
    same_as(f"{notice.kind}.{locale}.txt", notice.text)


@pytest.mark.parametrize(
    ("at", "locale", "said"),
    [
        (0, "zh_CN", "【花园物业】3栋2单元501室，2026年11月费用合计¥216.95。请最迟于2026年11月16日缴纳。电话010-5555 0100。"),
        (0, "en", "【花园物业】Building 3, entrance 2, 501: the fees for November 2026 come to ¥216.95. Please pay by November 16, 2026. Tel. 010-5555 0100"),
        (2, "zh_CN", "【花园物业】3栋2单元501室逾期未缴¥902.40。请最迟于2026年7月25日缴纳。电话010-5555 0100。"),
        (3, "zh_CN", "【花园物业】请尚未缴纳物业费的业主尽快缴纳。电话010-5555 0100。"),
    ],
)  # fmt: skip
def test_a_short_message_says_this_word_for_word(at: int, locale: str, said: str) -> None:
    sms = every_notice(locale)[at].sms
    assert sms is not None
    assert sms.text == said


def test_the_short_messages_in_chinese_go_out_in_one_segment() -> None:
    told = [notice.sms for notice in every_notice("zh_CN")]
    assert [sms and sms.segments for sms in told] == [1, 1, 1, 1, None]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_notice_is_plain_json(locale: str) -> None:
    for notice in every_notice(locale):
        plain = notice.to_dict()
        assert json.loads(json.dumps(plain)) == plain
        assert plain["schema"] == 1


def test_the_fields_of_a_notice_are_those_that_the_manual_lists() -> None:
    for notice in every_notice("en"):
        assert {*notice.fields} == {*FIELDS[notice.kind]}, notice.kind


def test_no_field_is_called_like_a_part_of_every_notice() -> None:
    assert [name for fields in FIELDS.values() for name in fields if name in LAYOUT] == []


def test_every_field_is_in_the_manual() -> None:
    page = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8").partition("## Fields")[2]
    rows = dict(re.findall(r"^\| `?([\w ,]+)`? \| (.*) \|$", page, re.M))
    for kind, fields in FIELDS.items():
        assert [name for name in fields if not re.search(rf"\b{name}\b", rows[kind])] == [], kind
    words = rows["every kind, in words"]
    assert [name for name in LAYOUT if not re.search(rf"\b{name}\b", words)] == []


def test_the_data_of_a_notice_are_exact() -> None:
    fee_notice, payment, demand, *_ = (notice.fields for notice in every_notice("en"))
    assert fee_notice["total"] == sum(line["amount"] for line in fee_notice["lines"]) == Decimal("216.95")
    assert payment["overdue"] == sum(charge["open"] for charge in payment["charges"]) == Decimal("902.40")
    assert demand["amount"] == Decimal("902.40")
    assert [charge["open"] for charge in demand["charges"]] == [Decimal("150.60"), *[Decimal("250.60")] * 3]
    assert demand["capital"] == "人民币玖佰零贰元肆角"


# Pages


class Page(HTMLParser):
    """What a page loads, its words, and whether its tags close."""

    EMPTY = frozenset({"meta", "br", "link", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [
            f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "action", "background")
        ]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data.strip())


@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_stands_alone(locale: str) -> None:
    for notice in every_notice(locale):
        page = Page(notice.html)
        assert (page.loaded, page.open) == ([], [])
        assert "script" not in notice.html
        assert re.search(r"url\(|@import|https?:", notice.html) is None
        assert f'<html lang="{"zh-CN" if locale == "zh_CN" else "en"}">' in notice.html


@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_says_what_the_text_says(locale: str) -> None:
    fee_notice, payment, demand, *_ = every_notice(locale)
    for notice in (fee_notice, payment, demand):
        words = Page(notice.html).words
        money = re.findall(r"¥[\d,.]*\d", notice.text)
        assert money
        assert [each for each in money if not any(each in word for word in words)] == []
        assert notice.fields["capital"] in words


def test_words_of_people_are_words_and_never_code() -> None:
    odd = {"name": "<b>O'Neil</b> {{ 7 * 7 }} {% if %}", "unit": "3&4"}
    notice = feerules.fee_notice(a_bill(), SENDER, recipient=odd, locale="en")
    assert "Dear <b>O'Neil</b> {{ 7 * 7 }} {% if %}," in notice.text
    assert "&lt;b&gt;O&#39;Neil&lt;/b&gt; {{ 7 * 7 }} {% if %}" in notice.html
    assert "<dd>3&amp;4</dd>" in notice.html


def test_a_notice_is_written_by_the_suffix(tmp_path: Path) -> None:
    notice = every_notice("zh_CN")[0]
    texts = {".txt": notice.text, ".html": notice.html, ".sms": notice.sms and notice.sms.text}
    for suffix, said in texts.items():
        assert notice.write(tmp_path / f"notice{suffix}").read_text(encoding="utf-8") == said
    with pytest.raises(NoticeError, match=r'found:    ".pdf"\n  expected: one of .html, .txt, .sms'):
        notice.write(tmp_path / "notice.pdf")


# The fee notice


def test_a_bill_of_several_payers_gives_each_a_notice_of_what_is_theirs() -> None:
    bill = a_bill("2026-10", handover="2026-10-11")  # the developer pays the days before
    with pytest.raises(NoticeError) as refused:
        feerules.fee_notice(bill, SENDER)
    assert [(p.code, p.found) for p in refused.value.problems] == [
        ("several_payers", "developer of A-501, owner of A-501")
    ]
    notices = feerules.fee_notices(bill, SENDER, recipients={"A-501": OWNER})
    assert [notice.fields["payer"] for notice in notices] == ["developer", "owner"]
    assert ["致建设单位：" in notices[0].text, "尊敬的张三：" in notices[1].text] == [True, True]
    assert sum(notice.fields["total"] for notice in notices) == bill.total
    assert len({line["charge_id"] for notice in notices for line in notice.fields["lines"]}) == len(bill)


def test_several_bills_of_one_account_stand_in_one_notice_with_their_units() -> None:
    other = feerules.price(HOME | {"unit_id": "3-2-502"}, ESTATE.only("sample-estate"), "2026-11")
    notice = feerules.fee_notice([a_bill(), other], SENDER, locale="en")
    assert notice.fields["total"] == Decimal("433.90")
    assert "Unit: 3-2-501, 3-2-502" in notice.text
    assert "Unit 3-2-502, Management fee (November 2026)" in notice.text


def test_what_is_given_back_is_not_asked_for() -> None:
    refund = "fees: {deposit_back: {title: {zh: 退押金, en: Deposit back}, kind: refund, rate: 500}}"
    head = "kind: fee-schedule\nid: back\neffective: {from: 2026-01-01}\n"
    bill = feerules.price({"unit_id": "A"}, feerules.load_files({"a.yaml": head + refund}), "2026-11")
    notice = feerules.fee_notice(bill, SENDER, locale="zh_CN")
    assert "应退合计：¥500.00\n大写金额：人民币伍佰元整" in notice.text
    assert "本次应退还您¥500.00。" in notice.text
    assert "缴费方式" not in notice.text


def test_other_money_has_no_chinese_capitals() -> None:
    head = "kind: fee-schedule\nid: hk\ncurrency: HKD\neffective: {from: 2026-01-01}\nfees: {a: {rate: 5}}\n"
    bill = feerules.price({"unit_id": "A"}, feerules.load_files({"a.yaml": head}), "2026-11")
    notice = feerules.fee_notice(bill, SENDER)
    assert "合计：HK$5.00\n\n" in notice.text
    assert notice.fields["capital"] == ""


def test_a_bill_without_a_line_needs_no_notice() -> None:
    parking = "fees: {parking: {applies: {car: true}, rate: 80}}"
    head = "kind: fee-schedule\nid: bays\neffective: {from: 2026-01-01}\nfacts: {car: {boolean: true}}\n"
    bill = feerules.price({"car": False}, feerules.load_files({"bays.yaml": head + parking}), "2026-11")
    with pytest.raises(NoticeError, match="nothing_billed"):
        feerules.fee_notice(bill, SENDER)


def test_a_notice_is_dated_on_the_last_day_of_issue_unless_told() -> None:
    assert feerules.fee_notice(a_bill(), SENDER).text.endswith("2026年11月1日\n")
    assert feerules.fee_notice(a_bill(), SENDER, on="2026-10-28").text.endswith("2026年10月28日\n")


# The payment notice and the demand


def test_who_owes_nothing_gets_no_payment_notice() -> None:
    position = feerules.position(a_debtor(charges=[]), POLICY, "2026-07-10")
    with pytest.raises(NoticeError, match="found:    nothing overdue on 2026-07-10"):
        feerules.payment_notice(position, SENDER)


def test_a_position_that_is_told_by_facts_alone_gives_the_sum_alone() -> None:
    told = feerules.Position.given({"overdue": "120.00"}, an_act().position.as_of)
    notice = feerules.payment_notice(told, SENDER, locale="en")
    assert "Overdue in all: ¥120.00" in notice.text
    assert notice.fields["charges"] == []


def test_an_answer_that_has_a_position_stands_for_it() -> None:
    arrears = feerules.classify(a_debtor(), POLICY, "2026-07-10")
    assert feerules.payment_notice(arrears, SENDER).fields["overdue"] == Decimal("902.40")


def test_a_demand_is_a_draft_until_it_is_approved() -> None:
    assert feerules.demand(an_act(), SENDER).needs_approval == "manager"
    approval = {
        "event_id": "E-2",
        "type": "approval",
        "step_id": "demand",
        "outcome": "approved",
        "effective_on": "2026-07-09",
    }
    events = [*a_debtor().events, feerules.Event.model_validate(approval)]
    notice = feerules.demand(an_act(events=events), SENDER)
    assert notice.needs_approval is None
    assert "草稿" not in notice.text + notice.html


def test_a_step_without_days_to_pay_gives_fifteen_and_a_caller_may_say_others() -> None:
    act = an_act(a_policy("channels: [sms]"))
    assert (
        feerules.demand(act, SENDER).fields["period"],
        str(feerules.demand(act, SENDER).fields["pay_by"]),
    ) == (15, "2026-07-25")
    assert feerules.demand(act, SENDER, period=30).fields["period"] == 30


def test_a_letter_that_is_written_later_gives_as_many_days() -> None:
    fields = feerules.demand(an_act(), SENDER, on="2026-07-14").fields
    assert (fields["period"], str(fields["as_of"]), str(fields["pay_by"])) == (15, "2026-07-10", "2026-07-29")


@pytest.mark.parametrize(
    ("step", "kind", "said"),
    [
        ("channels: [sms]", "payment_notice", "【花园物业】3-2-501尚未缴¥902.40。电话010-5555 0100。"),
        ("channels: [courier], must_be: delivered", "demand", "【花园物业】3-2-501逾期未缴¥902.40。请最迟于2026年7月25日缴纳。电话010-5555 0100。"),
        ("channels: [group]", "reminder", "【花园物业】请尚未缴纳物业费的业主尽快缴纳。电话010-5555 0100。"),
    ],
)  # fmt: skip
def test_an_action_gives_what_its_step_is(step: str, kind: str, said: str) -> None:
    notice = feerules.action_notice(an_act(a_policy(step)), SENDER)
    assert (notice.kind, notice.sms and notice.sms.text) == (kind, said)


def test_what_a_step_asks_for_beyond_what_is_overdue_is_not_called_overdue() -> None:
    later = {
        "charge_id": "C-9",
        "fee": "water",
        "issued_on": "2026-07-01",
        "due_on": "2026-07-31",
        "amount": "10.00",
    }
    charges = [*a_debtor().charges, feerules.Charge.model_validate(later)]
    act = an_act(a_policy("channels: [sms], amount: outstanding"), charges=charges)
    text = feerules.action_notice(act, SENDER, locale="en").text
    assert "On July 10, 2026, these fees are open:" in text
    assert "Open in all: ¥912.40" in text
    assert "5. water: due on July 31, 2026, 0 days overdue, open ¥10.00." in text


def test_fewer_than_seven_days_are_told_as_a_warning() -> None:
    notice = feerules.demand(an_act(), SENDER, period=5, locale="en")
    assert notice.warnings == ("5 days to pay may not be a reasonable period.",)


def test_a_sum_that_is_not_that_of_the_charges_is_told_beside_it() -> None:
    act = an_act(a_policy("channels: [courier], amount: overdue + 50"))
    text = feerules.demand(act, SENDER, locale="en").text
    assert "Open in all: ¥902.40\nDemanded in all: ¥952.40" in text


def test_only_an_act_makes_a_demand() -> None:
    waits = feerules.next_action(a_debtor(charges=[]), POLICY, "2026-07-10")
    with pytest.raises(NoticeError, match="found:    Clear\n  expected: an Act"):
        feerules.demand(waits, SENDER)


# What is given wrong


@pytest.mark.parametrize(
    ("sender", "code", "message"),
    [
        ({}, "missing_name", "expected: the name of the property company"),
        ({"name": "A", "hotlin": "1"}, "unknown_key", 'hint:     did you mean "hotline"?'),
        (
            {"name": "A", "account": 200},
            "not_a_text",
            "put numbers in quotes: zeros at the start would be lost",
        ),
        ({"name": {"fr": "A"}}, "not_a_text", "expected: a text, {zh: …, en: …}, or a list of such"),
        (["A"], "wrong_sender", "expected: a mapping with name, payee"),
    ],
)
def test_a_sender_that_cannot_be_read_is_told(sender: Any, code: str, message: str) -> None:
    with pytest.raises(NoticeError) as refused:
        feerules.fee_notice(a_bill(), sender)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: feerules.fee_notice("A-501", SENDER),
            "bill: wrong_source\n  found:    str\n  expected: a Bill",
        ),
        (lambda: feerules.notice("fee_notice", sender=SENDER), "bill: wrong_source\n  found:    NoneType"),
        (
            lambda: feerules.payment_notice(a_debtor(), SENDER),
            "found:    Account\n  expected: a position, or an answer",
        ),
        (lambda: feerules.price_table("rules", SENDER, on="2026-11-01"), "found:    str\n  expected: a Book"),
        (
            lambda: feerules.demand(an_act(), SENDER, period=0),
            "found:    0 days\n  expected: a day or more to pay",
        ),
    ],
)
def test_what_a_notice_cannot_be_made_of_is_told(make: Any, told: str) -> None:
    with pytest.raises(NoticeError) as refused:
        make()
    assert told in str(refused.value)


def test_a_sender_may_be_a_name_alone() -> None:
    assert feerules.fee_notice(a_bill(), "花园物业").text.endswith("花园物业\n2026年11月1日\n")


def test_a_kind_may_be_named_in_a_word() -> None:
    assert feerules.notice("fee_notice", a_bill(), sender="A").text == feerules.fee_notice(a_bill(), "A").text
    assert feerules.notice("reminder", sender="A").kind == "reminder"
    with pytest.raises(NoticeError, match='did you mean "demand"'):
        feerules.notice("demnd", a_bill(), sender="A")


@pytest.mark.parametrize("module", ["jinja2"])
def test_without_the_extra_the_command_to_install_it_is_told(module: str) -> None:
    code = f"""
import json, sys
sys.modules["{module}"] = None
import feerules
try:
    feerules.reminder("A")
except feerules.MissingExtra as error:
    print(json.dumps(str(error)))
"""
    told = run_fresh(code, place_of_the_package())
    assert told == f'reminder needs {module}: run pip install "feerules[notices]"'


def test_problems_travel_between_processes() -> None:
    import pickle

    with pytest.raises(NoticeError) as refused:
        feerules.fee_notice(a_bill(), {})
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)
    notice = every_notice("en")[0]
    assert pickle.loads(pickle.dumps(notice)) == notice


def test_the_data_of_the_golden_notices_are_all_used() -> None:
    assert {path.name for path in DATA.iterdir()} == {
        f"{kind}.{locale}.txt" for kind in FIELDS for locale in LOCALES
    }
