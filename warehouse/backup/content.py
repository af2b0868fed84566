"""What a table's rows are, whatever their order: hashes that tell equal from different."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from warehouse.backup.manifest import ColumnRecord
from warehouse.schema.types import quoted

NATIVE = re.compile(
    r"BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|VARCHAR|JSON|BLOB|UUID|DATE|TIME"
    r"|TIMESTAMP|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE|DECIMAL\(\d+,\d+\)"
)
WIDE = ("UHUGEINT", "HUGEINT")
STATE_KEYS = {
    "meta": ["name"],
    "runs": ["run_id", "account"],
    "loads": ["run_id", "account", "table_name"],
    "load_parts": ["account", "run_id", "family", "table_name"],
    "cursors": ["account", "resource", "scope"],
    "state": ["account", "kind", "name", "scope"],
    "record_sources": ["account", "service", "table_name", "key"],
    "visits": ["account", "resource", "scope"],
    "files": ["account", "table_name", "record_key", "field", "mark"],
}
PROBE = (
    "SELECT hash('kollect', 'a text of more than twelve bytes', 1::BIGINT, 0.5::DOUBLE, true, "
    "TIMESTAMPTZ '2026-01-01 00:00:00+00', 5::UHUGEINT, NULL::VARCHAR, '[1]'::JSON)::VARCHAR"
)


@dataclass(frozen=True)
class Content:
    """The rows of a table in three values; equal means the same rows in any order."""

    rows: int
    content: str
    keys: str


def hashing(connection: duckdb.DuckDBPyConnection) -> str:
    """Equal for two DuckDBs whose content hashes may be compared."""
    return str(connection.execute(PROBE).fetchall()[0][0])


def content_of(
    connection: duckdb.DuckDBPyConnection, place: str, columns: Sequence[str], key: Sequence[str]
) -> Content:
    """Read a table (or anything that can stand after FROM) and hash what it holds."""
    row = ", ".join(quoted(name) for name in columns)
    keyed = ", ".join(quoted(name) for name in key) or row
    rows, *found = connection.execute(
        "SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h::HUGEINT), 0), "
        "coalesce(bit_xor(k), 0), coalesce(sum(k::HUGEINT), 0) "
        f"FROM (SELECT hash({row}) AS h, hash({keyed}) AS k FROM {place})"
    ).fetchall()[0]
    mixed, added, keys_mixed, keys_added = (int(value) for value in found)
    return Content(int(rows), f"{mixed:016x}.{added:x}", f"{keys_mixed:016x}.{keys_added:x}")


def stored_form(kind: str) -> str:
    """How Parquet holds a type without loss: `same`, `bits` (128-bit integers) or `text`."""
    if kind in WIDE:
        return "bits"
    if NATIVE.fullmatch(kind):
        return "same"
    words = re.findall(r"[A-Z][A-Z_0-9 ]*[A-Z0-9]", re.sub(r'"(?:[^"]|"")*"', "", kind))
    plain = {"STRUCT", "MAP", "VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "UUID", "BLOB"}
    nested = kind.endswith("]") or kind.startswith(("STRUCT(", "MAP("))
    return "same" if nested and set(words) <= plain else "text"


def writing(column: ColumnRecord) -> str:
    """The SQL that turns a column into what Parquet holds."""
    name = quoted(column.name)
    if column.stored == "bits":
        return f"{name}::BIT::BLOB AS {name}"
    return f"{name}::VARCHAR AS {name}" if column.stored == "text" else name


def reading(column: ColumnRecord) -> str:
    """The SQL that turns what Parquet holds into the column again."""
    name = quoted(column.name)
    if column.stored == "bits":
        return f"{name}::BIT::{column.type}"
    plain = column.stored == "same" and column.type != "JSON"
    return name if plain else f"{name}::{column.type}"


def key_of(schema: str, table: str, columns: Sequence[str], comment: str | None) -> list[str]:
    """The columns that tell rows apart; all of them where no key is known."""
    if schema == "_kollect" and table in STATE_KEYS:
        return [name for name in STATE_KEYS[table] if name in columns]
    found = re.search(r"\bKey: ([\w, ]+?)\.", comment or "")
    key = [name.strip() for name in found[1].split(",")] if found else []
    return key if key and set(key) <= set(columns) else []
