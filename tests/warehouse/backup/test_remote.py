"""Backups at an address: sent once, read back, resumed, verified, fetched and pruned there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import AccountBusy, BadSettings, Unreachable, WarehouseProblem
from tests.kit.backup import NOON, Place, everything, run_restore_sql
from warehouse.backup import BackupKey, prune_backups, restore_backup, verify_backup
from warehouse.backup.archive import Archive
from warehouse.backup.encrypt import new_key
from warehouse.backup.errors import BackupProblem, DamagedBackup
from warehouse.backup.reader import open_backup
from warehouse.backup.remote import Remote, object_of, shown
from warehouse.backup.remote_copies import (
    fetch_backup,
    find_remote_damage,
    prune_remote,
    send_backup,
)
from warehouse.progress import Step

fsspec = pytest.importorskip("fsspec")


class Flaky:
    """A file system that fails, cuts off or garbles at chosen moments."""

    def __init__(self, folder: Path) -> None:
        self.inner = fsspec.filesystem("file")
        self.folder = folder
        self.sent: list[str] = []
        self.read: list[str] = []
        self.fail_after: int | None = None
        self.garble: int | None = None
        self.error: Exception | None = None
        self.raised = 0
        self.on_put: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def put_file(self, local: str, place: str) -> None:
        if self.fail_after is not None and len(self.sent) >= self.fail_after:
            # As sftp would leave it: a part under the full name.
            Path(place).write_bytes(Path(local).read_bytes()[:-1])
            raise ConnectionResetError("the line went dead")
        if self.error is not None:
            self.raised += 1
            raise self.error
        if self.on_put is not None:
            self.on_put()
        self.sent.append(place)
        shutil.copyfile(local, place)
        if self.garble == len(self.sent):
            data = bytearray(Path(place).read_bytes())
            data[-1] ^= 1
            Path(place).write_bytes(data)

    def open(self, place: str, mode: str) -> Any:
        self.read.append(place)
        return self.inner.open(place, mode)


@pytest.fixture
def there(tmp_path: Path) -> Remote:
    folder = tmp_path / "far away"
    return Remote("flaky://somewhere", sleep=lambda _: None, system=Flaky(folder), root=str(folder))


def archive_of(place: Place) -> Archive:
    return Archive(place.backup_dir)


def test_a_sent_backup_comes_back_whole(place: Place, there: Remote, tmp_path: Path) -> None:
    """Every byte read back at once, and checked again when fetched."""
    backup = open_backup(place.backup())
    sent = send_backup(backup, there, archive_of(place))
    assert sent == sum(record.bytes for record in backup.files.values())
    assert len(there.system.read) == len(backup.files)
    assert there.names() == [backup.name]
    (tmp_path / "back").mkdir()
    fetched = fetch_backup(there, backup.name, tmp_path / "back")
    assert verify_backup(fetched, "rebuild", key=None).good
    done = restore_backup(fetched, tmp_path / "new.duckdb", key=None)
    assert everything(done.to) == everything(place.warehouse)


def test_what_is_there_is_not_sent_again(place: Place, there: Remote) -> None:
    """Only the changed table goes, whatever the number of backups."""
    send_backup(open_backup(place.backup()), there, archive_of(place))
    before = len(there.system.sent)
    place.change("UPDATE demo.things SET name = 'new', _content = md5('2')::UUID WHERE id = '1'")
    second = open_backup(place.backup())
    send_backup(second, there, archive_of(place))
    record = second.files["tables/demo/things.parquet"]
    assert [p.rpartition("/")[2] for p in there.system.sent[before:]] == [record.sha256]
    assert len(there.names()) == 2


def test_an_interrupted_sending_goes_on(place: Place, there: Remote) -> None:
    """It is no backup before it is whole; what had arrived is not sent again."""
    backup = open_backup(place.backup())
    there.system.fail_after = 3
    with pytest.raises(Unreachable, match="it goes on where it stopped"):
        send_backup(backup, there, archive_of(place))
    assert there.names() == []
    there.system.fail_after = None
    send_backup(backup, there, archive_of(place))
    assert len(there.system.sent) == len(backup.files)
    assert find_remote_damage(there, backup.name, "full")[0] == []


def test_what_arrives_garbled_is_sent_again(place: Place, there: Remote) -> None:
    """Reading back finds it."""
    backup = open_backup(place.backup())
    there.system.garble = 2
    send_backup(backup, there, archive_of(place))
    assert len(there.system.sent) == len(backup.files) + 1
    assert find_remote_damage(there, backup.name, "full")[0] == []


def test_damage_there_is_found_and_named(place: Place, there: Remote, tmp_path: Path) -> None:
    """By the file's own name, and never fetched."""
    backup = open_backup(place.backup())
    send_backup(backup, there)
    file = "tables/demo/things.parquet"
    sha = backup.files[file].sha256
    stored = Path(there.root) / "objects" / sha[:2] / sha
    data = stored.read_bytes()
    stored.write_bytes(data[:-1] + b"x")
    assert find_remote_damage(there, backup.name, "quick")[0] == []
    assert [p.file for p in find_remote_damage(there, backup.name, "full")[0]] == [file]
    with pytest.raises(DamagedBackup, match=file):
        fetch_backup(there, backup.name, tmp_path)
    assert not (tmp_path / backup.name).exists()
    stored.write_bytes(data)
    fetch_backup(there, backup.name, tmp_path)
    stored.write_bytes(data[:-1])
    assert "bytes instead of" in str(find_remote_damage(there, backup.name, "quick")[0][0])
    stored.unlink()
    assert "is missing" in str(find_remote_damage(there, backup.name, "quick")[0][0])
    head = Path(there.root) / backup.name / "manifest.json"
    head.write_bytes(head.read_bytes().replace(b"demo", b"dome", 1))
    assert "manifest.json" in str(find_remote_damage(there, backup.name, "quick")[0][0])
    with pytest.raises(BackupProblem, match="has no backup"):
        there.head("2020-01-01T00-00-00Z")


