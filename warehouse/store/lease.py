"""A little patience before the writer's file is let go: the next load is often at hand.

To attach the file and to let it go, with a checkpoint, takes longer than a small load itself, and
one after the other many families are loaded. Others wait for the file no longer than they would
for one more load: only loads keep it, and each for a moment.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

MOMENT_SECONDS = 0.25


class Lease:
    """Holds what `opened` opens for a moment after its use; for several threads of one run."""

    def __init__(
        self, opened: Callable[[], AbstractContextManager[None]], seconds: float = MOMENT_SECONDS
    ) -> None:
        self._new = opened
        self._seconds = seconds
        self._lock = threading.Lock()
        self._held: contextlib.ExitStack | None = None
        self._timer: threading.Timer | None = None
        self._failure: BaseException | None = None

    @contextlib.contextmanager
    def used(self, *, stay: bool) -> Iterator[None]:
        """For this thread alone; with `stay` it is let go a moment later, else as it was found.

        Raises what opening raises, and what went wrong when it was let go meanwhile.
        """
        with self._lock:
            self._raise_failure()
            found = self._held is not None
            if self._held is None:
                self._held = contextlib.ExitStack()
                try:
                    self._held.enter_context(self._new())
                except BaseException:
                    self._held = None
                    raise
            try:
                yield
            except BaseException:
                self._let_go()
                raise
            if stay:
                self._wait_a_moment()
            elif not found:
                self._let_go()

    def end(self) -> None:
        """Let go now; raises what went wrong with that, or before."""
        with self._lock:
            self._let_go()
            self._raise_failure()

    def _wait_a_moment(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._seconds, self._time_is_up)
        self._timer.daemon = True
        self._timer.start()

    def _time_is_up(self) -> None:
        with self._lock:
            if threading.current_thread() is not self._timer:
                return  # it was taken up again while this thread waited for its turn
            try:
                self._let_go()
            except Exception as error:  # noqa: BLE001 - whoever uses it next is told
                self._failure = error

    def _let_go(self) -> None:
        held, self._held, timer, self._timer = self._held, None, self._timer, None
        if timer is not None:
            timer.cancel()
        if held is not None:
            held.close()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
