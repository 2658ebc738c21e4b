"""A PostgreSQL server of one's own, on this machine, for as long as a block of Python runs."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["has_postgres", "postgres_server"]

OPTIONS = {"listen_addresses": "127.0.0.1", "fsync": "off", "jit": "off"}
INITDB = ("-U", "feerules", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")


def has_postgres() -> bool:
    return _found("initdb") is not None


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a server that ends with the block, and everything in it."""
    # As root it refuses to run; then the account that its package made runs it.
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    who = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="feerules-pg") as folder:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)

        def run(program: str, *words: str) -> None:
            command = [str(_found(program)), "-D", f"{folder}/data", *words]
            subprocess.run(command, check=True, capture_output=True, cwd=folder, **who)  # noqa: S603  (the server's own)

        run("initdb", *INITDB)
        port = _free_port()
        given = {**OPTIONS, "port": port, "unix_socket_directories": folder}
        options = " ".join(f"-c {name}={value}" for name, value in given.items())
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"host=127.0.0.1 port={port} user=feerules dbname=postgres"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


def _found(name: str) -> str | None:
    """A program of the server: on PATH, or in the newest of the folders where Debian has them."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or next((str(each / name) for each in folders if (each / name).exists()), None)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
