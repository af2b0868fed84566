"""A stand-in of Kippt: lists of links, alone and with others."""

from __future__ import annotations

import base64
from random import Random
from typing import Any
from urllib.parse import urlsplit

from sandbox.core import Refused, Request, Response, Tables, Window, blob
from sandbox.kippt import writes
from sandbox.kippt.changes import Changes
from sandbox.kippt.records import User
from sandbox.kippt.rounds import play
from sandbox.kippt.routes import ROUTES
from sandbox.kippt.truth import after_increment, files, tables

__all__ = ["Kippt"]

WORDS = {401: "Authentication required.", 404: "Not found.", 405: "Method not allowed."}


class Kippt(Changes):
    """An account with `size` clips of its own, and the people around it."""

    base_path = "/api"
    default_size = 40
    routes = (*ROUTES, *writes.ROUTES)
    windows = (Window(2, 1.0),)
    """The page knows no limit; it advises one to two requests in a second (section 2)."""
    throttle_status = 503
    file_hosts = (("https://pictures.example", ""),)
    may_hold_more = frozenset(("users", "notifications", "clip_saves", "list_collaborators"))
    credential_headers = ("authorization", "cookie", "x-kippt-username", "x-kippt-api-token")

    def caller(self, request: Request) -> User | None:
        """Oneself by both token headers or by password; nobody without any; else 401."""
        names = ("x-kippt-username", "x-kippt-api-token")
        given = [request.headers.get(name) for name in names]
        authorization = request.headers.get("authorization")
        if given == [None, None] and authorization is None:
            return None
        me, token = self.world.me, self._secret("token", self.tokens_given)
        password = self._secret("password", self.tokens_given)
        users = (me.username, f"{me.username}@example.com")
        if given == [me.username, token] or authorization in [basic(u, password) for u in users]:
            return me
        raise Refused(401)

    def respond(self, request: Request) -> Response:
        """Maintenance and throttling come first, then the slash at the path's end."""
        if self.switches.maintenance:
            page = "<html><body><h1>We will be back soon</h1></body></html>"
            return Response.of_text(page, 503, "text/html")
        if self.throttling:
            self.throttling -= 1
            return self.throttled(self.retry_after)
        if not request.path.endswith("/") and self.switches.missing_slash == "redirect":
            query = urlsplit(request.target).query
            location = f"{request.path}/" + (f"?{query}" if query else "")
            return Response(302, b"", {"Location": location})
        return super().respond(request)

    def path(self, request: Request) -> str:
        return super().path(request).rstrip("/") + "/"

    def refusal(self, refused: Refused) -> Response:
        """One message; the body of a 500 is plain text."""
        if refused.status == 500:
            return Response.of_text("Internal server error", 500)
        usual = "Slow down, please." if refused.status == 503 else "Something is wrong."
        message = refused.message or WORDS.get(refused.status, usual)
        return Response.of_json({"message": message}, refused.status)

    def rows_in(self, payload: Any) -> list[Any] | None:
        """The objects of an envelope; a single record has none."""
        rows = payload.get("objects") if isinstance(payload, dict) else None
        return rows if isinstance(rows, list) else None

    def tables(self) -> Tables:
        return tables(self.world, self.switches)

    def after_increment(self, before: Tables, now: Tables) -> Tables:
        return after_increment(before, now)

    def round(self, rng: Random, seed: int) -> list[str]:
        return play(self, rng, seed)

    def files(self) -> list[dict[str, Any]]:
        return files(self.world, self.tables())

    def file(self, request: Request) -> Response:
        """Images that the service found at clips, and people's pictures."""
        if not request.path.startswith(("/links/", "/avatars/")):
            return super().file(request)
        return Response(200, blob(request.path), {"Content-Type": "image/jpeg"})

    def secrets(self) -> list[str]:
        """Tokens and passwords of all times, and what private feeds end in."""
        times = range(1, self.tokens_given + 1)
        own = [self._secret(kind, time) for time in times for kind in ("token", "password")]
        return own + [row.token for row in self.world.lists.values()]

    def credentials(self) -> dict[str, str]:
        token = self._secret("token", self.tokens_given)
        return {"KIPPT_USERNAME": self.world.me.username, "KIPPT_API_TOKEN": token}

    def _secret(self, kind: str, time: int) -> str:
        return f"canary-kippt-{kind}-{self.seed:06x}{time:02x}"


def basic(user: str, password: str) -> str:
    """The Authorization header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
