"""Restoring a backup into a new DuckDB file, whole or in part, so that syncing goes on from it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from connectors.core.errors import AccountBusy
from warehouse.backup.archive import WAIT_SECONDS, Archive, require_backup
from warehouse.backup.build import Restored, build, check_space
from warehouse.backup.encrypt import KeyChoice, Keys, chosen_key
from warehouse.backup.errors import BackupProblem, DamagedBackup, explained_errors
from warehouse.backup.export import MoreFiles, restore_as_files
from warehouse.backup.files import FOLDER
from warehouse.backup.reader import Backup, open_backup
from warehouse.backup.selection import Selection, select_from
from warehouse.files.blobs import store_of
from warehouse.progress import OnStep, Step, no_progress
from warehouse.store.durable import (
    copy_checked,
    flush_file,
    flush_folder,
    free_bytes,
    remove_tree,
    rename_new,
)
from warehouse.store.locks import FileLock, HeldElsewhere
from warehouse.store.state_folder import find_state_folder
from warehouse.store.warehouse import Warehouse


def restore_backup(
    backup: Path,
    to: Path,
    *,
    select: Iterable[str] = (),
    at: datetime | None = None,
    as_format: str | None = None,
    more_files: MoreFiles | None = None,
    force: bool = False,
    key: KeyChoice = Keys.SET,
    on_step: OnStep = no_progress,
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
    folder = require_backup(backup.absolute())
    target = to.absolute()
    check_target(target, folder, force, as_format)
    with (
        explained_errors(target.parent),
        Archive(folder.parent).reading(folder.name, wait_seconds, on_step),
    ):
        opened = open_backup(folder, chosen_key(key))
        selection = select_from(opened.require_manifest(), select, at)
        if as_format is not None:
            return restore_as_files(
                opened,
                selection,
                target,
                as_format,
                force=force,
                more_files=more_files,
                on_step=on_step,
                free=free,
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(Warehouse(target), wait_seconds, on_step) as scratch:
            return _restore(opened, selection, target, scratch, on_step, free)


def _restore(
    opened: Backup,
    selection: Selection,
    target: Path,
    scratch: Path,
    on_step: OnStep,
    free: Callable[[Path], int],
) -> Restored:
    manifest = opened.require_manifest()
    check_space(opened, selection, target.parent, free)
    beside = target.with_name(f".{target.name}.restoring")
    remove_database(beside)
    added: list[Path] = []
    try:
        rows, files = build(opened, selection, beside, scratch, on_step)
        for number, file in enumerate(files, 1):
            place = _restore_file(opened, file, store_of(target), scratch)
            added += [place] if place else []
            if number % 100 == 0 or number == len(files):
                on_step(Step("step", "files", number, len(files)))
        flush_file(beside)
        put_in_place(Warehouse(target), beside)
    except BaseException:
        remove_database(beside)
        for place in added:
            place.unlink(missing_ok=True)
        raise
    on_step(Step("done", f"{target}: {rows:,} rows in {len(manifest.tables)} tables"))
    return Restored(target, len(manifest.tables), rows, len(files))


def _restore_file(opened: Backup, file: str, store: Path, scratch: Path) -> Path | None:
    """Put a downloaded file into the store, checked; None where it is there already."""
    record = opened.require_manifest().files[file]
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


def check_target(target: Path, backup: Path, force: bool, as_format: str | None) -> None:
    """Raises BackupProblem where nothing may be restored to."""
    if target == backup or backup in target.parents:
        raise BackupProblem(
            f"{target} is inside the backup itself", guidance="name another place with --to"
        )
    if not target.exists():
        return
    empty = as_format is not None and target.is_dir() and not any(target.iterdir())
    if not force and not empty:
        raise BackupProblem(
            f"{target} exists already",
            guidance="name a new one with --to, or replace it with --force; nothing was changed",
        )
    if target.is_dir() != (as_format is not None):
        kind = "a folder" if target.is_dir() else "a file"
        raise BackupProblem(f"{target} is {kind}", guidance="name another place with --to")


@contextlib.contextmanager
def exclusive(warehouse: Warehouse, wait_seconds: float, on_step: OnStep) -> Iterator[Path]:
    """No sync and no other restore works on this file meanwhile; yields a folder for scratch."""

    def waiting(holder: str) -> None:
        on_step(Step("waiting", f"waiting for {holder}"))

    name = warehouse.path.name
    own = warehouse.path.with_name(f".{name}.restoring.lock")
    scratch = warehouse.path.with_name(f".{name}.restoring.scratch")
    locks = find_state_folder(warehouse.path) / "locks"
    known = [own]
    if locks.is_dir():
        known += [*sorted(locks.glob("account-*.lock")), locks / f"{name}.lock"]
    try:
        with contextlib.ExitStack() as stack:
            for file in known:
                lock = FileLock(file, timeout_seconds=wait_seconds, on_wait=waiting)
                stack.enter_context(lock)
            stack.callback(own.unlink, missing_ok=True)
            stack.callback(remove_tree, scratch)
            remove_tree(scratch)
            scratch.mkdir()
            yield scratch
    except HeldElsewhere as held:
        raise AccountBusy(
            f"{name} is being synced or restored by {held.holder}",
            guidance="wait for it, or end that process; nothing was changed",
        ) from None


def put_in_place(warehouse: Warehouse, beside: Path) -> None:
    """Rename the new file into its place, and let the next sync begin from it.

    The stamp goes first: whatever happens then, a sync compares the published file itself.
    """
    target = warehouse.path
    home = find_state_folder(target)
    writer = home / "writer" / target.name
    writer.with_name(f"{target.name}.published.json").unlink(missing_ok=True)
    replaced = target.exists()
    if replaced:
        os.replace(beside, target)
        flush_folder(target.parent)
    else:
        rename_new(beside, target)
    # A log belongs to the file that was there before, and so do pages of unfinished syncs.
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    for ending in ("", ".wal"):
        writer.with_name(writer.name + ending).unlink(missing_ok=True)
    stage = home / "stage"
    for journal in stage.iterdir() if stage.is_dir() else []:
        shutil.rmtree(journal, ignore_errors=True)


def remove_database(file: Path) -> None:
    """Remove a database file with its log."""
    remove_tree(file)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
