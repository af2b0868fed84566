"""Several warehouse files in one folder, several folders of backups: none disturbs another."""

from __future__ import annotations

from pathlib import Path

from tests.kit.backup import Place, everything
from warehouse.backup import restore_backup, verify_backup, write_backup
from warehouse.progress import Step
from warehouse.store.locks import FileLock
from warehouse.store.state_folder import claim_state_folder


def test_a_restore_beside_a_living_warehouse_leaves_its_work_alone(place: Place) -> None:
    """A new file waits for no lock of the other warehouse and clears none of its stage."""
    backup = place.backup()
    home = claim_state_folder(place.warehouse)
    staged = home / "stage" / "demo" / "pages.journal"
    staged.parent.mkdir(parents=True)
    staged.write_bytes(b"answers of a sync under way")
    with FileLock(home / "locks" / "account-demo.lock", timeout_seconds=0):
        done = restore_backup(backup, place.folder / "restored.duckdb", key=None, wait_seconds=0)
    assert everything(done.to) == everything(place.warehouse)
    assert staged.read_bytes() == b"answers of a sync under way"


def test_a_restore_over_a_warehouse_clears_its_own_work(place: Place) -> None:
    """Staged answers and the writer's file belong to the state that was replaced."""
    backup = place.backup()
    second = place.folder / "second.duckdb"
    restore_backup(backup, second, key=None)
    stages = [claim_state_folder(file) / "stage" for file in (place.warehouse, second)]
    for stage in stages:
        (stage / "demo").mkdir(parents=True)
    restore_backup(backup, second, key=None, force=True)
    assert [list(stage.iterdir()) for stage in stages] == [[stages[0] / "demo"], []]


class Elsewhere:
    """The settings of a second folder of backups of the same warehouse."""

    def __init__(self, place: Place) -> None:
        self.warehouse = place.warehouse
        self.backup_dir = place.folder / "second backups"
        self.keep = place.keep


def test_two_folders_of_backups_are_written_at_once(place: Place) -> None:
    """Each keeps its own scratch, and both backups are whole."""
    inner: list[Path] = []

    def meanwhile(step: Step) -> None:
        if step.kind == "step" and not inner:
            inner.append(write_backup(Elsewhere(place), key=None))

    outer = place.backup(on_step=meanwhile)
    assert len(inner) == 1
    for backup in (outer, *inner):
        assert verify_backup(backup, "rebuild", key=None).good
