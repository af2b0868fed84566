"""Verification: whatever is wrong with a backup is found and named."""

from __future__ import annotations

import os
import random
import shutil
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import BadSettings
from tests.kit.backup import Place
from warehouse.backup import (
    DamageFound,
    list_backups,
    restore_backup,
    verify_backup,
)
from warehouse.backup.archive import Archive
from warehouse.backup.manifest import Manifest, encode, sums
from warehouse.backup.proofs import read_proofs
from warehouse.backup.reader import open_backup

DAMAGES = 1000
"""In the slow run; by default fewer of the same."""


def pick(backup: Path, chance: random.Random, *, filled: bool = False) -> Path:
    files = sorted(f for f in backup.rglob("*") if f.is_file())
    return chance.choice([f for f in files if f.stat().st_size or not filled])


def flip(backup: Path, chance: random.Random) -> tuple[set[str], Callable[[], object]]:
    """One bit of one byte."""
    file = pick(backup, chance, filled=True)
    data = file.read_bytes()
    at = chance.randrange(len(data))
    file.write_bytes(data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :])
    return {name(backup, file)}, lambda: file.write_bytes(data)


def insert(backup: Path, chance: random.Random) -> tuple[set[str], Callable[[], object]]:
    """One byte too many, anywhere."""
    file = pick(backup, chance)
    data = file.read_bytes()
    at = chance.randrange(len(data) + 1)
    file.write_bytes(data[:at] + bytes([chance.randrange(256)]) + data[at:])
    return {name(backup, file)}, lambda: file.write_bytes(data)


def remove(backup: Path, chance: random.Random) -> tuple[set[str], Callable[[], object]]:
    """One byte too few, anywhere."""
    file = pick(backup, chance, filled=True)
    data = file.read_bytes()
    at = chance.randrange(len(data))
    file.write_bytes(data[:at] + data[at + 1 :])
    return {name(backup, file)}, lambda: file.write_bytes(data)


def swap_bytes(backup: Path, chance: random.Random) -> tuple[set[str], Callable[[], object]]:
    """Two different bytes of one file in each other's place."""
    file = pick(backup, chance, filled=True)
    data = bytearray(file.read_bytes())
    before = bytes(data)
    at = chance.randrange(len(data))
    other = next(i for i in range(len(data)) if data[i] != data[at])
    data[at], data[other] = data[other], data[at]
    file.write_bytes(data)
    return {name(backup, file)}, lambda: file.write_bytes(before)


def lose(backup: Path, chance: random.Random) -> tuple[set[str], Callable[[], object]]:
    """A whole file is gone."""
    file = pick(backup, chance)
    data = file.read_bytes()
    file.unlink()
    return {name(backup, file)}, lambda: file.write_bytes(data)


def swap_files(backup: Path, chance: random.Random) -> tuple[set[str], Callable[[], object]]:
    """Two different files under each other's name."""
    left = pick(backup, chance)
    right = pick(backup, chance)
    while right.read_bytes() == left.read_bytes():
        right = pick(backup, chance)

    def exchange() -> None:
        beside = backup.parent / "beside"
        left.rename(beside)
        right.rename(left)
        beside.rename(right)

    exchange()
    return {name(backup, left), name(backup, right)}, exchange


def replace_by_link(backup: Path, chance: random.Random) -> tuple[set[str], Callable[[], object]]:
    """The same bytes, but somewhere else."""
    file = pick(backup, chance)
    data = file.read_bytes()
    elsewhere = backup.parent / "elsewhere"
    elsewhere.write_bytes(data)
    file.unlink()
    file.symlink_to(elsewhere)

    def undo() -> None:
        file.unlink()
        file.write_bytes(data)

    return {name(backup, file)}, undo


def name(backup: Path, file: Path) -> str:
    return str(file.relative_to(backup))


KINDS = [flip, flip, flip, insert, remove, swap_bytes, lose, swap_files, replace_by_link]


@pytest.mark.parametrize("damages", [150, pytest.param(DAMAGES, marks=pytest.mark.slow)])
def test_random_damages_are_all_found_and_named(place: Place, tmp_path: Path, damages: int) -> None:
    """Changed, missing or swapped; a byte or a file: no damage passes, none is misnamed."""
    original = place.backup()
    backup = tmp_path / "outside" / original.name
    shutil.copytree(original, backup)
    for file in backup.rglob("*"):
        file.chmod(0o700)
    assert verify_backup(backup, key=None).good
    missed: list[tuple[object, ...]] = []
    for seed in range(damages):
        chance = random.Random(seed)
        kind = chance.choice(KINDS)
        damaged, undo = kind(backup, chance)
        found = {
            problem.file for problem in verify_backup(backup, key=None, raise_damage=False).problems
        }
        # A damaged manifest can say nothing of the other files.
        if not (damaged <= found or ("manifest.json" in damaged and "manifest.json" in found)):
            missed.append((seed, kind.__name__, damaged, found))
        if found - damaged and "manifest.json" not in damaged:
            missed.append((seed, kind.__name__, "misnamed", found - damaged))
        undo()
    assert missed == []
    assert verify_backup(backup, key=None).good


