"""How a fault harms an answer that the service gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.core.messages import Response
from sandbox.core.service import Service

PAGE = "<!doctype html><html><body><h1>Be right back</h1></body></html>"


@dataclass(frozen=True)
class Delivery:
    """What goes over the wire: an answer, and how its delivery goes wrong."""

    response: Response
    reset: bool = False
    cut_at: int | None = None
    bytes_per_second: float | None = None
    refuse_seconds: float | None = None


@dataclass(frozen=True)
class Harm:
    """What a fault does to an answer, and how much of it."""

    kind: str
    rows: int = 2
    bytes_per_second: float = 1000.0
    body: Any = None


def harmed(service: Service, harm: Harm, delivery: Delivery) -> Delivery | None:
    """The harmed delivery, or None where this answer cannot be harmed that way."""
    response = delivery.response
    if response.status >= 400 or not response.body:
        return None
    half = len(response.body) // 2
    match harm.kind:
        case "reset_in_body":
            return replace(delivery, reset=True, cut_at=half)
        case "short_body":
            return replace(delivery, cut_at=half)
        case "slow_body":
            return replace(delivery, bytes_per_second=harm.bytes_per_second)
    changed = _changed(service, harm, response)
    return None if changed is None else replace(delivery, response=changed)


def _changed(service: Service, harm: Harm, response: Response) -> Response | None:
    """Another answer instead of this one."""
    match harm.kind:
        case "truncated":
            return replace(response, body=response.body[: len(response.body) // 2])
        case "invalid_json":
            return replace(response, body=b"{'rows': [undefined, NaN,],}")
        case "body":
            return Response.of_json(harm.body)
        case "html":
            return Response.of_text(PAGE, 200, "text/html")
        case "wrong_content_type":
            text = {"Content-Type": "text/plain; charset=utf-8"}
            return replace(response, headers={**response.headers, **text})
        case "empty_list":
            return service.emptied(response)
        case "cut_list":
            return service.with_rows(response, lambda rows: _cut(rows, harm.rows))
    return service.with_rows(response, ROW_HARMS[harm.kind]) if harm.kind in ROW_HARMS else None


def _cut(rows: list[Any], length: int) -> bool:
    whole = len(rows)
    del rows[length:]
    return len(rows) < whole


def _double(rows: list[Any]) -> bool:
    rows.extend(rows[:1])
    return bool(rows)


def _reverse(rows: list[Any]) -> bool:
    rows.reverse()
    return len(rows) > 1


ROW_HARMS: dict[str, Callable[[list[Any]], bool]] = {
    "duplicate_rows": _double,
    "reordered_rows": _reverse,
}
"""Each changes the rows in place; False where they were too few for it."""
