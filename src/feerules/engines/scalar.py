"""The meaning of a plan: one generated Python function per set of outputs, for one record.

Functions are built as syntax trees from integers and node numbers, never from text that a person
wrote, and run on Python's unbounded integers.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from feerules.money import Imprecise, NotANumber, to_scaled
from feerules.plan.nodes import (
    Add,
    And,
    Band,
    Choose,
    Compare,
    Const,
    DivRound,
    Fact,
    Gather,
    Guard,
    Leaf,
    Max,
    Min,
    Mul,
    Node,
    Not,
    Or,
    Plan,
    Present,
    Sub,
    children,
    in_order,
    use_counts,
)

__all__ = ["Reader", "Scalar", "Unreadable", "encoder", "function", "is_missing"]

EPOCH = date(1970, 1, 1).toordinal()
DEEPEST = 40  # nesting of one generated expression; Python's compiler has a limit of its own


# Reading facts


class Unreadable(Exception):
    def __init__(self, code: str) -> None:
        self.code = code


def encoder(leaf: Leaf) -> Callable[[Any], int]:
    """What gives the integer that stands for a value of a fact; it raises `Unreadable` with a problem code."""
    read, lo, hi = _reading(leaf), leaf.lo, leaf.hi

    def encode(value: Any) -> int:
        encoded = read(value)
        if lo <= encoded <= hi:
            return encoded
        raise Unreadable("out_of_domain")

    return encode


def _reading(leaf: Leaf) -> Callable[[Any], int]:
    match leaf.kind:
        case "decimal" | "integer":
            return _number(leaf.places)
        case "boolean":
            return partial(_boolean, dict(reversed(leaf.words)))
        case "choice":
            return partial(_choice, {**dict(reversed(leaf.words)), **_codes(leaf)})
        case "text":
            return partial(_text, _codes(leaf), len(leaf.codes))
        case "date":
            return _date
        case "datetime":
            return _datetime


def _codes(leaf: Leaf) -> dict[str, int]:
    return {word: code for code, word in reversed([*enumerate(leaf.codes)])}


def _number(places: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        try:
            return to_scaled(value.strip(" ") if isinstance(value, str) else value, places)
        except Imprecise:
            raise Unreadable("imprecise") from None
        except NotANumber:
            raise Unreadable("wrong_type") from None

    return read


def _boolean(words: Mapping[str, int], value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    return _word(words, value, "wrong_type")


def _choice(words: Mapping[str, int], value: Any) -> int:
    return _word(words, value, "unknown_value")


def _word(words: Mapping[str, int], value: Any, unknown: str) -> int:
    if not isinstance(value, str):
        raise Unreadable("wrong_type")
    code = words.get(_plain(value))
    if code is None:
        raise Unreadable(unknown)
    return code


def _text(codes: Mapping[str, int], other: int, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Unreadable("wrong_type")
    return codes.get(_plain(value), other)


def _plain(text: str) -> str:
    # The members of an enumeration of texts equal their texts, but hash as their names.
    return text if type(text) is str else str.__str__(text)


def _date(value: Any) -> int:
    if isinstance(value, str):
        value = _parsed(date.fromisoformat, value, _DAY)
    elif isinstance(value, datetime):
        if value != datetime(value.year, value.month, value.day, tzinfo=value.tzinfo):
            raise Unreadable("imprecise")
    elif not isinstance(value, date):
        raise Unreadable("wrong_type")
    return int(value.toordinal()) - EPOCH


def _datetime(value: Any) -> int:
    if isinstance(value, str):
        value = _parsed(datetime.fromisoformat, value, _MOMENT)
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise Unreadable("wrong_type")
    minutes, rest = divmod(value - datetime(1970, 1, 1), timedelta(minutes=1))
    if rest.microseconds or rest.seconds:
        raise Unreadable("imprecise")
    return minutes


# fromisoformat also reads 20260101, week dates and (from Python 3.14 on) 24:00, which no other engine would.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2})?)?").fullmatch


def _parsed(parse: Callable[[str], Any], value: str, pattern: Callable[[str], Any]) -> Any:
    if pattern(value) is None:
        raise Unreadable("wrong_type")
    try:
        return parse(value)
    except ValueError:
        raise Unreadable("wrong_type") from None


def is_missing(value: Any) -> bool:
    """None, a NaN of any kind, pandas' NaT and the empty text all mean "nothing was said"."""
    return value is None or value == "" or value != value


