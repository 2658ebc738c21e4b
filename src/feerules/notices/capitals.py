"""Chinese capital amounts (人民币大写), as the rules for filling in bills and settlement vouchers write them."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from typing import Final

from cn2an import an2cn

from feerules.wording import EXACT

__all__ = ["MOST", "capital_amount", "capital_of"]

MOST: Final = Decimal(10) ** 12
# Where all of 万 is zero, the library leaves out a 零 that the rules allow to be left out; without it,
# 叁亿贰仟 (300,002,000) sounds like three hundred and twenty million.
_SKIPPED = re.compile("亿(?=[壹贰叁肆伍陆柒捌玖]仟)(?!.*万)")


def capital_amount(amount: Decimal) -> str:
    """An amount of yuan in Chinese capitals, 人民币 before it; below zero with 负.

    ValueError for an amount that is no whole number of fen, or beyond 10¹² yuan.

    >>> capital_amount(Decimal("1004.05")), capital_amount(Decimal("250.60"))
    ('人民币壹仟零肆元零伍分', '人民币贰佰伍拾元陆角')
    """
    with localcontext(EXACT):
        if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")):
            raise ValueError(f"found {amount}, expected an amount in yuan and fen")
        if abs(amount) > MOST:
            raise ValueError(f"found {amount}, expected at most {MOST} yuan")
        text = format(abs(amount).quantize(Decimal("0.01")), "f")
    said = _SKIPPED.sub("亿零", an2cn(text, "rmb"))
    return f"人民币{'负' if amount < 0 else ''}{said}"


def capital_of(amount: Decimal | int | str) -> str:
    """The same of an amount as people give it."""
    try:
        return capital_amount(amount if isinstance(amount, Decimal) else Decimal(_exact(amount)))
    except ArithmeticError:
        raise ValueError(f"found {amount!r}, expected an amount such as 250.60") from None


def _exact(amount: object) -> int | str:
    if isinstance(amount, bool) or not isinstance(amount, int | str):
        raise ValueError(f"found {amount!r}, expected a Decimal, a whole number or text")
    return amount
