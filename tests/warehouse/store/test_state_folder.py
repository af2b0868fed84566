"""`.kollect/` belongs to one warehouse file; others in the same folder have a place of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from warehouse.store.state_folder import claim_state_folder, common_folder, find_state_folder
from warehouse.store.warehouse import Warehouse


def test_the_first_warehouse_file_owns_the_folder(tmp_path: Path) -> None:
    """Whoever comes second gets a folder of its own, whatever its name is."""
    first, second = tmp_path / "kollect.duckdb", tmp_path / "stage"
    assert claim_state_folder(first) == tmp_path / ".kollect"
    assert claim_state_folder(second) == tmp_path / ".kollect" / "other" / "stage"
    assert Warehouse(first).home == tmp_path / ".kollect"
    assert find_state_folder(second) == Warehouse(second).home
    assert common_folder(first) == common_folder(second)


def test_looking_claims_nothing(tmp_path: Path) -> None:
    """A warehouse that is only read leaves no folder behind."""
    assert find_state_folder(tmp_path / "restored.duckdb") == tmp_path / ".kollect"
    Warehouse(tmp_path / "restored.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_an_older_kollect_stays_with_its_warehouse(tmp_path: Path) -> None:
    """It has no mark; the stamp of the published file tells whose it is."""
    stamp = tmp_path / ".kollect" / "writer" / "kollect.duckdb.published.json"
    stamp.parent.mkdir(parents=True)
    stamp.write_text("{}")
    restored, living = tmp_path / "restored.duckdb", tmp_path / "kollect.duckdb"
    assert find_state_folder(restored) == tmp_path / ".kollect" / "other" / "restored.duckdb"
    assert claim_state_folder(restored) != claim_state_folder(living)
    assert claim_state_folder(living) == tmp_path / ".kollect"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_no_error_here(tmp_path: Path) -> None:
    """Whoever writes there says so with what to do."""
    tmp_path.chmod(0o500)
    assert claim_state_folder(tmp_path / "kollect.duckdb") == tmp_path / ".kollect"
    tmp_path.chmod(0o700)
