"""What Dagster adds to a sync: measured against the command line, on the accounts of the demo."""

from __future__ import annotations

import time
from pathlib import Path

import dagster as dg
import pytest

from connectors import SERVICES
from tests.pipelines.live import Live

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MOST_SECONDS = 10.0
"""From `wanted` to `over`, beyond what the command line takes for the same sync."""


def by_command_line(live: Live, account: str) -> float:
    started = time.monotonic()
    process = live.start("-m", "pipelines", "sync", account)
    assert process.wait(120) == 0, live.log.read_text()[-2000:]
    return time.monotonic() - started


def by_dagster(live: Live, account: str) -> float:
    """Seconds from the moment the run was queued until it was over."""
    job = f"sync_{account}"
    launch = live.start("-m", "dagster", "job", "launch", "-w", "deploy/workspace.yaml", "-j", job)
    assert launch.wait(120) == 0, live.log.read_text()[-2000:]
    record = live.wait(
        "the run", lambda: next((r for r in live.runs(job) if r.end_time is not None), None), 120
    )
    assert record.dagster_run.status == dg.DagsterRunStatus.SUCCESS
    assert record.end_time is not None
    return float(record.end_time - record.create_timestamp.timestamp())


@pytest.mark.parametrize("change", [False, True], ids=["first sync", "nothing changed"])
def test_dagster_adds_less_than_ten_seconds_to_a_sync(tmp_path: Path, change: bool) -> None:
    """One account after the other: process, definitions, events and checks included."""
    plain, seconds = {}, {}
    (tmp_path / "plain").mkdir()
    (tmp_path / "dagster").mkdir()
    with Live(tmp_path / "plain", SERVICES, size=None, sync="never") as live:
        for account in SERVICES:
            if change:
                by_command_line(live, account)
            plain[account] = by_command_line(live, account)
    with Live(tmp_path / "dagster", SERVICES, size=None, sync="never") as live:
        if change:
            for account in SERVICES:
                by_command_line(live, account)
        live.start_services("code", "daemon")
        socket = tmp_path / "dagster" / ".dagster" / "code.sock"
        live.wait("the code server", socket.exists, 60)
        time.sleep(5)
        for account in SERVICES:
            seconds[account] = by_dagster(live, account)
    lines = [
        f"{account}: {plain[account]:.1f} s by the command line, {seconds[account]:.1f} s by "
        f"Dagster, {seconds[account] - plain[account]:.1f} s more"
        for account in SERVICES
    ]
    print("\n".join(lines))
    added = {account: seconds[account] - plain[account] for account in SERVICES}
    assert max(added.values()) < MOST_SECONDS, "\n".join(lines)
