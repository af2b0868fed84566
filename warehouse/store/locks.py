"""Locks between processes: held by the operating system, gone with their holder.

Some network and FUSE file systems know no locks. There a file that only one process can create
takes their place: it names its holder, and a later process of the same machine removes it when that
holder has ended. Another machine never does: whoever knows that the holder is gone removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from connectors.core.errors import AccountBusy
from connectors.core.system import NO_LOCKS, boot_id

POLL_SECONDS = 0.05
LOG = logging.getLogger("kollect")
_SAID: set[int] = set()
"""The devices of which something was said."""
MARK = re.compile(r"process (?P<process>\d+) on (?P<host>\S*) since boot (?P<boot>\S*)\n")
OnWait = Callable[[str], None]


class HeldElsewhere(Exception):
    """Another process holds the lock and did not let go in time; `holder` says who."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class FileLock:
    """An exclusive lock on a file; the file stays and says who holds it."""

    def __init__(
        self,
        path: Path,
        *,
        timeout_seconds: float,
        on_wait: OnWait | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`on_wait` is called once with the holder's name where the lock is not free at once."""
        self.path = path
        self._timeout = timeout_seconds
        self._on_wait = on_wait
        self._sleep = sleep
        self._file = -1
        self._mark: Path | None = None
        """The file in place of a lock, where the file system knows none."""

    def __enter__(self) -> FileLock:
        """Waits for the lock; raises HeldElsewhere when the timeout has passed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(file)
            os.ftruncate(file, 0)
            os.pwrite(file, f"process {os.getpid()}\n".encode(), 0)
        except BaseException:
            # Where the disk is full the lock was taken already: closing the file frees it.
            os.close(file)
            raise
        self._file = file
        return self

    def _wait(self, file: int) -> None:
        deadline = time.monotonic() + self._timeout
        told = False
        while (holder := self._holder(file)) is not None:
            if time.monotonic() >= deadline:
                raise HeldElsewhere(holder or "another process")
            if not told and self._on_wait is not None:
                self._on_wait(holder or "another process")
            told = True
            self._sleep(POLL_SECONDS)

    def _holder(self, file: int) -> str | None:
        """Try once: None where the lock is ours now, else who holds it."""
        try:
            if try_lock(file):
                return None
            return os.pread(file, 200, 0).decode(errors="replace").strip()
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        mark = self.path.with_name(f"{self.path.name}.held")
        say_weaker(self.path.parent, "knows no locks: do not use this folder from two machines")
        holder = take_mark(mark)
        if holder is None:
            self._mark = mark
        return holder

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._mark is not None:
            self._mark.unlink(missing_ok=True)
            self._mark = None
        os.close(self._file)
        self._file = -1


def try_lock(file: int) -> bool:
    """Lock an open file, unless another process holds it. Raises OSError (see NO_LOCKS)."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_mark(mark: Path) -> str | None:
    """Create the file that stands for a lock: None where it is ours now, else who holds it."""
    host, boot = platform.node(), boot_id()
    try:
        file = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        holder = mark.read_text(errors="replace") if mark.exists() else ""
        found = MARK.fullmatch(holder)
        if found and found["host"] == host:
            # `kill` with signal 0 only asks whether the process is there.
            if found["boot"] != boot or not is_running(int(found["process"])):
                mark.unlink(missing_ok=True)
                return take_mark(mark)
            return f"process {found['process']}"
        return f"process {found['process']} on {found['host']} ({mark})" if found else str(mark)
    os.write(file, f"process {os.getpid()} on {host} since boot {boot}\n".encode())
    os.close(file)
    return None


def is_running(process: int) -> bool:
    """Whether a process of this machine lives, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def say_weaker(place: Path, what: str) -> None:
    """Say once for each file system what it does not know, so that something is weaker there."""
    device = place.stat().st_dev
    if device not in _SAID:
        _SAID.add(device)
        LOG.warning("kollect: the file system of %s %s", place, what)


@contextlib.contextmanager
def hold(
    path: Path,
    doing: str,
    *,
    timeout_seconds: float,
    guidance: str = "wait for it, or end that process",
    account: str = "",
    on_wait: OnWait | None = None,
) -> Iterator[None]:
    """Hold the lock at `path` during the block.

    Raises AccountBusy when another process does not let go in time: "`doing` by process 12".
    """
    lock = FileLock(path, timeout_seconds=timeout_seconds, on_wait=on_wait)
    try:
        lock.__enter__()
    except HeldElsewhere as held:
        raise AccountBusy(f"{doing} by {held.holder}", account=account, guidance=guidance) from None
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
