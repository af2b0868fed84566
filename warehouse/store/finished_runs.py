"""Which syncs ended lately, from `_kollect.runs`, and what they did to each table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from warehouse.store.inspection import LEDGER
from warehouse.store.names import STATE


@dataclass(frozen=True)
class FinishedRun:
    """One sync of one account that ended, as `_kollect.runs` has it."""

    run_id: str
    account: str
    service: str
    status: str
    finished_at: datetime
    requests: int
    retries: int
    rate_limited: int
    waited_seconds: float
    bytes: int
    error: str | None

    @property
    def mark(self) -> str:
        """Tells this end of the run from a later one: a failed run goes on under its name."""
        return f"{self.run_id} {self.finished_at.isoformat()}"


def finished_runs(
    connection: duckdb.DuckDBPyConnection, newest: int
) -> dict[str, list[FinishedRun]]:
    """The newest runs of each account, the last written one last; by order, not by the clock."""
    found = _rows(
        connection,
        "SELECT run_id, account, service, status, finished_at, requests, retries, rate_limited, "
        f"waited_seconds, bytes, error FROM {STATE}.runs WHERE finished_at IS NOT NULL "
        "QUALIFY row_number() OVER (PARTITION BY account ORDER BY rowid DESC) <= ? "
        "ORDER BY account, rowid",
        [newest],
    )
    runs: dict[str, list[FinishedRun]] = {}
    for row in found:
        runs.setdefault(row[1], []).append(FinishedRun(*row))
    return runs


def loads_of_runs(
    connection: duckdb.DuckDBPyConnection, account: str, run_ids: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """Table -> its rows of `_kollect.loads` in these runs, the newest last."""
    found = _rows(
        connection,
        f"SELECT {', '.join(LEDGER)} FROM {STATE}.loads WHERE account = ? "
        "AND list_contains(?, run_id) ORDER BY rowid",
        [account, list(run_ids)],
    )
    loads: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        loads.setdefault(row[0], []).append(dict(zip(LEDGER, row, strict=True)))
    return loads


def accounts_seen(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Every account that was ever synced into this warehouse, and its service."""
    found = _rows(
        connection,
        f"SELECT account, arg_max(service, rowid) FROM {STATE}.runs GROUP BY account "
        "ORDER BY min(rowid)",
        [],
    )
    return dict(found)


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: list[Any]
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(sql, values).fetchall()
    except duckdb.CatalogException:  # no sync ended here yet
        return []
