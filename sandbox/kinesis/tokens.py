"""Who may in: the caller's personal access token and session tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.kinesis.model import CALLER, Store


class Refusal(Exception):
    """An error that a handler words itself: a status in the body, and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = f"Error: {message}"


@dataclass
class Session:
    """What is known of a session token."""

    number: int
    issued: float
    answers: int = 0
    ended: bool = False


class Tokens:
    """Makes and judges tokens; `clock` gives seconds and decides only how long they live."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self.access_token = store.secret("access-token")

    def issue(self, number: int) -> str:
        """A new session token of a user. Its dates are the inner clock's, so that a client
        that reads them, instead of taking it as opaque, goes wrong."""
        head = _encoded({"alg": "HS256"})
        content = {"sub": str(number), "exp": self._store.clock // 10**9 + 900}
        token = f"{head}.{_encoded(content)}.{self._store.secret('session')}"
        self._store.secrets[token] = None
        self._sessions[token] = Session(number, self._clock())
        return token

    def expire_all(self) -> None:
        """End all session tokens handed out so far."""
        for session in self._sessions.values():
            session.ended = True

    def replace_access_token(self) -> str:
        """Another access token in place of the one that was; the old one is unknown then."""
        self.access_token = self._store.secret("access-token")
        return self.access_token

    def owner(self, token: str, settings: Mapping[str, Any]) -> int:
        """The number of the user that a token belongs to; raises Refusal for a bad one."""
        bad = settings["expired_token"]
        if token == self.access_token:
            if settings["token_state"] == "valid":
                return CALLER
            reason = settings["token_state"].replace("_", " ")
            raise Refusal(bad, f"Personal Access Token is {reason}")
        session = self._sessions.get(token)
        if session is None:
            raise Refusal(bad, "Failed decoding JWT (InvalidToken)")
        session.answers += 1
        seconds, answers = settings["token_seconds"], settings["token_life"]
        if seconds and self._clock() - session.issued >= seconds:
            session.ended = True
        if session.ended or (answers and session.answers > answers):
            raise Refusal(bad, "Failed decoding JWT (ExpiredSignature)")
        return session.number


def _encoded(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
