"""The Kippt stand-in itself: who may ask, switches, and the dress of every answer."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from sandbox.kippt import stored_files, truth
from sandbox.kippt.changes import Changes
from sandbox.kippt.data import build
from sandbox.kippt.expected import after_increment
from sandbox.kippt.listing import NO_ACCESS, Listing, Refused, envelope
from sandbox.kippt.make import Maker
from sandbox.kippt.model import User
from sandbox.kippt.records import Shape
from sandbox.kippt.routes import find
from sandbox.service import Request, Response, Service, Switch, Window

SWITCHES = (
    Switch("missing_slash", "redirect", ("redirect", "answer"), "a path without slash at its end"),
    Switch("limit_above_200", "clamp", ("clamp", "refuse"), "a greater limit"),
    Switch("next_keeps", "filters", ("filters", "all", "nothing"), "parameters in next, previous"),
    Switch("total_count", False, (False, True), "meta.total_count, as in older answers"),
    Switch("order", "updated_descending", ("updated_descending", "insertion"), "of collections"),
    Switch("since_boundary", "exclusive", ("exclusive", "inclusive"), "rows updated at `since`"),
    Switch("empty_list", "404", ("404", "envelope"), "/lists/:id/clips/ without any clip"),
    Switch("embedded_cap", 3, (3, 1, 10), "most comments, likes, saves, people inside a record"),
    Switch("media_always", False, (False, True), "media without include_data=media"),
    Switch("stream_holds_collaborators_clips", False, (False, True), "in /clips/, from own lists"),
    Switch("list_collaborators_route", False, (False, True), "/lists/:id/collaborators/ is there"),
    Switch("lists_following", False, (False, True), "/lists/following/ is there"),
    Switch("notification_user_key", "user", ("user", "item"), "where a notification has its user"),
    Switch("delete_list", "cascades", ("cascades", "to_inbox"), "own clips of a deleted list"),
    Switch("era", "2013", ("2013", "2012"), "2012: times as text, short records"),
    Switch("versions_change_payload", False, (False, True), "versions before 2013 give era 2012"),
    Switch("maintenance", False, (False, True), "everything is 503 with an HTML page"),
)
VERSION = re.compile(r"application/vnd\.kippt\.(\d{8})\+json")


class Kippt(Changes, Service):
    """An account with `size` clips of its own, and the people around it."""

    name = "kippt"
    base_path = "/api"
    switches = SWITCHES
    windows = (Window(2, 1.0),)
    """No limit is documented; this is the rate that our own client promises to keep."""

    def __init__(
        self, *, size: int = 40, seed: int = 1, switches: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(size=size, seed=seed, switches=switches)
        self.lock = RLock()
        self.world = build(seed, size)
        self.maker = Maker(self.world, random.Random(f"kippt later {seed}"), seed)
        self.after_answer: list[Callable[[Request, int], None]] = []
        """Called with each request and its count after its answer was made."""
        self.told: set[int] = set()
        """The clips that were in answers since the last round of changes."""
        self._files_base = ""
        self._answered = 0
        self._tokens_given = 1
        self._throttling = 0
        self._retry_after: float | None = None

    def answer(self, request: Request) -> Response:
        with self.lock:
            try:
                response = self._respond(request)
            except Refused as refused:
                response = error(refused.status, refused.message)
            self._answered += 1
            count = self._answered
        for after in list(self.after_answer):
            after(request, count)
        return response

    def _respond(self, request: Request) -> Response:
        if self.settings["maintenance"]:
            page = "<html><body><h1>We will be back soon</h1></body></html>"
            return Response.of_text(page, 503, "text/html")
        if self._throttling:
            self._throttling -= 1
            return self.throttled(self._retry_after)
        path, question = request.path, urlsplit(request.target).query
        if not path.endswith("/"):
            if self.settings["missing_slash"] == "redirect":
                location = f"{path}/" + (f"?{question}" if question else "")
                return Response(302, b"", {"Location": location})
            path += "/"
        shape = self._shape(request)
        if request.method != "GET":
            raise Refused(405, "Method not allowed.")
        found = find(shape, path, request.query)
        if isinstance(found, Listing):
            found = envelope(found, path, request.query, self.settings)
        shown = found.get("objects", [found])
        self.told.update(row["id"] for row in shown if "url_domain" in row)
        return self._dressed(found, request)

    def _dressed(self, found: dict[str, Any], request: Request) -> Response:
        """JSON, or a script that hands it to the function named by `callback`."""
        plain = Response.of_json(found)
        if self._files_base:
            body = stored_files.moved(plain.body.decode(), self._files_base).encode()
            plain = Response(plain.status, body, plain.headers)
        callback = request.query.get("callback", "")
        if not callback.isalnum():
            return plain
        script = f"{callback}({plain.body.decode()})"
        return Response.of_text(script, content_type="text/javascript")

    def _shape(self, request: Request) -> Shape:
        era = self.settings["era"]
        version = VERSION.fullmatch(request.headers.get("content-type", ""))
        if version and version[1] < "2013" and self.settings["versions_change_payload"]:
            era = "2012"
        include = frozenset(request.query.get("include_data", "").split(","))
        settings = {**self.settings, "api_token": self._token}
        return Shape(self.world, settings, self._viewer(request), era, include)

    def _viewer(self, request: Request) -> User | None:
        """Oneself by both token headers or by password; nobody without any; else 401."""
        names = ("x-kippt-username", "x-kippt-api-token")
        given = [request.headers.get(name) for name in names]
        authorization = request.headers.get("authorization")
        if given == [None, None] and authorization is None:
            return None
        me = self.world.me
        if given == [me.username, self._token]:
            return me
        users = (me.username, f"{me.username}@example.com")
        if authorization in [basic(user, self._password) for user in users]:
            return me
        raise Refused(*NO_ACCESS)

    def reset_token(self) -> None:
        """A new password and token, as in the account's settings: the old ones are 401."""
        with self.lock:
            self._tokens_given += 1

    def throttle_next(self, times: int = 1, retry_after: float | None = None) -> None:
        """The next requests are answered as when too many come."""
        with self.lock:
            self._throttling, self._retry_after = times, retry_after

    def jump_clock(self, seconds: float) -> None:
        with self.lock:
            self.world.clock += int(seconds)

    def throttled(self, retry_after: float | None) -> Response:
        """503, the same as for maintenance."""
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
        return error(503, "Slow down, please.", headers)

    def refused(self, status: int) -> Response:
        """One message; the body of a 500 is plain text."""
        if status == 500:
            return Response.of_text("Internal server error", 500)
        return error(status, NO_ACCESS[1] if status == 401 else "Something is wrong.")

    def rows_in(self, payload: Any) -> list[Any] | None:
        """The objects of an envelope; a single record has none."""
        rows = payload.get("objects") if isinstance(payload, dict) else None
        return rows if isinstance(rows, list) else None

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        """What the account can see; `sandbox.kippt.truth` says what is left out."""
        with self.lock:
            world, era = self.world, self.settings["era"]
            tables = truth.tables(Shape(world, self.settings, world.me, era, frozenset()))
            for row in tables.get("users", ()):  # absent in the era of 2012
                row["avatar_url"] = stored_files.moved(row["avatar_url"], self._files_base)
            return tables

    def serve_files_at(self, base: str) -> None:
        """Pictures lead below this address, in answers and in the truth."""
        self._files_base = base

    def file(self, request: Request) -> Response:
        return stored_files.stored(request.path)

    def true_files(self) -> list[dict[str, Any]]:
        with self.lock:
            return stored_files.true_files(self.world, self.truth())

    def change(self, seed: int) -> list[str]:
        self.told.clear()
        return super().change(seed)

    def expected(self, before: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
        """Less than the truth: `sandbox.kippt.expected` says why."""
        return after_increment(before, self.truth(), self.told)

    def secrets(self) -> list[str]:
        """Tokens and passwords of all times, and what private feeds end in."""
        with self.lock:
            times = range(1, self._tokens_given + 1)
            own = [f(n) for n in times for f in (self._token_at, self._password_at)]
            return own + [row.token for row in self.world.lists.values()]

    def credentials(self) -> dict[str, str]:
        return {"KIPPT_USERNAME": self.world.me.username, "KIPPT_API_TOKEN": self._token}

    @property
    def _token(self) -> str:
        return self._token_at(self._tokens_given)

    @property
    def _password(self) -> str:
        return self._password_at(self._tokens_given)

    def _token_at(self, time: int) -> str:
        return f"canary-kippt-token-{self.seed:06x}{time:02x}"

    def _password_at(self, time: int) -> str:
        return f"canary-kippt-password-{self.seed:06x}{time:02x}"


def basic(user: str, password: str) -> str:
    """The Authorization header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error in the documented form."""
    return Response.of_json({"message": message}, status, headers)
