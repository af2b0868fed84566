"""The schema of a warehouse as SQL statements that create it again, in an order that works.

DuckDB's own export of an empty copy gives the statements. It leaves out comments and ignores that
one view may need another. So comments are read from the catalog, and the order is found by trying.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.backup.content import insert_statement, rows_of, stored_form
from warehouse.backup.errors import one_line
from warehouse.backup.manifest import ColumnRecord, Manifest
from warehouse.schema.types import generated_columns, literal, quoted

SHAPE = "shape"
TRIAL = "trial"
HISTORY = "_history"


@dataclass(frozen=True)
class TableShape:
    """One table as it is declared in the warehouse file."""

    schema: str
    name: str
    create: str
    comment: str | None
    columns: tuple[ColumnRecord, ...]
    key: tuple[str, ...]

    @property
    def qualified_name(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"


@dataclass(frozen=True)
class Shape:
    """Everything but the rows."""

    before: tuple[str, ...]
    tables: tuple[TableShape, ...]
    after: tuple[str, ...]
    broken: tuple[str, ...]
    comments: tuple[str, ...]


def read_shape(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    scratch: Path,
    known_keys: Mapping[tuple[str, str], Sequence[str]],
) -> Shape:
    """The shape of an attached database; `scratch` is a folder for some small files.

    Keys come from `_kollect.table_keys`. A warehouse of an older kollect has no such table: then
    they come from `known_keys`, and where those lack a table too, its whole rows are compared.
    """
    statements = _statements(connection, catalog, scratch)
    connection.execute(f"ATTACH ':memory:' AS {TRIAL}")
    try:
        connection.execute(f"USE {TRIAL}")
        before: list[str] = []
        creating: list[str] = []
        later: list[str] = []
        for statement in statements:
            if statement.startswith("CREATE TABLE "):
                connection.execute(statement)
                creating.append(statement)
            elif statement.startswith(("CREATE SCHEMA ", "CREATE TYPE ", "CREATE SEQUENCE ")):
                connection.execute(statement)
                before.append(statement)
            else:
                later.append(statement)
        created = dict(zip(_tables_as_made(connection), creating, strict=True))
        after, broken = _in_order(connection, later)
        comments, _ = _in_order(connection, list(_comments(connection, catalog)))
    finally:
        connection.execute("USE memory")
        connection.execute(f"DETACH {TRIAL}")
    return Shape(
        tuple(before),
        tuple(_tables(connection, catalog, created, known_keys)),
        tuple(after),
        tuple(broken),
        tuple(comments),
    )


def _statements(connection: duckdb.DuckDBPyConnection, catalog: str, scratch: Path) -> list[str]:
    connection.execute(f"ATTACH ':memory:' AS {SHAPE}")
    try:
        connection.execute(f"COPY FROM DATABASE {quoted(catalog)} TO {SHAPE} (SCHEMA)")
        with tempfile.TemporaryDirectory(prefix="shape-", dir=scratch) as folder:
            connection.execute(f"EXPORT DATABASE {SHAPE} TO {literal(folder)} (FORMAT PARQUET)")
            text = Path(folder, "schema.sql").read_text(encoding="utf-8")
    finally:
        connection.execute(f"DETACH {SHAPE}")
    return [found.query.strip() for found in connection.extract_statements(text)]


def _tables_as_made(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of the tables of the trial, in the order in which they were created."""
    return connection.execute(
        f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = "
        f"{literal(TRIAL)} ORDER BY table_oid"
    ).fetchall()


