"""Locks between processes of one machine: held by the operating system, gone with their holder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from connectors.core.errors import AccountBusy

POLL_SECONDS = 0.05
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
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = os.pread(file, 200, 0).decode(errors="replace").strip()
                if time.monotonic() >= deadline:
                    raise HeldElsewhere(holder or "another process") from None
                if not told and self._on_wait is not None:
                    self._on_wait(holder or "another process")
                told = True
                self._sleep(POLL_SECONDS)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)
        self._file = -1


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
