"""Kinopio's spaces as one JSON object each, in the form that Kinopio's own import reads.

The import wants `name`, `cards`, `connections` and `tags`; the app's export leaves out who was
there and every key. Sources: connectors/kinopio/notes.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from warehouse.backup.export import safe_name
from warehouse.schema.types import literal, quoted

PARTS = {
    "cards": "cards",
    "connections": "connections",
    "connection_types": "connectionTypes",
    "boxes": "boxes",
    "tags": "tags",
    "lists": "lists",
    "lines": "lines",
}
"""Table and the field of a space that its rows stand in."""
LEFT_OUT = ("clients", "spectators", "users", "collaborators", "collaboratorKey", "groupId",
            "readOnlyKey")  # fmt: skip


def spaces_for_import(
    connection: duckdb.DuckDBPyConnection, catalog: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(account, space) for every current space with all that is in it; a space at a time."""
    have = {
        row[0]
        for row in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'kinopio' "
            f"AND database_name = {literal(catalog)}"
        ).fetchall()
    }
    cursors = {table: connection.cursor() for table in PARTS if table in have}
    spaces = connection.cursor().execute(
        f"SELECT _account, id, _raw::VARCHAR FROM {quoted(catalog)}.kinopio.spaces "
        "ORDER BY _account, id"
    )
    parts = {
        table: _Grouped(
            cursor.execute(
                f"SELECT _account, space_id, _raw::VARCHAR FROM {quoted(catalog)}.kinopio.{table} "
                "ORDER BY _account, space_id, id"
            )
        )
        for table, cursor in cursors.items()
    }
    while rows := spaces.fetchmany(100):
        for account, name, raw in rows:
            space = {k: v for k, v in msgspec.json.decode(raw).items() if k not in LEFT_OUT}
            space["id"] = name
            space.setdefault("name", "")
            for table, field in PARTS.items():
                space[field] = parts[table].of(account, name) if table in parts else []
            yield account, space


class _Grouped:
    """Rows in order of (account, space), handed out a space at a time."""

    def __init__(self, rows: duckdb.DuckDBPyConnection) -> None:
        self._rows = rows
        self._batch: list[tuple[str, str, str]] = []

    def _next(self) -> tuple[str, str, str] | None:
        if not self._batch:
            self._batch = list(reversed(self._rows.fetchmany(1000)))
        return self._batch[-1] if self._batch else None

    def of(self, account: str, space: str) -> list[Any]:
        found: list[Any] = []
        while (row := self._next()) is not None and (row[0], row[1]) <= (account, space):
            if (row[0], row[1]) == (account, space):
                found.append(msgspec.json.decode(row[2]))
            self._batch.pop()
        return found


def write_spaces(
    connection: duckdb.DuckDBPyConnection, catalog: str, folder: Path, only: str | None = None
) -> int:
    """One JSON file for each Kinopio space (of one account); returns how many."""
    count = 0
    for account, space in spaces_for_import(connection, catalog):
        if only is not None and account != only:
            continue
        count += 1
        folder.mkdir(parents=True, exist_ok=True)
        identity = re.sub(r"[^\w-]", "_", str(space["id"]))
        name = f"{safe_name(str(space.get('name') or ''))[:80]}-{identity}"
        place = folder / f"{name}.json"
        if place.exists():
            place = folder / f"{name}-{safe_name(account)}.json"
        place.write_bytes(msgspec.json.format(msgspec.json.encode(space), indent=2) + b"\n")
    return count
