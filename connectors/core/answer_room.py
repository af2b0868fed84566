"""A memory limit for answers that have arrived and were not handed over yet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

from connectors.core.listing import Page


class AnswerRoom:
    """Holds back further requests while such answers take up `most_bytes` or more.

    Answers are taken in the order asked, and threads take up requests in that order too. So the
    request whose answer is wanted next is never among those held back.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._bytes = 0
        self._under_way = 0
        self._closed = False

    def fill(self, get: Callable[[], Page]) -> Page:
        """What a request brings, asked for once there is room for it."""
        with self._changed:
            # With none under way, what is wanted next may be this one.
            while self._under_way and self._bytes >= self._most_bytes and not self._closed:
                self._changed.wait()
            if self._closed:
                raise CancelledError
            self._under_way += 1
        size = 0
        try:
            page = get()
            size = page.size
            return page
        finally:
            with self._changed:
                self._under_way -= 1
                self._bytes += size
                self._changed.notify_all()

    def take(self, future: Future[Page]) -> Page:
        """The answer of a request, which makes room for another; raises what it raised."""
        page = future.result()
        with self._changed:
            self._bytes -= page.size
            self._changed.notify_all()
        return page

    def close(self) -> None:
        """No further request is sent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
