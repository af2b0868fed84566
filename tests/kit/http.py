"""A clock that only moves when somebody sleeps, and the acts of a server that misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from connectors.http.client import Client
from connectors.http.events import Event

TOKEN = "canary-token-5a1f"


class VirtualClock:
    """Seconds that pass only through `sleep`; safe for threads."""

    def __init__(self, start: float = 1000.0) -> None:
        self._lock = threading.Lock()
        self._now = start
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self._now += seconds

    def pass_(self, seconds: float) -> None:
        """Time passes without anybody having slept."""
        with self._lock:
            self._now += seconds


@dataclass
class Bench:
    """A client on a virtual clock, with what it told."""

    client: Client
    clock: VirtualClock
    events: list[Event]

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [dict(event.fields) for event in self.events if event.kind == kind]


@dataclass
class Arrival:
    """One request as the server saw it."""

    at: float
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """Answers with the scripted acts in turn; the last one goes on for ever."""

    url: str = ""
    acts: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
    """The names of the acts that ran: proof that a fault really happened."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def play(self, *acts: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.acts[:] = acts


def good(handler: BaseHTTPRequestHandler, value: Any = None) -> None:
    """Answers JSON as it should be."""
    answer(handler, 200, json.dumps({"ok": True} if value is None else value).encode())


def answer(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    content_type: str = "application/json",
    **headers: str,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", headers.pop("length", str(len(body))))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
