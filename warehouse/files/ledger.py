"""`_kollect.files`: which files records name, what is here, and why something is not.

The survey copies the few columns that say so into the run's own DuckDB (which spills to the
disk), so that the writer's file is held for a moment and a million records cost no memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import msgspec

from connectors.core.connector import Connector
from connectors.core.files import FileSource
from warehouse.schema.evolve import ensure_schema
from warehouse.schema.types import literal, quoted
from warehouse.store.identity import CATALOG, STATE
from warehouse.store.transactions import count_generation, transaction
from warehouse.store.warehouse import Warehouse

STORED, FAILED, SKIPPED, GONE = "stored", "failed", "skipped", "gone"
BATCH_ROWS = 1000
LEDGER = f"{CATALOG}.{STATE}.files"
COLUMNS = ("record_key", "mark", "sha256", "bytes", "content_type", "file_name", "status",
           "reason", "fetched_at")  # fmt: skip


@dataclass(frozen=True)
class FileStatus:
    """What the ledger says of one file."""

    mark: str
    status: str
    sha256: str | None = None
    bytes: int | None = None
    content_type: str | None = None
    file_name: str | None = None
    reason: str | None = None
    fetched_at: datetime | None = None


@dataclass(frozen=True)
class Named:
    """One record with what it says of files, and what is known of those."""

    record_key: str
    row: Mapping[str, Any]
    known: Mapping[str, FileStatus]


@dataclass(frozen=True)
class Entry:
    """A row to write; without `known` the row of that mark is to go."""

    table: str
    field: str
    record_key: str
    mark: str
    known: FileStatus | None


class FileLedger:
    """The files of one account."""

    def __init__(
        self,
        warehouse: Warehouse,
        connector: Connector,
        account: str,
        engine: duckdb.DuckDBPyConnection,
    ) -> None:
        """`engine` is the in-memory DuckDB of the run."""
        self._warehouse = warehouse
        self._connector = connector
        self._account = account
        self._engine = engine
        self._numbers = itertools.count()

    def survey(self, sources: Sequence[FileSource]) -> Survey:
        """What the records name now. The writer's file is only held while it is copied."""
        names: list[tuple[FileSource, str]] = []
        stored = f"files_stored_{next(self._numbers)}"
        connection = self._engine.cursor()
        with self._warehouse.writing(connection):
            ensure_schema(connection, self._connector)
            _complete(connection)
            connection.execute(
                f"CREATE TABLE memory.main.{stored} AS SELECT mark, any_value(sha256) AS sha256, "
                "any_value(bytes) AS bytes, any_value(content_type) AS content_type, "
                "any_value(file_name) AS file_name, min(fetched_at) AS fetched_at "
                f"FROM {LEDGER} WHERE account = ? AND status = '{STORED}' AND sha256 IS NOT NULL "
                "AND (mark LIKE 'at %' OR mark LIKE 'md5 %') GROUP BY mark",
                [self._account],
            )
            for source in sources:
                name = f"files_named_{next(self._numbers)}"
                connection.execute(self._copy(source, name), [self._account] * 2)
                names.append((source, name))
        connection.close()
        return Survey(self._engine, names, stored)

    def _copy(self, source: FileSource, name: str) -> str:
        listed = ", ".join(f"t.{quoted(column)}" for column in source.columns)
        fields = ", ".join(f"{column} := {column}" for column in COLUMNS[1:])
        return (
            f"CREATE TABLE memory.main.{name} AS SELECT {_key(source)} AS _record, k.known AS "
            f"_known, {listed} FROM {self._place(source)} t LEFT JOIN (SELECT record_key, "
            f"list(struct_pack({fields})) AS known FROM {LEDGER} WHERE account = ? AND "
            f"{_of(source)} GROUP BY record_key) k ON k.record_key = {_key(source)} "
            f"WHERE t._account = ?{_only(source)}"
        )

    def _place(self, source: FileSource) -> str:
        return f"{CATALOG}.{quoted(self._connector.name)}.{quoted(source.table.name)}"

    def write(self, entries: Sequence[Entry], run_id: str, now: datetime) -> None:
        """All entries in one transaction."""
        if not entries:
            return
        lines = msgspec.json.encode([_line(entry) for entry in entries]).decode()
        connection = self._engine.cursor()
        with self._warehouse.writing(connection), transaction(connection):
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE written AS SELECT unnest(from_json(?::JSON, "
                '\'[{"table_name": "VARCHAR", "field": "VARCHAR", "record_key": "VARCHAR", '
                '"mark": "VARCHAR", "sha256": "VARCHAR", "bytes": "BIGINT", "content_type": '
                '"VARCHAR", "file_name": "VARCHAR", "status": "VARCHAR", "reason": "VARCHAR", '
                '"fetched_at": "TIMESTAMPTZ"}]\'), recursive := true)',
                [lines],
            )
            connection.execute(
                f"DELETE FROM {LEDGER} f USING temp.written w WHERE f.account = ? AND "
                "f.table_name = w.table_name AND f.field = w.field AND "
                "f.record_key = w.record_key AND f.mark = w.mark",
                [self._account],
            )
            listed = ", ".join(COLUMNS)
            connection.execute(
                f"INSERT INTO {LEDGER} (account, service, table_name, field, {listed}, run_id, "
                f"checked_at) SELECT ?, ?, table_name, field, {listed}, ?, ? FROM temp.written "
                "WHERE status IS NOT NULL",
                [self._account, self._connector.name, run_id, now],
            )
            count_generation(connection)
        connection.close()

    def end(self, sources: Sequence[FileSource], run_id: str, now: datetime) -> int:
        """Say of files whose records have ended that they are gone; returns how many.

        Only what was never here is forgotten: a file stays as long as its row says that it is.
        """
        connection = self._engine.cursor()
        count = 0
        with self._warehouse.writing(connection), transaction(connection):
            for source in sources:
                ended = (
                    f"account = ? AND {_of(source)} AND NOT EXISTS (SELECT 1 FROM "
                    f"{self._place(source)} t WHERE t._account = ?{_only(source)} AND "
                    f"{_key(source)} = record_key)"
                )
                whose = [self._account, self._account]
                connection.execute(f"DELETE FROM {LEDGER} WHERE sha256 IS NULL AND {ended}", whose)
                changed = connection.execute(
                    f"UPDATE {LEDGER} SET status = '{GONE}', reason = 'its record has ended at the "
                    f"service; the file is kept', run_id = ?, checked_at = ? "
                    f"WHERE status <> '{GONE}' AND {ended}",
                    [run_id, now, *whose],
                ).fetchall()
                count += int(changed[0][0])
            if count:
                count_generation(connection)
        connection.close()
        return count


class Survey:
    """What records name, in batches; closing it frees the copy."""

    def __init__(
        self,
        engine: duckdb.DuckDBPyConnection,
        names: Sequence[tuple[FileSource, str]],
        stored: str,
    ) -> None:
        self._engine = engine
        self._names = names
        self._stored = stored

    def __enter__(self) -> Survey:
        return self

    def __exit__(self, *reason: object) -> None:
        for name in (*(name for _, name in self._names), self._stored):
            self._engine.execute(f"DROP TABLE IF EXISTS memory.main.{name}")

    def batches(self) -> Iterator[tuple[FileSource, list[Named]]]:
        """The records of each source, a thousand at a time."""
        for source, name in self._names:
            place = f"memory.main.{name}"
            count = self._engine.execute(f"SELECT count(*) FROM {place}").fetchall()[0][0]
            for first in range(0, count, BATCH_ROWS):
                found = self._engine.execute(
                    f"SELECT * FROM {place} WHERE rowid >= ? AND rowid < ?",
                    [first, first + BATCH_ROWS],
                ).fetchall()
                yield source, [_named(source, row) for row in found]

    def elsewhere(self, marks: Sequence[str]) -> dict[str, FileStatus]:
        """Stored files of other records with the same content, by mark."""
        found = self._engine.execute(
            "SELECT mark, sha256, bytes, content_type, file_name, fetched_at FROM "
            f"memory.main.{self._stored} WHERE mark IN (SELECT unnest(?::VARCHAR[]))",
            [list(marks)],
        ).fetchall()
        return {
            mark: FileStatus(mark, STORED, sha, size, kind, name, None, at)
            for mark, sha, size, kind, name, at in found
        }


def _named(source: FileSource, row: tuple[Any, ...]) -> Named:
    record_key, known, *values = row
    return Named(
        record_key,
        dict(zip(source.columns, values, strict=True)),
        {part["mark"]: FileStatus(**part) for part in known or ()},
    )


def _key(source: FileSource) -> str:
    return " || '/' || ".join(f"t.{quoted(name)}::VARCHAR" for name in source.table.key)


def _only(source: FileSource) -> str:
    return "".join(f" AND t.{quoted(c)} = {literal(v)}" for c, v in source.only.items())


def _of(source: FileSource) -> str:
    return f"table_name = {literal(source.table.name)} AND field = {literal(source.field)}"


def _line(entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {
        "table_name": entry.table,
        "field": entry.field,
        "record_key": entry.record_key,
        "mark": entry.mark,
    }
    if entry.known is not None:
        for name in COLUMNS[2:]:
            line[name] = getattr(entry.known, name)
    return line


def _complete(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the table of an earlier kollect, which was always empty, into today's form."""
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
