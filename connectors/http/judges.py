"""How each of the five services words its errors: one small function for each.

A judge decides on the HTTP status first and on the body where the service is known to
contradict it. The facts are from the services' API documentation and public clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from connectors.http.config import Judgement, Verdict, judge_by_status, verdict_of, words


def is_number(value: Any) -> TypeGuard[int]:
    """JSON `true` arrives as a bool, which Python counts among the integers."""
    return isinstance(value, int) and not isinstance(value, bool)


def judge_kinopio(status: int, headers: Mapping[str, str], payload: Any) -> Judgement:
    """The HTTP status, and a numeric `status` of 400, 401, 404 or 500 inside an object.

    401 also stands for "no permission for this space": where that is possible, ask with
    `also={401}`. The body of a 429 may be plain text.
    """
    if 200 <= status <= 299 and isinstance(payload, dict):
        inner = payload.get("status")
        if is_number(inner) and inner in (400, 401, 404, 500):
            return Judgement(verdict_of(inner), words(payload.get("message")), inner)
    return judge_by_status(status, headers, payload)


KINESCOPE_CODES = {
    100101: Verdict.CREDENTIAL,  # no authorization header: seen with HTTP 400
    100102: Verdict.CREDENTIAL,
    100103: Verdict.FORBIDDEN,
    400207: Verdict.PLAN,  # not enough money
    400212: Verdict.PLAN,  # subscription not paid
    404404: Verdict.MISSING,
    500500: Verdict.FAULT,
}


def judge_kinescope(status: int, headers: Mapping[str, str], payload: Any) -> Judgement:
    """`{"error": {code, message, detail, invalid_params}}`: status first, then code.

    The code decides only where the status says no more than "refused", since documented codes
    contradict their statuses (402402 comes with HTTP 400).
    """
    verdict = verdict_of(status)
    error = payload.get("error") if isinstance(payload, dict) else None
    if not isinstance(error, dict):
        return Judgement(verdict, judge_by_status(status, headers, payload).message)
    if verdict in (Verdict.OK, Verdict.REFUSED):
        code = error.get("code")
        verdict = KINESCOPE_CODES.get(code if is_number(code) else 0, Verdict.REFUSED)
    said = [words(error.get("message")), words(error.get("detail"))]
    invalid = error.get("invalid_params")
    for bad in invalid if isinstance(invalid, list) else ():
        if isinstance(bad, dict):
            reason = words(bad.get("message")) or words(bad.get("reason"))
            said.append(f"{words(bad.get('name'))}: {reason}")
    if is_number(error.get("code")):
        said.append(f"code {error['code']}")
    return Judgement(verdict, words(", ".join(filter(None, said))))


KINESIS_ENDED = ("Failed decoding JWT", "Personal Access Token")
"""Words of a 500 that means the token: an ended session, or (assumed) a token out of its time."""
KINESIS_CREDENTIAL = (
    "Incorrect UID",  # the token belongs to somebody else
    # The caller's own uid or name is unknown. Read as "missing" it would look like deletion.
    "Account with this",
    "Password mismatch",
)


def judge_kinesis(status: int, headers: Mapping[str, str], payload: Any) -> Judgement:
    """Fails on HTTP 400 and up, and on a body `status` that is no number from 200 to 299.

    The body's status counts where there is one. Every 401 may be an ended session: the client
    logs in once more if it can, and reports the credential if it cannot.
    """
    inner = said = None
    if isinstance(payload, dict):
        said = words(payload.get("message"))
        # Some failures of old instances put the number under `error`, or send it as text.
        inner = payload.get("status", payload.get("error"))
        if isinstance(inner, str) and inner.isdecimal():
            inner = None if verdict_of(int(inner)) is Verdict.OK else int(inner)
    if not is_number(inner):
        if status >= 300 or status == 204:
            verdict = Verdict.EXPIRED if status == 401 else verdict_of(status)
            return Judgement(verdict, said or "")
        return Judgement(Verdict.REFUSED, said or "an answer without a status")
    verdict = verdict_of(inner)
    if verdict is Verdict.OK:
        # A good body under a bad HTTP status is still a failure.
        return Judgement(verdict_of(status), said or "", None)
    ended = verdict is Verdict.FAULT and any(phrase in (said or "") for phrase in KINESIS_ENDED)
    if ended or verdict is Verdict.CREDENTIAL:
        verdict = Verdict.EXPIRED
    if any(phrase in (said or "") for phrase in KINESIS_CREDENTIAL):
        verdict = Verdict.CREDENTIAL
    return Judgement(verdict, said or "", inner)


def judge_kippt(status: int, headers: Mapping[str, str], payload: Any) -> Judgement:
    """503 says "too many requests" like 429; a lone `message` in a 200 answer is a failure."""
    plain = judge_by_status(status, headers, payload)
    if status == 503:
        return Judgement(Verdict.THROTTLED, plain.message)
    if plain.verdict is not Verdict.OK or not isinstance(payload, dict):
        return plain
    # A record of which `message` is one field among others is no error.
    if "message" in payload and not payload.keys() & {"objects", "meta", "id", "resource_uri"}:
        return Judgement(Verdict.REFUSED, plain.message or "an answer with only a message")
    return plain


KITEMAKER_CODES = {
    "UNAUTHORIZED": Verdict.CREDENTIAL,
    "UNAUTHENTICATED": Verdict.CREDENTIAL,
    "FORBIDDEN": Verdict.FORBIDDEN,
    "INTERNAL_SERVER_ERROR": Verdict.FAULT,
    "RATE_LIMITED": Verdict.THROTTLED,
    "TOO_MANY_REQUESTS": Verdict.THROTTLED,
}
GRAVEST = (
    Verdict.CREDENTIAL,
    Verdict.PLAN,
    Verdict.THROTTLED,
    Verdict.FAULT,
    Verdict.REFUSED,
    Verdict.FORBIDDEN,
    Verdict.MISSING,
)


def judge_kitemaker(status: int, headers: Mapping[str, str], payload: Any) -> Judgement:
    """`{"errors": [{message, status, code}]}`, with HTTP 200 in GraphQL.

    Partial `data` beside errors is no answer: what it lacks would look deleted. Of several
    errors the gravest decides, so that one missing thing does not hide a bad token.
    """
    errors = payload.get("errors") if isinstance(payload, dict) else None
    if not errors:
        return judge_by_status(status, headers, payload)
    listed = errors if isinstance(errors, list) else [errors]
    errors = [error for error in listed if isinstance(error, dict)]
    said = ", ".join(filter(None, (words(error.get("message")) for error in errors)))
    if not 200 <= status <= 299:
        return Judgement(verdict_of(status), words(said))
    found = {_kitemaker_verdict(error) for error in errors} or {Verdict.REFUSED}
    return Judgement(next(verdict for verdict in GRAVEST if verdict in found), words(said))


def _kitemaker_verdict(error: Mapping[str, Any]) -> Verdict:
    extensions = error.get("extensions")
    more = extensions if isinstance(extensions, dict) else {}
    number = error.get("status", more.get("status"))
    if is_number(number) and number >= 400:
        return verdict_of(number)
    code = str(error.get("code", more.get("code", ""))).upper()
    if code.endswith("NOT_FOUND"):
        return Verdict.MISSING
    return KITEMAKER_CODES.get(code, Verdict.REFUSED)
