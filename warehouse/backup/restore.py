"""Restoring a backup into a new DuckDB file, whole or in part, so that syncing goes on from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from warehouse.backup.archive import WAIT_SECONDS, Archive, checked
from warehouse.backup.build import Restored, build, check_space
from warehouse.backup.encrypt import KeyChoice, Keys, chosen_key
from warehouse.backup.export import MoreFiles, restore_as_files
from warehouse.backup.files_in import FOLDER
from warehouse.backup.problems import DamagedBackup, trouble_in
from warehouse.backup.reader import Backup, open_backup
from warehouse.backup.selection import Selection, select_from
from warehouse.backup.target import check_target, forget, put_in_place, settled
from warehouse.files.blobs import store_of
from warehouse.progress import Step, Tell, quiet
from warehouse.store.durable import copy_checked, free_bytes, sync_file
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
            return restore_as_files(
                opened,
                selection,
                target,
                as_format,
                force=force,
                more_files=more_files,
                tell=tell,
                free=free,
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
