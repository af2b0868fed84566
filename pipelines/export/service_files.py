"""Files in the formats that a service's connector declares."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from connectors.core.exports import ServiceExport
from warehouse.schema.types import literal, quoted

ROWS_AT_ONCE = 1000


class AccountRows:
    """The current rows of one account (connectors.core.exports.CurrentRows)."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, catalog: str, service: str, account: str
    ) -> None:
        self.account = account
        self._connection = connection
        self._schema = f"{quoted(catalog)}.{quoted(service)}"

    def read(
        self, table: str, columns: Sequence[str], order_by: Sequence[str]
    ) -> Iterator[tuple[Any, ...]]:
        """The columns of every row, in this order; none where the table does not exist."""
        listed, order = (", ".join(quoted(name) for name in names) for names in (columns, order_by))
        cursor = self._connection.cursor()
        cursor.execute("SET GLOBAL TimeZone = 'UTC'")
        try:
            cursor.execute(
                f"SELECT {listed} FROM {self._schema}.{quoted(table)} "
                f"WHERE _account = {literal(self.account)} ORDER BY {order}"
            )
        except duckdb.CatalogException:
            return
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


def write_service_export(
    export: ServiceExport, rows: AccountRows, folder: Path, taken: set[Path] | None = None
) -> Iterator[tuple[Path, int]]:
    """Write the files of a format; yields each with its records once it is whole.

    `taken` are files of other accounts in the same folder, which are not replaced.
    """
    written = set() if taken is None else taken
    for file in export.files(rows):
        place = folder / file.path
        if place in written:
            place = place.with_name(f"{place.stem}-{rows.account}{place.suffix}")
        written.add(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f"{place.name}.part")
        with beside.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(file.pieces)
        os.replace(beside, place)
        yield place, file.records


def write_service_files(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    service: str,
    table_format: str,
    folder: Path,
) -> None:
    """The service's own export files of all accounts, where it has such for this format."""
    if service not in SERVICES:
        return
    declared = connector(service)
    exports = [export for export in declared.exports if export.format == table_format]
    accounts = _accounts(connection, catalog, declared) if exports else []
    taken: set[Path] = set()
    for export in exports:
        for account in accounts:
            rows = AccountRows(connection, catalog, service, account)
            for _ in write_service_export(export, rows, folder, taken):
                pass


def _accounts(
    connection: duckdb.DuckDBPyConnection, catalog: str, declared: Connector
) -> list[str]:
    found: set[str] = set()
    for table in declared.tables:
        place = f"{quoted(catalog)}.{quoted(declared.name)}.{quoted(table)}"
        try:
            rows = connection.execute(f"SELECT DISTINCT _account FROM {place}").fetchall()
        except duckdb.CatalogException:
            continue
        found.update(row[0] for row in rows)
    return sorted(found)
