"""What runs by itself, when, and when not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from connectors import SERVICES
from pipelines.definitions import definitions
from pipelines.orchestration.retention import remove_old_runs, superseded
from pipelines.orchestration.runs import ACCOUNT_TAG
from pipelines.orchestration.sources import Project, Source, read_project
from tests.kit.account import Bench
from tests.pipelines.conftest import NOTHING

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def schedules(project: Project) -> dict[str, dg.ScheduleDefinition]:
    found = definitions(project).schedules or []
    return {s.name: s for s in found if isinstance(s, dg.ScheduleDefinition)}


def decide(schedule: dg.ScheduleDefinition, instance: dg.DagsterInstance) -> Any:
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=NOW)
    return schedule.evaluate_tick(context)


def test_everything_runs_by_default_in_the_persons_time_zone(
    sandbox_project: Project,
) -> None:
    """Nobody has to switch anything on."""
    found = schedules(sandbox_project)
    expected = {
        "backup",
        "verify",
        "remove_old_runs",
        "write_report",
    }
    for service in SERVICES:
        expected |= {f"sync_sandbox_{service}", f"full_pass_sandbox_{service}"}
    assert set(found) == expected
    for schedule in found.values():
        assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
        assert schedule.execution_timezone == "Europe/Berlin"
        assert schedule.description
    sensors = definitions(sandbox_project).sensors or []
    assert {s.name for s in sensors} == {
        "fail_lost_runs", "first_sync", "refresh_views", "report_from_ledger", "tell_about_problems",
    }  # fmt: skip
    assert all(s.default_status == dg.DefaultSensorStatus.RUNNING for s in sensors)


def test_the_settings_say_when(tmp_path: Path) -> None:
    """Words, cron expressions, never, and a time zone."""
    (tmp_path / "kollect.toml").write_text(
        "[accounts.kinopio]\n[schedule]\n"
        'sync = "10 */2 * * *"\nfull = "never"\nbackup = "daily"\nverify = "never"\n'
        'timezone = "Asia/Tokyo"\n'
    )
    found = schedules(read_project(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"}))
    assert {name: s.cron_schedule for name, s in found.items()} == {
        "sync_kinopio": "10 */2 * * *",
        "backup": "5 4 * * *",
        "remove_old_runs": "50 1 * * *",
        "write_report": "5 6 * * *",
    }
    assert {s.execution_timezone for s in found.values()} == {"Asia/Tokyo"}


def test_freshness_follows_the_rhythm(tmp_path: Path) -> None:
    """Hourly data is late after hours, weekly data after days."""

    def windows(rhythm: str, table: str) -> tuple[timedelta, timedelta]:
        (tmp_path / "kollect.toml").write_text(
            f'[accounts.kinopio]\n[schedule]\nsync = "{rhythm}"\n'
        )
        project = read_project(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"})
        specs = definitions(project).resolve_all_asset_specs()
        policy: Any = next(s.freshness_policy for s in specs if s.key.path[-1] == table)
        return policy.warn_window.to_timedelta(), policy.fail_window.to_timedelta()

    assert windows("hourly", "cards") == (timedelta(hours=3), timedelta(hours=25))
    assert windows("daily", "cards") == (timedelta(hours=36), timedelta(hours=48))
    assert windows("hourly", "ai_images") == (timedelta(days=10, hours=12), timedelta(days=14))


def test_a_tick_starts_one_run(sandbox_project: Project, configured: dg.DagsterInstance) -> None:
    """The usual case."""
    result = decide(schedules(sandbox_project)["sync_sandbox_kinopio"], configured)
    assert len(result.run_requests) == 1


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_a_tick_while_the_account_is_read_is_skipped(
    sandbox_project: Project, configured: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    """A first sync of five hours is not followed by five more; other accounts go on."""
    run = run_of(configured, "full_pass", status, **{ACCOUNT_TAG: "sandbox_kinopio"})
    found = schedules(sandbox_project)
    skipped = decide(found["sync_sandbox_kinopio"], configured)
    assert not skipped.run_requests
    assert "under way" in skipped.skip_message
    assert decide(found["sync_sandbox_kinescope"], configured).run_requests
    configured.delete_run(run.run_id)


def test_an_account_without_credential_is_not_left_out_in_silence(
    tmp_path: Path, configured: dg.DagsterInstance
) -> None:
    """Its tick starts a run, which fails and says what to set."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    found = schedules(read_project(tmp_path, NOTHING))
    assert decide(found["sync_kinopio"], configured).run_requests


