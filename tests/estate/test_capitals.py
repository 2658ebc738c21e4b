"""Chinese capital amounts: the examples of the rules for bills and vouchers, a second opinion, and the way back."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import feerules

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = {"拾": 10, "佰": 100, "仟": 1000}
AMOUNTS = st.integers(0, 10**14).map(lambda fen: Decimal(fen).scaleb(-2))
# Where zeros stand is where a writer goes wrong: digits of which two in three are 0.
ZEROS = st.lists(st.sampled_from("0000001234567890"), min_size=1, max_size=14).map(
    lambda digits: Decimal(int("".join(digits))).scaleb(-2)
)


# The rules print these (支付结算办法附件一); where they allow two ways, the one without 零.
@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("1409.50", "人民币壹仟肆佰零玖元伍角"),
        ("6007.14", "人民币陆仟零柒元壹角肆分"),
        ("1680.32", "人民币壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "人民币壹拾万柒仟元伍角叁分"),
        ("16409.02", "人民币壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "人民币叁佰贰拾伍元零肆分"),
    ],
)
def test_the_examples_of_the_rules(amount: str, said: str) -> None:
    assert feerules.capital_amount(amount) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "人民币零元整"),
        ("0.01", "人民币壹分"),
        ("0.30", "人民币叁角"),
        ("0.35", "人民币叁角伍分"),
        ("1.05", "人民币壹元零伍分"),
        ("10", "人民币壹拾元整"),
        ("100", "人民币壹佰元整"),
        ("250.60", "人民币贰佰伍拾元陆角"),
        ("1004.05", "人民币壹仟零肆元零伍分"),
        ("100000.00", "人民币壹拾万元整"),
        ("100100", "人民币壹拾万零壹佰元整"),
        ("1000010", "人民币壹佰万零壹拾元整"),
        ("20000000.03", "人民币贰仟万元零叁分"),
        ("100010000.10", "人民币壹亿零壹万元壹角"),
        ("100000001", "人民币壹亿零壹元整"),
        ("999999999999.99", "人民币玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ("1000000000000", "人民币壹万亿元整"),
        ("-5.20", "人民币负伍元贰角"),
        ("-0.00", "人民币零元整"),
    ],
)
def test_amounts_with_zeros_at_every_place(amount: str, said: str) -> None:
    assert feerules.capital_amount(amount) == said


def test_a_whole_myriad_of_zeros_is_never_silent() -> None:
    # 叁亿贰仟元 would sound like three hundred and twenty million.
    assert feerules.capital_amount("300002000") == "人民币叁亿零贰仟元整"
    assert feerules.capital_amount("320000000") == "人民币叁亿贰仟万元整"


@pytest.mark.parametrize("amount", [Decimal("12.50"), "12.50", "12.5", Decimal("1.25E+1")])
def test_an_amount_is_read_exactly_however_it_is_written(amount: Decimal | str) -> None:
    assert feerules.capital_amount(amount) == "人民币壹拾贰元伍角"


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        (12.5, "found 12.5, expected a Decimal, a whole number or text"),  # a float may not be what it shows
        (True, "found True, expected a Decimal, a whole number or text"),
        ("12.345", "found 12.345, expected an amount in yuan and fen"),  # nothing is rounded in silence
        ("1000000000000.01", "found 1000000000000.01, expected at most 1000000000000 yuan"),
        ("NaN", "found NaN, expected an amount in yuan and fen"),
        ("十元", "found '十元', expected an amount such as 250.60"),
    ],
)
def test_what_has_no_capital_amount_is_refused(amount: object, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  (its message is compared)
        feerules.capital_amount(amount)
    assert str(refused.value) == message


@given(AMOUNTS | ZEROS)
def test_a_capital_amount_reads_back_as_what_it_was(amount: Decimal) -> None:
    assert read(feerules.capital_amount(amount)) == amount


@given(AMOUNTS | ZEROS)
def test_a_second_opinion_writes_the_same(amount: Decimal) -> None:
    assert feerules.capital_amount(amount) == "人民币" + second_opinion(amount)


@given(AMOUNTS | ZEROS)
def test_no_zero_stands_twice_and_none_at_an_end(amount: Decimal) -> None:
    said = feerules.capital_amount(amount)
    assert "零零" not in said
    assert re.search("零[元整万亿角分]", said) is None or amount < 1
    assert said.endswith(("元整", "角", "分"))


def read(said: str) -> Decimal:
    """The amount that a capital amount names, place by place."""
    yuan, _, rest = said.removeprefix("人民币").rpartition("元")
    total = Decimal(whole(yuan))
    for digit, place in re.findall(f"([{DIGITS}])([角分])", rest):
        total += Decimal(DIGITS.index(digit)) * (Decimal("0.1") if place == "角" else Decimal("0.01"))
    return total


def whole(text: str) -> int:
    if "亿" in text:
        above, below = text.rsplit("亿", 1)
        return whole(above) * 10**8 + whole(below)
    if "万" in text:
        above, below = text.split("万")
        return whole(above) * 10**4 + whole(below)
    pairs = re.findall(f"([{DIGITS[1:]}])([拾佰仟]?)", text)
    return sum(DIGITS.index(digit) * PLACES.get(place, 1) for digit, place in pairs)


def second_opinion(amount: Decimal) -> str:
    """The same rules written anew: groups of four, 零 where a place is skipped, but not before 仟 of the next group."""
    yuan, fen = divmod(int(amount * 100), 100)
    if not fen:
        return f"{groups(yuan)}元整"
    tens, ones = divmod(fen, 10)
    said = f"{groups(yuan)}元" if yuan else ""
    said += f"{DIGITS[tens]}角" if tens else "零" * bool(said)
    return said + (f"{DIGITS[ones]}分" if ones else "")


def groups(number: int) -> str:
    if not number:
        return "零"
    said, skipped = "", False
    for size, name in ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (1, "")):
        group, number = divmod(number, size)
        if not group:
            skipped = bool(said)
        else:
            said += "零" * bool(said and (skipped or group < 1000)) + four(group) + name
            skipped = False
    return said


def four(number: int) -> str:
    said, skipped = "", False
    for name, size in (("仟", 1000), ("佰", 100), ("拾", 10), ("", 1)):
        digit, number = divmod(number, size)
        if digit:
            said += "零" * bool(said and skipped) + DIGITS[digit] + name
        skipped = not digit
    return said
