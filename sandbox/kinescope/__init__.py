"""A stand-in of Kinescope: a library of videos with everything that hangs on it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from random import Random
from types import MappingProxyType
from typing import Any

from sandbox.core import Refused, Request, Response, Tables, Window, served
from sandbox.core.blobs import lines
from sandbox.kinescope.changes import Changes
from sandbox.kinescope.data import TOKEN
from sandbox.kinescope.figure_routes import FIGURE_ROUTES
from sandbox.kinescope.records import INVOICES
from sandbox.kinescope.rounds import play
from sandbox.kinescope.routes import ROUTES
from sandbox.kinescope.shapes import FILES, SIGNATURE
from sandbox.kinescope.truth import after_increment, files, tables
from sandbox.kinescope.uploads import UPLOAD_ROUTES
from sandbox.kinescope.writes import WRITE_ROUTES

__all__ = ["Kinescope"]

WORDS = {
    400: (400400, "validation error"),
    401: (100102, "unauthorized"),
    402: (400207, "not enough money"),
    403: (100103, "access denied"),
    404: (404404, "no such entity"),
    429: (429429, "too many requests"),
    500: (500500, "internal server error"),
}
"""Code and message by status (page, section 5); those of 429 and of other statuses
are invented after 404404, no source shows them."""


class Kinescope(Changes):
    """A workspace with `size` videos; a million of them are made as they are asked for."""

    default_size = 40
    routes = (*ROUTES, *FIGURE_ROUTES, *WRITE_ROUTES, *UPLOAD_ROUTES)
    windows = (Window(10, 1.0), Window(300, 60.0))
    file_hosts = ((FILES, ""),)
    may_hold_more = frozenset(("analytics", "analytics_overview", "billing_usage"))
    account_settings = MappingProxyType({"invoices": INVOICES})

    def build(self) -> None:
        super().build()
        self._numbers = count(1)
        """Of answers, errors and invented ones included."""

    def caller(self, request: Request) -> str:
        """The owner of the token; without a header 400 with a code of its own, or 401."""
        header = request.headers.get("authorization")
        if not header and self.switches.auth_errors == "probed":
            raise Refused(400, "authorization header not found", code=100101)
        if header != f"Bearer {TOKEN}":
            raise Refused(401)
        return "the owner of the token"

    def path(self, request: Request) -> str:
        return request.path

    def refusal(self, refused: Refused) -> Response:
        """The one shape of all errors; wrong parameters are told in one of two forms."""
        status, details = refused.status, dict(refused.details)
        code, message = WORDS.get(status, (status * 1001, "error"))
        message = refused.message or message
        if name := details.pop("parameter", None):
            reason = details.pop("reason", "range")
            code, status, details = 402402, 400, {"detail": f"{name}: {message}"}
            if self.switches.validation_errors == "seed":
                code, status = 400400, 422
                problem = {"name": name, "reason": reason, "message": message}
                details = {"invalid_params": [problem]}
            message = "validation error"
        error = {"code": details.pop("code", code), "message": message, **details}
        return self._with_request_id(Response.of_json({"error": error}, status))

    def finish(self, request: Request, response: Response) -> Response:
        return super().finish(request, self._with_request_id(response))

    def rows_in(self, payload: Any) -> list[Any] | None:
        """The records of a list; a single record has none."""
        rows = payload.get("data") if isinstance(payload, dict) else None
        return rows if isinstance(rows, list) else None

    def emptied(self, response: Response) -> Response | None:
        """No rows, and a total that agrees."""
        empty = super().emptied(response)
        payload = json.loads(empty.body) if empty else {}
        if empty is None or "pagination" not in payload.get("meta", {}):
            return empty
        payload["meta"]["pagination"]["total"] = 0
        return Response.of_json(payload, empty.status, empty.headers)

    def tables(self) -> Tables:
        return tables(self.account, self.switches)

    def after_increment(self, before: Tables, now: Tables) -> Tables:
        return after_increment(before, now, self.today, self.switches)

    def round(self, rng: Random, seed: int) -> list[str]:
        return play(self, rng, seed)

    def files(self) -> list[dict[str, Any]]:
        return files(self.account)

    def file(self, request: Request) -> Response:
        """Media, posters and subtitles; a signed link is good until it expires."""
        expires = request.query.get("expires")
        if expires is not None and int(expires) <= self.clock.now.timestamp():
            return Response.of_text("the link has expired", 403)
        *_, kind, name, last = ("", "", *request.path.split("/"))
        if kind in ("assets", "materials") and last.isdecimal():
            return served(f"{name}.mp4", self.account.uploads.get(name, lines(name, int(last))))
        if last.endswith((".png", ".vtt")):
            return served(last, self.account.uploads.get(last.partition(".")[0]))
        return super().file(request)

    def secrets(self) -> list[str]:
        """Parts by which every secret of this account can be recognised."""
        kinds = ("share-", "stream-", "restream-", "hook-")
        return [TOKEN, SIGNATURE, *(f"canary-{kind}" for kind in kinds)]

    def credentials(self) -> dict[str, str]:
        return {"KINESCOPE_API_TOKEN": TOKEN}

    def _with_request_id(self, response: Response) -> Response:
        """Every answer carries a new X-Request-ID."""
        if "X-Request-ID" in response.headers:
            return response
        name = self.account.ids.uuid("request", next(self._numbers))
        return replace(response, headers={**response.headers, "X-Request-ID": name})
