"""The Kitemaker stand-in itself: tokens, switches and who answers what."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from sandbox.kitemaker import graphql, rest, truth
from sandbox.kitemaker.data import build
from sandbox.kitemaker.make import Maker
from sandbox.kitemaker.setup_changes import Changes
from sandbox.kitemaker.view import Refused, View, bad_request
from sandbox.service import Request, Response, Service, Switch, Window

GRAPHQL_PATH = "/developers/graphql"
UNAUTHORIZED = Refused(401, "UNAUTHORIZED", "The requested action could not be completed")

SWITCHES = (
    Switch(
        "token",
        "personal",
        ("personal", "application"),
        "which token `credentials` gives",
    ),
    Switch(
        "recent_default_count",
        50,
        (50, 10),
        "rows of a recent list asked without count",
    ),
    Switch("recent_order", "newest_first", ("newest_first", "unordered"), "of recent lists"),
    Switch("count_above_50", "clamp", ("clamp", "refuse"), "what a greater count gives"),
    Switch("rest_lists_hold_archived", True, (True, False), "archived items in REST lists"),
    Switch(
        "metadata_work_items_cap",
        0,
        (0, 50, 100),
        "most rows of /metadata/workitems; 0: all",
    ),
    Switch("initiative_shape", "array", ("array", "object"), "of GET /initiative"),
    Switch(
        "feedback_address",
        "both",
        ("both", "parameter", "path"),
        "how feedback is asked for",
    ),
    Switch("rest_person", "null", ("null", "object", "name"), "person and company in REST"),
    Switch("comment_bumps_work_item", False, (False, True), "a comment moves updatedAt"),
    Switch(
        "rename_bumps_work_item",
        False,
        (False, True),
        "a renamed label, status or space too",
    ),
    Switch("move_bumps_work_item", True, (True, False), "a move to another space too"),
    Switch("graphql_default_count", 50, (50, 20), "rows of a page asked without count"),
    Switch(
        "cursor_direction",
        "oldest_first",
        ("oldest_first", "newest_first"),
        "of all pages",
    ),
    Switch("cursor_key", "number", ("number", "id"), "what the cursor points behind"),
    Switch("graphql_number", "plain", ("plain", "prefixed"), "12, or ABC-12, I-12, F-12"),
    Switch("work_items_without_space", "all", ("all", "none", "refuse"), "no spaceId given"),
    Switch(
        "archived_unless_asked",
        "included",
        ("included", "left_out"),
        "no statusFilter given",
    ),
    Switch("graphql_unauthorized_status", 401, (401, 200), "HTTP status of a bad token"),
    Switch("graphql_error_status", 200, (200, 400), "HTTP status of errors without data"),
)


class Kitemaker(Changes, Service):
    """An organisation of `size` work items, as the token's user sees it."""

    name = "kitemaker"
    may_hold_more = frozenset(("users",))
    credential_headers = ("authorization", "cookie", "x-api-key")
    base_path = "/developers"
    switches = SWITCHES
    windows = (Window(2, 1.0),)
    """No limit is documented; this is the rate that our own client promises to keep."""

    def __init__(
        self,
        *,
        size: int = 40,
        seed: int = 1,
        switches: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(size=size, seed=seed, switches=switches)
        self.lock = RLock()
        self.world = build(seed, size)
        self.maker = Maker(self.world, random.Random(f"kitemaker later {seed}"))
        self.after_answer: list[Callable[[Request, int], None]] = []
        """Called with each request and its count after its answer was made."""
        self._answered = 0
        self._failing = 0
        self._failing_partly = False

    def answer(self, request: Request) -> Response:
        with self.lock:
            if request.path == GRAPHQL_PATH:
                response = self._graphql(request)
            else:
                response = self._rest(request)
            self._answered += 1
            count = self._answered
        for after in list(self.after_answer):
            after(request, count)
        return response

    def _rest(self, request: Request) -> Response:
        try:
            view = self._view(request.headers.get("x-api-key", ""))
            return Response.of_json(rest.answer(view, request))
        except Refused as refused:
            return error(refused)

    def _graphql(self, request: Request) -> Response:
        """GraphQL's own errors come with status 200, unless the switches say otherwise."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            view = self._view(token if kind.lower() == "bearer" else "")
        except Refused as refused:
            return error(refused, self.settings["graphql_unauthorized_status"])
        if request.method != "POST":
            return error(bad_request("GraphQL is asked by POST"))
        try:
            body = request.json()
        except ValueError:
            return error(bad_request("The body is not JSON"))
        answer = graphql.answer(view, body)
        if self._failing:
            self._failing -= 1
            data = _halved(answer.get("data")) if self._failing_partly else None
            answer = {"errors": [{"message": "Something went wrong"}], "data": data}
        failed = "errors" in answer and answer.get("data") is None
        return Response.of_json(answer, self.settings["graphql_error_status"] if failed else 200)

    def _view(self, token: str) -> View:
        if token not in self.secrets():
            raise UNAUTHORIZED
        user = self.world.users[0] if token == self._token("personal") else None
        return View(self.world, self.settings, user)

    def fail_graphql(self, times: int = 1, partly: bool = False) -> None:
        """The next GraphQL answers have errors; partly: half of the rows come with them."""
        with self.lock:
            self._failing, self._failing_partly = times, partly

    def jump_clock(self, seconds: float) -> None:
        with self.lock:
            self.world.jump(seconds)

    def throttled(self, retry_after: float | None) -> Response:
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
        refused = Refused(429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded")
        return error(refused, headers=headers)

    def refused(self, status: int) -> Response:
        if status == 401:
            return error(UNAUTHORIZED)
        return error(Refused(status, "ERROR", "The requested action could not be completed"))

    def rows_in(self, payload: Any) -> list[Any] | None:
        """An array of REST, or the first list of a GraphQL answer; single records have none."""
        if isinstance(payload, list):
            return payload
        data = payload.get("data") if isinstance(payload, dict) else None
        fields = list(data.values()) if isinstance(data, dict) else []
        inner = [part for field in fields if isinstance(field, dict) for part in field.values()]
        return next((part for part in (*fields, *inner) if isinstance(part, list)), None)

    def truth(self, transport: str = "graphql") -> dict[str, list[dict[str, Any]]]:
        """What the token of `credentials` can see; `sandbox.kitemaker.truth` says what "rest"
        leaves out."""
        with self.lock:
            return truth.tables(self._view(self.credentials()["KITEMAKER_API_KEY"]), transport)

    def secrets(self) -> list[str]:
        return [self._token("personal"), self._token("application")]

    def credentials(self) -> dict[str, str]:
        return {"KITEMAKER_API_KEY": self._token(self.settings["token"])}

    def _token(self, kind: str) -> str:
        return f"canary-kitemaker-{kind}-{self.seed:08x}"


def error(
    refused: Refused,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error in the documented form; the body repeats its own status."""
    body = {"message": refused.message, "status": refused.status, "code": refused.code}
    return Response.of_json({"errors": [body]}, status or refused.status, headers)


def _halved(value: Any) -> Any:
    """The same answer with the second half of each outer list missing."""
    if isinstance(value, dict):
        return {name: _halved(part) for name, part in value.items()}
    return value[: len(value) // 2] if isinstance(value, list) else value
