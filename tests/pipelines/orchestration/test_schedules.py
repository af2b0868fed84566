"""What runs by itself, when, and when not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from connectors import SERVICES
from pipelines.definitions import definitions
from pipelines.orchestration.run_retention import superseded, thin_out_runs
from pipelines.orchestration.schedules import ACCOUNT_TAG
from pipelines.orchestration.sources import Source, read_sources
from tests.kit.account import Bench
from tests.pipelines.conftest import NOTHING

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def schedules(sources: list[Source]) -> dict[str, dg.ScheduleDefinition]:
    found = definitions(sources).schedules or []
    return {s.name: s for s in found if isinstance(s, dg.ScheduleDefinition)}


def decide(schedule: dg.ScheduleDefinition, instance: dg.DagsterInstance) -> Any:
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=NOW)
    return schedule.evaluate_tick(context)


def test_everything_runs_by_default_in_the_persons_time_zone(
    sandbox_sources: list[Source],
) -> None:
    """Nobody has to switch anything on."""
    found = schedules(sandbox_sources)
    expected = {"backup_schedule", "verify_schedule", "upkeep_schedule"}
    for service in SERVICES:
        expected |= {f"sync_sandbox_{service}_schedule", f"full_pass_sandbox_{service}_schedule"}
    assert set(found) == expected
    for schedule in found.values():
        assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
        assert schedule.execution_timezone == "Europe/Berlin"
        assert schedule.description
    sensors = definitions(sandbox_sources).sensors or []
    assert {s.name for s in sensors} == {"tell_about_problems", "refresh_views", "first_sync"}
    assert all(s.default_status == dg.DefaultSensorStatus.RUNNING for s in sensors)


def test_the_settings_say_when(tmp_path: Path) -> None:
    """Words, cron expressions, never, and a time zone."""
    (tmp_path / "kollect.toml").write_text(
        "[accounts.kinopio]\n[schedule]\n"
        'sync = "10 */2 * * *"\nfull = "never"\nbackup = "daily"\nverify = "never"\n'
        'timezone = "Asia/Tokyo"\n'
    )
    found = schedules(read_sources(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"}))
    assert {name: s.cron_schedule for name, s in found.items()} == {
        "sync_kinopio_schedule": "10 */2 * * *",
        "backup_schedule": "5 4 * * *",
        "upkeep_schedule": "50 1 * * *",
    }
    assert {s.execution_timezone for s in found.values()} == {"Asia/Tokyo"}


def test_freshness_follows_the_rhythm(tmp_path: Path) -> None:
    """Hourly data is late after hours, weekly data after days."""

    def windows(rhythm: str, table: str) -> tuple[timedelta, timedelta]:
        (tmp_path / "kollect.toml").write_text(
            f'[accounts.kinopio]\n[schedule]\nsync = "{rhythm}"\n'
        )
        sources = read_sources(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"})
        specs = definitions(sources).resolve_all_asset_specs()
        policy: Any = next(s.freshness_policy for s in specs if s.key.path[-1] == table)
        return policy.warn_window.to_timedelta(), policy.fail_window.to_timedelta()

    assert windows("hourly", "cards") == (timedelta(hours=3), timedelta(hours=25))
    assert windows("daily", "cards") == (timedelta(hours=36), timedelta(hours=48))
    assert windows("hourly", "ai_images") == (timedelta(days=10, hours=12), timedelta(days=14))


def test_a_tick_starts_one_run(
    sandbox_sources: list[Source], configured: dg.DagsterInstance
) -> None:
    """The usual case."""
    result = decide(schedules(sandbox_sources)["sync_sandbox_kinopio_schedule"], configured)
    assert len(result.run_requests) == 1


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_a_tick_while_the_account_is_read_is_skipped(
    sandbox_sources: list[Source], configured: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    """A first sync of five hours is not followed by five more; other accounts go on."""
    run = create_run_for_test(
        configured, "full_pass", tags={ACCOUNT_TAG: "sandbox_kinopio"}, status=status
    )
    found = schedules(sandbox_sources)
    skipped = decide(found["sync_sandbox_kinopio_schedule"], configured)
    assert not skipped.run_requests
    assert "under way" in skipped.skip_message
    assert decide(found["sync_sandbox_kinescope_schedule"], configured).run_requests
    configured.delete_run(run.run_id)


def test_an_account_without_credential_is_skipped_with_the_reason(
    tmp_path: Path, configured: dg.DagsterInstance
) -> None:
    """It fails nowhere and tells nobody each hour; the tick says what to set."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    found = schedules(read_sources(tmp_path, NOTHING))
    skipped = decide(found["sync_kinopio_schedule"], configured)
    assert "KINOPIO_API_KEY" in skipped.skip_message