class Reader:
    """Reads the facts of one record into the arguments of the plan's functions."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._leaves = tuple((leaf, leaf.name, encoder(leaf)) for leaf in leaves)

    def read(self, record: Mapping[str, Any]) -> tuple[tuple[int, ...], list[tuple[Leaf, str, Any]]]:
        """The arguments (a value per leaf, then 1 or 0 per leaf for present), and what is unreadable."""
        values: list[int] = []
        present = [1] * len(self._leaves)
        bad: list[tuple[Leaf, str, Any]] = []
        get = record.get
        for leaf, name, encode in self._leaves:
            value = get(name)
            # As `is_missing`, without the price of a call for every fact.
            if value is None or value == "" or value != value:
                value = next((got for got in map(get, leaf.aliases) if not is_missing(got)), None)
            if value is None:
                if leaf.default is None and not leaf.optional:
                    bad.append((leaf, "missing", None))
                present[len(values)] = int(leaf.default is not None)
                values.append(leaf.lo if leaf.default is None else leaf.default)
                continue
            try:
                values.append(encode(value))
            except Unreadable as problem:
                bad.append((leaf, problem.code, value))
                values.append(leaf.lo)
        return (*values, *present), bad


# Generating functions


def function(leaves: Sequence[Leaf], outputs: Sequence[Node]) -> Callable[..., tuple[int, ...]]:
    """A function of the reader's arguments that gives the value of each output."""
    return _Generator(leaves).build(outputs)


