"""What an explanation claims, read as a person with a calculator would: "89.50 m² × 2.80 = ¥250.60"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from feerules.money import from_scaled, round_div

RECKONING = re.compile(r"\): (.+?)\.(?: |$)")
# The number of a term stands after its currency sign, else at its beginning or after the name of a register.
MONEY = re.compile(r"(-?)¥([\d,]+(?:\.\d+)?)")
NUMBER = re.compile(r"(?<![\w.])(-?)([\d,]+(?:\.\d+)?(?:/\d+)?)(%?)")
# A formula with its result; or one number alone, where only its rounding is told.
CLAIM = re.compile(r"(?:(?P<formula>.+?) (?P<sign>[=≈]) )?(?P<result>[^=≈]+)")
ROUNDED = re.compile(
    r"(?P<exact>[\d,.-]+), (?P<how>rounded to|by the rounding of this fee) (?P<amount>\S+).*"
)


@dataclass(frozen=True)
class Claim:
    """One equation of an English explanation; `exact` is told where the amount is rounded."""

    formula: str
    sign: str
    exact: Fraction | None
    how: str
    amount: Fraction

    @property
    def value(self) -> Fraction:
        return value_of(self.formula)

    @property
    def is_true(self) -> bool:
        value = self.value
        if self.exact is None:
            return value == self.amount == to_fen(value)
        off = Fraction(0) if self.sign == "=" else Fraction(1, 20_000)
        right = abs(value - self.exact) <= off
        return right and (self.how != "rounded to" or to_fen(value) == to_fen(self.exact) == self.amount)


def claims(explanation: str) -> Iterator[Claim]:
    """The equations of an explanation in English, one for each line that has one."""
    for line in explanation.splitlines():
        reckoning = RECKONING.search(line)
        found = CLAIM.fullmatch(reckoning[1]) if reckoning else None
        if not found:
            continue
        rounded = ROUNDED.fullmatch(found["result"])
        if rounded:
            exact, formula = number(rounded["exact"]), found["formula"] or rounded["exact"]
            yield Claim(formula, found["sign"] or "=", exact, rounded["how"], number(rounded["amount"]))
        elif found["formula"]:
            yield Claim(found["formula"], found["sign"], None, "", number(found["result"]))


def to_fen(value: Fraction) -> Fraction:
    return Fraction(from_scaled(round_div(value.numerator * 100, value.denominator), 2))


def value_of(formula: str) -> Fraction:
    """What a formula of sums, products and one level of brackets comes to."""
    total, sign = Fraction(0), 1
    for term in re.split(r" ([+−]) (?![^(]*\))", formula):
        if term in "+−":
            sign = 1 if term == "+" else -1
        else:
            total += sign * product(term)
    return total


def product(term: str) -> Fraction:
    value = Fraction(1)
    for factor in re.split(r" × (?![^(]*\))", term):
        value *= value_of(factor[1:-1]) if factor.startswith("(") else number(factor)
    return value


def number(text: str) -> Fraction:
    if found := MONEY.search(text):
        return Fraction(Decimal(found[1] + found[2].replace(",", "")))
    found = NUMBER.search(text)
    assert found, text
    value = Fraction(found[1] + found[2].replace(",", ""))
    return value / 100 if found[3] else value
