"""What the records of an account name now, beside what is known of those files.

The few columns that say so are copied into the run's own DuckDB (which spills to the disk), so that
the writer's file is held for a moment and a million records cost no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import duckdb

from connectors.core.files import FileSource
from warehouse.files.ledger import (
    COLUMNS,
    LEDGER,
    STORED,
    FileLedger,
    FileStatus,
    filter_of,
    record_key,
    rows_of,
)
from warehouse.schema.evolve import ensure_schema
from warehouse.schema.types import quoted
from warehouse.store.names import CATALOG, STATE

BATCH_ROWS = 1000


@dataclass(frozen=True)
class FileRecord:
    """One record: the columns that name files, and what is known of each file by its mark."""

    record_key: str
    row: Mapping[str, Any]
    known: Mapping[str, FileStatus]


class FileSurvey:
    """The records that name files; closing it frees the copy."""

    def __init__(self, ledger: FileLedger, sources: Sequence[FileSource]) -> None:
        """Copies what is needed; the writer's file is only held meanwhile."""
        self._engine = ledger.engine
        number = uuid4().hex
        self._stored = f"memory.main.files_stored_{number}"
        self._copies = [
            (source, f"memory.main.files_named_{number}_{place}")
            for place, source in enumerate(sources)
        ]
        connection = self._engine.cursor()
        with ledger.warehouse.writing(connection):
            ensure_schema(connection, ledger.connector)
            upgrade_ledger(connection)
            connection.execute(
                f"CREATE TABLE {self._stored} AS SELECT mark, any_value(sha256) AS sha256, "
                "any_value(bytes) AS bytes, any_value(content_type) AS content_type, "
                "any_value(file_name) AS file_name, min(fetched_at) AS fetched_at "
                f"FROM {LEDGER} WHERE account = ? AND status = '{STORED}' AND sha256 IS NOT NULL "
                "AND (mark LIKE 'at %' OR mark LIKE 'md5 %') GROUP BY mark",
                [ledger.account],
            )
            for source, copy in self._copies:
                connection.execute(_copy_sql(ledger, source, copy), [ledger.account] * 2)
        connection.close()

    def __enter__(self) -> FileSurvey:
        return self

    def __exit__(self, *reason: object) -> None:
        for copy in (*(copy for _, copy in self._copies), self._stored):
            self._engine.execute(f"DROP TABLE IF EXISTS {copy}")

    def batches(self) -> Iterator[tuple[FileSource, list[FileRecord]]]:
        """The records of each source, a thousand at a time."""
        for source, copy in self._copies:
            count = self._engine.execute(f"SELECT count(*) FROM {copy}").fetchall()[0][0]
            for first in range(0, count, BATCH_ROWS):
                found = self._engine.execute(
                    f"SELECT * FROM {copy} WHERE rowid >= ? AND rowid < ?",
                    [first, first + BATCH_ROWS],
                ).fetchall()
                yield source, [_record(source, row) for row in found]

    def stored_elsewhere(self, marks: Sequence[str]) -> dict[str, FileStatus]:
        """Stored files of any record of the account with the same content, by mark."""
        found = self._engine.execute(
            "SELECT mark, sha256, bytes, content_type, file_name, fetched_at FROM "
            f"{self._stored} WHERE mark IN (SELECT unnest(?::VARCHAR[]))",
            [list(marks)],
        ).fetchall()
        return {
            mark: FileStatus(mark, STORED, sha, size, kind, name, None, at)
            for mark, sha, size, kind, name, at in found
        }


def _copy_sql(ledger: FileLedger, source: FileSource, copy: str) -> str:
    listed = ", ".join(f"t.{quoted(column)}" for column in source.columns)
    fields = ", ".join(f"{column} := {column}" for column in COLUMNS[1:])
    key = record_key(source)
    return (
        f"CREATE TABLE {copy} AS SELECT {key} AS _record, k.known AS _known, {listed} "
        f"FROM {ledger.qualified_name(source)} t LEFT JOIN (SELECT record_key, "
        f"list(struct_pack({fields})) AS known FROM {LEDGER} WHERE account = ? AND "
        f"{rows_of(source)} GROUP BY record_key) k ON k.record_key = {key} "
        f"WHERE t._account = ?{filter_of(source)}"
    )


def _record(source: FileSource, row: tuple[Any, ...]) -> FileRecord:
    key, known, *values = row
    return FileRecord(
        key,
        dict(zip(source.columns, values, strict=True)),
        {part["mark"]: FileStatus(**part) for part in known or ()},
    )


def upgrade_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the table of a very early kollect, which was always empty, its columns of today."""
    names = {
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND "
            "schema_name = ? AND table_name = 'files'",
            [CATALOG, STATE],
        ).fetchall()
    }
    if {"mark", "checked_at"} <= names:
        return
    from warehouse.schema import control_tables
    from warehouse.schema.tables import create_statements

    connection.execute(f"DROP TABLE IF EXISTS {LEDGER}")
    connection.execute(f"USE {CATALOG}")
    for statement in create_statements(control_tables.FILES):
        connection.execute(statement)
    connection.execute("USE memory")
