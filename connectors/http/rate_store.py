"""Where a rate limiter keeps its log of departures: in memory, or in a file for all processes.

Both give the log to one caller at a time. Whoever changes it sets `changed`; the change is
kept when the `with` block ends without an error, so before the request leaves.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
import struct
import threading
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from connectors.core.errors import WarehouseProblem
from connectors.core.system import NO_LOCKS, boot_id

Clock = Callable[[], float]


@dataclass
class RateLog:
    """When the last requests left, in seconds of the limiter's clock, the oldest first."""

    times: list[float] = field(default_factory=list)
    hold_until: float = -math.inf
    most: int = 0
    """How many departures are worth keeping: the largest window of all who share the log."""
    lost: bool = False
    """There was a log, but it cannot be read: assume that much has just been sent."""
    changed: bool = False


class RateState(Protocol):
    """Lends the log out, exclusively for the length of a `with` block."""

    def opened(self, clock: Clock) -> AbstractContextManager[RateLog]: ...


class MemoryState:
    """The log of one process: it ends with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log = RateLog()

    @contextmanager
    def opened(self, clock: Clock) -> Iterator[RateLog]:
        with self._lock:
            yield self._log


HEADER = struct.Struct("<8s16sddIII")
"""Mark, boot, time of writing, hold, most times, number of times, CRC-32 of all else."""
MARK = b"kollect1"
MOST_TIMES = 100_000
"""More departures than any sane window counts: beyond it the file is no log of ours."""
LONGEST_HOLD = 86_400.0
"""Seconds. No service is avoided for longer than a day on its word, nor on a file's."""


class FileState:
    """The log of one account in a small file, shared by all processes of the machine.

    Times are of a clock that starts with the machine and that all processes share
    (CLOCK_MONOTONIC, the default of `time.monotonic`). The file is opened for each use and
    locked with `flock`, so that the lock ends with its process, however that ends. The whole
    log is one write of a few KB: a killed process leaves the old log or the new one.

    A log of an earlier boot still counts. Its requests left before this boot, so it is read
    as if it had been written at the very start of this boot: never too early, and after a
    minute of running it holds nobody up. An unreadable log (which only a foreign program or
    a broken disk can leave) is reported as `lost`.
    """

    def __init__(self, path: Path, *, boot: str | None = None) -> None:
        """`boot` identifies the running of the machine; the default asks the kernel."""
        self.path = Path(path)
        name = boot_id() if boot is None else boot
        self._boot = hashlib.blake2b(name.encode(), digest_size=16).digest()
        self._lock = threading.Lock()
        self._last = RateLog()

    @contextmanager
    def opened(self, clock: Clock) -> Iterator[RateLog]:
        """Raises WarehouseProblem where the file cannot be kept."""
        with self._lock, self._problems():
            file = self._locked_file()
            try:
                log = self._read(file, clock())
                yield log
                if log.changed:
                    self._write(file, log, clock())
            finally:
                # Closing lets go of the lock.
                os.close(file)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WarehouseProblem(
                f"cannot keep count of the requests: {error.strerror or error}",
                where=str(self.path),
                guidance="Make the folder writable, or free some space: without it kollect "
                "cannot stay below the service's rate.",
            ) from error

    def _locked_file(self) -> int:
        while True:
            try:
                file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except FileNotFoundError:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                continue
            try:
                _lock(file)
                # Removed while we waited? Then the next process would lock another file.
                if os.fstat(file).st_nlink:
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _read(self, file: int, now: float) -> RateLog:
        blob = os.pread(file, HEADER.size + 8 * MOST_TIMES, 0)
        if not blob:
            # New, or removed under a running process, which then still knows.
            return replace(self._last, times=list(self._last.times))
        if len(blob) < HEADER.size:
            return RateLog(lost=True)
        mark, boot, written, hold, most, count, check = HEADER.unpack_from(blob)
        body = blob[HEADER.size : HEADER.size + 8 * count]
        if mark != MARK or len(body) != 8 * count or check != _check(blob, body):
            return RateLog(lost=True)
        times = array("d", body).tolist()
        # What was written, was written before now: at the latest when this boot began, or,
        # where one boot shows two clocks (containers), just now.
        shift = -written if boot != self._boot else min(0.0, now - written)
        if shift:
            times = [time + shift for time in times]
            hold += shift
        # A shifted log is written at once: "just now" must not become later at each look.
        return RateLog(times, min(hold, now + LONGEST_HOLD), most, changed=bool(shift))

    def _write(self, file: int, log: RateLog, now: float) -> None:
        body = array("d", log.times).tobytes()
        fields = (MARK, self._boot, now, log.hold_until, log.most, len(log.times))
        check = _check(HEADER.pack(*fields, 0), body)
        blob = HEADER.pack(*fields, check) + body
        if os.pwrite(file, blob, 0) != len(blob):
            raise OSError("the disk took only a part")
        self._last = RateLog(list(log.times), log.hold_until, log.most)


def _lock(file: int) -> None:
    """Wait for the lock. On a file system without locks, only the threads of one process are kept
    apart: the sync of an account is one process all the same."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise


def _check(header: bytes, body: bytes) -> int:
    """The CRC-32 of a log: the header without its last field, then the times."""
    return zlib.crc32(body, zlib.crc32(header[: HEADER.size - 4]))
