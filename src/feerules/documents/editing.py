"""A document with one value changed where it stands: all other text, comments included, stays as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

__all__ = ["Steps", "added", "replaced", "taken_out", "unshared", "value_at"]

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
Steps = tuple[str | int, ...]
"""The way to a value: keys of mappings, and places in lists counted from 0."""

_PLAIN = re.compile(r"[^\W_][^\n\r\t:#\[\]{},&!|'\"@`]*(?<! )")
_WORDS = frozenset(("", "~", "null", "y", "yes", "on", "n", "no", "off"))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A value of the text, from `start` to `end`; `value` is what it says, `inner` the values that it holds."""

    start: int
    end: int
    value: Any
    flow: bool = False
    anchor: str = ""
    alias: str = ""
    keys: tuple[_Spot, ...] = ()
    inner: tuple[_Spot, ...] = ()

    def place(self, step: str | int) -> int | None:
        """Where among the inner values a step leads."""
        if isinstance(self.value, dict):
            return next((n for n, key in enumerate(self.keys) if key.value == step), None)
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.inner):
            return step
        return None


# What can be done


def replaced(text: str, at: Steps, value: Any) -> str:
    """The text with another value in the place of one; KeyError where there is none."""
    text, way = _alone(text, at)
    spot = way[-1]
    if len(way) == 1:
        return _inline(value) if spot.flow else _written(value, -2).lstrip()
    parent, last = way[-2], at[-1]
    if parent.flow or isinstance(parent.value, list):
        told = _inline(value) if parent.flow else _written(value, _column(text, spot.start) - 2).lstrip(" ")
        return text[: spot.start] + told + text[spot.end :]
    place = parent.place(last)
    assert place is not None
    key = parent.keys[place]
    begin = text.index(":", key.end) + 1
    told = _written(value, _column(text, key.start))
    return text[:begin] + told + _rest(text, max(spot.end, begin), told)


def added(text: str, at: Steps, value: Any) -> str:
    """The text with a key more in a mapping, or a value more before the place in a list."""
    text, way = _alone(text, at[:-1], deep=False)
    spot, last = way[-1], at[-1]
    if isinstance(spot.value, dict) and not spot.flow and spot.keys:
        column, told = _column(text, spot.keys[-1].start), str(last)
        end = _line_end(text, spot.end)
        return f"{text[:end]}\n{' ' * column}{_inline(told)}:{_written(value, column)}{text[end:]}"
    if isinstance(spot.value, list) and not spot.flow and spot.inner and _begins_lines(text, spot):
        return _item_added(text, spot, int(last), value)
    grown: Any = spot.value
    if isinstance(grown, dict):
        grown = {**grown, last: value}
    elif isinstance(grown, list):
        grown = [*grown[: int(last)], value, *grown[int(last) :]]
    else:
        raise KeyError(last)
    return replaced(text, at[:-1], grown)


def _begins_lines(text: str, spot: _Spot) -> bool:
    """Whether each item of a list stands on a line of its own, and not behind the dash of another list."""
    starts = (_dash(text, each) for each in spot.inner)
    return not any(text[_line_start(text, at) : at].strip() for at in starts)


def _dash(text: str, item: _Spot) -> int:
    return text.rindex("-", 0, item.start)


def _item_added(text: str, spot: _Spot, place: int, value: Any) -> str:
    column = _column(text, _dash(text, spot.inner[0]))
    item = f"{' ' * column}-{_written(value, column)}"
    if place >= len(spot.inner):
        end = _line_end(text, spot.end)
        return f"{text[:end]}\n{item}{text[end:]}"
    begin = _line_start(text, _dash(text, spot.inner[place]))
    return f"{text[:begin]}{item}\n{text[begin:]}"


def taken_out(text: str, at: Steps) -> str:
    """The text without a key of a mapping, or a value of a list."""
    text, way = _alone(text, at)
    if len(way) == 1:
        raise KeyError(at)
    parent = way[-2]
    place = parent.place(at[-1])
    assert place is not None
    begin = (parent.keys or parent.inner)[place].start
    line = _line_start(text, begin)
    alone = text[line:begin].strip() in ("", "-")
    if parent.flow or len(parent.inner) == 1 or not alone or (parent.keys and text[line:begin].strip()):
        left = parent.value
        if isinstance(left, dict):
            left = {key: each for key, each in left.items() if key != at[-1]}
        else:
            left = [each for n, each in enumerate(left) if n != place]
        return replaced(text, at[:-1], left)
    end = _line_end(text, way[-1].end)
    return text[:line] + text[end + 1 :]


def unshared(text: str, at: Steps) -> str:
    """The text in which nothing else is the same value as what stands there, by an anchor and its aliases."""
    return _alone(text, at)[0]


def value_at(text: str, at: Steps) -> Any:
    """What stands there: a text, a mapping, a list or None; KeyError where nothing does."""
    return _way(_read(text), at)[-1].value


