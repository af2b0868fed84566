"""How fresh and how complete each table of an account is, from the ledger and the tables.

`kollect status`, `_kollect.table_status` and Dagster tell the same because they all read this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from warehouse.schema.types import quoted
from warehouse.store.names import STATE

TABLE_STATUS = f"""
SELECT account, service, table_name,
    max(loaded_at) FILTER (error IS NULL) AS read_at,
    max(loaded_at) FILTER (complete AND error IS NULL) AS proved_at,
    max(loaded_at) AS tried_at,
    arg_max(coalesce(complete, false) AND error IS NULL, loaded_at) AS complete,
    arg_max(coalesce(reason, error, ''), loaded_at) AS reason,
    arg_max(coalesce(rejected, 0), loaded_at) AS rejected,
    arg_max(coalesce(deleted, 0), loaded_at) AS deleted,
    arg_max(run_id, loaded_at) AS run_id
FROM {STATE}.loads GROUP BY account, service, table_name"""
"""One row per account and table. A load with an error read nothing to its end, so it moves
neither `read_at` nor `proved_at`."""


@dataclass(frozen=True)
class TableStatus:
    """What is known of one table of an account; times are UTC, None where it never happened."""

    table: str
    rows: int
    """The account's current rows, counted in the table itself."""
    read_at: datetime | None = None
    """When it was last really read, whether completely or not."""
    proved_at: datetime | None = None
    """When it was last proved to be complete."""
    tried_at: datetime | None = None
    """When a run last recorded it, failed ones included."""
    complete: bool = False
    """Whether the last try proved it to be complete."""
    reason: str = ""
    """Why the last try did not; empty where it did."""
    rejected: int = 0
    """Records and values that the last try could not store as declared."""
    deleted: int = 0
    """Rows that the last try proved to be gone."""
    run_id: str = ""
    """The run of the last try."""


def table_status(
    connection: duckdb.DuckDBPyConnection, service: str, account: str, tables: Iterable[str]
) -> dict[str, TableStatus]:
    """The status of each of these tables of an account, in their order.

    `connection` is an open reading of the warehouse (`Warehouse.reading`). A table that was
    never loaded has no times and, where it does not exist yet, no rows.
    """
    known = {row[0]: row[1:] for row in _recorded(connection, account)}
    found = {}
    for table in tables:
        rows = _count(connection, service, account, table)
        found[table] = TableStatus(table, rows, *known.get(table, ()))
    return found


def _recorded(connection: duckdb.DuckDBPyConnection, account: str) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(
            "SELECT table_name, read_at, proved_at, tried_at, complete, reason, rejected, deleted, "
            "run_id "
            f"FROM ({TABLE_STATUS}) WHERE account = ?",
            [account],
        ).fetchall()
    except duckdb.CatalogException:
        return []


def _count(connection: duckdb.DuckDBPyConnection, service: str, account: str, table: str) -> int:
    place = f"{quoted(service)}.{quoted(table)}"
    try:
        found = connection.execute(
            f"SELECT count(*) FROM {place} WHERE _account = ?", [account]
        ).fetchall()
    except duckdb.CatalogException:
        return 0
    return int(found[0][0])
