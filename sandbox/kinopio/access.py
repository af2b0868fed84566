"""Who may see what, and how a refusal is worded."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.kinopio.data import Space
from sandbox.kinopio.item_changes import ItemChanges
from sandbox.kinopio.shapes import Shapes
from sandbox.kinopio.switches import SWITCHES
from sandbox.service import Request, Response


class Refusal(Exception):
    """The request ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Access(ItemChanges):
    """The account with its switches, behind its keys."""

    switches = SWITCHES

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._answers = 0
        self._shuffles = 0

    @property
    def shapes(self) -> Shapes:
        return Shapes(self.world, self.settings)

    def throttled(self, retry_after: float | None) -> Response:
        """429; the body's form is not documented."""
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
        if self.settings["throttled_body"] == "json":
            return Response.of_json({"status": 429, "message": "slow down"}, 429, headers)
        text = Response.of_text("Too many requests, please wait 30 seconds.", 429)
        return Response(429, text.body, {**text.headers, **headers})

    def refused(self, status: int) -> Response:
        """An error; its body is not documented, and one client looks for `status` in it."""
        match self.settings["errors"]:
            case "text":
                return Response.of_text(f"error {status}", status, "text/html")
            case "in_body" if status < 500:
                return Response.of_json({"status": status, "message": "no"}, 200)
        return Response.of_json({"status": status, "message": "no"}, status)

    def _is_me(self, request: Request) -> bool:
        key = self.world.me["apiKey"]
        return key in (request.headers.get("authorization"), request.query.get("apiKey"))

    def _refuse_wrong_key(self, request: Request) -> None:
        """No key may do where a route is open; a wrong one never does."""
        has_key = "authorization" in request.headers or "apiKey" in request.query
        if has_key and not self._is_me(request):
            raise Refusal(401)

    def _sign_in(self, request: Request) -> None:
        if not self._is_me(request):
            raise Refusal(401)

    def _may(self, request: Request, space: Space, *, to_edit: bool = False) -> bool:
        """Whether the sender may view or edit: as a member, by a key, or since it is public."""
        fields = space.fields
        if request.headers.get("space-authorization") == fields["collaboratorKey"]:
            return True
        if self._is_me(request) and space.is_member and not space.access_is_lost:
            return space.is_editable or not to_edit
        if to_edit:
            return False
        is_reader = request.headers.get("read-only-authorization") == fields["readOnlyKey"]
        return is_reader or fields["privacy"] in ("open", "closed")

    def _allow(self, request: Request, space: Space, *, to_edit: bool = False) -> None:
        if not self._may(request, space, to_edit=to_edit):
            raise Refusal(401)

    def _existing(self, space_id: str) -> Space:
        if space_id not in self.world.spaces:
            raise Refusal(404)
        return self.world.spaces[space_id]

    def _holding(self, kind: str, child_id: str) -> Iterator[Space]:
        return (s for s in self.world.spaces.values() if child_id in getattr(s, kind))

    def _holder(self, kind: str, child_id: str) -> Space:
        for space in self._holding(kind, child_id):
            return space
        raise Refusal(404)

    def _check_spelling(self, used: str, documented: str, newer: str) -> None:
        allowed = {
            "documented": {documented},
            "newer": {newer},
            "both": {documented, newer},
        }
        if used not in allowed[self.settings["spelling"]]:
            raise Refusal(404)

    def _shuffle(self, rows: list[Any]) -> None:
        """Another order at each answer, yet the same in each run."""
        self._shuffles += 1
        Random(f"{self.seed} {self._shuffles}").shuffle(rows)
