"""An account's current rows as JSON, CSV or Parquet: one file for each table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.backup.export import FORMATS
from warehouse.schema.types import literal, quoted

if TYPE_CHECKING:
    import duckdb

    from pipelines.settings import Account


def write_tables(
    connection: duckdb.DuckDBPyConnection, account: Account, table_format: str, folder: Path
) -> Iterator[tuple[Path, int]]:
    """One file for each table that is here; yields each file with its rows once it is whole."""
    service = account.connector.name
    here = {
        row[0]
        for row in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", [service]
        ).fetchall()
    }
    for name, table in account.connector.tables.items():
        if name not in here:
            continue
        file = folder / f"{name}.{table_format}"
        order = ", ".join(quoted(key) for key in table.key)
        columns = ", ".join(quoted(column.name) for column in table.columns)
        written = connection.execute(
            f"COPY (SELECT {columns}, _raw FROM {quoted(service)}.{quoted(name)} "
            f"WHERE _account = {literal(account.name)} ORDER BY {order}) "
            f"TO {literal(str(file))} ({FORMATS[table_format]})"
        ).fetchall()
        yield file, int(written[0][0])
