"""One request: wait for the rate, send, judge, repeat. Beside `download`, all that knows httpx."""

from __future__ import annotations

import random as random_numbers
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import msgspec

from connectors.core.errors import (
    BadCredential,
    BrokenAnswer,
    KollectError,
    LongSilence,
    Refused,
    Retriable,
    Throttled,
    TimedOut,
    Unreachable,
)
from connectors.http.config import HttpConfig, Parts, Request, Retry, words
from connectors.http.events import Event, Meter, Reporter, Statistics
from connectors.http.rate_limit import Booking, Throttle, spoken
from connectors.http.reading import Reply, SessionEnded, read_reply
from connectors.http.redact import safe_text, safe_url
from connectors.http.response import Answer
from connectors.http.session import OPEN_PARTS, Session, headers_of, hidden, params_of
from connectors.http.urls import checked_base, joined, redirected

LONGEST_SILENCE = 900.0
"""Seconds. Who is told to stay away for longer is better told so than left waiting."""
REDIRECTS = 3
FOLLOWED = (301, 302, 303, 307, 308)
FOLLOWED_WITH_BODY = (307, 308)
"""The others would turn a POST into a GET, which is another question."""
IDLE_SECONDS = 4.0
"""Idle connections are closed before the 5 s after which common servers close them: a request
that meets the closing would be lost, and with it a place in the rate."""
PLAIN_HEADERS = {
    "user-agent": "kollect",
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
}


@dataclass
class _Course:
    """What one request has cost so far, over all attempts."""

    where: str
    attempts: int = 0
    waited: float = 0.0
    throttled: int = 0


