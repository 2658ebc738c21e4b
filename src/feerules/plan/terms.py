"""What a name or a formula of a document means, as nodes, at one moment of one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal

from feerules.documents.arithmetic import Binary, Call, Name, Num, Unary, walk, written
from feerules.documents.facts import KIND_WORDS, Derived, FactKind
from feerules.documents.formulas import Formula
from feerules.documents.formulas import Node as Expr
from feerules.documents.tree import quote
from feerules.documents.values import TableValue
from feerules.errors import Where, did_you_mean
from feerules.money import ROUNDING_MODES
from feerules.plan.bounds import Builder, TooLarge
from feerules.plan.context import Context
from feerules.plan.day_functions import DayFunctions
from feerules.plan.days import PARTS_OF_DAYS
from feerules.plan.moments import Moment, anytime
from feerules.plan.names import WIDEST, Names, Refused
from feerules.plan.nodes import Comparison, Guard, Leaf, Mode, Node
from feerules.plan.units import Term, joined, product, unlike

__all__ = ["Moment", "Scope", "Term"]

Resolver = Callable[[str, Where], Term]


class Scope(Context):
    """Lowers the formulas of one document to nodes of one plan, noting which facts are needed when."""

    def __init__(self, names: Names, builder: Builder, moment: Moment) -> None:
        super().__init__(builder, moment)
        self.names = names
        self.needs: dict[Leaf, Node] = {}
        self.gate: dict[Leaf, Node] = {}  # what it takes to know whether the line is for a record at all
        self.guards: list[Guard] = []
        self.fee: str | None = None
        self.fees: Resolver | None = None
        self.tables: Callable[[Scope, TableValue, str], Term] | None = None
        self.computed: dict[str, Term] = {}  # what was worked out before, by the name it has
        self._active: list[str] = []

    def widened(self) -> Scope:
        """The same names at any moment at all: their bounds hold whichever day they are asked on."""
        wide = Scope(self.names, self.b, anytime(self.b))
        wide.tables, wide.fees, wide.computed = self.tables, self.fees, self.computed
        wide._active = self._active  # a ring may lead through a table
        return wide

    def require(self, leaf: Leaf) -> None:
        known = self.needs.get(leaf, self.b.false)
        self.needs[leaf] = self.b.any_of((known, self.need))

    def apart(self) -> Scope:
        """A scope at the same moment whose needs and guards are its own."""
        apart = Scope(self.names, self.b, self.moment)
        apart.fee, apart.fees, apart.tables = self.fee, self.fees, self.tables
        apart.computed = self.computed
        apart.inside(self.need)
        apart.needs = dict(self.gate)
        return apart

    def share_leaf(self, fee: str, cycle: str) -> Leaf:
        """A unit's share of the pool of a fee in a cycle, in fen: a fact computed over all units."""
        name = f"share.{fee}.{cycle}"
        return self.names.shares.setdefault(name, Leaf(name, "decimal", 2, -WIDEST * 100, WIDEST * 100))

    def guard(self, code: str, ok: Node, leaf: Leaf | None = None) -> None:
        """A record for which `ok` does not hold, where it is needed, is a problem."""
        if ok is not self.b.true:
            self.guards.append(Guard(code, self.need, ok, leaf, self.fee))

    # Names

    def term(self, name: str, where: Where) -> Term:
        """What a name means here; raises `Refused` after noting the problem."""
        name = self.names.aliases.get(name, name)
        return self.once(name, self._resolve, name, where)

    def number(self, name: str, where: Where) -> Term:
        """The same, for arithmetic: an optional fact without a value is a problem there."""
        term = self.term(name, where)
        if term.present is not None and term.leaf is not None:
            self.guard("missing", term.present, term.leaf)
        return term

    def _resolve(self, name: str, where: Where) -> Term:
        names = self.names
        if name in self.computed:
            return self.computed[name]
        if name in names.leaves:
            return self._fact(names.leaves[name])
        if name in names.facts:
            raise Refused  # its declaration is a problem already
        if name in names.derived:
            with self._once(name, where):
                return self._derived(name, names.derived[name])
        if name in names.parameters:
            with self._once(name, where):
                return self.formula(names.parameters[name])
        if name in names.tables and self.tables is not None:
            with self._once(name, where):
                return self.tables(self, names.tables[name], name)
        if name in self.moment.nodes:
            kind: FactKind = "integer" if name in ("month", "cycle_months") else "date"
            return Term(self.judged(name), kind)
        if name.startswith("fees.") and name.removeprefix("fees.") in names.fees and self.fees is not None:
            self.reads_fees()
            return self.fees(name.removeprefix("fees."), where)
        raise names.unknown(name, where)

    @contextmanager
    def _once(self, name: str, where: Where) -> Iterator[None]:
        if name in self._active:
            ring = self._active[self._active.index(name) :]
            if frozenset(ring) in self.names.rings:
                raise Refused  # told where it was first entered
            self.names.rings.add(frozenset(ring))
            raise self.names.refuse(
                where, "circular_formula", " → ".join([*ring, name]), "formulas that do not need their own result",
                f'take "{name}" out of one of them',
            )  # fmt: skip
        self._active.append(name)
        try:
            yield
        finally:
            self._active.pop()

    def _fact(self, leaf: Leaf) -> Term:
        self.require(leaf)
        spec = self.names.facts.get(leaf.name)
        unit = (leaf.unit,) if leaf.unit else None
        present = self.b.present(leaf)
        return Term(
            self.b.fact(leaf), leaf.kind, unit, leaf,
            None if present is self.b.true else present, bool(spec and spec.usage),
        )  # fmt: skip

    def _derived(self, name: str, derived: Derived) -> Term:
        term = self.formula(derived.formula)
        node, b = term.node, self.b
        lo = node.lo if derived.min is None else _scaled(derived.min, node.scale, up=True)
        hi = node.hi if derived.max is None else _scaled(derived.max, node.scale, up=False)
        if (lo, hi) != (node.lo, node.hi):
            self.guard("out_of_domain", b.inside(node, lo, hi), Leaf(name, "decimal", node.scale, lo, hi))
            # Rows outside are problems; the clamp keeps every engine's intermediate inside the bounds.
            node = b.clamp(node, b.const(lo, node.scale), b.const(hi, node.scale))
        if derived.unit:
            return Term(node, term.kind, (derived.unit,), usage=term.usage)
        return replace(term, node=node, leaf=None, present=None)

    # Formulas

    def formula(self, formula: Formula) -> Term:
        return self.once(id(formula), self._formula, formula)

    def _formula(self, formula: Formula) -> Term:
        self._check_names(formula)
        return _Formula(self, formula).term(formula.root)

    def _check_names(self, formula: Formula) -> None:
        """All unknown names of a formula at once."""
        names, checked = self.names, self.names.checked
        if id(formula) not in checked:
            used = [node for node in walk(formula.root) if isinstance(node, Name)]
            unknown = [node for node in used if not names.means(node.name)]
            checked[id(formula)] = not unknown
            for node in unknown:
                names.unknown(node.name, formula.where(node.at))
        if not checked[id(formula)]:
            raise Refused


