"""Sending to an address and pruning there exclude each other, across machines.

File systems behind addresses have no locks. So each command writes an object below `locks/`
before it looks for those of others: of two that begin at once, at least one sees the other.
Several may send at once; whoever prunes is alone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from connectors.core.errors import AccountBusy, KollectError
from warehouse.backup.remote import Remote, shown
from warehouse.progress import utc_now
from warehouse.store.locks import is_running

FOLDER = "locks"
RENEWED = timedelta(minutes=10)
ABANDONED = timedelta(hours=24)
"""A lock that was not renewed for so long belongs to nobody any more."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock, and when that was last true."""

    doing: str
    """`sending` or `pruning`."""
    host: str
    namespace: str
    """Tells containers of one host name apart, whose process numbers mean nothing to each other."""
    process: int
    at: datetime


class RemoteLock:
    """A held lock; `renew` it now and then."""

    def __init__(self, remote: Remote, doing: str, now: Callable[[], datetime]) -> None:
        self._remote = remote
        self._now = now
        self._file = f"{FOLDER}/{secrets.token_hex(8)}.json"
        self._holder = Holder(doing, socket.gethostname(), _namespace(), os.getpid(), now())

    def renew(self) -> None:
        """Write the lock with the time of now, at most every ten minutes."""
        if self._now() - self._holder.at >= RENEWED:
            self._write()

    def _write(self) -> None:
        self._holder = msgspec.structs.replace(self._holder, at=self._now())
        self._remote.write(self._file, msgspec.json.encode(self._holder))

    def take(self) -> None:
        """Write the lock, then look for others. Raises AccountBusy and leaves nothing then."""
        self._write()
        try:
            for file in self._remote.sizes(FOLDER):
                other = self._read(file)
                if file == self._file or other is None:
                    continue
                if self._abandoned(other):
                    self._remote.remove(file)
                elif "pruning" in (other.doing, self._holder.doing):
                    raise self._busy(other, file)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Remove the lock. Where that fails, others find that its process has ended."""
        with contextlib.suppress(KollectError):
            self._remote.remove(self._file)

    def _read(self, file: str) -> Holder | None:
        """The holder of a lock; None where it has just been released, or is no lock of ours."""
        try:
            return msgspec.json.decode(self._remote.read(file), type=Holder)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _abandoned(self, other: Holder) -> bool:
        mine = self._holder
        if (other.host, other.namespace) == (mine.host, mine.namespace):
            return not is_running(other.process)
        return abs(self._now() - other.at) > ABANDONED

    def _busy(self, other: Holder, file: str) -> AccountBusy:
        return AccountBusy(
            f"process {other.process} on {other.host} is {other.doing} backups at "
            f"{shown(self._remote.address)}, seen {other.at:%Y-%m-%d %H:%M} UTC",
            guidance=f"wait for it; if it was killed, remove {file} there; nothing was changed",
        )


@contextlib.contextmanager
def remote_lock(
    remote: Remote, doing: str, now: Callable[[], datetime] = utc_now
) -> Iterator[RemoteLock]:
    """Hold the address for `sending` or `pruning`. Raises AccountBusy where others are there."""
    lock = RemoteLock(remote, doing, now)
    lock.take()
    try:
        yield lock
    finally:
        lock.release()


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
