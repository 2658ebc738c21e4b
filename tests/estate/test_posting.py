"""Where others read, nothing of a debtor stands; and nothing is announced that the law forbids."""

from __future__ import annotations

from typing import Any

import pytest

import feerules
from feerules import NoticeError
from letters import ESTATE, LOCALES, OWNER, POLICY, SENDER, a_bill, a_debtor, a_policy, an_act

PRIVACY = "Personal Information Protection Law 25 (个人信息保护法第二十五条)"


def position() -> feerules.Position:
    return feerules.position(a_debtor(), POLICY, "2026-07-10")


@pytest.mark.parametrize("audience", ["neighbours", "public"])
@pytest.mark.parametrize(
    "make",
    [
        lambda **more: feerules.fee_notice(a_bill(), SENDER, **more),
        lambda **more: feerules.payment_notice(position(), SENDER, **more),
    ],
)
def test_what_one_owes_is_not_told_where_others_read(make: Any, audience: str) -> None:
    with pytest.raises(NoticeError) as refused:
        make(audience=audience)
    (problem,) = refused.value.problems
    assert (problem.code, problem.expected) == (
        "not_for_posting",
        f"nothing of a debtor where others read it: {PRIVACY}",
    )


def test_a_household_may_read_what_is_owed() -> None:
    assert feerules.fee_notice(a_bill(), SENDER, audience="household").audience == "household"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("channel", ["group", "board"])
def test_a_step_on_a_channel_that_others_read_gives_the_neutral_text(channel: str, locale: str) -> None:
    act = an_act(a_policy(f"channels: [{channel}]"))
    notice = feerules.demand(act, SENDER, recipient=OWNER, locale=locale, on="2026-07-10")
    assert notice.kind == "reminder"
    assert notice.text == feerules.reminder(SENDER, on="2026-07-10", locale=locale).text
    assert_nothing_of_a_debtor(notice)


def test_a_caller_may_make_a_notice_more_open_but_never_less() -> None:
    act = an_act(a_policy("channels: [{channel: sms, audience: neighbours}]"))
    assert feerules.demand(act, SENDER, audience="debtor").audience == "neighbours"
    assert feerules.demand(an_act(), SENDER, audience="public").kind == "reminder"


def assert_nothing_of_a_debtor(notice: feerules.Notice) -> None:
    said = f"{notice.to_dict()}"
    for word in ("张三", "Zhang", "A-501", "501", "3-2", "902.40", "250.60", "C-1", "176", "¥"):
        assert word not in said, word
    assert notice.recipient_id is None


@pytest.mark.parametrize("locale", LOCALES)
def test_what_everybody_reads_knows_no_unit(locale: str) -> None:
    assert_nothing_of_a_debtor(feerules.reminder(SENDER, locale=locale))


def test_units_are_named_only_by_a_local_rule_that_is_cited() -> None:
    with pytest.raises(
        NoticeError, match="expected: no unit by its number, but where a local rule allows it"
    ):
        feerules.reminder(SENDER, units=["3-2-501"])
    rule = "山东省物业管理条例第四十八条"
    notice = feerules.reminder(SENDER, units=["3-2-501", "3-2-502"], local_rule=rule)
    assert "下列房屋尚有费用未缴：3-2-501、3-2-502。" in notice.text
    assert f"依据：{rule}" in notice.text
    assert "¥" not in notice.text


@pytest.mark.parametrize("field", ["amount", "recipient", "charges", "account_id", "unit_id", "pay_by"])
def test_a_template_for_posting_can_ask_for_nothing_of_a_debtor(field: str) -> None:
    act = an_act(a_policy("channels: [board]"))
    with pytest.raises(NoticeError) as refused:
        feerules.demand(act, SENDER, templates={"press.posted.txt": f"请缴费：{{{{ {field} }}}}"})
    (problem,) = refused.value.problems
    assert (problem.code, str(problem.where)) == ("not_for_posting", "press.posted.txt:1:8")
    assert PRIVACY in problem.expected


