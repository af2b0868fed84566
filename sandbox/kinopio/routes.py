"""The Kinopio stand-in: which request gets which answer, to whom."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from sandbox.kinopio import public_routes, rounds, stored_files
from sandbox.kinopio.access import Refusal
from sandbox.kinopio.shapes import Shapes
from sandbox.kinopio.small_routes import BATCH, SmallRoutes
from sandbox.kinopio.truth import truth
from sandbox.service import Request, Response, Window

DROPPED_LATER = {
    "/user/ai-images", "/user/journal-spaces", "/journal-daily-prompt", "/meta/new-stuff",
}  # fmt: skip


class Kinopio(SmallRoutes):
    """Kinopio's HTTP API: 5 requests a second, or 30 seconds of silence."""

    name = "kinopio"
    may_hold_more = frozenset(("users", "notifications", "ai_images"))
    credential_headers = (
        "authorization",
        "cookie",
        "app-authorization",
        "space-authorization",
        "read-only-authorization",
    )
    windows = (Window(5, 1.0),)
    penalty_seconds = 30.0
    _files_base = ""

    def serve_files_at(self, base: str) -> None:
        """Uploads lead below this address, in answers and in the truth."""
        self._files_base = base

    def file(self, request: Request) -> Response:
        return stored_files.stored(request.path)

    def true_files(self) -> list[dict[str, Any]]:
        return stored_files.true_files(self.truth(), self._files_base)

    def answer(self, request: Request) -> Response:
        """The service's answer, then everything in `after_answer`, still under the lock."""
        with self.lock:
            try:
                response = Response.of_json(self._find(request))
            except Refusal as refusal:
                response = self.refused(refusal.status)
            self._answers += 1
            for after in self.after_answer:
                after(request, self._answers)
            if self._files_base:
                response = stored_files.moved_response(response, self._files_base)
            return response

    def change(self, seed: int) -> list[str]:
        with self.lock:
            return rounds.play(self, seed)

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        with self.lock:
            settings = {**self.settings, "numbers": "int"}
            tables = truth(
                self.world,
                Shapes(self.world, settings),
                hidden_are_listed=self.settings["hidden_spaces"] == "listed",
                has_images=self.settings["dropped_routes"] == "served",
            )
            return stored_files.moved_tables(tables, self._files_base)

    def secrets(self) -> list[str]:
        with self.lock:
            return self.world.secrets()

    def credentials(self) -> dict[str, str]:
        return {"KINOPIO_API_KEY": str(self.world.me["apiKey"])}

    def _find(self, request: Request) -> Any:
        path = request.path
        if self.settings["dropped_routes"] == "gone" and path in DROPPED_LATER:
            raise Refusal(404)
        parts = [unquote(part) for part in path.strip("/").split("/")]
        self._refuse_wrong_key(request)
        if request.method == "POST":
            if path != "/card/search":
                raise Refusal(404)
            self._sign_in(request)
            return self._search(request)
        if request.method != "GET":
            raise Refusal(404)
        if path.startswith(("/space/everyones-spaces", "/space/everyone-spaces")):
            self._check_spelling(parts[1], "everyones-spaces", "everyone-spaces")
            path = path.replace("everyone-spaces", "everyones-spaces")
        if path in public_routes.ROUTES:
            return public_routes.ROUTES[path](self.world, self.shapes)
        match parts:
            case ["user", "public", *rest]:
                return self._public_users(request, rest)
            case ["user", what] | [("notifications" | "notification") as what]:
                self._sign_in(request)
                return self._own(request, what)
            case ["user"]:
                self._sign_in(request)
                me = dict(self.world.me)
                if self.settings["user_api_key"] == "absent":
                    del me["apiKey"]
                return me
            case ["space", "inbox"]:
                self._sign_in(request)
                return self._own(request, "inbox-space")
            case ["space", "multiple"]:
                return self._batch(request)
            case ["space", space_id]:
                return self._one_space(request, space_id)
            case ["space", space_id, "removedCards" | "removed-cards"]:
                self._check_spelling(parts[2], "removedCards", "removed-cards")
                space = self._existing(space_id)
                self._allow(request, space, to_edit=True)
                return [self.shapes.card(card) for card in space.removed_cards()]
            case ["space", space_id, "feed.json"]:
                space = self._existing(space_id)
                self._allow(request, space)
                return public_routes.feed(space)
            case ["space", "updated-at", space_id]:
                space = self._existing(space_id)
                self._allow(request, space)
                return {"updatedAt": space.fields["updatedAt"]}
            case ["card", *_] | ["connection" | "connection-type" | "box", _]:
                return self._repair(request, parts)
            case ["tags" | "tag", *rest]:
                self._check_spelling(parts[0], "tags", "tag")
                self._sign_in(request)
                return self._tags(rest)
        raise Refusal(404)

    def _batch(self, request: Request) -> list[Any]:
        wanted = [part for part in request.query.get("spaceIds", "").split(",") if part]
        if len(wanted) > BATCH and self.settings["batch_over_60"] == "400":
            raise Refusal(400)
        rows: list[Any] = []
        for space_id in dict.fromkeys(wanted[:BATCH]):
            space = self.world.spaces.get(space_id)
            if space is not None and self._may(request, space):
                rows.append(self.shapes.batch_row(space))
            elif self.settings["batch_missing"] == "empty":
                rows.append({})
        self._shuffle(rows)
        return rows

    def _one_space(self, request: Request, space_id: str) -> Any:
        space = self._existing(space_id)
        self._allow(request, space)
        if request.query.get("textOnly") == "true":
            names = [{"name": card["name"]} for card in space.live_cards()]
            return {"id": space.id, "name": space.fields["name"], "cards": names}
        row = self.shapes.space(space)
        if not self._is_me(request):  # keys are for members
            row.pop("collaboratorKey", None)
            row.pop("readOnlyKey", None)
        return row
