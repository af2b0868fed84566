"""Who may in: the caller's personal access token and session tokens (page, section 2)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.core import Refused
from sandbox.kinesis.records import CALLER, Store
from sandbox.kinesis.switches import KinesisSwitches


@dataclass
class Session:
    """What is known of a session token."""

    number: int
    issued: float
    answers: int = 0
    ended: bool = False


class Tokens:
    """Makes and judges tokens; `seconds` decides only how long they live."""

    def __init__(self, store: Store, seconds: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._store = store
        self._sessions: dict[str, Session] = {}
        self.access_token = store.secret("access-token")

    def issue(self, number: int) -> str:
        """A new session token of a user. Its dates are the inner clock's, so that a client
        that reads them, instead of taking it as opaque, goes wrong."""
        head = _encoded({"alg": "HS256"})
        content = {"sub": str(number), "exp": int(self._store.clock.now.timestamp()) + 900}
        token = f"{head}.{_encoded(content)}.{self._store.secret('session')}"
        self._store.secrets[token] = None
        self._sessions[token] = Session(number, self.seconds())
        return token

    def expire_all(self) -> None:
        """End all session tokens handed out so far."""
        for session in self._sessions.values():
            session.ended = True

    def owner(self, token: str, switches: KinesisSwitches) -> int:
        """The number of the user that a token belongs to; refuses a bad one."""
        bad = switches.expired_token
        if token == self.access_token:
            if switches.token_state == "valid":
                return CALLER
            reason = switches.token_state.replace("_", " ")
            raise Refused(bad, f"Personal Access Token is {reason}")
        session = self._sessions.get(token)
        if session is None:
            raise Refused(bad, "Failed decoding JWT (InvalidToken)")
        session.answers += 1
        seconds, answers = switches.token_seconds, switches.token_life
        if seconds and self.seconds() - session.issued >= seconds:
            session.ended = True
        if session.ended or (answers and session.answers > answers):
            raise Refused(bad, "Failed decoding JWT (ExpiredSignature)")
        return session.number


def _encoded(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
