"""`_kollect.restores`: every write of a restore, before it is sent and after it was answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from connectors.core.connector import Connector
from pipelines.restore.ids import Key
from warehouse.schema.evolve import ensure_schema
from warehouse.store.names import CATALOG, STATE
from warehouse.store.transactions import count_generation
from warehouse.store.warehouse import Warehouse

PLACE = f"{CATALOG}.{STATE}.restores"


@dataclass(frozen=True)
class WriteRecord:
    """The writes of one restore into one account."""

    warehouse: Warehouse
    connector: Connector
    account: str
    source: str
    origin: str
    """Whose records are put back: old ids mean something among these only."""
    restore_id: str
    engine: duckdb.DuckDBPyConnection
    now: Callable[[], datetime]

    def prepare(self) -> None:
        """Make the table where an older kollect made the warehouse."""
        connection = self.engine.cursor()
        with self.warehouse.writing(connection), self.warehouse.transaction(connection):
            ensure_schema(connection, self.connector)

    def sent(self, table: str, keys: Iterable[Key], action: str) -> None:
        """These records are about to be written; returns once that is on the disk."""
        known = (self.restore_id, self.account, self.connector.name, self.source, self.origin)
        rows = [(table, _text(key), action) for key in keys]
        self._write(
            f"INSERT INTO {PLACE} (restore_id, account, service, source, origin, table_name, "
            "old_key, action, status, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'sent', ?)",
            [[*known, *row, self.now()] for row in rows],
        )

    def answered(
        self,
        table: str,
        keys: dict[Key, Key | None],
        status: str,
        reason: str = "",
    ) -> None:
        """What came of the last writes of these records: `done`, `refused` or `unknown`; with the
        keys that they have now, where the answer tells."""
        known = (self.restore_id, self.account, table)
        self._write(
            f"UPDATE {PLACE} SET status = ?, reason = ?, new_key = ?, answered_at = ? "
            "WHERE restore_id = ? AND account = ? AND table_name = ? AND old_key = ? "
            "AND status = 'sent'",
            [
                [status, reason or None, _text(new), self.now(), *known, _text(old)]
                for old, new in keys.items()
            ],
        )

    def written(self) -> dict[str, dict[Key, Key]]:
        """Table -> old key -> key of now, of every write of any restore that was answered."""
        connection = self.engine.cursor()
        with self.warehouse.writing(connection):
            found = connection.execute(
                f"SELECT table_name, old_key, new_key FROM {PLACE} WHERE account = ? "
                "AND origin = ? AND status = 'done' AND new_key IS NOT NULL ORDER BY answered_at",
                [self.account, self.origin],
            ).fetchall()
        written: dict[str, dict[Key, Key]] = {}
        for table, old, new in found:
            written.setdefault(table, {})[_key(old)] = _key(new)
        return written

    def in_doubt(self) -> set[tuple[str, Key]]:
        """Writes of which nobody knows whether the service did them."""
        connection = self.engine.cursor()
        with self.warehouse.writing(connection):
            found = connection.execute(
                f"SELECT table_name, old_key FROM {PLACE} WHERE account = ? AND origin = ? "
                "AND status IN ('sent', 'unknown')",
                [self.account, self.origin],
            ).fetchall()
        return {(table, _key(old)) for table, old in found}

    def unfinished(self) -> set[tuple[str, Key]]:
        """Records that were made, or may have been, and of which what follows was not done."""
        connection = self.engine.cursor()
        with self.warehouse.writing(connection):
            found = connection.execute(
                f"SELECT table_name, old_key FROM {PLACE} WHERE account = ? AND origin = ? "
                "GROUP BY ALL HAVING max(sent_at) FILTER (action = 'create' AND status <> "
                "'refused') >= coalesce(max(sent_at) FILTER (action = 'finish' AND "
                "status = 'done'), '-infinity'::TIMESTAMPTZ)",
                [self.account, self.origin],
            ).fetchall()
        return {(table, _key(old)) for table, old in found}

    def _write(self, sql: str, rows: list[list[Any]]) -> None:
        if not rows:
            return
        connection = self.engine.cursor()
        with self.warehouse.writing(connection), self.warehouse.transaction(connection):
            connection.executemany(sql, rows)
            count_generation(connection, rows_changed=False)


def _text(key: Key | None) -> str | None:
    return None if key is None else json.dumps(key, default=str)


def _key(text: str) -> Key:
    return tuple(json.loads(text))
