"""What Dagster adds to a sync: measured against the command line, on the accounts of the demo."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from connectors import SERVICES
from tests.kit.live import Live

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MOST_SECONDS = 10.0
QUEUE_SECONDS = 2.0
"""How long a run waits for the queue to be looked at (`dagster.yaml`); no work is done meanwhile."""


def cost(live: Live, *words: str) -> tuple[float, float]:
    """Seconds of processor time of a process and its children, and seconds on the clock."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = live.start("-m", *words)
    assert process.wait(200) == 0, live.log.read_text()[-2000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return worked, time.monotonic() - started


@pytest.mark.parametrize("account", SERVICES)
def test_dagster_adds_less_than_ten_seconds_to_a_sync(tmp_path: Path, account: str) -> None:
    """Process, definitions, events and checks included, as hourly syncs are: little changed.

    Processor time is compared, which says the same on a computer that is busy otherwise.
    """
    job = ("dagster", "job", "execute", "-m", "pipelines.definitions", "-j", f"sync_{account}")
    with Live(tmp_path, [account], size=None, sync="never") as live:
        first, _ = cost(live, "pipelines", "sync", account)
        plain, plain_clock = cost(live, "pipelines", "sync", account)
        seconds, clock = cost(live, *job)
    said = (
        f"{account}: first sync {first:.1f} s, the next {plain:.1f} s by the command line "
        f"({plain_clock:.1f} s on the clock), {seconds:.1f} s by Dagster ({clock:.1f} s)"
    )
    print(f"\n{said}")
    assert seconds - plain + QUEUE_SECONDS < MOST_SECONDS, said
