"""Backups on their way to and from an address: sent, fetched, checked there and pruned there."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from warehouse.backup.archive import Archive, made_at_of
from warehouse.backup.catalog import restore_text
from warehouse.backup.errors import BackupProblem, DamagedBackup, explained_errors
from warehouse.backup.integrity import Problem
from warehouse.backup.manifest import MANIFEST, RESTORE, SUMS, sums
from warehouse.backup.prune import Candidate, Pruned, reasons_to_keep
from warehouse.backup.reader import Backup
from warehouse.backup.remote import Remote, object_of, shown
from warehouse.backup.remote_lock import RemoteLock, remote_lock
from warehouse.progress import OnStep, Step, no_progress, size_text, utc_now
from warehouse.store.durable import (
    Digest,
    flush_tree,
    make_read_only,
    remove_tree,
    rename_new,
    write_read_only,
)


def send_backup(
    backup: Backup,
    remote: Remote,
    archive: Archive | None = None,
    on_step: OnStep = no_progress,
    now: Callable[[], datetime] = utc_now,
) -> int:
    """Copy a backup to the address; returns the bytes sent.

    When this returns, every file is there and was read back. `archive` is the folder that the
    backup lies in: it is not removed from there meanwhile, and what was read back already is
    remembered there for the next time. Raises AccountBusy while others prune at the address.
    """
    note = _note_of(archive, remote)
    with contextlib.ExitStack() as stack:
        if archive is not None:
            stack.enter_context(archive.reading(backup.name, on_step=on_step))
        lock = stack.enter_context(remote_lock(remote, "sending", now))
        sent = _send_files(backup, remote, lock, note, on_step)
        remote.write(f"{backup.name}/{SUMS}", sums(backup.head, backup.files))
        if not backup.encrypted:
            manifest = backup.require_manifest()
            text = restore_text(manifest, lambda file: f"../{object_of(manifest.files[file])}")
            remote.write(f"{backup.name}/{RESTORE}", text.encode())
        remote.write(f"{backup.name}/{MANIFEST}", backup.head)
    on_step(Step("done", f"{backup.name} is at {shown(remote.address)}, {size_text(sent)} sent"))
    return sent


def _note_of(archive: Archive | None, remote: Remote) -> Path | None:
    """The file with the hashes of what was read back at this address before."""
    if archive is None or not archive.own.is_dir():
        return None
    name = hashlib.sha256(shown(remote.address).encode()).hexdigest()[:16]
    note = archive.own / "sent" / f"{name}.txt"
    note.parent.mkdir(exist_ok=True)
    return note


def _send_files(
    backup: Backup, remote: Remote, lock: RemoteLock, note: Path | None, on_step: OnStep
) -> int:
    """Send what is not there or was never read back; returns the bytes sent."""
    proved = set(note.read_text().split()) if note is not None and note.exists() else set()
    there = remote.sizes()
    todo = [
        (file, record)
        for file, record in sorted(backup.files.items())
        if there.get(object_of(record)) != record.bytes or record.sha256 not in proved
    ]
    total = sum(record.bytes for _, record in todo)
    sent = done = 0
    for file, record in todo:
        lock.renew()
        sent += _send_file(backup, file, record, remote, there)
        there[object_of(record)] = record.bytes
        if note is not None:
            with open(note, "a", encoding="ascii") as writer:
                writer.write(f"{record.sha256}\n")
        done += record.bytes
        on_step(Step("bytes", f"sending {file}", done, total))
    return sent


def _send_file(
    backup: Backup, file: str, record: Digest, remote: Remote, there: Mapping[str, int]
) -> int:
    """Send one file and read it back; returns the bytes sent. Raises DamagedBackup."""
    place = object_of(record)
    sent = 0
    if there.get(place) != record.bytes:
        remote.send(backup.folder / file, place)
        sent += record.bytes
    if remote.hash_of(place) != record.sha256:
        # It was another's, or cut off at just this length, or damaged on the way: once more.
        remote.send(backup.folder / file, place)
        sent += record.bytes
        if remote.hash_of(place) != record.sha256:
            raise DamagedBackup(
                f"{backup.name}/{file} did not arrive whole at {shown(remote.address)}",
                guidance="run `kollect verify` here, then send it again",
            )
    return sent


def fetch_backup(remote: Remote, name: str, into: Path, on_step: OnStep = no_progress) -> Path:
    """Bring a backup into a folder of this machine, every byte checked; returns its folder.

    It appears under its name when it is complete; fetching again goes on where it stopped.
    """
    head, found = remote.head(name)
    target, beside = into / name, into / f".partial-fetch-{name}"
    if target.exists():
        raise BackupProblem(f"{target} exists already", guidance="use it, or move it away")
    with explained_errors(into):
        total = sum(record.bytes for record in found.files.values())
        done = 0
        for file, record in sorted(found.files.items()):
            place = beside / file
            if not (place.is_file() and place.stat().st_size == record.bytes):
                _fetch(remote, file, record, place)
            done += record.bytes
            on_step(Step("bytes", f"fetching {file}", done, total))
        for file, data in ((SUMS, sums(head, found.files)), (MANIFEST, head)):
            (beside / file).unlink(missing_ok=True)
            write_read_only(beside / file, data)
        flush_tree(beside)
        rename_new(beside, target)
    return target


def _fetch(remote: Remote, file: str, record: Digest, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    try:
        found = remote.hash_of(object_of(record), target=part)
    except FileNotFoundError:
        raise DamagedBackup(f"{shown(remote.address)} lacks {object_of(record)} ({file})") from None
    if found != record.sha256:
        remove_tree(part)
        raise DamagedBackup(f"{object_of(record)} ({file}) is damaged at {shown(remote.address)}")
    part.rename(place)
    make_read_only(place)


def find_remote_damage(
    remote: Remote, name: str, depth: str, on_step: OnStep = no_progress
) -> tuple[list[Problem], int]:
    """Problems of a backup at the address (`quick` or `full`), and the bytes that were read."""
    try:
        head, found = remote.head(name)
    except DamagedBackup as error:
        return [Problem(f"{name}/{MANIFEST}", error.what.split(f"{MANIFEST} ", 1)[-1])], 0
    problems = []
    there = remote.sizes()
    read = 0
    for number, (file, record) in enumerate(sorted(found.files.items()), 1):
        place = object_of(record)
        if place not in there:
            problems.append(Problem(file, f"is missing ({place})"))
        elif there[place] != record.bytes:
            problems.append(
                Problem(file, f"has {there[place]:,} bytes instead of {record.bytes:,} ({place})")
            )
        elif depth == "full":
            read += record.bytes
            if remote.hash_of(place) != record.sha256:
                problems.append(Problem(file, f"was changed: its hash is another ({place})"))
        on_step(Step("step", "checking", number, len(found.files)))
    try:
        if remote.read(f"{name}/{SUMS}") != sums(head, found.files):
            problems.append(Problem(SUMS, "was changed"))
    except FileNotFoundError:
        problems.append(Problem(SUMS, "is missing"))
    return problems, read


def prune_remote(
    remote: Remote,
    keep: Mapping[str, int],
    *,
    dry_run: bool = False,
    on_step: OnStep = no_progress,
    now: Callable[[], datetime] = utc_now,
) -> Pruned:
    """Remove the backups that no rule keeps, then the objects that none needs any more.

    The manifest goes first: a killed prune leaves objects that no backup lists, which the next
    one removes. Raises AccountBusy while others send or prune there; nothing is removed then, nor
    where a manifest cannot be read, since that one may need any object.
    """
    with remote_lock(remote, "pruning", now):
        names = remote.names()
        kept = reasons_to_keep([Candidate(name, made_at_of(name)) for name in names], keep)
        going = [name for name in names if name not in kept]
        there = remote.sizes()
        needed: set[str] = set()
        for name in kept:
            needed |= {object_of(record) for record in remote.head(name)[1].files.values()}
        objects = [place for place in there if place not in needed]
        freed = sum(there[place] for place in objects)
        if not dry_run:
            for name in going:
                for file in (MANIFEST, SUMS, RESTORE):
                    remote.remove(f"{name}/{file}")
                on_step(Step("step", f"removed {name}"))
            for place in objects:
                remote.remove(place)
    return Pruned(going, kept, freed, dry_run)
