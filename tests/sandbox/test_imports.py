"""The stand-ins depend on nothing that they are to judge."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import SERVICES

ROOT = Path(__file__).resolve().parents[2] / "sandbox"


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, type imports included."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_a_stand_in_imports_only_the_core_and_its_own_folder() -> None:
    """Nothing of kollect, and no other service; the registry alone names them all."""
    wrong = []
    for file in sorted(ROOT.rglob("*.py")):
        own = file.relative_to(ROOT).parts[0]
        allowed = {"core", own}
        for module in imported(file):
            top, *rest = module.split(".")
            other = top == "sandbox" and rest and own != "__init__.py" and rest[0] not in allowed
            if other or top in ("connectors", "warehouse", "pipelines", "tests"):
                wrong.append(f"{file.relative_to(ROOT)} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("file", sorted((ROOT / "core").glob("*.py")), ids=lambda file: file.name)
def test_the_core_names_no_service(file: Path) -> None:
    """Not in code, comments or docstrings."""
    text = file.read_text().lower()
    assert [name for name in SERVICES if name in text] == []
