"""dagster.yaml: where things are kept, what runs beside what, and who notices a dead process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
from dagster._core.launcher.base import WorkerStatus
from dagster._core.test_utils import create_run_for_test
from dagster._core.utils import make_new_run_id

from pipelines.orchestration.launcher import WatchedRunLauncher, lives
from tests.pipelines.conftest import ROOT


def test_everything_is_kept_in_one_hidden_folder(configured: dg.DagsterInstance) -> None:
    """The folder of the settings stays clean."""
    configured.get_runs()
    configured.all_instigator_state()
    folder = Path(configured.root_directory)
    assert sorted(p.name for p in folder.parent.iterdir()) == [".dagster", "dagster.yaml"]
    assert (folder / "storage").is_dir()


def test_nothing_is_sent_to_anybody(configured: dg.DagsterInstance) -> None:
    """No telemetry, no newsletter."""
    assert configured.telemetry_enabled is False
    assert configured.nux_enabled is False


def test_an_account_runs_once_and_accounts_run_side_by_side(
    configured: dg.DagsterInstance,
) -> None:
    """A second run waits in the queue and holds nothing meanwhile."""
    settings = configured.get_concurrency_config()
    assert settings.pool_config.default_pool_limit == 1
    assert str(settings.pool_config.pool_granularity).endswith("RUN")
    assert settings.run_queue_config is not None
    assert settings.run_queue_config.max_concurrent_runs >= 5


def test_crashed_workers_are_noticed_and_only_they_are_retried(
    configured: dg.DagsterInstance,
) -> None:
    """A refused key is not asked again and again."""
    assert configured.run_monitoring_enabled
    assert configured.run_retries_enabled
    assert configured.run_retries_retry_on_asset_or_op_failure is False
    assert isinstance(configured.run_launcher, WatchedRunLauncher)
    assert configured.run_launcher.supports_check_run_worker_health


def test_ticks_do_not_pile_up(configured: dg.DagsterInstance) -> None:
    """A sensor that looks twice a minute would fill the disk."""
    from dagster._core.definitions.run_request import InstigatorType

    for kind in InstigatorType:
        kept = configured.get_tick_retention_settings(kind)
        assert all(0 < days <= 90 for days in kept.values()), kind


def test_freshness_is_switched_on() -> None:
    """Policies are shown as such."""
    assert "freshness:\n  enabled: true" in (ROOT / "dagster.yaml").read_text()


def test_a_living_process_lives_and_a_killed_one_does_not() -> None:
    """Also while nobody has collected its remains."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert lives(process.pid, time.time())
        process.kill()
        deadline = time.monotonic() + 10
        while lives(process.pid, time.time()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not lives(process.pid, time.time())
    assert not lives(process.pid, time.time())


def test_a_younger_process_with_the_same_number_is_another_one() -> None:
    """After a restart of the computer, numbers are given anew."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert not lives(process.pid, time.time() - 3600)
        process.kill()


def test_without_proc_any_process_of_the_number_counts(tmp_path: Path) -> None:
    """Other systems: better a run too long than a good one declared dead."""
    assert lives(os.getpid(), 0.0, tmp_path)


def test_a_run_whose_process_is_gone_is_failed(configured: dg.DagsterInstance) -> None:
    """By the process that its first event names."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    for pid, expected in ((os.getpid(), WorkerStatus.RUNNING), (process.pid, WorkerStatus.FAILED)):
        run = create_run_for_test(
            configured, "a", run_id=make_new_run_id(), status=dg.DagsterRunStatus.STARTING
        )
        unheard = configured.run_launcher.check_run_worker_health(run)
        assert unheard.status == WorkerStatus.RUNNING
        event = dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.RUN_START.value,
            job_name="a",
            message="started",
            pid=pid,
        )
        configured.report_dagster_event(event, run.run_id)
        assert configured.run_launcher.check_run_worker_health(run).status == expected


def test_a_run_on_another_computer_is_left_alone(configured: dg.DagsterInstance) -> None:
    """Process numbers mean nothing elsewhere."""
    run = create_run_for_test(
        configured, "a", tags={".dagster/grpc_info": '{"host": "other", "port": 1}'}
    )
    status = configured.run_launcher.check_run_worker_health(run).status
    assert status == WorkerStatus.RUNNING
