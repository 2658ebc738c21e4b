"""The accounts of a desk as lines of JSON: a head, then a line for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from feerules.errors import FeeRulesError

__all__ = ["SnapshotError", "read_snapshot", "written_snapshot"]

KIND, SCHEMA = "feerules-desk", 1


class SnapshotError(FeeRulesError, ValueError):
    """Bytes that are no snapshot of a desk, or not all of one."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")


def written_snapshot(accounts: Iterable[tuple[str, bytes]], count: int, digest: str) -> bytes:
    head = {"kind": KIND, "schema": SCHEMA, "accounts": count, "digest": digest}
    lines = [json.dumps(head).encode()]
    lines += (
        b"[" + json.dumps(name, ensure_ascii=False).encode() + b"," + data + b"]" for name, data in accounts
    )
    return b"\n".join([*lines, b""])


def read_snapshot(snapshot: bytes) -> Iterator[tuple[str, bytes]]:
    """Each account with its data; every line is looked at before the first is given."""
    if not isinstance(snapshot, bytes | bytearray | memoryview):
        raise SnapshotError(f"a {type(snapshot).__name__}", "bytes, as snapshot() gives them")
    head, _, rest = bytes(snapshot).partition(b"\n")
    count = _count_of(head)
    lines = rest.split(b"\n")
    if lines[-1:] != [b""] or len(lines) - 1 != count:
        raise SnapshotError(f"{len(lines) - 1} whole lines", f"{count}: the snapshot was cut off, or changed")
    accounts = [_account_of(number, line) for number, line in enumerate(lines[:-1], 2)]
    return iter(accounts)


def _count_of(head: bytes) -> int:
    try:
        told = json.loads(head)
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("kind") != KIND:
        raise SnapshotError(f"{head[:60]!r} in the first line", f"a snapshot of a desk: kind {KIND}")
    if told.get("schema") != SCHEMA:
        raise SnapshotError(f"a snapshot of schema {told.get('schema')}", f"schema {SCHEMA}")
    count = told.get("accounts")
    if not isinstance(count, int):
        raise SnapshotError(f"{head[:60]!r} in the first line", "the number of accounts in it")
    return count


def _account_of(number: int, line: bytes) -> tuple[str, bytes]:
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    match said:
        case [str() as name, {"day": int(), "rows": list()} as told]:
            pass
        case _:
            raise SnapshotError(f"{line[:60]!r} in line {number}", "an account and what is kept of it")
    return name, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
