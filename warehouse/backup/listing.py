"""The list of backups: age, size, content, changes, and when each was last proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.core.errors import BadSettings, KollectError
from warehouse.backup.archive import Archive, BackupSettings, made_at_of
from warehouse.backup.encrypt import BackupKey, KeyChoice, Keys, chosen_key
from warehouse.backup.manifest import Changes
from warehouse.backup.proofs import Proofs, read_proofs
from warehouse.backup.reader import open_backup
from warehouse.progress import utc_now


@dataclass(frozen=True)
class BackupInfo:
    """One backup as `kollect backups` shows it; what cannot be known is None."""

    name: str
    path: Path
    made_at: datetime
    age_seconds: float
    proofs: Proofs
    bytes: int | None = None
    new_bytes: int | None = None
    rows: int | None = None
    tables: int | None = None
    files: int | None = None
    encrypted: bool = False
    previous: str | None = None
    changes: dict[str, Changes] = field(default_factory=dict)
    """Tables that differ from the backup before; only where that is known."""
    problem: str | None = None
    """Why it cannot be read."""

    @property
    def proof(self) -> str:
        """When and how it was last proved, in a few words."""
        bad = self.proofs.last_bad
        if self.problem is not None:
            return "unreadable"
        if bad is not None:
            return f"DAMAGED, seen {bad.minute}"
        best = self.proofs.best
        return f"{best[0]} {best[1].minute}" if best else "not yet"

    @property
    def total_changes(self) -> Changes:
        values = self.changes.values()
        return Changes(
            sum(c.added for c in values),
            sum(c.changed for c in values),
            sum(c.deleted for c in values),
        )

    def as_json(self) -> dict[str, Any]:
        best = self.proofs.best
        return {
            "name": self.name,
            "path": str(self.path),
            "made_at": self.made_at.isoformat(),
            "age_seconds": round(self.age_seconds),
            "bytes": self.bytes,
            "new_bytes": self.new_bytes,
            "rows": self.rows,
            "tables": self.tables,
            "files": self.files,
            "encrypted": self.encrypted,
            "proved": {"depth": best[0], "at": best[1].at} if best else None,
            "damaged": self.proofs.last_bad.problems if self.proofs.last_bad else None,
            "previous": self.previous,
            "changes": {
                table: {"added": c.added, "changed": c.changed, "deleted": c.deleted}
                for table, c in self.changes.items()
            },
            "problem": self.problem,
        }


def list_backups(
    settings: BackupSettings,
    *,
    key: KeyChoice = Keys.SET,
    now: Callable[[], datetime] = utc_now,
) -> list[BackupInfo]:
    """Every backup, the oldest first. An unreadable one is in the list with its problem."""
    archive = Archive(settings.backup_dir)
    opening = chosen_key(key)
    return [_info(archive, name, opening, now()) for name in archive.names()]


def keep_encrypted(settings: BackupSettings, key: BackupKey | None) -> BackupKey | None:
    """The key of the next backup: the one that is set.

    Raises BadSettings where none is set and the newest backup is encrypted: a key that got lost
    with the rest of the environment must not end encryption unnoticed.
    """
    if key is not None:
        return key
    newest = next((b for b in reversed(list_backups(settings, key=None)) if not b.problem), None)
    if newest is not None and newest.encrypted:
        raise BadSettings(
            f"the newest backup {newest.name} is encrypted, but no key is set now",
            guidance="set KOLLECT_BACKUP_KEY (or KOLLECT_BACKUP_KEY_FILE) in the environment or in "
            ".env. To go on without encryption, run `kollect backup --plain` once",
        )
    return None


def _info(archive: Archive, name: str, key: BackupKey | None, now: datetime) -> BackupInfo:
    folder, made_at = archive.folder / name, made_at_of(name)
    age = (now - made_at).total_seconds()
    info = BackupInfo(name, folder, made_at, age, read_proofs(archive, name))
    try:
        backup = open_backup(folder)
        info = replace(
            info, bytes=backup.bytes, new_bytes=backup.new_bytes, encrypted=backup.encrypted
        )
        if backup.encrypted and key is not None:
            backup = open_backup(folder, key)
    except KollectError as error:
        return replace(info, problem=str(error))
    manifest = backup.manifest
    if manifest is None:
        return info
    return replace(
        info,
        rows=manifest.rows,
        tables=len(manifest.tables),
        files=sum(file.startswith("files/") for file in manifest.files),
        previous=manifest.previous,
        changes={table.title: table.changes for table in manifest.tables if table.changes},
    )
