"""Backups and warehouses of an older kollect: they come back, and work goes on from them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.kit.backup import Place
from warehouse.backup import list_backups, restore_backup, verify_backup
from warehouse.backup.reader import open_backup
from warehouse.schema.types import literal
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse

NAME = "2025-11-01T03-00-00Z"
OLD = """
CREATE SCHEMA _kollect; CREATE SCHEMA kippt;
CREATE TABLE _kollect.meta (name VARCHAR, value VARCHAR);
INSERT INTO _kollect.meta VALUES ('warehouse', 'w0'), ('generation', '3'), ('format', '1');
CREATE TABLE _kollect.runs (run_id VARCHAR, account VARCHAR, service VARCHAR, status VARCHAR,
  started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ);
INSERT INTO _kollect.runs VALUES ('r1', 'kippt', 'kippt', 'complete', '2025-10-01', '2025-10-01');
CREATE TABLE _kollect.cursors (account VARCHAR, resource VARCHAR, scope VARCHAR, value VARCHAR,
  run_id VARCHAR, moved_at TIMESTAMPTZ);
CREATE TABLE _kollect.visits (account VARCHAR, resource VARCHAR, scope VARCHAR, content VARCHAR,
  visited_at TIMESTAMPTZ);
CREATE TABLE kippt.clips (_account VARCHAR, id BIGINT, title VARCHAR, _content UHUGEINT);
COMMENT ON TABLE kippt.clips IS 'Clips. Key: _account, id. Holds what the service holds now.';
INSERT INTO kippt.clips VALUES ('kippt', 1, 'one', 340282366920938463463374607431768211455),
  ('kippt', 2, 'two', 0);
