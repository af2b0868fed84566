"""What an answer means: the payload that counts, or the fitting error.

One odd character in a body does not lose a page: what JSON cannot carry is repaired and counted.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

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
from connectors.http.config import AnswerKind, HttpConfig, kind_of_status, one_line
from connectors.http.redact import safe_text

REPLACEMENT = "�"
LONGEST_PAUSE = 10 * 366 * 86_400.0
"""Seconds: whatever a service asks for beyond ten years is shown as that."""


@dataclass(frozen=True)
class Answer:
    """One answer that counts, and what it cost."""

    status: int
    """The status that counts: that of the body where the service puts one there, else HTTP's."""
    payload: Any
    """The parsed JSON; None where there is no body, or none that is JSON (statuses in `also`)."""
    size: int = 0
    """Bytes received for the body of this answer, before unpacking."""
    request_id: str = ""
    attempts: int = 1
    waited_seconds: float = 0.0
    """Spent before the sending: windows, holds, pauses between attempts."""
    throttled: int = 0
    """How often the service said "too many requests" before this answer."""
    date: str = ""
    """When the service made it, by its own clock (HTTP's `Date`)."""
    repaired: int = 0
    """Values that JSON cannot carry: numbers replaced by None, broken letters by U+FFFD."""


PLAIN_ERRORS: Mapping[AnswerKind, tuple[type[KollectError], str]] = {
    AnswerKind.THROTTLED: (Throttled, "the service asks for fewer requests"),
    AnswerKind.FAULT: (ServerFault, "the service failed"),
    AnswerKind.CREDENTIAL: (BadCredential, "the service refuses the credential"),
    AnswerKind.EXPIRED: (BadCredential, "the service no longer takes the credential"),
    AnswerKind.FORBIDDEN: (Forbidden, "the credential may not see this"),
    AnswerKind.MISSING: (Missing, "the service knows no such thing"),
    AnswerKind.REFUSED: (Refused, "the service refuses the request"),
    AnswerKind.PLAN: (PlanExceeded, "the plan of the account does not allow this"),
}
JSON_TYPES = ("application/json", "text/json", "+json")
"""Media types of JSON, or how they end."""


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
        return one_line(self.headers.get("x-request-id") or self.headers.get("request-id"))


class SessionEnded(Exception):
    """The kind EXPIRED; `error` is what to raise where no login can help."""

    def __init__(self, error: KollectError) -> None:
        super().__init__(str(error))
        self.error = error


