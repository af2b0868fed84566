"""Events of a client for logs and progress, and its running totals."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LOGGER = logging.getLogger("kollect.http")

Field = str | int | float | bool | None


@dataclass(frozen=True)
class Event:
    """One thing that happened, without secrets.

    `request` before a request leaves, `answer` after any answer, `throttled` where that says
    "too many", `hold` when everything pauses, `retry` before asking again, `login`; `file` when a
    file host has answered (its name alone, since addresses may be signed).
    """

    kind: str
    account: str
    fields: Mapping[str, Field]

    def __str__(self) -> str:
        """One line: `kind account=... key=value ...`; values with spaces are quoted."""
        pairs = {"account": self.account, **self.fields}
        return " ".join([self.kind, *(f"{key}={_plain(value)}" for key, value in pairs.items())])


def _plain(value: Field) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    bare = text.isprintable() and not set(text) & {" ", '"'}
    return text if bare and text else json.dumps(text, ensure_ascii=False)


class Reporter:
    """Gives events to the log (at debug level) and to whoever listens, on the asking thread."""

    def __init__(self, account: str, on_event: Callable[[Event], None] | None) -> None:
        self._account = account
        self._on_event = on_event

    def __call__(self, kind: str, **fields: Field) -> None:
        wanted = LOGGER.isEnabledFor(logging.DEBUG)
        if not wanted and self._on_event is None:
            return
        event = Event(kind, self._account, fields)
        if wanted:
            LOGGER.debug("%s", event)
        if self._on_event is not None:
            self._on_event(event)


@dataclass(frozen=True)
class Statistics:
    """Totals of one client since it was made."""

    requests: int = 0
    """Everything that left: repeats, redirects and logins too."""
    retries: int = 0
    rate_limited: int = 0
    """Answers that say "too many requests"."""
    waited_seconds: float = 0.0
    """Spent waiting for the rate or before asking again; threads that queue count once."""
    bytes: int = 0
    """Received in bodies, before unpacking."""


class Meter:
    """Counts for several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = Statistics()

    def add(
        self,
        *,
        requests: int = 0,
        retries: int = 0,
        rate_limited: int = 0,
        waited_seconds: float = 0.0,
        bytes: int = 0,
    ) -> None:
        with self._lock:
            now = self._now
            self._now = Statistics(
                now.requests + requests,
                now.retries + retries,
                now.rate_limited + rate_limited,
                now.waited_seconds + waited_seconds,
                now.bytes + bytes,
            )

    @property
    def now(self) -> Statistics:
        return self._now
