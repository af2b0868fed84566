"""The way back: the statements that make a database from a backup, as text and one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from warehouse.backup.content import reading
from warehouse.backup.manifest import Manifest, TableRecord
from warehouse.schema.types import literal, quoted

HEAD = """\
-- A backup that kollect made of {file}.
--
-- Plain DuckDB makes the database again, without kollect. In this folder:
--
--     duckdb restored.duckdb < restore.sql
--
-- or, in the DuckDB shell: .cd to this folder, .open restored.duckdb, .read restore.sql
-- The database must be new. Everything is one transaction: all of it comes back, or nothing.
-- `sha256sum --check SHA256SUMS` says before that whether every byte is as it was written.
"""


def relative(file: str) -> str:
    """Files are looked for below the folder in which DuckDB was started."""
    return file


def restore_text(manifest: Manifest, place: Callable[[str], str] = relative) -> str:
    """The text of `restore.sql`."""
    head = HEAD.format(file=_one_line(manifest.source.file))
    parts = [head, "BEGIN TRANSACTION;"]
    parts += [f"{statement};" for statement in statements(manifest, place)]
    for statement in manifest.broken:
        told = "\n".join(f"--   {line}" for line in statement.splitlines())
        parts.append(f"-- This did not work in the warehouse itself any more:\n{told}")
    parts.append("COMMIT;")
    return "\n".join(parts) + "\n"


def statements(
    manifest: Manifest,
    place: Callable[[str], str],
    *,
    rows: Mapping[str, str] | None = None,
    packed: bool = False,
) -> Iterator[str]:
    """Every statement in order; `place` says where a file of the backup is.

    `rows` gives a query for the rows of each table (`schema.table`); a table that it lacks stays
    empty. Without it, all rows come back. `packed` asks for the compression that kollect uses.
    """
    yield from manifest.before
    for table in manifest.tables:
        yield _packed(table.create) if packed else table.create
    for table in manifest.tables:
        if rows is None or table.title in rows:
            query = rows_of(table, place) if rows is None else rows[table.title]
            yield insert_statement(table, query)
    yield from manifest.after
    yield from manifest.comments
    for table in manifest.tables:
        for column in table.columns:
            if column.comment is not None:
                place_of = ".".join(quoted(n) for n in (table.schema, table.name, column.name))
                yield f"COMMENT ON COLUMN {place_of} IS {literal(column.comment)}"


def insert_statement(table: TableRecord, query: str) -> str:
    """The statement that fills one table from a query with the same columns."""
    names = ", ".join(quoted(column.name) for column in table.columns if not column.generated)
    return f"INSERT INTO {quoted(table.schema)}.{quoted(table.name)} ({names}) {query}"


def rows_of(table: TableRecord, place: Callable[[str], str]) -> str:
    """A query for the table's rows in the backup, in their own types."""
    columns = [column for column in table.columns if not column.generated]
    values = ", ".join(
        read if (read := reading(column)) == quoted(column.name)
        else f"{read} AS {quoted(column.name)}"
        for column in columns
    )  # fmt: skip
    return f"SELECT {values} FROM read_parquet({literal(place(table.file))})"


def below(folder: Path) -> Callable[[str], str]:
    """Files are looked for in this folder, whatever characters its name has."""
    start = re.sub(r"([*?\[])", r"[\1]", str(folder))
    return lambda file: f"{start}/{file}"


def _packed(create: str) -> str:
    return re.sub(r"(, _raw JSON)(?=[,)])", r"\1 USING COMPRESSION zstd", create)


def _one_line(text: str) -> str:
    return " ".join(text.split())
