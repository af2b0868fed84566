"""A backup opened for reading: its manifest, and where the bytes of each file are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.backup.encrypt import BackupKey
from warehouse.backup.errors import BackupProblem, DamagedBackup, WrongKey
from warehouse.backup.manifest import (
    MANIFEST,
    SUMS,
    Envelope,
    FileRecord,
    Manifest,
    decode,
    sums,
)
from warehouse.store.durable import digest, digest_bytes


@dataclass(frozen=True)
class Backup:
    """What is known of one backup; `manifest` is None where it is encrypted and no key is given."""

    folder: Path
    head: bytes = field(repr=False)
    """The bytes of manifest.json."""
    envelope: Envelope | None
    manifest: Manifest | None
    key: BackupKey | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def created_at(self) -> str:
        outside = self.envelope or self.manifest
        return outside.created_at if outside else ""

    @property
    def new_bytes(self) -> int:
        """Bytes that no earlier backup shared when this one was written."""
        outside = self.envelope or self.manifest
        own = self.expected[MANIFEST].bytes + self.expected[SUMS].bytes
        return own + (outside.new_bytes if outside else 0)

    @property
    def files(self) -> Mapping[str, FileRecord]:
        """The files as they lie in the folder, without manifest.json and SHA256SUMS."""
        outside = self.envelope or self.manifest
        return outside.files if outside else {}

    @property
    def expected(self) -> dict[str, FileRecord]:
        """Every file that the folder must hold, with the bytes that it must have."""
        made = digest_bytes(self.head)
        text = digest_bytes(sums(self.head, dict(self.files)))
        return {
            **self.files,
            MANIFEST: FileRecord(made.bytes, made.sha256),
            SUMS: FileRecord(text.bytes, text.sha256),
        }

    @property
    def bytes(self) -> int:
        return sum(record.bytes for record in self.expected.values())

    def require_manifest(self) -> Manifest:
        """The manifest; raises WrongKey where a key is needed for it."""
        if self.manifest is None:
            raise WrongKey(f"{self.name} is encrypted and no key was given")
        return self.manifest

    def stored(self, file: str) -> str:
        """Where a file of the manifest lies in the folder."""
        return self.require_manifest().stored[file] if self.envelope else file

    def intact(self, file: str) -> bool:
        """Whether a file of the manifest is there with exactly the bytes that were written."""
        record = self.files[self.stored(file)]
        try:
            found = digest(self.folder / self.stored(file))
        except OSError:
            return False
        return (found.bytes, found.sha256) == (record.bytes, record.sha256)

    def plain(self, file: str, scratch: Path) -> Path:
        """A file of the manifest to read from; decrypted into `scratch` where that is needed."""
        place = self.folder / self.stored(file)
        if self.envelope is None:
            return place
        if self.key is None:
            raise WrongKey(f"{self.name} is encrypted and no key was given")
        target = scratch / file
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.opening")
            beside.unlink(missing_ok=True)
            self.key.decrypt_file(place, beside)
            beside.rename(target)
        return target


def open_backup(folder: Path, key: BackupKey | None = None) -> Backup:
    """Read a backup's manifest. Raises BackupProblem, DamagedBackup, NewerFormat or WrongKey.

    Without a key, an encrypted backup opens as far as its envelope goes.
    """
    place = folder / MANIFEST
    where = f"{folder.name}/{MANIFEST}"
    try:
        head = place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        what = "is no backup: it has no manifest.json" if folder.is_dir() else "does not exist"
        raise BackupProblem(f"{folder} {what}") from None
    except OSError as error:
        raise DamagedBackup(f"{where} cannot be read ({error.strerror})") from error
    found = decode(head, where)
    if isinstance(found, Manifest):
        return Backup(folder, head, None, found)
    return Backup(folder, head, found, _inside(folder, found, key) if key else None, key)


def _inside(folder: Path, envelope: Envelope, key: BackupKey) -> Manifest:
    if key.recipient != envelope.recipient:
        raise WrongKey(
            f"{folder.name} was encrypted for {envelope.recipient}, the key given is "
            f"{key.recipient}",
            guidance="give the key that it was written with",
        )
    where = f"{folder.name}/{envelope.manifest}"
    record = envelope.files.get(envelope.manifest)
    try:
        sealed = (folder / envelope.manifest).read_bytes()
    except OSError as error:
        raise DamagedBackup(f"{where} cannot be read ({error.strerror})") from None
    if record is None or digest_bytes(sealed).sha256 != record.sha256:
        raise DamagedBackup(f"{where} is damaged: its bytes are not those that were written")
    inside = decode(key.decrypt_bytes(sealed, where), where)
    if not isinstance(inside, Manifest):
        raise DamagedBackup(f"{where} is no manifest of a backup")
    return inside
