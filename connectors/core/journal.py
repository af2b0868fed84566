"""The journal: every answer of a run, redacted and compressed, on disk before it is used.

It is one append-only file. A killed run is resumed by running the same program again: requests
that were answered before are answered from the journal. An entry that was cut off by a crash or a
power cut fails its checksum: it and whatever follows are cut away when the journal is opened, and
only that page is asked for again.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import zstandard

ENTRY = struct.Struct("<4sIII")
"""Mark, bytes of the head, bytes of the body, CRC-32 of both."""
MARK = b"kpg1"
SYNC_SECONDS = 2.0
"""A power cut costs at most the pages of so many seconds; a killed process costs none."""


@dataclass(frozen=True)
class Entry:
    """One answered request: what was asked, how it went, and where its body lies."""

    key: str
    head: Mapping[str, Any]
    offset: int
    size: int


def entries_of(file: int) -> Iterator[Entry]:
    """The whole entries of an open file, up to one that a crash has cut off."""
    size = os.fstat(file).st_size
    offset = 0
    while offset + ENTRY.size <= size:
        mark, head_size, body_size, check = ENTRY.unpack(os.pread(file, ENTRY.size, offset))
        start = offset + ENTRY.size
        offset = start + head_size + body_size
        if mark != MARK or offset > size:
            return
        blob = os.pread(file, head_size + body_size, start)
        if zlib.crc32(blob) != check:
            return
        head = msgspec.json.decode(blob[:head_size])
        yield Entry(head["key"], head, start + head_size, body_size)


def written_at(head: Mapping[str, Any]) -> datetime | None:
    """When an entry was written; None where it does not tell."""
    at = head.get("at")
    return datetime.fromisoformat(at) if at else None


def read_heads(path: Path) -> list[Mapping[str, Any]]:
    """The heads of the entries of a journal that another process may be writing."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return []
    try:
        return [entry.head for entry in entries_of(file)]
    finally:
        os.close(file)


class Journal:
    """The journal of one account's unfinished run; safe for several threads of one process."""

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Opens or creates the file and cuts away a broken tail; `now` dates the entries."""
        self._now = now
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._end = self._scan()
        os.ftruncate(self._file, self._end)
        self._synced = time.monotonic()
        self.process = secrets.token_hex(8)
        """Marks the entries of this opening, to tell them from those of a killed process."""

    def _scan(self) -> int:
        offset = 0
        for entry in entries_of(self._file):
            self._entries[entry.key] = entry
            offset = entry.offset + entry.size
        return offset

    def _read(self, offset: int, size: int) -> bytes:
        return os.pread(self._file, size, offset)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> tuple[Mapping[str, Any], bytes] | None:
        """The head and the body (encoded JSON) of an answered request, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        body = self._read(entry.offset, entry.size)
        return entry.head, zstandard.ZstdDecompressor().decompress(body) if body else b""

    def put(self, key: str, head: Mapping[str, Any], body: bytes) -> None:
        """Append one answer. When this returns, a killed process still has it.

        A request that was abandoned may still be answered when the journal is closed: that
        answer is not kept.
        """
        packed = zstandard.ZstdCompressor(level=1).compress(body) if body else b""
        at = self._now().isoformat(timespec="seconds")
        full_head = {"key": key, "process": self.process, "at": at, **head}
        encoded = msgspec.json.encode(full_head)
        check = zlib.crc32(packed, zlib.crc32(encoded))
        blob = b"".join((ENTRY.pack(MARK, len(encoded), len(packed), check), encoded, packed))
        with self._lock:
            if self._file < 0:
                return
            written = 0
            while written < len(blob):
                written += os.pwrite(self._file, blob[written:], self._end + written)
            body_at = self._end + ENTRY.size + len(encoded)
            self._entries[key] = Entry(key, full_head, body_at, len(packed))
            self._end += len(blob)
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fdatasync(self._file)
                self._synced = time.monotonic()

    @property
    def grown_at(self) -> datetime | None:
        """When the newest entry was written; None where there is none that tells."""
        last = next(reversed(self._entries.values()), None)
        return written_at(last.head) if last is not None else None

    def heads(self) -> Iterator[Mapping[str, Any]]:
        """The heads of all entries, in the order written."""
        for entry in list(self._entries.values()):
            yield entry.head

    def clear(self) -> None:
        """Remove every entry: the run that wrote them will not be resumed."""
        with self._lock:
            os.ftruncate(self._file, 0)
            self._entries.clear()
            self._end = 0

    def close(self) -> None:
        """Flush to the disk and close; the file stays until `discard`."""
        with self._lock:
            if self._file >= 0:
                os.fdatasync(self._file)
                os.close(self._file)
                self._file = -1

    def discard(self) -> None:
        """Close and remove the file: its run is finished."""
        self.close()
        self.path.unlink(missing_ok=True)
