"""How Kinescope says no (API page, section 5)."""

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
    100101: AnswerKind.CREDENTIAL,  # no authorization header: seen with HTTP 400
    100102: AnswerKind.CREDENTIAL,
    100103: AnswerKind.FORBIDDEN,
    400207: AnswerKind.PLAN,  # not enough money
    400212: AnswerKind.PLAN,  # subscription not paid
    404404: AnswerKind.MISSING,
    500500: AnswerKind.FAULT,
}


def classify_kinescope(status: int, headers: Mapping[str, str], payload: Any) -> Classified:
    """`{"error": {code, message, detail, invalid_params}}`: status first, then code.

    The code decides only where the status says no more than "refused", since documented codes
    contradict their statuses (402402 comes with HTTP 400).
    """
    kind = kind_of_status(status)
    error = payload.get("error") if isinstance(payload, dict) else None
    if not isinstance(error, dict):
        return Classified(kind, classify_by_status(status, headers, payload).message)
    if kind in (AnswerKind.OK, AnswerKind.REFUSED):
        code = error.get("code")
        kind = CODES.get(code if is_number(code) else 0, AnswerKind.REFUSED)
    said = [one_line(error.get("message")), one_line(error.get("detail"))]
    invalid = error.get("invalid_params")
    for bad in invalid if isinstance(invalid, list) else ():
        if isinstance(bad, dict):
            reason = one_line(bad.get("message")) or one_line(bad.get("reason"))
            said.append(f"{one_line(bad.get('name'))}: {reason}")
    if is_number(error.get("code")):
        said.append(f"code {error['code']}")
    return Classified(kind, one_line(", ".join(filter(None, said))))
