"""Waits until a request may leave: several windows at once, and silence when it is asked for.

A request counts from the moment that it really left. Between being booked and leaving, a
request may still connect or wait for the processor, so a booked one that has not left counts
as leaving just now; otherwise late ones of one burst would meet the next burst at the server.
"""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.core.errors import LongSilence
from connectors.http.arrival import ArrivalEstimate
from connectors.http.config import Window
from connectors.http.rate_store import LONGEST_HOLD, MemoryState, RateLog, RateState
from connectors.http.stopping import Stop

LONGEST_SILENCE = 900.0
"""Seconds. Who is told to stay away for longer is better told so than left waiting."""
ARRIVAL_SECONDS = 0.012
CLOCK_SHARE = 0.0005
"""Each window is stretched by 12 ms and by half a thousandth: the service counts arrivals, by its
own clock. Two requests that left a second apart arrive closer when the first took a longer way;
most of that is estimated when the answer comes (`answered`), and the rest does not grow with the
window. How far two clocks come apart grows with it; no system corrects its own by more."""


@dataclass(frozen=True)
class Booking:
    """Leave to send one request; `waited` counts the queue too, `slept` only its head."""

    at: float
    waited: float = 0.0
    slept: float = 0.0


class RateLimiter:
    """Lets requests leave under every window; safe for threads, first come first served.

    With a `FileState` the windows hold for all processes together, also after `kill -9`: a
    booking is written before its request leaves. Processes among each other are served as
    they come. Without windows nothing is counted and no file is touched; holds still work.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        penalty_seconds: float = 0.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        stop: Stop | None = None,
        state: RateState | None = None,
    ) -> None:
        """Waits end with Stopped when `stop` says so: nothing is booked then."""
        self.windows = tuple(windows)
        self.penalty_seconds = penalty_seconds
        self.waited_seconds = 0.0
        """Seconds that the limiter held everything up; never more than passed by the clock."""
        self._clock = clock
        self._stop = stop or Stop()
        self._state = state if state is not None and self.windows else MemoryState()
        self._spans = [(window.limit, stretched(window.seconds)) for window in self.windows]
        self._most = max((window.limit for window in self.windows), default=0)
        self._queue = _Queue()
        self._arrivals = ArrivalEstimate(min((w.seconds for w in self.windows), default=0.0))
        self._arrivals_lock = threading.Lock()
        """Held until the log has the new estimate: the next one builds on it."""
        self._lock = threading.Lock()
        self._open: list[float] = []

    def wait(self) -> float:
        """Block until one request may leave, count it as leaving now, return seconds waited."""
        booking = self.book()
        self.settle(booking)
        return booking.waited

    def book(self, longest_hold: float | None = None) -> Booking:
        """Block until one request may leave and count it; `settle` must follow.

        A hold that lasts more than `longest_hold` seconds raises LongSilence instead.
        """
        came = self._clock()
        slept = 0.0
        with self._queue.turn():
            while True:
                # Never sleep with the log in hand: other processes need it.
                with self._state.opened(self._clock) as log:
                    now = self._clock()
                    if log.lost:
                        self._assume_steady(log, now)
                    held = log.hold_until - now
                    pause = max(held, self._ready_at(log, now) - now)
                    if pause <= 0:
                        self._add(log, now)
                        break
                if longest_hold is not None and held > longest_hold:
                    raise LongSilence(
                        f"the service wants silence for another {duration_text(held)}",
                        retry_after=held,
                    )
                self._stop.sleep(pause)
                slept += self._clock() - now
                self.waited_seconds += self._clock() - now
            if self.windows:
                with self._lock:
                    self._open.append(now)
        return Booking(now, now - came, slept)

    def settle(self, booking: Booking, left_at: float | None = None) -> None:
        """Say when a booked request left by the clock; None leaves it at the booked time.

        To be called once for each booking, also when the request never left.
        """
        if not self.windows:
            return
        if left_at is None or left_at <= booking.at:
            with self._lock:
                self._open.remove(booking.at)
            return
        with self._state.opened(self._clock) as log:
            with self._lock:
                self._open.remove(booking.at)
            self._move(log, booking.at, left_at)

    def answered(self, left_at: float) -> None:
        """The answer to the request that left then begins to arrive now: if it was slow, the
        request counts from its estimated arrival."""
        if not self.windows:
            return
        with self._arrivals_lock:
            moves = self._arrivals.answered(left_at, self._clock())
            if not moves:
                return
            with self._state.opened(self._clock) as log:
                for counted_at, at in moves:
                    if counted_at in log.times or counted_at == left_at:
                        self._move(log, counted_at, at)

    @property
    def queued(self) -> int:
        """The threads that wait in line behind the one that is next to leave."""
        return len(self._queue)

    def hold(self, seconds: float) -> None:
        """Nothing leaves for so many seconds (a day at most); a longer hold stays as it is."""
        with self._state.opened(self._clock) as log:
            until = self._clock() + min(seconds, LONGEST_HOLD)
            if until > log.hold_until:
                log.hold_until = until
                log.changed = True

    def _ready_at(self, log: RateLog, now: float) -> float:
        """The first moment at which every window has room, as far as is known now."""
        with self._lock:
            waiting = list(self._open)
        times = log.times
        if waiting:
            times = list(times)
            for booked in waiting:
                if booked in times:
                    times.remove(booked)
            times.extend([now] * len(waiting))
        return max(
            (times[-limit] + span for limit, span in self._spans if len(times) >= limit),
            default=now,
        )

    def _move(self, log: RateLog, counted_at: float, at: float) -> None:
        # It may have been dropped as one of the oldest; now it is a young one again.
        if counted_at in log.times:
            log.times.remove(counted_at)
        self._add(log, at)

    def _add(self, log: RateLog, at: float) -> None:
        if not self.windows:
            return
        # Another process may run with larger windows: never shorten its log.
        log.most = max(self._most, log.most)
        insort(log.times, at)
        del log.times[: -log.most]
        log.changed = True

    def _assume_steady(self, log: RateLog, now: float) -> None:
        """Fill a lost log as a steady sync would have: full windows, evenly spread.

        That is what an earlier kollect most likely left behind. The next request then waits
        for one step of the sustained rate, where windows filled just now would keep everyone
        silent for a minute because of a damaged file.
        """
        step = max((span / limit for limit, span in self._spans), default=0.0)
        log.times = [now - step * back for back in range(self._most - 1, -1, -1)]
        log.lost = False
        log.changed = True


def stretched(seconds: float) -> float:
    """How long a window is kept that the service calls so many seconds long."""
    return ARRIVAL_SECONDS + seconds * (1 + CLOCK_SHARE)


class _Queue:
    """Lets threads through one at a time, in the order in which they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._waiting: deque[threading.Event] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            if not self._busy:
                self._busy = True
                return
            gate = threading.Event()
            self._waiting.append(gate)
        try:
            gate.wait()
        except BaseException:
            # Interrupted (Ctrl-C): step out of the queue, or pass on a turn just received.
            with self._lock:
                called = gate.is_set()
                if not called:
                    self._waiting.remove(gate)
            if called:
                self._leave()
            raise

    def _leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False


def duration_text(seconds: float) -> str:
    """A length of time as a person says it."""
    minutes = round(seconds / 60)
    if minutes > 2 * 24 * 60:
        return f"{round(minutes / 24 / 60)} days"
    return f"{seconds:.0f} seconds" if minutes < 2 else f"{minutes} minutes"
