"""Making a database from a backup: every file is checked before, every row is compared after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.core.errors import BadSettings, WarehouseProblem
from warehouse.backup.catalog import statements
from warehouse.backup.content import content_of, hashing, in_folder
from warehouse.backup.errors import BackupProblem, DamagedBackup
from warehouse.backup.files import FOLDER
from warehouse.backup.manifest import Manifest
from warehouse.backup.reader import Backup
from warehouse.backup.selection import Selection, asked_tables, files_needed, queries
from warehouse.backup.snapshot import engine
from warehouse.progress import OnStep, Step, counted, size_text
from warehouse.schema.types import literal, quoted
from warehouse.store.identity import new_warehouse_id

TARGET = "restored"


@dataclass(frozen=True)
class Restored:
    """What a restore made."""

    to: Path
    tables: int
    """The tables that were asked for, and below their rows."""
    rows: int
    files: int

    @property
    def sentence(self) -> str:
        """For people: `new.duckdb: 40 rows in 2 tables, 3 files`."""
        text = f"{self.to}: {counted(self.rows, 'row')} in {counted(self.tables, 'table')}"
        return f"{text}, {counted(self.files, 'file')}" if self.files else text


def check_space(
    opened: Backup, selection: Selection, folder: Path, free: Callable[[Path], int]
) -> None:
    """Raises WarehouseProblem where the restored rows and files would not fit on the disk."""
    manifest = opened.require_manifest()
    files = manifest.files
    needed = 2 * sum(files[file].bytes for file in files_needed(manifest, selection))
    if selection.whole:
        needed += sum(r.bytes for file, r in files.items() if file.startswith(f"{FOLDER}/"))
    if free(folder) < needed:
        raise WarehouseProblem(
            f"no space left in {folder}: restoring needs about {size_text(needed)}, "
            f"{size_text(free(folder))} are free",
            guidance="free some space, or name another disk with --to; nothing was written",
        )


def build(
    opened: Backup, selection: Selection, file: Path, scratch: Path, on_step: OnStep
) -> tuple[int, list[str]]:
    """Make the database in a new file; returns the rows asked for and the files that they name."""
    manifest = opened.require_manifest()
    plain = _checked_tables(opened, selection, scratch, on_step)
    path_of = in_folder(plain)
    chosen = None if selection.whole else queries(manifest, selection, path_of)
    with engine(scratch) as connection:
        connection.execute(f"ATTACH {literal(str(file))} AS {TARGET} (STORAGE_VERSION 'v1.5.0')")
        connection.execute(f"USE {TARGET}")
        connection.execute("BEGIN")
        filled = 0
        for statement in statements(manifest, path_of, rows=chosen, packed=True):
            connection.execute(statement)
            if statement.startswith("INSERT INTO"):
                filled += 1
                on_step(Step("step", "restoring", filled, len(chosen or manifest.tables)))
        if selection.at is not None:
            _refuse_before_first_run(connection, selection.at)
        if not selection.whole:
            # A part is no later or earlier state of the warehouse that it was taken from.
            connection.execute(
                f"UPDATE _kollect.meta SET value = {literal(new_warehouse_id())} "
                "WHERE name = 'warehouse'"
            )
        connection.execute("COMMIT")
        rows = _compared(connection, manifest, selection)
        files = _files_of(connection, manifest, selection)
        connection.execute("USE memory")
        connection.execute(f"DETACH {TARGET}")
    return rows, files


def _refuse_before_first_run(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """Raises BadSettings where nothing was synced yet: an empty warehouse helps nobody."""
    if connection.execute("FROM _kollect.runs LIMIT 1").fetchone() is None:
        raise BadSettings(
            f"nothing of it was synced before {at:%Y-%m-%d %H:%M} UTC",
            guidance='choose a later --at; `kollect query "SELECT min(started_at) FROM '
            '_kollect.runs"` shows the first sync',
        )


def _checked_tables(opened: Backup, selection: Selection, scratch: Path, on_step: OnStep) -> Path:
    """The folder to read the needed tables from, every byte of them checked."""
    manifest = opened.require_manifest()
    needed = files_needed(manifest, selection)
    bad = [file for file in needed if not opened.intact(file)]
    if bad:
        names = ", ".join(opened.stored(file) for file in bad[:5])
        raise DamagedBackup(
            f"{opened.name} is damaged: {names}{' and more' if len(bad) > 5 else ''}",
            guidance="restore another backup, or the tables that are good by naming them",
        )
    if not opened.encrypted:
        return opened.folder
    for number, file in enumerate(needed, 1):
        opened.plain(file, scratch)
        on_step(Step("step", "decrypting", number, len(needed)))
    return scratch


def _compared(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, selection: Selection
) -> int:
    """Compare all with the manifest; returns the rows asked for. Raises BackupProblem."""
    comparable = selection.whole and hashing(connection) == manifest.hashing
    rows = 0
    asked = {table.title for table in asked_tables(manifest, selection)}
    for table in manifest.tables:
        qualified_name = f"{quoted(table.schema)}.{quoted(table.name)}"
        if not comparable:
            count = int(
                connection.execute(f"SELECT count(*) FROM {qualified_name}").fetchall()[0][0]
            )
            wrong = selection.whole and count != table.rows
        else:
            found = content_of(
                connection, qualified_name, [c.name for c in table.columns], table.key
            )
            count = found.rows
            wrong = (found.rows, found.content) != (table.rows, table.content)
        if wrong:
            raise BackupProblem(
                f"{table.title} differs from what was backed up",
                guidance="report this; the target was not touched",
            )
        rows += count if table.title in asked else 0
    return rows


def _files_of(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, selection: Selection
) -> list[str]:
    there = [file for file in manifest.files if file.startswith(f"{FOLDER}/")]
    if selection.whole or not there:
        return there
    wanted = {
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT sha256 FROM _kollect.files WHERE sha256 IS NOT NULL"
        ).fetchall()
    }
    return [file for file in there if file.rpartition("/")[2] in wanted]
