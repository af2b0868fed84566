"""Making the database look right: schemas, tables, comments, macros, and columns that appear."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb

from connectors.core.connector import Connector
from connectors.core.lineage import endpoints
from connectors.core.schema import Column, snake
from warehouse.load.fill import fill_from_raw
from warehouse.load.known import appeared
from warehouse.load.ledger import Ledger
from warehouse.load.staging import Staging
from warehouse.progress import utc_now
from warehouse.schema.types import DUCKDB_TYPES, literal, quoted
from warehouse.store.identity import FORMAT, LEDGER, new_mark, new_warehouse_id
from warehouse.store.names import CATALOG, MY, STATE

MAX_APPEARED = 100
"""Columns that may appear by themselves in one table; further fields stay in `_raw`. A column
takes 256 KiB of memory or more in each of two tables while it is filled."""


PSEUDO_COLUMNS = ("rowid",)
"""Names under which DuckDB shows what is in no table; a column of that name would hide it."""


UPGRADE = "upgrade"
"""In place of a run: what a newer kollect could not read out of the records that are kept."""


def ensure_schema(connection: duckdb.DuckDBPyConnection, connector: Connector) -> bool:
    """Create or complete the ledger and the connector's schema; whether there was need to.

    Columns that are newly declared, or of another type than before, are filled from the raw
    records of every account; what does not fit them is in `_kollect.rejects`.
    SQLAlchemy is only imported when the declarations differ from what the file was made from.
    """
    wanted = fingerprint(connector)
    try:
        rows = connection.execute(
            f"SELECT value FROM {CATALOG}.{STATE}.meta WHERE name = ?",
            [f"schema {connector.name}"],
        ).fetchall()
    except duckdb.CatalogException:
        rows = []
    if rows and rows[0][0] == wanted:
        return False
    _create(connection, connector, wanted)
    return True


def fingerprint(connector: Connector) -> str:
    """A hash of everything that shapes the connector's tables."""
    tables = [(t.name, t.meaning, t.key, t.columns, t.parents) for t in connector.tables.values()]
    text = repr((tables, endpoints(connector)))
    return hashlib.sha256(f"{FORMAT} {LEDGER} {text}".encode()).hexdigest()[:32]


def _create(connection: duckdb.DuckDBPyConnection, connector: Connector, wanted: str) -> None:
    from warehouse.schema import control_tables
    from warehouse.schema.tables import (
        add_column_statements,
        at_macro,
        comment_statements,
        create_statements,
        describe,
        retype_statements,
    )

    connection.execute(f"USE {CATALOG}")
    try:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {STATE}")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {MY}")
        for table in control_tables.ALL:
            for statement in create_statements(table):
                connection.execute(statement)
        for statement in control_tables.view_statements():
            connection.execute(statement)
        connection.execute(
            f"INSERT INTO {STATE}.meta SELECT * FROM (VALUES ('warehouse', ?), ('mark', ?), "
            f"('generation', '0'), ('rows_changed', '0'), ('format', ?)) AS v(name, value) "
            f"WHERE name NOT IN (SELECT name FROM {STATE}.meta)",
            [new_warehouse_id(), new_mark(), str(FORMAT)],
        )
        # This load counts the next generation, and whatever else it does, the schema has changed.
        connection.execute(
            f"UPDATE {STATE}.meta SET value = (SELECT value::BIGINT + 1 FROM {STATE}.meta "
            "WHERE name = 'generation')::VARCHAR WHERE name = 'rows_changed'"
        )
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(connector.name)}")
        extra = _extra(connection, connector)
        answers = {table: found[0] for table, found in endpoints(connector).items()}
        statements: list[str] = []
        newer: dict[str, list[Column]] = {}
        for declared in connector.tables.values():
            present = _present(connection, connector.name, declared.name)
            added = extra.get(declared.name, ())
            for column in declared.columns if present else ():
                kind = present.get(column.name)
                if kind is None:
                    statements += add_column_statements(connector.name, declared.name, column)
                elif kind != DUCKDB_TYPES[column.type]:
                    statements += retype_statements(connector.name, declared.name, column)
                else:
                    continue
                newer.setdefault(declared.name, []).append(column)
            for table in describe(connector.name, declared, added, answers.get(declared.name, "")):
                name = f"{quoted(connector.name)}.{quoted(table.name)}"
                statements += (
                    comment_statements(table, name) if present else create_statements(table)
                )
            statements.append(at_macro(connector.name, declared, added))
        connection.execute(";\n".join(statements))
        _fill(connection, connector, newer)
        _declare_keys(connection, STATE, control_tables.KEYS)
        keys = {name: ("_account", *table.key) for name, table in connector.tables.items()}
        _declare_keys(connection, connector.name, keys)
        connection.execute(f"DELETE FROM {STATE}.meta WHERE name = ?", [f"schema {connector.name}"])
        connection.execute(
            f"INSERT INTO {STATE}.meta VALUES (?, ?)", [f"schema {connector.name}", wanted]
        )
    finally:
        connection.execute("USE memory")


