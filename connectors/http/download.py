"""Receives one file in pieces: to the disk as they come, resumable, checked, and never a secret.

No header of an account is ever sent: neither its token nor a cookie. Addresses may be signed, so
none of them is in any error, event or log; httpx and httpcore would log them and are silenced.
"""

from __future__ import annotations

import logging
import random as random_numbers
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import getproxies

import httpx
import msgspec

from connectors.core.errors import (
    BrokenAnswer,
    KollectError,
    LongSilence,
    Refused,
    Retriable,
    Throttled,
    TimedOut,
    Unreachable,
    WarehouseProblem,
)
from connectors.http.bandwidth import Pace
from connectors.http.config import Judge, Retry, Verdict, judge_by_status
from connectors.http.events import Reporter
from connectors.http.file_response import (
    LeftOut,
    Mismatch,
    Wanted,
    goes_on,
    lower,
    name_of_address,
    notes_of,
    problem_of,
    too_large,
    unfit,
    untrue,
    whole_already,
)
from connectors.http.host_allowlist import HostList
from connectors.http.partial_file import Notes, Part
from connectors.http.rate_limit import Throttle
from connectors.http.reading import error_for
from connectors.http.urls import origin

for _name in ("httpx", "httpcore"):
    # They log whole addresses and the headers of redirects, which may hold signatures.
    logging.getLogger(_name).setLevel(logging.WARNING)

JSON = "application/json"
REDIRECTS = 5
REDIRECTED = (301, 302, 303, 307, 308)
MISMATCHES = 2
"""A file that came whole and wrong so often will not come right."""
FAILED_FILES = 3
"""After so many files of a host in a row, the next ones are tried only once each."""
LONGEST_WAIT = 300.0
"""Seconds that a host may ask to be left alone for."""
PROGRESS_BYTES = 1 << 20
"""Whoever got so much further may try as often again."""
ERROR_BYTES = 64 << 10
SPARE_BYTES = 64 << 20
"""Left free on the disk."""
HEADERS = {"user-agent": "kollect", "accept": "*/*", "accept-encoding": "identity"}


class Stopped(Exception):
    """The program is ending; what came so far stays for the next time."""


@dataclass(frozen=True)
class Fetched:
    """A whole file that lies beside the store."""

    sha256: str
    bytes: int
    content_type: str
    file_name: str


@dataclass
class Traffic:
    """What the file hosts were asked; changed under the downloader's lock."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class OwnHost:
    """Files on the API's own host are asked for under its rate, and judged as it answers."""

    base_url: str
    throttle: Throttle | None = None
    judge: Judge = judge_by_status

    def holds(self, url: str) -> bool:
        return origin(url) == origin(self.base_url) != ("", "", None)


