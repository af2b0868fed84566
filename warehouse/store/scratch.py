"""Scratch folders: gone with their work, also where a process died before it could clear up.

Each holds a lock of its process, which the operating system drops with it. Who makes a new one
removes those that nobody holds: what a killed sync had spilled may be gigabytes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from connectors.core.system import NO_LOCKS
from warehouse.store.locks import FileLock, try_lock

HELD = ".held"
WAIT_SECONDS = 600.0


class Scratch:
    """A new folder below `home`/scratch: `path`, until `remove`."""

    def __init__(self, home: Path, prefix: str) -> None:
        """Raises OSError where the disk takes nothing more."""
        shelf = home / "scratch"
        shelf.mkdir(parents=True, exist_ok=True)
        with FileLock(home / "locks" / "scratch.lock", timeout_seconds=WAIT_SECONDS):
            _remove_abandoned(shelf)
            self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=shelf))
            self._held = os.open(self.path / HELD, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            _lock(self._held)

    def remove(self) -> None:
        """Remove the folder with all that is in it; a second time does nothing."""
        if self._held >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._held)
            self._held = -1


@contextlib.contextmanager
def scratch_folder(home: Path, prefix: str) -> Iterator[Path]:
    """A new folder below `home`/scratch that is gone afterwards."""
    scratch = Scratch(home, prefix)
    try:
        yield scratch.path
    finally:
        scratch.remove()


def _remove_abandoned(shelf: Path) -> None:
    """Remove what was made here and is held by nobody; what others put there is theirs."""
    for file in shelf.glob(f"*/{HELD}"):
        try:
            held = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # its own process has just removed it
        if _lock(held):
            shutil.rmtree(file.parent, ignore_errors=True)
        os.close(held)


def _lock(file: int) -> bool:
    """Lock an open file if nobody holds it; False too where the file system knows no locks, so
    that nothing is removed there that may be in use."""
    try:
        return try_lock(file)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return False
