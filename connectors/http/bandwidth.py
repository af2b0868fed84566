"""A limit of bytes per second, shared by the threads that receive files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from connectors.http.stopping import Stop

BURST_SECONDS = 0.25
"""So much may come at once after a pause; more would be felt by others on the line."""


class BandwidthLimit:
    """Lets at most `bytes_per_second` pass over all threads together; 0 for no limit."""

    def __init__(
        self,
        bytes_per_second: float = 0.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        stop: Stop | None = None,
    ) -> None:
        self._rate = bytes_per_second
        self._clock = clock
        self._stop = stop or Stop()
        self._lock = threading.Lock()
        self._paid_until = float("-inf")

    def spend(self, count: int) -> None:
        """Account for bytes that came, and wait until they were due."""
        if self._rate <= 0:
            return
        with self._lock:
            now = self._clock()
            start = max(self._paid_until, now - BURST_SECONDS)
            self._paid_until = start + count / self._rate
            pause = self._paid_until - now
        if pause > 0:
            self._stop.sleep(pause)
