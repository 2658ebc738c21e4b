"""Where something is lowered: at which moment, for which records, and what was lowered there before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from feerules.plan.bounds import Builder
from feerules.plan.moments import Moment
from feerules.plan.nodes import Mark, Node

__all__ = ["Context"]

T = TypeVar("T")
FEES = "fees"  # beside the built-in names: that other fees' amounts were read


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What was lowered where `need` had to hold; `read` is what it took from its moment."""

    need: Node
    read: Mapping[str, object]
    found: Any
    marks: Sequence[Mark]


class Context:
    """A moment and a need, both of which may change for a while."""

    def __init__(self, builder: Builder, moment: Moment) -> None:
        self.b = builder
        self.moment = moment
        self.need: Node = builder.true
        self.within: tuple[Node, ...] = (builder.true,)  # the need, and those that it stands inside
        self._made: dict[object, list[_Made]] = {}
        self._read: dict[str, object] = {}
        self.marks: list[Mark] | None = None  # the rules that decide here, where a plan is to tell them

    def at(self, moment: Moment) -> _While:
        """What is lowered inside is judged at another moment."""
        return _While(self, moment, self.need)

    def needing(self, test: Node) -> _While:
        """Facts read inside are needed only where `test` holds as well."""
        return _While(self, self.moment, self.b.all_of((self.need, test)))

    def inside(self, need: Node) -> None:
        """Begins where `need` has to hold for everything."""
        self.need, self.within = need, (need,)

    # What was lowered before

    def once(self, key: object, lower: Callable[..., T], *args: object) -> T:
        """What `lower` makes of its arguments, made once where all that it reads of the moment is the same.

        What is needed where less has to hold is needed here too, so its facts and guards are not noted again.
        """
        made = self._made.setdefault(key, [])
        for each in made:
            if each.need in self.within and all(self._now(name) is was for name, was in each.read.items()):
                self._read.update(each.read)
                if self.marks is not None:
                    self.marks += each.marks
                return each.found  # type: ignore[no-any-return]  # the key says what was lowered
        outer, self._read = self._read, {}
        before = 0 if self.marks is None else len(self.marks)
        try:
            found = lower(*args)
            made.append(_Made(self.need, self._read, found, self.marks[before:] if self.marks else ()))
        finally:
            self._read = {**outer, **self._read}
        return found

    def mark(
        self, kind: str, rule: Any, at: Node, rules: Sequence[tuple[int, ...]] = ((), (0,)), asked: Any = None
    ) -> None:
        """Notes where rules of the document decide, if anybody asked."""
        if self.marks is not None:
            self.marks.append(Mark(kind, rule, self.need, at, rules, asked))

    def judged(self, name: str) -> Node:
        """What a built-in name is at this moment."""
        node = self._read[name] = self.moment.nodes[name]
        return node

    def reads_fees(self) -> None:
        """Notes that other fees' amounts are read, which are those of this very moment."""
        self._read[FEES] = self.moment

    @property
    def of_fees(self) -> bool:
        """Whether anything was made from other fees' amounts, which differ from line to line."""
        return FEES in self._read

    def _now(self, name: str) -> object:
        return self.moment if name == FEES else self.moment.nodes.get(name)


class _While:
    """Another moment and another need, until the block ends. Not a generator: lines enter very many."""

    __slots__ = ("before", "context", "moment", "need")

    def __init__(self, context: Context, moment: Moment, need: Node) -> None:
        self.context, self.moment, self.need = context, moment, need
        self.before = context.moment, context.need, context.within

    def __enter__(self) -> None:
        context = self.context
        context.moment = self.moment
        if self.need is not context.need:
            context.need, context.within = self.need, (*context.within, self.need)

    def __exit__(self, *_: object) -> None:
        self.context.moment, self.context.need, self.context.within = self.before
