"""Columns that are newer than the rows: their values are read out of the raw records."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from connectors.core.schema import Column, Table
from warehouse.load.validation import LONGEST_SHOWN, Reject
from warehouse.schema.types import (
    literal,
    misfit,
    quoted,
    read_apart,
    structure,
    text_in_json,
    text_of,
    value_of,
)
from warehouse.store.names import CATALOG


def fill_from_raw(
    connection: duckdb.DuckDBPyConnection, schema: str, table: Table, columns: Sequence[Column]
) -> list[Reject]:
    """Fill columns of current rows and of earlier versions, of every account, from `_raw`.

    Returns the values that do not fit, which stay NULL. None of the columns may be inherited:
    those values are in no record.
    """
    shape = literal(structure(columns))
    apart = read_apart(columns)
    texts = {c: text_in_json(c, "_raw") if c.name in apart else text_of(c) for c in columns}
    read = {c: value_of(c, text, "_raw") for c, text in texts.items()}
    # No column of the table is named beside ours: a field called `d` or `row` would hide them.
    filled = [f"v{number}" for number in range(len(columns))]
    values = ", ".join(
        f"{quoted(c.name)} = f.{value}" for c, value in zip(columns, filled, strict=True)
    )
    named = ", ".join(read.values())
    wrong = {c: misfit(c, texts[c], value) or "false" for c, value in read.items()}
    asked = ", ".join(f"coalesce(bool_or({test}), false)" for test in wrong.values())
    rejects: list[Reject] = []
    for name, version in ((table.name, ""), (f"{table.name}_history", ", in an earlier version")):
        place = f"{CATALOG}.{quoted(schema)}.{quoted(name)}"
        records = (
            f"(SELECT r.rowid AS row, r._account, {key_text(table, 'r')} AS key, r._raw, "
            f"json_transform(r._raw, {shape}) AS d FROM {place} r)"
        )
        connection.execute(
            f"UPDATE {place} AS t SET {values} FROM (SELECT row, {named} FROM {records}) "
            f"AS f(row, {', '.join(filled)}) WHERE t.rowid = f.row"
        )
        misfits = connection.execute(f"SELECT {asked} FROM {records}").fetchall()[0]
        for column, is_wrong in zip(columns, misfits, strict=True):
            found = (
                is_wrong
                and connection.execute(
                    f"SELECT _account, key, {texts[column]} FROM {records} WHERE {wrong[column]}"
                ).fetchall()
            )
            reason = f"is no {column.type}{version}"
            rejects += (
                Reject(table.name, key, column.name, reason, text[:LONGEST_SHOWN], None, account)
                for account, key, text in found or ()
            )
    return rejects


def key_text(table: Table, alias: str) -> str:
    """The SQL expression for a row's key as one text, its parts joined by `/`."""
    return " || '/' || ".join(f"{alias}.{quoted(k)}::VARCHAR" for k in table.key)