def _scaled(value: Decimal, scale: int, *, up: bool) -> int:
    """The whole number of 10**-scale that is nearest inside a bound."""
    exact = value.scaleb(scale)
    whole = int(exact)
    if whole == exact:
        return whole
    return whole + (1 if up and exact > 0 else 0) - (1 if not up and exact < 0 else 0)


_COMPARISONS: dict[str, tuple[Comparison, bool]] = {
    "<": ("<", False),
    "<=": ("<=", False),
    ">": ("<", True),
    ">=": ("<=", True),
    "=": ("==", False),
    "!=": ("!=", False),
}


class _Formula(DayFunctions):
    """Lowers one formula, so that every problem can point into its text."""

    def __init__(self, scope: Scope, formula: Formula) -> None:
        self.scope = scope
        self.b = scope.b
        self.formula = formula

    def where(self, expr: Expr) -> Where:
        return self.formula.where(expr.at)

    def refuse(self, expr: Expr, code: str, found: str, expected: str, hint: str = "") -> Refused:
        return self.scope.names.refuse(self.where(expr), code, found, expected, hint)

    def term(self, expr: Expr) -> Term:
        try:
            return self._term(expr)
        except TooLarge as error:
            fee = f"{self.scope.fee}: " if self.scope.fee else ""
            raise self.refuse(
                expr, "overflow", f"{fee}{quote(written(expr))}, which can reach {len(str(error.magnitude))} digits",
                "numbers of at most 38 digits, decimals included",
                "narrow the min and max of the facts it uses, or round a part of it",
            ) from None  # fmt: skip

    def _term(self, expr: Expr) -> Term:
        match expr:
            case Num(value=value):
                return Term(self.b.decimal(value), "decimal")
            case Name(name=name):
                return self.scope.number(name, self.where(expr))
            case Unary(operand=of):
                operand = self.number(of)
                return joined(self.b.sub(self.b.const(0), operand.node), operand, operand)
            case Binary(op="+" | "-" | "*"):
                return self._arithmetic(expr)
            case Binary(op="/"):
                raise self.refuse(
                    expr, "division_without_rounding", "/", "a division inside round(a / b, places)"
                )
            case Binary():
                raise self.refuse(expr, "wrong_type", "a comparison", "a number", "use if(condition, a, b)")
            case Call(name=name) if name in PARTS_OF_DAYS:
                return self._part_of(expr)
            case Call(name=name):
                return getattr(self, f"_{name}_of")(expr)  # type: ignore[no-any-return]
        raise AssertionError(type(expr).__name__)

    def number(self, expr: Expr) -> Term:
        term = self.term(expr)
        if term.kind not in ("decimal", "integer"):
            hint = "use days_between(a, b) or months_between(a, b)" if "date" in term.kind else ""
            raise self.refuse(
                expr, "wrong_type", f"{self._text(expr)}, {KIND_WORDS[term.kind]}", "a number", hint
            )
        return term

    def numbers(self, *exprs: Expr) -> list[Term]:
        """Every operand, so that what is wrong with the second is told beside what is wrong with the first."""
        terms: list[Term] = []
        for expr in exprs:
            with suppress(Refused):
                terms.append(self.number(expr))
        if len(terms) < len(exprs):
            raise Refused
        return terms

    def _text(self, expr: Expr) -> str:
        return quote(written(expr))

    def moment(self, expr: Expr, expected: str, *kinds: FactKind) -> Term:
        term = self.term(expr)
        if term.kind not in kinds:
            raise self.refuse(expr, "wrong_type", f"{self._text(expr)}, {KIND_WORDS[term.kind]}", expected)
        return term

    def _arithmetic(self, expr: Binary) -> Term:
        left, right = self.numbers(expr.left, expr.right)
        if expr.op == "*":
            return product(self.b.mul(left.node, right.node), left, right)
        self._check_units(expr, left, right)
        build = self.b.add if expr.op == "+" else self.b.sub
        return joined(build(left.node, right.node), left, right)

    def _check_units(self, expr: Expr, left: Term, right: Term) -> None:
        if unlike(left, right):
            units = ["·".join(term.unit or ()) for term in (left, right)]
            self.scope.names.problem(
                self.where(expr), "unit_mismatch", " with ".join(units), "the same unit on both sides",
                f"name one side under derived, with the unit that it has: {{formula: …, unit: {units[0]}}}",
            )  # fmt: skip

    def _fold(self, expr: Call, build: Callable[[Node, Node], Node]) -> Term:
        result, *others = self.numbers(*expr.args)
        for term, arg in zip(others, expr.args[1:], strict=True):
            self._check_units(arg, result, term)
            result = joined(build(result.node, term.node), result, term)
        return result

    def _min_of(self, expr: Call) -> Term:
        return self._fold(expr, self.b.min)

    def _max_of(self, expr: Call) -> Term:
        return self._fold(expr, self.b.max)

    def _abs_of(self, expr: Call) -> Term:
        term = self.number(expr.args[0])
        negative = self.b.sub(self.b.const(0), term.node)
        return joined(self.b.max(term.node, negative), term, term)

    def _round_of(self, expr: Call) -> Term:
        of, places, mode = expr.args[0], self._places(expr.args[1]), self._mode(expr.args[2:])
        if not (isinstance(of, Binary) and of.op == "/"):
            term = self.number(of)
            return joined(self.b.rounded(term.node, places, mode), term, term)
        left, right = self.numbers(of.left, of.right)
        right = self._positive(of.right, right)
        # left/10^a ÷ right/10^b with p places is left·10^(p+b-a) ÷ right.
        shift = places + right.node.scale - left.node.scale
        num, den = left.node, right.node
        if shift >= 0:
            num = self.b.mul(num, self.b.const(10**shift))
        else:
            den = self.b.mul(den, self.b.const(10**-shift))
        return Term(self.b.div_round(num, den, mode, places), "decimal", usage=left.usage or right.usage)

    def _positive(self, expr: Expr, term: Term) -> Term:
        """A divisor that is zero or negative is a problem of the record, never an answer."""
        node = term.node
        if node.hi <= 0:
            found, expected = f"the divisor {self._text(expr)}, which is never positive", "a positive divisor"
            raise self.refuse(expr, "division_by_zero", found, expected, "give the fact in it a min above 0")
        if node.lo <= 0:
            one = self.b.const(1, node.scale)
            self.scope.guard("division_by_zero", self.b.compare("<=", one, node), term.leaf)
            node = self.b.max(node, one)
        return Term(node, term.kind, term.unit, term.leaf, usage=term.usage)

    def _places(self, expr: Expr) -> int:
        if isinstance(expr, Num) and expr.value == int(expr.value) and 0 <= expr.value <= 12:
            return int(expr.value)
        raise self.refuse(expr, "wrong_type", "the places of round()", "a whole number from 0 to 12")

    def _mode(self, args: Iterable[Expr]) -> Mode:
        for arg in args:
            if isinstance(arg, Name) and arg.name in ROUNDING_MODES:
                return arg.name
            raise self.refuse(
                arg, "unknown_word", f'the rounding "{self._text(arg)}"', ", ".join(ROUNDING_MODES),
                did_you_mean(self._text(arg), ROUNDING_MODES),
            )  # fmt: skip
        return "half_up"

    def _if_of(self, expr: Call) -> Term:
        test = self.truth(expr.args[0])
        with self.scope.needing(test):
            then = self.number(expr.args[1])
        with self.scope.needing(self.b.negate(test)):
            other = self.number(expr.args[2])
        self._check_units(expr, then, other)
        return joined(self.b.choose(test, then.node, other.node), then, other)

    def truth(self, expr: Expr) -> Node:
        match expr:
            case Binary(op="and"):
                return self.b.all_of((self.truth(expr.left), self.truth(expr.right)))
            case Binary(op="or"):
                return self.b.any_of((self.truth(expr.left), self.truth(expr.right)))
            case Unary(op="not"):
                return self.b.negate(self.truth(expr.operand))
            case Binary(op=op) if op in _COMPARISONS:
                return self._comparison(expr)
        term = self.term(expr)
        if term.kind != "boolean":
            hint = f"compare it: {written(expr)} > 0"
            raise self.refuse(
                expr, "wrong_type", f"{self._text(expr)}, {KIND_WORDS[term.kind]}", "a condition", hint
            )
        return self.b.compare("==", term.node, self.b.const(1))

    def _compared(self, expr: Expr, other: Expr) -> Term:
        """One side of a comparison; beside a choice fact, a word of that fact."""
        choice = self._choice(other)
        if choice is not None and isinstance(expr, Name) and self._choice(expr) is None:
            words = {word: code for code, word in enumerate(choice.codes)} | dict(choice.words)
            if expr.name not in words:
                raise self.refuse(
                    expr, "unknown_word", f'"{expr.name}", which is no {choice.name}',
                    "one of " + ", ".join(choice.codes), did_you_mean(expr.name, choice.codes),
                )  # fmt: skip
            return Term(self.b.const(words[expr.name]), "choice")
        return self.term(expr)

    def _choice(self, expr: Expr) -> Leaf | None:
        names = self.scope.names
        leaf = names.leaves.get(names.aliases.get(expr.name, expr.name)) if isinstance(expr, Name) else None
        return leaf if leaf is not None and leaf.kind == "choice" else None

    def _comparison(self, expr: Binary) -> Node:
        left, right = self._compared(expr.left, expr.right), self._compared(expr.right, expr.left)
        numbers = ("decimal", "integer")
        if left.kind != right.kind and not (left.kind in numbers and right.kind in numbers):
            raise self.refuse(
                expr,
                "wrong_type",
                f"{KIND_WORDS[left.kind]} with {KIND_WORDS[right.kind]}",
                "two of the same type",
            )
        ordered = left.kind in (*numbers, "date", "datetime")
        if (not ordered and expr.op not in ("=", "!=")) or (left.leaf and right.leaf and not ordered):
            raise self.refuse(
                expr, "wrong_type", f"{left.kind}s compared with {expr.op}", "a fact = a word, or !="
            )
        self._check_units(expr, left, right)
        op, swapped = _COMPARISONS[expr.op]
        a, b = (right, left) if swapped else (left, right)
        return self.b.compare(op, a.node, b.node)
