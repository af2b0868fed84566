"""How Kinopio says no (API page, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.http.config import (
    Classified,
    classify_by_status,
    is_number,
    kind_of_status,
    one_line,
)


def classify_kinopio(status: int, headers: Mapping[str, str], payload: Any) -> Classified:
    """The HTTP status, and a numeric `status` of 400, 401, 404 or 500 inside an object.

    401 also stands for "no permission for this space": where that is possible, ask with
    `also={401}`. The body of a 429 may be plain text.
    """
    if 200 <= status <= 299 and isinstance(payload, dict):
        inner = payload.get("status")
        if is_number(inner) and inner in (400, 401, 404, 500):
            return Classified(kind_of_status(inner), one_line(payload.get("message")), inner)
    return classify_by_status(status, headers, payload)