def test_a_new_account_is_synced_at_once(
    sandbox_sources: list[Source], configured: dg.DagsterInstance
) -> None:
    """Nobody looks at an empty page for an hour; what was begun is not begun again."""
    defs = definitions(sandbox_sources)

    def begun() -> set[str | None]:
        context = dg.build_sensor_context(configured, definitions=defs)
        return {r.job_name for r in begin_of(defs).evaluate_tick(context).run_requests or []}

    run = create_run_for_test(
        configured, "x", tags={ACCOUNT_TAG: "sandbox_kippt"}, status=dg.DagsterRunStatus.FAILURE
    )
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
    defs = definitions([source_of(bench)])
    tick = begin_of(defs).evaluate_tick(dg.build_sensor_context(instance, definitions=defs))
    assert not tick.run_requests


def test_who_wants_no_syncs_by_themselves_gets_none(tmp_path: Path) -> None:
    """`never` is never, and an account without credential is not begun."""
    (tmp_path / "kollect.toml").write_text('[accounts.kinopio]\n[schedule]\nsync = "never"\n')
    defs = definitions(read_sources(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"}))
    assert "first_sync" not in {s.name for s in defs.sensors or []}


def begin_of(defs: dg.Definitions) -> dg.SensorDefinition:
    return next(s for s in defs.sensors or [] if s.name == "first_sync")


def test_there_is_no_backup_before_the_first_sync(
    sandbox_sources: list[Source], configured: dg.DagsterInstance
) -> None:
    """Nothing to save is no problem to tell."""
    found = schedules(sandbox_sources)
    assert "no warehouse" in decide(found["backup_schedule"], configured).skip_message
    warehouse = sandbox_sources[0].settings.warehouse
    warehouse.parent.mkdir(parents=True)
    warehouse.touch()
    assert decide(found["backup_schedule"], configured).run_requests


def test_the_full_pass_is_full(sandbox_sources: list[Source]) -> None:
    """Its job sets what a person would tick in the launchpad."""
    job = definitions(sandbox_sources).resolve_job_def("full_pass_sandbox_kinopio")
    config = job.run_config or {}
    assert config["ops"]["read_and_load_sandbox_kinopio"]["config"] == {"full": True}
    assert job.tags[ACCOUNT_TAG] == "sandbox_kinopio"


# -- thinning out -----------------------------------------------------------------------------


def test_of_each_day_and_job_the_last_run_stays() -> None:
    """Plots keep a point a day; what is older than the limit goes."""
    runs = {
        "a1": ("a", NOW - timedelta(days=5, hours=2)),
        "a2": ("a", NOW - timedelta(days=5, hours=1)),
        "b1": ("b", NOW - timedelta(days=5, hours=2)),
        "a0": ("a", NOW - timedelta(days=200)),
    }
    assert sorted(superseded(runs, NOW)) == ["a0", "a1"]


def test_thinning_out_leaves_the_last_days_and_what_still_runs(
    instance: dg.DagsterInstance,
) -> None:
    """Only runs that are over, and old, and followed by another one are removed."""
    old = [create_run_for_test(instance, "a", status=dg.DagsterRunStatus.SUCCESS) for _ in range(3)]
    running = create_run_for_test(instance, "a", status=dg.DagsterRunStatus.STARTED)
    assert thin_out_runs(instance, datetime.now(UTC)) == 0
    assert thin_out_runs(instance, datetime.now(UTC) + timedelta(days=5)) == 2
    left = {record.dagster_run.run_id for record in instance.get_run_records()}
    assert running.run_id in left
    assert len(left & {run.run_id for run in old}) == 1
