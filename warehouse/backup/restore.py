"""Restoring a backup into a new DuckDB file, whole or in part, so that syncing goes on from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.backup.archive import WAIT_SECONDS, Archive, checked
from warehouse.backup.content import content_of, hashing
from warehouse.backup.durable import copy_checked, free_bytes, sync_file
from warehouse.backup.encrypt import KeyChoice, Keys, chosen_key
from warehouse.backup.files_in import FOLDER
from warehouse.backup.manifest import Manifest
from warehouse.backup.problems import BackupProblem, DamagedBackup, trouble_in
from warehouse.backup.progress import Step, Tell, quiet, size_text
from warehouse.backup.reader import Backup, open_backup
from warehouse.backup.script import below, statements
from warehouse.backup.selection import Selection, files_needed, queries, select_from
from warehouse.backup.snapshot import engine
from warehouse.backup.target import check_target, forget, put_in_place, settled
from warehouse.files.blobs import store_of
from warehouse.schema.types import literal, quoted
from warehouse.store.connect import Warehouse, new_warehouse_id

TARGET = "restored"


@dataclass(frozen=True)
class Restored:
    """What came back."""

    to: Path
    tables: int
    rows: int
    files: int


def restore_backup(
    backup: Path,
    to: Path,
    *,
    select: Iterable[str] = (),
    at: datetime | None = None,
    as_format: str | None = None,
    force: bool = False,
    key: KeyChoice = Keys.SET,
    tell: Tell = quiet,
    wait_seconds: float = WAIT_SECONDS,
    free: Callable[[Path], int] = free_bytes,
) -> Restored:
    """Make a DuckDB file (or with `as_format` a folder of files) from a backup.

    The whole database comes back as it was, downloaded files too; `select` (`ACCOUNT` or
    `ACCOUNT.TABLE`) and `at` choose a part, which is a warehouse of its own. Every byte that is
    used is checked first, and the result is compared with the manifest. An existing target is
    only replaced with `force`, all at once; after an error nothing half-written is left.
    Raises BackupProblem, DamagedBackup, WrongKey, BadSettings, WarehouseProblem or AccountBusy.
    """
    folder = checked(backup.absolute())
    target = to.absolute()
    check_target(target, folder, force, as_format)
    with (
        trouble_in(target.parent),
        Archive(folder.parent).using(folder.name, wait_seconds, tell),
    ):
        opened = open_backup(folder, chosen_key(key))
        selection = select_from(opened.known(), select, at)
        if as_format is not None:
            from warehouse.backup.as_files import restore_as_files

            return restore_as_files(
                opened, selection, target, as_format, force=force, tell=tell, free=free
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with settled(Warehouse(target), wait_seconds, tell) as scratch:
            return _restore(opened, selection, target, scratch, tell, free)


def _restore(
    opened: Backup,
    selection: Selection,
    target: Path,
    scratch: Path,
    tell: Tell,
    free: Callable[[Path], int],
) -> Restored:
    manifest = opened.known()
    check_space(opened, selection, target.parent, free)
    beside = target.with_name(f".{target.name}.restoring")
    forget(beside)
    added: list[Path] = []
    try:
        rows, files = build(opened, selection, beside, scratch, tell)
        for number, file in enumerate(files, 1):
            place = _restore_file(opened, file, store_of(target), scratch)
            added += [place] if place else []
            if number % 100 == 0 or number == len(files):
                tell(Step("step", "files", number, len(files)))
        sync_file(beside)
        put_in_place(Warehouse(target), beside)
    except BaseException:
        forget(beside)
        for place in added:
            place.unlink(missing_ok=True)
        raise
    tell(Step("done", f"{target}: {rows:,} rows in {len(manifest.tables)} tables"))
    return Restored(target, len(manifest.tables), rows, len(files))


def check_space(
    opened: Backup, selection: Selection, folder: Path, free: Callable[[Path], int]
) -> None:
    """Raises WarehouseProblem where the restored rows and files will hardly fit."""
    files = opened.known().files
    needed = 2 * sum(files[file].bytes for file in files_needed(opened.known(), selection))
    if selection.whole:
        needed += sum(r.bytes for file, r in files.items() if file.startswith(f"{FOLDER}/"))
    if free(folder) < needed:
        raise WarehouseProblem(
            f"no space left in {folder}: restoring needs about {size_text(needed)}, "
            f"{size_text(free(folder))} are free",
            guidance="free some space, or name another disk with --to; nothing was written",
        )


def build(
    opened: Backup, selection: Selection, file: Path, scratch: Path, tell: Tell
) -> tuple[int, list[str]]:
    """Make the database in a new file; returns its rows and the downloaded files it speaks of."""
    manifest = opened.known()
    plain = _checked_tables(opened, selection, scratch, tell)
    place = below(plain)
    chosen = None if selection.whole else queries(manifest, selection, place)
    with engine(scratch) as connection:
        connection.execute(f"ATTACH {literal(str(file))} AS {TARGET} (STORAGE_VERSION 'v1.5.0')")
        connection.execute(f"USE {TARGET}")
        connection.execute("BEGIN")
        filled = 0
        for statement in statements(manifest, place, rows=chosen, packed=True):
            connection.execute(statement)
            if statement.startswith("INSERT INTO"):
                filled += 1
                tell(Step("step", "restoring", filled, len(chosen or manifest.tables)))
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


def _checked_tables(opened: Backup, selection: Selection, scratch: Path, tell: Tell) -> Path:
    """The folder to read the needed tables from, every byte of them checked."""
    manifest = opened.known()
    needed = files_needed(manifest, selection)
    bad = [file for number, file in enumerate(needed) if not opened.intact(file)]
    if bad:
        names = ", ".join(opened.stored(file) for file in bad[:5])
        raise DamagedBackup(
            f"{opened.name} is damaged: {names}{' and more' if len(bad) > 5 else ''}",
            guidance="restore another backup, or the tables that are good by naming them",
        )
    if opened.envelope is None:
        return opened.folder
    for number, file in enumerate(needed, 1):
        opened.plain(file, scratch)
        tell(Step("step", "decrypting", number, len(needed)))
    return scratch


def _compared(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, selection: Selection
) -> int:
    """Compare what came back with the manifest; returns all rows. Raises BackupProblem."""
    comparable = selection.whole and hashing(connection) == manifest.hashing
    rows = 0
    for table in manifest.tables:
        place = f"{quoted(table.schema)}.{quoted(table.name)}"
        if not comparable:
            count = int(connection.execute(f"SELECT count(*) FROM {place}").fetchall()[0][0])
            wrong = selection.whole and count != table.rows
        else:
            found = content_of(connection, place, [c.name for c in table.columns], table.key)
            count = found.rows
            wrong = (found.rows, found.content) != (table.rows, table.content)
        if wrong:
            raise BackupProblem(
                f"{table.title} came back otherwise than it was backed up",
                guidance="report this; the target was not touched",
            )
        rows += count
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


def _restore_file(opened: Backup, file: str, store: Path, scratch: Path) -> Path | None:
    """Put a downloaded file into the store, checked; None where it is there already."""
    record = opened.known().files[file]
    target = store / file.removeprefix(f"{FOLDER}/")
    if target.is_file() and target.stat().st_size == record.bytes:
        return None
    beside = target.with_name(f".{target.name}.restoring")
    beside.unlink(missing_ok=True)
    source = opened.plain(file, scratch / "files")
    try:
        found = copy_checked(source, beside)
        if found.sha256 != record.sha256:
            raise DamagedBackup(
                f"{opened.name} is damaged: {opened.stored(file)}",
                guidance="restore another backup; nothing was changed",
            )
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
        if opened.envelope is not None:
            source.unlink(missing_ok=True)
    return target
