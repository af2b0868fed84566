"""Requests and responses as a stand-in sees them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


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
        """The query parameters; of a repeated one the last."""
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


class Refused(Exception):
    """A request that the service refuses: raised anywhere below `Service.respond`.

    `Service.refusal` turns it into a response. `message` is empty where the service's usual
    words for the status will do; `details` are whatever else the service's errors carry.
    """

    def __init__(self, status: int, message: str = "", **details: Any) -> None:
        super().__init__(message or str(status))
        self.status = status
        self.message = message
        self.details = details
