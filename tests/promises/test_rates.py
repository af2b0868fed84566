"""The service's limits hold for all kollect processes of a machine together, also across kills."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Referee, Window
from tests.kit.account import Bench
from tests.kit.killed import Order
from tests.kit.processes import ROOT, Elsewhere, until
from tests.promises.test_faults import each_service

Make = Callable[..., Bench]
SECONDS = 1.0
LIMITS = {"kitemaker": 4}
"""Requests in a second, fewer where a whole sync asks for little; else 10."""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as processes:
        yield processes


def refereed(made: Make, service: str) -> Bench:
    """A bench whose referee allows few requests in any second; its account knows how many."""
    limit = LIMITS.get(service, 10)
    rate = [{"limit": limit, "seconds": SECONDS}]
    bench = made(service, rate=rate, penalty_seconds=SECONDS, max_in_flight=2)
    bench.stand_in.referee = Referee([Window(limit, SECONDS)], SECONDS, on=True)
    return bench


def order(bench: Bench, **more: Any) -> Order:
    return Order(str(bench.folder), bench.service, bench.box.environment(), **more)


@pytest.mark.parametrize("service", each_service("kippt"))
def test_killed_and_started_again_at_once_no_request_is_too_early(
    made: Make, elsewhere: Elsewhere, service: str
) -> None:
    """Three kills in a row, each followed by the next sync without a pause: the referee, who
    counts every arrival, sees no violation, and the last sync is complete."""
    bench = refereed(made, service)
    for page in (4, 3, 5):
        killed = elsewhere.sync(order(bench, die_at=f"before pwrite pages.journal #{page}"))
        assert killed == {"killed": 9}
    assert elsewhere.sync(order(bench))["status"] == "complete"
    referee = bench.stand_in.referee
    assert (referee.violations, referee.trespasses) == ([], [])
    assert bench.stand_in.count() > 2 * LIMITS.get(service, 10)
    bench.assert_true()


def test_a_penalty_outlives_the_process_that_got_it(made: Make, elsewhere: Elsewhere) -> None:
    """Killed while it keeps silent after a 429, the next process keeps silent for the rest."""
    bench = refereed(made, "kippt")
    bench.stand_in.faults.add("status", status=429, after=5)
    elsewhere.start(order(bench))
    until(lambda: bool(bench.stand_in.faults.fired()))
    until(lambda: any(entry.status == 429 for entry in bench.stand_in.requests))
    time.sleep(0.15)
    elsewhere.kill()
    assert elsewhere.answer() == {"killed": 9}
    before = bench.stand_in.requests
    assert elsewhere.sync(order(bench))["status"] == "complete"
    refused = next(entry.time for entry in before if entry.status == 429)
    first = bench.stand_in.requests[len(before)].time
    assert first - refused >= SECONDS - 0.05
    assert bench.stand_in.referee.violations == []


@pytest.mark.slow
def test_a_sync_and_checks_beside_it_share_one_budget(made: Make, elsewhere: Elsewhere) -> None:
    """Commands in other processes take their requests from the same account's rate: they begin
    and end while the sync is at work."""
    bench = refereed(made, "kippt")
    bench.stand_in.latency_seconds = 1.0  # until the checks are over
    settings = {"KOLLECT_CONFIG": f"{order(bench).folder}/kollect.toml"}
    environment = {**os.environ, **bench.box.environment(), **settings}
    elsewhere.start(order(bench))
    until(lambda: bench.stand_in.count() > 0)
    checks = [
        subprocess.Popen(
            [sys.executable, "-m", "pipelines", "check"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(3)
    ]
    assert [check.wait(60) for check in checks] == [0, 0, 0]
    asked = bench.stand_in.count()
    bench.stand_in.latency_seconds = 0.0
    assert elsewhere.answer()["status"] == "complete"
    assert bench.stand_in.count() > asked + 2 * LIMITS.get("kippt", 10), "the sync was not over"
    referee = bench.stand_in.referee
    assert (referee.violations, referee.trespasses) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_dagster_run_and_commands_beside_it_share_one_budget_and_one_account(
    made: Make, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """While Dagster syncs an account, checks take their requests from the same rate, and a sync
    on the command line gives up with exit status 3 or waits; the referee sees no violation."""
    bench = refereed(made, "kippt")
    settings = {"KOLLECT_CONFIG": f"{order(bench).folder}/kollect.toml"}
    home = tmp_path / "dagster"
    home.mkdir()
    environment = {
        **os.environ, **bench.box.environment(), **settings, "DAGSTER_HOME": str(home)
    }  # fmt: skip
    job = ("dagster", "job", "execute", "-m", "pipelines.definitions", "-j", "sync_kippt")
    with (tmp_path / "told").open("w") as told:
        dagster = subprocess.Popen(
            [sys.executable, "-m", *job], cwd=ROOT, env=environment, stdout=told, stderr=told
        )
        try:
            until(lambda: bench.stand_in.count() > 2, 200)
            hasty = elsewhere.sync(order(bench, wait_seconds=0.05))
            checks = [
                subprocess.Popen([sys.executable, "-m", "pipelines", "check"], cwd=ROOT,
                                 env=environment, stdout=subprocess.DEVNULL)
                for _ in range(2)
            ]  # fmt: skip
            assert [check.wait(200) for check in checks] == [0, 0]
            assert dagster.wait(300) == 0, (tmp_path / "told").read_text()[-2000:]
        finally:
            dagster.kill()
    assert (hasty.get("raised"), hasty.get("exit_status")) == ("AccountBusy", 3), hasty
    referee = bench.stand_in.referee
    assert (referee.violations, referee.trespasses) == ([], [])
    bench.assert_true()


def test_a_second_sync_of_an_account_waits_or_gives_up_with_exit_status_3(
    made: Make, elsewhere: Elsewhere
) -> None:
    """The second says whom it waits for and then does its own sync; with less patience it ends
    with exit status 3 and has asked for nothing."""
    bench = made("kippt")
    bench.stand_in.latency_seconds = 0.05
    with Elsewhere() as second:
        elsewhere.start(order(bench))
        until(lambda: bench.stand_in.count() > 2)
        hasty = second.sync(order(bench, wait_seconds=0.1))
        assert (hasty["raised"], hasty["exit_status"]) == ("AccountBusy", 3)
        second.start(order(bench))
        patient, one = second.answer(), elsewhere.answer()
    assert [one["status"], patient["status"]] == ["complete", "complete"]
    assert len(patient["waiting"]) == 1 and "process" in patient["waiting"][0]
    assert sum(row["inserted"] for row in patient["tables"].values()) == 0
    bench.assert_true()
