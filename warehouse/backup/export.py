"""A backup as files for other tools: JSON, CSV or Parquet, one folder per service."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from connectors.core.errors import BadSettings
from connectors.core.exports import safe_name
from warehouse.backup.build import TARGET, Restored, build
from warehouse.backup.manifest import TableRecord
from warehouse.backup.reader import Backup
from warehouse.backup.selection import STATE, Selection, asked_tables
from warehouse.backup.snapshot import engine
from warehouse.backup.tables import ORDERED_ROWS
from warehouse.progress import OnStep, Step
from warehouse.schema.types import literal, quoted
from warehouse.store.durable import flush_files, flush_tree, remove_tree, rename_new

FORMATS = {
    "json": "FORMAT JSON, ARRAY true",
    "csv": "FORMAT CSV, HEADER true",
    "parquet": "FORMAT PARQUET, COMPRESSION zstd",
}

MoreFiles = Callable[[duckdb.DuckDBPyConnection, str, str, str, Path], object]
"""Writes a service's own export files. Called with the connection, the catalog that holds the
rows, the service, the format and the service's folder."""


def restore_as_files(
    opened: Backup,
    selection: Selection,
    target: Path,
    scratch: Path,
    as_format: str,
    more_files: MoreFiles | None,
    on_step: OnStep,
) -> Restored:
    """Write `TARGET/<service>/<table>.<format>`; the folder appears when it is complete."""
    if as_format not in FORMATS:
        raise BadSettings(
            f"there is no format {as_format!r}", guidance=f"use one of {', '.join(FORMATS)}"
        )
    beside = scratch / "export"
    old = target.with_name(f".{target.name}.replaced")
    beside.mkdir()
    database = scratch / "restored.duckdb"
    build(opened, selection, database, scratch, on_step)
    asked = [
        table
        for table in asked_tables(opened.require_manifest(), selection)
        if table.schema != STATE
    ]
    rows = _write(asked, database, beside, as_format, more_files, on_step)
    flush_files(file for file in beside.rglob("*") if file.is_file())
    flush_tree(beside)
    try:
        if target.exists():
            remove_tree(old)
            os.rename(target, old)
        rename_new(beside, target)
    except BaseException:
        if old.exists() and not target.exists():
            os.rename(old, target)
        raise
    remove_tree(old)
    restored = Restored(target, len(asked), rows, 0)
    on_step(Step("done", restored.sentence))
    return restored


def _write(
    asked: list[TableRecord],
    database: Path,
    folder: Path,
    as_format: str,
    more_files: MoreFiles | None,
    on_step: OnStep,
) -> int:
    """Write the tables that were asked for; returns their rows."""
    total = 0
    with engine(database.parent) as connection:
        connection.execute(f"ATTACH {literal(str(database))} AS {TARGET} (READ_ONLY)")
        connection.execute(f"USE {TARGET}")
        for number, table in enumerate(asked, 1):
            place = folder / safe_name(table.schema) / f"{safe_name(table.name)}.{as_format}"
            place.parent.mkdir(parents=True, exist_ok=True)
            total += _write_table(connection, table, place, as_format)
            on_step(Step("step", f"writing {table.title}", number, len(asked)))
        if more_files is not None:
            for schema in sorted({table.schema for table in asked}):
                more_files(connection, TARGET, schema, as_format, folder / safe_name(schema))
        connection.execute("USE memory")
    return total


def _write_table(
    connection: duckdb.DuckDBPyConnection, table: TableRecord, place: Path, as_format: str
) -> int:
    values = ", ".join(
        f"hex({quoted(column.name)}) AS {quoted(column.name)}"
        if column.stored == "bits"
        else quoted(column.name)
        for column in table.columns
    )
    order = ", ".join(quoted(name) for name in table.key)
    done = connection.execute(
        f"COPY (SELECT {values} FROM {quoted(table.schema)}.{quoted(table.name)}"
        f"{f' ORDER BY {order}' if order and table.rows <= ORDERED_ROWS else ''}) "
        f"TO {literal(str(place))} ({FORMATS[as_format]})"
    ).fetchall()
    return int(done[0][0])
