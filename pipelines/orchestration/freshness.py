"""How long after its last proof a table, or a backup, counts as late.

Dagster's freshness, the checks and the summary of an account all use these windows. They start at
the last proof that a table was complete, not at the last attempt to read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import dagster as dg

from pipelines.orchestration.sources import Source
from pipelines.settings import Settings
from pipelines.settings.schedule import cron, longest_gap

NO_SCHEDULE = timedelta(days=7)
"""The gap that is assumed between syncs where the schedule says `never`."""
NO_BACKUP_SCHEDULE = timedelta(days=31)


@dataclass(frozen=True)
class Windows:
    """Late after `warn`, failed after `fail`."""

    warn: timedelta
    fail: timedelta

    @property
    def policy(self) -> dg.FreshnessPolicy:
        """The same as a policy of Dagster's."""
        return dg.FreshnessPolicy.time_window(warn_window=self.warn, fail_window=self.fail)


def table_windows(source: Source, table: str) -> Windows:
    """Late two hours (or half a gap) after a sync was due; failed a day (or a gap) after it.

    Tables that only full passes read follow the schedule of those.
    """
    schedule = source.settings.schedule
    full = cron(schedule.full, "full", source.position)
    sync = cron(schedule.sync, "sync", source.position)
    families = source.families_of(table)
    by_full_passes = bool(families) and all(family.full_only for family in families)
    expression = full if by_full_passes else sync or full
    gap = longest_gap(expression) if expression else NO_SCHEDULE
    return Windows(
        warn=gap + max(timedelta(hours=2), gap / 2), fail=gap + max(timedelta(hours=24), gap)
    )


def backup_windows(settings: Settings) -> Windows:
    """Late half a gap after a backup was due, failed after a whole one."""
    expression = cron(settings.schedule.backup, "backup")
    gap = longest_gap(expression) if expression else NO_BACKUP_SCHEDULE
    return Windows(warn=gap * 1.5, fail=gap * 2)


def in_words(span: timedelta) -> str:
    """A span as people say it: 25 hours, 10 days."""
    hours = round(span / timedelta(hours=1))
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return f"{hours} hour{'s' if hours > 1 else ''}"
    return f"{round(hours / 24)} days"
