"""Which page of which list a request asks for, whatever the service calls these things."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from sandbox.core.messages import Request

PAGE_SIZES = ("per_page", "limit", "count", "first")
PLACES = ("page", "offset", "cursor", "after")
"""The names under which services are asked for a page's size, and for its place in a list."""


def asked_for(request: Request) -> dict[str, Any]:
    """What a request asks for: its parameters, or the variables of its GraphQL."""
    variables = _body(request).get("variables")
    return {**request.query, **(variables if isinstance(variables, dict) else {})}


def list_of(request: Request) -> str:
    """Equal for the pages of one list."""
    rest = {name: value for name, value in asked_for(request).items() if name not in PLACES}
    query = _body(request).get("query")
    return json.dumps([request.method, request.path, rest, query], sort_keys=True)


def _body(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries; empty where it carries none."""
    try:
        body = request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def place_of(request: Request) -> list[Any]:
    """Where in its list a page stands."""
    asked = asked_for(request)
    return [asked.get(name) for name in PLACES]


def is_first(request: Request) -> bool:
    """Whether a list is asked for from its beginning."""
    asked = asked_for(request)
    begun = [str(asked.get("page", 1)) == "1", str(asked.get("offset", 0)) == "0"]
    return all(begun) and not (asked.get("cursor") or asked.get("after"))


def clamped(request: Request, rows: int) -> Request | None:
    """The same request for a smaller page; None where none, or no larger one, was asked for."""
    asked = asked_for(request)
    sizes = [n for n in PAGE_SIZES if str(asked.get(n, "")).isdecimal() and int(asked[n]) > rows]
    if not sizes:
        return None
    pairs = [(n, str(rows) if n in sizes else value) for n, value in request.query_pairs]
    target = request.path + (f"?{urlencode(pairs)}" if pairs else "")
    body = request.body
    if sizes[0] not in request.query:
        payload = request.json()
        payload["variables"].update(dict.fromkeys(sizes, rows))
        body = json.dumps(payload).encode()
    return replace(request, target=target, body=body)
