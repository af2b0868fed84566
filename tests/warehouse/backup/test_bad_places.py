"""Where a backup cannot be: a clear message, and nothing half-written left behind."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import BadSettings, WarehouseProblem
from tests.kit.backup import Place, everything
from warehouse.backup import (
    list_backups,
    prune_backups,
    restore_backup,
    verify_backup,
    write_backup,
)
from warehouse.backup.archive import Archive
from warehouse.backup.errors import BackupProblem, DamagedBackup, NewerFormat
from warehouse.backup.manifest import encode
from warehouse.backup.reader import open_backup


def left_in(folder: Path) -> list[str]:
    return [e.name for e in folder.iterdir() if e.name != ".kollect"] if folder.is_dir() else []


def test_too_little_space_is_found_before_anything_is_written(place: Place) -> None:
    """The message says how much is needed and how much is there."""
    with pytest.raises(WarehouseProblem, match=r"needs about 1\d\.\d MB, 1\.0 MB are free"):
        place.backup(free=lambda _: 1_000_000)
    assert left_in(place.backup_dir) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


WIDE = (
    "CREATE TABLE demo.wide AS SELECT i, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS t "
    "FROM range(40_000) r(i)"
)


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(place: Place, small_disk: Path) -> None:
    """The space was promised and was not there: one clear error, no partial backup."""
    place.change(WIDE)
    place_on_disk = _On(place, small_disk / "backups")
    with pytest.raises(WarehouseProblem, match="no space left"):
        write_backup(place_on_disk, key=None, free=lambda _: 10**12)
    assert left_in(small_disk / "backups") == []


def test_a_restore_that_fills_the_disk_leaves_nothing(place: Place, small_disk: Path) -> None:
    """Neither the file nor anything beside it."""
    place.change(WIDE)
    backup = place.backup()
    with pytest.raises(WarehouseProblem, match="no space left"):
        restore_backup(backup, small_disk / "new.duckdb", key=None, free=lambda _: 10**12)
    with pytest.raises(WarehouseProblem, match="restoring needs about"):
        restore_backup(backup, small_disk / "new.duckdb", key=None)
    assert left_in(small_disk) == []


class _On:
    """Settings with another folder for backups."""

    def __init__(self, place: Place, backup_dir: Path) -> None:
        self.warehouse = place.warehouse
        self.backup_dir = backup_dir
        self.keep = place.keep


def test_a_file_in_the_place_of_the_folder_is_named(place: Place) -> None:
    """And left as it is."""
    place.backup_dir.write_text("not a folder")
    with pytest.raises(WarehouseProblem, match="is a file, backups need a folder"):
        place.backup()
    assert place.backup_dir.read_text() == "not a folder"


def test_a_link_to_a_disk_that_is_not_there_says_where_it_points(
    place: Place, tmp_path: Path
) -> None:
    """Whatever is asked of the folder: it is not empty, it is elsewhere."""
    backup = place.backup()
    disk = tmp_path / "disk"
    place.backup_dir.rename(disk)
    place.backup_dir.symlink_to(disk)
    assert place.backup().parent.resolve() == disk
    disk.rename(tmp_path / "taken away")
    for action in (
        place.backup,
        lambda: list_backups(place, key=None),
        lambda: Archive(place.backup_dir).find("newest"),
        lambda: prune_backups(place),
        lambda: restore_backup(
            tmp_path / "taken away" / backup.name, place.backup_dir / "new.duckdb", key=None
        ),
    ):
        with pytest.raises(WarehouseProblem, match=rf"is a link to {disk}, which is not there"):
            action()


def test_a_linked_warehouse_stays_a_link(place: Place, tmp_path: Path) -> None:
    """A backup holds what the link leads to, and a restore replaces that, mode and all."""
    before = everything(place.warehouse)
    real = tmp_path / "other disk" / "real.duckdb"
    real.parent.mkdir()
    place.warehouse.rename(real)
    place.warehouse.symlink_to(real)
    real.chmod(0o600)
    backup = place.backup()
    place.change("DELETE FROM demo.things")
    restore_backup(backup, place.warehouse, key=None, force=True)
    assert place.warehouse.is_symlink()
    assert everything(real) == before
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_file_system_that_cannot_flush_folders_is_good_enough(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SMB and sshfs refuse that: a backup, its proof and a restore work all the same."""
    real, refused = os.fsync, []

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            refused.append(handle)
            raise OSError(errno.EINVAL, "Invalid argument")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    backup = place.backup()
    assert verify_backup(backup, key=None).good
    done = restore_backup(backup, tmp_path / "new.duckdb", key=None)
    assert everything(done.to) == everything(place.warehouse)
    assert len(refused) > 3


