"""What a description tells of one position, by the scalar engine: the plainest of its renderings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from feerules.deciding.facts import DRAWN
from feerules.deciding.told import (
    Case,
    Constant,
    Contradictions,
    Count,
    Day,
    Description,
    Lists,
    Minute,
    Money,
    Own,
    Part,
    Told,
    Truth,
    Words,
)
from feerules.ledger.contradictions import CONTRADICTIONS
from feerules.ledger.position import Position
from feerules.money import from_scaled
from feerules.periods import from_day_number
from feerules.plan.nodes import Const, Leaf, Node
from feerules.reference import encoder, function

__all__ = ["told_of"]


def told_of(
    description: Description, position: Position, facts: Mapping[str, Any], as_of: date, **more: Any
) -> dict[str, Any]:
    """The columns that are told, by name; `more` is what the position says beside its own columns."""
    return _Telling(description, position, facts, as_of, more).told()


class _Telling:
    def __init__(
        self, description: Description, position: Position, facts: Mapping[str, Any], as_of: date, more: Mapping[str, Any]
    ) -> None:  # fmt: skip
        self.description, self.position, self.facts = description, position, facts
        self.as_of, self.more = as_of, more
        plan = description.plan
        pairs = [self._read(leaf) for leaf in plan.leaves]
        arguments = [number for number, _ in pairs] + [given for _, given in pairs]
        answers = function(plan.leaves, [*plan.totals.values()])(*arguments)
        self.answers = dict(zip(plan.totals, answers, strict=True))

    def _own(self, name: str) -> Any:
        if name in self.more:
            return self.more[name]
        return self.position.account_id if name == "account_id" else self._attribute(name)

    def _attribute(self, name: str) -> Any:
        try:
            return self.position[name]
        except KeyError:
            return getattr(self.position, name)

    def _read(self, leaf: Leaf) -> tuple[int, int]:
        """The number that stands for a fact, and whether there is one."""
        if leaf.name in DRAWN:
            column, entry = DRAWN[leaf.name]
            found = self._own(column)
            return int(bool(found) if entry is None else entry in found), 1
        if leaf.name.startswith("@"):
            value = self._own(leaf.name.removeprefix("@"))
        elif leaf.name in self.position.values:
            value = self.position[leaf.name]
        else:
            value = self.facts.get(leaf.name)
        if value in (None, ""):
            return leaf.lo if leaf.default is None else leaf.default, int(leaf.default is not None)
        return encoder(leaf)(value), 1

    def _number(self, node: Node) -> int:
        return node.value if isinstance(node, Const) else self.answers[self.description.name_of(node)]

    def told(self) -> dict[str, Any]:
        reasons = [each for each in self.description.reasons if self._number(each.when)]
        acts = self.description.acts is not None and self._number(self.description.acts)
        fields = [f"{self._text(each.parts)}" for each in self.description.fields if self._number(each.when)]
        told: dict[str, Any] = {}
        for name, column in self.description.columns.items():
            match column.kind:
                case "reasons":
                    told[name] = [each.code for each in reasons]
                case "reasons_json":
                    told[name] = [json.loads(self._text(each.parts)) for each in reasons]
                case "message":
                    told[name] = json.loads(f"{{{', '.join(fields)}}}") if acts else None
                case _:
                    told[name] = self._first(column.cases)
        return told

    def _first(self, cases: Sequence[Case]) -> Any:
        found = next((case.told for case in cases if self._number(case.when)), None)
        return None if found is None else self._value(found)

    def _value(self, told: Told) -> Any:
        match told:
            case Constant(value=value):
                return value
            case Words(table=table, at=at):
                return table[self._number(at)]
            case Lists(table=lists, at=at):
                return [*lists[self._number(at)]]
            case Truth(of=node):
                return bool(self._number(node))
            case Count(of=node):
                return self._number(node)
            case Money(fen=node):
                return from_scaled(self._number(node), 2)
            case Day(number=node):
                return from_day_number(self._number(node))
            case Minute(number=node):
                zone = self.as_of.tzinfo if isinstance(self.as_of, datetime) else None
                return datetime(1970, 1, 1, tzinfo=zone) + timedelta(minutes=self._number(node))
            case Own(column=name):
                found = self._own(name)
                return [*found] if isinstance(found, tuple) else found
            case Contradictions():
                said = [(CONTRADICTIONS[code], name) for code, _, name in self.position.contradictions]
                zh = "、".join(f"{words[0]}（{name}）" for words, name in said)
                return {"zh": zh, "en": "; ".join(f"{name}: {words[1]}" for words, name in said)}

    def _text(self, parts: Sequence[Part]) -> str:
        return "".join(part if isinstance(part, str) else self._json(part) for part in parts)

    def _json(self, told: Told) -> str:
        value = self._value(told)
        if isinstance(told, Money) or (isinstance(told, Own) and told.kind == "money"):
            value = format(value, "f")
        return json.dumps(value.isoformat() if isinstance(value, date) else value, ensure_ascii=False)
