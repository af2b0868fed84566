"""From a reply as it came to what it means: a payload that counts, or the fitting error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass

from connectors.core.errors import (
    BadCredential,
    BrokenAnswer,
    Forbidden,
    KollectError,
    Missing,
    PlanExceeded,
    Refused,
    Retriable,
    ServerFault,
    Throttled,
)
from connectors.http.config import HttpConfig, Verdict, verdict_of, words
from connectors.http.redact import safe_text
from connectors.http.response import Answer, NoJson, is_html, media_type, read_payload, retry_after

PLAIN_ERRORS: Mapping[Verdict, tuple[type[KollectError], str]] = {
    Verdict.THROTTLED: (Throttled, "the service asks for fewer requests"),
    Verdict.FAULT: (ServerFault, "the service failed"),
    Verdict.CREDENTIAL: (BadCredential, "the service refuses the credential"),
    Verdict.EXPIRED: (BadCredential, "the service no longer takes the credential"),
    Verdict.FORBIDDEN: (Forbidden, "the credential may not see this"),
    Verdict.MISSING: (Missing, "the service knows no such thing"),
    Verdict.REFUSED: (Refused, "the service refuses the request"),
    Verdict.PLAN: (PlanExceeded, "the plan of the account does not allow this"),
}
HEADERS_KEPT = ("date", "etag", "last-modified", "link", "retry-after")


@dataclass(frozen=True)
class Reply:
    """An answer as it came, with its whole body; header names in lower case."""

    method: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int
    """Bytes received for the body, before unpacking."""
    seconds: float

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def request_id(self) -> str:
        return words(self.headers.get("x-request-id") or self.headers.get("request-id"))

    def kept_headers(self) -> dict[str, str]:
        """Those that say something of the data or the limits; never a cookie."""
        return {
            name: value
            for name, value in self.headers.items()
            if name in HEADERS_KEPT or name.startswith(("x-ratelimit", "ratelimit"))
        }


class SessionEnded(Exception):
    """The verdict EXPIRED; `error` is what to raise where no login can help."""

    def __init__(self, error: KollectError) -> None:
        super().__init__(str(error))
        self.error = error


def read_reply(
    reply: Reply,
    rules: HttpConfig,
    *,
    also: Set[int] = frozenset(),
    secret_values: Iterable[str] = (),
    wall_clock: Callable[[], float] = time.time,
) -> Answer:
    """The answer that a reply holds; raises a KollectError, or SessionEnded, where it holds none.

    A status in `also` counts as an answer when it is judged as what it plainly says, and is
    no HTML page.
    """
    payload, repaired = None, 0
    if reply.method != "HEAD" and reply.status not in (204, 205, 304):
        try:
            payload, repaired = read_payload(
                reply.body, reply.content_type, rules.json_content_types
            )
        except NoJson as error:
            if verdict_of(reply.status) is Verdict.OK:
                raise BrokenAnswer(
                    str(error), status=reply.status, request_id=reply.request_id
                ) from None
    judgement = rules.judge(reply.status, reply.headers, payload)
    status = reply.status if judgement.status is None else judgement.status
    asked_for = (
        status in also
        and verdict_of(status) is judgement.verdict
        and not is_html(reply.body, reply.content_type)
    )
    if judgement.verdict is Verdict.OK or asked_for:
        return Answer(
            status=status,
            payload=payload,
            size=reply.size,
            request_id=reply.request_id,
            seconds=reply.seconds,
            content_type=media_type(reply.content_type),
            headers=reply.kept_headers(),
            repaired=repaired,
        )
    said = judgement.message
    if not said and media_type(reply.content_type) == "text/plain":
        said = words(reply.body[:1000].decode("utf-8", "replace"))
    problem = error_for(judgement.verdict, safe_text(said, secret_values))
    problem.status = status
    problem.request_id = safe_text(reply.request_id, secret_values)
    if isinstance(problem, Retriable):
        problem.retry_after = retry_after(reply.headers, wall_clock)
    raise SessionEnded(problem) if judgement.verdict is Verdict.EXPIRED else problem


def error_for(verdict: Verdict, said: str) -> KollectError:
    """The error for a verdict, with the service's own words."""
    kind, what = PLAIN_ERRORS[verdict]
    return kind(f'{what}: "{said}"' if said else what)
