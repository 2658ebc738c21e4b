"""A user's templates stand before the shipped ones; what is wrong with one is told by its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import feerules
from feerules import NoticeError
from feerules.notices.fields import FIELDS, LAYOUT
from letters import SENDER, a_bill, a_policy, an_act


def fee_notice(templates: Any, locale: str = "zh_CN") -> feerules.Notice:
    return feerules.fee_notice(a_bill(), SENDER, templates=templates, locale=locale)


def problems(templates: Any) -> list[tuple[str, str]]:
    with pytest.raises(NoticeError) as refused:
        fee_notice(templates)
    return [(problem.code, str(problem.where)) for problem in refused.value.problems]


OWN = """{{ sender.name }}{{ title }}
{% for line in lines %}
{{ line.title }} {{ line.amount }} {{ line.due_on }}
{% endfor %}
共{{ total }}（{{ capital }}）
"""


def test_a_template_of_the_users_own_is_filled_in() -> None:
    assert fee_notice({"fee_notice.txt": OWN}).text == (
        "花园物业服务有限公司收费通知\n"
        "物业管理费 ¥214.80 2026年11月16日\n"
        "消防设施维保费 ¥2.15 2026年11月16日\n"
        "共¥216.95（人民币贰佰壹拾陆元玖角伍分）\n"
    )


def test_the_template_of_the_language_comes_first() -> None:
    templates = {"fee_notice.zh.txt": "中", "fee_notice.txt": "any", "fee_notice.en.html": "<p>en</p>"}
    assert (fee_notice(templates).text, fee_notice(templates, "en").text) == ("中", "any")
    assert "<h1>收费通知</h1>" in fee_notice(templates).html  # what is not replaced is as shipped
    assert fee_notice(templates, "en_GB").html == "<p>en</p>"


def test_the_key_that_a_step_names_comes_before_the_kind() -> None:
    templates = {"last-letter.txt": "last {{ amount }}", "demand.txt": "demand", "press.txt": "press"}
    texts = [
        feerules.demand(an_act(a_policy(f"channels: [courier]{more}")), SENDER, templates=templates).text
        for more in (", template: last-letter", "", ", template: other")
    ]
    assert texts == ["last ¥902.40", "press", "demand"]


def test_a_folder_serves_as_well(tmp_path: Path) -> None:
    (tmp_path / "fee_notice.txt").write_text("{% include 'head.txt' %}{{ total }}", encoding="utf-8")
    (tmp_path / "head.txt").write_text("抬头 ", encoding="utf-8-sig")  # as some editors save it
    (tmp_path / ".hidden.swp").write_bytes(b"\xff")
    assert fee_notice(tmp_path).text == fee_notice(str(tmp_path)).text == "抬头 ¥216.95"


def test_a_shipped_layout_can_be_extended() -> None:
    own = {"fee_notice.html": "{% extends 'letter.html' %}{% block letter %}<p>{{ total }}</p>{% endblock %}"}
    html = fee_notice(own).html
    assert "<h1>收费通知</h1>" in html
    assert "<p>¥216.95</p>" in html
    assert "<table>" not in html


def test_a_short_message_of_the_users_own_is_measured() -> None:
    sms = fee_notice({"fee_notice.sms": "费用{{ total }}，\n请于{{ due_on }}前缴纳"}).sms
    assert sms is not None
    assert (sms.text, sms.characters) == ("【花园物业】费用¥216.95， 请于2026年11月16日前缴纳", 33)
    with pytest.raises(NoticeError, match="too_many_segments"):
        feerules.fee_notice(a_bill(), SENDER, templates={"fee_notice.sms": "费" * 70}, at_most_segments=1)


def test_html_is_escaped_and_text_is_not() -> None:
    odd = {"fee_notice.html": "{{ sender.name }}", "fee_notice.txt": "{{ sender.name }}"}
    notice = feerules.fee_notice(a_bill(), "A & <B>", templates=odd)
    assert (notice.html, notice.text) == ("A &amp; &lt;B&gt;", "A & <B>")


# What is wrong


def test_names_that_are_not_there_are_told_by_line_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "fee_notice.zh.txt").write_text(
        "{{ title }}\n共{{ totl }}，{{ due_day }}\n", encoding="utf-8"
    )
    with pytest.raises(NoticeError) as refused:
        fee_notice(tmp_path)
    known = ", ".join([*FIELDS["fee_notice"], *LAYOUT])
    assert str(refused.value) == (
        "2 problems with the notice\n"
        f"{tmp_path}/fee_notice.zh.txt:2:5: unknown_field\n"
        '  found:    "totl"\n'
        f"  expected: one of {known}\n"
        '  hint:     did you mean "total"?\n'
        f"{tmp_path}/fee_notice.zh.txt:2:16: unknown_field\n"
        '  found:    "due_day"\n'
        f"  expected: one of {known}\n"
        '  hint:     did you mean "due_on"?'
    )


def test_a_part_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(NoticeError) as refused:
        fee_notice({"fee_notice.txt": "{{ title }}\n\n电话 {{ sender.hotlin }}"})
    assert str(refused.value) == (
        "1 problem with the notice\n"
        "fee_notice.txt:3:14: unknown_field\n"
        '  found:    "hotlin"\n'
        "  expected: one of account, address, bank, complaints, hotline, hours, name, payee, signature, ways\n"
        '  hint:     did you mean "hotline"?'
    )


@pytest.mark.parametrize(
    ("templates", "code", "where"),
    [
        ({"fee_notice.txt": "a\n{{ total"}, "template_syntax", "fee_notice.txt:2:1"),
        ({"fee_notice.txt": "{% for line in lines %}"}, "template_syntax", "fee_notice.txt:1:1"),
        ({"fee_notice.txt": "\n{% fro line in lines %}"}, "template_syntax", "fee_notice.txt:2:1"),
        ({"fee_notice.txt": "{{ total | mony }}"}, "template_syntax", "fee_notice.txt:1:1"),
        ({"fee_notice.txt": "\n{% include 'heed.txt' %}", "head.txt": ""}, "unknown_template", "fee_notice.txt:2:1"),
        ({"fee_notice.txt": "a\n{{ total + 1 }}"}, "template_failed", "fee_notice.txt:2:1"),
        ({"fee_notice.txt": "{{ lines.append(1) }}"}, "unsafe_template", "fee_notice.txt:1:1"),
        ({"fee_notice.txt": "{{ title.__class__.mro() }}"}, "unsafe_template", "fee_notice.txt:1:1"),
        ({"fee_notice.txt": "{% for n in range(999999999) %}{% endfor %}"}, "template_failed", "fee_notice.txt:1:1"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_filled_in_is_told_by_its_line(
    templates: Any, code: str, where: str
) -> None:
    assert problems(templates) == [(code, where)]


@pytest.mark.parametrize(
    ("templates", "code", "hint"),
    [
        ({"fee_notise.txt": ""}, "unknown_template", 'did you mean "fee_notice"?'),
        ({"fee_notice.htm": ""}, "unknown_form", 'did you mean "html"?'),
        ({"fee_notice": ""}, "unknown_form", ""),
        ({"fee_notice.fr.txt": ""}, "unknown_language", ""),
        ({"fee_notice.txt": 5}, "not_a_text", ""),
        ("no/such/folder", "no_templates", ""),
    ],
)
def test_a_template_with_a_wrong_name_is_told(templates: Any, code: str, hint: str) -> None:
    with pytest.raises(NoticeError) as refused:
        fee_notice(templates)
    assert [(problem.code, problem.hint) for problem in refused.value.problems] == [(code, hint)]


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "demand.txt").write_bytes("催告".encode("gb18030"))
    assert [code for code, _ in problems(tmp_path)] == ["not_utf8"]
