"""How Kitemaker says no (API page, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.http.config import (
    AnswerKind,
    Classified,
    classify_by_status,
    is_number,
    kind_of_status,
    one_line,
)

CODES = {
    "UNAUTHORIZED": AnswerKind.CREDENTIAL,
    "UNAUTHENTICATED": AnswerKind.CREDENTIAL,
    "FORBIDDEN": AnswerKind.FORBIDDEN,
    "INTERNAL_SERVER_ERROR": AnswerKind.FAULT,
    "RATE_LIMITED": AnswerKind.THROTTLED,
    "TOO_MANY_REQUESTS": AnswerKind.THROTTLED,
}
GRAVEST = (
    AnswerKind.CREDENTIAL,
    AnswerKind.PLAN,
    AnswerKind.THROTTLED,
    AnswerKind.FAULT,
    AnswerKind.REFUSED,
    AnswerKind.FORBIDDEN,
    AnswerKind.MISSING,
)


def classify_kitemaker(status: int, headers: Mapping[str, str], payload: Any) -> Classified:
    """`{"errors": [{message, status, code}]}`, with HTTP 200 in GraphQL.

    Partial `data` beside errors is no answer: what it lacks would look deleted. Of several
    errors the gravest decides, so that one missing thing does not hide a bad token.
    """
    errors = payload.get("errors") if isinstance(payload, dict) else None
    if not errors:
        return classify_by_status(status, headers, payload)
    listed = errors if isinstance(errors, list) else [errors]
    errors = [error for error in listed if isinstance(error, dict)]
    said = ", ".join(filter(None, (one_line(error.get("message")) for error in errors)))
    if not 200 <= status <= 299:
        return Classified(kind_of_status(status), one_line(said))
    found = {_kind_of_error(error) for error in errors} or {AnswerKind.REFUSED}
    return Classified(next(kind for kind in GRAVEST if kind in found), one_line(said))


def _kind_of_error(error: Mapping[str, Any]) -> AnswerKind:
    extensions = error.get("extensions")
    more = extensions if isinstance(extensions, dict) else {}
    number = error.get("status", more.get("status"))
    if is_number(number) and number >= 400:
        return kind_of_status(number)
    code = str(error.get("code", more.get("code", ""))).upper()
    if code.endswith("NOT_FOUND"):
        return AnswerKind.MISSING
    return CODES.get(code, AnswerKind.REFUSED)
