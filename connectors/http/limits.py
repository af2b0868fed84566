"""Limits for answers while they are received: how slow they may be, how much memory they take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import httpx

from connectors.core.errors import TimedOut
from connectors.http.stopping import POLL_SECONDS, Stop

LEAST_SPEED = 100
"""Bytes per second: less than any line that people still use."""
SPEED_SECONDS = 30.0
"""For so long a host may be slower than that."""


class WatchedStream(httpx.SyncByteStream):
    """The bytes of an answer; raises TimedOut where they only drip, or take too long in all."""

    def __init__(
        self,
        stream: httpx.SyncByteStream,
        stop: Stop,
        clock: Callable[[], float],
        end: float = float("inf"),
    ) -> None:
        """`end` is a time of the clock. Time that the receiver spends elsewhere does not count
        for the speed."""
        self._stream = stream
        self._stop = stop
        self._clock = clock
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        seconds, size = 0.0, 0
        pieces = iter(self._stream)
        while True:
            began = self._clock()
            piece = next(pieces, None)
            now = self._clock()
            self._stop.check()
            if piece is None:
                return
            seconds, size = seconds + now - began, size + len(piece)
            if now > self._end:
                raise TimedOut("the answer had not ended in time")
            if seconds >= SPEED_SECONDS:
                if size < LEAST_SPEED * seconds:
                    raise TimedOut(f"only {size} bytes came in {seconds:.0f} seconds")
                seconds, size = 0.0, 0
            yield piece

    def close(self) -> None:
        self._stream.close()


class ByteBudget:
    """How many bytes of answers may be in memory while they come, over all threads.

    Whoever began first may always go on, so one answer larger than the budget still comes.
    """

    def __init__(self, limit: int, stop: Stop) -> None:
        self._limit = limit
        self._stop = stop
        self._changed = threading.Condition()
        self._held: dict[object, int] = {}

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Gives a function that takes so many bytes more and waits until they fit."""
        ticket = object()
        with self._changed:
            self._held[ticket] = 0
        try:
            yield partial(self._take, ticket)
        finally:
            with self._changed:
                del self._held[ticket]
                self._changed.notify_all()

    def _take(self, ticket: object, count: int) -> None:
        with self._changed:
            while (
                sum(self._held.values()) + count > self._limit
                and next(iter(self._held)) is not ticket
            ):
                self._changed.wait(POLL_SECONDS)
                self._stop.check()
            self._held[ticket] += count
