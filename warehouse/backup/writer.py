"""The files of a backup while it is written: plain, encrypted, or linked from the previous one."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from urllib.parse import quote

import msgspec

from warehouse.backup.catalog import restore_text
from warehouse.backup.encrypt import SCHEME, BackupKey
from warehouse.backup.manifest import (
    HOWTO,
    MANIFEST,
    RESTORE,
    SUMS,
    Envelope,
    Manifest,
    encode,
    howto,
    sums,
)
from warehouse.backup.reader import Backup
from warehouse.progress import OnStep, Step
from warehouse.store.durable import (
    Digest,
    copy_checked,
    digest,
    digest_bytes,
    flush_file,
    link,
    make_read_only,
    remove_empty_folders,
    write_new,
    write_read_only,
)


class BackupWriter:
    """The files of one backup under way; safe for several threads."""

    def __init__(
        self,
        folder: Path,
        scratch: Path,
        *,
        key: BackupKey | None,
        previous: Backup | None,
        on_step: OnStep,
    ) -> None:
        """`folder` becomes the backup, `scratch` holds plain files before they are encrypted."""
        self.folder = folder
        self.scratch = scratch
        self.key = key
        self.previous = previous if previous is not None and _same_key(previous, key) else None
        self.files: dict[str, Digest] = {}
        """Every file as it reads when it is not encrypted."""
        self.stored: dict[str, str] = {}
        """In an encrypted backup, where each of them lies."""
        self.stored_files: dict[str, Digest] = {}
        """Every file as it lies in the folder."""
        self.new_bytes = 0
        self._on_step = on_step
        self._lock = threading.Lock()

    def place(self, file: str) -> Path:
        """Where to write a file before `finish` is called for it."""
        found = (self.scratch if self.key else self.folder) / file
        found.parent.mkdir(parents=True, exist_ok=True)
        return found

    def finish(self, file: str, known: Digest | None = None) -> Digest:
        """Add a file that was written at its place; it is flushed to the disk when this returns."""
        place = self.place(file)
        found = known or digest(place)
        if self.key is None:
            flush_file(place)
            make_read_only(place)
            return self._note(file, file, found, found)
        beside = self.folder / "data" / f".{secrets.token_hex(8)}"
        beside.parent.mkdir(parents=True, exist_ok=True)
        self.key.encrypt_file(place, beside)
        place.unlink()
        return self._sealed(file, beside, found)

    def put(self, file: str, data: bytes) -> Digest:
        """A small file from memory; linked where the backup before holds the same."""
        before = self.previous.require_manifest().files.get(file) if self.previous else None
        if before is not None and before.sha256 == digest_bytes(data).sha256:
            same = self.reuse(file, read=True)
            if same is not None:
                return same
        if self.key is not None:
            beside = self.folder / "data" / f".{secrets.token_hex(8)}"
            write_new(beside, self.key.encrypt_bytes(data))
            return self._sealed(file, beside, digest_bytes(data))
        found = write_read_only(self.folder / file, data)
        return self._note(file, file, found, found)

    def _sealed(self, file: str, beside: Path, plain: Digest) -> Digest:
        found = digest(beside)
        stored = f"data/{found.sha256[:40]}.age"
        flush_file(beside)
        make_read_only(beside)
        beside.rename(self.folder / stored)
        return self._note(file, stored, plain, found)

    def _note(
        self, file: str, stored: str, plain: Digest, lying: Digest, *, new: bool = True
    ) -> Digest:
        """Add a file to the lists; `new` where no earlier backup shares its bytes."""
        with self._lock:
            self.files[file] = plain
            self.stored_files[stored] = lying
            if self.key is not None:
                self.stored[file] = stored
            self.new_bytes += lying.bytes if new else 0
        return plain

    def reuse(self, file: str, *, read: bool) -> Digest | None:
        """Link a file from the backup before, which costs no space; None where that cannot be.

        With `read`, every byte of it is checked first: damage is never handed on.
        """
        before = self.previous
        if before is None or file not in before.require_manifest().files:
            return None
        record = before.require_manifest().files[file]
        stored = before.stored(file)
        lying = before.files[stored]
        source = before.folder / stored
        good = before.intact(file) if read else _size(source) == lying.bytes
        if not good:
            self._on_step(
                Step("problem", f"{before.name}/{stored} is damaged or missing: written anew")
            )
            return None
        linked = link(source, self.folder / stored)
        if not linked:
            if copy_checked(source, self.folder / stored) != lying:
                (self.folder / stored).unlink()
                return None
            make_read_only(self.folder / stored)
        return self._note(file, stored, record, lying, new=not linked)


def _same_key(previous: Backup, key: BackupKey | None) -> bool:
    if previous.manifest is None:
        return False
    before = previous.outside.recipient if isinstance(previous.outside, Envelope) else None
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


def finish_backup(manifest: Manifest, writer: BackupWriter) -> int:
    """Write what comes last. When this returns, the folder is a whole backup.

    Returns the bytes of the files that `new_bytes` cannot count, since it is in one of them.
    """
    remove_empty_folders(writer.folder)
    writer.put(RESTORE, restore_text(manifest).encode())
    manifest = msgspec.structs.replace(
        manifest,
        files=dict(sorted(writer.files.items())),
        stored=dict(sorted(writer.stored.items())),
        new_bytes=writer.new_bytes,
    )
    head = encode(manifest) if writer.key is None else encode(_envelope(manifest, writer))
    last = {SUMS: sums(head, writer.stored_files), MANIFEST: head}
    return sum(write_read_only(writer.folder / name, data).bytes for name, data in last.items())


def _envelope(manifest: Manifest, writer: BackupWriter) -> Envelope:
    """Put the manifest among the encrypted files; what is left outside names no record."""
    names = "".join(f"{stored} {file}\n" for file, stored in manifest.stored.items())
    writer.put("names", names.encode())
    writer.put(MANIFEST, encode(manifest))
    inside = writer.stored[MANIFEST], writer.stored["names"]
    made = write_read_only(writer.folder / HOWTO, howto(*inside).encode())
    writer.stored_files[HOWTO] = made
    writer.new_bytes += made.bytes
    return Envelope(
        name=manifest.name,
        created_at=manifest.created_at,
        encryption=SCHEME,
        recipient=writer.key.recipient if writer.key else "",
        manifest=inside[0],
        names=inside[1],
        files=dict(sorted(writer.stored_files.items())),
        new_bytes=writer.new_bytes,
        misdated=manifest.misdated,
    )
