"""The folder of backups: how they are named, found and locked, and where proofs are kept.

`DIR/<UTC time>/` is a backup and nothing else is. What is being written is `DIR/.partial-...`,
what is being removed `DIR/.removing-...`; kollect's own notes are in `DIR/.kollect/`.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from connectors.core.errors import BadSettings, WarehouseProblem
from warehouse.backup.errors import BackupProblem
from warehouse.backup.manifest import MANIFEST, misdated_in
from warehouse.progress import OnStep, no_progress, report_waiting
from warehouse.store.locks import hold
from warehouse.store.places import check_place

NAME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z)(?:-(\d{1,6}))?")
PARTIAL = ".partial-"
REMOVING = ".removing-"
WAIT_SECONDS = 600.0


class BackupSettings(Protocol):
    """The settings that backups need (pipelines.settings.Settings has them)."""

    @property
    def warehouse(self) -> Path: ...
    @property
    def backup_dir(self) -> Path: ...
    @property
    def keep(self) -> Mapping[str, int]: ...


def is_address(place: str | Path) -> bool:
    """Whether this is an address such as `s3://bucket/backups` rather than a folder."""
    return isinstance(place, str) and "://" in place


def is_backup_name(name: str) -> bool:
    """Whether a folder of this name is a backup: a UTC time, numbered within one second."""
    try:
        return NAME.fullmatch(name) is not None and made_at_of(name) is not None
    except ValueError:  # a month 13, for instance
        return False


def made_at_of(name: str) -> datetime:
    """When the backup of this name was made, by the clock of then."""
    return datetime.strptime(name[:20], "%Y-%m-%dT%H-%M-%SZ").replace(tzinfo=UTC)


def in_order(names: Iterable[str], misdated: Iterable[str]) -> list[str]:
    """Backups in the order in which they were made, the newest last.

    That is the order of their names, but for those that a wrong clock named: a later backup has
    noted them in `misdated`, so they are older than all that are dated right.
    """
    wrong = set(misdated)
    return sorted(names, key=lambda name: (name not in wrong, *_name_order(name)))


def _name_order(name: str) -> tuple[str, int]:
    found = NAME.fullmatch(name)
    return (found[1], int(found[2] or 1)) if found else (name, 0)


class Archive:
    """A folder of backups on a disk of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.own = self.folder / ".kollect"

    def names(self) -> list[str]:
        """The backups, the newest last; a folder that lacks a manifest still counts here.

        Raises WarehouseProblem where the folder is a link to a place that is not there.
        """
        return in_order(self._found(), self.misdated())

    def misdated(self) -> set[str]:
        """The backups whose names are later than the time at which they were made."""
        found: set[str] = set()
        for name in self._found():
            with contextlib.suppress(OSError):
                found |= misdated_in((self.folder / name / MANIFEST).read_bytes())
        return found

    def _found(self) -> list[str]:
        check_place(self.folder)
        try:
            return [e.name for e in self.folder.iterdir() if is_backup_name(e.name) and e.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def make(self) -> None:
        """Make the folder; raises WarehouseProblem where that cannot be."""
        check_place(self.folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise WarehouseProblem(
                f"{self.folder} is a file, backups need a folder",
                guidance="name another one in kollect.toml, [backup] dir",
            )
        self.own.mkdir(parents=True, exist_ok=True)

    def free_name(self, now: datetime) -> str:
        """A name for a backup made now, later than all that are there from the same second."""
        name = now.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
        taken = {n for n in self._found() if n.startswith(name)}
        number = max((_name_order(n)[1] for n in taken), default=0) + 1
        return name if number == 1 else f"{name}-{number}"

    def find(self, word: str | Path | None) -> Path:
        """The folder of a backup, by its name, the beginning of it, `newest`, or a path.

        Raises BadSettings where there is none or more than one, BackupProblem for a folder that
        is no backup.
        """
        if word is None or word == "newest":
            names = self.names()
            if not names:
                raise BadSettings(
                    f"there is no backup in {self.folder}", guidance="run `kollect backup` first"
                )
            return self.folder / names[-1]
        if isinstance(word, Path) or "/" in word or Path(word).is_dir():
            return require_backup(Path(word).absolute())
        found = [name for name in self.names() if name.startswith(word)]
        if word in found:
            found = [word]
        if len(found) != 1:
            what = "there is no backup" if not found else f"{len(found)} backups are named like"
            raise BadSettings(
                f"{what} {word!r} in {self.folder}",
                guidance="`kollect backups` lists their names; `newest` is the last one",
            )
        return self.folder / found[0]

    # -- locks -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(
        self, wait_seconds: float = WAIT_SECONDS, on_step: OnStep = no_progress
    ) -> Iterator[None]:
        """Keep others from adding or removing backups during the block. Raises AccountBusy."""
        with self._lock("writing", wait_seconds, on_step):
            yield

    @contextlib.contextmanager
    def reading(
        self, name: str, wait_seconds: float = WAIT_SECONDS, on_step: OnStep = no_progress
    ) -> Iterator[None]:
        """Keep this backup from being removed during the block; several may read at once.

        A folder that cannot be written to needs no lock: nobody can remove anything there.
        """
        mark = self._locks / f"use-{name}-{os.getpid()}-{secrets.token_hex(4)}.lock"
        with contextlib.ExitStack() as stack:
            # A folder of backups that another machine brought has no notes of ours.
            if self.own.is_dir():
                with contextlib.suppress(OSError), self._lock("gate", wait_seconds, on_step):
                    stack.callback(mark.unlink, missing_ok=True)
                    stack.enter_context(self._lock(mark.stem, wait_seconds, on_step))
            yield

    @contextlib.contextmanager
    def pruning(self, wait_seconds: float = 0.0, on_step: OnStep = no_progress) -> Iterator[None]:
        """Keep backup, verify and restore out during the block. Raises AccountBusy."""
        with self.writing(wait_seconds, on_step), self._lock("gate", wait_seconds, on_step):
            for mark in sorted(self._locks.glob("use-*.lock")):
                with self._lock(mark.stem, wait_seconds, on_step):
                    mark.unlink(missing_ok=True)
            yield

    @property
    def _locks(self) -> Path:
        return self.own / "locks"

    def _lock(self, name: str, wait: float, on_step: OnStep) -> AbstractContextManager[None]:
        doing = "are being read" if name.startswith("use-") else "are being changed"
        return hold(
            self._locks / f"{name}.lock",
            f"the backups in {self.folder} {doing}",
            timeout_seconds=wait,
            guidance="wait for it, or end that process; nothing was changed",
            on_wait=report_waiting(on_step),
        )

    def leftovers(self) -> Iterable[Path]:
        """Folders that killed backups and prunes left. Call it while holding `writing`."""
        if self.folder.is_dir():
            for entry in self.folder.iterdir():
                if entry.name.startswith((PARTIAL, REMOVING)):
                    yield entry


def require_backup(folder: Path) -> Path:
    """The folder, where it is a backup; raises BackupProblem where it is not."""
    if folder.is_dir() and (folder / MANIFEST).is_file():
        return folder
    raise no_backup(folder)


def no_backup(folder: Path) -> BackupProblem:
    """The error for a folder without a manifest."""
    if folder.name.startswith((PARTIAL, REMOVING)):
        what = "is what a killed command left, no backup"
    else:
        what = "is no backup: it has no manifest.json" if folder.is_dir() else "does not exist"
    return BackupProblem(f"{folder} {what}")
