"""Which engine looks for reactions: durable-rules where it is installed, the reference everywhere; the answers are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

from feerules.errors import FeeRulesError, MissingExtra
from feerules.ledger import patterns
from feerules.plan.dunning import Compiled
from feerules.plan.patterns import Happened, Match, Used

__all__ = ["Engine", "EngineName", "UnusableEngine", "engine_named"]

EngineName: TypeAlias = Literal["durable", "plain"]
Engine: TypeAlias = Callable[[Compiled, Sequence[Happened], int, Used], list[Match]]

# C code that Python 3.13 has dropped; it is one call, and this says it otherwise.
SWITCH = "CPPFLAGS='-DPyEval_CallObject(f,a)=PyObject_Call((f),(a),NULL)'"


class UnusableEngine(FeeRulesError, ImportError):
    """durable-rules is installed, and cannot be imported; the message says how it must be built."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"durable-rules is installed and cannot be imported ({why}): build it again, on Python 3.13 with"
            f" {SWITCH} pip install --no-cache-dir --force-reinstall --no-binary durable-rules durable-rules;"
            ' or give engine="plain", which needs nothing and answers the same'
        )


def engine_named(name: EngineName | None) -> Engine:
    """The engine of a name; without one, durable-rules where it can be used, else the reference.

    Raises `MissingExtra` or `UnusableEngine` where durable-rules is asked for and cannot be had.
    """
    match name:
        case "plain":
            return _plain
        case "durable":
            return _durable(_rete())
        case None:
            with suppress(MissingExtra, UnusableEngine):
                return _durable(_rete())
            return _plain
    raise ValueError(f'found {name!r} as engine, expected "durable", "plain" or None')


def _plain(compiled: Compiled, history: Sequence[Happened], until: int, used: Used) -> list[Match]:
    return patterns.matches(history, compiled.reactions.reactions, until, used)


def _rete() -> Any:
    """The module that needs the extra `events`."""
    try:
        from feerules.engines import rete
    except ModuleNotFoundError as error:
        raise MissingExtra('engine="durable"', "events", error.name or "") from error
    except ImportError as error:
        raise UnusableEngine(str(error)) from error
    return rete


# A ruleset is compiled once for a policy: durable-rules has room for so many.
_compiled: WeakKeyDictionary[Compiled, Any] = WeakKeyDictionary()
_lock = Lock()


def _durable(rete: Any) -> Engine:
    def look(compiled: Compiled, history: Sequence[Happened], until: int, used: Used) -> list[Match]:
        with _lock:
            found = _compiled.get(compiled)
            if found is None:
                found = _compiled[compiled] = rete.Rete(compiled.reactions.reactions)
        matches: list[Match] = found.matches(history, until, used)
        return matches

    return look