def test_quick_sees_structure_and_sizes_and_full_sees_every_byte(place: Place) -> None:
    """The depths differ in what they read, and a quick look proves no bytes."""
    backup = place.backup()
    file = backup / "tables/demo/things.parquet"
    file.chmod(0o600)
    data = file.read_bytes()
    file.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    assert verify_backup(backup, "quick", key=None).good
    with pytest.raises(DamageFound, match=r"tables/demo/things\.parquet: was changed") as caught:
        verify_backup(backup, key=None)
    assert caught.value.report.as_json()["good"] is False
    file.write_bytes(data[:-1])
    with pytest.raises(DamageFound, match="bytes instead of"):
        verify_backup(backup, "quick", key=None)


def test_swapped_files_are_told_apart_from_changed_ones(place: Place) -> None:
    """It is said whose bytes a file holds."""
    backup = place.backup()
    left, right = (backup / "tables/demo" / f"{n}.parquet" for n in ("things", "things_history"))
    beside = backup.parent / "beside"
    left.rename(beside)
    right.rename(left)
    beside.rename(right)
    report = verify_backup(backup, key=None, raise_damage=False)
    assert [p.file for p in report.problems] == [name(backup, left), name(backup, right)]
    assert "bytes instead of" in str(report.problems[0])


def test_files_that_others_put_there_are_a_warning(place: Place) -> None:
    """A file manager's notes, a folder of a NAS: named, and the backup is sound all the same."""
    backup = place.backup()
    (backup / ".DS_Store").write_bytes(b"Bud1")
    (backup / "tables" / "@eaDir").mkdir()
    for depth in ("quick", "full", "rebuild"):
        report = verify_backup(backup, depth, key=None)
        assert report.foreign == [".DS_Store", "tables/@eaDir/"]
    assert list_backups(place, key=None, now=place.now)[0].proof.startswith("rebuild")
    assert not (place.backup() / ".DS_Store").exists()


def test_a_rebuild_finds_what_hashes_of_files_cannot(place: Place) -> None:
    """Files as written, yet not the rows that were there: a forged or a wrongly written table."""
    backup = place.backup()
    manifest = open_backup(backup).require_manifest()
    tables = [
        msgspec.structs.replace(t, content="0.0") if t.name == "things" else t
        for t in manifest.tables
    ]
    write_manifest(backup, msgspec.structs.replace(manifest, tables=tables))
    assert verify_backup(backup, "full", key=None).good
    report = verify_backup(backup, "rebuild", key=None, raise_damage=False)
    assert [str(p) for p in report.problems] == [
        "tables/demo/things.parquet: demo.things has other values than were backed up"
    ]


def test_a_duckdb_that_hashes_otherwise_proves_it_all_the_same(
    place: Place, tmp_path: Path
) -> None:
    """Rebuilt tables are compared with the files themselves; the next backup is written anew."""
    backup = place.backup()
    manifest = open_backup(backup).require_manifest()
    tables = [msgspec.structs.replace(t, content="0.0", keys="0.0") for t in manifest.tables]
    older = msgspec.structs.replace(manifest, tables=tables, hashing="of an older DuckDB")
    write_manifest(backup, older)
    assert verify_backup(backup, "rebuild", key=None).good
    assert restore_backup(backup, tmp_path / "new.duckdb", key=None).rows == 62
    assert not any(table.reused for table in open_backup(place.backup()).require_manifest().tables)


def write_manifest(backup: Path, manifest: Manifest) -> None:
    head = encode(manifest)
    for file, data in (("manifest.json", head), ("SHA256SUMS", sums(head, manifest.files))):
        (backup / file).unlink()
        (backup / file).write_bytes(data)


def test_a_backup_under_the_name_of_another_is_found(place: Place) -> None:
    """Swapped folders are damage as well."""
    first, second = place.backup(), place.backup()
    beside = place.backup_dir / "beside"
    first.rename(beside)
    second.rename(first)
    beside.rename(second)
    for backup in (first, second):
        found = verify_backup(backup, "quick", key=None, raise_damage=False).problems
        assert [p.file for p in found] == ["manifest.json"]
        assert "belongs to the backup" in found[0].what


