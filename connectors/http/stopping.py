"""Waits that end at once when the program is to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from connectors.core.errors import Stopped

POLL_SECONDS = 0.2
"""The longest time until a stop is noticed; the program has to end within two seconds."""
Found = TypeVar("Found")


class Stop:
    """A stop that every wait of a client or a download looks at; safe for threads."""

    def __init__(
        self,
        program: threading.Event | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """`program` stops all who share it, `set` only this one. Tests give their own `sleep`."""
        self._program = program
        self._own = threading.Event()
        self._sleep = sleep

    def set(self) -> None:
        """From now on every wait raises Stopped."""
        self._own.set()

    @property
    def asked(self) -> bool:
        return self._own.is_set() or (self._program is not None and self._program.is_set())

    def check(self) -> None:
        """Raises Stopped where a stop was asked for."""
        if self.asked:
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Wait; raises Stopped as soon as a stop is asked for."""
        self.check()
        if self._sleep is not None:
            self._sleep(seconds)
        else:
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0 and not self.asked:
                self._own.wait(min(left, POLL_SECONDS))
        self.check()

    def run(self, blocking: Callable[[], Found]) -> Found:
        """What a call returns that cannot be interrupted; a stop abandons its thread."""
        outcome: Future[Found] = Future()

        def work() -> None:
            try:
                outcome.set_result(blocking())
            except BaseException as error:  # noqa: BLE001  (raised again by who waits)
                outcome.set_exception(error)

        threading.Thread(target=work, name="http-connect", daemon=True).start()
        while not wait([outcome], POLL_SECONDS).done:
            self.check()
        return outcome.result()
