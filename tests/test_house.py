"""The house rules that keep the code easy to inherit: imports point one way, services stay home."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from connectors import SERVICES

ROOT = Path(__file__).parents[1]
FLOORS = ("connectors", "warehouse", "pipelines", "sandbox")
ALLOWED = {
    "connectors": {"connectors"},
    "warehouse": {"warehouse", "connectors"},
    "pipelines": {"pipelines", "warehouse", "connectors", "sandbox"},
    "sandbox": {"sandbox"},
}
"""Package -> the packages of this project that it may import."""
WAREHOUSE_MAY_USE = ("connectors", "connectors.core")
"""Of the connectors, the warehouse knows the registry and the shared declarations only."""
SHARED = ("connectors/core", "connectors/http", "connectors/paging", "warehouse", "sandbox/core")
SHARED_PIPELINES = ("pipelines/sync", "pipelines/files", "pipelines/orchestration")
LIBRARIES = ("dagster", "duckdb", "httpx", "httpcore", "sqlalchemy", "click", "rich", "pandas")


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[dotted.removesuffix(".__init__")] = path
    return found


MODULES = modules()


@cache
def imports_of(path: Path) -> list[tuple[str, int]]:
    """What a file imports, with the line: type imports and imports inside functions included."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.append((inner if inner in MODULES else node.module, node.lineno))
    return found


def test_imports_point_one_way() -> None:
    """pipelines -> warehouse -> connectors.core; the sandbox imports nothing of the product."""
    wrong = []
    for name, path in MODULES.items():
        for target, line in imports_of(path):
            floor, top = name.split(".")[0], target.split(".")[0]
            if top not in FLOORS:
                continue
            shared = target in WAREHOUSE_MAY_USE or target.startswith("connectors.core.")
            if top not in ALLOWED[floor] or (
                floor == "warehouse" and top == "connectors" and not shared
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_in_a_circle() -> None:
    """No circle between modules, imports for type checkers included."""
    graph = {
        name: {target for target, _ in imports_of(path) if target in MODULES} - {name}
        for name, path in MODULES.items()
    }
    circles = sorted(" -> ".join(circle) for circle in strongly_connected(graph))
    assert not circles, "\n".join(circles)


def strongly_connected(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of two or more modules that reach each other (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in order:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], order[target])
        if low[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return groups


@pytest.mark.parametrize("folder", [*SHARED, *SHARED_PIPELINES])
def test_shared_code_names_no_service(folder: str) -> None:
    """A rule that mentions one service (comments included) belongs into that service's folder."""
    pattern = re.compile(rf"\b({'|'.join(SERVICES)})\b", re.IGNORECASE)
    named = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not named, "\n".join(named)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_named_only_at_home_and_in_the_registry(service: str) -> None:
    """No connector imports another service's folder."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {target}"
        for name, path in MODULES.items()
        for target, line in imports_of(path)
        if re.match(rf"(connectors|sandbox)\.{service}\b", target)
        and not re.match(rf"(connectors|sandbox)\.{service}\b", name)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_private_part_of_a_library_is_imported() -> None:
    """A name with a leading underscore may change with any release of the library."""
    private = [
        f"{path.relative_to(ROOT)}:{line} imports {target}"
        for path in (*MODULES.values(), *sorted((ROOT / "tests").rglob("*.py")))
        for target, line in imports_of(path)
        if target.split(".")[0] in LIBRARIES and re.search(r"\._", target)
    ]
    assert not private, "\n".join(private)


def test_modules_stay_readable() -> None:
    """A module tells one story: at most 400 lines."""
    long = [
        f"{path.relative_to(ROOT)} has {lines} lines"
        for path in MODULES.values()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert not long, "\n".join(long)
