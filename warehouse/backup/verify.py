"""Verifying a backup at one of three depths, and noting when it was proved."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from connectors.core.errors import BadSettings
from warehouse.backup.archive import NAME, WAIT_SECONDS, Archive, checked
from warehouse.backup.encrypt import BackupKey, KeyChoice, Keys, chosen_key
from warehouse.backup.integrity import Problem, find_changed, find_structure
from warehouse.backup.manifest import MANIFEST
from warehouse.backup.problems import DamagedBackup, trouble_in
from warehouse.backup.proofs import DEPTHS, Completeness, Proofs, read_proofs, write_proofs
from warehouse.backup.reader import Backup, open_backup
from warehouse.backup.rebuild import find_by_rebuilding
from warehouse.progress import Tell, quiet, utc_now


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
    key: KeyChoice = Keys.SET,
    scratch: Path | None = None,
    now: Callable[[], datetime] = utc_now,
    tell: Tell = quiet,
    wait_seconds: float = WAIT_SECONDS,
) -> Report:
    """Prove one backup or raise DamageFound; the rest is as `examine_backup` says."""
    report = examine_backup(
        path,
        depth,
        sample=sample,
        key=key,
        scratch=scratch,
        now=now,
        tell=tell,
        wait_seconds=wait_seconds,
    )
    if not report.good:
        raise DamageFound(report)
    return report


def examine_backup(
    path: Path,
    depth: str = "full",
    *,
    sample: float | None = None,
    key: KeyChoice = Keys.SET,
    scratch: Path | None = None,
    now: Callable[[], datetime] = utc_now,
    tell: Tell = quiet,
    wait_seconds: float = WAIT_SECONDS,
) -> Report:
    """Examine one backup: `quick` (structure and sizes), `full` (every byte) or `rebuild`.

    Damage is in the report, by name, and is not raised. With `sample`, a full verification reads
    that percentage of the bytes and the next one goes on from there. `rebuild` of an encrypted
    backup needs the key and decrypts below `scratch`. Raises BackupProblem for what is no
    backup, NewerFormat, WrongKey, AccountBusy and BadSettings.
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
    if not (folder.is_dir() and NAME.fullmatch(folder.name)):
        checked(folder)
    archive = Archive(folder.parent)
    with trouble_in(folder), archive.using(folder.name, wait_seconds, tell):
        known = read_proofs(archive, folder.name)
        try:
            if not (folder / MANIFEST).is_file():
                raise DamagedBackup(f"{folder.name}/{MANIFEST} is missing")
            backup = open_backup(folder)
        except DamagedBackup as error:
            problem = Problem(MANIFEST, error.what.split(f"{MANIFEST} ", 1)[-1])
            report = Report(folder.name, depth, now().isoformat(), 1, 0, [problem], sample)
        else:
            report = _examine(backup, known, depth, sample, opening, scratch, now, tell)
        write_proofs(archive, folder.name, _noted(known, report))
    return report


def _examine(
    backup: Backup,
    known: Proofs,
    depth: str,
    sample: float | None,
    key: BackupKey | None,
    scratch: Path | None,
    now: Callable[[], datetime],
    tell: Tell,
) -> Report:
    expected = backup.expected
    problems = find_structure(backup)
    bad = {problem.file for problem in problems}
    chosen = [] if depth == "quick" else sorted(set(expected) - bad)
    position = _total(backup)
    if sample is not None:
        inside, position = sampled(backup, sample, known.sample_position)
        chosen = [file for file in chosen if file in inside]
    problems += find_changed(backup, chosen, tell)
    if not problems and (key is not None or depth == "rebuild"):
        # Only now, so that damage is told from a wrong key.
        backup = open_backup(backup.folder, key)
        problems += find_structure(backup)
    if depth == "rebuild" and not problems:
        backup.known()
        if scratch is not None:
            scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="rebuild-", dir=scratch) as folder:
            problems += find_by_rebuilding(backup, Path(folder), tell)
    return Report(
        backup.name,
        depth,
        now().isoformat(),
        len(expected),
        sum(expected[file].bytes for file in chosen),
        problems,
        sample,
        position,
        position / _total(backup),
    )


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
    """What is known after this verification."""
    proof = Completeness(report.at, report.good, [str(problem) for problem in report.problems[:20]])
    if report.sample is None:
        fresh = {"sample_position": 0, "sample_began": ""} if report.depth != "quick" else {}
        return msgspec.structs.replace(known, **{report.depth: proof}, **fresh)
    if not report.good:
        return msgspec.structs.replace(known, full=proof, sample_position=0, sample_began="")
    first = known.sample_position == 0 or not known.sample_began
    began = report.at if first else known.sample_began
    if report.covered >= 1:
        # The whole is only as fresh as its oldest part.
        whole = Completeness(began, True)
        return msgspec.structs.replace(known, full=whole, sample_position=0, sample_began="")
    return msgspec.structs.replace(known, sample_position=report.position, sample_began=began)
