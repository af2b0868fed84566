"""Verifying a backup at one of three depths."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from connectors.core.errors import BadSettings
from warehouse.backup.archive import WAIT_SECONDS, Archive, is_backup_name, require_backup
from warehouse.backup.encrypt import BackupKey, KeyChoice, Keys, chosen_key
from warehouse.backup.errors import DamagedBackup, explained_errors
from warehouse.backup.integrity import (
    Problem,
    find_by_rebuilding,
    find_changed,
    find_contradictions,
    find_structure,
)
from warehouse.backup.manifest import MANIFEST
from warehouse.backup.proofs import DEPTHS, Proofs, Verification, read_proofs, write_proofs
from warehouse.backup.reader import Backup, open_backup
from warehouse.progress import OnStep, no_progress, utc_now
from warehouse.store.scratch import scratch_folder


@dataclass(frozen=True)
class Report:
    """What a verification found."""

    name: str
    depth: str
    at: str
    files: int
    bytes: int
    """Bytes that were read and hashed."""
    problems: list[Problem] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Files that others put into the folder: a warning, no damage."""
    sample: float | None = None
    """The percentage of a rolling sample; None for all."""
    position: int = 0
    """How far this round of samples has come, in bytes."""
    covered: float = 1.0
    """The same as a share of the whole."""

    @property
    def good(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "depth": self.depth,
            "good": self.good,
            "at": self.at,
            "files": self.files,
            "bytes": self.bytes,
            "sample": self.sample,
            "covered": round(self.covered, 6),
            "problems": [{"file": p.file, "what": p.what} for p in self.problems],
            "foreign": self.foreign,
        }


class DamageFound(DamagedBackup):
    """A verification found damage; `report` names all of it."""

    def __init__(self, report: Report) -> None:
        first, more = report.problems[0], len(report.problems) - 1
        super().__init__(
            f"{report.name} is damaged: {first}{f', and {more:,} more' if more else ''}",
            guidance="take another backup with `kollect backup`: it takes over nothing damaged",
        )
        self.report = report


def verify_backup(
    path: Path,
    depth: str = "full",
    *,
    sample: float | None = None,
    raise_damage: bool = True,
    key: KeyChoice = Keys.SET,
    home: Path | None = None,
    now: Callable[[], datetime] = utc_now,
    on_step: OnStep = no_progress,
    wait_seconds: float = WAIT_SECONDS,
) -> Report:
    """Verify one backup: `quick` (structure and sizes), `full` (every byte) or `rebuild`.

    Raises DamageFound, whose report names all damage; without `raise_damage`, only returns that
    report. With `sample`, a full verification reads that percentage of the bytes and the next one
    goes on from there. `rebuild` of an encrypted backup needs the key, and decrypts into a scratch
    folder below `home` (or of the system). Raises BackupProblem for what is no backup, NewerFormat,
    WrongKey, AccountBusy and BadSettings.
    """
    if depth not in DEPTHS:
        raise BadSettings(
            f"there is no depth {depth!r}", guidance=f"use one of {', '.join(DEPTHS)}"
        )
    if sample is not None and (depth != "full" or not 0 < sample <= 100):
        raise BadSettings(
            f"a sample of {sample}% is not possible here",
            guidance="give a percentage above 0 and up to 100, without --quick or --rebuild",
        )
    opening = chosen_key(key)
    folder = path.absolute()
    if not (folder.is_dir() and is_backup_name(folder.name)):
        require_backup(folder)
    archive = Archive(folder.parent)
    with explained_errors(folder), archive.reading(folder.name, wait_seconds, on_step):
        known = read_proofs(archive, folder.name)
        try:
            if not (folder / MANIFEST).is_file():
                raise DamagedBackup(f"{folder.name}/{MANIFEST} is missing")
            backup = open_backup(folder)
        except DamagedBackup as error:
            problem = Problem(MANIFEST, error.what.split(f"{MANIFEST} ", 1)[-1])
            report = Report(folder.name, depth, now().isoformat(), 1, 0, [problem], sample=sample)
        else:
            report = _verify(backup, known, depth, sample, opening, home, now, on_step)
        write_proofs(archive, folder.name, _noted(known, report))
    if raise_damage and not report.good:
        raise DamageFound(report)
    return report


def _verify(
    backup: Backup,
    known: Proofs,
    depth: str,
    sample: float | None,
    key: BackupKey | None,
    home: Path | None,
    now: Callable[[], datetime],
    on_step: OnStep,
) -> Report:
    expected = backup.expected
    structure = find_structure(backup)
    problems = list(structure.problems)
    bad = {problem.file for problem in problems}
    chosen = [] if depth == "quick" else sorted(set(expected) - bad)
    position = _total(backup)
    if sample is not None:
        inside, position = sampled(backup, sample, known.sample_position)
        chosen = [file for file in chosen if file in inside]
    problems += find_changed(backup, chosen, on_step)
    if not problems and (key is not None or depth == "rebuild"):
        # Only now, so that damage is told from a wrong key.
        backup = open_backup(backup.folder, key)
        problems += find_contradictions(backup)
    if depth == "rebuild" and not problems:
        backup.require_manifest()
        with _scratch(home) as folder:
            problems += find_by_rebuilding(backup, folder, on_step)
    return Report(
        backup.name,
        depth,
        now().isoformat(),
        files=len(expected),
        bytes=sum(expected[file].bytes for file in chosen),
        problems=problems,
        foreign=structure.foreign,
        sample=sample,
        position=position,
        covered=position / _total(backup),
    )


@contextlib.contextmanager
def _scratch(home: Path | None) -> Iterator[Path]:
    if home is not None:
        with scratch_folder(home, "verify-") as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="kollect-verify-") as name:
            yield Path(name)


def _total(backup: Backup) -> int:
    return sum(max(1, record.bytes) for record in backup.expected.values())


def sampled(backup: Backup, percent: float, position: int) -> tuple[set[str], int]:
    """The files of the next part of a rolling sample, and the position after it.

    Files are put in an order that has nothing to do with their names; a part holds those that
    begin in the next N per cent of the bytes, so that 100 / N parts hold every file once.
    """
    total = _total(backup)
    start = position if position < total else 0
    end = min(total, start + max(1, -int(-total * percent // 100)))
    order = sorted(
        backup.expected.items(), key=lambda each: hashlib.sha256(each[0].encode()).digest()
    )
    found: set[str] = set()
    at = 0
    for file, record in order:
        if start <= at < end:
            found.add(file)
        at += max(1, record.bytes)
    return found, end


def _noted(known: Proofs, report: Report) -> Proofs:
    """The proofs of the backup with this verification."""
    number = known.next_number
    problems = [str(problem) for problem in report.problems[:20]]
    proof = Verification(report.at, report.good, problems, number)
    no_sample = {"sample_position": 0, "sample_began": "", "sample_number": 0}
    if report.sample is None:
        reset = no_sample if report.depth != "quick" else {}
        return msgspec.structs.replace(known, **{report.depth: proof}, **reset)
    if not report.good:
        return msgspec.structs.replace(known, full=proof, **no_sample)
    if known.sample_position == 0 or not known.sample_began:
        known = msgspec.structs.replace(known, sample_began=report.at, sample_number=number)
    if report.covered >= 1:
        # The whole is only as fresh as its oldest part.
        whole = Verification(known.sample_began, True, number=known.sample_number)
        return msgspec.structs.replace(known, full=whole, **no_sample)
    return msgspec.structs.replace(known, sample_position=report.position)
