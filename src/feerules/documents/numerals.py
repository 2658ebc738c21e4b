"""Numbers as people write them, with units, signs and Chinese words, and the digits that they mean."""

from __future__ import annotations

import re
from decimal import Decimal

from feerules.documents.lookalikes import half

__all__ = ["UNITS", "is_free", "number_in", "without_unit"]

_MONEY = "元|圆|块|角|毛|分|yuan|rmb|cny|fen|jiao"
_COUNTED = (
    "平米|平方米|平方|平|㎡|立方米|立方|㎥|吨|度|千瓦时|天|日|周|个月|月|季度|季|年|户|人|次|辆|车|套|间"
    "|小时|分钟|sqm|m[23²³]?|kwh?|days?|months?|years?"
)
UNITS = f"万?(?:{_MONEY})|{_COUNTED}"
_FREE = frozenset(("free", "免费", "免", "免收", "不收", "不收费", "零", "nil"))
_NUMBER = r"[+-]?\d{1,20}(?:,\d{3})*(?:\.\d{1,20})?%?"
_BEFORE = rf"(?:约|大约|人民币|rmb|cny|y|¥|\$|每(?:{_COUNTED}))?"
_AFTER = rf"(?:{UNITS}|万)?(?:\s*[/·每(]\s*(?:{UNITS})\)?)*\s*(?:起|左右|整)?"
_SAID = re.compile(rf"\s*({_BEFORE})\s*({_NUMBER})\s*({_AFTER})\s*", re.IGNORECASE)
_COMMA = re.compile(r"([+-]?\d{1,3}),(\d{1,2})")
_PERCENT = re.compile("百分之([零一二两三四五六七八九十]{1,3})")
_DISCOUNT = re.compile(r"(?:打)?([1-9一二三四五六七八九])\.?([1-9一二三四五六七八九])?折")
_DIGITS = {character: digit for digit, character in enumerate("零一二三四五六七八九")} | {"两": 2}
_DIGITS |= {str(digit): digit for digit in range(10)}


def is_free(text: str) -> bool:
    """Whether a text says that nothing is to be paid."""
    return half(text).strip().lower() in _FREE


def without_unit(number: str, unit: str) -> str:
    """The number in the unit that is left out, or in yuan.

    >>> without_unit("2.80", "元/㎡"), without_unit("5", "角"), without_unit("1.5", "万元")
    ('2.80', '0.5', '15000')
    """
    shift = 4 if unit.startswith("万") else 0
    coin = unit.removeprefix("万")[:4].lower()
    if coin.startswith(("角", "毛", "jiao")):
        shift -= 1
    elif coin.startswith(("分", "fen")) and not coin.startswith("分钟"):
        shift -= 2
    return format(Decimal(number).scaleb(shift).normalize(), "f") if shift else number


def number_in(text: str) -> str:
    """The number that was meant, in digits; "" where that is in doubt, or where a number is written already.

    >>> number_in("¥1,200.50"), number_in("每月300元"), number_in("百分之十五"), number_in("8.5折"), number_in("2,80")
    ('1200.50', '300', '15%', '0.85', '2.80')
    """
    plain = half(text).strip()
    if len(plain) > 40:
        return ""
    if comma := _COMMA.fullmatch(plain):
        return f"{comma[1]}.{comma[2]}"
    if said := _SAID.fullmatch(plain):
        digits = said[2].replace(",", "")
        meant = digits if digits.endswith("%") else without_unit(digits, said[3].strip())
        return meant if meant != text else ""
    if percent := _PERCENT.fullmatch(plain):
        return f"{_value(percent[1])}%"
    if discount := _DISCOUNT.fullmatch(plain):
        return f"0.{_DIGITS[discount[1]]}{_DIGITS[discount[2]] if discount[2] else ''}"
    return ""


def _value(numeral: str) -> int:
    tens, ten, ones = numeral.partition("十")
    if not ten:
        return int("".join(str(_DIGITS[character]) for character in numeral))
    return 10 * _DIGITS.get(tens or "一", 1) + _DIGITS.get(ones, 0)
