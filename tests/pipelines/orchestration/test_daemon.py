"""The services of `deploy/`: ticks start runs, accounts run side by side, the dead are noticed."""

from __future__ import annotations

import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from tests.kit.live import OVER, Live

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
SERVICES = ("kinescope", "kinopio")
JOBS = tuple(f"sync_{service}" for service in SERVICES)
GOOD, BAD = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE


def overlap(one: dg.RunRecord, other: dg.RunRecord) -> float:
    """Seconds in which both ran."""
    assert one.start_time and other.start_time and one.end_time and other.end_time
    return min(one.end_time, other.end_time) - max(one.start_time, other.start_time)


def test_ticks_parallel_accounts_a_killed_run_and_a_power_cut(tmp_path: Path) -> None:
    """Whatever dies, the next ticks bring exactly what the services hold."""
    with Live(tmp_path, SERVICES, size=6, sync="* * * * *") as live:
        live.slow_down(0.15)
        services = live.start_services("code", "daemon")

        # New accounts are synced at once, side by side; then ticks of their schedules start runs.
        live.wait("two good runs", lambda: live.over(JOBS, GOOD), 300)
        live.slow_down(0)
        first = [live.runs(job)[0] for job in JOBS]
        assert overlap(*first) > 0
        for job in JOBS:
            live.wait("a run by a tick", lambda job=job: by_tick(live, job), 200)
        events = live.instance.fetch_materializations(
            dg.AssetKey(["kinopio", "cards"]), limit=1
        ).records
        assert events

        # kill -9 of a run's process: noticed at once, and the account goes on.
        edit_cards(live, "edited before the kill")
        victim = start_of_a_slow_run(live)
        os.kill(process_in(live, victim), signal.SIGKILL)
        killed_at = time.monotonic()
        live.wait("the killed run failed", lambda: status(live, victim) == BAD, 60)
        assert time.monotonic() - killed_at < 45
        live.slow_down(0)
        live.wait("the account goes on", lambda: good_after(live, victim), 240)

        # A power cut: run, code server and daemon are gone at the same moment.
        edit_cards(live, "edited before the power cut")
        victim = start_of_a_slow_run(live)
        for process in services:
            live.kill_group(process)
        time.sleep(1)
        assert status(live, victim) == dg.DagsterRunStatus.STARTED
        live.slow_down(0)
        live.start_services("code", "daemon")
        live.wait("the lost run failed", lambda: status(live, victim) == BAD, 120)
        live.wait("the account goes on", lambda: good_after(live, victim), 240)
        live.wait("the other account too", lambda: good_after(live, victim, JOBS[0]), 240)
        live.stop()

        for service in SERVICES:
            live.assert_true(service)
        never_twice_at_once(live)


def test_a_sync_and_a_backup_of_the_command_line_show_within_a_minute(tmp_path: Path) -> None:
    """Daemon and code server run, and nothing but the command line does the work."""
    with Live(tmp_path, ["kinopio"], size=3, sync="never") as live:
        live.start_services("code", "daemon")
        live.wait("the sensor looks", lambda: live.looked("report_from_ledger"), 120)
        for words in (("sync",), ("backup",)):
            assert live.start("-m", "pipelines", *words).wait(120) == 0
        ended = time.monotonic()
        keys = [dg.AssetKey(["kinopio", name]) for name in ("cards", "summary")]
        keys.append(dg.AssetKey(["backups", "newest"]))
        for key in keys:
            live.wait(
                f"{key} shows",
                lambda key=key: live.instance.get_latest_materialization_event(key),
                60,
            )
        assert time.monotonic() - ended < 60
        jobs = {record.dagster_run.job_name for record in live.runs()}
        assert jobs <= {"__ASSET_JOB"}, "nothing but the views was made by Dagster"


def by_tick(live: Live, job: str) -> bool:
    """Whether a schedule's tick started a run that ended well."""
    return any(
        record.dagster_run.tags.get("dagster/schedule_name") == f"{job}_schedule"
        and record.dagster_run.status == GOOD
        for record in live.runs(job)
    )


def edit_cards(live: Live, text: str) -> None:
    """Work for the next sync: a card of every space."""
    service = live.box.services["kinopio"]
    cards = {row["space_id"]: row["id"] for row in service.truth()["cards"]}
    for space_id, card_id in cards.items():
        service.edit_card(space_id, card_id, name=text)  # type: ignore[attr-defined]


def start_of_a_slow_run(live: Live) -> str:
    """A run of kinopio that has begun to ask, slowly."""
    live.slow_down(1.5)
    known = {r.dagster_run.run_id for r in live.runs(JOBS[1]) if r.dagster_run.status in OVER}

    def begun() -> str | None:
        asked = len(live.box.stand_ins["kinopio"].requests)
        for record in live.runs(JOBS[1]):
            run = record.dagster_run
            started = run.status == dg.DagsterRunStatus.STARTED and run.run_id not in known
            if started and live.process_of(run.run_id) and asked > before:
                return run.run_id
        return None

    before = len(live.box.stand_ins["kinopio"].requests)
    found: str = live.wait("a slow run", begun, 200)
    return found


def process_in(live: Live, run_id: str) -> int:
    process = live.process_of(run_id)
    assert process is not None
    return process


def status(live: Live, run_id: str) -> dg.DagsterRunStatus:
    run = live.instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def good_after(live: Live, run_id: str, job: str = JOBS[1]) -> bool:
    """Whether a run that began after this one ended well."""
    lost = live.instance.get_run_record_by_id(run_id)
    assert lost is not None
    return any(
        record.dagster_run.status == GOOD and (record.start_time or 0) > (lost.end_time or 1e12)
        for record in live.runs(job)
    )


def never_twice_at_once(live: Live) -> None:
    """No two runs of one account overlap."""
    for job in JOBS:
        ran = [r for r in live.runs(job) if r.start_time and r.end_time]
        ran.sort(key=lambda r: r.start_time or 0)
        assert all(overlap(a, b) <= 0 for a, b in pairwise(ran)), job
