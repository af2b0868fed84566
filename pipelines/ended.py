"""Records that the services no longer have: for `kollect deleted` and the report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.settings import Account
from warehouse.schema.types import quoted

if TYPE_CHECKING:
    import duckdb

TITLES = ("name", "title", "url", "content", "body", "text")
"""Columns that tell people which record it was; the first that a table has is shown."""


def _columns_of_histories(
    connection: duckdb.DuckDBPyConnection,
) -> dict[tuple[str, str], set[str]]:
    """(schema, table) -> columns, for tables that have a history."""
    rows = connection.execute(
        "SELECT schema_name, table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name = current_database() AND ends_with(table_name, '_history') "
        "GROUP BY ALL"
    ).fetchall()
    return {(schema, name): set(columns) for schema, name, columns in rows}


def ended_records(
    connection: duckdb.DuckDBPyConnection,
    account: Account,
    tables: Iterable[str],
    since: datetime,
) -> list[dict[str, Any]]:
    """What ended in these tables of an account: key, a title where there is one, evidence."""
    known = _columns_of_histories(connection)
    schema = account.connector.name
    found: list[dict[str, Any]] = []
    for name in tables:
        columns = known.get((schema, f"{name}_history"))
        if columns is None:
            continue
        key = account.connector.tables[name].key
        title = next((quoted(t) for t in TITLES if t in columns and t not in key), "NULL")
        keys = ", ".join(f"{quoted(part)}::VARCHAR" for part in key)
        rows = connection.execute(
            f"SELECT _valid_to, {title}::VARCHAR, _evidence, {keys} "
            f"FROM {quoted(schema)}.{quoted(name + '_history')} "
            "WHERE _account = ? AND _ended_by = 'deleted' AND _valid_to >= ?",
            [account.name, since],
        ).fetchall()
        found += [
            {
                "account": account.name,
                "table": name,
                "key": dict(zip(key, values, strict=True)),
                "title": text,
                "ended_at": ended,
                "evidence": evidence,
            }
            for ended, text, evidence, *values in rows
        ]
    return found
