"""How the rows of a table are hashed, stored as Parquet, and read back."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.backup.manifest import ColumnRecord, TableRecord
from warehouse.schema.types import literal, quoted

NATIVE = re.compile(
    r"BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|VARCHAR|JSON|BLOB|UUID|DATE|TIME"
    r"|TIMESTAMP|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE|DECIMAL\(\d+,\d+\)"
)
WIDE = ("UHUGEINT", "HUGEINT")
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
    """A mark of DuckDB's hash function: content hashes compare only where it is equal."""
    return str(connection.execute(PROBE).fetchall()[0][0])


def content_of(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], key: Sequence[str]
) -> Content:
    """Read a table (or anything that can stand after FROM) and hash what it holds."""
    row = ", ".join(quoted(name) for name in columns)
    keyed = ", ".join(quoted(name) for name in key) or row
    rows, *found = connection.execute(
        "SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h::HUGEINT), 0), "
        "coalesce(bit_xor(k), 0), coalesce(sum(k::HUGEINT), 0) "
        f"FROM (SELECT hash({row}) AS h, hash({keyed}) AS k FROM {relation})"
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


def insert_statement(table: TableRecord, query: str) -> str:
    """The statement that fills one table from a query with the same columns."""
    names = ", ".join(quoted(column.name) for column in table.columns if not column.generated)
    return f"INSERT INTO {quoted(table.schema)}.{quoted(table.name)} ({names}) {query}"


def rows_of(table: TableRecord, path_of: Callable[[str], str]) -> str:
    """A query for the table's rows in the backup, in their own types."""
    columns = [column for column in table.columns if not column.generated]
    values = ", ".join(
        read if (read := reading(column)) == quoted(column.name)
        else f"{read} AS {quoted(column.name)}"
        for column in columns
    )  # fmt: skip
    return f"SELECT {values} FROM read_parquet({literal(path_of(table.file))})"


def in_folder(folder: Path) -> Callable[[str], str]:
    """Files are looked for in this folder, whatever characters its name has."""
    start = glob.escape(str(folder))
    return lambda file: f"{start}/{file}"
