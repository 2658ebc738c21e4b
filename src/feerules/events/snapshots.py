"""The accounts of a desk as lines of JSON: a head, then a line for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from feerules.errors import FeeRulesError
from feerules.events.kept import Kept, is_kept

__all__ = ["Head", "SnapshotError", "read_snapshot", "written_snapshot"]

KIND, SCHEMA = "feerules-desk", 1


class SnapshotError(FeeRulesError, ValueError):
    """Bytes that are no snapshot of a desk, or not all of one."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")


class Head(NamedTuple):
    """What the first line tells: how many accounts follow, under which book, and what the desk was told to keep,
    and the ids of the policies."""

    accounts: int
    digest: str
    late: int
    most: int
    policies: Sequence[str]


def written_snapshot(accounts: Iterable[tuple[str, bytes]], head: Head) -> bytes:
    lines = [json.dumps({"kind": KIND, "schema": SCHEMA, **head._asdict()}).encode()]
    lines += (
        b"[" + json.dumps(name, ensure_ascii=False).encode() + b"," + data + b"]" for name, data in accounts
    )
    return b"\n".join([*lines, b""])


def read_snapshot(snapshot: bytes) -> tuple[Head, Iterator[Kept]]:
    """The head, and what is kept of each account."""
    if not isinstance(snapshot, bytes | bytearray | memoryview):
        raise SnapshotError(f"a {type(snapshot).__name__}", "bytes, as snapshot() gives them")
    first, _, rest = bytes(snapshot).partition(b"\n")
    head = _head_of(first)
    lines = rest.split(b"\n")
    if lines[-1:] != [b""] or len(lines) - 1 != head.accounts:
        expected = f"{head.accounts}: the snapshot was cut off, or changed"
        raise SnapshotError(f"{len(lines) - 1} whole lines", expected)
    return head, _accounts_of(lines[:-1])


def _accounts_of(lines: Iterable[bytes]) -> Iterator[Kept]:
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 2):
        kept = _account_of(number, line)
        first = seen.setdefault(kept.account_id, number)
        if first != number:
            raise SnapshotError(
                f"{kept.account_id!r} in line {number} and in line {first}", "each account once"
            )
        yield kept


def _head_of(line: bytes) -> Head:
    told = _json(line)
    if not isinstance(told, dict) or told.pop("kind", None) != KIND:
        raise SnapshotError(f"{line[:60]!r} in the first line", f"a snapshot of a desk: kind {KIND}")
    schema = told.pop("schema", None)
    if schema != SCHEMA:
        raise SnapshotError(f"a snapshot of schema {schema}", f"schema {SCHEMA}")
    if told.keys() == set(Head._fields) and all(_HEAD[name](value) for name, value in told.items()):
        return Head(**told)
    expected = f"{', '.join(Head._fields)}, each as a desk writes it"
    raise SnapshotError(f"{', '.join(map(str, told))} in the first line", expected)


_HEAD: Mapping[str, Callable[[Any], bool]] = {
    "accounts": lambda count: type(count) is int,
    "digest": lambda digest: isinstance(digest, str),
    "late": lambda days: type(days) is int and days >= 0,
    "most": lambda count: type(count) is int and count > 0,
    "policies": lambda ids: isinstance(ids, list) and all(isinstance(each, str) for each in ids),
}


def _json(line: bytes) -> object:
    """What a line says; None where it is no JSON, or none that could be written again."""
    try:
        said: object = json.loads(line)
        json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return said


def _account_of(number: int, line: bytes) -> Kept:
    match _json(line):
        case [str() as name, dict() as told] if name and is_kept(told):
            return Kept.of_told(name, told)
    raise SnapshotError(f"{line[:60]!r} in line {number}", "an account and what is kept of it")
