"""Verifying a backup at one of three depths, and noting when it was proved."""

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
from warehouse.backup.reader import Backup, open_backup
from warehouse.progress import OnStep, no_progress, utc_now
from warehouse.store.durable import replace_file
from warehouse.store.scratch import scratch_folder

DEPTHS = ("quick", "full", "rebuild")


class Verification(msgspec.Struct, frozen=True):
    """One verification: when it ended and what it found."""

    at: str
    good: bool
    problems: list[str] = []
    number: int = 0
    """Counts the verifications of a backup: the later one has the larger number, since a clock
    may be wrong. Notes of an older kollect have none and go by their times."""

    @property
    def order(self) -> tuple[int, str]:
        return self.number, self.at


class Proofs(msgspec.Struct, frozen=True):
    """The last verification of each depth, and how far the rolling sample has come."""

    quick: Verification | None = None
    full: Verification | None = None
    rebuild: Verification | None = None
    sample_position: int = 0
    """Bytes of the backup, in the order of the sample, that this round has read so far."""
    sample_began: str = ""
    sample_number: int = 0

    @property
    def last_bad(self) -> Verification | None:
        """The newest verification that found damage, where no later one found none."""
        found = [
            proof
            for depth, proof in self._made()
            if not proof.good and not self._refuted(depth, proof)
        ]
        return max(found, key=lambda proof: proof.order, default=None)

    def _made(self) -> list[tuple[int, Verification]]:
        made = (self.quick, self.full, self.rebuild)
        return [(depth, proof) for depth, proof in enumerate(made) if proof is not None]

    def _refuted(self, depth: int, bad: Verification) -> bool:
        return any(
            proof.good and other >= depth and proof.order > bad.order
            for other, proof in self._made()
        )

    @property
    def best(self) -> tuple[str, Verification] | None:
        """The last time that every byte was proved, with its depth; None after damage."""
        found = [
            (proof.order, depth, proof) for depth, proof in self._made() if depth > 0 and proof.good
        ]
        if not found or self.last_bad is not None:
            return None
        _, depth, proof = max(found, key=lambda each: each[:2])
        return DEPTHS[depth], proof

    @property
    def next_number(self) -> int:
        """The number of the verification that is made next."""
        numbers = [self.sample_number, *(proof.number for _, proof in self._made())]
        return max(numbers) + 1


def _file(archive: Archive, name: str) -> Path:
    return archive.own / "proofs" / f"{name}.json"


def read_proofs(archive: Archive, name: str) -> Proofs:
    """What is known of a backup; nothing where nothing was noted (or the note is unreadable)."""
    try:
        return msgspec.json.decode(_file(archive, name).read_bytes(), type=Proofs)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Proofs()


def write_proofs(archive: Archive, name: str, proofs: Proofs) -> bool:
    """Note it; False where the folder cannot be written to, which spoils no verification."""
    if not archive.own.is_dir():
        return False
    try:
        replace_file(_file(archive, name), msgspec.json.encode(proofs) + b"\n")
    except OSError:
        return False
    return True


def forget_proofs(archive: Archive, name: str) -> None:
    """The backup is gone."""
    with contextlib.suppress(OSError):
        _file(archive, name).unlink(missing_ok=True)


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
    key: KeyChoice = Keys.SET,
    home: Path | None = None,
    now: Callable[[], datetime] = utc_now,
    on_step: OnStep = no_progress,
    wait_seconds: float = WAIT_SECONDS,
) -> Report:
    """Prove one backup or raise DamageFound; the rest is as `examine_backup` says."""
    report = examine_backup(
        path,
        depth,
        sample=sample,
        key=key,
        home=home,
        now=now,
        on_step=on_step,
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
    home: Path | None = None,
    now: Callable[[], datetime] = utc_now,
    on_step: OnStep = no_progress,
    wait_seconds: float = WAIT_SECONDS,
) -> Report:
    """Examine one backup: `quick` (structure and sizes), `full` (every byte) or `rebuild`.

    Damage is in the report, by name, and is not raised. With `sample`, a full verification reads
    that percentage of the bytes and the next one goes on from there. `rebuild` of an encrypted
    backup needs the key, and decrypts into a scratch folder below `home` (or of the system).
    Raises BackupProblem for what is no
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
            report = _examine(backup, known, depth, sample, opening, home, now, on_step)
        write_proofs(archive, folder.name, _noted(known, report))
    return report


def _examine(
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
    """What is known after this verification."""
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