def test_the_template_of_a_step_for_one_debtor_is_not_used_for_all() -> None:
    templates = {"press.txt": "{{ amount }}", "press.posted.txt": "{{ sender.name }}提醒各位业主缴费"}
    told, posted = (
        feerules.demand(an_act(a_policy(f"channels: [{channel}]")), SENDER, templates=templates).text
        for channel in ("sms", "group")
    )
    assert (told, posted) == ("¥902.40", "花园物业服务有限公司提醒各位业主缴费")


# What may be announced


@pytest.mark.parametrize(
    "word", ["stop_water", "停水", "stop_electricity", "断电", "stop_access", "停用门禁", "seal_door", "contact_employer", "publish_debtor", "曝光"]
)  # fmt: skip
def test_what_the_law_forbids_is_never_announced(word: str) -> None:
    act = an_act(a_policy(f"channels: [courier], announces: [lawsuit, {word}]"))
    with pytest.raises(NoticeError) as refused:
        feerules.demand(act, SENDER, local_rule="whatever is said")
    (problem,) = refused.value.problems
    assert (problem.code, problem.found) == ("forbidden_consequence", f'"{word}"')


def test_a_forbidden_consequence_is_refused_with_the_law() -> None:
    act = an_act(a_policy("channels: [courier], announces: [stop_water, stop_parking, lawsiut]"))
    with pytest.raises(NoticeError) as refused:
        feerules.demand(act, SENDER)
    told = str(refused.value).partition("expected: one of")[0]
    assert told == (
        "3 problems with the notice\n"
        "announces: forbidden_consequence\n"
        '  found:    "stop_water"\n'
        "  expected: nothing that the law forbids: 民法典 第九百四十四条第三款, 物业管理条例 第四十四条\n"
        "  hint:     take it out of announces:\n"
        "announces: doubtful_consequence\n"
        '  found:    "stop_parking"\n'
        "  expected: a consequence that follows from the law alone; see 民法典 第二百七十一条、第二百七十五条至第二百七十六条\n"
        '  hint:     name the local rule or judgment that allows it: local_rule="…"\n'
        "announces: unknown_consequence\n"
        '  found:    "lawsiut"\n'
        "  "
    )
    assert refused.value.problems[2].hint == 'did you mean "lawsuit"?'


def test_a_doubtful_consequence_stands_with_the_rule_that_allows_it() -> None:
    act = an_act(a_policy("channels: [courier], announces: [stop_parking]"))
    text = feerules.demand(act, SENDER, local_rule="业主大会管理规约第十二条").text
    assert "我方可依法采取下列措施：停止月租停车。" in text
    assert "业主大会管理规约第十二条" in text


def test_what_a_book_says_of_its_city_decides() -> None:
    law = """
kind: law-profile
id: our-city
jurisdiction: {zh: 本市, en: our city}
as_of: 2026-11-01
extends: cn-mainland
acts:
  stop_parking: {level: allowed, basis: [{document: 本市停车条例, clause: 第三条}]}
"""
    book = feerules.load_files({"law.yaml": law})
    act = an_act(a_policy("channels: [courier], announces: [stop_parking]"))
    assert "停止月租停车" in feerules.demand(act, SENDER, book=book).text


def test_a_step_that_announces_nothing_threatens_nothing() -> None:
    act = an_act(a_policy("channels: [courier]"))
    assert "依法采取" not in feerules.demand(act, SENDER).text


def test_a_template_that_threatens_is_told_as_a_warning() -> None:
    act = an_act(a_policy("channels: [courier], announces: [lawsuit]"))
    threat = {"press.txt": "逾期将停水、停电，并提起诉讼。"}
    notice = feerules.demand(act, SENDER, templates=threat)
    assert [each.partition(", which")[0] for each in notice.warnings] == [
        'the text speaks of "停水或限水" (stop_water)',
        'the text speaks of "停电或限电" (stop_electricity)',
    ]
    calm = {"press.txt": "我们不会停水停电。诉讼时效即将届满。"}
    assert feerules.demand(act, SENDER, templates=calm).warnings == ()


def test_shipped_notices_threaten_nothing() -> None:
    for locale in LOCALES:
        assert feerules.demand(an_act(), SENDER, book=ESTATE, locale=locale).warnings == ()
