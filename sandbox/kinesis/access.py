"""Who asks: the token and the uid of a request, login and renewal."""

from __future__ import annotations

from typing import Any

from sandbox.kinesis.errors import Errors, Page
from sandbox.kinesis.model import User
from sandbox.kinesis.tokens import Refusal
from sandbox.service import Request, Response


class Access(Errors):
    """Lets callers in, or refuses them in the service's words."""

    def token_of(self, request: Request) -> str:
        words = request.headers.get("authorization", "").split()
        if not words:
            raise Page(401)
        return words[-1]  # with or without the word Bearer

    def caller(  # type: ignore[override]  # until it is ported
        self, request: Request, uid: str | None, *needed: str
    ) -> User:
        """The user who asks. What is missing comes before who is unknown, and both come
        before the token, as in the service."""
        token = self.token_of(request)
        if not uid and self.settings["uid_required"]:
            raise Refusal(400, "No uid provided")
        for name in needed:
            if not request.query.get(name):
                raise Refusal(400, f"No {name} provided")
        if not uid:
            return self.user(self.user_id(self.tokens.owner(token, self.settings)))
        user = self.find_user(uid)
        if self.tokens.owner(token, self.settings) != user.number:
            raise Refusal(403, "Incorrect UID")
        return user

    def find_user(self, user_id: str) -> User:
        try:
            return self.user(user_id)
        except KeyError:
            raise Refusal(404, "Account with this uid not found") from None

    def _body(self, request: Request, *members: str) -> dict[str, Any]:
        try:
            body = request.json()
        except ValueError:
            raise Page(400) from None
        if not isinstance(body, dict) or any(name not in body for name in members):
            raise Page(422)
        return body

    def login(self, request: Request) -> Response:
        body = self._body(request, "auth_data", "password")
        wanted = str(body["auth_data"]).lower()
        for user in self.store.users:
            if wanted in (user.username.lower(), user.email.lower()):
                break
        else:
            field = "Email Address" if "@" in wanted else "Username"
            raise Refusal(404, f"Account with this {field} not found")
        if body["password"] != user.login_password:
            raise Refusal(401, "Password mismatch")
        return self._session(user)

    def renew(self, request: Request) -> Response:
        self.token_of(request)
        body = self._body(request, "uid")
        return self._session(self.caller(request, str(body["uid"])))

    def _session(self, user: User) -> Response:
        return Response.of_json(
            {
                "status": 200,
                "message": "Login Successful!",
                "user": self.user_payload(user, at_login=True),
                "uid": self.user_id(user.number),
                "jwt": self.tokens.issue(user.number),
            }
        )

    def verify(self, request: Request) -> Response:
        self.token_of(request)
        if not (uid := request.query.get("uid")) and self.settings["uid_required"]:
            return self.error(401, "Error: No uid provided", shape="string")
        self.caller(request, uid)
        return Response.of_json({"status": 200, "message": "Valid JWT provided!"})
