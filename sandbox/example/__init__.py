"""The smallest stand-in: a library with shelves and the books on them.

Read it before you write one; `sandbox.core` says what each file is for.
"""

from __future__ import annotations

from sandbox.core import Refused, Request, Response, Tables, Window
from sandbox.example.changes import Changes
from sandbox.example.routes import ROUTES
from sandbox.example.truth import after_increment, tables

__all__ = ["Library"]

TOKEN = "canary-library-token"


class Library(Changes):
    """`size` books: three requests a second, or ten seconds of silence."""

    base_path = "/v1"
    default_size = 20
    routes = ROUTES
    windows = (Window(3, 1.0),)
    penalty_seconds = 10.0

    def caller(self, request: Request) -> str | None:
        authorization = request.headers.get("authorization")
        if authorization is None:
            return None
        if authorization != f"Bearer {TOKEN}":
            raise Refused(401)
        return "the owner of the token"

    def refusal(self, refused: Refused) -> Response:
        message = refused.message or {401: "who are you?", 404: "not here"}.get(
            refused.status, "no"
        )
        return Response.of_json({"error": message}, refused.status)

    def tables(self) -> Tables:
        return tables(self.shelves, self.books)

    def after_increment(self, before: Tables, now: Tables) -> Tables:
        return after_increment(before, now)

    def secrets(self) -> list[str]:
        return [TOKEN]

    def credentials(self) -> dict[str, str]:
        return {"LIBRARY_TOKEN": TOKEN}
