"""How to speak with one service: frozen dataclasses that a connector declares."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard

import msgspec

from connectors.http.upload import FileBody

LONGEST_MESSAGE = 300
"""Characters of a service's own message that an error repeats."""


@dataclass(frozen=True)
class Window:
    """At most `limit` requests in any `seconds` seconds."""

    limit: int
    seconds: float

    def __post_init__(self) -> None:
        if self.limit < 1 or not self.seconds > 0:
            raise ValueError(f"a window needs a limit of 1 or more and seconds above 0: {self}")


@dataclass(frozen=True)
class Retry:
    """`attempts` in all, with waits that double from `first_seconds` up to `max_seconds`."""

    attempts: int = 8
    first_seconds: float = 1.0
    max_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_seconds < 0 or self.max_seconds < 0:
            raise ValueError(f"retry needs 1 attempt or more and no negative seconds: {self}")

    def longest(self, attempt: int) -> float:
        """The longest wait in seconds after the given attempt (counted from 1)."""
        # The exponent is bounded since 2.0**1024 overflows and no cap is that long.
        return min(self.max_seconds, self.first_seconds * 2.0 ** min(attempt - 1, 60))


class AnswerKind(enum.Enum):
    """What an answer means, whatever words the service uses for it."""

    OK = "ok"
    THROTTLED = "throttled"
    """Too many requests: wait, then repeat."""
    FAULT = "fault"
    """The service failed: repeat."""
    CREDENTIAL = "credential"
    """The credential is refused: stop."""
    EXPIRED = "expired"
    """The session has ended: log in again, then repeat once."""
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    REFUSED = "refused"
    PLAN = "plan"


@dataclass(frozen=True)
class Classified:
    """The kind of an answer, the service's own message, and the status that counts."""

    kind: AnswerKind
    message: str = ""
    status: int | None = None
    """The status inside the body, where it overrules that of HTTP."""


class Classify(Protocol):
    """Reads one answer; `payload` is the parsed JSON, or None where the body is no JSON."""

    def __call__(self, status: int, headers: Mapping[str, str], payload: Any) -> Classified: ...


def kind_of_status(status: int) -> AnswerKind:
    """What a status means where nothing else is known of the service."""
    if 200 <= status <= 299:
        return AnswerKind.OK
    named = {
        401: AnswerKind.CREDENTIAL,
        402: AnswerKind.PLAN,
        403: AnswerKind.FORBIDDEN,
        404: AnswerKind.MISSING,
        408: AnswerKind.FAULT,
        410: AnswerKind.MISSING,
        429: AnswerKind.THROTTLED,
        # Not built or not spoken: asking again changes nothing.
        501: AnswerKind.REFUSED,
        505: AnswerKind.REFUSED,
    }
    return named.get(status, AnswerKind.FAULT if status >= 500 else AnswerKind.REFUSED)


def one_line(value: Any) -> str:
    """A service's message as one short line; empty for anything but text."""
    return " ".join(value.split())[:LONGEST_MESSAGE] if isinstance(value, str) else ""


def is_number(value: Any) -> TypeGuard[int]:
    """JSON `true` arrives as a bool, which Python counts among the integers."""
    return isinstance(value, int) and not isinstance(value, bool)


def classify_by_status(status: int, headers: Mapping[str, str], payload: Any) -> Classified:
    """The HTTP status decides, `message`, `error` or `detail` says why."""
    body = payload if isinstance(payload, dict) else {}
    said = (one_line(body.get(name)) for name in ("message", "error", "detail"))
    return Classified(kind_of_status(status), next(filter(None, said), ""))


@dataclass(frozen=True)
class Request:
    """One request below a base URL; equal requests have equal keys.

    `path` is below the base URL, already quoted (or an address on the same host, as paging
    links are). Header values may hold parts of the credential, as `{token}`.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Any = None
    """Sent as JSON; None sends no body."""
    headers: tuple[tuple[str, str], ...] = ()
    repeatable: bool = False
    """A POST that only reads, so that it may be sent again (GraphQL queries, logins)."""
    file: FileBody | None = None
    """Sent instead of `body`; not part of the key."""
    base_url: str = ""
    """Another base than the client's, such as the service's upload host."""

    @property
    def key(self) -> str:
        """Stable text for this request: the same whatever the order of parameters or members."""
        query = "&".join(f"{name}={value}" for name, value in sorted(self.params))
        text = f"{self.method} {self.path}" + (f"?{query}" if query else "")
        if self.body is None:
            return text
        return f"{text} {msgspec.json.encode(self.body, order='deterministic').decode()}"

    @property
    def safe(self) -> bool:
        """May be sent again without harm when nobody knows whether it arrived."""
        return self.repeatable or self.method in ("GET", "HEAD")

    def __hash__(self) -> int:
        # The body may be a dict, which has no hash of its own.
        return hash(self.key)


Parts = Mapping[str, str]
"""The credential's parts by name: token, username, password, uid."""


@dataclass(frozen=True)
class Login:
    """How a user name and password become a token that ends after a while.

    It is used where the credential lacks a part that the headers or parameters ask for.
    """

    request: Callable[[Parts], Request]
    """Builds the login from the credential; sent without the headers that it cannot fill."""
    token: Callable[[Any], Parts]
    """Reads the session's parts from the payload; raises KeyError or TypeError without them."""
    renew: Callable[[Parts], Request] | None = None
    """Builds the renewal of a session that still holds; answered like a login."""
    life: Callable[[Any], float | None] | None = None
    """Reads from the payload for how many seconds the session holds; None where unsaid."""


@dataclass(frozen=True)
class HttpConfig:
    """What a client must know of a service, beside its address and a credential."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Templates such as {"Authorization": "Bearer {token}"}, filled from the credential."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Templates of query parameters that travel with every request, as {"uid": "{uid}"}."""
    windows: tuple[Window, ...] = ()
    """Every one holds at once; an account's settings may replace them."""
    penalty_seconds: float = 0.0
    """Silence after a 429: nothing at all is sent for so long."""
    retry: Retry = field(default_factory=Retry)
    """How often and after what waits a fault is repeated; an account's settings may say."""
    timeout_seconds: float = 40.0
    """The longest silence while connecting, sending or receiving."""
    whole_seconds: float = 180.0
    """The longest time from sending a request to the end of its answer."""
    largest_bytes: int = 512 * 1024 * 1024
    """A longer answer (unpacked) is given up: it would not fit into memory."""
    in_flight_bytes: int = 256 * 1024 * 1024
    """So much of all answers together may be in memory (unpacked): half while they come, half
    between their end and their use. Beyond it, the later ones wait for the first."""
    max_in_flight: int = 4
    """Requests that may be under way at once."""
    classify: Classify = classify_by_status
    login: Login | None = None

    def __post_init__(self) -> None:
        if self.max_in_flight < 1:
            raise ValueError("max_in_flight is 1 or more")
        if min(self.timeout_seconds, self.whole_seconds) <= 0 or self.penalty_seconds < 0:
            raise ValueError("the seconds of HttpConfig are above 0 (a penalty may be 0)")
