"""From a request to the function that answers it: a table of routes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from sandbox.core.messages import Refused, Request

S = TypeVar("S")


@dataclass(frozen=True)
class Call(Generic[S]):
    """What a route's function gets: the service, the request and who asks.

    `caller` is whatever `Service.caller` returned; None on a public route without a token.
    """

    service: S
    request: Request
    query: dict[str, str]
    caller: Any


@dataclass(frozen=True)
class Route:
    """`{name}` in the path stands for one part of it and becomes an argument of `answer`.

    `answer(call, **parts)` returns the payload to send as JSON, or a finished Response, or raises
    Refused. A public route needs no token.
    """

    method: str
    path: str
    answer: Callable[..., Any]
    public: bool = False


class Router:
    """Finds the route of a request; of two that fit, the one that is first in the table."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        for route in routes:
            if "{" not in route.path:
                self._exact.setdefault((route.method, route.path), route)
                continue
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(route.path))
            self._patterns.append((re.compile(pattern), route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the parts of the path.

        Raises Refused with 405 where only other methods have the path, with 404 where none has.
        """
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}
        other_method = any(path == known for _, known in self._exact)
        for pattern, route in self._patterns:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == method:
                return route, {name: unquote(part) for name, part in match.groupdict().items()}
            other_method = True
        raise Refused(405 if other_method else 404)
