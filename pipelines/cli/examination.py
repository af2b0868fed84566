"""What syncs and backups depend on, looked at one after the other.

Each look is a function that yields findings; none of them changes anything.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import platform
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.core.errors import KollectError
from pipelines.settings import Settings
from pipelines.settings.schedule import cron, longest_gap
from warehouse.progress import size_text
from warehouse.store.clock import check_against_service
from warehouse.store.names import STATE
from warehouse.store.warehouse import Warehouse

LEAST_FREE = 500_000_000
"""Bytes that should be free beside a warehouse."""
COPIES = 2
"""A sync may write the warehouse once more, and a backup of it."""
NO_BACKUP = "there is none"
AHEAD = timedelta(minutes=5)
"""Loads that are this much in the future show a clock that was or is wrong."""


@dataclass(frozen=True)
class Finding:
    """`level` is `ok`, `note` (worth knowing) or `problem`."""

    level: str
    subject: str
    text: str
    cure: str = ""
    """What to do; empty where nothing is to be done."""


def examine(settings: Settings, *, offline: bool) -> Iterator[Finding]:
    """Look at everything; the services are asked last, since they may take a while."""
    yield from _versions()
    yield from _settings(settings)
    yield from _credentials(settings)
    yield from _disk(settings)
    yield from _warehouse(settings)
    yield from _locks(settings)
    yield from _backups(settings)
    yield from _dagster(settings)
    if not offline:
        yield from _services(settings)


def _versions() -> Iterator[Finding]:
    names = ("kollect", "duckdb", "dagster")
    found = [f"{name} {importlib.metadata.version(name)}" for name in names]
    yield Finding("ok", "versions", f"{', '.join(found)}, Python {platform.python_version()}")


def _settings(settings: Settings) -> Iterator[Finding]:
    place = settings.file or "no kollect.toml; accounts come from the environment"
    if not settings.accounts:
        cure = "run `kollect add SERVICE`, or `kollect demo` to see how it works"
        yield Finding("problem", "settings", f"{place}: there is no account", cure)
        return
    yield Finding("ok", "settings", f"{place}: {', '.join(settings.accounts)}")


def _credentials(settings: Settings) -> Iterator[Finding]:
    for name, account in settings.accounts.items():
        if not account.ready:
            cure = f"set {account.missing} in the environment or in .env"
            yield Finding("problem", f"credential of {name}", "not found", cure)
    file = (settings.file.parent if settings.file else Path.cwd()) / ".env"
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        cure = f"chmod 600 {file}"
        yield Finding("problem", ".env", "others on this computer may read it", cure)


def _disk(settings: Settings) -> Iterator[Finding]:
    size = settings.warehouse.stat().st_size if settings.warehouse.exists() else 0
    needed = max(LEAST_FREE, COPIES * size)
    for subject, folder in (("disk", settings.warehouse.parent), ("backups", settings.backup_dir)):
        place = next(p for p in (folder, *folder.parents) if p.exists())
        if not os.access(place, os.W_OK):
            yield Finding("problem", subject, f"{place} cannot be written", "check who owns it")
            continue
        free = shutil.disk_usage(place).free
        text = f"{size_text(free)} free in {place}"
        if free < needed:
            cure = f"make room: {size_text(needed)} should be free; `kollect prune` removes backups"
            yield Finding("problem", subject, text, cure)
        elif subject == "disk":
            yield Finding("ok", subject, f"{text}, the warehouse has {size_text(size)}")


def _warehouse(settings: Settings) -> Iterator[Finding]:
    from pipelines.status import account_status

    if not settings.warehouse.exists():
        yield Finding("note", "warehouse", f"there is no {settings.warehouse.name} yet",
                      "run `kollect sync`")  # fmt: skip
        return
    now = datetime.now(UTC)
    try:
        with Warehouse(settings.warehouse).newest() as connection:
            (last,) = connection.execute(f"SELECT max(loaded_at) FROM {STATE}.loads").fetchall()[0]
            for name, account in settings.accounts.items():
                status = account_status(connection, settings, account, now)
                safe = status.verdict == "safe"
                cure = (
                    "" if safe else f"look at `kollect status {name}`, then `kollect sync {name}`"
                )
                level = "ok" if safe else "problem"
                yield Finding(level, f"data of {name}", f"{status.verdict}, {status.reason}", cure)
    except KollectError as error:
        yield Finding("problem", "warehouse", error.what, error.guidance)
        return
    if last is not None and last > now + AHEAD:
        yield Finding("problem", "clock", f"the last load is dated {last:%Y-%m-%d %H:%M} UTC, in "
                      "the future", "set this computer's clock right, then sync")  # fmt: skip
    elif last is not None:
        yield from _schedule(settings, now - last)


def _schedule(settings: Settings, ago: timedelta) -> Iterator[Finding]:
    """Whether syncs come as often as [schedule] says."""
    expression = cron(settings.schedule.sync, "sync")
    hours = ago / timedelta(hours=1)
    text = f"the last load was {hours:.0f} hours ago" if hours >= 1 else "there was a load lately"
    if expression and ago > 2 * longest_gap(expression):
        cure = "start `kollect ui`, or `kollect service install`, for syncs that come by themselves"
        yield Finding("note", "schedule", f"{text}, [schedule] sync says "
                      f"{settings.schedule.sync}", cure)  # fmt: skip
    else:
        yield Finding("ok", "schedule", text)


def _locks(settings: Settings) -> Iterator[Finding]:
    """Who works on the accounts just now; a lock ends with its process, its file stays."""
    held = []
    for file in sorted((Warehouse(settings.warehouse).home / "locks").glob("*.lock")):
        with file.open("rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(f"{file.stem} by {stream.read(100).decode(errors='replace').strip()}")
    if held:
        yield Finding("note", "locks", f"held now: {', '.join(held)}")
    else:
        yield Finding("ok", "locks", "no other kollect is at work")


def _backups(settings: Settings) -> Iterator[Finding]:
    from warehouse.backup.listing import list_backups

    try:
        found = list_backups(settings) if settings.backup_dir.exists() else []
    except KollectError as error:
        yield Finding("problem", "backups", error.what, error.guidance)
        return
    if not found:
        yield Finding("problem", "backups", NO_BACKUP, "run `kollect backup`")
        return
    for info in found:
        if info.problem is not None or info.proofs.last_bad is not None:
            cure = f"see `kollect verify {info.name}`, then take another with `kollect backup`"
            yield Finding("problem", "backups", f"{info.name}: {info.proof}", cure)
    newest = found[-1]  # by the order in which they were made: a wrong clock names some too late
    days = newest.age_seconds / 86_400
    text = f"the newest is {days:.1f} days old, proved: {newest.proof}"
    expression = cron(settings.schedule.backup, "backup")
    gap = longest_gap(expression) if expression else timedelta(days=7)
    if timedelta(seconds=newest.age_seconds) > 2 * gap:
        yield Finding("problem", "backups", text, "run `kollect backup`")
    elif newest.proofs.best is None:
        yield Finding("note", "backups", text, "run `kollect verify`")
    else:
        yield Finding("ok", "backups", text)


def backup_problem(settings: Settings) -> str:
    """What is wrong with the backups that were made: damage, or none for too long; else empty."""
    found = [f for f in _backups(settings) if f.level == "problem" and f.text != NO_BACKUP]
    return "\n".join(f"{finding.text}: {finding.cure}" for finding in found)


def _dagster(settings: Settings) -> Iterator[Finding]:
    """Whether its schedules run: its sensor leaves a mark at each look."""
    from pipelines.orchestration.sync_alerts import is_watched

    home = (settings.file.parent if settings.file else Path.cwd()) / ".dagster"
    if is_watched(settings.warehouse):
        yield Finding("ok", "Dagster", f"it is running; its history is in {home}")
    elif (home / "storage").exists():
        yield Finding("note", "Dagster", f"it is not running now; its history is in {home}")
    else:
        yield Finding("ok", "Dagster", "never started in this folder")


def _services(settings: Settings) -> Iterator[Finding]:
    from pipelines.cli.check import look

    for name, account in settings.accounts.items():
        if not account.ready:
            continue
        try:
            found = look(settings, account)
            yield Finding("ok", f"service of {name}", f"answers, sees {found.sees}")
            if found.service_date is not None and account.believe_date:
                yield from _clock(name, found.service_date)
        except KollectError as error:
            text = str(error).removeprefix(f"{name}: ").removesuffix(error.guidance).strip(" ;.")
            yield Finding("problem", f"service of {name}", text, error.guidance)


def _clock(name: str, service_date: datetime) -> Iterator[Finding]:
    """Whether this computer's clock agrees with a service's."""
    now = datetime.now(UTC)
    try:
        check_against_service(now, service_date)
    except KollectError as error:
        yield Finding("problem", f"clock by {name}", error.what, error.guidance)
        return
    if (apart := abs(now - service_date)) > AHEAD:
        text = f"it differs by {apart / timedelta(minutes=1):.0f} minutes from the service's"
        yield Finding("note", f"clock by {name}", text, "set this computer's clock right")