class _Generator:
    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self.width = len(leaves)
        self.position = {id(leaf): number for number, leaf in enumerate(leaves)}
        self.constants: dict[str, Any] = {"bisect_right": bisect_right}
        self.trees: dict[int, ast.expr] = {}
        self.depths: dict[int, int] = {}
        self.body: list[ast.stmt] = []

    def build(self, outputs: Sequence[Node]) -> Callable[..., tuple[int, ...]]:
        uses = use_counts(outputs)
        for node in in_order(outputs):
            tree = self._tree(node)
            depth = 1 + max((self.depths[id(child)] for child in children(node)), default=0)
            if depth > DEEPEST or (depth > 1 and uses[id(node)] > 1):
                tree, depth = self._local(tree), 1
            self.trees[id(node)], self.depths[id(node)] = tree, depth
        results: list[ast.expr] = [self.trees[id(node)] for node in outputs]
        self.body.append(ast.Return(ast.Tuple(results, ast.Load())))
        return self._compiled()

    def _local(self, tree: ast.expr) -> ast.expr:
        name = f"v{len(self.body)}"
        self.body.append(ast.Assign([ast.Name(name, ast.Store())], tree))
        return _load(name)

    def _compiled(self) -> Callable[..., tuple[int, ...]]:
        names = [ast.arg(f"f{number}") for number in range(2 * self.width)]
        arguments = ast.arguments([], names, None, [], [], None, [])
        define = _definition(arguments, self.body)
        module = ast.fix_missing_locations(ast.Module([define], []))
        exec(compile(module, "<plan>", "exec"), self.constants)  # noqa: S102 - built from node numbers only
        run: Callable[..., tuple[int, ...]] = self.constants["run"]
        return run

    def _constant(self, value: Any) -> ast.expr:
        name = f"t{len(self.constants)}"
        self.constants[name] = value
        return _load(name)

    def _tree(self, node: Node) -> ast.expr:
        parts = [self.trees[id(child)] for child in children(node)]
        match node:
            case Const(value=value):
                return ast.Constant(value)
            case Fact(leaf=leaf):
                return _load(f"f{self.position[id(leaf)]}")
            case Present(leaf=leaf):
                return _load(f"f{self.width + self.position[id(leaf)]}")
            case Add():
                return ast.BinOp(parts[0], ast.Add(), parts[1])
            case Sub():
                return ast.BinOp(parts[0], ast.Sub(), parts[1])
            case Mul():
                return ast.BinOp(parts[0], ast.Mult(), parts[1])
            case DivRound():
                return self._division(node, *parts)
            case Min():
                return self._smaller(parts[0], ast.LtE(), parts[1])
            case Max():
                return self._smaller(parts[0], ast.GtE(), parts[1])
            case Compare(op=op):
                return ast.Compare(parts[0], [_OPS[op]()], [parts[1]])
            case And():
                return ast.BoolOp(ast.And(), parts)
            case Or():
                return ast.BoolOp(ast.Or(), parts)
            case Not():
                return ast.UnaryOp(ast.Not(), parts[0])
            case Choose():
                return ast.IfExp(parts[0], parts[1], parts[2])
            case Gather(table=table):
                return ast.Subscript(self._constant(table), parts[0], ast.Load())
            case Band(cuts=cuts):
                return ast.Call(_load("bisect_right"), [self._constant(cuts), parts[0]], [])
            case _:
                raise AssertionError(type(node).__name__)

    def _simple(self, tree: ast.expr) -> ast.expr:
        return tree if isinstance(tree, (ast.Name, ast.Constant)) else self._local(tree)

    def _smaller(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
        left, right = self._simple(left), self._simple(right)
        return ast.IfExp(ast.Compare(left, [op], [right]), left, right)

    def _division(self, node: DivRound, left: ast.expr, right: ast.expr) -> ast.expr:
        left, right = self._simple(left), self._simple(right)
        if node.left.lo >= 0:
            return self._quotient(node, left, right)
        mirrored = ast.UnaryOp(ast.USub(), self._quotient(node, ast.UnaryOp(ast.USub(), left), right))
        positive = ast.Compare(left, [ast.GtE()], [ast.Constant(0)])
        return ast.IfExp(positive, self._quotient(node, left, right), mirrored)

    def _quotient(self, node: DivRound, left: ast.expr, right: ast.expr) -> ast.expr:
        """left ÷ right for left >= 0: (left + what the mode adds) // right."""
        if node.mode == "half_even":
            return ast.Call(self._constant(_half_even), [left, right], [])
        if node.mode == "down":
            return ast.BinOp(left, ast.FloorDiv(), right)
        less = {"half_up": 0, "half_down": 1, "up": 1}[node.mode]
        added: ast.expr = right if not less else ast.BinOp(right, ast.Sub(), ast.Constant(less))
        if isinstance(right, ast.Constant):
            added = ast.Constant(int(right.value) - less)  # type: ignore[arg-type]
        if node.mode != "up":
            added = ast.BinOp(added, ast.FloorDiv(), ast.Constant(2))
        return ast.BinOp(ast.BinOp(left, ast.Add(), added), ast.FloorDiv(), right)


def _definition(arguments: ast.arguments, body: list[ast.stmt]) -> ast.FunctionDef:
    define = ast.FunctionDef("run", arguments, body, [], None)
    define.type_params = []  # type: ignore[attr-defined]  # Python 3.12 wants it, 3.11 does not know it
    return define


def _half_even(left: int, right: int) -> int:
    quotient, rest = divmod(left, right)
    return quotient + (2 * rest > right or (2 * rest == right and quotient % 2 == 1))


_OPS: dict[str, type[ast.cmpop]] = {"<": ast.Lt, "<=": ast.LtE, "==": ast.Eq, "!=": ast.NotEq}


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


# Guards


def _all_kept(guards: Sequence[Guard]) -> Node:
    """Whether a record fails none of the guards, which is what nearly every record does."""
    kept: Node = Const(1, 1, 0, 1)
    for guard in guards:
        if guard.ok is not None:
            kept = And(0, 1, 0, kept, Or(0, 1, 0, Not(0, 1, 0, guard.need), guard.ok))
    return kept


class Scalar:
    """A plan, ready for one record at a time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.read = Reader(plan.leaves).read
        guarded = {id(guard.fact): guard for guard in plan.guards if guard.ok is None}
        # A fact that nobody guards is needed in every record.
        always = Const(1, 1, 0, 1)
        facts = [guarded.get(id(leaf)) or Guard("unreadable", always, None, leaf) for leaf in plan.leaves]
        self._computed = [guard for guard in plan.guards if guard.ok is not None]
        self._needs = {id(guard.fact): (n, guard) for n, guard in enumerate(facts)}
        self._need = function(plan.leaves, [guard.need for guard in facts])
        tests = [node for guard in self._computed for node in (guard.need, guard.ok) if node is not None]
        self._tests = function(plan.leaves, tests)
        self._passes = function(plan.leaves, [_all_kept(self._computed)])

    def failures(
        self, arguments: tuple[int, ...], bad: Sequence[tuple[Leaf, str, Any]]
    ) -> list[tuple[Guard, str, Any]]:
        """Every guard that this record fails: (guard, code, the value given)."""
        if bad:
            needed = self._need(*arguments)
            found = []
            for leaf, code, value in bad:
                number, guard = self._needs[id(leaf)]
                if needed[number]:
                    found.append((guard, code, value))
            if found:
                return found
        if self._passes(*arguments)[0]:
            return []
        tests = self._tests(*arguments)
        pairs = zip(self._computed, tests[::2], tests[1::2], strict=True)
        return [(guard, guard.code, None) for guard, need, ok in pairs if need and not ok]
