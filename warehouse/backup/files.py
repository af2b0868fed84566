"""Downloaded files in a backup: content-addressed below `files/`, each copied only once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.backup.snapshot import SOURCE
from warehouse.backup.writer import BackupWriter
from warehouse.files.blobs import HASH, store_of
from warehouse.progress import OnStep, Step
from warehouse.store.durable import copy_checked, flush_file

FOLDER = "files"


def file_of(sha256: str) -> str:
    """Where a downloaded file lies in a backup."""
    return f"{FOLDER}/{sha256[:2]}/{sha256}"


@dataclass(frozen=True)
class Stored:
    """One file of the store, or one that only an earlier backup still has."""

    sha256: str
    bytes: int
    place: Path | None

    @property
    def file(self) -> str:
        return file_of(self.sha256)


def files_to_keep(
    connection: duckdb.DuckDBPyConnection, warehouse: Path, writer: BackupWriter, on_step: OnStep
) -> list[Stored]:
    """Every file of the store, and those on record which only the backup before still has."""
    found = {stored.sha256: stored for stored in _in_store(store_of(warehouse))}
    before = writer.previous.require_manifest().files if writer.previous else {}
    for sha256, size in _on_record(connection):
        if sha256 in found:
            continue
        kept = before.get(file_of(sha256))
        if kept is not None:
            found[sha256] = Stored(sha256, kept.bytes, None)
        else:
            on_step(Step("problem", f"file {sha256[:16]} is on record and not in the store "
                                 f"({size or 0:,} bytes): not backed up"))  # fmt: skip
    return [found[sha256] for sha256 in sorted(found)]


def _in_store(store: Path) -> Iterator[Stored]:
    for folder in sorted(store.iterdir()) if store.is_dir() else []:
        if not re.fullmatch(r"[0-9a-f]{2}", folder.name) or not folder.is_dir():
            continue
        for entry in os.scandir(folder):
            named = HASH.fullmatch(entry.name) and entry.name.startswith(folder.name)
            if named and entry.is_file(follow_symlinks=False):
                yield Stored(entry.name, entry.stat().st_size, Path(entry.path))


def _on_record(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int | None]]:
    try:
        return connection.execute(
            f"SELECT sha256, any_value(bytes) FROM {SOURCE}._kollect.files "
            "WHERE sha256 IS NOT NULL GROUP BY sha256"
        ).fetchall()
    except duckdb.CatalogException:
        return []


def add_files(stored: list[Stored], writer: BackupWriter, on_step: OnStep) -> int:
    """Put files into the backup; returns how many could not be (each is reported)."""
    lost = 0
    for number, each in enumerate(stored, 1):
        if writer.reuse(each.file, read=False) is None and not _copied(each, writer):
            lost += 1
            on_step(
                Step("problem", f"file {each.sha256[:16]} is damaged in the store: not backed up")
            )
        if number % 100 == 0 or number == len(stored):
            on_step(Step("step", "files", number, len(stored)))
    return lost


def _copied(stored: Stored, writer: BackupWriter) -> bool:
    if stored.place is None:
        return False
    target = writer.place(stored.file)
    target.unlink(missing_ok=True)
    found = copy_checked(stored.place, target)
    if found.sha256 != stored.sha256:
        target.unlink()
        return False
    flush_file(target)
    writer.finish(stored.file, found)
    return True
