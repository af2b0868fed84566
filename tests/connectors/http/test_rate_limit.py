"""The rate: no window is ever exceeded, nobody waits longer than needed, holds are kept."""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrate_limiter import InMemoryBucket, Rate, RateItem

from connectors.core.errors import LongSilence
from connectors.http.arrival import FIRST_TRIPS
from connectors.http.config import Window
from connectors.http.rate_limit import Booking, RateLimiter, stretched
from connectors.http.rate_store import FileState, MemoryState, RateState
from connectors.http.stopping import Stop

WINDOWS = st.lists(
    st.builds(Window, st.integers(1, 12), st.sampled_from([0.1, 0.5, 1.0, 3.0, 60.0])),
    min_size=1,
    max_size=3,
)
GAPS = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.3, 1.0, 7.0]), min_size=1, max_size=80)


TICKS = 100_000
"""In a second, for the reference, which counts in whole numbers."""


class Clock:
    """Moves only by sleeping; things planned for a moment happen when it passes."""

    def __init__(self) -> None:
        self.now = 500.0
        self.lock = threading.RLock()
        self.planned: list[tuple[float, int, Any]] = []
        self.numbers = itertools.count()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            until = self.now + seconds
            while self.planned and self.planned[0][0] <= until:
                self.now, _, act = heapq.heappop(self.planned)
                act()
            self.now = until

    def plan(self, after: float, act: Any) -> None:
        heapq.heappush(self.planned, (self.now + after, next(self.numbers), act))


def assert_within(windows: Sequence[Window], times: Sequence[float]) -> None:
    ordered = sorted(times)
    for window in windows:
        for first, beyond in zip(ordered, ordered[window.limit :], strict=False):
            assert beyond - first > window.seconds, (window, first, beyond)


@given(WINDOWS, GAPS)
def test_no_window_is_ever_exceeded(windows: list[Window], gaps: list[float]) -> None:
    """Whatever the pattern of arrivals, every window holds at every moment."""
    clock = Clock()
    rate_limiter = RateLimiter(windows, clock=clock, stop=Stop(sleep=clock.sleep))
    times = []
    for gap in gaps:
        clock.sleep(gap)
        rate_limiter.wait()
        times.append(clock())
    assert_within(windows, times)


@given(WINDOWS, st.lists(st.tuples(st.sampled_from([0.0, 0.2]), st.floats(0, 2.5)), max_size=60))
def test_requests_that_leave_late_count_when_they_leave(
    windows: list[Window], asked: list[tuple[float, float]]
) -> None:
    """A slow connection delays a request after its booking; the windows hold all the same."""
    clock = Clock()
    rate_limiter = RateLimiter(windows, clock=clock, stop=Stop(sleep=clock.sleep))
    times: list[float] = []

    def leave(booking: Booking) -> None:
        times.append(clock())
        rate_limiter.settle(booking, clock())

    for gap, delay in asked:
        clock.sleep(gap)
        booking = rate_limiter.book()
        clock.plan(delay, lambda booking=booking: leave(booking))
    clock.sleep(10)
    assert len(times) == len(asked)
    assert_within(windows, times)


WAITS = st.sampled_from([0.0, 0.4])


@given(
    st.sampled_from([[Window(1, 1.0)], [Window(3, 1.0)], [Window(2, 1.0), Window(5, 4.0)]]),
    st.lists(
        st.tuples(WAITS, st.floats(0, 0.05)), min_size=FIRST_TRIPS - 1, max_size=FIRST_TRIPS - 1
    ),
    st.integers(0, FIRST_TRIPS - 1),
    st.lists(st.tuples(WAITS, st.floats(0, 0.45)), max_size=26),
)
def test_a_service_that_counts_arrivals_sees_no_breach(
    windows: list[Window],
    first: list[tuple[float, float]],
    quick: int,
    later: list[tuple[float, float]],
) -> None:
    """However long later requests are on their way, if one of the first ones came quickly; which
    one is not known before."""
    clock = Clock()
    rate_limiter = RateLimiter(windows, clock=clock, stop=Stop(sleep=clock.sleep))
    arrivals = []
    for gap, way in [*first[:quick], (0.0, 0.0), *first[quick:], *later]:
        clock.sleep(gap)
        booking = rate_limiter.book()
        rate_limiter.settle(booking)
        clock.sleep(way)
        arrivals.append(clock())
        clock.sleep(0.05)
        rate_limiter.answered(booking.at)
    assert_within(windows, arrivals)


