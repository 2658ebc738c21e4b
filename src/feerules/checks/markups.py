"""Mark-ups inside the formula of what is passed on: an amount that was paid, times more than 1."""

from __future__ import annotations

from decimal import Decimal

from feerules.checks.valuation import constant, folded
from feerules.documents.arithmetic import Binary, Call, Name, Node
from feerules.documents.formulas import Formula
from feerules.documents.schedule import FeeSchedule
from feerules.plan.names import Names

__all__ = ["is_marked_up"]

MONEY = ("元", "人民币元", "yuan", "rmb")
# How the title of an amount ends; 收费面积 is none.
AMOUNTS = ("金额", "费", "费用", "款")


def is_marked_up(formula: Formula | None, schedule: FeeSchedule, names: Names) -> bool:
    """Whether a formula is an amount of money times more than 1; of quantities nobody knows what they cost."""
    if formula is None or constant(formula, names) is not None:
        return False
    told = _times(formula.root, names)
    return told is not None and told[1] > 1 and _is_money(told[0], schedule, names)


def _times(node: Node, names: Names) -> tuple[str, Decimal] | None:
    """The one fact of a formula, and by how much it is multiplied; None where that is not all."""
    match node:
        case Name(name=name):
            return names.aliases.get(name, str(name)), Decimal(1)
        case Call(name="round", args=(inner, *_)):
            return _times(inner, names)
        case Binary(op="*", left=left, right=right):
            for one, other in ((left, right), (right, left)):
                number, told = folded(one, names), _times(other, names)
                if number is not None and told is not None:
                    return told[0], told[1] * number
        case Binary(op="+", left=left, right=right):
            first, second = _times(left, names), _times(right, names)
            if first is not None and second is not None and first[0] == second[0]:
                return first[0], first[1] + second[1]
    return None


def _is_money(name: str, schedule: FeeSchedule, names: Names) -> bool:
    fact = names.facts.get(name) or names.derived.get(name)
    if fact is None:
        return False
    if fact.unit:
        return fact.unit == schedule.currency or fact.unit.lower() in MONEY
    return any(text.endswith(AMOUNTS) for text in (name, fact.title.zh if fact.title else ""))
