"""What did not change costs no new space, and damage is never handed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.backup import Place, everything
from warehouse.backup import list_backups, restore_backup, verify_backup
from warehouse.backup.archive import Archive
from warehouse.backup.manifest import TableRecord
from warehouse.backup.reader import open_backup
from warehouse.progress import Step, size_text


def shared(left: Path, right: Path) -> set[str]:
    """The files that both folders hold under one inode."""
    return {
        str(file.relative_to(right))
        for file in right.rglob("*")
        if file.is_file()
        and (left / file.relative_to(right)).exists()
        and file.samefile(left / file.relative_to(right))
    }


def test_a_second_backup_of_the_same_shares_every_table(place: Place) -> None:
    """Only the manifest and its list of hashes are new; both folders are whole."""
    first, second = place.backup(), place.backup()
    own = {"manifest.json", "SHA256SUMS"}
    files = {str(f.relative_to(second)) for f in second.rglob("*") if f.is_file()}
    assert shared(first, second) == files - own
    assert (first.name, second.name) == ("2026-03-01T12-00-00Z", "2026-03-01T12-00-00Z-2")
    for backup in (first, second):
        assert verify_backup(backup, "rebuild", key=None).good


def test_only_the_changed_table_is_written_anew(place: Place) -> None:
    """Whoever changed a row, and however: the rows on_step, not the ledger."""
    first = place.backup()
    place.change('UPDATE demo.things SET _raw = \'{"id": 1, "by": "hand"}\' WHERE id = \'1\'')
    second = place.backup()
    changed = {f"tables/{t.schema}/{t.name}.parquet" for t in _tables(second) if not t.reused}
    assert changed == {"tables/demo/things.parquet"}
    assert "tables/demo/things_history.parquet" in shared(first, second)
    assert verify_backup(second, "rebuild", key=None).good


def test_equal_rows_in_another_order_are_the_same(place: Place) -> None:
    """The order in which rows lie in the warehouse makes no difference, not even to the bytes."""
    first = place.backup()
    place.change(
        "CREATE TEMP TABLE mixed AS SELECT * FROM demo.things ORDER BY hash(id)",
        "DELETE FROM demo.things",
        "INSERT INTO demo.things SELECT * FROM mixed",
    )
    second = place.backup()
    assert "tables/demo/things.parquet" in shared(first, second)
    third = Place(place.folder, time=place.time)
    alone = place.folder / "elsewhere"
    first.rename(alone)
    for name in Archive(place.backup_dir).names():
        (place.backup_dir / name).rename(place.folder / f"old-{name}")
    file = "tables/demo/things.parquet"
    assert (third.backup() / file).read_bytes() == (alone / file).read_bytes()


@pytest.mark.parametrize("touched", [True, False], ids=["after a change", "nothing touched"])
def test_damage_in_the_backup_before_is_not_taken_over(place: Place, touched: bool) -> None:
    """A file that lost a byte is written anew, and it is said."""
    first = place.backup()
    file = first / "tables/demo/things.parquet"
    file.chmod(0o600)
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    if touched:
        place.change("UPDATE _kollect.meta SET value = '8' WHERE name = 'generation'")
    told: list[Step] = []
    second = place.backup(on_step=told.append)
    assert verify_backup(second, "rebuild", key=None).good
    assert any(step.kind == "problem" and "things" in step.text for step in told)


def test_an_unreadable_backup_before_is_no_hindrance(place: Place) -> None:
    """The one before that is taken instead."""
    first, second = place.backup(), place.backup()
    (second / "manifest.json").unlink()
    third = place.backup()
    assert "tables/demo/things.parquet" in shared(first, third)
    assert verify_backup(third, key=None).good


def test_what_changed_is_counted_by_table(place: Place) -> None:
    """Rows added, changed and deleted since the backup before."""
    place.backup()
    place.change(
        "UPDATE demo.things SET name = 'new', _content = md5('1')::UUID, _valid_from = '2026-02-10' "
        "WHERE id::INT < 3",
        "DELETE FROM demo.things WHERE id::INT >= 36",
        "INSERT INTO demo.things (_account, id, _content) VALUES ('demo', 'x', md5('5')::UUID)",
        "INSERT INTO _kollect.runs SELECT 'r2', account, service, status, started_at, "
        "finished_at FROM _kollect.runs",
        "UPDATE _kollect.meta SET value = '9' WHERE name = 'generation'",
        "CREATE TABLE demo.fresh AS SELECT 1 AS a",
    )
    place.backup()
    first, second = list_backups(place, key=None, now=place.now)
    assert (first.changes, first.previous) == ({}, None)
    assert second.previous == first.name
    counted = {name: (c.added, c.changed, c.deleted) for name, c in second.changes.items()}
    assert counted == {
        "demo.things": (1, 3, 4),
        "demo.fresh": (1, 0, 0),
        "_kollect.runs": (2, 0, 0),
        "_kollect.meta": (0, 1, 0),
    }
    assert second.rows is not None
    assert first.bytes is not None
    assert second.new_bytes is not None
    assert second.new_bytes < first.bytes


def test_each_of_two_backups_holds_its_own_state(place: Place, tmp_path: Path) -> None:
    """An older backup is not changed by a newer one."""
    before = everything(place.warehouse)
    first = place.backup()
    place.change("DELETE FROM demo.things WHERE id::INT < 20")
    after = everything(place.warehouse)
    second = place.backup()
    old = restore_backup(first, tmp_path / "old.duckdb", key=None).to
    new = restore_backup(second, tmp_path / "new.duckdb", key=None).to
    assert everything(old) == before
    assert everything(new) == after


def _tables(backup: Path) -> list[TableRecord]:
    return open_backup(backup).require_manifest().tables


def test_the_last_line_of_a_backup_and_the_list_say_one_size(place: Place) -> None:
    """The bytes of manifest and checksums count as new in both."""
    told: list[Step] = []
    place.backup(on_step=told.append)
    (info,) = list_backups(place, key=None, now=place.now)
    assert f"{size_text(info.new_bytes or 0)} new, 0 bytes as before" in told[-1].text
    assert info.new_bytes == info.bytes
