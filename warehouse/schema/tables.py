"""The tables of a warehouse, described with SQLAlchemy Core from the connectors' declarations.

SQLAlchemy gives the description (types, comments, DDL text) and nothing else here: bulk work
goes through DuckDB itself. Table `t` holds what the service holds now, `t_history` every
superseded or ended version, and the macro `t_at(ts)` the rows as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from duckdb_sqlalchemy import Dialect
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Double, MetaData, Table, Text, Uuid
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeEngine, UserDefinedType

from connectors.core import schema as declared
from connectors.core.connector import Connector
from connectors.core.lineage import endpoints
from warehouse.schema.system_columns import (
    ACCOUNT_COLUMN,
    ENDING_COLUMNS,
    SYSTEM_COLUMNS,
    SYSTEM_NAMES,
)
from warehouse.schema.types import DUCKDB_TYPES, literal, quoted


class Json(UserDefinedType[str]):
    """DuckDB's JSON: text that is checked to be JSON."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "JSON"


class Raw(Json):
    """The raw record: the widest column, worth the better compression."""

    def get_col_spec(self, **_: object) -> str:
        return "JSON USING COMPRESSION zstd"


SQL_TYPES: dict[str, TypeEngine[Any]] = {
    "VARCHAR": Text(),
    "BIGINT": BigInteger(),
    "DOUBLE": Double(),
    "BOOLEAN": Boolean(),
    "TIMESTAMPTZ": DateTime(timezone=True),
    "JSON": Json(),
    "RAW": Raw(),
    "UUID": Uuid(),
}
"""DuckDB's names of types as SQLAlchemy's types."""


def column_comment(answer: str, column: declared.Column) -> str:
    """Meaning, unit, and the answer and field it is read from, for people who look at it."""
    unit = f" [{column.unit}]" if column.unit else ""
    source = "the enclosing record or request" if column.inherited else f"`{column.source}`"
    unversioned = "; changes without making a version" if column.unversioned else ""
    return f"{column.meaning}{unit} (from {source} in {answer}{unversioned})"


def describe(
    schema: str,
    table: declared.Table,
    extra: tuple[declared.Column, ...] = (),
    answer: str = "",
    metadata: MetaData | None = None,
) -> tuple[Table, Table]:
    """The current and the history table of one declared table, with comments.

    `answer` names the service's answer that feeds the table (`GET /path, cards[]`). The tables
    become part of `metadata` where it is given.
    """
    metadata = metadata or MetaData(schema=schema)

    def columns(ending: bool) -> Iterator[Column[Any]]:
        account, account_type, comment = ACCOUNT_COLUMN
        yield Column(account, SQL_TYPES[account_type], comment=comment)
        for column in (*table.columns, *extra):
            comment = column_comment(answer or schema, column)
            sql_type = SQL_TYPES[DUCKDB_TYPES[column.type]]
            yield Column(column.name, sql_type, comment=comment)
        for name, kind, comment in SYSTEM_COLUMNS + (ENDING_COLUMNS if ending else ()):
            yield Column(name, SQL_TYPES[kind], comment=comment)

    key = ", ".join(table.key)
    current = Table(
        table.name,
        metadata,
        *columns(ending=False),
        comment=f"{table.meaning}. Key: _account, {key}. Holds what the service holds now.",
    )
    history = Table(
        f"{table.name}_history",
        metadata,
        *columns(ending=True),
        comment=f"Superseded and deleted versions of {schema}.{table.name}.",
    )
    return current, history


def describe_all(connector: Connector) -> MetaData:
    """Every declared table of a connector, with its history."""
    metadata = MetaData(schema=connector.name)
    answers = {table: found[0] for table, found in endpoints(connector).items()}
    for table in connector.tables.values():
        describe(connector.name, table, answer=answers.get(table.name, ""), metadata=metadata)
    return metadata


def create_statements(table: Table) -> Iterator[str]:
    """DDL that creates a table with its comments, below the catalog in use."""
    name = f"{quoted(table.schema or 'main')}.{quoted(table.name)}"
    yield str(CreateTable(table, if_not_exists=True).compile(dialect=Dialect())).strip()
    yield from comment_statements(table, name)


def comment_statements(table: Table, name: str) -> Iterator[str]:
    """COMMENT ON statements for a table and its columns."""
    if table.comment:
        yield f"COMMENT ON TABLE {name} IS {literal(table.comment)}"
    for column in table.columns:
        if column.comment:
            yield f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.comment)}"


def add_column_statements(schema: str, table: str, column: declared.Column) -> Iterator[str]:
    """DDL that adds a column to a table and to its history."""
    for name in (table, f"{table}_history"):
        place = f"{quoted(schema)}.{quoted(name)}"
        kind = DUCKDB_TYPES[column.type]
        yield f"ALTER TABLE {place} ADD COLUMN IF NOT EXISTS {quoted(column.name)} {kind}"
        comment = literal(column_comment(schema, column))
        yield f"COMMENT ON COLUMN {place}.{quoted(column.name)} IS {comment}"


def retype_statements(schema: str, table: str, column: declared.Column) -> Iterator[str]:
    """DDL that gives a column of a table and of its history another type; what cannot be cast is
    NULL afterwards."""
    kind = DUCKDB_TYPES[column.type]
    for name in (table, f"{table}_history"):
        yield (
            f"ALTER TABLE {quoted(schema)}.{quoted(name)} ALTER COLUMN {quoted(column.name)} "
            f"SET DATA TYPE {kind} USING TRY_CAST({quoted(column.name)}::VARCHAR AS {kind})"
        )


def at_macro(schema: str, table: declared.Table, extra: tuple[declared.Column, ...] = ()) -> str:
    """DDL of the table macro `t_at(ts)`: the rows of the table as they were at `ts`.

    From `now()` on these are the current rows, also where a wrong clock has dated them later.
    """
    names = ["_account", *(column.name for column in (*table.columns, *extra))]
    names += SYSTEM_NAMES
    # With the table in front, for a column may be named `ts` like the parameter.
    listed = ", ".join(f"r.{quoted(name)}" for name in names)
    current = f"{quoted(schema)}.{quoted(table.name)} AS r"
    history = f"{quoted(schema)}.{quoted(table.name + '_history')} AS r"
    return (
        f"CREATE OR REPLACE MACRO {quoted(schema)}.{quoted(table.name + '_at')}(ts) AS TABLE "
        f"SELECT {listed} FROM {current} WHERE r._valid_from <= ts OR ts >= now() "
        f"UNION ALL SELECT {listed} FROM {history} "
        "WHERE r._valid_from <= ts AND r._valid_to > ts AND ts < now()"
    )
