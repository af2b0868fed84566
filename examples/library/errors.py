"""Library: how it says no (API page, "Errors")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.http.config import AnswerKind, Classified, classify_by_status


def classify_library(status: int, headers: Mapping[str, str], payload: Any) -> Classified:
    """`{"error": text}`; a book that is lent out answers 409 and can be read later."""
    message = str(payload["error"]) if isinstance(payload, dict) and "error" in payload else ""
    if status == 409:
        return Classified(AnswerKind.FAULT, message)
    return Classified(classify_by_status(status, headers, payload).kind, message)