def _in_order(
    connection: duckdb.DuckDBPyConnection, statements: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The statements in an order in which all work, and those that work in none."""
    done: list[str] = []
    waiting = list(statements)
    while waiting:
        refused: list[str] = []
        for statement in waiting:
            try:
                connection.execute(statement)
                done.append(statement)
            except duckdb.Error:
                refused.append(statement)
        if len(refused) == len(waiting):
            break
        waiting = refused
    return done, waiting


def _tables(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    created: dict[tuple[str, str], str],
    known_keys: Mapping[tuple[str, str], Sequence[str]],
) -> Iterator[TableShape]:
    comments = {
        (schema, name): comment
        for schema, name, comment in connection.execute(
            "SELECT schema_name, table_name, comment FROM duckdb_tables() "
            f"WHERE database_name = {literal(catalog)}"
        ).fetchall()
    }
    columns: dict[tuple[str, str], list[ColumnRecord]] = {place: [] for place in created}
    for schema, table, name, kind, comment in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() "
        f"WHERE database_name = {literal(catalog)} "
        "ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        if (schema, table) in columns:
            made = name in generated_columns(created[schema, table], [name])
            columns[schema, table].append(
                ColumnRecord(name, kind, stored_form(kind), comment, made)
            )
    keys = {**known_keys, **_declared_keys(connection, catalog)}
    for (schema, table), statement in created.items():
        names = {column.name for column in columns[schema, table]}
        key = keys.get((schema, table), ())
        yield TableShape(
            schema,
            table,
            statement,
            comments[schema, table],
            tuple(columns[schema, table]),
            tuple(key) if set(key) <= names else (),
        )


def _declared_keys(
    connection: duckdb.DuckDBPyConnection, catalog: str
) -> dict[tuple[str, str], tuple[str, ...]]:
    """The keys that the warehouse itself lists; those of histories follow from them."""
    try:
        rows = connection.execute(
            "SELECT table_schema, table_name, column_name "
            f"FROM {quoted(catalog)}._kollect.table_keys ORDER BY position"
        ).fetchall()
    except duckdb.CatalogException:
        return {}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for schema, table, column in rows:
        found[schema, table] = (*found.get((schema, table), ()), column)
    histories = {
        (schema, f"{table}{HISTORY}"): (*key, "_valid_from", "_valid_to")
        for (schema, table), key in found.items()
    }
    return {**histories, **found}


def _comments(connection: duckdb.DuckDBPyConnection, catalog: str) -> Iterator[str]:
    """COMMENT statements for everything that has one, except columns of tables."""
    kinds = (
        ("TABLE", "duckdb_tables()", "table_name", ""),
        ("VIEW", "duckdb_views()", "view_name", ""),
        ("MACRO", "duckdb_functions()", "function_name", "AND function_type = 'macro'"),
        (
            "MACRO TABLE",
            "duckdb_functions()",
            "function_name",
            "AND function_type = 'table_macro'",
        ),
        ("SEQUENCE", "duckdb_sequences()", "sequence_name", ""),
        ("TYPE", "duckdb_types()", "type_name", ""),
        ("INDEX", "duckdb_indexes()", "index_name", ""),
    )
    for word, source, name, condition in kinds:
        for schema, thing, comment in connection.execute(
            f"SELECT DISTINCT schema_name, {name}, comment FROM {source} "
            f"WHERE database_name = {literal(catalog)} AND comment IS NOT NULL {condition} "
            "ORDER BY ALL"
        ).fetchall():
            qualified_name = f"{quoted(schema)}.{quoted(thing)}"
            yield f"COMMENT ON {word} {qualified_name} IS {literal(comment)}"
    for schema, view, column, comment in connection.execute(
        "SELECT c.schema_name, c.table_name, c.column_name, c.comment FROM duckdb_columns() c "
        "JOIN duckdb_views() v ON v.view_oid = c.table_oid AND v.database_oid = c.database_oid "
        f"WHERE c.database_name = {literal(catalog)} AND c.comment IS NOT NULL "
        "ORDER BY c.schema_name, c.table_name, c.column_index"
    ).fetchall():
        qualified_name = f"{quoted(schema)}.{quoted(view)}.{quoted(column)}"
        yield f"COMMENT ON COLUMN {qualified_name} IS {literal(comment)}"


HEAD = """\
-- A backup that kollect made of {file}.
--
-- Plain DuckDB makes the database again, without kollect. In this folder:
--
--     duckdb restored.duckdb < restore.sql
--
-- or, in the DuckDB shell: .cd to this folder, .open restored.duckdb, .read restore.sql
-- The database must be new. Everything is one transaction: all of it comes back, or nothing.
-- `sha256sum --check SHA256SUMS` says before that whether every byte is as it was written.
"""


def restore_text(manifest: Manifest, path_of: Callable[[str], str] = str) -> str:
    """The text of `restore.sql`; by default its paths are below the folder of the backup."""
    head = HEAD.format(file=one_line(manifest.source.file))
    parts = [head, "BEGIN TRANSACTION;"]
    parts += [f"{statement};" for statement in statements(manifest, path_of)]
    for statement in manifest.broken:
        quoted_lines = "\n".join(f"--   {line}" for line in statement.splitlines())
        parts.append(f"-- This failed in the warehouse itself:\n{quoted_lines}")
    parts.append("COMMIT;")
    return "\n".join(parts) + "\n"


def statements(
    manifest: Manifest,
    path_of: Callable[[str], str],
    *,
    rows: Mapping[str, str] | None = None,
    packed: bool = False,
) -> Iterator[str]:
    """Every statement in order; `path_of` gives the path of a file of the backup.

    `rows` gives a query for the rows of each table (`schema.table`); a table that it lacks stays
    empty. Without it, all rows come back. `packed` asks for the compression that kollect uses.
    """
    yield from manifest.before
    for table in manifest.tables:
        yield _packed(table.create) if packed else table.create
    for table in manifest.tables:
        if rows is None or table.title in rows:
            query = rows_of(table, path_of) if rows is None else rows[table.title]
            yield insert_statement(table, query)
    yield from manifest.after
    yield from manifest.comments
    for table in manifest.tables:
        for column in table.columns:
            if column.comment is not None:
                place_of = ".".join(quoted(n) for n in (table.schema, table.name, column.name))
                yield f"COMMENT ON COLUMN {place_of} IS {literal(column.comment)}"


def _packed(create: str) -> str:
    return re.sub(r"(, _raw JSON)(?=[,)])", r"\1 USING COMPRESSION zstd", create)