def _fill(
    connection: duckdb.DuckDBPyConnection,
    connector: Connector,
    newer: Mapping[str, Sequence[Column]],
) -> None:
    """Fill columns that this kollect declares and the one before did not, from the raw records."""
    ledger = Ledger(connection, "", UPGRADE, connector.name, "", utc_now())
    for name, columns in newer.items():
        table = connector.tables[name]
        own = [c for c in columns if not c.inherited and c.name not in table.key]
        if own:
            ledger.reject(fill_from_raw(connection, connector.name, table, own))


def _declare_keys(
    connection: duckdb.DuckDBPyConnection, schema: str, keys: Mapping[str, Sequence[str]]
) -> None:
    """Write the keys of a schema's tables into `_kollect.table_keys`."""
    rows = [
        f"({literal(schema)}, {literal(table)}, {literal(column)}, {position})"
        for table, columns in keys.items()
        for position, column in enumerate(columns)
    ]
    connection.execute(f"DELETE FROM {STATE}.table_keys WHERE table_schema = {literal(schema)}")
    connection.execute(f"INSERT INTO {STATE}.table_keys VALUES {', '.join(rows)}")


def _present(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    rows = connection.execute(
        "SELECT column_name, CASE data_type WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMPTZ' "
        "ELSE data_type END FROM duckdb_columns() WHERE database_name = ? "
        "AND schema_name = ? AND table_name = ?",
        [CATALOG, schema, table],
    ).fetchall()
    return dict(rows)


def _extra(
    connection: duckdb.DuckDBPyConnection, connector: Connector
) -> dict[str, tuple[Column, ...]]:
    rows = connection.execute(
        f"SELECT table_name, column_name, field, type FROM {CATALOG}.{STATE}.schema_changes "
        "WHERE service = ? AND change = 'added' ORDER BY changed_at, column_name",
        [connector.name],
    ).fetchall()
    found: dict[str, tuple[Column, ...]] = {}
    for table, name, field, kind in rows:
        declared = connector.tables.get(table)
        if declared is not None and name not in {c.name for c in declared.columns}:
            found[table] = (*found.get(table, ()), appeared(name, field, kind))
    return found


def add_fresh_columns(
    connection: duckdb.DuckDBPyConnection,
    connector: Connector,
    staging: Staging,
    run_id: str,
    at: datetime,
) -> dict[str, tuple[Column, ...]]:
    """Give each new scalar field a column; returns the new columns by table.

    The type follows the values seen. A field that cannot become a column (its name clashes, or
    too many appeared) stays in `_raw` and is noted as ignored.
    """
    added: dict[str, tuple[Column, ...]] = {}
    if not any(staging.fresh.values()):
        return added
    from warehouse.schema.tables import add_column_statements, at_macro

    for name, fields in staging.fresh.items():
        table = staging.tables[name]
        extra = tuple(c for c in staging.columns[name] if c not in table.columns)
        taken = {c.name for c in staging.columns[name]}
        free = len(taken) - len(extra) + MAX_APPEARED
        decided: list[tuple[str, str, str]] = []
        for field in sorted(fields):
            column_name = _free_name(snake(field), taken)
            reason = _refused(column_name, field, taken, full=len(taken) >= free)
            decided.append((field, column_name, reason))
            if not reason:
                taken.add(column_name)
        wanted = [field for field, _, reason in decided if not reason]
        kinds = _kinds(connection, staging.qualified_name(table), wanted)
        for field, column_name, reason in decided:
            if reason:
                _note(connection, connector.name, name, column_name, field, "", reason, run_id, at)
                continue
            column = appeared(column_name, field, kinds[field])
            connection.execute(f"USE {CATALOG}")
            for statement in add_column_statements(connector.name, name, column):
                connection.execute(statement)
            connection.execute("USE memory")
            _note(connection, connector.name, name, column_name, field, column.type, "added",
                  run_id, at)  # fmt: skip
            added[name] = (*added.get(name, ()), column)
        if name in added:
            connection.execute(f"USE {CATALOG}")
            connection.execute(at_macro(connector.name, table, (*extra, *added[name])))
            connection.execute("USE memory")
    return added


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or with a number where another field has it already: `title_2` for `Title`."""
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    return next(n for n in itertools.chain([name], numbered) if not name or n not in taken)


def _refused(column: str, field: str, taken: set[str], *, full: bool) -> str:
    if not column or column in taken or column in PSEUDO_COLUMNS:
        return "ignored: its column name is taken"
    odd = any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in field)
    if "." in field or "\\" in field or odd or len(field) > 200:
        return "ignored: no usable column name"
    return f"ignored: more than {MAX_APPEARED} new fields" if full else ""


def _note(
    connection: duckdb.DuckDBPyConnection,
    service: str,
    table: str,
    column: str,
    field: str,
    kind: str,
    change: str,
    run_id: str,
    at: datetime,
) -> None:
    place = f"{CATALOG}.{STATE}.schema_changes"
    known = connection.execute(
        f"SELECT 1 FROM {place} WHERE service = ? AND table_name = ? AND field = ? AND change = ?",
        [service, table, field, change],
    ).fetchall()
    if not known:
        connection.execute(
            f"INSERT INTO {place} (run_id, service, table_name, column_name, field, type, change, "
            "changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [run_id, service, table, column, field, kind, change, at],
        )


HUGE = "HUGE"
"""The kind of numbers that neither BIGINT nor DOUBLE holds, whatever DuckDB calls them."""


def _kinds(
    connection: duckdb.DuckDBPyConnection, place: str, fields: Sequence[str]
) -> dict[str, str]:
    """The type of each new field by all of its values, which are looked through once."""
    if not fields:
        return {}
    paths = ", ".join(literal('$."' + field.replace('"', '\\"') + '"') for field in fields)
    found = connection.execute(
        f"SELECT DISTINCT field, CASE WHEN kind IN ('BIGINT', 'UBIGINT', 'DOUBLE') AND "
        f"coalesce(CASE WHEN regexp_full_match(value, '-?\\d+') THEN TRY_CAST(value AS BIGINT) "
        f"IS NULL ELSE NOT isfinite(TRY_CAST(value AS DOUBLE)) END, true) "
        f"THEN {literal(HUGE)} ELSE kind END FROM (SELECT unnest(range({len(fields)})) AS field, "
        f"unnest(json_type(_raw, [{paths}])) AS kind, "
        f"unnest(json_extract_string(_raw, [{paths}])) AS value FROM {place})"
    ).fetchall()
    return {
        field: _type_of({kind for number, kind in found if number == at})
        for at, field in enumerate(fields)
    }


def _type_of(kinds: set[str | None]) -> str:
    """The column type that holds values of these kinds of JSON; what is nested stays in `_raw`."""
    kinds -= {None, "NULL", "OBJECT", "ARRAY"}
    if kinds and kinds <= {"BIGINT", "UBIGINT"}:
        return "integer"
    if kinds and kinds <= {"BIGINT", "UBIGINT", "DOUBLE"}:
        return "number"
    # A number beyond the range of its type is kept as text, to the last digit.
    return "boolean" if kinds == {"BOOLEAN"} else "text"
