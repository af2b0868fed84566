"""What the terminal, the report and Dagster say of an account, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from pipelines.status import A_DAY, AccountStatus
from warehouse.progress import counted

NAMED = 3
"""So many tables are named in a sentence; the others are counted."""
CLOSE_TOGETHER = timedelta(hours=1)
"""Proofs that are no further apart are told as one time."""


def account_sentence(name: str, status: AccountStatus, now: datetime) -> str:
    """The verdict first, then since when and why, and what to do.

    `kinopio: safe, proved 12 minutes ago, 15 tables, 4,210 rows`
    """
    if status.verdict == "safe":
        rows = sum(found.rows for found in status.tables.values())
        tables = counted(len(status.tables), "table")
        return f"{name}: safe, {_proved(status, now)}, {tables}, {counted(rows, 'row')}"
    if status.verdict == "never" and not status.unproved:
        return f"{name}: never synced; run `kollect sync {name}`"
    if status.ahead:
        return f"{name}: {status.verdict}, {status.reason}"
    wanting = status.attention
    reasons = [bare_reason(name, status.tables[table].reason) for table in wanting]
    why = max(filter(None, reasons), key=reasons.count, default="")
    if status.verdict == "never":
        return f"{name}: never read{_because(name, why)}"
    proved = [status.tables[table].proved_at for table in wanting]
    oldest = min((at for at in proved if at is not None), default=None)
    proof = f"{_named(wanting, len(status.tables))} last proved {since(oldest, now)}"
    return f"{name}: {status.verdict}, {proof}{_because(name, why)}"


def _proved(status: AccountStatus, now: datetime) -> str:
    times = [found.proved_at for found in status.tables.values() if found.proved_at]
    oldest, newest = min(times), max(times)
    if newest - oldest <= CLOSE_TOGETHER:
        return f"proved {since(newest, now)}"
    if newest - oldest <= A_DAY:
        return f"proved {since(newest, now)}, every table within a day"
    days = -(-(now - oldest) // A_DAY)
    return f"proved {since(newest, now)}, every table within {days} days"


def _because(account: str, why: str) -> str:
    """The reason; what to do where there is none."""
    return f": {why}" if why else f"; run `kollect sync {account}`"


def bare_reason(account: str, reason: str) -> str:
    """A reason without the account's name, and the family's before it: the reader knows both, and
    tables of several families share the reason."""
    return re.sub(rf"^(?:\w+: )?{re.escape(account)}: ", "", reason)


def _named(tables: Sequence[str], of: int) -> str:
    if len(tables) == of:
        return f"all {counted(of, 'table')}"
    if len(tables) <= NAMED:
        return ", ".join(tables)
    return f"{counted(len(tables), 'table')} of {of}"


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that says enough."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
