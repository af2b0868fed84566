"""Encrypted backups: opened by their key alone, and telling nothing without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.core.errors import BadSettings
from tests.kit.backup import Place, everything, run_restore_sql
from warehouse.backup import (
    BackupKey,
    find_key,
    list_backups,
    restore_backup,
    verify_backup,
)
from warehouse.backup.encrypt import new_key
from warehouse.backup.errors import WrongKey

pytest.importorskip("pyrage")


@pytest.fixture
def key(tmp_path: Path) -> BackupKey:
    return new_key(tmp_path / "key.txt")


def test_an_encrypted_backup_comes_back_with_its_key(
    place: Place, key: BackupKey, tmp_path: Path
) -> None:
    """Whole, also after a rebuild, with downloaded files."""
    sha = _store(place, b"a picture")
    backup = place.backup(key=key)
    assert verify_backup(backup, "rebuild", key=key).good
    done = restore_backup(backup, tmp_path / "out" / "new.duckdb", key=key)
    assert everything(done.to) == everything(place.warehouse)
    assert done.files == 1
    stored = tmp_path / "out" / "new.files" / sha[:2] / sha
    assert stored.read_bytes() == b"a picture"
    assert not [e for e in (tmp_path / "out").iterdir() if "restoring" in e.name]


def test_without_the_key_nothing_is_told(place: Place, key: BackupKey) -> None:
    """No name of a table, account or record, no hash of a file; every byte can be verified."""
    sha = _store(place, b"a picture")
    backup = place.backup(key=key)
    text = b"".join(f.read_bytes() + str(f.relative_to(backup)).encode()
                    for f in sorted(backup.rglob("*")) if f.is_file())  # fmt: skip
    for word in (b"things", b"thing 1", b"demo", b"heavy", b"PAR1", sha.encode(), b"w1\x00"):
        assert word not in text
    assert verify_backup(backup, "full", key=None).good
    listed = list_backups(place, key=None)[0]
    assert (listed.encrypted, listed.rows, listed.changes) == (True, None, {})
    assert list_backups(place, key=key)[0].rows == 63
    assert not list((place.folder / ".kollect" / "scratch").iterdir())


def test_a_wrong_or_missing_key_is_said_to_be_one(
    place: Place, key: BackupKey, tmp_path: Path
) -> None:
    """With the public half of the right one, and nothing half-written."""
    backup = place.backup(key=key)
    other = new_key(tmp_path / "other.txt")
    for action in (
        lambda k: restore_backup(backup, tmp_path / "new.duckdb", key=k),
        lambda k: verify_backup(backup, "rebuild", key=k),
    ):
        with pytest.raises(WrongKey, match=key.recipient):
            action(other)
        with pytest.raises(WrongKey, match="no key was given"):
            action(None)
    assert not (tmp_path / "new.duckdb").exists()


def test_what_did_not_change_is_shared_under_one_key_only(
    place: Place, key: BackupKey, tmp_path: Path
) -> None:
    """A new key encrypts everything anew."""
    first, second = place.backup(key=key), place.backup(key=key)
    inodes = {f.stat().st_ino for f in (first / "data").iterdir()}
    assert len([f for f in (second / "data").iterdir() if f.stat().st_ino in inodes]) == 8
    other = new_key(tmp_path / "other.txt")
    third = place.backup(key=other)
    plain = place.backup(key=None)
    for backup, opened_by in ((second, key), (third, other), (plain, None)):
        assert verify_backup(backup, "rebuild", key=opened_by).good
    assert not {f.stat().st_ino for f in (third / "data").iterdir()} & inodes
    changes = {b.name: b.changes for b in list_backups(place, key=key)}
    assert changes[second.name] == {}


def test_damage_is_told_from_a_wrong_key(place: Place, key: BackupKey) -> None:
    """By the hashes outside, before anything is decrypted."""
    backup = place.backup(key=key)
    for file in sorted((backup / "data").iterdir()):
        file.chmod(0o600)
        data = file.read_bytes()
        file.write_bytes(data[:90] + bytes([data[90] ^ 1]) + data[91:])
        for used in (key, None):
            found = verify_backup(backup, key=used, raise_damage=False).problems
            assert [p.file for p in found] == [f"data/{file.name}"]
        file.write_bytes(data)


OPENED = """
import sys, pyrage
from pathlib import Path
identity = pyrage.x25519.Identity.from_str(open(sys.argv[1]).read().splitlines()[-1])
text = Path("RESTORE.txt").read_text()
names = next(word for word in text.split() if word.startswith("data/"))
for line in pyrage.decrypt(Path(names).read_bytes(), [identity]).decode().splitlines():
    stored, file = line.split(" ", 1)
    place = Path(sys.argv[2], file)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(pyrage.decrypt(Path(stored).read_bytes(), [identity]))
"""


def test_the_steps_beside_it_open_it_without_kollect(
    place: Place, key: BackupKey, tmp_path: Path
) -> None:
    """RESTORE.txt names the list of names; what comes out restores in plain DuckDB."""
    backup = place.backup(key=key)
    subprocess.run(
        [sys.executable, "-c", OPENED, str(tmp_path / "key.txt"), str(tmp_path / "opened")],
        cwd=backup, check=True,
    )  # fmt: skip
    run_restore_sql(tmp_path / "opened", tmp_path / "plain.duckdb")
    assert everything(tmp_path / "plain.duckdb") == everything(place.warehouse)


def test_keys_come_from_a_file_or_the_environment(key: BackupKey, tmp_path: Path) -> None:
    """In the form that age-keygen writes, and never shown."""
    file = tmp_path / "key.txt"
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_text().splitlines()[-1]
    none = {"KOLLECT_KEYRING": "0"}
    assert find_key(None, none) is None
    for found in (
        find_key(file, none),
        find_key(None, {"KOLLECT_BACKUP_KEY_FILE": str(file)}),
        find_key(None, {"KOLLECT_BACKUP_KEY": text}),
    ):
        assert found is not None
        assert found.recipient == key.recipient
        assert text not in repr(found)
    file.write_text("no key")
    with pytest.raises(BadSettings, match="holds no key"):
        find_key(file, none)
    with pytest.raises(BadSettings, match="cannot be read"):
        find_key(tmp_path / "nowhere", none)
    with pytest.raises(BadSettings, match="cannot be made"):
        new_key(file)


def _store(place: Place, data: bytes) -> str:
    from tests.warehouse.backup.test_files import put_into_store

    return put_into_store(place, data)
