"""The accounts of a desk as lines of JSON: a head, then a line for each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from feerules.errors import FeeRulesError

__all__ = ["Head", "SnapshotError", "read_snapshot", "written_snapshot"]

KIND, SCHEMA = "feerules-desk", 1


class SnapshotError(FeeRulesError, ValueError):
    """Bytes that are no snapshot of a desk, or not all of one."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")


class Head(NamedTuple):
    """What the first line tells: how many accounts follow, under which book, and what the desk was told to keep."""

    accounts: int
    digest: str
    late: int
    most: int


def written_snapshot(accounts: Iterable[tuple[str, bytes]], head: Head) -> bytes:
    lines = [json.dumps({"kind": KIND, "schema": SCHEMA, **head._asdict()}).encode()]
    lines += (
        b"[" + json.dumps(name, ensure_ascii=False).encode() + b"," + data + b"]" for name, data in accounts
    )
    return b"\n".join([*lines, b""])


def read_snapshot(snapshot: bytes) -> tuple[Head, list[tuple[str, bytes]]]:
    """The head, and each account with its data."""
    if not isinstance(snapshot, bytes | bytearray | memoryview):
        raise SnapshotError(f"a {type(snapshot).__name__}", "bytes, as snapshot() gives them")
    first, _, rest = bytes(snapshot).partition(b"\n")
    head = _head_of(first)
    lines = rest.split(b"\n")
    if lines[-1:] != [b""] or len(lines) - 1 != head.accounts:
        expected = f"{head.accounts}: the snapshot was cut off, or changed"
        raise SnapshotError(f"{len(lines) - 1} whole lines", expected)
    return head, [_account_of(number, line) for number, line in enumerate(lines[:-1], 2)]


def _head_of(line: bytes) -> Head:
    told = _json(line)
    if not isinstance(told, dict) or told.pop("kind", None) != KIND:
        raise SnapshotError(f"{line[:60]!r} in the first line", f"a snapshot of a desk: kind {KIND}")
    schema = told.pop("schema", None)
    if schema != SCHEMA:
        raise SnapshotError(f"a snapshot of schema {schema}", f"schema {SCHEMA}")
    match told:
        case {"accounts": int(), "digest": str(), "late": int(), "most": int()} if len(told) == 4:
            return Head(**told)
    expected = f"{', '.join(Head._fields)}, each as a desk writes it"
    raise SnapshotError(f"{', '.join(map(str, told))} in the first line", expected)


def _json(line: bytes) -> object:
    """What a line says; None where it is no JSON."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _account_of(number: int, line: bytes) -> tuple[str, bytes]:
    match _json(line):
        case [str() as name, {"day": int(), "rows": list()} as told]:
            pass
        case _:
            raise SnapshotError(f"{line[:60]!r} in line {number}", "an account and what is kept of it")
    return name, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
