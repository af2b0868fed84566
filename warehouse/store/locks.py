"""Locks between processes of one machine: held by the operating system, gone with their holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

POLL_SECONDS = 0.05


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
        on_wait: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = path
        self._timeout = timeout_seconds
        self._on_wait = on_wait
        self._sleep = sleep
        self._file = -1

    def __enter__(self) -> FileLock:
        """Waits for the lock; raises HeldElsewhere when the timeout has passed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + self._timeout
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(file, 200, 0).decode(errors="replace").strip()
                if time.monotonic() >= deadline:
                    os.close(file)
                    raise HeldElsewhere(holder or "another process") from None
                if not told and self._on_wait is not None:
                    self._on_wait(holder or "another process")
                told = True
                self._sleep(POLL_SECONDS)
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)
        self._file = -1
