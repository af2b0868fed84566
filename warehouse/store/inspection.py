"""Questions about the published warehouse that prove or show something: keys, parents, samples.

Every function takes an open read-only connection (`Warehouse.reading`) and changes nothing.
A table that does not exist yet has no rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from connectors.core.schema import Column, Reference, Table
from warehouse.schema.types import quoted
from warehouse.store.names import STATE

LEDGER = ("table_name", "run_id", "mode", "complete", "proof", "reason", "inserted", "updated",
          "deleted", "unchanged", "rejected", "rows", "requests", "bytes", "seconds", "loaded_at",
          "content", "error")  # fmt: skip
SAMPLE_COLUMNS = 5
SAMPLE_TEXT = 60
RHYTHM_ROWS = 200
"""So many of the newest records show how often new ones come."""


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(sql, list(values)).fetchall()
    except duckdb.CatalogException:
        return []


def latest_loads(connection: duckdb.DuckDBPyConnection, account: str) -> dict[str, dict[str, Any]]:
    """The newest ledger row of each table of an account, with `rows_before` and `content_before`:
    what the last load before it left."""
    earlier = "OVER (PARTITION BY table_name ORDER BY loaded_at ROWS BETWEEN UNBOUNDED PRECEDING " \
        "AND 1 PRECEDING)"  # fmt: skip
    found = _rows(
        connection,
        f"SELECT {', '.join(LEDGER)}, "
        f"last_value(rows IGNORE NULLS) {earlier} AS rows_before, "
        f"last_value(content IGNORE NULLS) {earlier} AS content_before "
        f"FROM {STATE}.loads WHERE account = ? "
        "QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY loaded_at DESC) = 1",
        [account],
    )
    names = (*LEDGER, "rows_before", "content_before")
    return {row[0]: dict(zip(names, row, strict=True)) for row in found}


def runs_done(connection: duckdb.DuckDBPyConnection, account: str) -> int:
    """How many runs of an account ended complete or partial."""
    found = _rows(
        connection,
        f"SELECT count(*) FROM {STATE}.runs WHERE account = ? AND status <> 'failed'",
        [account],
    )
    return int(found[0][0]) if found else 0


def cursors(connection: duckdb.DuckDBPyConnection, account: str) -> dict[str, tuple[int, str]]:
    """Resource -> how many cursors it has, and the one that moved last."""
    found = _rows(
        connection,
        f"SELECT resource, count(*), max_by(value, moved_at) FROM {STATE}.cursors "
        "WHERE account = ? GROUP BY resource ORDER BY resource",
        [account],
    )
    return {row[0]: (int(row[1]), str(row[2])) for row in found}


def rejects(
    connection: duckdb.DuckDBPyConnection, account: str, table: str, run_id: str
) -> list[tuple[str, str, int]]:
    """Column (empty for a whole record), reason and count of what a run could not store."""
    found = _rows(
        connection,
        f"SELECT coalesce(column_name, ''), coalesce(reason, ''), count(*) FROM {STATE}.rejects "
        "WHERE account = ? AND table_name = ? AND run_id = ? GROUP BY ALL "
        "ORDER BY count(*) DESC, 1, 2 LIMIT 10",
        [account, table, run_id],
    )
    return [(row[0], row[1], int(row[2])) for row in found]


@dataclass(frozen=True)
class KeyFaults:
    """Rows that share a key with another row, and rows whose key has a NULL."""

    repeated: int
    without: int


def key_faults(
    connection: duckdb.DuckDBPyConnection, schema: str, table: Table, account: str
) -> KeyFaults:
    """Whether the declared key is unique and whole among the account's rows."""
    keys = ", ".join(quoted(name) for name in table.key)
    missing = " OR ".join(f"{quoted(name)} IS NULL" for name in table.key)
    found = _rows(
        connection,
        f"SELECT coalesce(sum(n) FILTER (WHERE n > 1), 0), coalesce(sum(n) FILTER (WHERE gap), 0) "
        f"FROM (SELECT count(*) AS n, ({missing}) AS gap "
        f"FROM {_qualified_name(schema, table.name)} WHERE _account = ? GROUP BY {keys})",
        [account],
    )
    return KeyFaults(int(found[0][0]), int(found[0][1])) if found else KeyFaults(0, 0)


