"""Write tables as Parquet, one file each; unchanged ones are linked from the previous backup.

A hash over all values decides whether a table changed, however the change came about. Where nobody
has touched the warehouse file itself since, not even the values are read.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec

from warehouse.backup.catalog import TableShape
from warehouse.backup.content import Content, content_of, in_folder, rows_of, writing
from warehouse.backup.errors import BackupProblem
from warehouse.backup.manifest import Changes, Manifest, TableRecord
from warehouse.backup.reader import Backup
from warehouse.backup.snapshot import SOURCE, Snapshot
from warehouse.backup.writer import BackupWriter, table_file
from warehouse.progress import OnStep, Step
from warehouse.schema.types import literal, quoted

ORDERED_ROWS = 100_000
"""Up to so many rows are sorted by key, so that equal rows make equal bytes. More of them keep
the order of the warehouse file: sorting wide rows takes more memory than everything else."""
ROW_GROUPS = (16_384, 2_048)
"""Rows that are packed together; the smaller number is for tables with very wide rows."""
LEVEL = 1
"""Of zstd: twice as fast as the default for four per cent more bytes."""


@dataclass(frozen=True)
class MeasuredTable:
    """A table to be backed up, and the hashes of its rows."""

    shape: TableShape
    content: Content

    @property
    def file(self) -> str:
        return table_file(self.shape.schema, self.shape.name)


def measure(
    connection: duckdb.DuckDBPyConnection, shapes: Iterable[TableShape]
) -> list[MeasuredTable]:
    """Hash every table."""
    return [
        MeasuredTable(
            shape,
            content_of(
                connection,
                f"{SOURCE}.{shape.qualified_name}",
                [column.name for column in shape.columns],
                shape.key,
            ),
        )
        for shape in shapes
    ]


def reuse_tables(
    wanted: Iterable[MeasuredTable], before: Manifest | None, writer: BackupWriter, hashing: str
) -> dict[str, TableRecord]:
    """Link the tables that did not change from the backup before; returns them by file."""
    if before is None or before.hashing != hashing:
        return {}
    known = {table.file: table for table in before.tables}

    def one(table: MeasuredTable) -> TableRecord | None:
        old = known.get(table.file)
        if old is None:
            return None
        new = _record(table, old.bytes, old.sha256, reused=True)
        same = (old.rows, old.content, old.keys) == (new.rows, new.content, new.keys)
        if not (same and old.same_shape(new)) or writer.reuse(table.file, read=True) is None:
            return None
        return msgspec.structs.replace(new, changes=Changes())

    with ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1))) as pool:
        found = list(pool.map(one, wanted))
    return {record.file: record for record in found if record is not None}


def _record(table: MeasuredTable, size: int, sha256: str, *, reused: bool = False) -> TableRecord:
    shape, content = table.shape, table.content
    return TableRecord(
        schema=shape.schema,
        name=shape.name,
        file=table.file,
        rows=content.rows,
        bytes=size,
        sha256=sha256,
        content=content.content,
        keys=content.keys,
        key=list(shape.key),
        columns=list(shape.columns),
        create=shape.create,
        comment=shape.comment,
        reused=reused,
    )


def write_tables(
    source: Snapshot,
    wanted: list[MeasuredTable],
    writer: BackupWriter,
    on_step: OnStep,
    compare: Callable[[duckdb.DuckDBPyConnection, MeasuredTable], Changes | None],
) -> dict[str, TableRecord]:
    """Write tables, the largest first, several at a time; by file.

    Each worker is a DuckDB of its own with one thread: that keeps the order of rows and little
    memory, where DuckDB's threads on one table would keep a row group each.
    """
    waiting: queue.SimpleQueue[MeasuredTable] = queue.SimpleQueue()
    for table in sorted(wanted, key=lambda table: -table.content.rows):
        waiting.put(table)
    done: dict[str, TableRecord] = {}
    failed: list[BaseException] = []
    lock = threading.Lock()

    def work() -> None:
        try:
            with source.reading(threads=1) as connection:
                while not failed:
                    try:
                        table = waiting.get_nowait()
                    except queue.Empty:
                        return
                    changes = compare(connection, table)
                    write_table(connection, table, writer)
                    file = writer.finish(table.file)
                    record = _record(table, file.bytes, file.sha256)
                    with lock:
                        done[table.file] = msgspec.structs.replace(record, changes=changes)
                        text = f"{record.title}: {table.content.rows:,} rows"
                        on_step(Step("step", text, len(done), len(wanted)))
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            failed.append(error)

    workers = [
        threading.Thread(target=work, name=f"backup-{number}")
        for number in range(max(1, min(2, os.cpu_count() or 1, len(wanted))))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        raise failed[0]
    return done


def write_table(
    connection: duckdb.DuckDBPyConnection, table: MeasuredTable, writer: BackupWriter
) -> None:
    """Write one table as Parquet; where memory runs out, with smaller row groups and unsorted."""
    shape = table.shape
    values = ", ".join(writing(c) for c in shape.columns if not c.generated)
    by_key = [quoted(name) for name in shape.key]
    rest = [quoted(c.name) for c in shape.columns if c.name in ("_content", "_run_id")]
    order = f" ORDER BY {', '.join([*by_key, *rest]) if by_key else 'ALL'}"
    ways = [(order, ROW_GROUPS[0])] if table.content.rows <= ORDERED_ROWS else []
    ways += [("", size) for size in ROW_GROUPS]
    place = writer.place(table.file)
    for number, (ordered, size) in enumerate(ways):
        place.unlink(missing_ok=True)
        try:
            connection.execute(
                f"COPY (SELECT {values} FROM {SOURCE}.{shape.qualified_name}{ordered}) "
                f"TO {literal(str(place))} (FORMAT PARQUET, COMPRESSION zstd, "
                f"COMPRESSION_LEVEL {LEVEL}, ROW_GROUP_SIZE {size})"
            )
            return
        except duckdb.OutOfMemoryException:
            if number == len(ways) - 1:
                raise


def compare_with(
    connection: duckdb.DuckDBPyConnection,
    table: MeasuredTable,
    before: Backup,
    scratch: Path,
) -> Changes | None:
    """How a table differs from the backup before; None where that cannot be found out.

    A damaged or unreadable older file only costs this answer, never the new backup.
    """
    old = next((t for t in before.require_manifest().tables if t.file == table.file), None)
    if old is None or not old.rows:
        return Changes(added=table.content.rows)
    if not table.content.rows:
        return Changes(deleted=old.rows)
    try:
        older = rows_of(old, _place(before, scratch))
        return _count(connection, table, old, older)
    except (duckdb.Error, OSError, BackupProblem):
        return None


def _place(before: Backup, scratch: Path) -> Callable[[str], str]:
    if not before.encrypted:
        return in_folder(before.folder)
    return lambda file: in_folder(scratch)(str(before.plain(file, scratch).relative_to(scratch)))


def _count(
    connection: duckdb.DuckDBPyConnection, table: MeasuredTable, old: TableRecord, older: str
) -> Changes:
    shared = {c.name for c in table.shape.columns} & {c.name for c in old.columns}
    newer = f"{SOURCE}.{table.shape.qualified_name}"
    key = [name for name in table.shape.key if name in shared]
    versioned = [name for name in ("_content", "_valid_from") if name in shared]
    compared = versioned if len(versioned) == 2 else sorted(shared)
    values = ", ".join(quoted(name) for name in compared)
    if not key or key != list(table.shape.key):
        found = connection.execute(
            "SELECT coalesce(sum(greatest(more, 0)), 0), coalesce(sum(greatest(-more, 0)), 0) "
            "FROM (SELECT sum(more) AS more FROM ("
            f"SELECT hash({values}) AS h, 1 AS more FROM {newer} UNION ALL "
            f"SELECT hash({values}) AS h, -1 AS more FROM ({older})) GROUP BY h)"
        ).fetchall()[0]
        return Changes(added=int(found[0]), deleted=int(found[1]))
    same = " AND ".join(f"n.{quoted(name)} IS NOT DISTINCT FROM o.{quoted(name)}" for name in key)
    listed = ", ".join(quoted(name) for name in key)
    found = connection.execute(
        "SELECT count(*) FILTER (o.h IS NULL), count(*) FILTER (n.h <> o.h), "
        "count(*) FILTER (n.h IS NULL) FROM "
        f"(SELECT {listed}, hash({values}) AS h FROM {newer}) n FULL JOIN "
        f"(SELECT {listed}, hash({values}) AS h FROM ({older})) o ON {same}"
    ).fetchall()[0]
    return Changes(added=int(found[0]), changed=int(found[1]), deleted=int(found[2]))
