"""Where the files of a backup go while it is written: as they are, encrypted, or linked."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from urllib.parse import quote

from warehouse.backup.encrypt import BackupKey
from warehouse.backup.manifest import FileRecord
from warehouse.backup.reader import Backup
from warehouse.progress import Step, Tell
from warehouse.store.durable import (
    Digest,
    copy_checked,
    digest,
    digest_bytes,
    link,
    seal,
    sync_file,
    write_new,
)


class Shelf:
    """The files of one backup under way; safe for several threads."""

    def __init__(
        self,
        folder: Path,
        scratch: Path,
        *,
        key: BackupKey | None,
        previous: Backup | None,
        tell: Tell,
    ) -> None:
        """`folder` becomes the backup, `scratch` holds plain files before they are encrypted."""
        self.folder = folder
        self.scratch = scratch
        self.key = key
        self.previous = previous if previous is not None and _same_key(previous, key) else None
        self.files: dict[str, FileRecord] = {}
        """Every file as it reads when it is not encrypted."""
        self.stored: dict[str, str] = {}
        """In an encrypted backup, where each of them lies."""
        self.stored_files: dict[str, FileRecord] = {}
        """Every file as it lies in the folder."""
        self.new_bytes = 0
        self._tell = tell
        self._lock = threading.Lock()

    def place(self, file: str) -> Path:
        """Where to write a file before `finish` is called for it."""
        found = (self.scratch if self.key else self.folder) / file
        found.parent.mkdir(parents=True, exist_ok=True)
        return found

    def finish(self, file: str, known: Digest | None = None) -> FileRecord:
        """Take in a file that was written at its place; when this returns, it is on the disk."""
        place = self.place(file)
        found = known or digest(place)
        if self.key is None:
            sync_file(place)
            seal(place)
            return self._note(file, file, found, found)
        beside = self.folder / "data" / f".{secrets.token_hex(8)}"
        beside.parent.mkdir(parents=True, exist_ok=True)
        self.key.seal_file(place, beside)
        place.unlink()
        return self._sealed(file, beside, found)

    def put(self, file: str, data: bytes) -> FileRecord:
        """A small file from memory; linked where the backup before holds the same."""
        before = self.previous.known().files.get(file) if self.previous else None
        if before is not None and before.sha256 == digest_bytes(data).sha256:
            same = self.reuse(file, read=True)
            if same is not None:
                return same
        if self.key is not None:
            beside = self.folder / "data" / f".{secrets.token_hex(8)}"
            write_new(beside, self.key.seal_bytes(data))
            return self._sealed(file, beside, digest_bytes(data))
        write_new(self.folder / file, data)
        seal(self.folder / file)
        found = digest_bytes(data)
        return self._note(file, file, found, found)

    def _sealed(self, file: str, beside: Path, plain: Digest) -> FileRecord:
        found = digest(beside)
        stored = f"data/{found.sha256[:40]}.age"
        sync_file(beside)
        seal(beside)
        beside.rename(self.folder / stored)
        return self._note(file, stored, plain, found)

    def _note(self, file: str, stored: str, plain: Digest, lying: Digest) -> FileRecord:
        record = FileRecord(plain.bytes, plain.sha256)
        with self._lock:
            self.files[file] = record
            self.stored_files[stored] = FileRecord(lying.bytes, lying.sha256)
            if self.key is not None:
                self.stored[file] = stored
            self.new_bytes += lying.bytes
        return record

    def reuse(self, file: str, *, read: bool) -> FileRecord | None:
        """Take a file from the backup before, without new space; None where that cannot be.

        With `read`, every byte of it is checked first: damage is never handed on.
        """
        before = self.previous
        if before is None or file not in before.known().files:
            return None
        record = before.known().files[file]
        stored = before.stored(file)
        lying = before.files[stored]
        source = before.folder / stored
        good = before.intact(file) if read else _size(source) == lying.bytes
        if not good:
            self._tell(
                Step("problem", f"{before.name}/{stored} is damaged or missing: written anew")
            )
            return None
        new = 0
        if not link(source, self.folder / stored):
            copied = copy_checked(source, self.folder / stored)
            if copied != Digest(lying.bytes, lying.sha256):
                (self.folder / stored).unlink()
                return None
            seal(self.folder / stored)
            new = copied.bytes
        with self._lock:
            self.files[file] = record
            self.stored_files[stored] = lying
            if self.key is not None:
                self.stored[file] = stored
            self.new_bytes += new
        return record


def _same_key(previous: Backup, key: BackupKey | None) -> bool:
    if previous.manifest is None:
        return False
    before = previous.envelope.recipient if previous.envelope else None
    return before == (key.recipient if key else None)


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return -1


def table_file(schema: str, table: str) -> str:
    """Where a table's rows go, whatever characters its name has."""
    return f"tables/{_safe(schema)}/{_safe(table)}.parquet"


def _safe(name: str) -> str:
    found = quote(name, safe=" ").replace(" ", "%20").replace(".", "%2E")
    if len(found) <= 180:
        return found
    return f"{found[:120]}-{digest_bytes(name.encode()).sha256[:32]}"
