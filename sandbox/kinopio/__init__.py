"""A stand-in of Kinopio: spaces of cards, their connections, boxes and tags."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.core import Refused, Request, Response, Tables, Window, served
from sandbox.kinopio.changes import Changes
from sandbox.kinopio.rounds import play
from sandbox.kinopio.routes import ROUTES
from sandbox.kinopio.truth import after_increment, files, tables
from sandbox.kinopio.writes import WRITE_ROUTES

__all__ = ["Kinopio"]


class Kinopio(Changes):
    """An account with `size` spaces: 5 requests a second, or 30 seconds of silence."""

    default_size = 40
    routes = (*ROUTES, *WRITE_ROUTES)
    windows = (Window(5, 1.0),)
    penalty_seconds = 30.0
    file_hosts = (
        ("https://cdn.kinopio.club/", "/cdn/"),
        ("https://files.kinopio.club/", "/older/"),
    )
    may_hold_more = frozenset(("users", "notifications", "ai_images"))
    credential_headers = (
        "authorization", "cookie", "app-authorization", "space-authorization",
        "read-only-authorization",
    )  # fmt: skip

    def caller(self, request: Request) -> str | None:
        """Oneself by the bare key; no key may do where a route is open, a wrong one never does."""
        given = [request.headers.get("authorization"), request.query.get("apiKey")]
        if given == [None, None]:
            return None
        if self.world.me["apiKey"] not in given:
            raise Refused(401)
        return "the owner of the key"

    def refusal(self, refused: Refused) -> Response:
        """An error; its body is not documented, and one client looks for `status` in it."""
        status, switches = refused.status, self.switches
        if status == 429 and switches.throttled_body == "text":
            return Response.of_text("Too many requests, please wait 30 seconds.", 429)
        if switches.errors == "text" and status != 429:
            return Response.of_text(f"error {status}", status, "text/html")
        in_body = switches.errors == "in_body" and status < 500 and status != 429
        return Response.of_json({"status": status, "message": "no"}, 200 if in_body else status)

    def tables(self) -> Tables:
        return tables(self.world, self.switches)

    def after_increment(self, before: Tables, now: Tables) -> Tables:
        spaces = self.world.spaces.values()
        silent = {f"{space.id}/{box}" for space in spaces for box in space.silent_boxes}
        return after_increment(before, now, silent)

    def round(self, rng: Random, seed: int) -> list[str]:
        return play(self, rng)

    def files(self) -> list[dict[str, Any]]:
        """The key of an AI image is its address, which leads to the FileHost as the others do."""
        found = files(self.tables())
        for row in found if self._files_base else ():
            row["record_key"] = self._moved(row["record_key"])
        return found

    def file(self, request: Request) -> Response:
        """An upload, of today or of earlier years."""
        if not request.path.startswith(("/cdn/", "/older/")):
            return super().file(request)
        return served(request.path)

    def secrets(self) -> list[str]:
        return self.world.secrets()

    def credentials(self) -> dict[str, str]:
        return {"KINOPIO_API_KEY": str(self.world.me["apiKey"])}
