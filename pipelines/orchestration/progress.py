"""Progress of long operations as lines in the log of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.sync.result import AccountResult, Progress
    from warehouse.progress import Step

MOST_NAMED = 5
PROGRESS_SECONDS = 5.0
"""A long operation writes a line into the log so often."""


class ProgressLog:
    """Turns the progress of a sync into a line of the log every few seconds.

    Changed tables, messages and problems are written at once.
    """

    def __init__(
        self, log: Any, clock: Callable[[], float], seconds: float = PROGRESS_SECONDS
    ) -> None:
        self._log = log
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._answers = 0
        self._family = ""
        self._last = clock()

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            if progress.kind == "request":
                self._request(progress)
            elif progress.kind == "family":
                self._family = str(progress.fields.get("family", ""))
            elif progress.kind == "loaded":
                row = progress.fields.get("row", {})
                if any(row.get(n) for n in ("inserted", "updated", "deleted", "rejected")):
                    self._log.info(progress.text)
            elif progress.kind == "problem":
                self._log.warning(progress.text)
            else:
                self._log.info(progress.text)

    def _request(self, progress: Progress) -> None:
        event = progress.fields.get("event")
        if event == "answer":
            self._answers += 1
        elif event == "throttled":
            self._log.warning(f"the service asks for fewer requests: {progress.text}")
        if self._clock() - self._last >= self._seconds:
            self._last = self._clock()
            self._log.info(f"reading {self._family}: {self._answers:,} answers so far")


class StepLog:
    """Turns the steps of a backup or a verification into a line every few seconds.

    Problems, waits for another process and the end are written at once.
    """

    def __init__(
        self, log: Any, clock: Callable[[], float], seconds: float = PROGRESS_SECONDS
    ) -> None:
        self._log = log
        self._clock = clock
        self._seconds = seconds
        self._last = clock()

    def __call__(self, step: Step) -> None:
        if step.kind in ("step", "bytes"):
            if self._clock() - self._last < self._seconds:
                return
            self._last = self._clock()
        share = f" ({100 * step.done // step.total} %)" if step.total else ""
        write = self._log.warning if step.kind == "problem" else self._log.info
        write(f"{step.text}{share}")


def changes(counts: Mapping[str, Any]) -> str:
    """What a load changed, in words; empty where nothing changed."""
    names = ("inserted", "updated", "deleted")
    return ", ".join(f"{counts[name]:,} {name}" for name in names if counts[name])


def in_one_line(result: AccountResult) -> str:
    """What a whole sync did, for the end of the log."""
    loads = result.tables.values()
    names = ("inserted", "updated", "deleted", "rejected")
    total = {name: sum(load.get(name) or 0 for load in loads) for name in names}
    parts = [f"{result.account}: {result.status}, {len(loads)} tables read"]
    parts.append(changes(total) or "nothing changed")
    parts += [f"{total['rejected']:,} rejected"] if total["rejected"] else []
    parts += [result.files.sentence] if result.files is not None else []
    return (
        f"{'; '.join(parts)} ({result.requests:,} requests, {result.bytes:,} bytes, "
        f"{result.waited_seconds:.1f} s waited for the rate)"
    )


def unproved_in_words(result: AccountResult) -> str:
    """Which tables a sync did not prove complete, and why the first of them."""
    wrong = {name: load for name, load in result.tables.items() if not load.get("complete")}
    names = ", ".join(list(wrong)[:MOST_NAMED])
    more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    why = next((load["reason"] for load in wrong.values() if load.get("reason")), "no reason given")
    return f"{result.account}: not proved complete: {names}{more} ({why})"
