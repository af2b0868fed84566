"""A backup opened for reading: its manifest, and where each of its files lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.backup.archive import no_backup
from warehouse.backup.encrypt import BackupKey
from warehouse.backup.errors import DamagedBackup, WrongKey
from warehouse.backup.manifest import MANIFEST, SUMS, Envelope, Manifest, decode, sums
from warehouse.store.durable import Digest, digest, digest_bytes


@dataclass(frozen=True)
class Backup:
    """One backup; `manifest` is None where it is encrypted and no key is given."""

    folder: Path
    head: bytes = field(repr=False)
    """The bytes of manifest.json."""
    outside: Envelope | Manifest
    """Their content: an Envelope where the backup is encrypted."""
    manifest: Manifest | None
    key: BackupKey | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def encrypted(self) -> bool:
        return isinstance(self.outside, Envelope)

    @property
    def new_bytes(self) -> int:
        """Bytes that no earlier backup shared when this one was written."""
        own = self.expected[MANIFEST].bytes + self.expected[SUMS].bytes
        return own + self.outside.new_bytes

    @property
    def files(self) -> Mapping[str, Digest]:
        """The files as they lie in the folder, without manifest.json and SHA256SUMS."""
        return self.outside.files

    @property
    def expected(self) -> dict[str, Digest]:
        """Every file that the folder must hold, with the bytes that it must have."""
        return {
            **self.files,
            MANIFEST: digest_bytes(self.head),
            SUMS: digest_bytes(sums(self.head, self.files)),
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
        return self.require_manifest().stored[file] if self.encrypted else file

    def intact(self, file: str) -> bool:
        """Whether a file of the manifest is there with exactly the bytes that were written."""
        stored = self.stored(file)
        try:
            return digest(self.folder / stored) == self.files[stored]
        except OSError:
            return False

    def plain(self, file: str, scratch: Path) -> Path:
        """A file of the manifest to read from; decrypted into `scratch` where that is needed."""
        place = self.folder / self.stored(file)
        if self.key is None:  # it is not encrypted, or the manifest could not have been read
            return place
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
    where = f"{folder.name}/{MANIFEST}"
    try:
        head = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise no_backup(folder) from None
    except OSError as error:
        raise DamagedBackup(f"{where} cannot be read ({error.strerror})") from error
    found = decode(head, where)
    if isinstance(found, Manifest):
        return Backup(folder, head, found, found)
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
