"""What the tests of backups share: a small warehouse made with SQL, and how two are compared."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.backup.write import write_backup
from warehouse.schema.types import literal, quoted

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Place:
    """The settings that backups need, and a clock that only moves when it is told to."""

    folder: Path
    keep: Mapping[str, int] = field(default_factory=lambda: {"daily": 7})
    time: datetime = NOON

    @property
    def warehouse(self) -> Path:
        return self.folder / "kollect.duckdb"

    @property
    def backup_dir(self) -> Path:
        return self.folder / "backups"

    def now(self) -> datetime:
        return self.time

    def backup(self, **more: Any) -> Path:
        """A backup of what is there now, not encrypted unless a key is given."""
        more.setdefault("key", None)
        return write_backup(self, now=self.now, **more)

    def change(self, *statements: str) -> None:
        """Change the published file as nobody should, but as anybody can."""
        with duckdb.connect(str(self.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)


def make_tiny(file: Path) -> None:
    """A warehouse of a few tables with everything that a backup has to know of."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        for statement in TINY:
            connection.execute(statement)


COLUMNS = (
    "_account VARCHAR, id VARCHAR, name VARCHAR, size BIGINT, seen TIMESTAMPTZ, "
    "_valid_from TIMESTAMPTZ, _first_seen_at TIMESTAMPTZ, _run_id VARCHAR, _raw JSON, "
    "_content UUID"
)
TINY = (
    "SET TimeZone = 'UTC'",
    "CREATE SCHEMA _kollect",
    "CREATE SCHEMA demo",
    "CREATE TABLE _kollect.meta (name VARCHAR, value VARCHAR)",
    "INSERT INTO _kollect.meta VALUES ('warehouse', 'w1'), ('generation', '7'), ('format', '2')",
    "CREATE TABLE _kollect.runs (run_id VARCHAR, account VARCHAR, service VARCHAR, "
    "status VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ)",
    "INSERT INTO _kollect.runs VALUES ('r1', 'demo', 'demo', 'complete', '2026-02-01', "
    "'2026-02-01 00:05'), ('r1', 'other', 'demo', 'complete', '2026-02-01', '2026-02-01 00:06')",
    "CREATE TABLE _kollect.cursors (account VARCHAR, resource VARCHAR, scope VARCHAR, "
    "value VARCHAR, run_id VARCHAR, moved_at TIMESTAMPTZ)",
    "INSERT INTO _kollect.cursors VALUES ('demo', 'things', '', '5', 'r1', '2026-02-01'), "
    "('other', 'things', '', '6', 'r1', '2026-02-20')",
    "CREATE TABLE _kollect.files (account VARCHAR, table_name VARCHAR, record_key VARCHAR, "
    "field VARCHAR, mark VARCHAR, sha256 VARCHAR, bytes BIGINT, status VARCHAR, "
    "fetched_at TIMESTAMPTZ)",
    "CREATE TABLE _kollect.table_keys (table_schema VARCHAR, table_name VARCHAR, "
    "column_name VARCHAR, position BIGINT)",
    "INSERT INTO _kollect.table_keys VALUES ('demo', 'things', '_account', 0), "
    "('demo', 'things', 'id', 1), ('_kollect', 'meta', 'name', 0), "
    "('_kollect', 'runs', 'run_id', 0), ('_kollect', 'runs', 'account', 1)",
    f"CREATE TABLE demo.things ({COLUMNS})",
    "COMMENT ON TABLE demo.things IS 'One thing; it''s small. Key: of prose.'",
    "COMMENT ON COLUMN demo.things.size IS 'how large it is [kg]'",
    f"CREATE TABLE demo.things_history ({COLUMNS}, _valid_to TIMESTAMPTZ, _ended_by VARCHAR)",
    "INSERT INTO demo.things SELECT CASE WHEN i % 4 = 0 THEN 'other' ELSE 'demo' END, i::VARCHAR, "
    "'thing ' || i, CASE WHEN i % 3 > 0 THEN i END, TIMESTAMPTZ '2026-01-01' + to_hours(i::INT), "
    "'2026-02-01', '2026-01-01', 'r1', json_object('id', i, 'name', 'thing ' || i), "
    "md5(i::VARCHAR)::UUID FROM range(40) r(i)",
    "INSERT INTO demo.things_history SELECT * REPLACE ('old ' || id AS name, "
    "TIMESTAMPTZ '2026-01-01' AS _valid_from), TIMESTAMPTZ '2026-02-01', 'updated' "
    "FROM demo.things WHERE id::INT < 10",
    "CREATE MACRO demo.things_at(ts) AS TABLE SELECT id, name FROM demo.things WHERE "
    "_valid_from <= ts UNION ALL SELECT id, name FROM demo.things_history WHERE "
    "_valid_from <= ts AND _valid_to > ts",
    "CREATE VIEW demo.zz_heavy AS SELECT * FROM demo.things WHERE size > 10",
    "CREATE VIEW demo.aa_heavy_names AS SELECT name FROM demo.zz_heavy",
    "COMMENT ON VIEW demo.zz_heavy IS 'the heavy ones'",
    "COMMENT ON COLUMN demo.zz_heavy.name IS 'its name, as seen'",
    "COMMENT ON MACRO TABLE demo.things_at IS 'as it was'",
    "CHECKPOINT",
)


def everything(file: Path, *, without: Iterable[str] = ()) -> dict[str, Any]:
    """All that a database holds, in a form that can be compared."""
    found: dict[str, Any] = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        tables = connection.execute(
            "SELECT schema_name, table_name, comment FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        found["tables"] = tables
        found["columns"] = connection.execute(
            "SELECT schema_name, table_name, column_name, data_type, comment, column_default, "
            "is_nullable FROM duckdb_columns() WHERE NOT internal "
            "ORDER BY schema_name, table_name, column_index"
        ).fetchall()
        found["macros"] = connection.execute(
            "SELECT schema_name, function_name, parameters, macro_definition, comment "
            "FROM duckdb_functions() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        found["views"] = connection.execute(
            "SELECT schema_name, view_name, sql, comment FROM duckdb_views() WHERE NOT internal "
            "ORDER BY ALL"
        ).fetchall()
        for schema, table, _ in tables:
            if f"{schema}.{table}" not in set(without):
                found[f"{schema}.{table}"] = connection.execute(
                    f"SELECT * REPLACE ({_text_of_wide(connection, schema, table)}) "
                    f"FROM {quoted(schema)}.{quoted(table)} ORDER BY ALL"
                ).fetchall()
    return found


def _text_of_wide(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    rows = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = "
        f"{literal(schema)} AND table_name = {literal(table)}"
    ).fetchall()
    wide = [name for name, kind in rows if kind in ("UHUGEINT", "HUGEINT")]
    first = rows[0][0]
    return ", ".join(f"hex({quoted(n)}) AS {quoted(n)}" for n in wide) or (
        f"{quoted(first)} AS {quoted(first)}"
    )


PLAIN = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
for statement in connection.extract_statements(open("restore.sql", encoding="utf-8").read()):
    connection.execute(statement)
"""


def run_restore_sql(folder: Path, target: Path) -> None:
    """What `duckdb target < restore.sql` does in the folder, in a process without kollect."""
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(target)], cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
