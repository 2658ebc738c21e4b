"""Operations backwards: what one operand must be, so that the result is wanted while the other stays."""

from __future__ import annotations

from feerules.money import round_div
from feerules.plan.nodes import DivRound
from feerules.proving.intervals import FAR, Wanted, divided, holds, joined, only, outside

__all__ = ["dividend", "factor", "left_of", "right_of"]


def left_of(op: str, right: int, truth: bool) -> Wanted:
    """What the left operand must be, beside a right one."""
    wanted: Wanted = {
        "<": ((-FAR, right - 1),),
        "<=": ((-FAR, right),),
        "==": only(right),
        "!=": outside(only(right)),
    }[op]
    return wanted if truth else outside(wanted)


def right_of(op: str, left: int, truth: bool) -> Wanted:
    wanted: Wanted = {
        "<": ((left + 1, FAR),),
        "<=": ((left, FAR),),
        "==": only(left),
        "!=": outside(only(left)),
    }[op]
    return wanted if truth else outside(wanted)


def factor(wanted: Wanted, other: int) -> Wanted:
    if other == 0:
        return ((-FAR, FAR),) if holds(wanted, 0) else ()
    return divided(wanted, other)


def dividend(node: DivRound, wanted: Wanted, divisor: int) -> Wanted:
    """What is divided so that the rounded quotient is wanted: the quotient rises with it."""
    if divisor <= 0:
        return ()
    return joined((_first(node, lo, divisor), _first(node, hi + 1, divisor) - 1) for lo, hi in wanted)


def _first(node: DivRound, quotient: int, divisor: int) -> int:
    """The smallest number whose rounded quotient is at least so much."""
    low, high = (quotient - 1) * divisor - 1, (quotient + 1) * divisor + 1
    while low < high:
        middle = (low + high) // 2
        if round_div(middle, divisor, node.mode) >= quotient:
            high = middle
        else:
            low = middle + 1
    return low
