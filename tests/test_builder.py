"""The builder: what is built twice is one node, so that an engine computes it once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from feerules.plan.bounds import Builder
from feerules.plan.nodes import Leaf, Node

AREA = Leaf("area", "decimal", 2, 0, 10_000)
OTHER = Leaf("other", "decimal", 2, 0, 10_000)
USED = Leaf("used", "decimal", 3, -500, 90_000)
LONG = tuple(range(10_001))  # told by its identity

BUILT: dict[str, Callable[[Builder, Node, Node], Node]] = {
    "a sum": lambda b, x, y: b.add(x, y),
    "a difference": lambda b, x, y: b.sub(x, y),
    "a product": lambda b, x, y: b.mul(x, y),
    "a division": lambda b, x, y: b.div_round(x, b.max(y, b.const(1, 3)), "down", 4),
    "a minimum": lambda b, x, y: b.min(x, y),
    "a maximum": lambda b, x, y: b.max(x, y),
    "a comparison": lambda b, x, y: b.compare("<=", x, y),
    "both": lambda b, x, y: b.all_of((b.compare("<", x, y), b.compare("!=", x, y))),
    "either": lambda b, x, y: b.any_of((b.compare("<", x, y), b.compare("==", x, y))),
    "not": lambda b, x, y: b.negate(b.compare("<", x, y)),
    "a choice": lambda b, x, y: b.choose(b.compare("<", x, y), x, y),
    "a number with more places": lambda b, x, y: b.raised(x, 6),
    "a number without its places": lambda b, x, y: b.unscaled(x),
    "a proved bound": lambda b, x, y: b.within(x, 5, 50),
    "an entry of a short table": lambda b, x, y: b.gather(tuple(range(200)), b.within(x, 0, 199)),
    "an entry of a long table": lambda b, x, y: b.gather(LONG, b.unscaled(x)),
    "a band": lambda b, x, y: b.band((100, 5_000), x),
}


@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
def test_what_is_built_twice_is_one_node(build: Callable[[Builder, Node, Node], Node]) -> None:
    b = Builder()
    x, y = b.fact(AREA), b.fact(USED)
    assert build(b, x, y) is build(b, x, y)
    assert build(b, x, y) is not build(b, b.fact(OTHER), y)


@pytest.mark.parametrize("text", ["0", "-0.00", "2.80", "-12.5", "1E+3", "0.000001", "1" * 30 + ".25"])
def test_a_decimal_is_its_digits_and_its_places(text: str) -> None:
    node = Builder().decimal(Decimal(text))
    sign, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    assert (node.value, node.scale) == (-whole if sign else whole, max(-exponent, 0))
