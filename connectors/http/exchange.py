"""Sends one request when the rate allows it, and receives its whole answer within the limits."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from connectors.core.errors import (
    BadSettings,
    BrokenAnswer,
    KollectError,
    Refused,
    TimedOut,
    Unreachable,
)
from connectors.http.config import HttpConfig, Parts, Request, one_line
from connectors.http.environment import ProxySetting, proxy_for
from connectors.http.events import Meter, Reporter
from connectors.http.limits import ByteBudget, WatchedStream
from connectors.http.rate_limit import LONGEST_SILENCE, Booking, RateLimiter
from connectors.http.redact import safe_text
from connectors.http.response import Reply
from connectors.http.stopping import Stop
from connectors.http.transport import Transport, http_client
from connectors.http.upload import FileBody

IDLE_SECONDS = 4.0
"""Idle connections are closed before the 5 s after which common servers close them: a request
that meets the closing would be lost, and with it a place in the rate."""
ATTEMPTS_TO_CONNECT = 4
"""So many for a service that never answered and cannot be connected to: people wait for that."""
NO_CONNECTION = (ConnectionRefusedError, socket.gaierror)
NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
UNPACKED = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


@dataclass
class RequestCost:
    """What one request has cost so far, over all attempts."""

    where: str
    attempts: int = 0
    waited: float = 0.0
    throttled: int = 0


class Exchange:
    """The connections of one client; shared by its threads."""

    def __init__(
        self,
        config: HttpConfig,
        rate_limiter: RateLimiter,
        stop: Stop,
        *,
        transport: httpx.BaseTransport | None,
        clock: Callable[[], float],
        meter: Meter,
        tell: Reporter,
    ) -> None:
        self._config = config
        self._rate_limiter = rate_limiter
        self._stop = stop
        self._clock = clock
        self._meter = meter
        self._tell = tell
        self._places = threading.BoundedSemaphore(config.max_in_flight)
        self._budget = ByteBudget(config.in_flight_bytes // 2, stop)
        self._answered = False
        """Whether the service ever answered: then a lost connection may come back."""
        self._http = http_client(
            transport
            or Transport(stop, connections=config.max_in_flight, idle_seconds=IDLE_SECONDS),
            config.timeout_seconds,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, request: Request, url: str, headers: Parts, cost: RequestCost) -> Reply:
        """The answer to a request that leaves as soon as the rate allows it.

        Raises a KollectError where none came, and Stopped.
        """
        content: bytes | FileBody | None = request.file
        if content is None and request.body is not None:
            content = msgspec.json.encode(request.body)
        with self._places:
            booking = self._rate_limiter.book(LONGEST_SILENCE)
            cost.waited += booking.waited
            self._meter.add(requests=1, waited_seconds=booking.slept)
            departure = _Departure(self._rate_limiter, booking, self._clock)
            try:
                self._tell("request", where=cost.where, attempt=cost.attempts)
                outgoing = self._http.build_request(
                    request.method,
                    url,
                    headers=headers,
                    content=content,
                    extensions={"trace": departure.trace},
                )
                reply = self._receive(outgoing, booking.at, request.file is not None)
            except httpx.TimeoutException:
                seconds = self._clock() - booking.at
                raise TimedOut(f"no whole answer within {seconds:.0f} seconds") from None
            except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL):
                # Their texts may repeat a header, or the address with all that is in it.
                raise Refused("this cannot be put as an HTTP request") from None
            except httpx.TransportError as error:
                raise self._unreachable(error, httpx.URL(url)) from None
            finally:
                departure.settle()
        self._answered = True
        self._meter.add(bytes=reply.size)
        self._tell(
            "answer",
            where=cost.where,
            status=reply.status,
            bytes=reply.size,
            seconds=reply.seconds,
            request_id=reply.request_id,
        )
        return reply

    def _receive(self, outgoing: httpx.Request, since: float, is_upload: bool) -> Reply:
        """The whole body in time, and as long as it was said to be."""
        chunks: list[bytes] = []
        unpacked = 0
        response = self._http.send(outgoing, stream=True)
        headers = dict(response.headers)
        try:
            _check_encoding(headers)
            _check_proxy(response, outgoing.url)
            assert isinstance(response.stream, httpx.SyncByteStream)
            # An upload may have taken hours; the answer to it is as short as any other.
            began = self._clock() if is_upload else since
            response.stream = WatchedStream(
                response.stream, self._stop, self._clock, began + self._config.whole_seconds
            )
            with self._budget.share() as take:
                for chunk in response.iter_bytes():
                    take(len(chunk))
                    chunks.append(chunk)
                    unpacked += len(chunk)
                    if unpacked > self._config.largest_bytes:
                        largest = self._config.largest_bytes
                        raise Refused(f"the answer is longer than {largest} bytes")
                body = b"".join(chunks)
        except httpx.DecodingError:
            raise BrokenAnswer("the answer cannot be unpacked, it may be cut off") from None
        except (httpx.NetworkError, httpx.ProtocolError) as error:
            raise BrokenAnswer(f"the answer broke off: {_reason(error)}") from None
        finally:
            response.close()
        # A made-up transport may hand over a body that was never downloaded.
        size = response.num_bytes_downloaded or unpacked
        promised = headers.get("content-length", "")
        if outgoing.method != "HEAD" and promised.isdecimal() and size != int(promised):
            raise BrokenAnswer(f"the answer broke off after {size} of {promised} bytes")
        return Reply(
            method=outgoing.method,
            status=response.status_code,
            headers=headers,
            body=body,
            size=size,
            seconds=self._clock() - since,
        )

    def _unreachable(self, error: httpx.TransportError, url: httpx.URL) -> KollectError:
        """Why there is no answer; a wrong address or certificate is said without trying again."""
        if isinstance(error, httpx.ProxyError):
            return _proxy_refusal(str(error), url)
        found = Unreachable(f"no answer from {url.host}: {_reason(error)}")
        setting = proxy_for(url.scheme, url.host) if isinstance(error, httpx.ConnectError) else None
        if setting is not None:
            # Without an answer before, the address of the proxy is more likely wrong than busy.
            found = _no_proxy(setting, url, _reason(error))
            found.repeat = self._answered
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                found = Unreachable(
                    f"the certificate of {url.host} is not trusted: {cause.verify_message}",
                    guidance="Check base_url and the clock; if an authority of your own signed "
                    "it, name its file in SSL_CERT_FILE.",
                )
            elif setting is not None:
                continue
            elif isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
                found = Unreachable(f"there is no host {url.host}, or no network")
            elif isinstance(cause, NO_CONNECTION) or getattr(cause, "errno", None) in NO_WAY:
                if not self._answered:
                    found.most_attempts = ATTEMPTS_TO_CONNECT
                break
            else:
                continue
            found.repeat = self._answered
            break
        return found


class _Departure:
    """Tells the rate limiter when a booked request really left, and when its answer began."""

    def __init__(
        self, rate_limiter: RateLimiter, booking: Booking, clock: Callable[[], float]
    ) -> None:
        self._rate_limiter = rate_limiter
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
            self._rate_limiter.answered(self._left_at)

    def settle(self) -> None:
        """Also for a request that never left, or of which no transport told: it counts too."""
        if not self._settled:
            self._settled = True
            self._rate_limiter.settle(self._booking, self._left_at)


def _check_encoding(headers: Mapping[str, str]) -> None:
    named = {part.strip().lower() for part in headers.get("content-encoding", "").split(",")}
    if foreign := sorted(named - UNPACKED):
        error = BrokenAnswer(
            f"the answer is packed with {one_line(', '.join(foreign))!r}, which was not asked for",
            guidance="Something between kollect and the service changes answers: look for a proxy.",
        )
        error.repeat = False
        raise error


def _check_proxy(response: httpx.Response, url: httpx.URL) -> None:
    if response.status_code == 407 and proxy_for(url.scheme, url.host) is not None:
        raise _proxy_refusal("407", url)


def _proxy_refusal(text: str, url: httpx.URL) -> KollectError:
    setting = proxy_for(url.scheme, url.host)
    source = setting.source if setting else "the environment"
    if text.startswith("407"):
        return BadSettings(
            f"the proxy of {source} wants a user and a password (407)",
            guidance=f"Write them into {source}, as http://user:password@host:port.",
        )
    return _no_proxy(setting, url, safe_text(one_line(text)))


def _no_proxy(setting: ProxySetting | None, url: httpx.URL, reason: str) -> Unreachable:
    source = setting.source if setting else "the environment"
    return Unreachable(
        f"the proxy of {source} does not connect: {reason}",
        guidance=f"Check {source}, or name {url.host} in NO_PROXY.",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    """Why a connection failed; such texts hold numbers and hosts, but no headers."""
    return safe_text(one_line(str(error))) or type(error).__name__