"""
"""A warehouse of format 1: content hashes are 128-bit integers, keys stand in comments alone."""
COLUMNS = {
    "_kollect.meta": {"name": "VARCHAR", "value": "VARCHAR"},
    "_kollect.runs": {
        "run_id": "VARCHAR", "account": "VARCHAR", "service": "VARCHAR", "status": "VARCHAR",
        "started_at": "TIMESTAMP WITH TIME ZONE", "finished_at": "TIMESTAMP WITH TIME ZONE",
    },
    "_kollect.cursors": {
        "account": "VARCHAR", "resource": "VARCHAR", "scope": "VARCHAR", "value": "VARCHAR",
        "run_id": "VARCHAR", "moved_at": "TIMESTAMP WITH TIME ZONE",
    },
    "_kollect.visits": {
        "account": "VARCHAR", "resource": "VARCHAR", "scope": "VARCHAR", "content": "VARCHAR",
        "visited_at": "TIMESTAMP WITH TIME ZONE",
    },
    "kippt.clips": {
        "_account": "VARCHAR", "id": "BIGINT", "title": "VARCHAR", "_content": "UHUGEINT"
    },
}  # fmt: skip

KEYS = {
    "_kollect.meta": ["name"],
    "_kollect.runs": ["run_id", "account"],
    "_kollect.cursors": ["account", "resource", "scope"],
    "_kollect.visits": ["account", "resource", "scope"],
    "kippt.clips": ["_account", "id"],
}


def make_old_backup(folder: Path) -> Path:
    """A backup as kollect wrote it before content hashes were UUIDs, with its own checks."""
    backup = folder / NAME
    tables: list[dict[str, Any]] = []
    files: dict[str, dict[str, Any]] = {}

    def note(file: str) -> dict[str, Any]:
        data = (backup / file).read_bytes()
        files[file] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return files[file]

    with duckdb.connect() as connection:
        connection.execute(OLD)
        for title, columns in COLUMNS.items():
            schema, name = title.split(".")
            file = f"tables/{schema}/{name}.parquet"
            (backup / file).parent.mkdir(parents=True, exist_ok=True)
            stored = {c: "bits" if kind == "UHUGEINT" else "same" for c, kind in columns.items()}
            values = ", ".join(
                f"{c}::BIT::BLOB AS {c}" if form == "bits" else c for c, form in stored.items()
            )
            connection.execute(
                f"COPY (SELECT {values} FROM {title}) TO {literal(str(backup / file))}"
            )
            rows = connection.execute(f"SELECT count(*) FROM {title}").fetchall()[0][0]
            listed = [
                {"name": c, "type": kind, **({"stored": "bits"} if stored[c] == "bits" else {})}
                for c, kind in columns.items()
            ]
            made = ", ".join(f"{c} {kind}" for c, kind in columns.items())
            tables.append(
                {
                    "schema": schema, "name": name, "file": file, "rows": rows, **note(file),
                    "content": "0.0", "keys": "0.0", "key": KEYS[title],
                    "columns": listed, "create": f"CREATE TABLE {title}({made})",
                    "comment": None, "reused": False, "changes": None,
                }
            )  # fmt: skip
    (backup / "restore.sql").write_text(_restore_sql(tables))
    note("restore.sql")
    manifest: dict[str, Any] = {
        "format": 1, "name": NAME, "created_at": "2025-11-01T03:00:00+00:00", "kollect": "0.1.0",
        "duckdb": "1.4.0", "hashing": "another DuckDB's",
        "source": {"file": "kollect.duckdb", "warehouse": "w0", "generation": 3, "format": 1,
                   "identity": "1 2 3"},
        "runs": [{"account": "kippt", "service": "kippt", "run_id": "r1", "status": "complete",
                  "finished_at": "2025-10-01T00:00:00+00:00"}],
        "before": ["CREATE SCHEMA _kollect", "CREATE SCHEMA kippt"], "tables": tables, "after": [],
        "broken": [], "comments": ["COMMENT ON TABLE kippt.clips IS 'Clips. Key: _account, id.'"],
        "files": files, "rows": 6, "new_bytes": 1, "previous": None, "stored": {},
    }  # fmt: skip
    plain = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode()
    manifest["check"] = hashlib.sha256(plain).hexdigest()
    head = json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n"
    (backup / "manifest.json").write_bytes(head)
    sums = {**{f: r["sha256"] for f, r in files.items()},
            "manifest.json": hashlib.sha256(head).hexdigest()}  # fmt: skip
    (backup / "SHA256SUMS").write_text("".join(f"{sums[f]}  {f}\n" for f in sorted(sums)))
    return backup


def _restore_sql(tables: list[dict[str, Any]]) -> str:
    lines = ["CREATE SCHEMA _kollect;", "CREATE SCHEMA kippt;"]
    for table in tables:
        values = ", ".join(
            f"{c['name']}::BIT::{c['type']}" if c.get("stored") == "bits" else c["name"]
            for c in table["columns"]
        )
        title = f"{table['schema']}.{table['name']}"
        read = f"SELECT {values} FROM read_parquet('{table['file']}')"
        lines += [f"{table['create']};", f"INSERT INTO {title} {read};"]
    return "\n".join(lines) + "\n"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_old_backup(tmp_path / "backups")


def test_a_backup_of_an_older_kollect_is_proved_and_restored(old: Path, tmp_path: Path) -> None:
    """Every byte and every table, 128-bit integers included."""
    assert verify_backup(old, "rebuild", key=None).good
    done = restore_backup(old, tmp_path / "new" / "kollect.duckdb", key=None)
    with duckdb.connect(str(done.to), read_only=True) as connection:
        rows = connection.execute("SELECT id, title, _content FROM kippt.clips ORDER BY id")
        assert rows.fetchall() == [(1, "one", 2**128 - 1), (2, "two", 0)]


def test_loads_go_on_from_a_restored_old_backup(old: Path, tmp_path: Path) -> None:
    """Opening it for a load brings it to today's format."""
    done = restore_backup(old, tmp_path / "new" / "kollect.duckdb", key=None)
    warehouse = Warehouse(done.to)
    with open_engine(warehouse.home) as engine, warehouse.writing(engine):
        kinds = engine.execute(
            "SELECT data_type FROM duckdb_columns() WHERE database_name = 'kept' "
            "AND column_name = '_content'"
        ).fetchall()
        rows = engine.execute("SELECT id, title FROM kept.kippt.clips ORDER BY id").fetchall()
    assert (kinds, rows) == ([("UUID",)], [(1, "one"), (2, "two")])


def test_an_old_warehouse_is_backed_up_as_it_is(place: Place, tmp_path: Path) -> None:
    """Without a list of keys, its whole rows are compared; a load adds the list."""
    place.warehouse.unlink()
    place.change(OLD)
    first = place.backup()
    assert {tuple(t.key) for t in open_backup(first).require_manifest().tables} == {()}
    place.change("UPDATE kippt.clips SET title = 'changed' WHERE id = 2")
    second = place.backup()
    changes = list_backups(place, key=None, now=place.now)[-1].changes["kippt.clips"]
    assert (changes.added, changes.changed, changes.deleted) == (1, 0, 1)
    assert verify_backup(second, "rebuild", key=None).good


def test_keys_of_the_backup_before_are_kept(place: Place, old: Path) -> None:
    """So an upgrade alone writes no table anew and loses no count of changes."""
    place.warehouse.unlink()
    place.change(OLD)
    place.backup_dir.mkdir()
    old.rename(place.backup_dir / NAME)
    place.change("UPDATE kippt.clips SET title = 'changed' WHERE id = 2")
    backup = place.backup()
    keys = {t.title: t.key for t in open_backup(backup).require_manifest().tables}
    assert keys["kippt.clips"] == ["_account", "id"]
    changes = list_backups(place, key=None, now=place.now)[-1].changes["kippt.clips"]
    assert (changes.added, changes.changed, changes.deleted) == (0, 1, 0)
