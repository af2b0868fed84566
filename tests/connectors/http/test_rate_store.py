"""One rate for all processes of a machine: kills, reboots and damage included."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.errors import WarehouseProblem
from connectors.http.config import Window
from connectors.http.rate_limit import RateLimiter, stretched
from connectors.http.rate_store import HEADER, FileState
from connectors.http.stopping import Stop

ASK_FOR_EVER = """
import os, sys
from pathlib import Path
from connectors.http.rate_store import FileState
from connectors.http.config import Window
from connectors.http.rate_limit import RateLimiter

rate_limiter = RateLimiter([Window(6, 0.25), Window(20, 1.0)], state=FileState(Path(sys.argv[1])))
out = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True:
    booking = rate_limiter.book()
    os.write(out, f"{booking.at!r}\\n".encode())
    rate_limiter.settle(booking)
"""
HOLD_THE_LOCK = """
import sys, time
from pathlib import Path
from connectors.http.rate_store import FileState

with FileState(Path(sys.argv[1])).opened(time.monotonic):
    print("mine", flush=True)
    time.sleep(60)
"""


def start(program: str, *arguments: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def test_killed_and_restarted_processes_keep_the_windows_together(tmp_path: Path) -> None:
    """Three processes, killed at random moments and replaced, never exceed one process's rate."""
    rates, out = tmp_path / "rates", tmp_path / "out"
    chosen = random.Random(7)
    crew = [start(ASK_FOR_EVER, rates, out) for _ in range(3)]
    kills = 0
    try:
        deadline = time.monotonic() + 3.0
        while time.monotonic() < deadline:
            time.sleep(chosen.uniform(0.1, 0.4))
            place = chosen.randrange(3)
            kill(crew[place])
            kills += 1
            crew[place] = start(ASK_FOR_EVER, rates, out)
    finally:
        for process in crew:
            kill(process)
    # A kill may cut the last line of a process; each line is one write, so only there.
    times = sorted(float(line) for line in out.read_text().splitlines())
    assert kills >= 5
    assert len(times) > 25
    for limit, seconds in ((6, 0.25), (20, 1.0)):
        for first, beyond in zip(times, times[limit:], strict=False):
            assert beyond - first > seconds


def test_a_process_killed_with_the_lock_in_hand_blocks_nobody(tmp_path: Path) -> None:
    """The lock ends with its process."""
    process = start(HOLD_THE_LOCK, tmp_path / "rates")
    assert process.stdout
    assert process.stdout.readline() == b"mine\n"
    began = time.monotonic()
    kill(process)
    RateLimiter([Window(1, 0.1)], state=FileState(tmp_path / "rates")).wait()
    assert time.monotonic() - began < 5


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def rate_limiter(path: Path, clock: Clock, boot: str = "one", *windows: Window) -> RateLimiter:
    return RateLimiter(
        windows or (Window(5, 60.0),),
        clock=clock,
        stop=Stop(sleep=clock.sleep),
        state=FileState(path, boot=boot),
    )


def test_a_new_process_knows_what_the_last_one_sent(tmp_path: Path) -> None:
    """A restart does not open the windows anew."""
    clock = Clock(1000.0)
    first = rate_limiter(tmp_path / "a", clock)
    for _ in range(5):
        first.wait()
    assert rate_limiter(tmp_path / "a", clock).wait() == pytest.approx(stretched(60))


def test_a_hold_outlives_its_process(tmp_path: Path) -> None:
    """The silence that a service asked for is kept by the next process too."""
    clock = Clock(1000.0)
    rate_limiter(tmp_path / "a", clock).hold(30)
    assert rate_limiter(tmp_path / "a", clock).wait() == pytest.approx(30)


@pytest.mark.parametrize(
    ("uptime", "waits"), [(4.0, stretched(60) - 4.0), (60.02, stretched(60) - 60.02), (200.0, 0.0)]
)
def test_after_a_reboot_the_old_requests_count_from_the_start_of_the_machine(
    tmp_path: Path, uptime: float, waits: float
) -> None:
    """They left before this boot: that is certain, so it is neither too early nor for ever."""
    clock = Clock(50_000.0)
    before = rate_limiter(tmp_path / "a", clock)
    for _ in range(5):
        before.wait()
    clock.now = uptime
    after = rate_limiter(tmp_path / "a", clock, "two")
    assert after.wait() == pytest.approx(waits)


