"""Removing backups by rule: never the newest good one, never while one is written or read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from connectors.core.errors import KollectError
from warehouse.backup.archive import REMOVING, Archive, BackupSettings, made_at_of
from warehouse.backup.errors import explained_errors
from warehouse.backup.proofs import forget_proofs, read_proofs
from warehouse.backup.reader import open_backup
from warehouse.progress import OnStep, Step, counted, no_progress, size_text
from warehouse.store.durable import remove_tree, rename_new, walk_files


@dataclass(frozen=True)
class Candidate:
    """A backup as far as keeping is concerned."""

    name: str
    made_at: datetime
    proved: bool = False
    damaged: bool = False
    readable: bool = True


PERIODS: dict[str, Callable[[datetime], object]] = {
    "daily": lambda at: at.date(),
    "weekly": lambda at: at.isocalendar()[:2],
    "monthly": lambda at: (at.year, at.month),
}


def reasons_to_keep(
    candidates: Iterable[Candidate], keep: Mapping[str, int]
) -> dict[str, list[str]]:
    """For each backup that stays, why; `candidates` come oldest first, what is missing may go.

    Which of two backups is newer follows from this order alone: a wrong clock may have named one
    years ahead. A backup that is known to be damaged fills no place of a rule, and goes only when
    a newer one was proved good. What this kollect cannot read is never its to remove.
    """
    newest_first = list(candidates)[::-1]
    found: dict[str, list[str]] = {}

    def because(candidate: Candidate, reason: str) -> None:
        found.setdefault(candidate.name, []).append(reason)

    good = [c for c in newest_first if c.readable and not c.damaged]
    for rule, period in PERIODS.items():
        seen: list[object] = []
        for candidate in good:
            if len(seen) >= keep.get(rule, 0):
                break
            if (key := period(candidate.made_at)) not in seen:
                seen.append(key)
                because(candidate, f"{rule} {len(seen)}")
    proved = next((c for c in good if c.proved), None)
    newer_than_proved = newest_first
    if proved is not None:
        because(proved, "newest proved")
        newer_than_proved = newest_first[: newest_first.index(proved)]
    if newest_first:
        because(newest_first[0], "newest")
    if good:
        because(good[0], "newest that is not known to be damaged")
    for candidate in newest_first:
        if not candidate.readable:
            because(candidate, "cannot be read by this kollect")
        elif candidate.damaged and candidate in newer_than_proved:
            because(candidate, "damaged, and no newer one is proved good")
    return found


@dataclass(frozen=True)
class Pruned:
    """What was removed (or would be) and why the rest stays."""

    removed: list[str]
    kept: dict[str, list[str]] = field(default_factory=dict)
    freed_bytes: int = 0
    dry_run: bool = False


def prune_backups(
    settings: BackupSettings,
    *,
    keep: Mapping[str, int] | None = None,
    dry_run: bool = False,
    on_step: OnStep = no_progress,
    wait_seconds: float = 0.0,
) -> Pruned:
    """Remove the backups that no rule keeps; `dry_run` only says which.

    Rules count the days that have a backup, so a pause in backups prunes nothing.
    Raises AccountBusy while a backup, a verify or a restore runs; nothing is removed then. A
    killed prune leaves whole backups and `.removing-...` folders, never half a backup.
    """
    archive = Archive(settings.backup_dir)
    if not archive.names():
        return Pruned([], dry_run=dry_run)
    with explained_errors(archive.folder), archive.pruning(wait_seconds, on_step):
        candidates = [_candidate(archive, name) for name in archive.names()]
        kept = reasons_to_keep(candidates, settings.keep if keep is None else keep)
        going = [c.name for c in candidates if c.name not in kept]
        freed = freed_by(archive.folder / name for name in going)
        if dry_run:
            return Pruned(going, kept, freed, True)
        for left in archive.leftovers():
            remove_tree(left)
        for name in going:
            remove_backup(archive, name)
            on_step(Step("step", f"removed {name}"))
        text = f"{counted(len(going), 'backup')} removed, {size_text(freed)} freed"
        on_step(Step("done", text))
    return Pruned(going, kept, freed)


def _candidate(archive: Archive, name: str) -> Candidate:
    proofs = read_proofs(archive, name)
    readable = True
    try:
        open_backup(archive.folder / name)
    except KollectError:
        readable = False
    return Candidate(
        name, made_at_of(name), proofs.best is not None, proofs.last_bad is not None, readable
    )


def remove_backup(archive: Archive, name: str) -> None:
    """Remove one backup; it stops looking like one before the first file goes."""
    going = archive.folder / f"{REMOVING}{name}"
    remove_tree(going)
    rename_new(archive.folder / name, going)
    remove_tree(going)
    forget_proofs(archive, name)


def freed_by(folders: Iterable[Path]) -> int:
    """The bytes that go with these folders: those that no other folder shares."""
    inodes: dict[tuple[int, int], tuple[os.stat_result, int]] = {}
    for folder in folders:
        for seen in walk_files(folder).values():
            key = (seen.st_dev, seen.st_ino)
            inodes[key] = (seen, inodes.get(key, (seen, 0))[1] + 1)
    return sum(seen.st_size for seen, here in inodes.values() if here >= seen.st_nlink)