# Writing


def _written(value: Any, column: int) -> str:
    """A value as it follows a key of a block that begins in a column; tables go below it, as they are read best."""
    if isinstance(value, str) and "\n" in value:
        indent = " " * (column + 2)
        lines = value.strip("\n").split("\n")
        return " |\n" + "\n".join(indent + line if line else "" for line in lines)
    if isinstance(value, Mapping) and _has_lines(value):
        inner = (
            f"\n{' ' * (column + 2)}{_inline(key)}:{_written(each, column + 2)}"
            for key, each in value.items()
        )
        return "".join(inner)
    if isinstance(value, list | tuple) and _has_lines(value):
        return "".join(f"\n{' ' * (column + 2)}-{_written(each, column + 2)}" for each in value)
    return " " + _inline(value)


def _has_lines(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_lines, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_lines, value))
    return isinstance(value, str) and "\n" in value


def _inline(value: Any) -> str:
    if value is None:
        return "~"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


# Finding


def _alone(text: str, at: Steps, *, deep: bool = True) -> tuple[str, list[_Spot]]:
    """The text, and the way to a value in it, on which nothing is shared: a change of it must change no other.

    Nor inside of it, where `deep`.
    """
    while True:
        root = _read(text)
        way = _way(root, at)
        inside = {spot.anchor for spot in (*way, *(_within(way[-1]) if deep else ())) if spot.anchor}
        shared = [spot for spot in _within(root) if spot.alias and (spot in way or spot.alias in inside)]
        if not shared:
            return text, way
        last = max(shared, key=lambda spot: spot.start)
        column = _column(text, _line_start(text, last.start)) + _indent(text, last.start)
        told = _inline(last.value) if last.flow else _written(last.value, column).lstrip(" ")
        text = text[: last.start] + told + _rest(text, last.end, told)


def _way(root: _Spot, at: Steps) -> list[_Spot]:
    way = [root]
    for step in at:
        place = way[-1].place(step)
        if place is None:
            raise KeyError(step)
        way.append(way[-1].inner[place])
    return way


def _within(spot: _Spot) -> Iterator[_Spot]:
    yield spot
    if not spot.alias:
        for each in spot.inner:
            yield from _within(each)


def _rest(text: str, end: int, told: str) -> str:
    """What follows a value; behind several lines a comment of the first would be one of their last."""
    if "\n" not in told:
        return text[end:]
    line = _line_end(text, end)
    return text[line:] if text[end:line].lstrip().startswith("#") else text[end:]


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _column(text: str, at: int) -> int:
    return at - _line_start(text, at)


def _indent(text: str, at: int) -> int:
    line = text[_line_start(text, at) : at]
    return len(line) - len(line.lstrip(" "))


# Reading


@dataclass(slots=True)
class _Spots:
    text: str
    events: Iterator[Any]
    anchors: dict[str, _Spot] = field(default_factory=dict)

    def spot(self, event: Any, *, flow: bool) -> _Spot:
        start, end, anchor = _index(event.start_mark), _index(event.end_mark), str(event.anchor or "")
        if type(event) is AliasEvent:
            return replace(self.anchors[anchor], start=start, end=end, flow=flow, anchor="", alias=anchor)
        if type(event) is ScalarEvent:
            empty = not event.style and event.value in ("", "~", "null", "Null", "NULL")
            found = _Spot(start, self._trimmed(start, end), None if empty else event.value, flow, anchor)
        else:
            found = self._collection(event, start)
        if anchor:
            self.anchors[anchor] = found
        return found

    def _collection(self, event: Any, start: int) -> _Spot:
        flow, anchor = bool(event.flow_style), event.anchor or ""
        keys: list[_Spot] = []
        inner: list[_Spot] = []
        is_mapping = isinstance(event, MappingStartEvent)
        event = next(self.events)
        while not isinstance(event, MappingEndEvent | SequenceEndEvent):
            if is_mapping:
                keys.append(self.spot(event, flow=flow))
                event = next(self.events)
            inner.append(self.spot(event, flow=flow))
            event = next(self.events)
        end = _index(event.end_mark) if flow or not inner else max(each.end for each in (*keys, *inner))
        values: Any = [each.value for each in inner]
        if is_mapping:
            values = {key.value: value for key, value in zip(keys, values, strict=True)}
        return _Spot(start, end, values, flow, anchor, "", tuple(keys), tuple(inner))

    def _trimmed(self, start: int, end: int) -> int:
        """Without the blank lines that a block scalar ends with."""
        return start + len(self.text[start:end].rstrip())


def _index(mark: Any) -> int:
    return int(mark.index)


def _read(text: str) -> _Spot:
    loader = _Loader(text)

    def events() -> Iterator[Any]:
        while (event := loader.get_event()) is not None:
            yield event

    every = events()
    for event in every:
        if isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            return _Spots(text, every).spot(event, flow=False)
    raise KeyError("nothing")
