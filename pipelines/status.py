"""Is an account's data safe, and why: one answer for `kollect status` and for Dagster.

All of it comes from the ledger. What counts is when a table was last proved complete, not when
somebody last tried to read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import duckdb

from connectors.core.evidence import only_waits
from pipelines.settings import Account, Settings
from pipelines.settings.schedule import cron, longest_gap
from warehouse.progress import counted
from warehouse.store.status import TableStatus, table_status

NO_SCHEDULE = timedelta(days=7)
"""The gap that is assumed between syncs where the schedule says `never`."""
A_DAY = timedelta(hours=24)
MOST_NAMED = 5
"""So many tables are named in a sentence; the others are counted."""


@dataclass(frozen=True)
class AccountStatus:
    """One account: the status of each of its tables at a moment."""

    tables: Mapping[str, TableStatus]
    windows: Mapping[str, timedelta]
    """Table -> how old its last proof may be."""
    now: datetime

    @property
    def read_at(self) -> datetime | None:
        """When any table was last really read."""
        return max((s.read_at for s in self.tables.values() if s.read_at), default=None)

    @property
    def proved_at(self) -> datetime | None:
        """The moment as of which every table was proved complete; None where one never was."""
        found = [status.proved_at for status in self.tables.values()]
        times = [at for at in found if at is not None]
        return min(times, default=None) if len(times) == len(found) else None

    @cached_property
    def never(self) -> list[str]:
        """Tables that no sync has tried to read so far."""
        return [name for name, status in self.tables.items() if status.tried_at is None]

    @cached_property
    def unproved(self) -> list[str]:
        """Tables that the newest sync of them did not prove complete."""
        return [
            name
            for name, status in self.tables.items()
            if status.tried_at is not None and not (status.complete and status.proved_at)
        ]

    @cached_property
    def troubled(self) -> list[str]:
        """The unproved tables that lack more than what later syncs read in their turn."""
        return [name for name in self.unproved if not only_waits(self.tables[name].reason)]

    @cached_property
    def late(self) -> list[str]:
        """Tables that were proved complete, but longer ago than the schedule allows."""
        return [
            name
            for name, status in self.tables.items()
            if status.proved_at is not None and self.now - status.proved_at > self.windows[name]
        ]

    @cached_property
    def ahead(self) -> list[str]:
        """Tables that were loaded in the future: this computer's clock is wrong, or was."""
        tomorrow = self.now + A_DAY
        return [
            n for n, s in self.tables.items() if s.tried_at is not None and s.tried_at > tomorrow
        ]

    @property
    def verdict(self) -> str:
        """`safe`, `stale`, `incomplete` or `never`."""
        if all(status.read_at is None for status in self.tables.values()):
            return "never"
        if self.late or self.ahead:
            return "stale"
        return "incomplete" if self.unproved or self.never else "safe"

    @property
    def reason(self) -> str:
        """The verdict in one sentence."""
        if self.verdict == "never":
            why = self._why(self.unproved)
            return f"no table was ever read{why}" if why else "it was never synced"
        if self.ahead:
            last = max(self.tables[name].tried_at or self.now for name in self.ahead)
            return (
                f"the last load is dated {last:%Y-%m-%d}, later than now: this computer's clock "
                "is wrong, or was; the next sync sets such times right"
            )
        if self.verdict == "stale":
            proved = min(self.tables[name].proved_at or self.now for name in self.late)
            age = age_in_words(self.now - proved)
            return f"{_named(self.late)} last proved complete {age} ago{self._why(self.late)}"
        if self.unproved:
            return f"{_named(self.unproved)} not proved complete{self._why(self.unproved)}"
        if self.never:
            return f"{_named(self.never)} not synced yet"
        return f"all {len(self.tables)} tables are proved complete"

    @property
    def attention(self) -> list[str]:
        """Tables that are not proved complete in time, in their order."""
        found = {*self.never, *self.unproved, *self.late, *self.ahead}
        return [name for name in self.tables if name in found]

    def _why(self, names: list[str]) -> str:
        """The most frequent reason among these tables."""
        reasons = [self.tables[name].reason for name in names if self.tables[name].reason]
        return f": {max(reasons, key=reasons.count)}" if reasons else ""


def account_status(
    connection: duckdb.DuckDBPyConnection | None,
    settings: Settings,
    account: Account,
    now: datetime,
) -> AccountStatus:
    """The status of an account; `connection` reads the warehouse, None where there is none yet."""
    service = account.connector.name
    tables = (
        {name: TableStatus(name, rows=0) for name in account.tables}
        if connection is None
        else table_status(connection, service, account.name, account.tables)
    )
    windows = {name: proof_window(settings, account, name) for name in account.tables}
    return AccountStatus(tables, windows, now)


def proof_window(settings: Settings, account: Account, table: str) -> timedelta:
    """How old the last proof of a table may be: a gap of the schedule and a day (or a gap) more."""
    gap = expected_gap(settings, account, table)
    return gap + max(A_DAY, gap)


def expected_gap(settings: Settings, account: Account, table: str) -> timedelta:
    """The longest time that the schedule leaves between two proofs of a table.

    Tables that only full passes read follow the schedule of those.
    """
    families = account.connector.families_of([table])
    full, sync = (cron(getattr(settings.schedule, kind), kind) for kind in ("full", "sync"))
    expression = full if all(family.full_only for family in families) else sync or full
    return longest_gap(expression) if expression else NO_SCHEDULE


def age_in_words(span: timedelta) -> str:
    """A span as people say it: 25 hours, 10 days."""
    hours = round(span / timedelta(hours=1))
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return counted(hours, "hour")
    return f"{round(hours / 24)} days"


def _named(tables: list[str]) -> str:
    more = len(tables) - MOST_NAMED
    names = ", ".join(tables[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{names} {'is' if len(tables) == 1 else 'are'}"


def backup_times(settings: Settings) -> dict[str, str | None]:
    """The newest backup, and when it, or one before it, was last verified and rebuilt."""
    from warehouse.backup.listing import list_backups

    found: dict[str, str | None] = {"newest": None, "verified_at": None, "rebuilt_at": None}
    for info in list_backups(settings) if settings.backup_dir.exists() else ():
        if info.problem is not None or info.proofs.last_bad is not None:
            continue
        found["newest"] = info.made_at.isoformat()
        verified = [proof.at for proof in (info.proofs.full, info.proofs.rebuild) if proof]
        found["verified_at"] = max([*verified, found["verified_at"] or ""]) or None
        if info.proofs.rebuild is not None:
            found["rebuilt_at"] = max(info.proofs.rebuild.at, found["rebuilt_at"] or "")
    return found
