"""Receives one file: to the disk as it comes, resumable, checked, and without any secret.

No header of an account is ever sent: neither its token nor a cookie. Addresses may be signed, so
none of them is in any error, event or log.
"""

from __future__ import annotations

import random as random_numbers
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

from connectors.core.errors import (
    LongSilence,
    Refused,
    Retriable,
    Throttled,
)
from connectors.http.bandwidth import BandwidthLimit
from connectors.http.config import Classify, Retry, classify_by_status
from connectors.http.environment import proxy_for
from connectors.http.events import LOGGER, Meter, Reporter, Statistics
from connectors.http.file_response import (
    ContentMismatch,
    ExpectedFile,
    FileNotWanted,
    content_mismatch,
    error_of_answer,
    name_of_address,
)
from connectors.http.file_transfer import headers_for, plain_errors, receive
from connectors.http.host_allowlist import HostAllowlist
from connectors.http.limits import WatchedStream
from connectors.http.partial_file import Notes, PartialFile
from connectors.http.rate_limit import RateLimiter, duration_text
from connectors.http.stopping import Stop
from connectors.http.transport import Transport, http_client
from connectors.http.urls import origin

REDIRECTS = 5
MISMATCHES = 2
"""A file that came whole and wrong so often will not come right."""
FAILED_FILES = 3
"""After so many files of a host in a row, the next ones are tried only once each."""
LONGEST_WAIT = 300.0
"""Seconds that a host may ask to be left alone for; a file that would wait longer is given up."""
PROGRESS_BYTES = 1 << 20
"""Whoever got so much further may try as often again."""


@dataclass(frozen=True)
class ReceivedFile:
    """A whole file that lies beside the store."""

    sha256: str
    bytes: int
    content_type: str
    file_name: str


@dataclass(frozen=True)
class OwnHost:
    """Files on the API's own host are asked for under its rate, and its errors are understood."""

    base_url: str
    rate_limiter: RateLimiter | None = None
    classify: Classify = classify_by_status

    def holds(self, url: str) -> bool:
        return origin(url) == origin(self.base_url) != ("", "", None)


