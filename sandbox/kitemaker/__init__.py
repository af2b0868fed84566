"""A stand-in of Kitemaker: work items, initiatives and feedback of one organisation."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.core import Refused, Request, Response, Tables, Window
from sandbox.kitemaker import truth
from sandbox.kitemaker.changes import Changes
from sandbox.kitemaker.rounds import play
from sandbox.kitemaker.routes import ROUTES
from sandbox.kitemaker.view import View
from sandbox.kitemaker.writes import ROUTES as WRITE_ROUTES

__all__ = ["Kitemaker"]

WORDS = {
    400: ("BAD_REQUEST", "The parameters are invalid"),
    404: ("NOT_FOUND", "There is nothing at this address"),
    401: ("UNAUTHORIZED", "The requested action could not be completed"),
    429: ("RATE_LIMIT_EXCEEDED", "Rate limit exceeded"),
}
OTHER = ("ERROR", "The requested action could not be completed")


class Kitemaker(Changes):
    """An organisation of `size` work items, as the token's user sees it."""

    base_path = "/developers"
    default_size = 40
    routes = (*ROUTES, *WRITE_ROUTES)
    windows = (Window(2, 1.0),)
    """The page knows no limit; it advises at most two requests in a second (section 2)."""
    may_hold_more = frozenset(("users",))
    credential_headers = ("authorization", "cookie", "x-api-key")

    def caller(self, request: Request) -> View:
        """What the token sees: X-API-KEY by REST, a bearer by GraphQL."""
        if is_graphql(request):
            kind, _, token = request.headers.get("authorization", "").partition(" ")
            token = token if kind.lower() == "bearer" else ""
        else:
            token = request.headers.get("x-api-key", "")
        return self._view(token)

    def respond(self, request: Request) -> Response:
        try:
            return super().respond(request)
        except Refused as refused:
            if refused.status == 401 and is_graphql(request):
                response = self.refusal(refused)
                status = self.switches.graphql_unauthorized_status
                return Response(status, response.body, response.headers)
            raise

    def refusal(self, refused: Refused) -> Response:
        """An error in the documented form; the body repeats its own status."""
        code, message = WORDS.get(refused.status, OTHER)
        body = {
            "message": refused.message or message,
            "status": refused.status,
            "code": refused.details.get("code", code),
        }
        return Response.of_json({"errors": [body]}, refused.status)

    def rows_in(self, payload: Any) -> list[Any] | None:
        """An array of REST, or the first list of a GraphQL answer; single records have none."""
        if isinstance(payload, list):
            return payload
        data = payload.get("data") if isinstance(payload, dict) else None
        fields = list(data.values()) if isinstance(data, dict) else []
        inner = [part for field in fields if isinstance(field, dict) for part in field.values()]
        return next((part for part in (*fields, *inner) if isinstance(part, list)), None)

    def truth(self, transport: str = "graphql") -> Tables:
        """What the token of `credentials` can see; `sandbox.kitemaker.truth` says what "rest"
        leaves out."""
        with self.lock:
            return truth.tables(self._view(self._token(self.switches.token)), transport)

    def round(self, rng: Random, seed: int) -> list[str]:
        return play(self, rng, seed)

    def secrets(self) -> list[str]:
        return [self._token("personal"), self._token("application")]

    def credentials(self) -> dict[str, str]:
        return {"KITEMAKER_API_KEY": self._token(self.switches.token)}

    def _view(self, token: str) -> View:
        if token not in self.secrets():
            raise Refused(401)
        user = self.world.users[0] if token == self._token("personal") else None
        return View(self.world, self.switches, user)

    def _token(self, kind: str) -> str:
        return f"canary-kitemaker-{kind}-{self.seed:08x}"


def is_graphql(request: Request) -> bool:
    return request.path.endswith("/graphql")
