"""Notices runs whose process is gone, by public means.

Dagster's default launcher cannot tell whether the process of a run still lives: after a power cut
the run stays "started" for ever and keeps its account (dagster issue 4319). So each run of kollect
notes its process in a tag, and a sensor marks runs as failed whose process is gone. Dagster then
starts them again by itself, as `run_retries` in dagster.yaml says.
"""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.orchestration.failures import whole_stacks
from warehouse.store.locks import is_running

TAG = ".dagster/kollect_process"
"""Dagster's page does not show tags with this prefix."""
PROC = Path("/proc")
LONGEST_START = timedelta(minutes=10)
"""A run that is "started" for so long without having noted its process has lost it before."""
GONE = (
    "the process of this run is gone (killed, or the computer was switched off). What it had read "
    "is kept: the next sync goes on there"
)
RUNNING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def remember_process(context: dg.OpExecutionContext | dg.AssetExecutionContext) -> None:
    """Note in a tag of this run which process it is, and on which computer."""
    whole_stacks()
    context.instance.add_run_tags(context.run.run_id, {TAG: json.dumps(this_process())})


def this_process() -> dict[str, Any]:
    """What tells this process from all others of this computer, also after a restart of it."""
    pid = os.getpid()
    return {"host": socket.gethostname(), "boot": _boot(PROC), "pid": pid, "began": _began(pid)}


def is_gone(noted: dict[str, Any], proc: Path = PROC) -> bool:
    """Whether the noted process has ended. False for one of another computer: nobody knows."""
    if noted.get("host") != socket.gethostname():
        return False
    if noted.get("boot") != _boot(proc):
        return True
    if (proc / "self" / "stat").exists():
        return _began(int(noted["pid"]), proc) != noted.get("began")
    return not is_running(int(noted["pid"]))


def lost_runs(instance: dg.DagsterInstance, now: datetime) -> list[dg.DagsterRun]:
    """The runs that count as running although their process is gone."""
    found = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=RUNNING)):
        noted = record.dagster_run.tags.get(TAG)
        if noted is not None:
            lost = is_gone(json.loads(noted))
        else:
            begun = datetime.fromtimestamp(record.start_time or now.timestamp(), UTC)
            lost = now - begun > LONGEST_START
        if lost:
            found.append(record.dagster_run)
    return found


def lost_runs_sensor() -> dg.SensorDefinition:
    """The sensor that marks such runs as failed."""

    @dg.sensor(
        name="fail_lost_runs",
        description="Marks a run as failed when its process is gone, so that its account is free.",
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = lost_runs(context.instance, datetime.now(UTC))
        for run in found:
            context.instance.report_run_failed(run, GONE)
        names = ", ".join(f"{run.job_name} {run.run_id[:8]}" for run in found)
        return dg.SkipReason(f"marked as failed: {names}" if found else "every run has its process")

    return sensor


def _boot(proc: Path) -> str:
    """The identity of the computer's last start; empty where the system does not tell it."""
    try:
        return (proc / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _began(pid: int, proc: Path = PROC) -> str:
    """When a process began, in ticks since the computer's start; empty where it has ended."""
    try:
        # The name in parentheses may hold spaces; state and start are counted after it.
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]
