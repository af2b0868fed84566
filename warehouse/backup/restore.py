"""Restoring a backup into a new DuckDB file, whole or in part, so that syncing goes on from it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from warehouse.backup.archive import WAIT_SECONDS, Archive, require_backup
from warehouse.backup.build import Restored, build, check_space
from warehouse.backup.encrypt import KeyChoice, Keys, chosen_key
from warehouse.backup.errors import BackupProblem, DamagedBackup, explained_errors
from warehouse.backup.export import MoreFiles, restore_as_files
from warehouse.backup.files import FOLDER
from warehouse.backup.reader import Backup, open_backup
from warehouse.backup.selection import Selection, asked_tables, select_from
from warehouse.files.blobs import store_of
from warehouse.progress import OnStep, Step, no_progress, report_waiting
from warehouse.store.disk import keep_rights
from warehouse.store.durable import (
    copy_checked,
    flush_file,
    flush_folder,
    flush_tree,
    free_bytes,
    remove_tree,
    rename_new,
)
from warehouse.store.locks import hold
from warehouse.store.places import check_place
from warehouse.store.publish import log_of
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
    check_place(target)
    check_target(target, folder, force, as_format)
    with (
        explained_errors(target.parent),
        Archive(folder.parent).reading(folder.name, wait_seconds, on_step),
    ):
        opened = open_backup(folder, chosen_key(key))
        selection = select_from(opened.require_manifest(), select, at)
        target.parent.mkdir(parents=True, exist_ok=True)
        if as_format is not None:
            with exclusive(target, [], wait_seconds, on_step) as scratch:
                check_space(opened, selection, target.parent, free)
                return restore_as_files(
                    opened, selection, target, scratch, as_format, more_files, on_step
                )
        Warehouse(target)  # refuses a name that DuckDB would confuse with a schema
        with exclusive(target, locks_of(target), wait_seconds, on_step) as scratch:
            check_space(opened, selection, target.parent, free)
            return _restore(opened, selection, target, scratch, on_step)


def _restore(
    opened: Backup, selection: Selection, target: Path, scratch: Path, on_step: OnStep
) -> Restored:
    real = target.resolve()
    beside = real.with_name(f".{real.name}.restoring")
    remove_database(beside)
    store = store_of(target)
    added: list[Path] = []
    try:
        rows, files = build(opened, selection, beside, scratch, on_step)
        for number, file in enumerate(files, 1):
            place = _restore_file(opened, file, store, scratch)
            added += [place] if place else []
            if number % 100 == 0 or number == len(files):
                on_step(Step("step", "files", number, len(files)))
        if added:
            flush_tree(store)
        flush_file(beside)
        replace_warehouse(target, beside)
    except BaseException:
        remove_database(beside)
        for place in added:
            place.unlink(missing_ok=True)
        raise
    tables = len(asked_tables(opened.require_manifest(), selection))
    restored = Restored(target, tables, rows, len(files))
    on_step(Step("done", restored.sentence))
    return restored


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
        if opened.encrypted:
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


def locks_of(target: Path) -> list[Path]:
    """The locks of everything that works on this warehouse file, not on others beside it."""
    locks = find_state_folder(target) / "locks"
    if not locks.is_dir():
        return []
    return [*sorted(locks.glob("account-*.lock")), locks / f"{target.name}.lock"]


@contextlib.contextmanager
def exclusive(
    target: Path, locks: Iterable[Path], wait_seconds: float, on_step: OnStep
) -> Iterator[Path]:
    """Keep other restores to this target out, and holders of `locks`; yields a scratch folder.

    Raises AccountBusy.
    """
    own = target.with_name(f".{target.name}.restoring.lock")
    scratch = target.with_name(f".{target.name}.restoring.scratch")
    with contextlib.ExitStack() as stack:
        for file in (own, *locks):
            lock = hold(
                file,
                f"{target.name} is being synced or restored",
                timeout_seconds=wait_seconds,
                guidance="wait for it, or end that process; nothing was changed",
                on_wait=report_waiting(on_step),
            )
            stack.enter_context(lock)
        stack.callback(own.unlink, missing_ok=True)
        stack.callback(remove_tree, scratch)
        remove_tree(scratch)
        scratch.mkdir()
        yield scratch


def replace_warehouse(target: Path, beside: Path) -> None:
    """Rename the new file into its place, and let the next sync begin from it.

    The stamp goes first: whatever happens then, a sync compares the published file itself. A
    link stays a link to the new file, and a replaced file leaves its rights to the new one.
    """
    home = find_state_folder(target)
    writer = home / "writer" / target.name
    writer.with_name(f"{target.name}.published.json").unlink(missing_ok=True)
    real = target.resolve()
    if real.exists():
        keep_rights(real, beside)
        os.replace(beside, real)
        flush_folder(real.parent)
    else:
        rename_new(beside, real)
    # A log belongs to the file that was there before, and so do pages of unfinished syncs.
    log_of(target).unlink(missing_ok=True)
    for file in (writer, log_of(writer)):
        file.unlink(missing_ok=True)
    stage = home / "stage"
    for journal in stage.iterdir() if stage.is_dir() else []:
        shutil.rmtree(journal, ignore_errors=True)


def remove_database(file: Path) -> None:
    """Remove a database file with its log."""
    remove_tree(file)
    log_of(file).unlink(missing_ok=True)
