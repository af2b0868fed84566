"""Incoming rows that cannot stay: dropped ones, those without a key, repeated ones; and values
that do not fit their column, of rows that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from connectors.core.schema import Column, Table
from warehouse.load.keys import key_value
from warehouse.schema.types import literal, misfit, quoted, structure, text_of, value_of

COUNTED_AT_ONCE = 250_000
"""Rows whose keys are compared at once: those of millions together would take much memory."""
LONGEST_SHOWN = 10_000
MOST_ROWS = 10**15
"""More rows than one load can have."""


@dataclass
class Reject:
    """A record or value that could not be stored as declared."""

    table: str
    key: str
    column: str | None
    reason: str
    value: str
    raw: str | None
    account: str = ""
    """Whose record it is; empty: of the account that is loaded."""


class Validation:
    """Takes out of one incoming table what cannot stay."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        qualified_name: Callable[[Table], str],
        table: Table,
        columns: Sequence[Column],
    ) -> None:
        """`qualified_name` gives a table's incoming table in SQL."""
        self._connection = connection
        self._qualified_name = qualified_name
        self._incoming = qualified_name(table)
        self.table = table
        self._columns = columns

    def drop(self, keys: Iterable[Mapping[str, Any]], tables: Iterable[Table]) -> None:
        """Take out the records with these keys, and what of `tables` lives in them."""
        kinds = [(name, self.table.column(name).type) for name in self.table.key]
        values = ([key_value(key[name], kind) for name, kind in kinds] for key in keys)
        joined = ["/".join(str(part) for part in key) for key in values if None not in key]
        self._drop(self.table, self.table.key, joined, list(tables))

    def _drop(
        self, table: Table, names: Sequence[str], values: list[str], tables: list[Table]
    ) -> None:
        """Take out rows of a table whose columns `names` have these values, joined by `/`."""
        found = self._connection.execute(
            f"DELETE FROM {self._qualified_name(table)} WHERE {_joined(names)} IN "
            f"(SELECT unnest(?::VARCHAR[])) RETURNING {_joined(table.key)}",
            [values],
        ).fetchall()
        gone = values if names == table.key else [row[0] for row in found]
        for child in tables if gone else []:
            for reference in child.parents:
                if reference.owner and reference.table == table.name:
                    self._drop(child, reference.names, gone, tables)

    def rejects(self) -> list[Reject]:
        """What does not fit; afterwards every row has a key, and each key one row: of the highest
        source, the last."""
        keyless = " OR ".join(f"{quoted(name)} IS NULL" for name in self.table.key)
        rows, without, misfits = self._connection.execute(
            f"SELECT count(*), count(*) FILTER ({keyless}), count(*) FILTER (_misfit) "
            f"FROM {self._incoming}"
        ).fetchall()[0]
        found = self._without_key(keyless) if without else []
        self._drop_repeated(rows - without)
        return [*found, *self._misfits()] if misfits else found

    def _without_key(self, keyless: str) -> list[Reject]:
        reason = f"has no usable key ({', '.join(self.table.key)})"
        rows = self._connection.execute(
            f"SELECT _raw::VARCHAR FROM {self._incoming} WHERE {keyless}"
        ).fetchall()
        self._connection.execute(f"DELETE FROM {self._incoming} WHERE {keyless}")
        return [Reject(self.table.name, "", None, reason, "", raw) for (raw,) in rows]

    def _drop_repeated(self, rows: int) -> None:
        key = ", ".join(quoted(name) for name in self.table.key)
        parts = rows // COUNTED_AT_ONCE + 1 if rows else 0
        distinct = sum(
            self._connection.execute(
                f"SELECT count(DISTINCT hash({key})) FROM {self._incoming}"
                + (f" WHERE hash({key}) % {parts} = {part}" if parts > 1 else "")
            ).fetchall()[0][0]
            for part in range(parts)
        )
        if rows != distinct:
            self._connection.execute(
                f"DELETE FROM {self._incoming} WHERE rowid NOT IN (SELECT "
                f"arg_max(rowid, _source * {MOST_ROWS} + _s) FROM {self._incoming} GROUP BY {key})"
            )

    def _misfits(self) -> list[Reject]:
        key = _joined(self.table.key)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE misfits AS SELECT {key} AS k, _raw "
            f"FROM {self._incoming} WHERE _misfit"
        )
        rejects: list[Reject] = []
        for column in self._columns:
            text = text_of(column)
            wrong = misfit(column, text, value_of(column, text, "_raw"))
            if column.inherited or wrong is None:
                continue
            found = self._connection.execute(
                f"SELECT k, {text} FROM (SELECT k, _raw, json_transform(_raw, "
                f"{literal(structure([column]))}) AS d FROM temp.misfits) WHERE {wrong}"
            ).fetchall()
            reason = f"is no {column.type}"
            rejects += (
                Reject(self.table.name, k, column.name, reason, str(value)[:LONGEST_SHOWN], None)
                for k, value in found
            )
        self._connection.execute("DROP TABLE temp.misfits")
        return rejects


def _joined(names: Sequence[str]) -> str:
    """SQL for the values of some columns as one text."""
    return " || '/' || ".join(f"{quoted(name)}::VARCHAR" for name in names)
