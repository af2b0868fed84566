"""Who watches the limits: counts requests as they arrive and refuses above the declared rate.

The referee knows only arrival times. It is as strict as a service could be: refused
requests count too, and a window is any stretch of time, not a calendar second.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import formatdate

from sandbox.core.messages import Response
from sandbox.core.service import Service, Window

RETRY_AFTER_FORMS = ("none", "seconds", "date")


@dataclass(frozen=True)
class Violation:
    """One request that came when a window was already full."""

    time: float
    window: Window


class Referee:
    """Sliding windows and the penalty after a breach of one, for one stand-in.

    `violations` holds every request that broke a window, `trespasses` the time of every
    request that came while a penalty was running: both stay empty with a polite client.
    """

    def __init__(
        self,
        windows: Iterable[Window],
        penalty_seconds: float = 0.0,
        *,
        on: bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.windows = tuple(windows)
        self.penalty_seconds = penalty_seconds
        self.on = on
        self.retry_after = "none"
        self.violations: list[Violation] = []
        self.trespasses: list[float] = []
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        # The newest `limit` arrivals of each window: it is full when the oldest is too young.
        self._arrivals = [deque[float](maxlen=window.limit) for window in self.windows]
        self._silent_until = -math.inf

    def judge(self) -> float | None:
        """Count one request that arrives now: None if it may pass, else seconds to wait."""
        with self._lock:
            now = self._clock()
            if not self.on:
                return None
            broken: Window | None = None
            for window, arrivals in zip(self.windows, self._arrivals, strict=True):
                full = len(arrivals) == window.limit and now - arrivals[0] < window.seconds
                if full and broken is None:
                    broken = window
                arrivals.append(now)
            if now < self._silent_until:
                self.trespasses.append(now)
                return self._silent_until - now
            if broken is None:
                return None
            self.violations.append(Violation(now, broken))
            self._silent_until = now + self.penalty_seconds
            return max(self.penalty_seconds, broken.seconds)

    def punish(self, seconds: float) -> None:
        """Refuse everything for some seconds from now, as after a breach."""
        with self._lock:
            self._silent_until = self._clock() + seconds

    def refuse(self, service: Service, wait: float) -> Response:
        """The service's refusal, with the Retry-After header in the form that is set."""
        if self.retry_after == "seconds":
            return service.throttled(float(math.ceil(wait)))
        response = service.throttled(None)
        if self.retry_after == "none":
            return response
        when = formatdate(math.ceil(self._wall_clock() + wait), usegmt=True)
        return Response(response.status, response.body, {**response.headers, "Retry-After": when})

    def set_retry_after(self, form: str) -> None:
        """Choose the form of Retry-After; raises ValueError for an unknown one."""
        if form not in RETRY_AFTER_FORMS:
            raise ValueError(f"retry_after is one of {RETRY_AFTER_FORMS}, not {form!r}")
        self.retry_after = form

    def reset(self) -> None:
        """Forget all arrivals, violations and any penalty."""
        with self._lock:
            self.violations.clear()
            self.trespasses.clear()
            self._silent_until = -math.inf
            for arrivals in self._arrivals:
                arrivals.clear()