def test_a_plain_copy_of_the_address_restores_without_kollect(
    place: Place, there: Remote, tmp_path: Path
) -> None:
    """restore.sql there finds the files below objects/."""
    backup = open_backup(place.backup())
    send_backup(backup, there)
    run_restore_sql(Path(there.root) / backup.name, tmp_path / "plain.duckdb")
    assert everything(tmp_path / "plain.duckdb") == everything(place.warehouse)


def test_pruning_there_removes_what_nothing_needs(place: Place, there: Remote) -> None:
    """Files that a kept backup shares stay."""
    first = open_backup(place.backup())
    send_backup(first, there)
    place.change("UPDATE demo.things SET name = 'new', _content = md5('2')::UUID")
    second = open_backup(place.backup())
    send_backup(second, there)
    orphan = Path(there.root) / "objects" / "ab" / hashlib.sha256(b"left").hexdigest()
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left")
    sizes = there.sizes()
    wish = prune_remote(there, {"daily": 1}, dry_run=True)
    assert there.sizes() == sizes
    done = prune_remote(there, {"daily": 1})
    assert (done.removed, done.freed_bytes) == (wish.removed, wish.freed_bytes)
    assert done.removed == [first.name]
    assert done.freed_bytes == sum(sizes.values()) - sum(there.sizes().values())
    assert there.names() == [second.name]
    assert find_remote_damage(there, second.name, "full")[0] == []
    assert not orphan.exists()


def test_the_newest_there_is_the_one_that_was_made_last(place: Place, there: Remote) -> None:
    """Not the one that a clock running ahead has named."""
    place.time = NOON + timedelta(days=400)
    ahead = place.backup()
    place.time = NOON
    newest = place.backup()
    for backup in (newest, ahead):
        send_backup(open_backup(backup), there)
    assert there.names() == [ahead.name, newest.name]
    assert prune_remote(there, {"daily": 1}).removed == [ahead.name]


