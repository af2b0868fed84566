"""Stopping takes at most two seconds wherever it meets a sync or a download; nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import Stopped
from connectors.core.journal import read_heads
from pipelines.sync.runtime import Runtime
from tests.kit.account import Bench
from tests.kit.file_scene import FileBench, file_bench
from tests.kit.processes import ROOT, until

Make = Callable[..., Bench]
MOST_SECONDS = 2.0
STALLED = 5
"""Seconds without an answer, then the ordinary one."""
ANSWERED = 5
"""Requests that are answered before the service falls silent."""


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Callable[..., FileBench]]:
    """Benches whose files are downloaded too."""
    benches: list[FileBench] = []

    def make(service: str, **more: Any) -> FileBench:
        benches.append(file_bench(tmp_path / f"files-{len(benches)}", service, **more))
        return benches[-1]

    yield make
    for each in benches:
        each.close()


def stopped_sync(bench: Bench, begun: Callable[[], bool]) -> float:
    """Seconds that a sync goes on after its runtime was told to stop."""
    runtime = Runtime(progress=bench.progress.append)
    ended: list[float] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            bench.sync(runtime=runtime)
        except BaseException as error:  # noqa: BLE001  (shown below)
            raised.append(error)
        ended.append(time.monotonic())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(begun)
    asked = time.monotonic()
    runtime.stop.set()
    thread.join(20)
    assert [type(error) for error in raised] == [Stopped]
    return ended[0] - asked


@pytest.mark.parametrize(
    ("wait", "in_flight"),
    [
        pytest.param("an answer", 1, marks=pytest.mark.slow),
        ("an answer", 4),
        ("a long Retry-After", 4),
        ("the rate", 4),
    ],
)
def test_a_stop_ends_a_sync_and_the_next_one_goes_on(made: Make, wait: str, in_flight: int) -> None:
    """While it waits for an answer, in a silence of ten minutes, for a rate of one a minute; what
    was answered and staged before is not asked for again."""
    rate = [{"limit": ANSWERED, "seconds": 60.0}] if wait == "the rate" else []
    bench = made("kinopio", size=12, max_in_flight=in_flight, rate=rate)
    if wait == "an answer":
        bench.stand_in.faults.add("stall", seconds=STALLED, times=None, after=ANSWERED)
    elif wait == "a long Retry-After":
        bench.stand_in.faults.add("status", status=429, retry_after=600, times=None, after=ANSWERED)

    def begun() -> bool:
        # The service counts an answer that kollect may still be receiving, so the journal is asked.
        heads = read_heads(bench.folder / ".kollect" / "stage" / "kinopio" / "pages.journal")
        staged = sum("attempts" in head for head in heads)
        return staged >= ANSWERED and (wait == "the rate" or bench.stand_in.faults.fired() > 0)

    assert stopped_sync(bench, begun) < MOST_SECONDS
    bench.stand_in.faults.clear()
    asked = {entry.target for entry in bench.stand_in.requests[:ANSWERED]}
    before = bench.stand_in.count()
    for budget in (bench.folder / ".kollect").rglob("*.rate"):
        budget.unlink()  # the silence and the full window are not waited for
    bench.configure(rate=[])
    assert bench.sync().status == "complete"
    bench.assert_true()
    asked_again = {entry.target for entry in bench.stand_in.requests[before:]} & asked
    assert not asked_again, "what was answered is staged"


def test_a_stop_ends_a_download_and_the_next_one_goes_on(
    files: Callable[..., FileBench],
) -> None:
    """Bytes that came stay; the tables of the same sync are loaded and complete."""
    bench = files("kinescope", size=12)
    bench.place.faults.add("stall", seconds=STALLED, times=None, after=2)
    assert stopped_sync(bench, lambda: bench.place.faults.fired() > 0) < MOST_SECONDS
    assert bench.query("SELECT count(*) > 0 FROM kinescope.videos") == [(True,)]
    bench.place.faults.clear()
    result = bench.sync()
    assert result.files is not None and result.files.failed == 0
    assert result.files.fetched > 2
    assert bench.stored()


@pytest.mark.parametrize("in_flight", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_an_interrupt_in_the_middle_of_a_sync_waits_for_no_request(
    made: Make, in_flight: int
) -> None:
    """As a program that embeds kollect (a Dagster run, a notebook) meets it: the interrupt comes
    out of `sync_account` itself, and its threads end."""
    bench = made("kinopio", size=12, max_in_flight=in_flight)
    bench.stand_in.faults.add("stall", seconds=STALLED, times=None, after=ANSWERED)
    sent: list[float] = []

    def interrupt() -> None:
        until(lambda: bench.stand_in.faults.fired() > 0)
        time.sleep(0.2)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        bench.sync()
    assert time.monotonic() - sent[0] < MOST_SECONDS
    threads = ("fetch", "ahead", "http-connect", "ingest")
    until(lambda: not any(t.name.startswith(threads) for t in threading.enumerate()), MOST_SECONDS)
    bench.stand_in.faults.clear()
    assert bench.sync().status == "complete"
    bench.assert_true()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=lambda sign: sign.name)
def test_a_signal_ends_the_command(made: Make, sign: signal.Signals) -> None:
    """Ctrl-C says that nothing is lost; either way the next sync goes on."""
    bench = made("kinopio", size=12)
    bench.stand_in.faults.add("stall", seconds=STALLED, times=None, after=ANSWERED)
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "sync"],
        cwd=ROOT,
        env={
            **os.environ,
            **bench.box.environment(),
            "KOLLECT_CONFIG": str(bench.folder / "kollect.toml"),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: bench.stand_in.faults.fired() > 0)
    asked = time.monotonic()
    process.send_signal(sign)
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - asked < MOST_SECONDS
    if sign is signal.SIGINT:
        assert process.returncode == 130
        assert "nothing is lost" in said
    bench.stand_in.faults.clear()
    assert bench.sync().status == "complete"
    assert any(news.kind == "resumed" for news in bench.progress)
    bench.assert_true()
