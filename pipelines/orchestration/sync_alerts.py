"""Messages about syncs without Dagster: one when an account begins to fail, one when it is over.

While Dagster's sensor is running it tells by itself, so nothing is sent from here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from pipelines.orchestration.alert_state import AlertState
from pipelines.orchestration.notify import channels_of, notify
from pipelines.report.write import write_report
from pipelines.settings import Settings, environment
from pipelines.sync.result import AccountResult
from warehouse.store.locks import FileLock, HeldElsewhere
from warehouse.store.warehouse import Warehouse

WATCHED_SECONDS = 300.0
"""The sensor looks every half minute; a mark older than this shows that it has ended."""
LOCK_SECONDS = 60.0
BACKUPS = "the backup"
"""The subject of messages about backups; no account can be named so."""


def mark_watched(warehouse: Path) -> None:
    """Note that somebody who sends messages looks at this warehouse."""
    with suppress(OSError):
        _mark(warehouse).touch()


def tell_about_syncs(
    settings: Settings,
    results: Sequence[AccountResult],
    backup_problem: Callable[[], str] = lambda: "",
) -> None:
    """Send what began or ended with these syncs through the channels of [alerts].

    `backup_problem` says what is wrong with the backups, which nobody else would tell either.
    """
    folder = settings.file.parent if settings.file else Path.cwd()
    channels = channels_of(settings.alerts, environment(folder), lambda: write_report(settings)[0])
    home = Warehouse(settings.warehouse).home
    if not channels.names or is_watched(settings.warehouse):
        return
    secrets = [v for a in settings.accounts.values() for v in a.credential.values() if len(v) > 5]
    file = home / "alerts.json"
    try:
        with FileLock(home / "locks" / "alerts.lock", timeout_seconds=LOCK_SECONDS):
            state = AlertState.read(file.read_text("utf-8") if file.exists() else None)
            wrong = {s: p.text for s, p in state.problems.items() if not p.over}
            wrong.pop(BACKUPS, None)
            if text := backup_problem():
                wrong[BACKUPS] = text
            for result in results:
                wrong.pop(result.account, None)
                if not result.on_schedule:
                    wrong[result.account] = problem_of(result)
            state.update(wrong, datetime.now(UTC))
            for subject in state.pending():
                failed = state.send(subject, lambda message: notify(message, channels, secrets))
                for channel, reason in failed.items():
                    click.echo(f"kollect: {channel} of [alerts] failed: {reason}", err=True)
            file.write_text(state.write(), "utf-8")
    except (OSError, HeldElsewhere):
        return  # the sync itself has told what is wrong with the folder


def problem_of(result: AccountResult) -> str:
    """Why a sync is not complete, in words."""
    if result.trouble:
        return result.trouble
    missing = {
        n: row.get("reason") or "" for n, row in result.tables.items() if not row["complete"]
    }
    lines = [f"{name}: {reason}" for name, reason in list(missing.items())[:10]]
    return "\n".join([f"{len(missing)} of {len(result.tables)} tables are not proved", *lines[:10]])


def is_watched(warehouse: Path) -> bool:
    """Whether Dagster's sensor looked at this warehouse within the last minutes."""
    try:
        return time.time() - _mark(warehouse).stat().st_mtime < WATCHED_SECONDS
    except OSError:
        return False


def _mark(warehouse: Path) -> Path:
    return Warehouse(warehouse).home / "alerts.watched"