class Clock:
    """A time that only moves when it is told to."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def test_nothing_is_pruned_while_a_backup_is_sent(place: Place, there: Remote) -> None:
    """Its files are there before its manifest: they would look as if nothing needed them."""
    first, second = open_backup(place.backup()), open_backup(place.backup())
    send_backup(first, there)
    refused: list[str] = []

    def prune_meanwhile(step: Step) -> None:
        with pytest.raises(AccountBusy, match="is sending backups at flaky://somewhere") as caught:
            prune_remote(there, {})
        refused.append(str(caught.value))
        with pytest.raises(AccountBusy, match="are being read"):
            place.keep = {}
            prune_backups(place)

    there.system.on_put = lambda: prune_meanwhile(Step("bytes"))
    place.change("UPDATE demo.things SET name = 'new'")
    send_backup(open_backup(place.backup()), there, archive_of(place))
    assert refused
    assert "locks/" in refused[0]
    there.system.on_put = None
    send_backup(second, there)
    assert all(find_remote_damage(there, name, "full")[0] == [] for name in there.names())
    assert there.sizes("locks") == {}


def test_nothing_is_sent_while_somebody_prunes(place: Place, there: Remote) -> None:
    """Another machine's lock counts for a day without news, then it belongs to nobody."""
    backup, clock = open_backup(place.backup()), Clock()
    other = {"doing": "pruning", "host": "elsewhere", "namespace": "", "process": 7}
    there.write("locks/1.json", json.dumps({**other, "at": NOON.isoformat()}).encode())
    clock.time = NOON + timedelta(hours=23)
    with pytest.raises(AccountBusy, match="process 7 on elsewhere is pruning"):
        send_backup(backup, there, now=clock)
    assert list(there.sizes("locks")) == ["locks/1.json"]
    assert there.names() == []
    clock.time = NOON + timedelta(hours=25)
    send_backup(backup, there, now=clock)
    assert (there.names(), there.sizes("locks")) == ([backup.name], {})


def test_the_lock_of_a_killed_command_of_this_machine_is_no_hindrance(
    place: Place, there: Remote
) -> None:
    """Its process is gone."""
    script = (
        "import os, sys\nfrom warehouse.backup.remote import Remote\n"
        "from warehouse.backup.remote_lock import remote_lock\n"
        "with remote_lock(Remote(sys.argv[1]), 'pruning'):\n    os.kill(os.getpid(), 9)"
    )
    address = f"file://{there.root}"
    subprocess.run([sys.executable, "-c", script, address], check=False)
    assert len(there.sizes("locks")) == 1
    send_backup(open_backup(place.backup()), there)
    assert there.sizes("locks") == {}


@pytest.mark.parametrize(
    ("error", "attempts", "words"),
    [
        (KeyError("an error of the library's own"), 4, "it goes on where it stopped"),
        (PermissionError("//me:secret@host: access denied"), 1, "check the address"),
    ],
)
def test_any_error_of_a_file_system_says_what_to_do(
    place: Place, there: Remote, error: Exception, attempts: int, words: str
) -> None:
    """Passing ones are tried again; none shows a password, and the next sending goes on."""
    backup = open_backup(place.backup())
    there.system.error = error
    with pytest.raises(Unreachable, match=words) as caught:
        send_backup(backup, there)
    assert caught.value.attempts == attempts == there.system.raised
    assert "secret" not in str(caught.value)
    there.system.error = None
    send_backup(backup, there)
    assert there.names() == [backup.name]


def test_a_full_disk_here_is_not_blamed_on_the_address(
    place: Place, there: Remote, tmp_path: Path
) -> None:
    """What cannot be written on this machine is said at once."""
    backup = open_backup(place.backup())
    send_backup(backup, there)
    with pytest.raises(WarehouseProblem, match="cannot write in"):
        there.hash_of(object_of(next(iter(backup.files.values()))), tmp_path / "no" / "folder")


def test_encrypted_backups_go_there_as_they_are(
    place: Place, there: Remote, tmp_path: Path
) -> None:
    """Nothing readable leaves the machine."""
    key: BackupKey = new_key(tmp_path / "key.txt")
    backup = open_backup(place.backup(key=key), key)
    send_backup(backup, there)
    everywhere = b"".join(
        f.read_bytes() + os.fsencode(f) for f in Path(there.root).rglob("*") if f.is_file()
    )
    assert b"things" not in everywhere
    fetched = fetch_backup(there, backup.name, tmp_path)
    assert verify_backup(fetched, "rebuild", key=key).good


def test_any_file_system_of_the_library_will_do(place: Place, tmp_path: Path) -> None:
    """Addresses are taken as they come; passwords in them are not shown."""
    backup = open_backup(place.backup())
    for address in (f"file://{tmp_path}/disk", "memory://kollect-test/backups"):
        remote = Remote(address)
        send_backup(backup, remote)
        assert remote.names() == [backup.name]
        assert find_remote_damage(remote, backup.name, "full")[0] == []
        assert prune_remote(remote, {}).removed == []
        assert remote.sizes("locks") == {}
    with pytest.raises(BadSettings, match="nosuch"):
        Remote("nosuch://place")
    assert shown("sftp://me:secret@host/path") == "sftp://host/path"
