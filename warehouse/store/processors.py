"""Which processors work on what: Python's threads share one, DuckDB's work beside them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""Those that this process may use; empty where the system does not say."""


@contextlib.contextmanager
def one_processor() -> Iterator[None]:
    """Keep this thread, and those that it starts, on one processor meanwhile (Linux only).

    Python's threads take turns. Where each turn is on another processor, what they share is
    fetched from the other's cache over and over: an answer costs 1.7 times as much work.
    """
    if not PROCESSORS:
        yield
        return
    os.sched_setaffinity(0, {PROCESSORS[os.getpid() % len(PROCESSORS)]})
    try:
        yield
    finally:
        any_processor()


def any_processor() -> None:
    """Let this thread run anywhere again; for work that DuckDB does beside Python's."""
    if PROCESSORS:
        os.sched_setaffinity(0, PROCESSORS)
