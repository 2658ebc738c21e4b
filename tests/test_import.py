"""`import feerules` is cheap and quiet: what it loads and touches, seen from a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CORE = {
    "feerules",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "typing_inspection",
    "babel",
    "yaml",
    "_yaml",
}

# Told apart by the call stack: what the import system opens is fine, and so is pydantic's look for its own
# plugins; anything else that happens while a line of the package runs is the package's doing.
WATCHED_IMPORT = """
import json, sys

WATCHED = ("open", "os.listdir", "os.scandir", "os.putenv", "socket", "subprocess", "shutil", "sqlite3")
touched = []

def blamed_on_package():
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename.replace("\\\\", "/")
        if file.startswith("<frozen importlib") or "/pydantic/plugin/" in file:
            return False
        if "/feerules/" in file:
            return True
        frame = frame.f_back
    return False

def watch(event, args):
    if event.startswith(WATCHED) and blamed_on_package():
        touched.append(f"{event} {args[0] if args else ''}")

before = set(sys.modules)
sys.addaudithook(watch)
import feerules
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps({"third_party": sorted(loaded - sys.stdlib_module_names), "touched": touched}))
"""


def run_fresh(code: str, place: Path) -> dict[str, Any]:
    """Runs code in a new interpreter that finds the feerules in `place`; gives the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def place_of_the_package() -> Path:
    """Where this test run finds feerules: the source tree or an installed wheel."""
    spec = find_spec("feerules")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parents[1]


@pytest.fixture(scope="module")
def imported() -> dict[str, Any]:
    return run_fresh(WATCHED_IMPORT, place_of_the_package())


def test_import_loads_no_optional_dependency(imported: dict[str, Any]) -> None:
    # Modules that Cython and the interpreter make for themselves come with yaml and with Python.
    made = ("cython_runtime", "_cython_", "_sysconfigdata_")
    loaded = {name for name in imported["third_party"] if not name.startswith(made)}
    assert loaded - CORE == set()


def test_import_opens_no_file_and_starts_nothing(imported: dict[str, Any]) -> None:
    assert imported["touched"] == []


def test_the_watch_sees_a_package_that_reads_a_file_and_loads_an_extra(tmp_path: Path) -> None:
    package = tmp_path / "feerules"
    package.mkdir()
    (tmp_path / "extra.py").write_text("")
    (package / "__init__.py").write_text("import extra\nopen(__file__).close()\n")
    seen = run_fresh(WATCHED_IMPORT, tmp_path)
    assert seen == {"third_party": ["extra", "feerules"], "touched": [f"open {package / '__init__.py'}"]}


BUILT_ON_IMPORT = """
import json
import feerules
from feerules.documents.model import Part

waiting, built = [Part], []
while waiting:
    each = waiting.pop()
    waiting += each.__subclasses__()
    built += [each.__name__] * each.__pydantic_complete__
print(json.dumps({"built": built}))
"""


def test_import_builds_no_validators() -> None:
    assert run_fresh(BUILT_ON_IMPORT, place_of_the_package()) == {"built": []}