def test_a_quick_answer_shows_that_requests_before_it_were_late() -> None:
    """The first request was long on its way, which nothing shows before the second comes back."""
    clock = Clock()
    rate_limiter = RateLimiter([Window(2, 1.0)], clock=clock, stop=Stop(sleep=clock.sleep))
    left = []
    for way in (0.22, 0.0):
        booking = rate_limiter.book()
        rate_limiter.settle(booking)
        left.append(booking.at)
        clock.sleep(way + 0.01)
        rate_limiter.answered(booking.at)
    assert rate_limiter.book().at - left[0] == pytest.approx(stretched(1) + 0.22)


def test_steady_answers_cost_nothing_and_slow_ones_little() -> None:
    """A round trip as long as the others moves nothing; one of seconds counts half a window, and
    each of the first, which have nothing to be compared with, a twentieth."""
    clock = Clock()
    rate_limiter = RateLimiter([Window(1, 1.0)], clock=clock, stop=Stop(sleep=clock.sleep))
    left = []
    for trip in (*[0.2] * FIRST_TRIPS, 0.2, 0.2, 0.9, 0.2):
        booking = rate_limiter.book()
        rate_limiter.settle(booking)
        left.append(booking.at)
        clock.sleep(trip)
        rate_limiter.answered(booking.at)
    usual = stretched(1)
    expected = [*[usual + 0.05] * FIRST_TRIPS, usual, usual, usual + 0.5]
    assert [b - a for a, b in itertools.pairwise(left)] == pytest.approx(expected)


@given(
    st.sampled_from(
        [
            [Window(5, 1.0)],
            [Window(1, 2.0)],
            [Window(10, 1.0), Window(300, 60.0)],
            [Window(3, 1.0), Window(7, 5.0)],
            [Window(2, 0.5), Window(5, 2.0), Window(9, 10.0)],
        ]
    ),
    GAPS,
)
def test_it_agrees_with_pyrate_limiter(windows: list[Window], gaps: list[float]) -> None:
    """Given the stretched windows, the reference lets each request go at the same moment."""
    clock = Clock()
    rate_limiter = RateLimiter(windows, clock=clock, stop=Stop(sleep=clock.sleep))
    # The reference counts both ends of a window, so its windows are one tick shorter.
    spans = [(w.limit, round(TICKS * stretched(w.seconds))) for w in windows]
    reference = InMemoryBucket([Rate(limit, span - 1) for limit, span in spans])
    for gap in gaps:
        clock.sleep(gap)
        waited = rate_limiter.wait()
        now = round(clock() * TICKS)
        if waited > 0:
            assert not reference.put(RateItem("request", now - 1)), "left later than needed"
        assert reference.put(RateItem("request", now)), "left too early"


@pytest.mark.parametrize("count", [1, 10, 11, 100, 162, 400])
def test_ten_a_second_and_300_a_minute_cost_little_more_than_the_floor(count: int) -> None:
    """With both windows the wall time is within 5 % of the least possible."""
    clock = Clock()
    rate_limiter = RateLimiter(
        [Window(10, 1.0), Window(300, 60.0)], clock=clock, stop=Stop(sleep=clock.sleep)
    )
    for _ in range(count):
        rate_limiter.wait()
    floor = (count - 1) // 10 if count <= 300 else 60 + (count - 301) // 10
    assert clock() - 500.0 <= floor * 1.05 + 1e-9
    assert clock() - 500.0 >= floor


def test_it_returns_and_adds_up_the_seconds_waited() -> None:
    """The caller learns what the rate cost, each time and in all."""
    clock = Clock()
    rate_limiter = RateLimiter([Window(2, 10.0)], clock=clock, stop=Stop(sleep=clock.sleep))
    waits = [rate_limiter.wait() for _ in range(5)]
    assert waits == pytest.approx([0, 0, stretched(10), 0, stretched(10)])
    assert rate_limiter.waited_seconds == pytest.approx(2 * stretched(10))


def test_threads_are_served_in_the_order_in_which_they_came() -> None:
    """First come, first served: no thread starves behind the others."""
    clock = Clock()
    asleep, gate = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        asleep.set()
        assert gate.wait(10)
        clock.sleep(seconds)

    rate_limiter = RateLimiter([Window(1, 1.0)], clock=clock, stop=Stop(sleep=sleep))
    served: list[int] = []

    def ask(number: int) -> None:
        rate_limiter.wait()
        served.append(number)

    rate_limiter.wait()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for number, thread in enumerate(threads):
        thread.start()
        assert asleep.wait(10)
        _until(lambda number=number: rate_limiter.queued == number)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert served == list(range(12))


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_many_threads_together_keep_the_windows(kind: str, tmp_path: Path) -> None:
    """Eight threads on one rate_limiter never exceed what one thread may."""
    windows = [Window(3, 0.5), Window(10, 5.0)]
    clock = Clock()
    state: RateState = MemoryState() if kind == "memory" else FileState(tmp_path / "a")
    rate_limiter = RateLimiter(windows, clock=clock, stop=Stop(sleep=clock.sleep), state=state)
    times = _in_threads([rate_limiter] * 8, 10)
    assert len(times) == 80
    assert_within(windows, times)


