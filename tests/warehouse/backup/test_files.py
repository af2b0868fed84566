"""Downloaded files are part of a backup: copied once, checked, kept when the store lost them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.kit.backup import Place
from warehouse.backup import restore_backup, verify_backup
from warehouse.backup.errors import DamagedBackup
from warehouse.files.blobs import store_of
from warehouse.progress import Step


def put_into_store(place: Place, data: bytes, account: str = "demo", status: str = "stored") -> str:
    """A downloaded file and its row, as the download would leave them."""
    sha = hashlib.sha256(data).hexdigest()
    file = store_of(place.warehouse) / sha[:2] / sha
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    place.change(
        f"INSERT INTO _kollect.files VALUES ('{account}', 'things', '{sha[:6]}', 'picture', "
        f"'at https://x/{sha[:6]}', '{sha}', {len(data)}, '{status}', '2026-02-01')"
    )
    return sha


def stored(folder: Path, sha: str) -> Path:
    return folder / sha[:2] / sha


def test_files_come_along_and_cost_their_space_once(place: Place, tmp_path: Path) -> None:
    """Content-addressed, shared between backups, but not with the store itself."""
    shas = [put_into_store(place, text * 1000) for text in (b"one", b"two", b"three")]
    store = store_of(place.warehouse)
    on_its_way = store / ".parts" / "demo" / "0a1b.part"
    on_its_way.parent.mkdir(parents=True)
    on_its_way.write_bytes(b"x")
    first, second = place.backup(), place.backup()
    for sha in shas:
        assert stored(first / "files", sha).samefile(stored(second / "files", sha))
        assert not stored(first / "files", sha).samefile(stored(store, sha))
    assert len([f for f in (first / "files").rglob("*") if f.is_file()]) == 3
    assert verify_backup(second, "rebuild", key=None).good
    done = restore_backup(second, tmp_path / "out" / "new.duckdb", key=None)
    assert done.files == 3
    back = tmp_path / "out" / "new.files"
    assert [stored(back, sha).read_bytes()[:3] for sha in shas] == [b"one", b"two", b"thr"]


def test_a_part_brings_only_its_own_files(place: Place, tmp_path: Path) -> None:
    """Those that the restored rows speak of."""
    mine = put_into_store(place, b"mine")
    put_into_store(place, b"of another", account="other")
    done = restore_backup(
        place.backup(), tmp_path / "out" / "new.duckdb", select=["demo"], key=None
    )
    assert done.files == 1
    assert stored(tmp_path / "out" / "new.files", mine).exists()


def test_a_file_that_the_store_lost_is_taken_from_the_backup_before(place: Place) -> None:
    """What is gone at the service and here is kept as long as a backup has it."""
    lost = put_into_store(place, b"lost", status="gone")
    damaged = put_into_store(place, b"whole")
    place.backup()
    store = store_of(place.warehouse)
    stored(store, lost).unlink()
    stored(store, damaged).write_bytes(b"wrong")
    second = place.backup()
    assert stored(second / "files", lost).read_bytes() == b"lost"
    assert stored(second / "files", damaged).read_bytes() == b"whole"


def test_a_file_that_cannot_be_had_is_told_and_spoils_nothing(place: Place) -> None:
    """Neither a missing nor a damaged one."""
    lost, damaged = put_into_store(place, b"lost"), put_into_store(place, b"whole")
    store = store_of(place.warehouse)
    stored(store, lost).unlink()
    stored(store, damaged).write_bytes(b"wrong")
    told: list[Step] = []
    backup = place.backup(on_step=told.append)
    said = " ".join(step.text for step in told if step.kind == "problem")
    assert lost[:16] in said
    assert damaged[:16] in said
    assert not [f for f in (backup / "files").rglob("*") if f.is_file()]
    assert verify_backup(backup, "rebuild", key=None).good


def test_a_damaged_file_is_never_restored(place: Place, tmp_path: Path) -> None:
    """And nothing is left of the attempt."""
    put_into_store(place, b"good one")
    sha = put_into_store(place, b"picture")
    backup = place.backup()
    file = stored(backup / "files", sha)
    file.chmod(0o600)
    file.write_bytes(b"Picture")
    with pytest.raises(DamagedBackup, match=sha[:12]):
        restore_backup(backup, tmp_path / "out" / "new.duckdb", key=None)
    assert not [f for f in (tmp_path / "out").rglob("*") if f.is_file()]
