"""`_kollect.files`: which files records name, what is here, and why something is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import msgspec

from connectors.core.connector import Connector
from connectors.core.files import FileSource
from warehouse.schema.types import literal, quoted
from warehouse.store.names import CATALOG, STATE
from warehouse.store.transactions import count_generation
from warehouse.store.warehouse import Warehouse

STORED, FAILED, SKIPPED, GONE = "stored", "failed", "skipped", "gone"
LEDGER = f"{CATALOG}.{STATE}.files"
COLUMNS = ("record_key", "mark", "sha256", "bytes", "content_type", "file_name", "status",
           "reason", "fetched_at")  # fmt: skip


@dataclass(frozen=True)
class FileStatus:
    """What is known of one file; the fields are columns of `_kollect.files`."""

    mark: str
    status: str
    sha256: str | None = None
    bytes: int | None = None
    content_type: str | None = None
    file_name: str | None = None
    reason: str | None = None
    fetched_at: datetime | None = None


@dataclass(frozen=True)
class LedgerRow:
    """A row to write; without `known` the row of that mark is removed."""

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
        self.warehouse = warehouse
        self.connector = connector
        self.account = account
        self.engine = engine

    def qualified_name(self, source: FileSource) -> str:
        """The table whose rows name the files."""
        return f"{CATALOG}.{quoted(self.connector.name)}.{quoted(source.table.name)}"

    def write(self, rows: Sequence[LedgerRow], run_id: str, now: datetime) -> None:
        """All rows in one transaction."""
        if not rows:
            return
        lines = msgspec.json.encode([_line(row) for row in rows]).decode()
        connection = self.engine.cursor()
        with self.warehouse.writing(connection), self.warehouse.transaction(connection):
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
                [self.account],
            )
            listed = ", ".join(COLUMNS)
            connection.execute(
                f"INSERT INTO {LEDGER} (account, service, table_name, field, {listed}, run_id, "
                f"checked_at) SELECT ?, ?, table_name, field, {listed}, ?, ? FROM temp.written "
                "WHERE status IS NOT NULL",
                [self.account, self.connector.name, run_id, now],
            )
            count_generation(connection)
        connection.close()

    def mark_ended(self, sources: Sequence[FileSource], run_id: str, now: datetime) -> int:
        """Mark files as gone whose records have ended; returns how many.

        Rows of files that never came are removed; a file that is here stays, and so does its row.
        """
        connection = self.engine.cursor()
        count = 0
        with self.warehouse.writing(connection), self.warehouse.transaction(connection):
            for source in sources:
                ended = (
                    f"account = ? AND {rows_of(source)} AND NOT EXISTS (SELECT 1 FROM "
                    f"{self.qualified_name(source)} t WHERE t._account = ?{filter_of(source)} AND "
                    f"{record_key(source)} = record_key)"
                )
                whose = [self.account, self.account]
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


def record_key(source: FileSource) -> str:
    """SQL for the key of a record `t`, its parts joined by `/`."""
    return " || '/' || ".join(f"t.{quoted(name)}::VARCHAR" for name in source.table.key)


def filter_of(source: FileSource) -> str:
    """SQL for the rows `t` that name files at all."""
    return "".join(f" AND t.{quoted(c)} = {literal(v)}" for c, v in source.only.items())


def rows_of(source: FileSource) -> str:
    """SQL for the ledger's rows of a source."""
    return f"table_name = {literal(source.table.name)} AND field = {literal(source.field)}"


def _line(row: LedgerRow) -> dict[str, Any]:
    line: dict[str, Any] = {
        "table_name": row.table,
        "field": row.field,
        "record_key": row.record_key,
        "mark": row.mark,
    }
    if row.known is not None:
        for name in COLUMNS[2:]:
            line[name] = getattr(row.known, name)
    return line