def test_a_new_account_is_synced_at_once(
    sandbox_project: Project, configured: dg.DagsterInstance
) -> None:
    """Nobody looks at an empty page for an hour; what was begun is not begun again."""
    defs = definitions(sandbox_project)

    def begun() -> set[str | None]:
        context = dg.build_sensor_context(configured, definitions=defs)
        return {r.job_name for r in begin_of(defs).evaluate_tick(context).run_requests or []}

    failed = dg.DagsterRunStatus.FAILURE
    run = run_of(configured, "x", failed, **{ACCOUNT_TAG: "sandbox_kippt"})
    assert begun() == {f"sync_sandbox_{s}" for s in SERVICES if s != "kippt"}
    configured.delete_run(run.run_id)
    assert begun() == {f"sync_sandbox_{s}" for s in SERVICES}


def test_an_account_that_the_command_line_synced_waits_for_its_minute(
    made: Callable[..., Bench],
    source_of: Callable[[Bench], Source],
    instance: dg.DagsterInstance,
) -> None:
    """The warehouse says what was done, whoever did it."""
    bench = made("kinopio", size=3)
    bench.sync("favorite_colors")
    defs = definitions(Project(bench.settings, [source_of(bench)]))
    tick = begin_of(defs).evaluate_tick(dg.build_sensor_context(instance, definitions=defs))
    assert not tick.run_requests


def test_who_wants_no_syncs_by_themselves_gets_none(tmp_path: Path) -> None:
    """`never` is never, and an account without credential is not begun."""
    (tmp_path / "kollect.toml").write_text('[accounts.kinopio]\n[schedule]\nsync = "never"\n')
    defs = definitions(read_project(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"}))
    assert "first_sync" not in {s.name for s in defs.sensors or []}


def begin_of(defs: dg.Definitions) -> dg.SensorDefinition:
    return next(s for s in defs.sensors or [] if s.name == "first_sync")


def test_there_is_no_backup_before_the_first_sync(
    sandbox_project: Project, configured: dg.DagsterInstance
) -> None:
    """Nothing to save is no problem to tell."""
    found = schedules(sandbox_project)
    assert "no warehouse" in decide(found["backup"], configured).skip_message
    warehouse = sandbox_project.settings.warehouse
    warehouse.parent.mkdir(parents=True)
    warehouse.touch()
    assert decide(found["backup"], configured).run_requests


def test_the_full_pass_is_full(sandbox_project: Project) -> None:
    """Its job sets what a person would tick in the launchpad."""
    job = definitions(sandbox_project).resolve_job_def("full_pass_sandbox_kinopio")
    config = job.run_config or {}
    assert config["ops"]["read_and_load_sandbox_kinopio"]["config"] == {"full": True}
    assert job.tags[ACCOUNT_TAG] == "sandbox_kinopio"


# -- old runs ---------------------------------------------------------------------------------


def run_of(
    instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus, **tags: str
) -> dg.DagsterRun:
    """A run of an empty job, with a status."""

    @dg.op
    def nothing() -> None:
        """Does nothing."""

    @dg.job(name=job)
    def empty() -> None:
        nothing()

    return instance.create_run_for_job(empty, status=status, tags=tags)


def test_of_each_day_and_job_the_last_run_stays() -> None:
    """Plots keep a point a day; what is older than the limit goes."""
    runs = {
        "a1": ("a", NOW - timedelta(days=5, hours=2)),
        "a2": ("a", NOW - timedelta(days=5, hours=1)),
        "b1": ("b", NOW - timedelta(days=5, hours=2)),
        "a0": ("a", NOW - timedelta(days=200)),
    }
    assert superseded(runs, NOW) == {"a0", "a1"}


def test_old_runs_go_but_each_jobs_newest_stays_whatever_its_age(
    instance: dg.DagsterInstance,
) -> None:
    """A verification that ran 100 days ago is still to be seen; what runs is left alone."""
    done = dg.DagsterRunStatus.SUCCESS
    old = [run_of(instance, "a", done) for _ in range(3)]
    only = run_of(instance, "verify", done)
    running = run_of(instance, "a", dg.DagsterRunStatus.STARTED)
    assert remove_old_runs(instance, datetime.now(UTC)) == 0
    assert remove_old_runs(instance, datetime.now(UTC) + timedelta(days=5)) == 2
    left = {record.dagster_run.run_id for record in instance.get_run_records()}
    assert {running.run_id, only.run_id} <= left
    assert len(left & {run.run_id for run in old}) == 1
    remove_old_runs(instance, datetime.now(UTC) + timedelta(days=100))
    left = {record.dagster_run.run_id for record in instance.get_run_records()}
    assert only.run_id in left
    assert not left & {run.run_id for run in old}  # the running one is the newest of this job