class Downloader:
    """Receives files for one account; shared by its threads."""

    def __init__(
        self,
        hosts: HostAllowlist,
        own: OwnHost,
        *,
        parallel: int = 4,
        bandwidth: BandwidthLimit | None = None,
        retry: Retry | None = None,
        timeout_seconds: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random_numbers.random,
        stop: Stop | None = None,
        tell: Reporter | None = None,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._hosts = hosts
        self._own = own
        self._stop = stop or Stop()
        self._bandwidth = bandwidth or BandwidthLimit(clock=clock, stop=self._stop)
        self._retry = retry or Retry()
        self._clock = clock
        self._random = random
        self._tell = tell or Reporter("", None)
        self._free = free
        self._meter = Meter()
        self._failing: Counter[str] = Counter()
        self._held_until: dict[str, float] = {}
        self._proxy_told = False
        self._http = http_client(
            transport or Transport(self._stop, connections=parallel, check_peer=self._check_peer),
            timeout_seconds,
        )

    @property
    def statistics(self) -> Statistics:
        """What was asked of file hosts and received so far."""
        return self._meter.now

    def close(self) -> None:
        """End every download and close the connections; what came so far stays."""
        self._stop.set()
        self._http.close()

    def fetch(self, link: str, place: Path, expected: ExpectedFile) -> ReceivedFile:
        """Receive a file into `place` (`.part`), going on where an earlier try ended.

        When this returns the file is whole, flushed and as the service describes it. Raises
        FileNotWanted (host, size), Missing, Forbidden (the link is refused), Refused, a Retriable
        error after as many attempts as there may be, WarehouseProblem (no space), OSError, or
        Stopped.
        """
        part = PartialFile(place, with_md5=bool(expected.md5))
        host = origin(link)[1]
        try:
            part.open()
            address = self._repeat(link, part, expected, self._most_attempts(host))
            part.finish()
        except Retriable:
            self._failing[host] += 1
            raise
        finally:
            part.close()
        self._failing[host] = 0
        name = part.notes.file_name or name_of_address(address)
        return ReceivedFile(part.sha256, part.size, part.notes.content_type, name)

    def _most_attempts(self, host: str) -> int:
        return 1 if self._failing[host] >= FAILED_FILES else self._retry.attempts

    def _repeat(self, link: str, part: PartialFile, expected: ExpectedFile, most: int) -> str:
        """Attempts until the file is whole and right; returns where it was found in the end."""
        attempts, mismatches, furthest = 0, 0, part.size
        while True:
            attempts += 1
            try:
                address = self._attempt(link, part, expected)
                if wrong := content_mismatch(part.size, part.md5, expected):
                    raise wrong
                return address
            except ContentMismatch:
                part.begin(Notes())
                mismatches += 1
                if mismatches >= MISMATCHES:
                    raise
                pause = 0.0
            except Retriable as error:
                if not error.repeat:
                    raise
                if part.size > furthest + PROGRESS_BYTES:
                    attempts, furthest = 0, part.size
                if attempts >= most:
                    error.attempts = attempts
                    raise
                longest = self._retry.longest(max(1, attempts))
                asked = error.retry_after
                pause = self._random() * longest if asked is None else asked
            self._meter.add(retries=1)
            self._stop.sleep(pause)

    def _attempt(self, link: str, part: PartialFile, expected: ExpectedFile) -> str:
        """One try, redirects followed; returns the address that brought the file."""
        url = link
        if part.size and part.notes.total == part.size:
            return url
        for _ in range(REDIRECTS + 1):
            if refusal := self._hosts.refusal(url):
                raise FileNotWanted(refusal)
            self._stop.check()
            self._await_turn(url)
            self._meter.add(requests=1)
            with plain_errors(part), self._asked(url, part, expected) as answer:
                target = _redirection(url, answer)
                if target is None:
                    self._check(url, answer)
                    receive(
                        answer,
                        part,
                        expected,
                        url,
                        on_bytes=self._on_bytes,
                        free=self._free,
                    )
                    return url
                url = target
        raise Refused(f"it is redirected more than {REDIRECTS} times")

    @contextmanager
    def _asked(
        self, url: str, part: PartialFile, expected: ExpectedFile
    ) -> Iterator[httpx.Response]:
        """The answer of a host, its body still to come."""
        parts = httpx.URL(url)
        if not self._proxy_told and proxy_for(parts.scheme, parts.host):
            self._proxy_told = True
            LOGGER.warning(
                "files come through a proxy: kollect checks the addresses of their hosts before "
                "it asks, but only the proxy sees whether it is led into a private network"
            )
        with self._http.stream("GET", url, headers=headers_for(part, expected)) as answer:
            self._tell("file", host=parts.host, status=answer.status_code, from_byte=part.size)
            assert isinstance(answer.stream, httpx.SyncByteStream)
            answer.stream = WatchedStream(answer.stream, self._stop, self._clock)
            yield answer

    def _check_peer(self, host: str, address: str) -> None:
        """Called once connected, before the request is sent."""
        if refusal := self._hosts.refusal_of_peer(host, address):
            raise FileNotWanted(refusal)

    def _await_turn(self, url: str) -> None:
        """Wait for the API's rate where it is the API's host; raises LongSilence."""
        host = origin(url)[1]
        if (left := self._held_until.get(host, 0.0) - self._clock()) > LONGEST_WAIT:
            raise _long_silence(left)
        limiter = self._own.rate_limiter
        if limiter is not None and self._own.holds(url):
            limiter.settle(limiter.book(LONGEST_WAIT))

    def _check(self, url: str, answer: httpx.Response) -> None:
        """Raises what an answer means that brings no file."""
        own = self._own.holds(url)
        error = error_of_answer(answer, self._own.classify if own else None)
        if error is None:
            return
        if isinstance(error, Throttled):
            silence = error.retry_after or 0.0
            if own and self._own.rate_limiter is not None:
                silence = max(silence, self._own.rate_limiter.penalty_seconds)
                self._own.rate_limiter.hold(silence)
            if silence > LONGEST_WAIT:
                self._held_until[origin(url)[1]] = self._clock() + silence
                raise _long_silence(silence)
        raise error

    def _on_bytes(self, count: int) -> None:
        self._meter.add(bytes=count)
        self._bandwidth.spend(count)


def _redirection(url: str, answer: httpx.Response) -> str | None:
    """Where a redirect leads; it is checked like any address, and gets no header more."""
    location = answer.headers.get("location")
    if not (answer.has_redirect_location and location):
        return None
    try:
        return urljoin(url, str(location))
    except ValueError:
        raise Refused("it is redirected to no usable address") from None


def _long_silence(seconds: float) -> LongSilence:
    return LongSilence(
        f"its host wants silence for another {duration_text(seconds)}", retry_after=seconds
    )