class Downloader:
    """Receives files for one account; shared by its threads."""

    def __init__(
        self,
        hosts: HostList,
        own: OwnHost,
        *,
        parallel: int = 4,
        pace: Pace | None = None,
        retry: Retry | None = None,
        timeout_seconds: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = random_numbers.random,
        stop: threading.Event | None = None,
        tell: Reporter | None = None,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.traffic = Traffic()
        self._hosts = hosts
        self._own = own
        self._pace = pace or Pace(clock=clock, sleep=sleep)
        self._retry = retry or Retry()
        self._sleep = sleep
        self._random = random
        self._stop = stop or threading.Event()
        self._tell = tell or Reporter("", None)
        self._free = free
        self._lock = threading.Lock()
        # Behind a proxy, the peer is the proxy, and says nothing of the host.
        self._direct = not getproxies()
        self._failing: Counter[str] = Counter()
        self._http = httpx.Client(
            transport=transport,
            timeout=timeout_seconds,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            limits=httpx.Limits(max_connections=parallel, max_keepalive_connections=parallel),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def fetch(self, link: str, place: Path, wanted: Wanted) -> Fetched:
        """Receive a file into `place` (`.part`), going on where an earlier try ended.

        When this returns the file is whole, flushed and what the service says of it. Raises
        LeftOut (host, size), Missing, Forbidden (the link is refused), Refused, a Retriable
        error after as many attempts as there may be, WarehouseProblem (no space), OSError, or
        Stopped.
        """
        part = Part(place, with_md5=bool(wanted.md5))
        host = origin(link)[1]
        try:
            part.open()
            address = self._persist(link, part, wanted, self._patience(host))
            part.finish()
        except Retriable:
            self._failing[host] += 1
            raise
        finally:
            part.close()
        self._failing[host] = 0
        name = part.notes.file_name or name_of_address(address)
        return Fetched(part.sha256, part.size, part.notes.content_type, name)

    def _patience(self, host: str) -> int:
        """How many attempts a file gets: one where file after file of a host has failed."""
        return 1 if self._failing[host] >= FAILED_FILES else self._retry.attempts

    def _persist(self, link: str, part: Part, wanted: Wanted, most: int) -> str:
        """Attempts until the file is whole and true; returns where it was found in the end."""
        attempts, mismatches, furthest = 0, 0, part.size
        while True:
            attempts += 1
            try:
                address = self._attempt(link, part, wanted)
                if wrong := untrue(part.size, part.md5, wanted):
                    raise wrong
                return address
            except LongSilence:
                raise
            except Mismatch:
                part.begin(Notes())
                mismatches += 1
                if mismatches >= MISMATCHES:
                    raise
                pause = 0.0
            except Retriable as error:
                if part.size > furthest + PROGRESS_BYTES:
                    attempts, furthest = 0, part.size
                if attempts >= most:
                    error.attempts = attempts
                    raise
                pause = self._pause(error, attempts)
            self._count(retries=1)
            self._wait(pause)

    def _pause(self, error: Retriable, attempts: int) -> float:
        if error.retry_after is None:
            return self._random() * self._retry.longest(max(1, attempts))
        if error.retry_after > LONGEST_WAIT:
            raise LongSilence(error.what, retry_after=error.retry_after) from None
        return error.retry_after

    def _wait(self, seconds: float) -> None:
        if self._stop.is_set():
            raise Stopped
        if seconds > 0:
            self._sleep(seconds)

    def _attempt(self, link: str, part: Part, wanted: Wanted) -> str:
        """One try, redirects followed; returns the address that brought the file."""
        url = link
        if part.size and part.notes.total == part.size:
            return url
        for _ in range(REDIRECTS + 1):
            if refusal := self._hosts.refusal(url):
                raise LeftOut(refusal)
            if self._stop.is_set():
                raise Stopped
            own = self._own.holds(url)
            if own and self._own.throttle is not None:
                self._own.throttle.wait()
            self._count(requests=1)
            try:
                with self._http.stream("GET", url, headers=self._headers(part, wanted)) as answer:
                    host, status = origin(url)[1], answer.status_code
                    self._tell("file", host=host, status=status, from_byte=part.size)
                    target = self._follow(url, answer)
                    if target is None:
                        self._judge(url, answer, own)
                        self._receive(url, answer, part, wanted)
                        return url
                    url = target
            except httpx.TimeoutException:
                raise TimedOut("its host did not go on in time") from None
            except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL):
                raise Refused("its address cannot be asked for") from None
            except (httpx.NetworkError, httpx.ProtocolError) as error:
                if part.size:
                    text = f"the file broke off after {part.size:,} bytes"
                    raise BrokenAnswer(text) from None
                raise Unreachable(f"its host gives no answer ({type(error).__name__})") from None
            except httpx.TransportError as error:
                raise Unreachable(f"its host cannot be reached ({type(error).__name__})") from None
            except httpx.DecodingError:
                raise BrokenAnswer("the file cannot be unpacked, it may be cut off") from None
        raise Refused(f"it is redirected more than {REDIRECTS} times")

    def _headers(self, part: Part, wanted: Wanted) -> dict[str, str]:
        """A range is only asked for where the pieces are sure to fit together."""
        validator = part.notes.validator
        if not part.size or not (validator or wanted.md5):
            return HEADERS
        asked = {**HEADERS, "range": f"bytes={part.size}-"}
        return {**asked, "if-range": validator} if validator else asked

    def _follow(self, url: str, answer: httpx.Response) -> str | None:
        """Where a redirect leads; it is checked like any address, and gets no header more."""
        location = answer.headers.get("location")
        if answer.status_code not in REDIRECTED or not location:
            return None
        try:
            return urljoin(url, str(location))
        except ValueError:
            raise Refused("it is redirected to no usable address") from None

    def _judge(self, url: str, answer: httpx.Response, own: bool) -> None:
        """Raises what a status means; the API's own host may say it inside of JSON."""
        stream = answer.extensions.get("network_stream")
        peer = None
        if stream is not None and self._direct:
            peer = stream.get_extra_info("server_addr")
        if peer and (refusal := self._hosts.refusal_of_peer(url, str(peer[0]))):
            raise LeftOut(refusal)
        headers = lower(answer.headers.items())
        problem = problem_of(answer.status_code, headers)
        if problem is None and own and headers.get("content-type", "").startswith(JSON):
            problem = self._problem_inside(answer, headers)
        if problem is None:
            return
        if own and self._own.throttle is not None and isinstance(problem, Throttled):
            silence = max(problem.retry_after or 0.0, self._own.throttle.penalty_seconds)
            self._own.throttle.hold(min(silence, LONGEST_WAIT))
        raise problem

    def _problem_inside(
        self, answer: httpx.Response, headers: dict[str, str]
    ) -> KollectError | None:
        if int(headers.get("content-length") or 0) > ERROR_BYTES:
            return None
        try:
            payload = msgspec.json.decode(answer.read())
        except msgspec.MsgspecError:
            return Mismatch("its host answers broken JSON instead of a file")
        found = self._own.judge(answer.status_code, headers, payload)
        if found.verdict in (Verdict.CREDENTIAL, Verdict.EXPIRED, Verdict.FORBIDDEN):
            return problem_of(403, headers)
        if found.verdict is Verdict.OK:
            return Mismatch("its host answers JSON instead of a file")
        return error_for(found.verdict, "")

    def _receive(self, url: str, answer: httpx.Response, part: Part, wanted: Wanted) -> None:
        headers = lower(answer.headers.items())
        if answer.status_code == 416:
            if whole_already(headers, part.size):
                return
            part.begin(Notes())
            raise BrokenAnswer("its host does not go on with it")
        if answer.status_code == 206:
            if not goes_on(headers, part.notes, part.size):
                part.begin(Notes())
                raise BrokenAnswer("its host goes on with another file")
        else:
            notes = notes_of(headers)
            if problem := unfit(notes, wanted, url):
                raise problem
            part.begin(notes)
        total = part.notes.total
        if total is not None and total - part.size + SPARE_BYTES > self._free(part.file.parent):
            raise WarehouseProblem(
                f"no space left for a file of {total:,} bytes",
                guidance="free some space, or set max_file_bytes; what came so far is kept",
            )
        packed = headers.get("content-encoding", "identity").lower() not in ("", "identity")
        for chunk in answer.iter_bytes() if packed else answer.iter_raw():
            if self._stop.is_set():
                raise Stopped
            part.write(chunk)
            self._count(bytes=len(chunk))
            if wanted.largest and part.size > wanted.largest:
                part.forget()
                raise too_large(wanted.largest, wanted.largest, "more than ")
            self._pace.spend(len(chunk))
        if total is not None and part.size != total:
            text = f"the file broke off after {part.size:,} of {total:,} bytes"
            if part.size > total:
                part.begin(Notes())
            raise BrokenAnswer(text)

    def _count(self, requests: int = 0, retries: int = 0, bytes: int = 0) -> None:
        with self._lock:
            self.traffic.requests += requests
            self.traffic.retries += retries
            self.traffic.bytes += bytes
