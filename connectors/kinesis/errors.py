"""How Kinesis API says no (API page, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.http.config import AnswerKind, Classified, is_number, kind_of_status, one_line

SESSION_ENDED = ("Failed decoding JWT", "Personal Access Token")
"""Words of a 500 that means the token: an ended session, or (assumed) a token out of its time."""
WRONG_CREDENTIAL = (
    "Incorrect UID",  # the token belongs to somebody else
    # The caller's own uid or name is unknown. Read as "missing" it would look like deletion.
    "Account with this",
    "Password mismatch",
)


def classify_kinesis(status: int, headers: Mapping[str, str], payload: Any) -> Classified:
    """Fails on HTTP 400 and up, and on a body `status` that is no number from 200 to 299.

    The body's status counts where there is one. Every 401 may be an ended session: the client
    logs in once more if it can, and reports the credential if it cannot.
    """
    inner = said = None
    if isinstance(payload, dict):
        said = one_line(payload.get("message"))
        # Some failures of old instances put the number under `error`, or send it as text.
        inner = payload.get("status", payload.get("error"))
        if isinstance(inner, str) and inner.isdecimal():
            inner = None if kind_of_status(int(inner)) is AnswerKind.OK else int(inner)
    if not is_number(inner):
        if status >= 300 or status == 204:
            kind = AnswerKind.EXPIRED if status == 401 else kind_of_status(status)
            return Classified(kind, said or "")
        return Classified(AnswerKind.REFUSED, said or "an answer without a status")
    kind = kind_of_status(inner)
    if kind is AnswerKind.OK:
        # A good body under a bad HTTP status is still a failure.
        return Classified(kind_of_status(status), said or "", None)
    ended = kind is AnswerKind.FAULT and any(phrase in (said or "") for phrase in SESSION_ENDED)
    if ended or kind is AnswerKind.CREDENTIAL:
        kind = AnswerKind.EXPIRED
    if any(phrase in (said or "") for phrase in WRONG_CREDENTIAL):
        kind = AnswerKind.CREDENTIAL
    return Classified(kind, said or "", inner)