class Client:
    """Asks one service for one account; safe for threads, and meant to be shared by them.

    Whatever happens, a request leaves only with the throttle's leave, authorization goes to
    the host of `base_url` alone, and no event, log line or error holds a secret.
    """

    def __init__(
        self,
        rules: HttpConfig,
        base_url: str,
        credential: Mapping[str, str],
        *,
        account: str,
        throttle: Throttle,
        retry: Retry | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
        random: Callable[[], float] = random_numbers.random,
        on_event: Callable[[Event], None] | None = None,
        secret_values: Iterable[str] = (),
        variables: Sequence[str] = (),
    ) -> None:
        """`variables` are the environment variables of the credential, for error messages.

        `clock` and `sleep` should be those of the throttle. `on_event` is called on the thread
        that asks. Raises BadSettings for an unusable `base_url` or an incomplete credential.
        """
        self.rules = rules
        self.account = account
        self.throttle = throttle
        self._retry = retry or Retry()
        self._clock = clock
        self._sleep = sleep
        self._wall_clock = wall_clock
        self._random = random
        self._secrets = frozenset(secret_values)
        self._variables = tuple(variables)
        self._meter = Meter()
        self._tell = Reporter(account, on_event)
        self._places = threading.BoundedSemaphore(rules.max_in_flight)
        with self._context("settings"):
            self.base_url = checked_base(base_url)
            self._session = Session(
                rules, credential, clock=clock, send=self._log_in, variables=variables
            )
        # A cookie would make the service see another session than the credential's.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._http = httpx.Client(
            transport=transport,
            timeout=rules.timeout_seconds,
            follow_redirects=False,
            cookies=no_cookies,
            limits=httpx.Limits(
                max_connections=rules.max_in_flight,
                max_keepalive_connections=rules.max_in_flight,
                keepalive_expiry=IDLE_SECONDS,
            ),
        )

    def ask(self, request: Request, *, also: Set[int] = frozenset()) -> Answer:
        """The answer to a request, after as many attempts as it needs and may take.

        `also` are statuses that count as answers instead of errors (404 where the question is
        whether something still exists). An HTML page never counts: it comes from a wrong
        address, not from what the service knows of its records. Raises a KollectError.
        """
        with self._context(f"{request.method} {safe_url(request.path)}"):
            held = self._session.current()
            course = self._course(request)
            fresh = False
            while True:
                try:
                    return self._persist(request, also, held.parts, course)
                except SessionEnded as ended:
                    # Once: a session that is refused when new will be refused again.
                    if fresh or not self._session.renewable:
                        ended.error.where = course.where
                        raise ended.error from None
                held = self._session.again(held)
                fresh = True

    def part(self, name: str) -> str:
        """One part of the credential or of the session (`uid`); logs in if that is due."""
        with self._context("login"):
            return self._session.current().parts[name]

    @property
    def statistics(self) -> Statistics:
        """What was asked, waited and received so far."""
        return self._meter.now

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def open_parts(self) -> dict[str, str]:
        """The parts of the credential that are no secret, with those that a login adds."""
        with self._context("login"):
            held = self._session.current().parts
        return {name: value for name, value in held.items() if name in OPEN_PARTS}

    @contextmanager
    def _context(self, where: str) -> Iterator[None]:
        """Errors that pass learn the account, the place, and the variables to look at."""
        try:
            yield
        except KollectError as error:
            error.account = error.account or self.account
            error.where = error.where or where
            if isinstance(error, BadCredential) and self._variables:
                names = " and ".join(self._variables)
                error.guidance = f"Put a working credential into {names}, then try again."
            raise

    def _course(self, request: Request) -> _Course:
        address = joined(self.base_url, request.path, request.params)
        return _Course(f"{request.method} {safe_url(address)}")

    def _log_in(self, request: Request, parts: Parts, renewal: bool) -> Answer:
        self._tell("login", renewal=renewal)
        course = self._course(request)
        try:
            return self._persist(
                replace(request, repeatable=True), frozenset(), parts, course, login=True
            )
        except SessionEnded as ended:
            ended.error.where = course.where
            raise ended.error from None

    def _persist(
        self,
        request: Request,
        also: Set[int],
        parts: Parts,
        course: _Course,
        login: bool = False,
    ) -> Answer:
        """Attempts until there is an answer, an error that repeating cannot cure, or enough."""
        while True:
            course.attempts += 1
            self._meter.add(retries=int(course.attempts > 1))
            try:
                with self._context(course.where):
                    return self._attempt(request, also, parts, course, login)
            except LongSilence:
                raise
            except Retriable as error:
                error.attempts = course.attempts
                pause = self._pause_after(error, course)
                if not request.safe or course.attempts >= self._retry.attempts:
                    raise
                self._tell(
                    "retry",
                    where=course.where,
                    reason=type(error).__name__,
                    attempt=course.attempts,
                    seconds=pause,
                )
            if pause:
                began = self._clock()
                self._sleep(pause)
                course.waited += self._clock() - began
                self._meter.add(waited_seconds=self._clock() - began)

    def _pause_after(self, error: Retriable, course: _Course) -> float:
        """The seconds to pause before asking again: 0 where everything was held up instead.

        Raises Throttled where the service wants to be left alone for too long to wait.
        """
        asked = error.retry_after
        longest = self._retry.longest(course.attempts)
        throttled = isinstance(error, Throttled)
        if throttled:
            course.throttled += 1
            self._meter.add(rate_limited=1)
            self._tell("throttled", where=course.where, status=error.status, retry_after=asked)
        elif asked is None:
            # Full jitter: those who failed together shall not come back together.
            return self._random() * longest
        least = max(asked or 0.0, self.throttle.penalty_seconds if throttled else 0.0)
        # Where nobody said how long, half of the wait is certain: a request right after
        # "too many" would only be one more of them.
        seconds = least + self._random() if least else longest * (0.5 + self._random() / 2)
        self.throttle.hold(seconds)
        self._tell("hold", seconds=seconds)
        if seconds > LONGEST_SILENCE:
            raise LongSilence(
                f"the service wants silence for {spoken(seconds)}",
                retry_after=seconds,
                where=course.where,
            ) from error
        return 0.0

    def _attempt(
        self, request: Request, also: Set[int], parts: Parts, course: _Course, login: bool
    ) -> Answer:
        params = () if login else params_of(self.rules, parts)
        url = joined(self.base_url, request.path, [*request.params, *params])
        headers = {**PLAIN_HEADERS, **headers_of(self.rules, request, parts, login)}
        followed = FOLLOWED if request.method in ("GET", "HEAD") else FOLLOWED_WITH_BODY
        for _ in range(REDIRECTS + 1):
            reply = self._send(request, url, headers, course)
            location = reply.headers.get("location")
            if reply.status in followed and location:
                url = redirected(url, location)
                continue
            answer = read_reply(
                reply,
                self.rules,
                also=also,
                secret_values=hidden(parts) | self._secrets,
                wall_clock=self._wall_clock,
            )
            return replace(
                answer,
                attempts=course.attempts,
                waited_seconds=course.waited,
                throttled=course.throttled,
            )
        raise Refused(f"redirected more than {REDIRECTS} times")

    def _send(self, request: Request, url: str, headers: Parts, course: _Course) -> Reply:
        """One request on the wire, as soon as there is a place for it and the rate allows it."""
        content = None if request.body is None else msgspec.json.encode(request.body)
        with self._places:
            booking = self.throttle.book(LONGEST_SILENCE)
            course.waited += booking.waited
            self._meter.add(requests=1, waited_seconds=booking.slept)
            leaving = _Leaving(self.throttle, booking, self._clock)
            try:
                self._tell("request", where=course.where, attempt=course.attempts)
                outgoing = self._http.build_request(
                    request.method,
                    url,
                    headers=headers,
                    content=content,
                    extensions={"trace": leaving.trace},
                )
                reply = self._receive(outgoing, booking.at)
            except httpx.TimeoutException:
                seconds = self._clock() - booking.at
                raise TimedOut(f"no whole answer within {seconds:.0f} seconds") from None
            except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL):
                # Their texts may repeat a header, or the address with all that is in it.
                raise Refused("this cannot be put as an HTTP request") from None
            except httpx.TransportError as error:
                raise Unreachable(f"no answer: {_reason(error)}") from None
            finally:
                leaving.settle()
        self._meter.add(bytes=reply.size)
        self._tell(
            "answer",
            where=course.where,
            status=reply.status,
            bytes=reply.size,
            seconds=reply.seconds,
            request_id=reply.request_id,
        )
        return reply

    def _receive(self, outgoing: httpx.Request, since: float) -> Reply:
        """The whole body in time, and as long as it was said to be."""
        chunks: list[bytes] = []
        unpacked = 0
        response = self._http.send(outgoing, stream=True)
        try:
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                unpacked += len(chunk)
                if unpacked > self.rules.largest_bytes:
                    raise Refused(f"the answer is longer than {self.rules.largest_bytes} bytes")
                if self._clock() - since > self.rules.whole_seconds:
                    seconds = self.rules.whole_seconds
                    raise TimedOut(f"the answer had not ended after {seconds:.0f} seconds")
        except httpx.DecodingError:
            raise BrokenAnswer("the answer cannot be unpacked, it may be cut off") from None
        except (httpx.NetworkError, httpx.ProtocolError) as error:
            raise BrokenAnswer(f"the answer broke off: {_reason(error)}") from None
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        # A made-up transport may hand over a body that was never downloaded.
        size = response.num_bytes_downloaded or unpacked
        promised = headers.get("content-length", "")
        if outgoing.method != "HEAD" and promised.isdecimal() and size != int(promised):
            raise BrokenAnswer(f"the answer broke off after {size} of {promised} bytes")
        return Reply(
            method=outgoing.method,
            status=response.status_code,
            headers=headers,
            body=b"".join(chunks),
            size=size,
            seconds=self._clock() - since,
        )


class _Leaving:
    """Tells the throttle when a booked request really left and was answered, at once."""

    def __init__(self, throttle: Throttle, booking: Booking, clock: Callable[[], float]) -> None:
        self._throttle = throttle
        self._booking = booking
        self._clock = clock
        self._settled = False
        self._left_at: float | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the transport at each of its steps."""
        # The headers are out when the body begins. A proxy's own CONNECT does not count.
        if event.endswith("send_request_body.started") and info["request"].method != b"CONNECT":
            self._left_at = self._clock()
            self.settle()
        elif event.endswith("receive_response_headers.complete") and self._left_at is not None:
            self._throttle.answered(self._left_at)

    def settle(self) -> None:
        """Also for a request that never left, or of which no transport told: it counts too."""
        if not self._settled:
            self._settled = True
            self._throttle.settle(self._booking, self._left_at)


def _reason(error: Exception) -> str:
    """Why a connection failed; such texts hold numbers and hosts, but no headers."""
    return safe_text(words(str(error))) or type(error).__name__