def test_no_warehouse_no_backup(place: Place) -> None:
    """A missing file, a foreign one, and one of a newer kollect."""
    place.change("UPDATE _kollect.meta SET value = '99' WHERE name = 'format'")
    with pytest.raises(WarehouseProblem, match="newer kollect"):
        place.backup()
    place.change("DROP TABLE _kollect.meta")
    with pytest.raises(WarehouseProblem, match="no warehouse of kollect"):
        place.backup()
    place.warehouse.write_text("something else")
    with pytest.raises(WarehouseProblem, match="no warehouse of kollect"):
        place.backup()
    place.warehouse.unlink()
    with pytest.raises(WarehouseProblem, match="kollect sync"):
        place.backup()
    assert left_in(place.backup_dir) == []


def test_a_backup_of_a_newer_kollect_is_left_alone(place: Place, tmp_path: Path) -> None:
    """Verify and restore say so; the list shows it with its problem."""
    backup = place.backup()
    head = backup / "manifest.json"
    newer = msgspec.structs.replace(open_backup(backup).require_manifest(), format=9)
    head.unlink()
    head.write_bytes(encode(newer))
    for action in (
        lambda: verify_backup(backup, key=None),
        lambda: restore_backup(backup, tmp_path / "new.duckdb", key=None),
    ):
        with pytest.raises(NewerFormat, match="format 9"):
            action()
    assert "Upgrade kollect" in str(list_backups(place, key=None)[0].problem)
    assert not (tmp_path / "new.duckdb").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 1}', '{"format": "x"}', "\x00\xff", "{}" * 3]
)
def test_a_damaged_manifest_is_said_to_be_one(place: Place, tmp_path: Path, text: str) -> None:
    """Whatever stands in it."""
    backup = place.backup()
    head = backup / "manifest.json"
    head.unlink()
    head.write_bytes(text.encode("latin-1"))
    with pytest.raises(DamagedBackup, match=r"manifest\.json"):
        restore_backup(backup, tmp_path / "new.duckdb", key=None)
    with pytest.raises(DamagedBackup, match=r"manifest\.json"):
        verify_backup(backup, "quick", key=None)
    assert list_backups(place, key=None)[0].proof == "unreadable"


def test_a_folder_that_is_no_backup_is_refused(place: Place, tmp_path: Path) -> None:
    """Also the half of a backup that a killed command left."""
    (tmp_path / "photos").mkdir()
    half = place.backup_dir / ".partial-2026-03-01T12-00-00Z"
    half.mkdir(parents=True)
    for folder, words in (
        (tmp_path / "photos", "has no manifest.json"),
        (tmp_path / "nowhere", "does not exist"),
        (half, "killed command"),
    ):
        with pytest.raises(BackupProblem, match=f"{words}.*kollect backups"):
            verify_backup(folder, key=None)
        with pytest.raises(BackupProblem, match=words):
            restore_backup(folder, tmp_path / "new.duckdb", key=None)


def test_names_that_do_not_exist_are_wrong_usage(place: Place) -> None:
    """With a word on where to look."""
    archive = Archive(place.backup_dir)
    with pytest.raises(BadSettings, match="kollect backup"):
        archive.find(None)
    place.backup()
    place.backup()
    with pytest.raises(BadSettings, match="no backup 'x'"):
        archive.find("x")
    with pytest.raises(BadSettings, match="2 backups are named like '2026'"):
        archive.find("2026")
    assert archive.find("newest").name == "2026-03-01T12-00-00Z-2"
    assert archive.find("2026-03-01T12-00-00Z").name == "2026-03-01T12-00-00Z"


def test_restoring_damaged_bytes_is_refused(place: Place, tmp_path: Path) -> None:
    """The file is named; good tables can still be had by name."""
    backup = place.backup()
    file = backup / "tables/demo/things_history.parquet"
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedBackup, match="things_history"):
        restore_backup(backup, tmp_path / "new.duckdb", key=None)
    assert not (tmp_path / "new.duckdb").exists()
