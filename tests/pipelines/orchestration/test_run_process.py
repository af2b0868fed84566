"""Runs whose process is gone are marked as failed, by what each run notes about its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.orchestration.run_process import (
    TAG,
    is_gone,
    lost_runs,
    lost_runs_sensor,
    this_process,
)

NOW = datetime.now(UTC)


def run_with(instance: dg.DagsterInstance, noted: dict[str, Any] | None) -> dg.DagsterRun:
    """A run that counts as running, with what it noted about its process."""

    @dg.job
    def sync() -> None:
        """Does nothing."""

    tags = {} if noted is None else {TAG: json.dumps(noted)}
    return instance.create_run_for_job(sync, status=dg.DagsterRunStatus.STARTED, tags=tags)


def test_a_living_process_lives_and_a_killed_one_is_gone() -> None:
    """Also while nobody has collected its remains."""
    words = "from pipelines.orchestration.run_process import this_process as p; import json"
    with subprocess.Popen(
        [sys.executable, "-c", f"{words}; print(json.dumps(p()), flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        noted = json.loads(process.stdout.readline())
        assert not is_gone(noted)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not collected
        assert is_gone(noted)
    assert is_gone(noted)


def test_a_younger_process_with_the_same_number_is_another_one() -> None:
    """Numbers are given anew, after a restart of the computer as well."""
    here = this_process()
    assert not is_gone(here)
    assert is_gone({**here, "began": "1"})
    assert is_gone({**here, "boot": "before the power cut"})


def test_a_process_of_another_computer_is_left_alone() -> None:
    """Nobody here knows whether it lives."""
    assert not is_gone({**this_process(), "host": "another", "began": "1"})


def test_without_proc_any_process_of_the_number_counts(tmp_path: Path) -> None:
    """Other systems: better a run too long than a good one declared dead."""
    noted = {**this_process(), "boot": "", "began": ""}
    assert not is_gone(noted, tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert is_gone({**noted, "pid": process.pid}, tmp_path)


def test_a_lost_run_is_failed_with_a_reason_and_others_go_on(instance: dg.DagsterInstance) -> None:
    """What it had read is kept; run_retries of dagster.yaml starts it again."""
    lost = run_with(instance, {**this_process(), "began": "1"})
    good = run_with(instance, this_process())
    early = run_with(instance, None)
    lost_runs_sensor().evaluate_tick(dg.build_sensor_context(instance))
    states = {r.run_id: r.status for r in instance.get_runs()}
    assert states[lost.run_id] == dg.DagsterRunStatus.FAILURE
    assert states[good.run_id] == states[early.run_id] == dg.DagsterRunStatus.STARTED
    messages = [entry.message for entry in instance.all_logs(lost.run_id)]
    assert any("the next sync goes on there" in message for message in messages)


def test_a_run_that_never_noted_its_process_is_lost_after_ten_minutes(
    instance: dg.DagsterInstance,
) -> None:
    """It was killed between its start and its first step."""
    run = run_with(instance, None)
    assert lost_runs(instance, datetime.now(UTC)) == []
    instance.report_dagster_event(
        dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.RUN_START.value, job_name="sync", message="begun"
        ),
        run.run_id,
    )
    found = lost_runs(instance, datetime.now(UTC) + timedelta(minutes=11))
    assert [each.run_id for each in found] == [run.run_id]
