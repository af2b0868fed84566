"""Make the schema `analysis` what the tables of the warehouse allow; each load sees to it.

All of it are views, so rows need no work. `_kollect.meta` remembers what they were made of: the
tables and columns that are there, and the declarations. Only where that differs are they made
again, all of them, in the transaction of the load.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

import duckdb

import connectors
from connectors.core.connector import Connector
from warehouse.analysis.changes import changes
from warehouse.analysis.documents import SEARCH, documents, links
from warehouse.analysis.references import references
from warehouse.analysis.sql_files import sql_views
from warehouse.analysis.view import SCHEMA, AnalysisView
from warehouse.schema.types import quoted
from warehouse.store.names import CATALOG, STATE
from warehouse.store.transactions import count_generation
from warehouse.store.warehouse import Warehouse

DECLARED = ("*/analysis.py", "*/tables.py", "*/tables/*.py", "*/sql/*.sql")
META = f"{CATALOG}.{STATE}.meta"
NO_TABLES = "the tables that it needs are not here yet"


def keep_analysis(connection: duckdb.DuckDBPyConnection) -> bool:
    """Make the views where tables, columns or declarations changed; whether they were made.

    Runs inside the transaction of a load, with the writer's file attached.
    """
    wanted = _mark(connection)
    known = connection.execute(f"SELECT value FROM {META} WHERE name = 'analysis'").fetchall()
    if known == [(wanted,)]:
        return False
    present = _columns(connection)
    views = wanted_views(_complete(present), _appeared(connection), present.keys())
    connection.execute(f"USE {CATALOG}")
    try:
        _drop_old(connection, {view.name for view in views})
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for view in views:
            connection.execute(";\n".join(view.statements()))
        if any(view.name == "documents_history" for view in views):
            connection.execute(SEARCH)
    finally:
        connection.execute("USE memory")
    connection.execute(f"DELETE FROM {META} WHERE name = 'analysis'")
    connection.execute(f"INSERT INTO {META} VALUES ('analysis', ?)", [wanted])
    return True


def repair_analysis(warehouse: Warehouse) -> None:
    """Make and publish the views where that is needed, without a load."""
    with (
        duckdb.connect(":memory:") as connection,
        warehouse.writing(connection),
        warehouse.transaction(connection),
    ):
        if made := keep_analysis(connection):
            count_generation(connection)
    if made:
        warehouse.publish()


def wanted_views(
    services: Sequence[Connector],
    appeared: dict[tuple[str, str], list[str]],
    tables: Collection[str],
) -> list[AnalysisView]:
    """The views over these services, each after those that it reads.

    `tables` are all tables as `schema.table`; `appeared` are columns beside the declared ones.
    """
    if not services:
        return []
    with_text = [service for service in services if service.analysis.documents]
    found = [references(services), changes(services, appeared)]
    if with_text:
        found += [*documents(with_text), links(with_text)]
    there = {*tables, *(f"{SCHEMA}.{view.name}" for view in found)}
    waiting = {f"{SCHEMA}.{view.name}": view for view in sql_views()}
    reachable = _reachable(there)
    while ready := {
        name: view
        for name, view in waiting.items()
        # All of its parts that can be made at all can be made now.
        if view.over(there) and view.over(there) == view.over(reachable)
    }:
        found += [view.made_of(view.over(there)) for view in ready.values()]
        there |= ready.keys()
        waiting = {name: view for name, view in waiting.items() if name not in ready}
    return found


def _reachable(there: set[str]) -> set[str]:
    """The tables and all views that can be made over them, directly or over other views."""
    found, before = set(there), 0
    while len(found) > before:
        before = len(found)
        found |= {f"{SCHEMA}.{view.name}" for view in sql_views() if view.over(found)}
    return found


def _complete(present: dict[str, set[str]]) -> list[Connector]:
    """The services whose tables are all there, with all columns that are declared now."""
    schemas = {name.partition(".")[0] for name in present}
    found = []
    for service in connectors.SERVICES:
        if service not in schemas:
            continue
        declared = connectors.connector(service)
        if all(
            {column.name for column in table.columns}
            <= present.get(f"{service}.{table.name}", set())
            for table in declared.tables.values()
        ):
            found.append(declared)
    return found


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """The columns of each table, as `schema.table`."""
    rows = connection.execute(
        "SELECT schema_name || '.' || table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name = ? AND NOT internal GROUP BY ALL",
        [CATALOG],
    ).fetchall()
    return {name: set(columns) for name, columns in rows if not name.startswith(f"{SCHEMA}.")}


def _appeared(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    rows = connection.execute(
        f"SELECT service, table_name, list(DISTINCT column_name) FROM "
        f"{CATALOG}.{STATE}.schema_changes WHERE change = 'added' GROUP BY ALL"
    ).fetchall()
    return {(service, table): sorted(columns) for service, table, columns in rows}


def _drop_old(connection: duckdb.DuckDBPyConnection, wanted: set[str]) -> None:
    """Drop views that can no longer be made, and those that an older kollect kept in `main`."""
    rows = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = ? AND schema_name = ?",
        [CATALOG, SCHEMA],
    ).fetchall()
    for (name,) in rows:
        if name not in wanted:
            connection.execute(f"DROP VIEW {SCHEMA}.{quoted(name)}")
    older = connection.execute(
        f"SELECT name FROM {META} WHERE starts_with(name, 'view ')"
    ).fetchall()
    for (name,) in older:
        connection.execute(f"DROP VIEW IF EXISTS main.{quoted(name.removeprefix('view '))}")
        connection.execute(f"DELETE FROM {META} WHERE name = ?", [name])


def _mark(connection: duckdb.DuckDBPyConnection) -> str:
    """A hash of the declarations, and of which tables with how many columns are there."""
    tables = connection.execute(
        "SELECT schema_name, table_name, column_count FROM duckdb_tables() "
        "WHERE database_name = ? AND list_contains(?, schema_name) ORDER BY ALL",
        [CATALOG, list(connectors.SERVICES)],
    ).fetchall()
    return hashlib.sha256(f"{_declarations()} {tables}".encode()).hexdigest()[:32]


@cache
def _declarations() -> str:
    """A hash of the files that say what the views are."""
    digest = hashlib.sha256()
    folder = Path(connectors.__file__).parent
    files = [file for pattern in DECLARED for file in sorted(folder.glob(pattern))]
    for file in [*files, *sorted(Path(__file__).parent.glob("**/*.[ps][yq]*"))]:
        if file.suffix in (".py", ".sql"):
            digest.update(file.read_bytes())
    return digest.hexdigest()
