"""A backup comes back as it was, with kollect and without it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.kit.backup import Place, everything, run_restore_sql
from warehouse.backup import restore_backup, verify_backup
from warehouse.backup.manifest import Manifest, decode


def test_restored_database_equals_the_one_that_was_backed_up(place: Place, tmp_path: Path) -> None:
    """Rows, types, comments, macros and views all come back."""
    backup = place.backup()
    done = restore_backup(backup, tmp_path / "new.duckdb", key=None)
    assert everything(done.to) == everything(place.warehouse)
    assert (done.tables, done.rows) == (7, 40 + 10 + 3 + 2 + 2 + 5)
    assert not [entry for entry in tmp_path.iterdir() if "restoring" in entry.name]


def test_plain_duckdb_restores_from_the_folder_alone(place: Place, tmp_path: Path) -> None:
    """restore.sql needs nothing but DuckDB, and works in a copy of the folder as well."""
    backup = place.backup()
    moved = tmp_path / "it's a [moved] folder, far away"
    backup.rename(moved)
    run_restore_sql(moved, tmp_path / "plain.duckdb")
    assert everything(tmp_path / "plain.duckdb") == everything(place.warehouse)
    done = restore_backup(moved, tmp_path / "new.duckdb", key=None)
    assert everything(done.to) == everything(place.warehouse)
    assert verify_backup(moved, "rebuild", key=None).good


def test_restore_sql_into_a_used_database_changes_nothing(place: Place, tmp_path: Path) -> None:
    """All of it is one transaction: what is there stays as it was."""
    backup = place.backup()
    target = tmp_path / "used.duckdb"
    with duckdb.connect(str(target)) as connection:
        connection.execute("CREATE SCHEMA demo")
        connection.execute("CREATE TABLE demo.things AS SELECT 1 AS a")
    with pytest.raises(AssertionError, match="already exists"):
        run_restore_sql(backup, target)
    with duckdb.connect(str(target)) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert tables == [("things",)]


ODD = (
    "CREATE SCHEMA odd",
    "CREATE TYPE odd.mood AS ENUM ('good', 'not so good')",
    "CREATE SEQUENCE odd.numbers START 5",
    'CREATE TABLE odd."it\'s, ""odd""" (m odd.mood, h HUGEINT, u UHUGEINT, i INTERVAL, b BIT, '
    "t TIMETZ, s STRUCT(a INTEGER, b VARCHAR[]), k MAP(VARCHAR, BIGINT), d DECIMAL(38, 5), "
    'x BLOB, n TIMESTAMP_NS, id UUID, f DOUBLE, j JSON, "a, b" INTEGER DEFAULT 7, '
    "e TIMESTAMPTZ)",
    'INSERT INTO odd."it\'s, ""odd""" VALUES (\'not so good\', '
    "-170141183460469231731687303715884105728, 340282366920938463463374607431768211455, "
    "INTERVAL '1 month 2 days 3 microseconds', '0101', "
    "'12:30:00+02', {'a': 1, 'b': ['x', NULL]}, MAP {'k': 9}, 1.00001, '\\x00\\xFF'::BLOB, "
    "'2026-01-01 00:00:00.123456789', '00000000-0000-0000-0000-000000000001', '-0.0', "
    "'{\"a\":  1}', DEFAULT, 'infinity')",
    'INSERT INTO odd."it\'s, ""odd""" (f, u, h) VALUES (\'nan\', 0, 0), (\'-inf\', 1, -1)',
    "CREATE TABLE odd.made (a INTEGER PRIMARY KEY, b INTEGER GENERATED ALWAYS AS (a * 2), "
    "c BIGINT DEFAULT nextval('odd.numbers'))",
    "INSERT INTO odd.made (a) VALUES (1), (2)",
    "CREATE INDEX by_c ON odd.made (c)",
    "CREATE MACRO odd.aa(x) AS x + 1",
    "CREATE MACRO odd.zz(x, y := 5) AS odd.aa(x) * y",
    "CREATE VIEW odd.b AS SELECT odd.zz(a) AS v FROM odd.made",
    "CREATE VIEW odd.a AS SELECT * FROM odd.b",
    "CREATE TABLE odd.gone (a INTEGER)",
    "CREATE VIEW odd.broken AS SELECT * FROM odd.gone",
    "DROP TABLE odd.gone",
)


def test_types_that_parquet_does_not_know_come_back_exactly(place: Place, tmp_path: Path) -> None:
    """128-bit integers, intervals, enumerations, generated columns, dependent views, indexes."""
    place.change(*ODD)
    backup = place.backup()
    done = restore_backup(backup, tmp_path / "new.duckdb", key=None)
    run_restore_sql(backup, tmp_path / "plain.duckdb")
    there = everything(place.warehouse)
    there["views"] = [view for view in there["views"] if view[1] != "broken"]
    there["columns"] = [column for column in there["columns"] if column[1] != "broken"]
    for file in (done.to, tmp_path / "plain.duckdb"):
        assert repr(everything(file)) == repr(there)
        with duckdb.connect(str(file)) as connection:
            assert connection.execute("SELECT nextval('odd.numbers')").fetchall() == [(7,)]
            indexes = connection.execute("SELECT index_name FROM duckdb_indexes()").fetchall()
            assert indexes == [("by_c",)]
    assert "broken" in (backup / "restore.sql").read_text()
    assert verify_backup(backup, "rebuild", key=None).good


def test_the_manifest_says_what_is_inside(place: Place) -> None:
    """Rows, hashes and sizes of every file, columns with comments, keys, runs and the version."""
    backup = place.backup()
    manifest = decode((backup / "manifest.json").read_bytes(), "manifest.json")
    assert isinstance(manifest, Manifest)
    things = next(table for table in manifest.tables if table.name == "things")
    assert (things.rows, things.key) == (40, ["_account", "id"])
    history = next(table for table in manifest.tables if table.name == "things_history")
    assert history.key == ["_account", "id", "_valid_from", "_valid_to"]
    assert {c.name: c.comment for c in things.columns}["size"] == "how large it is [kg]"
    assert {run.account: run.status for run in manifest.runs} == {
        "demo": "complete", "other": "complete"
    }  # fmt: skip
    assert manifest.source.warehouse == "w1"
    assert set(manifest.files) == {
        str(file.relative_to(backup)) for file in backup.rglob("*") if file.is_file()
    } - {"manifest.json", "SHA256SUMS"}
