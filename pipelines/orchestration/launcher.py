"""Starts runs as Dagster does by default, and can also say whether a run's process still lives.

Dagster's own launcher cannot: after a power cut its runs stay "started" for ever and keep their
account (dagster issue 4319). With this one, run monitoring notices, marks the run as failed and
so frees the account.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from dagster import DagsterEventType, DagsterRun, DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

SLACK_SECONDS = 60.0
"""The clock may have been set between the start of a process and its first event."""
HERE = ("localhost", "127.0.0.1", "::1", "")
GONE = (
    "its process is gone (killed, or the computer was switched off); what it had read is kept, "
    "the next sync goes on there"
)


class WatchedRunLauncher(DefaultRunLauncher):
    """The default launcher with a check of the run's process."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True: run monitoring asks."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """FAILED when the process that began the run is gone, else RUNNING.

        What runs on another computer, or has not said its process yet, is left alone.
        """
        place = json.loads(run.tags.get(GRPC_INFO_TAG) or "{}")
        if place.get("host", "") not in HERE:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it runs on another computer")
        begun = self._instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_START)
        event = begun[0].dagster_event if begun else None
        if event is None or event.pid is None or lives(event.pid, begun[0].timestamp):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, GONE)


def lives(process: int, spoke_at: float, root: Path = Path("/proc")) -> bool:
    """Whether the process that had this number at a moment (Unix time) still runs.

    A younger process with the same number is another one. Where there is no /proc, any process
    of that number counts.
    """
    if not (root / "stat").exists():
        return _answers(process)
    try:
        # The name in parentheses may hold spaces; state and start are counted after it.
        fields = (root / str(process) / "stat").read_text().rpartition(")")[2].split()
        booted = next(
            float(line.split()[1])
            for line in (root / "stat").read_text().splitlines()
            if line.startswith("btime ")
        )
    except (OSError, StopIteration):
        return False
    born = booted + float(fields[19]) / os.sysconf("SC_CLK_TCK")
    return fields[0] not in ("Z", "X") and born <= spoke_at + SLACK_SECONDS


def _answers(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
