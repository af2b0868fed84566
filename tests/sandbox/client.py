"""A small service for tests of the server, and requests to stand-ins."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core import (
    Call,
    Request,
    Response,
    Route,
    Service,
    StandIn,
    Switches,
    Tables,
    Window,
    action,
    by_offset,
    one_of,
)


def books(call: Call[Books]) -> Any:
    return {"meta": {"total": len(call.service.books)}, "data": call.service.books}


def echo(call: Call[Books]) -> Any:
    return {"body": call.request.body.decode(), "method": call.request.method}


def broken(call: Call[Books]) -> Any:
    raise RuntimeError("the stand-in has a bug")


def nothing(call: Call[Books]) -> Response:
    return Response(204)


def numbers(call: Call[Books]) -> Any:
    page = by_offset(call.query, range(20), usual=20, most=20)
    return {"rows": list(page.rows), "total": page.total}


@dataclass
class BooksSwitches(Switches):
    language: str = one_of("en", "de", about="what the titles are in")


class Books(Service):
    """Twenty books behind `/v1`: three requests a second, or ten seconds of silence."""

    name = "books"
    base_path = "/v1"
    switch_class = BooksSwitches
    windows = (Window(3, 1.0),)
    penalty_seconds = 10.0
    routes = (
        Route("GET", "/books", books, public=True),
        *(Route(method, "/echo", echo, public=True) for method in ("GET", "POST", "DELETE")),
        Route("GET", "/broken", broken, public=True),
        Route("GET", "/nothing", nothing, public=True),
        Route("GET", "/numbers", numbers, public=True),
    )

    def build(self) -> None:
        self.books = [{"id": number, "title": f"Book {number}"} for number in range(20)]
        self.jumped = 0.0

    @action
    def add_book(self, title: str) -> int:
        """One more book; its id."""
        self.books.append({"id": len(self.books), "title": title})
        return len(self.books) - 1

    def jump_clock(self, seconds: float) -> None:
        self.jumped += seconds

    def tables(self) -> Tables:
        return {"books": list(self.books)}

    def change(self, seed: int) -> list[str]:
        self.add_book(f"New {seed}")
        return [f"added New {seed}"]

    def secrets(self) -> list[str]:
        return ["canary-key"]

    def credentials(self) -> dict[str, str]:
        return {"BOOKS_KEY": "canary-key"}


class Answer(NamedTuple):
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def ask(stand_in: StandIn, path: str, method: str = "GET", body: Any = None) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", stand_in.port, timeout=5)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, body=text)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())
    finally:
        connection.close()


def get(service: Service, target: str, **headers: str) -> Response:
    """One request without a socket; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.answer(Request("GET", target, named))