def read_reply(
    reply: Reply,
    config: HttpConfig,
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
            payload, repaired = read_payload(reply.body, reply.content_type)
        except NoJson as error:
            if kind_of_status(reply.status) is AnswerKind.OK:
                raise BrokenAnswer(
                    str(error), status=reply.status, request_id=reply.request_id
                ) from None
    found = config.classify(reply.status, reply.headers, payload)
    status = reply.status if found.status is None else found.status
    asked_for = (
        status in also
        and kind_of_status(status) is found.kind
        and not is_html(reply.body, reply.content_type)
    )
    if found.kind is AnswerKind.OK or asked_for:
        return Answer(
            status=status,
            payload=payload,
            size=reply.size,
            request_id=reply.request_id,
            date=reply.headers.get("date", ""),
            repaired=repaired,
        )
    said = found.message
    if not said and media_type(reply.content_type) == "text/plain":
        said = one_line(reply.body[:1000].decode("utf-8", "replace"))
    problem = error_for(found.kind, safe_text(said, secret_values))
    problem.status = status
    problem.request_id = safe_text(reply.request_id, secret_values)
    if isinstance(problem, Retriable):
        problem.retry_after = retry_after(reply.headers, wall_clock)
    raise SessionEnded(problem) if found.kind is AnswerKind.EXPIRED else problem


def error_for(kind: AnswerKind, said: str) -> KollectError:
    """The error for a kind, with the service's own message."""
    error, what = PLAIN_ERRORS[kind]
    return error(f'{what}: "{said}"' if said else what)


class NoJson(ValueError):
    """Says in a few words what the body is instead of JSON."""


def media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def is_html(body: bytes, content_type: str) -> bool:
    """True for a page made for people, which no route of an API answers by intent."""
    kind = media_type(content_type)
    return "html" in kind or (not kind and body[:200].lstrip().startswith(b"<"))


def read_payload(body: bytes, content_type: str) -> tuple[Any, int]:
    """The parsed body and the number of repaired values; raises NoJson.

    A body without a media type is taken for JSON, unless it looks like HTML.
    """
    kind = media_type(content_type)
    if is_html(body, content_type):
        raise NoJson("answered HTML, is base_url right?")
    if kind and not kind.endswith(JSON_TYPES):
        raise NoJson(f"answered {kind} instead of JSON")
    if not body.strip():
        raise NoJson("answered with an empty body")
    try:
        return msgspec.json.decode(body), 0
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _read_leniently(body, content_type)
    except RecursionError:
        raise NoJson("answered JSON that is nested too deeply") from None


def _read_leniently(body: bytes, content_type: str) -> tuple[Any, int]:
    """What the standard library takes: NaN, 1e400, lone surrogates, raw control characters."""
    repaired = 0

    def number(literal: str) -> float | None:
        nonlocal repaired
        value = float(literal)
        if math.isfinite(value):
            return value
        repaired += 1
        return None

    charset = re.search(r"charset=\"?([\w.-]+)", content_type, re.IGNORECASE)
    try:
        text = body.decode(charset.group(1) if charset else "utf-8")
    except (LookupError, UnicodeDecodeError):
        text = body.decode("utf-8", "replace")
        repaired += max(1, text.count(REPLACEMENT))
    try:
        payload = json.loads(
            text.removeprefix("\ufeff"),
            strict=False,
            parse_constant=number,
            parse_float=number,
        )
    except RecursionError:
        raise NoJson("answered JSON that is nested too deeply") from None
    except ValueError as error:
        # The error's own text shows a place, but never the content around it.
        raise NoJson(f"answered {len(body)} bytes of broken or cut off JSON ({error})") from None
    holder = [payload]
    repaired += _mend_letters(holder)
    return holder[0], repaired


def _mend_letters(left: list[Any]) -> int:
    """Replace lone surrogates in every text, in place; returns the number of texts mended."""
    mended = 0
    boxes: list[Any] = [left]
    while boxes:
        box = boxes.pop()
        if isinstance(box, dict):
            for key in [key for key in box if not _whole(key)]:
                box[_mend(key)] = box.pop(key)
                mended += 1
        for place, value in list(box.items() if isinstance(box, dict) else enumerate(box)):
            if isinstance(value, str):
                if not _whole(value):
                    box[place] = _mend(value)
                    mended += 1
            elif isinstance(value, (dict, list)):
                boxes.append(value)
    return mended


def _whole(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _mend(text: str) -> str:
    return "".join(REPLACEMENT if "\ud800" <= c <= "\udfff" else c for c in text)


def retry_after(
    headers: Mapping[str, str], wall_clock: Callable[[], float] = time.time
) -> float | None:
    """The seconds that a `Retry-After` asks for, in either form; None without a usable one."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d*)?", value, re.ASCII):
        return min(float(value), LONGEST_PAUSE)
    try:
        until = http_date(value).timestamp()
    except ValueError:
        return None
    try:
        # By the service's own clock, which may differ from ours.
        now = http_date(headers.get("date", "")).timestamp()
    except ValueError:
        now = wall_clock()
    return min(max(0.0, until - now), LONGEST_PAUSE)


def http_date(text: str) -> datetime:
    """A date of a header; `-0000`, which names no zone, is UTC. Raises ValueError."""
    found = parsedate_to_datetime(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
