"""The schema `my`, and any other schema of a person's own: what they made in the published file.

Each publish replaces that file by a copy of the writer's. So whenever somebody has written to the
published file, its schemas that are not ours are copied into the writer's file first. DuckDB copies
the catalog entries as they are, without reading what they refer to: a view that no longer works is
kept too.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.schema.types import generated_columns, literal, quoted
from warehouse.store.disk import storage_problem
from warehouse.store.names import CATALOG, OURS, PUBLISHED, SHAPE
from warehouse.store.transactions import transaction

ENTRIES = (
    ("VIEW", "duckdb_views()", "true"),
    ("MACRO", "duckdb_functions()", "function_type = 'macro'"),
    ("MACRO TABLE", "duckdb_functions()", "function_type = 'table_macro'"),
    ("TABLE", "duckdb_tables()", "true"),
)
"""What a schema may hold: kind, and where DuckDB lists it."""


def copy_my_schema(connection: duckdb.DuckDBPyConnection, published: Path) -> bool:
    """Make the person's schemas of the attached writer's file those of the published file.

    False where another program has the published file open for writing: then nothing is changed.
    Raises WarehouseProblem where something in the schema cannot be copied.
    """
    try:
        connection.execute(f"ATTACH {literal(str(published))} AS {PUBLISHED} (READ_ONLY)")
    except duckdb.IOException:
        return False
    try:
        connection.execute(f"ATTACH ':memory:' AS {SHAPE}")
        try:
            _copy_shape(connection)
            with transaction(connection):
                _copy(connection)
        except duckdb.Error as error:
            if storage_problem(error, published.parent) is not None:
                raise  # it is the disk, not what the person made
            raise WarehouseProblem(
                f"what you made in {published.name} cannot be copied: {str(error).splitlines()[0]}",
                guidance=f"open {published.name} with DuckDB and change or drop what it names",
            ) from error
        finally:
            connection.execute(f"DETACH {SHAPE}")
    finally:
        connection.execute(f"DETACH {PUBLISHED}")
    return True


def _copy_shape(connection: duckdb.DuckDBPyConnection) -> None:
    """Make an empty database with the entries of the person's schemas alone."""
    connection.execute(f"COPY FROM DATABASE {PUBLISHED} TO {SHAPE} (SCHEMA)")
    for schema in _schemas(connection, SHAPE):
        if schema in OURS:
            connection.execute(f"DROP SCHEMA {SHAPE}.{quoted(schema)} CASCADE")


def _schemas(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    """The schemas of a database but for `main`, which every database has."""
    found = connection.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND NOT internal "
        "AND schema_name <> 'main'",
        [catalog],
    ).fetchall()
    return [schema for (schema,) in found]


def _empty_main(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what the schema `main` of the writer's file holds: nothing of it is ours."""
    for kind, entries, condition in ENTRIES:
        name = entries.removeprefix("duckdb_").removesuffix("s()") + "_name"
        of_main = connection.execute(
            f"SELECT DISTINCT {name} FROM {entries} WHERE database_name = ? "
            f"AND schema_name = 'main' AND NOT internal AND {condition}",
            [CATALOG],
        ).fetchall()
        for (entry,) in of_main:
            connection.execute(f"DROP {kind} {CATALOG}.main.{quoted(entry)}")


def _copy(connection: duckdb.DuckDBPyConnection) -> None:
    for schema in _schemas(connection, CATALOG):
        if schema not in OURS:
            connection.execute(f"DROP SCHEMA {CATALOG}.{quoted(schema)} CASCADE")
    _empty_main(connection)
    connection.execute(f"COPY FROM DATABASE {SHAPE} TO {CATALOG} (SCHEMA)")
    tables = connection.execute(
        "SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE database_name = ? "
        "AND NOT list_contains(?, schema_name) ORDER BY table_oid",
        [PUBLISHED, list(OURS)],
    ).fetchall()
    for schema, table, create in tables:
        names = connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = ? "
            "AND schema_name = ? AND table_name = ? ORDER BY column_index",
            [PUBLISHED, schema, table],
        ).fetchall()
        made = generated_columns(create, [name for (name,) in names])
        listed = ", ".join(quoted(name) for (name,) in names if name not in made)
        place = f"{quoted(schema)}.{quoted(table)}"
        connection.execute(
            f"INSERT INTO {CATALOG}.{place} ({listed}) SELECT {listed} FROM {PUBLISHED}.{place}"
        )