@dataclass(frozen=True)
class Orphans:
    """Rows that name a parent, and those among them whose parent is not there."""

    named: int
    without: int

    @property
    def share(self) -> float:
        return self.without / self.named if self.named else 0.0


def orphans(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: Table,
    reference: Reference,
    *,
    parent: Table,
    account: str,
) -> Orphans:
    """How many rows refer to a parent that the account's copy does not hold."""
    pairs = list(zip(reference.names, parent.key, strict=False))
    named = " AND ".join(f"c.{quoted(name)} IS NOT NULL" for name, _ in pairs)
    same = " AND ".join(f"p.{quoted(key)} = c.{quoted(name)}" for name, key in pairs)
    found = _rows(
        connection,
        f"SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM "
        f"{_qualified_name(schema, parent.name)} p WHERE p._account = c._account AND {same})) "
        f"FROM {_qualified_name(schema, table.name)} c WHERE c._account = ? AND {named}",
        [account],
    )
    return Orphans(int(found[0][0]), int(found[0][1])) if found else Orphans(0, 0)


@dataclass(frozen=True)
class Newest:
    """When the newest record was made, and the longest pause among the newest ones."""

    at: datetime | None
    longest_pause: timedelta | None


def newest(
    connection: duckdb.DuckDBPyConnection, schema: str, table: Table, account: str
) -> Newest:
    """How new the newest record is, and how long this table has paused before."""
    column = quoted(table.newest)
    found = _rows(
        connection,
        "SELECT max(made), max(made - before) FROM (SELECT made, lag(made) OVER (ORDER BY made) "
        f"AS before FROM (SELECT {column} AS made FROM {_qualified_name(schema, table.name)} "
        f"WHERE _account = ? AND {column} IS NOT NULL ORDER BY made DESC LIMIT {RHYTHM_ROWS}))",
        [account],
    )
    return Newest(*found[0]) if found else Newest(None, None)


def sample(
    connection: duckdb.DuckDBPyConnection, schema: str, table: Table, account: str, rows: int = 5
) -> tuple[list[str], list[tuple[str | None, ...]]]:
    """A few rows, the newest ones where the table can tell, in the columns that say most.

    Texts are cut; JSON, flags and what is always empty are left out.
    """
    shown = [c for c in table.columns if c.type not in ("json", "boolean") or c.name in table.key]
    listed = ", ".join(f"left({quoted(c.name)}::VARCHAR, {SAMPLE_TEXT + 1})" for c in shown)
    order = f"{quoted(table.newest)} DESC NULLS LAST, " if table.newest else ""
    keys = ", ".join(quoted(name) for name in table.key)
    found = _rows(
        connection,
        f"SELECT {listed} FROM {_qualified_name(schema, table.name)} WHERE _account = ? "
        f"ORDER BY {order}{keys} LIMIT {int(rows)}",
        [account],
    )
    if not found:
        return [], []
    chosen = _telling(shown, table, found)
    names = [shown[number].name for number in chosen]
    return names, [tuple(_cut(row[number]) for number in chosen) for row in found]


def _telling(columns: Sequence[Column], table: Table, found: list[tuple[Any, ...]]) -> list[int]:
    """The key, then what a person would look at first, then what is filled in most rows."""

    def worth(number: int) -> tuple[int, int, int]:
        name = columns[number].name
        filled = sum(1 for row in found if row[number] not in (None, ""))
        if name in table.key:
            rank = 0
        elif name in ("name", "title", "url", "text", "body", "content", "type", "status"):
            rank = 1
        elif name == table.newest or name.endswith("_name"):
            rank = 2
        else:
            rank = 3 if columns[number].type in ("text", "time") else 4
        return (rank if filled else 9, -filled if rank >= 3 else 0, number)

    order = sorted(range(len(columns)), key=worth)
    useful = [n for n in order if worth(n)[0] < 9][:SAMPLE_COLUMNS]
    return sorted(useful, key=lambda n: (worth(n)[0] > 0, n))


def _cut(value: str | None) -> str | None:
    if value is None or len(value) <= SAMPLE_TEXT:
        return value
    return value[: SAMPLE_TEXT - 1] + "…"


def _qualified_name(schema: str, table: str) -> str:
    return f"{quoted(schema)}.{quoted(table)}"
