"""Fixtures for the tests of backups."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kit.backup import Place, make_tiny


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouses")
    make_tiny(folder / "tiny.duckdb")
    return folder


@pytest.fixture
def place(tmp_path: Path, _made: Path) -> Place:
    """A small warehouse and a folder for its backups."""
    found = Place(tmp_path / "work")
    found.folder.mkdir()
    shutil.copy(_made / "tiny.duckdb", found.warehouse)
    return found
