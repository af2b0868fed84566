"""What a sync shows while it runs: a bar for each account on a terminal, plain lines elsewhere,
JSON lines where programs read along.

All of them tell the same: requests done of expected, the rate, and the time left.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, Protocol

from pipelines.cli.log_file import LOGGER
from pipelines.cli.render import harmless, span
from pipelines.sync.result import Progress

FORMS = ("auto", "plain", "json", "none")
LINE_SECONDS = {"plain": 10.0, "json": 1.0}
"""Each account's requests are told at most this often."""
WORDS_SECONDS = 10.0
"""What goes wrong and is tried again is told at most this often for an account."""
PASSING = ("family", "files", "loaded", "request")
"""Kinds of progress that a bar shows in its own line."""


@dataclass
class Count:
    """The requests of one account."""

    expected: int = 0
    """0 where nobody knows."""
    done: int = 0
    began: float = 0.0
    here: int = 0
    """Of `done`, those of this process: staged ones took no time."""
    shown_at: float = 0.0
    words_at: float = -1e9

    def per_second(self, now: float) -> float:
        return self.here / max(now - self.began, 0.1)

    def seconds_left(self, now: float) -> float | None:
        """None where it cannot be told: nothing is expected, or more was done already."""
        left = self.expected - self.done
        return left / self.per_second(now) if self.here and left >= 0 and self.expected else None

    def text(self, now: float) -> str:
        """`230 of about 340 requests, 5.0/s, about 22 s left`."""
        of = f" of about {self.expected:,}" if self.expected >= self.done else ""
        left = self.seconds_left(now)
        ends = f", about {span(left)} left" if left else ""
        noun = "request" if self.done == 1 and not of else "requests"
        return f"{self.done:,}{of} {noun}, {self.per_second(now):.1f}/s{ends}"


class Display(Protocol):
    """One of the ways to show progress; called under a lock."""

    def requests(self, account: str, count: Count, now: float) -> None: ...

    def words(self, account: str, kind: str, text: str) -> None: ...


class PlainLines:
    """Lines for logs."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def requests(self, account: str, count: Count, now: float) -> None:
        if now - count.shown_at >= LINE_SECONDS["plain"]:
            count.shown_at = now
            self._write(f"{account}: {count.text(now)}")

    def words(self, account: str, kind: str, text: str) -> None:
        if kind != "family":
            self._write(f"{account}: {text}")

    def _write(self, text: str) -> None:
        self._stream.write(f"{harmless(text)}\n")
        self._stream.flush()


class JsonLines:
    """One object a line: `kind` is `requests`, or that of what is told in words."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def requests(self, account: str, count: Count, now: float) -> None:
        if now - count.shown_at < LINE_SECONDS["json"]:
            return
        count.shown_at = now
        left = count.seconds_left(now)
        self._write(
            account,
            "requests",
            done=count.done,
            expected=count.expected or None,
            per_second=round(count.per_second(now), 2),
            seconds_left=None if left is None else round(left, 1),
        )

    def words(self, account: str, kind: str, text: str) -> None:
        self._write(account, kind, text=text)

    def _write(self, account: str, kind: str, **fields: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "account": account, "kind": kind, **fields}
        self._stream.write(json.dumps(line, ensure_ascii=True) + "\n")
        self._stream.flush()


class Bars:
    """One line for each account, which is never wider than the terminal."""

    def __init__(self, bars: Any) -> None:
        """`bars` is a started `rich.progress.Progress`."""
        self._bars = bars
        self._tasks: dict[str, Any] = {}

    def _task(self, account: str) -> Any:
        if account not in self._tasks:
            self._tasks[account] = self._bars.add_task(account, total=None, text="")
        return self._tasks[account]

    def requests(self, account: str, count: Count, now: float) -> None:
        total = max(count.expected, count.done) or None
        self._bars.update(
            self._task(account), completed=count.done, total=total, text=count.text(now)
        )

    def words(self, account: str, kind: str, text: str) -> None:
        from rich.text import Text

        if kind == "files":
            self._bars.update(self._task(account), text=harmless(text))
        elif kind not in PASSING:
            self._bars.console.print(Text(harmless(f"{account}: {text}")))


class SyncProgress:
    """Called with each Progress of a sync, on any thread."""

    def __init__(
        self,
        display: Display,
        *,
        live: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.live = live
        """Whether somebody follows it while it runs."""
        self._display = display
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, Count] = {}
        self._look_up: Callable[[], Mapping[str, int]] | None = None

    def expect_recorded(self, look_up: Callable[[], Mapping[str, int]]) -> None:
        """Account -> requests, as recorded; looked up when a line first needs it, since most
        syncs that nobody follows end before."""
        self._look_up = look_up

    def expect(self, account: str, requests: int) -> None:
        """How many requests the sync of an account will need, about."""
        with self._lock:
            self._count(account).expected = requests

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            count, now = self._count(progress.account), self._clock()
            if progress.kind == "request":
                self._request(progress, count, now)
                return
            if progress.kind == "resumed":
                count.done += int(progress.fields.get("pages", 0))
            if progress.kind not in ("family", "files"):
                LOGGER.info("%s: %s", progress.account, progress.text)
            if progress.kind != "loaded" or _changed(progress.fields):
                self._display.words(progress.account, progress.kind, progress.text)

    def _count(self, account: str) -> Count:
        now = self._clock()
        return self._counts.setdefault(account, Count(began=now, shown_at=now))

    def _request(self, progress: Progress, count: Count, now: float) -> None:
        event = progress.fields.get("event")
        if event == "answer":
            count.done += 1
            count.here += 1
            if self._look_up is not None and now - count.began >= LINE_SECONDS["plain"]:
                look_up, self._look_up = self._look_up, None
                for account, requests in look_up().items():
                    self._count(account).expected = requests
            self._display.requests(progress.account, count, now)
        elif event in ("retry", "hold") and now - count.words_at >= WORDS_SECONDS:
            count.words_at = now
            self._display.words(progress.account, event, _in_words(event, progress.fields))


def _changed(fields: Mapping[str, Any]) -> bool:
    row = fields.get("row") or {}
    return any(row.get(name) for name in ("inserted", "updated", "deleted", "rejected"))


def _in_words(event: str, fields: Mapping[str, Any]) -> str:
    seconds = span(float(fields.get("seconds") or 0.0))
    if event == "hold":
        return f"the service asks for fewer requests; going on in {seconds}"
    why = fields.get("why") or fields.get("reason") or "no answer"
    return f"{why}; attempt {int(fields.get('attempt') or 0) + 1} in {seconds}"


@contextmanager
def sync_progress(stream: IO[str], form: str = "auto") -> Iterator[SyncProgress]:
    """Progress on a stream; `auto` draws bars on a terminal and writes plain lines elsewhere."""
    if form == "json":
        yield SyncProgress(JsonLines(stream), live=True)
    elif form == "none":
        yield SyncProgress(_Nothing())
    elif form == "plain" or not stream.isatty():
        yield SyncProgress(PlainLines(stream))
    else:
        with _drawn(stream) as bars:
            yield SyncProgress(Bars(bars), live=True)


class _Nothing:
    def requests(self, account: str, count: Count, now: float) -> None: ...

    def words(self, account: str, kind: str, text: str) -> None: ...


def _drawn(stream: IO[str]) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    return RichProgress(
        TextColumn("{task.description}", table_column=Column(no_wrap=True)),
        BarColumn(bar_width=16),
        TextColumn("{task.fields[text]}", table_column=Column(no_wrap=True, ratio=1)),
        console=Console(file=stream, highlight=False),
        transient=True,
        expand=True,
    )
