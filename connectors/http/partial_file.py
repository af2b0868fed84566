"""A file that is being received: its bytes so far, on disk, and what is known of the whole.

`NAME.part` holds the bytes so far, `NAME.json` what the server said of the whole (validator,
size) and how much of it is safe. After `kill -9` all bytes count; after a power cut only those
that were flushed before, which a changed boot id tells. Neither file holds an address.
"""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from connectors.core.system import boot_id

FLUSH_BYTES = 256 << 20
"""So many bytes at most are lost to a power cut."""
BLOCK = 1 << 20


@dataclass(frozen=True)
class Notes:
    """What is known of the whole file."""

    validator: str = ""
    """ETag or date that a later answer must still have; empty where the server gave none."""
    total: int | None = None
    content_type: str = ""
    file_name: str = ""
    boot: str = ""
    safe: int = 0
    """Bytes that outlive a power cut."""
    sha256: str = ""
    """Set when the file was whole and checked: it may lie in the store already."""
    bytes: int = 0


class PartialFile:
    """One file that is being received; used by one thread at a time."""

    def __init__(self, place: Path, *, with_md5: bool = False) -> None:
        """`place` has no ending; its folder is made."""
        self.file = place.with_name(f"{place.name}.part")
        self._notes_file = place.with_name(f"{place.name}.json")
        self._with_md5 = with_md5
        self._boot = boot_id()
        self._handle = -1
        self.size = 0
        self._hashers = self._fresh_hashers()
        self._flushing: _Flush | None = None
        place.parent.mkdir(parents=True, exist_ok=True)
        self.notes = self._read_notes()

    @property
    def sha256(self) -> str:
        return self._hashers[0].hexdigest()

    @property
    def md5(self) -> str:
        """Empty unless it is asked for."""
        return self._hashers[1].hexdigest() if self._with_md5 else ""

    def open(self) -> None:
        """Find what an earlier try left and hash it; it is cut to what is safe."""
        self._handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        there = os.fstat(self._handle).st_size
        same_boot = self.notes.boot == self._boot != ""
        keep = there if same_boot else min(there, self.notes.safe)
        os.ftruncate(self._handle, keep)
        while self.size < keep and (data := os.pread(self._handle, BLOCK, self.size)):
            self._hash(data)
            self.size += len(data)

    def begin(self, notes: Notes) -> None:
        """Start from nothing with a server's answer."""
        self._flushed()
        os.ftruncate(self._handle, 0)
        self.size = 0
        self._hashers = self._fresh_hashers()
        self._write_notes(replace(notes, boot=self._boot, safe=0, sha256="", bytes=0))

    def write(self, chunk: bytes) -> None:
        """Append; raises OSError where the disk takes no more."""
        data = memoryview(chunk)
        while data:
            count = os.pwrite(self._handle, data, self.size)
            self.size += count
            data = data[count:]
        self._hash(chunk)
        if self.size - self.notes.safe >= FLUSH_BYTES and not self._is_flushing():
            self._flushed()
            self._flushing = _Flush(self._handle, self.size)

    def finish(self) -> None:
        """Flush the whole file and note its hash: from now on it need not come again."""
        self._flushed()
        os.fsync(self._handle)
        done = replace(self.notes, safe=self.size, sha256=self.sha256, bytes=self.size)
        self._write_notes(done)
        self.close()

    def close(self) -> None:
        """Let go of the file; it stays for a later try."""
        if self._handle >= 0:
            if self._flushing is not None:
                self._flushing.join()
                self._flushing = None
            os.close(self._handle)
            self._handle = -1

    def forget(self) -> None:
        """Close and remove both files."""
        self.close()
        self.file.unlink(missing_ok=True)
        self._notes_file.unlink(missing_ok=True)
        self.notes = Notes()

    def _fresh_hashers(self) -> list[hashlib._Hash]:
        names = ("sha256", "md5") if self._with_md5 else ("sha256",)
        return [hashlib.new(name, usedforsecurity=False) for name in names]

    def _hash(self, data: bytes) -> None:
        for hasher in self._hashers:
            hasher.update(data)

    def _is_flushing(self) -> bool:
        return self._flushing is not None and self._flushing.is_alive()

    def _flushed(self) -> None:
        """Wait for the flush under way and note what it made safe; raises its OSError."""
        flush, self._flushing = self._flushing, None
        if flush is None:
            return
        flush.join()
        if flush.error is not None:
            raise flush.error
        self._write_notes(replace(self.notes, safe=flush.size))

    def _read_notes(self) -> Notes:
        try:
            return msgspec.json.decode(self._notes_file.read_bytes(), type=Notes)
        except (OSError, msgspec.MsgspecError):
            return Notes()

    def _write_notes(self, notes: Notes) -> None:
        self.notes = notes
        # Not flushed: notes that a power cut tore say nothing, and the file begins anew.
        beside = self._notes_file.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(asdict(notes)))
        os.replace(beside, self._notes_file)


class _Flush(threading.Thread):
    """Brings what is written so far to the disk, while more is received."""

    def __init__(self, handle: int, size: int) -> None:
        super().__init__(name="flush", daemon=True)
        self.size = size
        self.error: OSError | None = None
        self._handle = handle
        self.start()

    def run(self) -> None:
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            self.error = error
