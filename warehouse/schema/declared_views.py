"""Views that a connector declares over its rows, kept current by each load.

They are views of the published file like its tables: SQL without a catalog's name, so that they
work under whatever name the file is opened, and with comments. `_kollect.meta` remembers what
each was made of, so that only what changed is made again and what ended is dropped.
"""

from __future__ import annotations

import hashlib
import json

import duckdb

from connectors.core.connector import Connector
from connectors.core.views import View, ViewColumn, Views
from warehouse.schema.types import literal, quoted
from warehouse.store.names import CATALOG, STATE

REQUIRED_ZONE = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)"
"""A time without its zone would be read in that of whoever looks."""
READERS = {
    "integer": r"CASE WHEN regexp_full_match({0}, '[+-]?\d+') THEN TRY_CAST({0} AS BIGINT) END",
    "number": r"CASE WHEN regexp_full_match({0}, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?') "
    "AND isfinite(TRY_CAST({0} AS DOUBLE)) THEN TRY_CAST({0} AS DOUBLE) END",
    "boolean": "CASE {0} WHEN 'true' THEN true WHEN 'false' THEN false END",
    "date": r"CASE WHEN regexp_full_match({0}, '\d{{4}}-\d{{2}}-\d{{2}}') "
    "THEN TRY_CAST({0} AS DATE) END",
    "time": "CASE WHEN regexp_full_match({0}, "
    + literal(REQUIRED_ZONE).replace("{", "{{").replace("}", "}}")
    + r") THEN TRY_CAST(regexp_replace({0}, ' ?([Z+-][\d:]*)$', '\1') AS TIMESTAMPTZ) END",
    "json": "TRY_CAST({0} AS JSON)",
    "text": "{0}",
}


def keep_views(connection: duckdb.DuckDBPyConnection, connector: Connector) -> None:
    """Make the declared views that are missing or changed, and drop those that ended.

    Runs inside the transaction of a load, with the writer's file attached.
    """
    if connector.views is None:
        return
    schema = connector.name
    known = _remembered(connection, schema)
    present = _present(connection, schema)
    wanted = {view.name: view for view in _wanted(connection, connector.views, schema)}
    marks = {name: _mark(view) for name, view in wanted.items()}
    connection.execute(f"USE {CATALOG}")
    try:
        # Names differ by more than case, so what ended goes first.
        for name in known.keys() - wanted.keys():
            connection.execute(f"DROP VIEW IF EXISTS {quoted(schema)}.{quoted(name)}")
        for name, view in wanted.items():
            if known.get(name) != marks[name] or name.lower() not in present:
                for statement in statements(schema, view):
                    connection.execute(statement)
    finally:
        connection.execute("USE memory")
    if known != marks:
        _remember(connection, schema, marks)


def statements(schema: str, view: View) -> list[str]:
    """The DDL of one view with its comments, below the catalog in use."""
    place = f"{quoted(schema)}.{quoted(view.name)}"
    named = [f"COMMENT ON VIEW {place} IS {literal(view.meaning)}"]
    for column in view.columns:
        named.append(
            f"COMMENT ON COLUMN {place}.{quoted(column.name)} IS {literal(column.meaning)}"
        )
    return [f"CREATE OR REPLACE VIEW {place} AS {select(schema, view)}", *named]


def select(schema: str, view: View) -> str:
    """The query of a view: each JSON column is read once for all the columns that need it."""
    plain = [column for column in view.columns if len(column.at) == 1]
    below: dict[str, list[ViewColumn]] = {}
    for column in view.columns:
        if len(column.at) > 1:
            below.setdefault(column.at[0], []).append(column)
    texts = {
        id(column): f"t.{quoted(f'{source} texts')}[{number}]"
        for source, columns in below.items()
        for number, column in enumerate(columns, 1)
    }
    shown = [
        (f"t.{quoted(column.at[0])}" if len(column.at) == 1 else _typed(column, texts[id(column)]))
        + f" AS {quoted(column.name)}"
        for column in view.columns
    ]
    inner = [quoted(name) for name in dict.fromkeys(column.at[0] for column in plain)]
    inner += [
        f"json_extract_string({quoted(source)}, "
        f"[{', '.join(literal(_pointer(column.at[1:])) for column in columns)}]) "
        f"AS {quoted(f'{source} texts')}"
        for source, columns in below.items()
    ]
    where = " AND ".join(f"{quoted(name)} = {literal(value)}" for name, value in view.where.items())
    return (
        f"SELECT {', '.join(shown)} FROM (SELECT {', '.join(inner)} "
        f"FROM {quoted(schema)}.{quoted(view.table)} WHERE {where or 'true'}) t"
    )


def _typed(column: ViewColumn, text: str) -> str:
    reader = READERS[column.type]
    if not column.listed:
        return reader.format(text)
    items = f"CASE {text} WHEN '' THEN [] ELSE string_split({text}, ',') END"
    return f"list_transform({items}, lambda item: {reader.format('item')})"


def _pointer(steps: tuple[str, ...]) -> str:
    """A JSON pointer (RFC 6901): the one way to write any member's name."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _wanted(connection: duckdb.DuckDBPyConnection, views: Views, schema: str) -> list[View]:
    rows = {}
    for table, columns in views.reads.items():
        listed = ", ".join(quoted(name) for name in columns)
        place = f"{CATALOG}.{quoted(schema)}.{quoted(table)}"
        rows[table] = connection.execute(f"SELECT {listed} FROM {place} ORDER BY ALL").fetchall()
    return list(views.make(rows))


def _mark(view: View) -> str:
    return hashlib.sha256(repr((READERS, view, view.columns)).encode()).hexdigest()[:32]


def _present(connection: duckdb.DuckDBPyConnection, schema: str) -> set[str]:
    """The names of the schema's views, in lower case."""
    rows = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = ? AND schema_name = ?",
        [CATALOG, schema],
    ).fetchall()
    return {row[0].lower() for row in rows}


def _remembered(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, str]:
    rows = connection.execute(
        f"SELECT value FROM {CATALOG}.{STATE}.meta WHERE name = ?", [f"views {schema}"]
    ).fetchall()
    known: dict[str, str] = json.loads(rows[0][0]) if rows else {}
    return known


def _remember(connection: duckdb.DuckDBPyConnection, schema: str, marks: dict[str, str]) -> None:
    place, name = f"{CATALOG}.{STATE}.meta", f"views {schema}"
    connection.execute(f"DELETE FROM {place} WHERE name = ?", [name])
    text = json.dumps(marks, ensure_ascii=False)
    connection.execute(f"INSERT INTO {place} VALUES (?, ?)", [name, text])
