"""The peers that benchmarks measure against, each set up as its own manual says is fastest.

`zen_decision` and `zen_loaded` evaluate the rate table of benchmarks/data/garden, one of its five fees.
`openfisca_simulation` computes all five fees of many homes, in floats and without checks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FEES", "openfisca_simulation", "zen_batch", "zen_decision", "zen_loaded", "zen_model"]

Evaluate = Callable[[Mapping[str, Any]], float]

# type, lift, floor, rate: the rate table of the management fee.
RATES = (
    ('"residential"', "true", "[1..3]", "2.00"),
    ('"residential"', "true", "> 3", "2.80"),
    ('"residential"', "true", "< 1", "1.20"),
    ('"residential"', "false", "", "1.50"),
    ('"shop"', "", "", "6.50"),
    ('"parking"', "", "", "0.80"),
)


# zen-engine


def zen_model(rows: tuple[tuple[str, ...], ...] = RATES, names: str = "type lift floor") -> str:
    """A decision table as zen's JSON: the columns `names`, then `rate`."""
    columns = names.split()
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "rate", "name": "rate", "field": "rate"}],
        "rules": [
            {"_id": str(number), **dict(zip([*columns, "rate"], row, strict=True))}
            for number, row in enumerate(rows)
        ],
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {"id": "table", "type": "decisionTableNode", "name": "table", "position": place, "content": table},
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]
    edges = [
        {"id": f"{start}-{end}", "sourceId": start, "targetId": end, "type": "edge"}
        for start, end in (("in", "table"), ("table", "out"))
    ]
    return json.dumps({"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges})


def zen_decision(model: str = "") -> Evaluate:
    """`evaluate` of a decision that was compiled and created once: the way of zen's manual."""
    import zen

    content = zen.ZenDecisionContent(model or zen_model())
    decision = zen.ZenEngine().create_decision(content)
    return lambda unit: decision.evaluate(unit)["result"]["rate"]  # type: ignore[no-any-return]


def zen_loaded(model: str = "") -> Evaluate:
    """`evaluate` of an engine that holds its models itself: zen's fastest way for one record."""
    engine = _zen_engine(model)
    return lambda unit: engine.evaluate("rates", unit)["result"]["rate"]  # type: ignore[no-any-return]


def zen_batch(model: str = "") -> Callable[[list[Mapping[str, Any]]], list[Any]]:
    """`evaluate_batch` of the same engine: zen's fastest way for many records."""
    engine = _zen_engine(model)
    return lambda units: engine.evaluate_batch([{"key": "rates", "context": unit} for unit in units])  # type: ignore[no-any-return]


def _zen_engine(model: str) -> Any:
    import zen

    return zen.ZenEngine(
        {"loader": {"type": "static", "content": {"rates": json.loads(model or zen_model())}}}
    )


# OpenFisca

FEES = ("management", "fire_safety", "rubbish", "water", "drainage")


def openfisca_simulation(n: int, columns: Mapping[str, Any] | None = None) -> Callable[[str], dict[str, Any]]:
    """The five fees of `n` homes: a function from a month such as "2026-11" to an array per fee.

    `columns` holds a numpy array of length `n` for each fact of the garden (`books.garden_columns`); a
    call computes everything anew. As OpenFisca's users do: vectors of floats, scales for the tiers.
    """
    from books import garden_columns
    from openfisca_core.simulation_builder import SimulationBuilder

    given = garden_columns(n) if columns is None else columns
    system = _tax_benefit_system()

    def run(period: str) -> dict[str, Any]:
        simulation = SimulationBuilder().build_default_simulation(system, n)
        for name in system.variables:
            if name in given:
                simulation.set_input(name, period, given[name])
        return {fee: simulation.calculate(fee, period) for fee in FEES}

    return run


def _tax_benefit_system() -> Any:
    """Facts and fees as OpenFisca's variables; prices as its parameters."""
    from openfisca_core.entities import build_entity
    from openfisca_core.parameters import ParameterNode
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem

    unit = build_entity("unit", "units", "A home", is_person=True)
    system = TaxBenefitSystem([unit])
    system.parameters = ParameterNode(data=_parameters())
    for name, kind in FACTS.items():
        system.add_variable(_variable(unit, name, kind))
    for name, formula in _formulas().items():
        system.add_variable(_variable(unit, name, float, formula))
    return system


FACTS = {
    "type": int,
    "lift": bool,
    "floor": int,
    "area": float,
    "days": float,  # from handover on, of the days of the month
    "vacant_months": int,
    "household_size": int,
    "water_used": float,
    "water_used_this_year": float,
}


def _variable(entity: Any, name: str, kind: type, formula: Any = None) -> Any:
    from openfisca_core.periods import DateUnit
    from openfisca_core.variables import Variable

    about = {"value_type": kind, "entity": entity, "definition_period": DateUnit.MONTH, "label": name}
    return type(name, (Variable,), about | ({"formula": formula} if formula else {}))


def _parameters() -> dict[str, Any]:
    day = "2026-01-01"

    def scale(*bounds: int) -> dict[str, Any]:
        bands = zip((0, *bounds), (1.92, 3.30, 4.30), strict=True)
        return {"brackets": [{"threshold": {day: low}, "rate": {day: rate}} for low, rate in bands]}

    prices = {"fire_safety": 0.01, "rubbish": 10.0, "drainage": 1.70, "vacant": 0.70}
    found: dict[str, Any] = {name: {"values": {day: price}} for name, price in prices.items()}
    return found | {"water": scale(220, 300), "water_large": scale(320, 400)}


def _formulas() -> dict[str, Any]:
    import numpy as np

    def management(unit: Any, period: Any, parameters: Any) -> Any:
        kind, lift, floor = (unit(name, period) for name in ("type", "lift", "floor"))
        home = kind == 0
        high, low = home & lift & (floor > 3), home & lift & (floor < 1)
        rate = np.select([high, low, home & lift, home, kind == 1], [2.80, 1.20, 2.00, 1.50, 6.50], 0.80)
        vacant = np.where(unit("vacant_months", period) >= 6, parameters(period).vacant, 1.0)
        return np.round(unit("area", period) * rate * unit("days", period) * vacant, 2)

    def fire_safety(unit: Any, period: Any, parameters: Any) -> Any:
        return np.round(unit("management", period) * parameters(period).fire_safety, 2)

    def rubbish(unit: Any, period: Any, parameters: Any) -> Any:
        return np.full(unit.count, parameters(period).rubbish)

    def water(unit: Any, period: Any, parameters: Any) -> Any:
        before = unit("water_used_this_year", period)
        upto, prices = before + unit("water_used", period), parameters(period)
        small, large = (scale.calc(upto) - scale.calc(before) for scale in (prices.water, prices.water_large))
        return np.round(np.where(unit("household_size", period) >= 5, large, small), 2)

    def drainage(unit: Any, period: Any, parameters: Any) -> Any:
        return np.round(unit("water_used", period) * 0.9 * parameters(period).drainage, 2)

    return {each.__name__: each for each in (management, fire_safety, rubbish, water, drainage)}
