"""What changed between two backups: rows added, changed and deleted, table by table.

Rows are matched by key. A row counts as changed when its version is another one; where a table
has no key, different rows count as added and deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from warehouse.backup.manifest import Changes, TableRecord
from warehouse.backup.problems import BackupProblem
from warehouse.backup.reader import Backup
from warehouse.backup.script import below, rows_of
from warehouse.backup.snapshot import SOURCE
from warehouse.backup.tables_out import Wanted
from warehouse.schema.types import quoted


def compare_with(
    connection: duckdb.DuckDBPyConnection, table: Wanted, before: Backup | None, scratch: Path
) -> Changes | None:
    """How a table differs from the backup before; None where that cannot be told.

    A damaged or unreadable older file only costs this answer, never the new backup.
    """
    if before is None or before.manifest is None:
        return None
    old = next((t for t in before.manifest.tables if t.file == table.file), None)
    if old is None:
        return Changes(added=table.content.rows)
    if not old.rows:
        return Changes(added=table.content.rows)
    if not table.content.rows:
        return Changes(deleted=old.rows)
    try:
        older = rows_of(old, _place(before, scratch))
        return _count(connection, table, old, older)
    except (duckdb.Error, OSError, BackupProblem):
        return None


def _place(before: Backup, scratch: Path) -> Callable[[str], str]:
    if before.envelope is None:
        return below(before.folder)
    return lambda file: below(scratch)(str(before.plain(file, scratch).relative_to(scratch)))


def _count(
    connection: duckdb.DuckDBPyConnection, table: Wanted, old: TableRecord, older: str
) -> Changes:
    shared = {c.name for c in table.shape.columns} & {c.name for c in old.columns}
    newer = f"{SOURCE}.{table.shape.place}"
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
