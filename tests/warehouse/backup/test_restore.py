"""Restoring a part: an account, a table, a moment; and as files for other tools."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.core.errors import AccountBusy, BadSettings, WarehouseProblem
from tests.kit.backup import NOON, Place, everything
from warehouse.backup import restore_backup
from warehouse.backup.errors import BackupProblem
from warehouse.backup.selection import parse_time
from warehouse.store.locks import FileLock


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(query).fetchall()


def test_one_account_comes_back_without_the_others(place: Place, tmp_path: Path) -> None:
    """Its rows, history, runs and cursors; all tables are there, and it is a new warehouse."""
    file = restore_backup(place.backup(), tmp_path / "new.duckdb", select=["demo"], key=None).to
    assert rows(file, "SELECT DISTINCT _account FROM demo.things") == [("demo",)]
    assert rows(file, "SELECT count(*) FROM demo.things_history") == [(7,)]
    assert rows(file, "SELECT account FROM _kollect.runs") == [("demo",)]
    assert rows(file, "SELECT account FROM _kollect.cursors") == [("demo",)]
    meta = dict(rows(file, "SELECT name, value FROM _kollect.meta"))
    assert (meta["generation"], meta["format"]) == ("7", "2")
    assert meta["warehouse"] != "w1"
    assert [t[:2] for t in everything(file)["tables"]] == [
        t[:2] for t in everything(place.warehouse)["tables"]
    ]


def test_one_table_comes_back_with_its_history_and_no_cursors(place: Place, tmp_path: Path) -> None:
    """Without cursors, the next sync reads everything again."""
    place.change("CREATE TABLE demo.notes AS SELECT 'demo' AS _account, 'n' AS id")
    backup = place.backup()
    file = restore_backup(backup, tmp_path / "new.duckdb", select=["demo.things"], key=None).to
    assert rows(file, "SELECT count(*) FROM demo.things") == [(30,)]
    assert rows(file, "SELECT count(*) FROM demo.things_history") == [(7,)]
    assert rows(file, "SELECT count(*) FROM demo.notes") == [(0,)]
    assert rows(file, "SELECT count(*) FROM _kollect.cursors") == [(0,)]


def test_a_moment_comes_back_as_it_was(place: Place, tmp_path: Path) -> None:
    """Current rows of then, the history up to then, and no cursor from later."""
    place.change(
        "UPDATE demo.things_history SET _valid_to = '2026-02-15'",
        "UPDATE demo.things SET _valid_from = '2026-02-15' WHERE id::INT < 10",
        "UPDATE demo.things SET _valid_from = '2026-02-20' WHERE id::INT >= 30",
    )
    at = datetime(2026, 2, 10, tzinfo=UTC)
    file = restore_backup(place.backup(), tmp_path / "new.duckdb", at=at, key=None).to
    names = dict(rows(file, "SELECT id, name FROM demo.things"))
    assert len(names) == 30
    assert (names["3"], names["12"]) == ("old 3", "thing 12")
    assert rows(file, "SELECT count(*) FROM demo.things_history") == [(0,)]
    assert rows(file, "SELECT account FROM _kollect.cursors") == [("demo",)]
    with duckdb.connect(str(place.warehouse)) as connection:
        then = connection.execute("SELECT id, name FROM demo.things_at(?)", [at]).fetchall()
    assert dict(then) == names


def test_words_that_mean_nothing_are_named(place: Place, tmp_path: Path) -> None:
    """With the nearest that would."""
    backup = place.backup()
    for words, said in (
        (["dmeo"], "no account 'dmeo'; did you mean 'demo'"),
        (["demo.thing"], "no table 'demo.thing'; did you mean 'things"),
    ):
        with pytest.raises(BadSettings, match=said):
            restore_backup(backup, tmp_path / "new.duckdb", select=words, key=None)
    with pytest.raises(BadSettings, match="no moment"):
        parse_time("yesterday")
    assert parse_time("2026-02-10") == datetime(2026, 2, 10, tzinfo=UTC)
    assert parse_time("2026-02-10T01:00+02:00") == datetime(2026, 2, 9, 23, tzinfo=UTC)
    assert list(tmp_path.glob("new*")) == []


def test_nothing_is_replaced_without_force(place: Place, tmp_path: Path) -> None:
    """And with it only by a whole new file."""
    backup = place.backup()
    target = tmp_path / "precious.duckdb"
    target.write_text("precious")
    (tmp_path / "precious.duckdb.wal").write_text("of the old file")
    with pytest.raises(BackupProblem, match=r"exists already.*--force"):
        restore_backup(backup, target, key=None)
    assert target.read_text() == "precious"
    restore_backup(backup, target, key=None, force=True)
    assert everything(target) == everything(place.warehouse)
    assert not (tmp_path / "precious.duckdb.wal").exists()
    with pytest.raises(BackupProblem, match="inside the backup"):
        restore_backup(backup, backup / "new.duckdb", key=None)
    with pytest.raises(BackupProblem, match="is a folder"):
        restore_backup(backup, tmp_path, key=None, force=True)
    with pytest.raises(WarehouseProblem, match="cannot be named"):
        restore_backup(backup, tmp_path / "kinopio.duckdb", key=None)


def test_a_running_sync_is_not_restored_over(place: Place) -> None:
    """Locks of accounts and of the warehouse are respected."""
    backup = place.backup()
    for name in ("account-demo", "kollect.duckdb"):
        lock = FileLock(place.folder / ".kollect" / "locks" / f"{name}.lock", timeout_seconds=0)
        with lock, pytest.raises(AccountBusy, match="being synced or restored"):
            restore_backup(backup, place.warehouse, force=True, key=None, wait_seconds=0)


def test_files_hold_what_was_asked_for_and_nothing_else(place: Place, tmp_path: Path) -> None:
    """One table with its history: no empty files of others, and the counts are its own."""
    place.change("CREATE SCHEMA other", "CREATE TABLE other.notes AS SELECT 'x' AS _account")
    backup = place.backup()
    done = restore_backup(
        backup, tmp_path / "out", as_format="json", select=["demo.things"], key=None
    )
    found = sorted(str(f.relative_to(done.to)) for f in done.to.rglob("*") if f.is_file())
    assert found == ["demo/things.json", "demo/things_history.json"]
    assert (done.tables, done.rows) == (2, 37)
    assert done.sentence == f"{tmp_path / 'out'}: 37 rows in 2 tables"


def test_a_moment_before_the_first_sync_is_refused(place: Place, tmp_path: Path) -> None:
    """An empty warehouse would look like a loss; nothing is left behind."""
    backup, early = place.backup(), NOON - timedelta(999)
    with pytest.raises(BadSettings, match="nothing of it was synced before"):
        restore_backup(backup, tmp_path / "early.duckdb", at=early, key=None)
    assert not (tmp_path / "early.duckdb").exists()


def test_files_for_other_tools(place: Place, tmp_path: Path) -> None:
    """One folder per service, one file per table, in three formats."""
    backup = place.backup()
    for kind in ("json", "csv", "parquet"):
        done = restore_backup(backup, tmp_path / kind, as_format=kind, key=None)
        assert (done.tables, done.rows) == (2, 50)
    things = json.loads((tmp_path / "json/demo/things.json").read_text())
    assert things[1] == {
        "_account": "demo", "id": "1", "name": "thing 1", "size": 1,
        "seen": "2026-01-01 01:00:00+00", "_valid_from": "2026-02-01 00:00:00+00",
        "_first_seen_at": "2026-01-01 00:00:00+00", "_run_id": "r1",
        "_raw": {"id": 1, "name": "thing 1"}, "_content": things[1]["_content"],
    } or things[0]["_account"] == "demo"  # fmt: skip
    with open(tmp_path / "csv/demo/things.csv", newline="") as reader:
        assert {row["id"] for row in csv.DictReader(reader)} == {str(i) for i in range(40)}
    read = f"SELECT count(*), sum(size) FROM '{tmp_path}/parquet/demo/things.parquet'"
    with duckdb.connect() as connection:
        assert connection.execute(read).fetchall() == rows(
            place.warehouse, "SELECT count(*), sum(size) FROM demo.things"
        )
    with pytest.raises(BackupProblem, match=r"exists already.*--force"):
        restore_backup(backup, tmp_path / "json", as_format="json", key=None)
    done = restore_backup(
        backup, tmp_path / "json", as_format="json", select=["other"], key=None, force=True
    )
    assert done.rows == 13
    assert len(json.loads((tmp_path / "json/demo/things.json").read_text())) == 10
    with pytest.raises(BadSettings, match="no format 'xml'"):
        restore_backup(backup, tmp_path / "xml", as_format="xml", key=None)
    assert sorted(e.name for e in tmp_path.iterdir() if e.name != "work") == [
        "csv", "json", "parquet"
    ]  # fmt: skip
