"""A reader of the Kinescope stand-in without sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from sandbox import Request, Response
from sandbox.kinescope import Kinescope

SPAN = {"from": "2026-09-01", "to": "2026-12-31"}


class Client:
    """Asks one stand-in with parameters by name, and page by page."""

    def __init__(self, account: Kinescope | None = None, **switches: Any) -> None:
        self.account = account or Kinescope(switches=switches)

    def ask(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Response:
        """The answer to GET with the good token, or with other headers."""
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        if headers is None:
            token = self.account.credentials()["KINESCOPE_API_TOKEN"]
            headers = {"authorization": f"Bearer {token}"}
        return self.account.answer(Request("GET", target, headers))

    def get(self, path: str, **query: Any) -> Any:
        """What a good answer holds."""
        answer = self.ask(path, **query)
        assert answer.status == 200, (path, query, answer.body)
        return json.loads(answer.body)

    def error(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """Status and code of a refusal."""
        answer = self.ask(path, headers, **query)
        return answer.status, json.loads(answer.body)["error"]["code"]

    def pages(self, path: str, per_page: int = 100, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page until as many are read as `total` says; without a
        total, until a page is empty or the list came whole."""
        page, read, last = 1, 0, None
        while True:
            answer = self.get(path, page=page, per_page=per_page, **query)
            rows = answer["data"]
            first = rows[0].get("id", rows[0]) if rows else last
            if first == last:
                return
            yield from rows
            read += len(rows)
            pagination = answer.get("meta", {}).get("pagination")
            if pagination is not None and read >= pagination["total"]:
                return
            page, last = page + 1, first
