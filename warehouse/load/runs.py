"""The ledger of runs: one row of `_kollect.runs`, and what could not even be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from connectors.core.connector import Connector
from connectors.core.state import StateKey
from warehouse.analysis.keep import keep_analysis
from warehouse.load.keys import storable
from warehouse.load.ledger import Ledger
from warehouse.schema.evolve import ensure_schema
from warehouse.schema.types import quoted
from warehouse.store.identity import kollect_version
from warehouse.store.names import CATALOG, STATE
from warehouse.store.transactions import count_generation
from warehouse.store.warehouse import Warehouse


@dataclass(frozen=True)
class Run:
    """One sync of one account."""

    run_id: str
    account: str
    status: str
    started_at: datetime
    finished_at: datetime
    requests: int
    retries: int
    rate_limited: int
    waited_seconds: float
    bytes: int
    error: str | None


def record_run(
    warehouse: Warehouse,
    connection: duckdb.DuckDBPyConnection,
    connector: Connector,
    run: Run,
    tables: Mapping[str, Mapping[str, Any]],
    state: Mapping[StateKey, str],
) -> dict[str, int]:
    """Write the run's row, a row of `_kollect.loads` for tables that were not loaded, and what
    later runs must know; make the schema `analysis` anew where a newer kollect declares it
    otherwise.

    Returns how many rows the account has in each of the tables that were not loaded.
    """
    with warehouse.writing(connection), warehouse.transaction(connection):
        ensure_schema(connection, connector)
        unread = _write(connection, connector, run, tables)
        ledger = Ledger(connection, run.account, run.run_id, connector.name, "", run.finished_at)
        ledger.remember(state)
        count_generation(connection, rows_changed=keep_analysis(connection))
        return unread


def _write(
    connection: duckdb.DuckDBPyConnection,
    connector: Connector,
    run: Run,
    tables: Mapping[str, Mapping[str, Any]],
) -> dict[str, int]:
    key = [run.run_id, run.account]
    place = f"{CATALOG}.{STATE}.runs"
    connection.execute(f"DELETE FROM {place} WHERE run_id = ? AND account = ?", key)
    values: dict[str, Any] = {
        "run_id": run.run_id,
        "account": run.account,
        "service": connector.name,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "requests": run.requests,
        "retries": run.retries,
        "rate_limited": run.rate_limited,
        "waited_seconds": round(run.waited_seconds, 3),
        "bytes": run.bytes,
        "error": run.error,
        "kollect_version": kollect_version(),
    }
    _insert(connection, place, values)
    loaded = {
        row[0]
        for row in connection.execute(
            f"SELECT table_name FROM {CATALOG}.{STATE}.loads WHERE run_id = ? AND account = ?", key
        ).fetchall()
    }
    unread = {}
    for table, row in tables.items():
        if table not in loaded:
            unread[table] = _rows(connection, connector.name, table, run.account)
            _insert(
                connection,
                f"{CATALOG}.{STATE}.loads",
                {
                    "run_id": run.run_id,
                    "account": run.account,
                    "service": connector.name,
                    "table_name": table,
                    "mode": row["mode"],
                    "complete": False,
                    "reason": row.get("reason"),
                    "inserted": 0,
                    "updated": 0,
                    "deleted": 0,
                    "unchanged": 0,
                    "rejected": 0,
                    "rows": unread[table],
                    "loaded_at": run.finished_at,
                    "error": row.get("reason"),
                },
            )
    return unread


def _rows(connection: duckdb.DuckDBPyConnection, schema: str, table: str, account: str) -> int:
    place = f"{CATALOG}.{quoted(schema)}.{quoted(table)}"
    sql = f"SELECT count(*) FROM {place} WHERE _account = ?"
    return int(connection.execute(sql, [account]).fetchall()[0][0])


def _insert(connection: duckdb.DuckDBPyConnection, place: str, values: Mapping[str, Any]) -> None:
    marks = ", ".join("?" for _ in values)
    connection.execute(
        f"INSERT INTO {place} ({', '.join(values)}) VALUES ({marks})",
        [storable(value) if isinstance(value, str) else value for value in values.values()],
    )
