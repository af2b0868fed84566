"""A stand-in of Kinesis API (kinesis.world): a made account of a small bookshop and its friends."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import unquote

from sandbox.core import Refused, Request, Response, Tables, Window, served
from sandbox.core.ranges import ranged
from sandbox.kinesis.changes import Changes
from sandbox.kinesis.records import CALLER, User
from sandbox.kinesis.rounds import play
from sandbox.kinesis.routes import ASKS_FOR, ROUTES
from sandbox.kinesis.truth import files, tables
from sandbox.kinesis.views import views
from sandbox.kinesis.writes import WRITE_ROUTES

__all__ = ["Kinesis"]

LISTS = ("/fetch/all", "/fetch")


class Kinesis(Changes):
    """An account with `size` data records; the caller is user 0 and ROOT.

    The page knows no limit; ten requests a second is the stand-in's own.
    """

    default_size = 48
    routes = (*ROUTES, *WRITE_ROUTES)
    windows = (Window(10, 1.0),)
    may_hold_more = frozenset(("events",))
    tokens_sent_to_files = 0
    """Requests for files that carried an Authorization header."""

    def caller(self, request: Request) -> User | None:
        """What is missing comes before who is unknown, and both come before the token."""
        if request.method in ("POST", "PATCH"):
            return None  # whose token it is stands in the body
        if "authorization" not in request.headers:
            raise Refused(401)
        uid = request.query.get("uid")
        if not uid and self.switches.uid_required:
            raise Refused(400, "No uid provided")
        for name in ASKS_FOR.get(self.path(request), ()):
            if not request.query.get(name):
                raise Refused(400, f"No {name} provided")
        return self.admitted(request, uid)

    def path(self, request: Request) -> str:
        """Lists end in one of two ways, by switch; some requests need a content type."""
        path = super().path(request)
        typed = request.headers.get("content-type", "").startswith("application/json")
        if not typed and (request.method != "GET" or self.switches.get_needs_content_type):
            raise Refused(404)
        ending = next((ending for ending in LISTS if path.endswith(ending)), None)
        if ending is None:
            return path
        if self.switches.list_suffix not in (ending[1:], "both"):
            raise Refused(404)
        return f"{path.removesuffix(ending)}/fetch/all"

    def respond(self, request: Request) -> Response:
        """Files lie beside the API; no token has to come along, so none should."""
        path = unquote(request.path)[1:]
        if request.method != "GET" or (path != "media/stream" and path not in self.store.files):
            return super().respond(request)
        self.tokens_sent_to_files += "authorization" in request.headers
        whole = self._stream(request) if path == "media/stream" else served(self.store.files[path])
        return ranged(request, whole)

    def _stream(self, request: Request) -> Response:
        """A private file, opened by the token in its address."""
        for media in self.store.medias:
            if media.id == request.query.get("media_id") and media.name in self.store.files:
                if request.query.get("access_token") != media.access_token:
                    raise Refused(403, "Not authorized to access this Media")
                return served(self.store.files[media.name])
        raise Refused(404, "No Media with this media_id found")

    def refusal(self, refused: Refused) -> Response:
        """A handler's error is JSON, with its status in the body alone by default; without a
        message it is the framework's HTML page."""
        status, switches = refused.status, self.switches
        if status == 429:
            body = {"status": 429, "message": "Error: Too many requests"}
            return Response.of_json(body, 429 if switches.throttle == "http" else 200)
        if not refused.message:
            status = 404 if status == 405 else status
            title = f"<html><head><title>{status}</title></head><body>{status}</body></html>"
            return Response.of_text(f"<!DOCTYPE html>{title}", status, "text/html")
        message = f"Error: {refused.message}"
        body = {"status": status, "message": message}
        match refused.details.get("shape", switches.error_shape):
            case "statusless":
                body = {"error": str(status), "message": message}
            case "string":
                body = {"status": str(status), "message": message}
        return Response.of_json(body, status if switches.errors == "http" else 200)

    def refused(self, status: int) -> Response:
        """401 is the expired token and 403 the missing right in the handlers' words; from
        500 on it is a page in front of the service."""
        message = "" if status >= 500 or status == 429 else f"refused with {status}"
        if status == 401:
            status, message = self.switches.expired_token, "Failed decoding JWT (ExpiredSignature)"
        if status == 403:
            message = "Not enough privileges to carry out this operation"
        with self.lock:
            return self.refusal(Refused(status, message))

    def emptied(self, response: Response) -> Response | None:
        """A list as it reads while its file is being rewritten: no rows, and an amount of 0."""
        empty = super().emptied(response)
        if empty is None:
            return None
        payload = json.loads(empty.body)
        for part in (payload, payload.get("data")):
            if isinstance(part, dict) and "data_ids" in part:
                part["data_ids"] = []
        if "amount" in payload:
            payload["amount"] = 0
        return Response.of_json(payload, empty.status, empty.headers)

    def tables(self) -> Tables:
        return tables(self)

    def truth_views(self) -> Tables:
        """What a typed view of each collection holds."""
        with self.lock:
            return views(self.store)

    def round(self, rng: Random, seed: int) -> list[str]:
        return play(self, rng)

    def files(self) -> list[dict[str, Any]]:
        return files(self)

    def secrets(self) -> list[str]:
        """All invented secrets that ever were in the account, and all tokens handed out."""
        return list(self.store.secrets)

    def credentials(self) -> dict[str, str]:
        """The access token with the caller's id, user name and password, or one of the two."""
        caller = next(user for user in self.store.users if user.number == CALLER)
        uid = str(self.user_id(CALLER))
        token = {"KINESIS_API_TOKEN": self.tokens.access_token, "KINESIS_UID": uid}
        login = {
            "KINESIS_USERNAME": caller.username,
            "KINESIS_PASSWORD": caller.login_password,
        }
        form = self.switches.credential
        return (token if form != "login" else {}) | (login if form != "token" else {})
