"""How Kippt says no (API page, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.http.config import AnswerKind, Classified, classify_by_status


def classify_kippt(status: int, headers: Mapping[str, str], payload: Any) -> Classified:
    """503 says "too many requests" like 429; a lone `message` in a 200 answer is a failure."""
    plain = classify_by_status(status, headers, payload)
    if status == 503:
        return Classified(AnswerKind.THROTTLED, plain.message)
    if plain.kind is not AnswerKind.OK or not isinstance(payload, dict):
        return plain
    # A record of which `message` is one field among others is no error.
    if "message" in payload and not payload.keys() & {"objects", "meta", "id", "resource_uri"}:
        return Classified(AnswerKind.REFUSED, plain.message or "an answer with only a message")
    return plain
