"""The manifest: what a backup holds, in one JSON file that detects its own damage.

`check` is the SHA-256 of the manifest without it, and the file is valid in the one form that
`encode` writes, so any changed byte is noticed. An encrypted backup has an `Envelope` in its
place, which names nothing but opaque files; the manifest is one of those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from warehouse.backup.errors import DamagedBackup, NewerFormat
from warehouse.store.durable import Digest, digest_bytes

FORMAT = 1
"""Grows with every change that an older kollect could not read."""
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
RESTORE = "restore.sql"
HOWTO = "RESTORE.txt"


class ColumnRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column; `stored` says how Parquet holds it: `same`, `text` or `bits`."""

    name: str
    type: str
    stored: str = "same"
    comment: str | None = None
    generated: bool = False


class Changes(msgspec.Struct, frozen=True):
    """How a table differs from the one in the backup before."""

    added: int = 0
    changed: int = 0
    deleted: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)


class TableRecord(msgspec.Struct, frozen=True):
    """One table and the Parquet file that holds its rows."""

    schema: str
    name: str
    file: str
    rows: int
    bytes: int
    sha256: str
    content: str
    """Hash over all values of all rows, whatever their order."""
    keys: str
    """The same over the key columns."""
    key: list[str]
    columns: list[ColumnRecord]
    create: str
    comment: str | None = None
    reused: bool = False
    """The file is that of an earlier backup: nothing had changed."""
    changes: Changes | None = None

    @property
    def title(self) -> str:
        return f"{self.schema}.{self.name}"

    def same_shape(self, other: TableRecord) -> bool:
        """Whether both hold the same columns in the same order, with the same key."""
        mine = [(c.name, c.type, c.stored) for c in self.columns]
        return self.key == other.key and mine == [(c.name, c.type, c.stored) for c in other.columns]


class Source(msgspec.Struct, frozen=True):
    """The warehouse file that was backed up."""

    file: str
    warehouse: str
    generation: int
    format: int
    identity: str = ""
    """Inode, size and time of change: equal means that nobody has touched the file since."""


class RunRecord(msgspec.Struct, frozen=True):
    """The last run of an account when the backup was made."""

    account: str
    service: str
    run_id: str
    status: str
    finished_at: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a backup."""

    format: int = FORMAT
    name: str
    created_at: str
    kollect: str
    duckdb: str
    hashing: str
    """A hash that tells whether another DuckDB's content hashes may be compared with these."""
    source: Source
    runs: list[RunRecord]
    before: list[str]
    """Statements that come before the tables: schemas, types, sequences."""
    tables: list[TableRecord]
    after: list[str]
    """Statements that come after the rows: indexes, macros, views."""
    broken: list[str]
    """Statements that did not work in the warehouse itself any more."""
    comments: list[str]
    """COMMENT statements for everything but columns of tables, which hold their own."""
    files: dict[str, Digest]
    rows: int
    new_bytes: int
    previous: str | None = None
    misdated: list[str] = []
    """Backups that were made earlier although their names are later: some clock was wrong."""
    stored: dict[str, str] = {}
    """In an encrypted backup, where each file really lies."""
    check: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What can be read of an encrypted backup without the key."""

    format: int = FORMAT
    name: str
    created_at: str
    encryption: str
    recipient: str
    """The public half of the key: says which key opens it, and opens nothing."""
    manifest: str
    names: str
    files: dict[str, Digest]
    new_bytes: int
    misdated: list[str] = []
    check: str = ""


class _Misdated(msgspec.Struct, frozen=True):
    """The one field that the order of backups needs; the rest of the file is skipped."""

    misdated: list[str] = []


def misdated_in(data: bytes) -> set[str]:
    """The names in `misdated` of a manifest or envelope; none where the file is damaged."""
    try:
        return set(msgspec.json.decode(data, type=_Misdated).misdated)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return set()


def encode(value: Manifest | Envelope) -> bytes:
    """The file's bytes, with the check filled in."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    plain.pop("check")
    return _spelled({**plain, "check": _check(plain)})


def decode(data: bytes, where: str) -> Manifest | Envelope:
    """The manifest in the bytes; raises DamagedBackup and NewerFormat."""
    try:
        plain = msgspec.json.decode(data)
        newer = isinstance(plain, dict) and int(plain.get("format", 0)) > FORMAT
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, ValueError):
        raise DamagedBackup(f"{where} is damaged: it is no JSON") from None
    if not isinstance(plain, dict):
        raise DamagedBackup(f"{where} is damaged: it is no JSON object")
    whole = dict(plain)
    check = plain.pop("check", None)
    intact = check == _check(plain) and _spelled(whole) == data
    if newer and intact:
        raise NewerFormat(
            f"{where} has format {plain['format']}, this kollect knows formats up to {FORMAT}"
        )
    if not intact:
        raise DamagedBackup(f"{where} is damaged: its bytes are not those that were written")
    kind: type[Manifest | Envelope] = Envelope if "encryption" in plain else Manifest
    try:
        return msgspec.convert(whole, kind)
    except msgspec.ValidationError as error:
        raise DamagedBackup(f"{where} is no manifest of a backup ({error})") from None


def _check(plain: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()


def _spelled(plain: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"


def sums(manifest: bytes, files: Mapping[str, Digest]) -> bytes:
    """The text of SHA256SUMS, for `sha256sum --check` on any machine."""
    listed = {path: record.sha256 for path, record in files.items()}
    listed[MANIFEST] = digest_bytes(manifest).sha256
    return "".join(f"{listed[path]}  {path}\n" for path in sorted(listed)).encode()


TEXT = """\
This is an encrypted backup of kollect. Its files are in the age format (age-encryption.org).

With kollect:

    kollect restore THIS-FOLDER --key-file KEY-FILE --to restored.duckdb

Without kollect, with `age` and DuckDB, in this folder:

    age --decrypt --identity KEY-FILE {names} | while read -r stored file; do
        mkdir -p "OPENED/$(dirname "$file")"
        age --decrypt --identity KEY-FILE --output "OPENED/$file" "$stored"
    done
    cd OPENED && duckdb restored.duckdb < restore.sql

{manifest} is the manifest: tables, rows and hashes of everything inside.
`sha256sum --check SHA256SUMS` says without the key whether every byte is as it was written.
"""


def howto(manifest: str, names: str) -> str:
    """The text for a backup whose manifest and list of names lie in these files."""
    return TEXT.format(manifest=manifest, names=names)
