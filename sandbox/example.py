"""The smallest service with everything a stand-in has: read it before you write one.

The tests of the server use it too, since its answers hold no surprise.
"""

from __future__ import annotations

import threading
from typing import Any

from sandbox.service import Request, Response, Service, Switch, Window


class Books(Service):
    """Twenty books behind `/v1`: three requests a second, or ten seconds of silence."""

    name = "books"
    base_path = "/v1"
    switches = (Switch("language", "en", ("en", "de"), "what the titles are in"),)
    windows = (Window(3, 1.0),)
    penalty_seconds = 10.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lock = threading.RLock()
        self.books = [{"id": number, "title": f"Book {number}"} for number in range(20)]
        self.jumped = 0.0

    def answer(self, request: Request) -> Response:
        with self.lock:
            match request.path:
                case "/v1/books":
                    return Response.of_json(
                        {"meta": {"total": len(self.books)}, "data": self.books}
                    )
                case "/v1/echo":
                    said = {"body": request.body.decode(), "method": request.method}
                    return Response.of_json(said)
                case "/v1/broken":
                    raise RuntimeError("the stand-in has a bug")
                case "/v1/nothing":
                    return Response(204)
        return self.refused(404)

    def add_book(self, title: str) -> int:
        """One more book; its id."""
        with self.lock:
            self.books.append({"id": len(self.books), "title": title})
            return len(self.books) - 1

    def jump_clock(self, seconds: float) -> None:
        self.jumped += seconds

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        with self.lock:
            return {"books": list(self.books)}

    def change(self, seed: int) -> list[str]:
        self.add_book(f"New {seed}")
        return [f"added New {seed}"]

    def secrets(self) -> list[str]:
        return ["canary-key"]

    def credentials(self) -> dict[str, str]:
        return {"BOOKS_KEY": "canary-key"}
