"""The laws of the house, as functions over its source: which module may import which, how rooms are kept.

Each law takes a `House` and gives its breaches as sentences. `test_layers.py` holds the source to them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "feerules"

FOUNDATIONS = {"errors", "money", "periods", "calendars", "wording", "vocabulary"}
BAD_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
MOST_LINES = 450

OPTIONAL = {
    "chinese_calendar",
    "cn2an",
    "duckdb",
    "durable",
    "gsm0338",
    "jinja2",
    "markupsafe",
    "narwhals",
    "numpy",
    "openpyxl",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "rich",
    "sqlglot",
    "tqdm",
    "typer",
    "vl_convert",
    "xlsxwriter",
}
# Core dependencies that only some calls need: a service that never explains a bill, or that unpickles a
# book that others loaded, need not pay for them when it starts.
CORE_BUT_SLOW = {"babel", "yaml"}


@dataclass(frozen=True)
class Import:
    """One import as it stands in a file: `importer` and an own `target` as in "documents.cells"."""

    importer: str
    target: str
    line: int
    own: bool
    in_function: bool

    def __str__(self) -> str:
        place = f"{self.importer or '__init__'}:{self.line}"
        return f"{place} imports {f'{PACKAGE}.{self.target}'.rstrip('.') if self.own else self.target}"


@dataclass(frozen=True)
class House:
    """The source as modules by dotted name under the package; the package itself is ""."""

    root: Path
    trees: dict[str, ast.Module] = field(repr=False)
    paths: dict[str, Path] = field(repr=False)
    imports: tuple[Import, ...] = field(repr=False)

    def own(self) -> Iterator[Import]:
        return (i for i in self.imports if i.own)

    def modules_of(self, room: str) -> set[str]:
        return {m for m in self.trees if room_of(m) == room}


def room_of(module: str) -> str:
    return module.partition(".")[0]


def read_house(root: Path) -> House:
    paths = {name_of(path, root): path for path in sorted(root.rglob("*.py"))}
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in paths.items()}
    imports = (i for name in trees for i in imports_of(name, trees, paths[name].name == "__init__.py"))
    # Names taken from one module by one statement are one import.
    return House(root, trees, paths, tuple(dict.fromkeys(imports)))


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(module: str, trees: dict[str, ast.Module], is_package: bool) -> Iterator[Import]:
    for node, in_function in statements(trees[module], False):
        for base, name in bases_and_names(node, module, is_package):
            top, _, rest = base.partition(".")
            if top != PACKAGE:
                yield Import(module, base, node.lineno, False, in_function)
                continue
            inner = f"{rest}.{name}".strip(".")
            # `from a import b` means the module a.b where there is one, else a name in a.
            yield Import(module, inner if inner in trees else rest, node.lineno, True, in_function)


def statements(node: ast.AST, in_function: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, in_function
    inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from statements(child, inside)


def bases_and_names(
    node: ast.Import | ast.ImportFrom, module: str, is_package: bool
) -> list[tuple[str, str]]:
    """The module that each alias is taken from, in full, and its name there ("" for the module itself)."""
    if isinstance(node, ast.Import):
        return [(alias.name, "") for alias in node.names]
    base = node.module or ""
    if node.level:
        here = [PACKAGE, *filter(None, module.split("."))]
        up = node.level - 1 if is_package else node.level
        base = ".".join([*here[: len(here) - up], *filter(None, [node.module])])
    return [(base, alias.name) for alias in node.names]


def documents_know_no_machine(house: House) -> list[str]:
    allowed = {"documents", *FOUNDATIONS}
    why = "documents/ is what a person writes: it sees documents/ and the foundations only"
    return [f"{i} ({why})" for i in room_imports(house, "documents") if room_of(i.target) not in allowed]


def plans_know_no_engine(house: House) -> list[str]:
    allowed = {"documents", "plan", *FOUNDATIONS}
    why = "plan/ sees documents/, plan/ and the foundations only"
    return [f"{i} ({why})" for i in room_imports(house, "plan") if room_of(i.target) not in allowed]


def parts_of_engines(house: House) -> set[str]:
    """The modules of engines/ that engines alone import: each is a part of the engine that does."""
    imported = [i for i in house.own() if room_of(i.target) == "engines"]
    inside = {i.target for i in imported if room_of(i.importer) == "engines"}
    return inside - {i.target for i in imported if room_of(i.importer) != "engines"}


def engines_see_nodes_only(house: House) -> list[str]:
    why = "engines/ see plan.nodes, plan.ledgers, plan.patterns and the foundations only"
    allowed = {"plan.nodes", "plan.ledgers", "plan.patterns", *FOUNDATIONS, *parts_of_engines(house)}
    # The words of SQL are of no engine: what a statement says around a plan is written in them too.
    allowed.add("sql_trees")
    return [f"{i} ({why})" for i in room_imports(house, "engines") if i.target not in allowed]


def room_imports(house: House, room: str) -> list[Import]:
    return [i for i in house.own() if room_of(i.importer) == room]


def foundations_stand_alone(house: House) -> list[str]:
    why = "a foundation imports the standard library and other foundations, and others only when it must"
    imports = [i for i in house.imports if i.importer in FOUNDATIONS]
    return [f"{i} ({why})" for i in imports if not may_stand_below(i)]


def may_stand_below(i: Import) -> bool:
    if i.own:
        return i.target in FOUNDATIONS
    # The holidays of China and the ways to write a number are other people's knowledge: asked for when needed.
    late = i.in_function and room_of(i.target) in OPTIONAL | CORE_BUT_SLOW
    return late or room_of(i.target) in sys.stdlib_module_names


def nobody_imports_the_cli(house: House) -> list[str]:
    why = "the CLI is a caller, never called"
    imports = [i for i in house.own() if room_of(i.target) == "cli"]
    return [f"{i} ({why})" for i in imports if room_of(i.importer) not in ("cli", "__main__")]


def no_cycles(house: House) -> list[str]:
    """Every own import counts, those for types or inside functions too: they tie modules all the same."""
    graph: dict[str, set[str]] = {module: set() for module in house.trees}
    for i in house.own():
        graph[i.importer].update({i.target} & graph.keys())
    found = (path_back(graph, module) for module in sorted(graph))
    # A cycle is told once, from its first module by name.
    return [" -> ".join(m or PACKAGE for m in path) for path in found if path and path[0] == min(path)]


def path_back(graph: dict[str, set[str]], start: str) -> list[str]:
    """The shortest way from a module back to itself, [] where there is none."""
    paths = [[start]]
    seen: set[str] = set()
    for path in paths:
        for target in sorted(graph[path[-1]]):
            if target == start:
                return [*path, start]
            if target not in seen:
                seen.add(target)
                paths.append([*path, target])
    return []


def functions_import_optional_dependencies_only(house: House) -> list[str]:
    why = "only an optional dependency, or an own module that needs one at once, is imported in a function"
    return [f"{i} in a function ({why})" for i in house.imports if i.in_function and not may_wait(house, i)]


def may_wait(house: House, late: Import) -> bool:
    if late.own:
        return needs_optional(house, late.target, set())
    return room_of(late.target) in OPTIONAL | CORE_BUT_SLOW


def needs_optional(house: House, module: str, seen: set[str]) -> bool:
    """Whether importing the module loads an optional dependency, at once or through others."""
    seen.add(module)
    at_once = [i for i in house.imports if i.importer == module and not i.in_function]
    return any(not i.own and room_of(i.target) in OPTIONAL for i in at_once) or any(
        needs_optional(house, i.target, seen) for i in at_once if i.own and i.target not in seen
    )


def names_say_what_is_inside(house: House) -> list[str]:
    return [
        f"{path.relative_to(house.root)}: a module is named by its noun, not {bad}"
        for path in house.paths.values()
        for bad in sorted(words_of(path.relative_to(house.root)) & BAD_NAMES)
    ]


def words_of(path: Path) -> set[str]:
    return {word for part in path.with_suffix("").parts for word in part.lower().split("_")}


def files_stay_short(house: House) -> list[str]:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in house.paths.values()}
    return [
        f"{path.relative_to(house.root)} has {lines} lines, at most {MOST_LINES}: split it by purpose"
        for path, lines in lengths.items()
        if lines > MOST_LINES
    ]


def the_front_door_only_names(house: House) -> list[str]:
    body = house.trees[""].body if "" in house.trees else []
    odd = [f"__init__.py:{s.lineno}: only imports and __all__ belong here" for s in body if not is_plain(s)]
    if odd:
        return odd
    names = next((ast.literal_eval(s.value) for s in body if isinstance(s, ast.Assign)), None)
    if names is None:
        return ["__init__.py: has no __all__"]
    given = {alias.asname or alias.name for s in body if isinstance(s, ast.ImportFrom) for alias in s.names}
    unsorted = [] if list(names) == sorted(names, key=kind_and_name) else ["__init__.py: __all__ is unsorted"]
    return unsorted + [f"__init__.py: __all__ names {n}, which is not imported" for n in {*names} - given]


def is_plain(statement: ast.stmt) -> bool:
    is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_docstring or isinstance(statement, ast.Import | ast.ImportFrom) or is_all(statement)


def is_all(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and [ast.unparse(t) for t in statement.targets] == ["__all__"]


def kind_and_name(name: str) -> tuple[int, str]:
    """The order that ruff keeps: CONSTANTS, then Classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def engines_come_off_with_one_line(house: House) -> list[str]:
    breaches = []
    for engine in sorted(house.modules_of("engines") - {"engines"} - parts_of_engines(house)):
        lines = {str(i) for i in house.own() if i.target == engine and room_of(i.importer) != "engines"}
        if len(lines) != 1:
            told = "; ".join(sorted(lines)) or "nobody imports it"
            breaches.append(
                f"{engine} must be imported by one line outside engines/, not {len(lines)}: {told}"
            )
    return breaches


LAWS: tuple[Callable[[House], list[str]], ...] = (
    documents_know_no_machine,
    plans_know_no_engine,
    engines_see_nodes_only,
    foundations_stand_alone,
    nobody_imports_the_cli,
    no_cycles,
    functions_import_optional_dependencies_only,
    names_say_what_is_inside,
    files_stay_short,
    the_front_door_only_names,
    engines_come_off_with_one_line,
)