@given(
    WINDOWS, st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.1, 2.0])), max_size=50)
)
@settings(max_examples=50)
def test_several_throttles_on_one_file_share_one_rate(
    tmp_path_factory: pytest.TempPathFactory, windows: list[Window], asked: list[tuple[int, float]]
) -> None:
    """Four throttles with a state each, as four processes have them, keep the windows together."""
    clock = Clock()
    path = tmp_path_factory.mktemp("rates") / "account"
    throttles = [
        RateLimiter(windows, clock=clock, stop=Stop(sleep=clock.sleep), state=FileState(path))
        for _ in range(4)
    ]
    times = []
    for who, gap in asked:
        clock.sleep(gap)
        throttles[who].wait()
        times.append(clock())
    assert_within(windows, times)


def test_threads_with_a_state_each_keep_the_windows_together(tmp_path: Path) -> None:
    """The lock on the file also holds between threads that opened it themselves."""
    windows = [Window(4, 1.0)]
    clock = Clock()
    throttles = [
        RateLimiter(
            windows, clock=clock, stop=Stop(sleep=clock.sleep), state=FileState(tmp_path / "a")
        )
        for _ in range(6)
    ]
    times = _in_threads(throttles, 8)
    assert len(times) == 48
    assert_within(windows, times)


def test_nothing_leaves_during_a_hold_and_holds_only_extend() -> None:
    """A shorter hold after a longer one changes nothing."""
    clock = Clock()
    rate_limiter = RateLimiter([Window(5, 1.0)], clock=clock, stop=Stop(sleep=clock.sleep))
    rate_limiter.hold(30)
    rate_limiter.hold(5)
    assert rate_limiter.wait() == pytest.approx(30)


def test_a_hold_that_comes_while_somebody_waits_is_kept() -> None:
    """The one who is about to leave looks again before leaving."""
    clock = Clock()
    rate_limiter = RateLimiter([Window(1, 1.0)], clock=clock, stop=Stop(sleep=clock.sleep))
    rate_limiter.wait()
    clock.plan(0.5, lambda: rate_limiter.hold(30))
    assert rate_limiter.wait() == pytest.approx(30.5)


def test_a_hold_longer_than_the_patience_is_an_error() -> None:
    """Nobody sleeps for an hour in silence: the error says when to come back."""
    clock = Clock()
    rate_limiter = RateLimiter([], clock=clock, stop=Stop(sleep=clock.sleep))
    rate_limiter.hold(3600)
    with pytest.raises(LongSilence, match="60 minutes") as caught:
        rate_limiter.book(longest_hold=900)
    assert caught.value.retry_after == pytest.approx(3600)
    assert clock() == 500.0


def test_without_windows_there_is_no_file_but_holds_work(tmp_path: Path) -> None:
    """An unlimited account pays nothing for the rate_limiter."""
    clock = Clock()
    rate_limiter = RateLimiter(
        [], clock=clock, stop=Stop(sleep=clock.sleep), state=FileState(tmp_path / "a")
    )
    for _ in range(1000):
        rate_limiter.wait()
    assert rate_limiter.waited_seconds == 0
    rate_limiter.hold(2)
    assert rate_limiter.wait() == pytest.approx(2)
    assert not list(tmp_path.iterdir())


def test_a_sleep_that_raises_books_nothing_and_lets_the_next_one_in() -> None:
    """A stop asked for during a wait ends it without costing a place in the rate."""
    clock = Clock()
    stops = [True]

    def sleep(seconds: float) -> None:
        if stops.pop() if stops else False:
            raise KeyboardInterrupt
        clock.sleep(seconds)

    rate_limiter = RateLimiter([Window(1, 1.0)], clock=clock, stop=Stop(sleep=sleep))
    rate_limiter.wait()
    with pytest.raises(KeyboardInterrupt):
        rate_limiter.wait()
    assert rate_limiter.wait() == pytest.approx(stretched(1))


def _until(true: Any) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if true():
            return
        pause.wait(0.001)
    raise AssertionError("it never came true")


def _in_threads(throttles: Sequence[RateLimiter], each: int) -> list[float]:
    """The booked times of all requests, asked by one thread for each rate_limiter."""
    times: list[float] = []

    def ask(rate_limiter: RateLimiter) -> None:
        for _ in range(each):
            booking = rate_limiter.book()
            times.append(booking.at)
            rate_limiter.settle(booking)

    threads = [threading.Thread(target=ask, args=(rate_limiter,)) for rate_limiter in throttles]
    usual = sys.getswitchinterval()
    # Threads that change at every turn meet in all the awkward places.
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    finally:
        sys.setswitchinterval(usual)
    return times
