"""The file that a restore makes: nothing else works on it, and it takes its place all at once."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from connectors.core.errors import AccountBusy
from warehouse.backup.problems import BackupProblem
from warehouse.progress import Step, Tell
from warehouse.store.durable import remove_tree, rename_new, sync_folder
from warehouse.store.locks import FileLock, HeldElsewhere
from warehouse.store.state_folder import find_state_folder
from warehouse.store.warehouse import Warehouse


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
def settled(warehouse: Warehouse, wait_seconds: float, tell: Tell) -> Iterator[Path]:
    """No sync and no other restore works on this file meanwhile; yields a folder for scratch."""

    def waiting(holder: str) -> None:
        tell(Step("waiting", f"waiting for {holder}"))

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
        sync_folder(target.parent)
    else:
        rename_new(beside, target)
    # A log belongs to the file that was there before, and so do pages of unfinished syncs.
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    for ending in ("", ".wal"):
        writer.with_name(writer.name + ending).unlink(missing_ok=True)
    stage = home / "stage"
    for journal in stage.iterdir() if stage.is_dir() else []:
        shutil.rmtree(journal, ignore_errors=True)


def forget(file: Path) -> None:
    """Remove a database file with its log."""
    remove_tree(file)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
