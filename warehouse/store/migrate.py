"""Warehouse files of earlier formats become files of today's, in one transaction.

Runs when the writer's file is attached. Format 1 (until 2026-11) kept content hashes as 128-bit
integers, which other engines do not have, and remembered state among the cursors.
"""

from __future__ import annotations

import duckdb

from connectors.core.state import StateKind
from warehouse.schema.types import literal, quoted
from warehouse.store.identity import FORMAT
from warehouse.store.names import CATALOG, STATE
from warehouse.store.transactions import count_generation, transaction

HEX = "lpad(lower({hex}), 32, '0')"
REVERSED = "array_to_string(list_reverse(regexp_extract_all({text}, '..')), '')::UUID"
"""`md5_number` read the bytes of an MD5 from the last to the first."""
OLD_STATE = {
    "full pass": StateKind.FULL_PASS,
    "loaded in run": StateKind.LOADED_IN_RUN,
    "held deletes": StateKind.HELD_DELETES,
}
OLD_NAMED_STATE = {"spelling of ": StateKind.WORKING_PATH}
OLD_SCOPED_STATE = {"complete ": StateKind.COMPLETE}
OLD_NOTES = (
    "clips with media", "feedback address", "missing numbers", "organization", "role",
    "space seen by", "statuses and labels", "token", "unlisted",
)  # fmt: skip
FORGOTTEN = ("empty list", "% came empty")
"""Doubts about empty lists, as patterns: the next sync has them again where there is reason."""


def migrate(connection: duckdb.DuckDBPyConnection, found: int) -> None:
    """Bring the attached warehouse, which has the format `found`, to today's format."""
    if found >= FORMAT:
        return
    with transaction(connection):
        _hashes_to_uuid(connection)
        _state_out_of_cursors(connection)
        connection.execute(
            f"UPDATE {CATALOG}.{STATE}.meta SET value = ? WHERE name = 'format'", [str(FORMAT)]
        )
        count_generation(connection)


def _hashes_to_uuid(connection: duckdb.DuckDBPyConnection) -> None:
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_columns() WHERE database_name = ? "
        "AND column_name = '_content' AND data_type = 'UHUGEINT' ORDER BY ALL",
        [CATALOG],
    ).fetchall()
    uuid = REVERSED.format(text=HEX.format(hex="hex(_content)"))
    for schema, table in tables:
        connection.execute(
            f"ALTER TABLE {CATALOG}.{quoted(schema)}.{quoted(table)} "
            f"ALTER COLUMN _content SET DATA TYPE UUID USING {uuid}"
        )
    visited = REVERSED.format(text=HEX.format(hex="content"))
    connection.execute(
        f"UPDATE {CATALOG}.{STATE}.visits SET content = {visited}::VARCHAR "
        "WHERE regexp_full_match(content, '[0-9A-F]{1,32}')"
    )


def _state_out_of_cursors(connection: duckdb.DuckDBPyConnection) -> None:
    cursors, state = f"{CATALOG}.{STATE}.cursors", f"{CATALOG}.{STATE}.state"
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {state} (account VARCHAR, kind VARCHAR, name VARCHAR, "
        "scope VARCHAR, value VARCHAR, run_id VARCHAR, set_at TIMESTAMPTZ)"
    )
    is_old: list[str] = []

    def move(condition: str, kind: StateKind, name: str, scope: str) -> None:
        is_old.append(condition)
        connection.execute(
            f"INSERT INTO {state} SELECT account, {literal(kind)}, {name}, {scope}, value, run_id, "
            f"moved_at FROM {cursors} WHERE {condition}"
        )

    for prose, kind in OLD_STATE.items():
        move(f"resource = {literal(prose)}", kind, "''", "scope")
    for start, kind in OLD_NAMED_STATE.items():
        rest = f"resource[{len(start) + 1}:]"
        move(f"starts_with(resource, {literal(start)})", kind, rest, "scope")
    for start, kind in OLD_SCOPED_STATE.items():
        rest = f"resource[{len(start) + 1}:]"
        move(f"starts_with(resource, {literal(start)})", kind, "''", rest)
    notes = ", ".join(literal(note) for note in OLD_NOTES)
    move(f"resource IN ({notes})", StateKind.NOTE, "resource", "scope")
    is_old += [f"resource LIKE {literal(pattern)}" for pattern in FORGOTTEN]
    connection.execute(f"DELETE FROM {cursors} WHERE {' OR '.join(is_old)}")
