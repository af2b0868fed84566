"""What a stand-in of a service is: requests in, responses out, and a truth to compare with.

A stand-in is written from the service's API pages alone and never imports a connector,
so that it can disagree with one. It knows nothing of sockets, limits, latency or faults:
`sandbox.server` adds these around it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

USUAL_NAMES_OF_ROWS = ("data", "objects", "items", "results", "records", "nodes", "edges")


@dataclass(frozen=True)
class Request:
    """One request as it reached the stand-in; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query parameters, last one wins."""
        return dict(self.query_pairs)

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The query parameters in the order sent, repeated ones kept."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is not."""
        return json.loads(self.body or b"null")


@dataclass(frozen=True)
class Response:
    """One answer; `body` is sent as it is."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(
        cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, {"Content-Type": "application/json", **(headers or {})})

    @classmethod
    def of_text(cls, text: str, status: int = 200, content_type: str = "text/plain") -> Response:
        return cls(status, text.encode(), {"Content-Type": f"{content_type}; charset=utf-8"})


@dataclass(frozen=True)
class Switch:
    """One thing that the API pages leave open, served in either form."""

    name: str
    default: Any
    choices: tuple[Any, ...]
    meaning: str


@dataclass(frozen=True)
class Window:
    """At most `limit` requests in any `seconds` seconds (a sliding window)."""

    limit: int
    seconds: float


class Service:
    """One stand-in: its data, its answers, its changes and its truth.

    Subclasses set the class attributes and implement `answer`, `truth` and `change`.
    All data follows from `seed` and `size`; two stand-ins made alike are alike.
    """

    name: str
    base_path: str = ""
    """What a client's base URL has behind the host; request targets still carry it."""
    switches: tuple[Switch, ...] = ()
    windows: tuple[Window, ...] = ()
    penalty_seconds: float = 0.0
    """Seconds for which everything is refused after a breach of a window."""

    def __init__(
        self, *, size: int = 1, seed: int = 1, switches: Mapping[str, Any] | None = None
    ) -> None:
        self.size = size
        self.seed = seed
        self.settings = {switch.name: switch.default for switch in self.switches}
        for name, value in (switches or {}).items():
            self.switch(name, value)

    def switch(self, name: str, value: Any) -> None:
        """Turn one switch; raises ValueError for an unknown name or choice."""
        known = {switch.name: switch for switch in self.switches}
        if name not in known:
            raise ValueError(f"{self.name} has no switch {name!r}; it has {sorted(known)}")
        if known[name].choices and value not in known[name].choices:
            raise ValueError(f"{name} is one of {known[name].choices}, not {value!r}")
        self.settings[name] = value

    def answer(self, request: Request) -> Response:
        """The service's own answer to an allowed request (authorization included)."""
        raise NotImplementedError

    def throttled(self, retry_after: float | None) -> Response:
        """How this service words that a limit was exceeded."""
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
        return Response(429, b"too many requests", {"Content-Type": "text/plain", **headers})

    def refused(self, status: int) -> Response:
        """How this service words any other error that a fault asks for (401, 403, 500...)."""
        return Response.of_json({"status": status, "message": f"refused with {status}"}, status)

    def rows_in(self, payload: Any) -> list[Any] | None:
        """The list of records inside one decoded answer (the list itself, so that a fault
        can change it in place), or None. Here: the names that usually hold rows first,
        then any other list, then inside other objects; override where that is not it."""
        if isinstance(payload, list):
            return payload
        if not isinstance(payload, dict):
            return None
        usual = [payload[name] for name in USUAL_NAMES_OF_ROWS if name in payload]
        others = [part for name, part in payload.items() if name not in USUAL_NAMES_OF_ROWS]
        lists = [part for part in others if isinstance(part, list)]
        for part in (*usual, *lists, *others):
            if (rows := self.rows_in(part)) is not None:
                return rows
        return None

    def emptied(self, response: Response) -> Response | None:
        """The answer with no rows where rows were; None if it has no rows to lose."""
        try:
            payload = json.loads(response.body)
        except ValueError:
            return None
        rows = self.rows_in(payload)
        if not rows:
            return None
        rows.clear()
        return Response.of_json(payload, response.status, response.headers)

    def jump_clock(self, seconds: float) -> None:
        """Move the service's inner clock, back if negative; here there is none to move."""

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        """What a complete copy holds now: table name -> rows, in the contract's names.

        A row holds column values as JSON values (timestamps as ISO 8601 text, JSON columns
        as lists or objects). Columns that a copy may leave out are left out here.
        """
        raise NotImplementedError

    def expected(self, before: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
        """What a copy that held `before` holds after the last round of changes and one
        incremental pass: the truth, where such a pass shows every change."""
        return self.truth()

    def change(self, seed: int) -> list[str]:
        """One round of creations, edits and deletions; returns one sentence for each."""
        raise NotImplementedError

    def serve_files_at(self, base: str) -> None:
        """From now on, addresses of files lead below `base`, where a FileHost serves them."""

    def file(self, request: Request) -> Response:
        """The whole file of a request below that base; 404 where there is none."""
        return Response.of_text("no such key", 404)

    def true_files(self) -> list[dict[str, Any]]:
        """The files that a complete copy holds now: table, record_key, field, sha256, bytes.

        A record's key is its columns joined by `/`. `sha256` is None for a file that the service
        names without having it.
        """
        return []

    def secrets(self) -> list[str]:
        """Every value that must never reach a copy: tokens, keys, signatures."""
        return []

    def credentials(self) -> dict[str, str]:
        """The environment variables (contract section 1) under which a client gets in."""
        raise NotImplementedError
