"""Asks a service: logs in, sends, classifies the answer, and repeats what repeating can cure."""

from __future__ import annotations

import random as random_numbers
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.core.errors import (
    BadCredential,
    KollectError,
    LongSilence,
    Refused,
    Retriable,
    Throttled,
)
from connectors.http.config import HttpConfig, Parts, Request, Retry
from connectors.http.environment import check_environment
from connectors.http.events import Event, Meter, Reporter, Statistics
from connectors.http.exchange import Exchange, RequestCost
from connectors.http.rate_limit import LONGEST_SILENCE, RateLimiter, duration_text
from connectors.http.redact import safe_url
from connectors.http.response import Answer, SessionEnded, read_reply
from connectors.http.session import OPEN_PARTS, Session, headers_of, params_of, secret_parts
from connectors.http.stopping import Stop
from connectors.http.urls import checked_base, joined, redirected

if TYPE_CHECKING:
    import httpx

REDIRECTS = 3
FOLLOWED = (301, 302, 303, 307, 308)
FOLLOWED_WITH_BODY = (307, 308)
"""The others would turn a POST into a GET, which is another question."""
PLAIN_HEADERS = {
    "user-agent": "kollect",
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
}


class Client:
    """Asks one service for one account; safe for threads, and meant to be shared by them.

    No request leaves above the rate, authorization goes to the host of `base_url` alone, and no
    event, log line or error holds a secret.
    """

    def __init__(
        self,
        config: HttpConfig,
        base_url: str,
        credential: Mapping[str, str],
        *,
        account: str,
        rate_limiter: RateLimiter,
        retry: Retry | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        stop: Stop | None = None,
        wall_clock: Callable[[], float] = time.time,
        random: Callable[[], float] = random_numbers.random,
        on_event: Callable[[Event], None] | None = None,
        secret_values: Iterable[str] = (),
        variables: Sequence[str] = (),
    ) -> None:
        """`variables` are the environment variables of the credential, for error messages.

        `clock` and `stop` should be those of the rate limiter. `on_event` is called on the thread
        that asks. Raises BadSettings for an unusable `base_url`, an incomplete credential, and
        where the environment names a proxy or certificates that cannot be used.
        """
        self.config = config
        self.account = account
        self.rate_limiter = rate_limiter
        self._retry = retry or Retry()
        self._clock = clock
        self._stop = stop or Stop()
        self._wall_clock = wall_clock
        self._random = random
        self._secrets = frozenset(secret_values)
        self._variables = tuple(variables)
        self._meter = Meter()
        self._tell = Reporter(account, on_event)
        with self._context("settings"):
            self.base_url = checked_base(base_url)
            if transport is None:
                check_environment(self.base_url)
            self._session = Session(
                config, credential, clock=clock, send=self._log_in, variables=variables
            )
        self._exchange = Exchange(
            config,
            rate_limiter,
            self._stop,
            transport=transport,
            clock=clock,
            meter=self._meter,
            tell=self._tell,
        )

    def ask(self, request: Request, *, also: Set[int] = frozenset()) -> Answer:
        """The answer to a request, after as many attempts as it needs and may take.

        `also` are statuses that count as answers instead of errors (404 where the question is
        whether something still exists). An HTML page never counts: it comes from a wrong
        address, not from what the service knows of its records. Raises a KollectError.
        """
        with self._context(f"{request.method} {safe_url(request.path)}"):
            held = self._session.current()
            cost = self._new_cost(request)
            fresh = False
            while True:
                try:
                    return self._repeat(request, also, held.parts, cost)
                except SessionEnded as ended:
                    # Once: a session that is refused when new will be refused again.
                    if fresh or not self._session.renewable:
                        ended.error.where = cost.where
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
        """End every wait and close the connections: what is still under way is abandoned."""
        self._stop.set()
        self._exchange.close()

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
        """Adds the account, the place and the variables of the credential to errors."""
        try:
            yield
        except KollectError as error:
            error.account = error.account or self.account
            error.where = error.where or where
            if isinstance(error, BadCredential) and self._variables:
                names = " and ".join(self._variables)
                error.guidance = f"Put a working credential into {names}, then try again."
            raise

    def _new_cost(self, request: Request) -> RequestCost:
        base_url = request.base_url or self.base_url
        address = joined(base_url, request.path, request.params)
        return RequestCost(f"{request.method} {safe_url(address)}")

    def _log_in(self, request: Request, parts: Parts, renewal: bool) -> Answer:
        self._tell("login", renewal=renewal)
        cost = self._new_cost(request)
        try:
            return self._repeat(
                replace(request, repeatable=True), frozenset(), parts, cost, login=True
            )
        except SessionEnded as ended:
            ended.error.where = cost.where
            raise ended.error from None

    def _repeat(
        self,
        request: Request,
        also: Set[int],
        parts: Parts,
        cost: RequestCost,
        login: bool = False,
    ) -> Answer:
        """Attempts until there is an answer, an error that repeating cannot cure, or enough."""
        while True:
            cost.attempts += 1
            self._meter.add(retries=int(cost.attempts > 1))
            try:
                with self._context(cost.where):
                    return self._attempt(request, also, parts, cost, login)
            except Retriable as error:
                error.attempts = cost.attempts
                if not error.repeat:
                    raise
                pause = self._pause_after(error, cost)
                most = min(self._retry.attempts, error.most_attempts or self._retry.attempts)
                if not request.safe or cost.attempts >= most:
                    raise
                self._tell(
                    "retry",
                    where=cost.where,
                    reason=type(error).__name__,
                    why=error.what,
                    attempt=cost.attempts,
                    seconds=pause,
                )
            if pause:
                began = self._clock()
                self._stop.sleep(pause)
                cost.waited += self._clock() - began
                self._meter.add(waited_seconds=self._clock() - began)

    def _pause_after(self, error: Retriable, cost: RequestCost) -> float:
        """The seconds to pause before asking again: 0 where everything was held up instead.

        Raises Throttled where the service wants to be left alone for too long to wait.
        """
        asked = error.retry_after
        longest = self._retry.longest(cost.attempts)
        throttled = isinstance(error, Throttled)
        if throttled:
            cost.throttled += 1
            self._meter.add(rate_limited=1)
            self._tell("throttled", where=cost.where, status=error.status, retry_after=asked)
        elif asked is None:
            # Full jitter: those who failed together shall not come back together.
            return self._random() * longest
        least = max(asked or 0.0, self.rate_limiter.penalty_seconds if throttled else 0.0)
        # Where nobody said how long, half of the wait is certain: a request right after
        # "too many" would only be one more of them.
        seconds = least + self._random() if least else longest * (0.5 + self._random() / 2)
        self.rate_limiter.hold(seconds)
        self._tell("hold", seconds=seconds)
        if seconds > LONGEST_SILENCE:
            raise LongSilence(
                f"the service wants silence for {duration_text(seconds)}",
                retry_after=seconds,
                where=cost.where,
            ) from error
        return 0.0

    def _attempt(
        self, request: Request, also: Set[int], parts: Parts, cost: RequestCost, login: bool
    ) -> Answer:
        params = () if login else params_of(self.config, parts)
        base_url = request.base_url or self.base_url
        url = joined(base_url, request.path, [*request.params, *params])
        headers = {**PLAIN_HEADERS, **headers_of(self.config, request, parts, login)}
        followed = FOLLOWED if request.method in ("GET", "HEAD") else FOLLOWED_WITH_BODY
        for _ in range(REDIRECTS + 1):
            reply = self._exchange.send(request, url, headers, cost)
            location = reply.headers.get("location")
            if reply.status in followed and location:
                url = redirected(url, location)
                continue
            answer = read_reply(
                reply,
                self.config,
                also=also,
                secret_values=secret_parts(parts) | self._secrets,
                wall_clock=self._wall_clock,
            )
            return replace(
                answer,
                attempts=cost.attempts,
                waited_seconds=cost.waited,
                throttled=cost.throttled,
            )
        raise Refused(f"redirected more than {REDIRECTS} times")
