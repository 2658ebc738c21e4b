"""The tree of a formula: five kinds of node, walked and written back as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, assert_never

__all__ = [
    "COMPARISONS",
    "POWER",
    "Binary",
    "BinaryOp",
    "Call",
    "Name",
    "Node",
    "Num",
    "Unary",
    "children",
    "walk",
    "written",
]

BinaryOp = Literal["+", "-", "*", "/", "<", "<=", ">", ">=", "=", "!=", "and", "or"]

COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "=", "!="})
POWER: Final = {"or": 1, "and": 2, "not": 3, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6}
"""How strongly an operator binds."""
_SIGN: Final = 7


@dataclass(frozen=True, slots=True)
class Num:
    """A number; 12.5% is 0.125. `at` is the 0-based offset in the text, here and in every node."""

    value: Decimal
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, a table, a choice, another fee (fees.management), or the mode of a rounding."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    op: Literal["-", "not"]
    operand: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`at` is the operator's offset; "/" stands only directly inside round()."""

    op: BinaryOp
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the closed set; of round, the places are a Num and the mode is a Name."""

    name: str
    args: tuple[Node, ...]
    at: int = field(default=0, compare=False)


Node = Num | Name | Unary | Binary | Call


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Call(args=args):
            return args
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, from left to right; without the places and modes of rounding."""
    yield node
    is_round = isinstance(node, Call) and node.name == "round"
    for child in children(node)[: 1 if is_round else None]:
        yield from walk(child)


def written(node: Node, floor: int = 0) -> str:
    """Canonical text, in parentheses where it binds less than `floor`."""
    match node:
        case Num(value=value):
            return f"{value:f}"
        case Name(name=name):
            return name
        case Call(name=name, args=args):
            return f"{name}({', '.join(map(written, args))})"
        case Unary(op="-", operand=operand):
            return f"-{written(operand, _SIGN)}"
        case Unary(op=op, operand=operand):
            text = f"not {written(operand, POWER[op] + 1)}"
        case Binary(op=op, left=left, right=right):
            # Comparisons do not chain, so that their left side needs its parentheses too.
            text = f"{written(left, POWER[op] + (op in COMPARISONS))} {op} {written(right, POWER[op] + 1)}"
        case _:
            assert_never(node)
    return f"({text})" if POWER[op] < floor else text
