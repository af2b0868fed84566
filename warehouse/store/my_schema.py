"""The schema `my`: tables, views and macros that a person made in the published file.

Each publish replaces that file by a copy of the writer's. So whenever somebody has written to the
published file, its schema `my` is copied into the writer's file first. DuckDB copies the catalog
entries as they are, without reading what they refer to: a view that no longer works is kept too.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.schema.types import generated_columns, literal, quoted
from warehouse.store.names import CATALOG, MY
from warehouse.store.transactions import transaction

PUBLISHED = "published"
SHAPE = "shape_of_my"
MAIN_ENTRIES = (
    ("VIEW", "duckdb_views()", "true"),
    ("MACRO", "duckdb_functions()", "function_type = 'macro'"),
    ("MACRO TABLE", "duckdb_functions()", "function_type = 'table_macro'"),
    ("TABLE", "duckdb_tables()", "true"),
)
"""What the schema `main` may hold: kind, and where DuckDB lists it."""


def copy_my_schema(connection: duckdb.DuckDBPyConnection, published: Path) -> bool:
    """Make the schema `my` of the attached writer's file that of the published file.

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
            raise WarehouseProblem(
                f"the schema `{MY}` of {published.name} cannot be copied: "
                f"{str(error).splitlines()[0]}",
                guidance=f"open {published.name} with DuckDB and change or drop what it names",
            ) from error
        finally:
            connection.execute(f"DETACH {SHAPE}")
    finally:
        connection.execute(f"DETACH {PUBLISHED}")
    return True


def _copy_shape(connection: duckdb.DuckDBPyConnection) -> None:
    """Make an empty database with the entries of `my` alone."""
    connection.execute(f"COPY FROM DATABASE {PUBLISHED} TO {SHAPE} (SCHEMA)")
    others = connection.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND NOT internal "
        "AND schema_name NOT IN ('main', ?)",
        [SHAPE, MY],
    ).fetchall()
    for (schema,) in others:
        connection.execute(f"DROP SCHEMA {SHAPE}.{quoted(schema)} CASCADE")
    for kind, entries, condition in MAIN_ENTRIES:
        name = entries.removeprefix("duckdb_").removesuffix("s()") + "_name"
        of_main = connection.execute(
            f"SELECT DISTINCT {name} FROM {entries} WHERE database_name = ? "
            f"AND schema_name = 'main' AND NOT internal AND {condition}",
            [SHAPE],
        ).fetchall()
        for (entry,) in of_main:
            connection.execute(f"DROP {kind} {SHAPE}.main.{quoted(entry)}")


def _copy(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"DROP SCHEMA IF EXISTS {CATALOG}.{MY} CASCADE")
    connection.execute(f"COPY FROM DATABASE {SHAPE} TO {CATALOG} (SCHEMA)")
    tables = connection.execute(
        "SELECT table_name, sql FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? "
        "ORDER BY table_oid",
        [PUBLISHED, MY],
    ).fetchall()
    for table, create in tables:
        names = connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = ? "
            "AND schema_name = ? AND table_name = ? ORDER BY column_index",
            [PUBLISHED, MY, table],
        ).fetchall()
        made = generated_columns(create, [name for (name,) in names])
        listed = ", ".join(quoted(name) for (name,) in names if name not in made)
        place = f"{MY}.{quoted(table)}"
        connection.execute(
            f"INSERT INTO {CATALOG}.{place} ({listed}) SELECT {listed} FROM {PUBLISHED}.{place}"
        )
