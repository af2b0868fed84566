"""Backups of a real sync: syncing goes on from a restored database as if nothing had been."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines.export.service_files import write_service_files
from pipelines.sync.account import sync_account
from tests.kit import first_syncs
from tests.kit.account import Bench
from tests.kit.backup import everything
from warehouse.backup import restore_backup, write_backup
from warehouse.backup.reader import open_backup


@pytest.fixture(scope="module")
def kinopio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An account that has been synced before."""
    folder = tmp_path_factory.mktemp("kinopio")
    with first_syncs.synced(folder, "kinopio", size=3) as found:
        yield found


def test_syncing_goes_on_from_a_restored_database(kinopio: Bench) -> None:
    """A sync after a restore ends as one without it, history and all, and asks for as little."""
    kinopio.world.change(1)
    assert kinopio.sync().status == "complete"
    backup = write_backup(kinopio.settings, key=None)
    before = everything(kinopio.warehouse)
    keys = {t.title: t.key for t in open_backup(backup).require_manifest().tables}
    assert keys["kinopio.cards"] == ["_account", "space_id", "id"]
    assert keys["kinopio.cards_history"][3:] == ["_valid_from", "_valid_to"]
    assert keys["_kollect.runs"] == ["run_id", "account"]

    kinopio.world.change(2)
    cheap = kinopio.sync()
    after = everything(kinopio.warehouse)
    assert cheap.status == "complete"

    restore_backup(backup, kinopio.warehouse, force=True, key=None)
    assert everything(kinopio.warehouse) == before
    again = kinopio.sync()
    assert (again.status, again.requests) == ("complete", cheap.requests)
    kinopio.assert_true()
    restored = everything(kinopio.warehouse)
    names = [name for name in after if name.startswith("kinopio.")]
    assert {n: len(restored[n]) for n in names} == {n: len(after[n]) for n in names}


def test_a_new_place_needs_nothing_but_the_restored_file(kinopio: Bench, tmp_path: Path) -> None:
    """The restored file alone, on another disk, is a warehouse to go on with."""
    backup = write_backup(kinopio.settings, key=None)
    elsewhere = tmp_path / "elsewhere" / "kollect.duckdb"
    restore_backup(backup, elsewhere, key=None)
    kinopio.world.change(3)
    settings = replace(kinopio.settings, warehouse=elsewhere)
    assert sync_account(settings, kinopio.account).status == "complete"
    with duckdb.connect(str(elsewhere), read_only=True) as connection:
        ids = connection.execute("SELECT id FROM kinopio.spaces ORDER BY id").fetchall()
    assert ids == sorted((row["id"],) for row in kinopio.world.truth()["spaces"])


def test_kinopio_spaces_come_as_its_own_import_reads_them(kinopio: Bench, tmp_path: Path) -> None:
    """One file per space with all that is in it, and nobody's keys or names."""
    assert kinopio.sync().status == "complete"
    backup = write_backup(kinopio.settings, key=None)
    restore_backup(
        backup, tmp_path / "out", as_format="json", more_files=write_service_files, key=None
    )
    files = list((tmp_path / "out" / "kinopio" / "spaces").iterdir())
    spaces = {space["id"]: space for space in (json.loads(f.read_text()) for f in files)}
    truth = kinopio.world.truth()
    assert set(spaces) == {row["id"] for row in truth["spaces"]}
    for part in ("cards", "connections", "boxes"):
        expected = sorted((row["space_id"], row["id"]) for row in truth[part])
        found = sorted((i, each["id"]) for i, space in spaces.items() for each in space[part])
        assert found == expected
    for space in spaces.values():
        assert isinstance(space["name"], str)
        assert isinstance(space["tags"], list)
        assert not {"users", "collaborators", "collaboratorKey", "readOnlyKey"} & set(space)