def test_a_hold_from_before_a_reboot_is_kept_for_its_rest(tmp_path: Path) -> None:
    """Thirty seconds of silence are not forgotten by switching off and on."""
    clock = Clock(50_000.0)
    rate_limiter(tmp_path / "a", clock).hold(30)
    clock.now = 10.0
    assert rate_limiter(tmp_path / "a", clock, "two").wait() == pytest.approx(20)


def test_a_clock_that_stands_earlier_than_the_file_waits_a_window_at_most(tmp_path: Path) -> None:
    """Containers on one machine may show two clocks for one boot: nobody waits for years."""
    clock = Clock(90_000.0)
    first = rate_limiter(tmp_path / "a", clock)
    for _ in range(5):
        first.wait()
    clock.now = 12.0
    assert rate_limiter(tmp_path / "a", clock).wait() == pytest.approx(stretched(60))


def test_an_unreadable_log_means_the_sustained_pace(tmp_path: Path) -> None:
    """Damage neither opens the windows nor silences everyone for a minute."""
    (tmp_path / "a").write_bytes(b"not a log of ours" * 20)
    clock = Clock(1000.0)
    windows = (Window(10, 1.0), Window(300, 60.0))
    one = rate_limiter(tmp_path / "a", clock, "one", *windows)
    waits = [one.wait() for _ in range(20)]
    assert waits == pytest.approx([stretched(60) / 300] * 20)


@given(st.binary(min_size=1, max_size=200), st.integers(0, 120))
@settings(max_examples=60)
def test_no_damage_stops_or_frees_the_rate(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, at: int
) -> None:
    """Whatever bytes stand in the file, waits stay finite and the first window holds."""
    path = tmp_path_factory.mktemp("rates") / "a"
    clock = Clock(1000.0)
    one = rate_limiter(path, clock)
    for _ in range(3):
        one.wait()
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + rubbish + whole[at + len(rubbish) :])
    fresh = rate_limiter(path, clock)
    times = []
    for _ in range(12):
        fresh.wait()
        times.append(clock())
    assert clock() < 1000.0 + 200
    for first, beyond in zip(times, times[5:], strict=False):
        assert beyond - first > 60


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    """A process killed before its first booking has sent nothing, so nobody waits."""
    (tmp_path / "a").touch()
    assert rate_limiter(tmp_path / "a", Clock(1000.0)).wait() == 0


def test_a_file_removed_under_a_running_process_does_not_open_its_windows(tmp_path: Path) -> None:
    """Whoever tidies up `.kollect/` during a sync does not make it exceed the rate."""
    clock = Clock(1000.0)
    one = rate_limiter(tmp_path / "rates" / "a", clock)
    for _ in range(5):
        one.wait()
    (tmp_path / "rates" / "a").unlink()
    (tmp_path / "rates").rmdir()
    assert one.wait() == pytest.approx(stretched(60))
    assert (tmp_path / "rates" / "a").exists()


def test_smaller_windows_do_not_shorten_the_log_of_larger_ones(tmp_path: Path) -> None:
    """Two processes with different settings for an account: the stricter one stays strict."""
    clock = Clock(1000.0)
    large = rate_limiter(tmp_path / "a", clock, "one", Window(5, 60.0))
    small = rate_limiter(tmp_path / "a", clock, "one", Window(1, 0.1))
    for _ in range(4):
        large.wait()
    small.wait()
    assert large.wait() > 59


def test_the_file_is_small_and_nobody_else_reads_it(tmp_path: Path) -> None:
    """The largest usual window costs less than one page of disk."""
    one = rate_limiter(tmp_path / "a", Clock(1000.0), "one", Window(300, 60.0))
    for _ in range(350):
        one.wait()
    assert (tmp_path / "a").stat().st_size == HEADER.size + 300 * 8 < 4096
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_used_is_said_before_anything_leaves(tmp_path: Path) -> None:
    """Without a place for the log no request leaves, and the error names the file."""
    (tmp_path / "rates").write_text("a file where the folder should be")
    with pytest.raises(WarehouseProblem, match="rates/a") as caught:
        rate_limiter(tmp_path / "rates" / "a", Clock(1000.0)).wait()
    assert "writable" in str(caught.value)


def test_one_booking_costs_little(tmp_path: Path) -> None:
    """The file costs well under a millisecond a request (here with a wide margin for noise)."""
    one = RateLimiter([Window(100_000 // 4, 60.0)], state=FileState(tmp_path / "a"))
    for _ in range(300):
        one.wait()
    began = time.process_time()
    for _ in range(300):
        one.wait()
    assert (time.process_time() - began) / 300 < 0.002
    assert os.path.getsize(tmp_path / "a") > 0