def test_sixteen_samples_of_seven_per_cent_read_every_file(place: Place) -> None:
    """N runs of 100 / N per cent cover everything, and damage cannot hide from all of them."""
    backup = place.backup()
    archive = Archive(place.backup_dir)
    covered = []
    for day in range(15):
        place.time += timedelta(days=1)
        covered.append(verify_backup(backup, sample=7, key=None, now=place.now).covered)
        assert (read_proofs(archive, backup.name).full is not None) == (day == 14)
    assert covered == sorted(covered)
    assert covered[-1] == 1
    proof = read_proofs(archive, backup.name).full
    assert proof is not None
    assert proof.at == (place.time - timedelta(days=14)).isoformat(), "as old as its oldest part"

    for file in sorted(f for f in backup.rglob("*.parquet")):
        file.chmod(0o600)
        data = file.read_bytes()
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        reports = [
            verify_backup(backup, sample=25, key=None, now=place.now, raise_damage=False)
            for _ in range(4)
        ]
        named = {problem.file for report in reports for problem in report.problems}
        assert named == {name(backup, file)}
        file.write_bytes(data)
        while read_proofs(archive, backup.name).sample_position:
            verify_backup(backup, sample=100, key=None, now=place.now, raise_damage=False)


def test_the_list_says_when_each_backup_was_last_proved(place: Place) -> None:
    """Damage is remembered until a verification at least as deep finds none."""
    backup = place.backup()

    def proof() -> str:
        return list_backups(place, key=None, now=place.now)[0].proof

    assert proof() == "not yet"
    verify_backup(backup, "quick", key=None, now=place.now)
    assert proof() == "not yet"
    verify_backup(backup, "full", key=None, now=place.now)
    assert proof() == "full 2026-03-01 12:00"
    place.time += timedelta(hours=1)
    verify_backup(backup, "rebuild", key=None, now=place.now)
    assert proof() == "rebuild 2026-03-01 13:00"

    file = backup / "tables/demo/things.parquet"
    file.chmod(0o600)
    data = file.read_bytes()
    file.write_bytes(data[:-1] + b"x")
    place.time += timedelta(hours=1)
    verify_backup(backup, "full", key=None, now=place.now, raise_damage=False)
    assert proof() == "DAMAGED, seen 2026-03-01 14:00"
    file.write_bytes(data)
    place.time += timedelta(hours=1)
    verify_backup(backup, "quick", key=None, now=place.now)
    assert proof() == "DAMAGED, seen 2026-03-01 14:00"
    verify_backup(backup, "full", key=None, now=place.now)
    assert proof() == "full 2026-03-01 15:00"


def test_damage_is_not_hidden_by_a_proof_from_a_wrong_clock(place: Place) -> None:
    """What was verified last counts, not what has the later date."""
    backup = place.backup()
    place.time += timedelta(days=400)
    assert verify_backup(backup, "rebuild", key=None, now=place.now).good
    place.time -= timedelta(days=400)
    (backup / "restore.sql").unlink()
    assert not verify_backup(backup, "full", key=None, now=place.now, raise_damage=False).good
    assert list_backups(place, key=None, now=place.now)[0].proof.startswith("DAMAGED")


def test_a_verification_writes_nothing_into_the_backup(place: Place) -> None:
    """Also where the folder around it is not ours."""
    backup = place.backup()
    seen = sorted(str(f) for f in backup.rglob("*"))
    verify_backup(backup, "rebuild", key=None)
    assert sorted(str(f) for f in backup.rglob("*")) == seen
    alone = place.folder / "usb" / "copy"
    shutil.copytree(backup, alone)
    verify_backup(alone, "rebuild", key=None)
    assert os.listdir(alone.parent) == ["copy"]


def test_the_hashes_can_be_checked_without_kollect(place: Place) -> None:
    """SHA256SUMS is what sha256sum reads; files are read-only."""
    import subprocess

    backup = place.backup()
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=backup, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    files = [f for f in backup.rglob("*") if f.is_file()]
    assert done.stdout.count(": OK") == len(files) - 1
    assert not any(f.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP) for f in files)


def test_wrong_wishes_are_wrong_usage(place: Place) -> None:
    """Depths and samples that make no sense."""
    backup = place.backup()
    for depth, sample in (("deep", None), ("quick", 10), ("full", 0), ("full", 101)):
        with pytest.raises(BadSettings):
            verify_backup(backup, depth, sample=sample, key=None)
