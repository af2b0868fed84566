"""Finding damage: the folder of a backup against its manifest, file by file, byte by byte."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import stat_result

from warehouse.backup.archive import NAME
from warehouse.backup.manifest import Envelope, FileRecord
from warehouse.backup.reader import Backup
from warehouse.progress import Step, Tell
from warehouse.store.durable import WORKERS, Digest, digest, walk_files


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, by name."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def find_structure(backup: Backup) -> list[Problem]:
    """Missing, added and differently sized files, and what is no plain file."""
    expected = backup.expected
    there = walk_files(backup.folder)
    found = [Problem(file, "is missing") for file in sorted(set(expected) - set(there))]
    for file, seen in sorted(there.items()):
        if file not in expected:
            what = "is a folder" if file.endswith("/") else "is"
            found.append(Problem(file, f"{what} not part of the backup"))
        else:
            found += _misfit(file, seen, expected[file])
    outside = backup.envelope or backup.manifest
    if outside is not None and NAME.fullmatch(backup.name) and outside.name != backup.name:
        found.append(
            Problem("manifest.json", f"belongs to the backup {outside.name}, not to this one")
        )
    return found + _inconsistent(backup)


def _misfit(file: str, seen: stat_result, record: FileRecord) -> list[Problem]:
    if not stat.S_ISREG(seen.st_mode):
        return [Problem(file, "is no plain file")]
    if seen.st_size != record.bytes:
        return [Problem(file, f"has {seen.st_size:,} bytes instead of {record.bytes:,}")]
    return []


def _inconsistent(backup: Backup) -> list[Problem]:
    """Where an opened manifest contradicts itself or its envelope."""
    manifest = backup.manifest
    if manifest is None:
        return []
    found = [
        Problem(table.file, "is a table's file and not in the list of files")
        for table in manifest.tables
        if manifest.files.get(table.file) != FileRecord(table.bytes, table.sha256)
    ]
    if isinstance(backup.envelope, Envelope):
        found += [
            Problem(stored, f"holds {file} and is not in the envelope")
            for file, stored in manifest.stored.items()
            if stored not in backup.envelope.files
        ]
    return found


def find_changed(backup: Backup, files: Iterable[str], tell: Tell) -> list[Problem]:
    """Read the files and name those whose bytes are not the ones that were written."""
    expected = backup.expected
    wanted = sorted(files, key=lambda file: -expected[file].bytes)
    total = sum(expected[file].bytes for file in wanted)
    seen = 0

    def counted(count: int) -> None:
        nonlocal seen
        seen += count
        tell(Step("bytes", "reading", seen, total))

    def one(file: str) -> tuple[str, Digest | str]:
        try:
            return file, digest(backup.folder / file, counted)
        except OSError as error:
            return file, error.strerror or "unreadable"

    with ThreadPoolExecutor(WORKERS) as pool:
        read = list(pool.map(one, wanted))
    return sorted(_judge(read, expected), key=lambda problem: problem.file)


def _judge(
    read: Iterable[tuple[str, Digest | str]], expected: Mapping[str, FileRecord]
) -> Iterable[Problem]:
    names = {record.sha256: file for file, record in expected.items()}
    for file, found in read:
        record = expected[file]
        if isinstance(found, str):
            yield Problem(file, f"cannot be read ({found})")
        elif found.sha256 != record.sha256:
            other = names.get(found.sha256)
            other = other if other is not None and expected[other].bytes else None
            yield Problem(
                file,
                f"holds the bytes of {other}" if other else "was changed: its hash is another",
            )
