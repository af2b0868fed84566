"""The writer's file: attached for one process at a time, and kept attached between loads.

Attaching and detaching costs about 10 ms, and a run does it some 30 times: together that is more
than a third of an unchanged sync. So within `keeping` the file stays attached for 250 ms after
each use (docs/decisions.md has the figures). Another process waits at most that much longer.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

KEEP_SECONDS = 0.25


class KeptAttached:
    """Keeps what `attach` attaches for a moment after each use; for several threads of one run."""

    def __init__(
        self, attach: Callable[[], AbstractContextManager[None]], seconds: float = KEEP_SECONDS
    ) -> None:
        self._attach = attach
        self._seconds = seconds
        self._lock = threading.Lock()
        self._attached: contextlib.ExitStack | None = None
        self._timer: threading.Timer | None = None
        self._failure: Exception | None = None

    @property
    def is_attached(self) -> bool:
        """Whether the next use would find it attached, unless its time ends before."""
        return self._attached is not None

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Attached, for this thread alone; detached at once where the block raises.

        Raises what attaching raises, and the error of a detaching that failed since the last use.
        """
        with self._lock:
            self._raise_failure()
            self._cancel_timer()
            if self._attached is None:
                stack = contextlib.ExitStack()
                stack.enter_context(self._attach())
                self._attached = stack
            try:
                yield
            except BaseException:
                self._detach()
                raise
            self._timer = threading.Timer(self._seconds, self._time_is_up)
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        """Detach now; raises the error of this or of an earlier detaching."""
        with self._lock:
            self._cancel_timer()
            self._detach()
            self._raise_failure()

    def _time_is_up(self) -> None:
        with self._lock:
            if threading.current_thread() is not self._timer:
                return  # used again while this thread waited for the lock
            try:
                self._detach()
            except Exception as error:  # noqa: BLE001 - raised at the next use
                self._failure = error

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _detach(self) -> None:
        attached, self._attached = self._attached, None
        if attached is not None:
            attached.close()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
