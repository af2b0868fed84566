"""The deepest proof: the backup is restored with its own restore.sql and compared throughout."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from warehouse.backup.content import content_of, hashing
from warehouse.backup.integrity import Problem
from warehouse.backup.manifest import RESTORE, Manifest, TableRecord
from warehouse.backup.reader import Backup
from warehouse.backup.script import below, rows_of
from warehouse.backup.snapshot import engine
from warehouse.progress import Step, Tell
from warehouse.schema.types import literal, quoted

REBUILT = "rebuilt"


def find_by_rebuilding(backup: Backup, scratch: Path, tell: Tell) -> list[Problem]:
    """Restore into a scratch database and compare every table with the manifest."""
    manifest = backup.known()
    folder = backup.folder
    if backup.envelope is not None:
        folder = scratch / "opened"
        for file in manifest.files:
            if file == RESTORE or file.startswith("tables/"):
                backup.plain(file, folder)
    with engine(scratch) as connection:
        try:
            run_script(connection, folder, scratch / "rebuilt.duckdb", tell, len(manifest.tables))
        except duckdb.Error as error:
            return [Problem(RESTORE, f"does not run: {' '.join(str(error).split())[:300]}")]
        place = below(folder)
        same = hashing(connection) == manifest.hashing
        found: list[Problem] = []
        for number, table in enumerate(manifest.tables, 1):
            older = None if same else f"({rows_of(table, place)})"
            found += _compare(connection, table, older)
            tell(Step("step", f"comparing {table.title}", number, len(manifest.tables)))
        return found + _compare_shape(connection, manifest)


def run_script(
    connection: duckdb.DuckDBPyConnection, folder: Path, target: Path, tell: Tell, tables: int
) -> None:
    """Run restore.sql as plain DuckDB would, but from anywhere and into `target`."""
    text = (folder / RESTORE).read_text(encoding="utf-8")
    # Inside a text literal every quote is doubled: this only ever meets the files themselves.
    start = literal(below(folder)(""))[:-1]
    text = text.replace("read_parquet('", f"read_parquet({start}")
    connection.execute(f"ATTACH {literal(str(target))} AS {REBUILT}")
    connection.execute(f"USE {REBUILT}")
    filled = 0
    for statement in connection.extract_statements(text):
        connection.execute(statement)
        if re.match(r"\s*INSERT INTO", statement.query):
            filled += 1
            tell(Step("step", "rebuilding", filled, tables))
    connection.execute("USE memory")


def _compare(
    connection: duckdb.DuckDBPyConnection, table: TableRecord, older: str | None
) -> list[Problem]:
    """One rebuilt table against the manifest, or against its file where hashes differ."""
    names = [column.name for column in table.columns]
    place = f"{REBUILT}.{quoted(table.schema)}.{quoted(table.name)}"
    rebuilt = content_of(connection, place, names, table.key)
    wanted_content, wanted_keys = table.content, table.keys
    if older is not None and not any(column.generated for column in table.columns):
        read = content_of(connection, older, names, table.key)
        wanted_content, wanted_keys = read.content, read.keys
    found = []
    if rebuilt.rows != table.rows:
        found.append(
            Problem(
                table.file, f"{table.title} has {rebuilt.rows:,} rows instead of {table.rows:,}"
            )
        )
    elif rebuilt.keys != wanted_keys:
        found.append(Problem(table.file, f"{table.title} has other keys than were backed up"))
    elif rebuilt.content != wanted_content:
        found.append(Problem(table.file, f"{table.title} has other values than were backed up"))
    if table.key:
        keyed = ", ".join(quoted(name) for name in table.key)
        rows, keys = connection.execute(
            f"SELECT count(*), count(DISTINCT ({keyed})) FROM {place}"
        ).fetchall()[0]
        if rows != keys and not table.name.endswith("_history"):
            found.append(Problem(table.file, f"{table.title} has {rows - keys:,} keys twice"))
    return found


def _compare_shape(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[Problem]:
    """Columns with their types and comments, as the manifest lists them."""
    rows = connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() "
        f"WHERE database_name = {literal(REBUILT)}"
    ).fetchall()
    there = {(schema, table, name): (kind, comment) for schema, table, name, kind, comment in rows}
    return [
        Problem(RESTORE, f"{table.title}.{column.name} came back otherwise than it was")
        for table in manifest.tables
        for column in table.columns
        if there.get((table.schema, table.name, column.name)) != (column.type, column.comment)
    ]
