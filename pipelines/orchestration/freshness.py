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
from pipelines.status import expected_gap, proof_window

NO_BACKUP_SCHEDULE = timedelta(days=31)
"""The gap that is assumed between backups where the schedule says `never`."""


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
    """Late two hours (or half a gap) after a proof was due, failed when it is stale."""
    gap = expected_gap(source.settings, source.account, table)
    return Windows(
        warn=gap + max(timedelta(hours=2), gap / 2),
        fail=proof_window(source.settings, source.account, table),
    )


def backup_windows(settings: Settings) -> Windows:
    """Late half a gap after a backup was due, failed after a whole one."""
    expression = cron(settings.schedule.backup, "backup")
    gap = longest_gap(expression) if expression else NO_BACKUP_SCHEDULE
    return Windows(warn=gap * 1.5, fail=gap * 2)
