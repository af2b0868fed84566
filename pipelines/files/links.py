"""Links that hold now: asked for before a download, kept in memory for minutes, never written."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.core.errors import Missing
from connectors.core.files import FileSource, Fresh, Row
from connectors.http.client import Client
from connectors.http.config import Request

KEPT_SECONDS = 300.0
"""Far less than any signed link holds (30 minutes); one answer serves several files."""
KEPT_ANSWERS = 32


@dataclass
class _Asked:
    lock: threading.Lock
    answer: Any = None
    at: float = float("-inf")


class FreshLinks:
    """Asks the service for links, under the account's rate; safe for threads."""

    def __init__(
        self, client: Client, base_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, str], _Asked] = OrderedDict()

    def link(self, source: FileSource, row: Row, *, again: bool = False) -> str | None:
        """A link for the row's file; None where the service gives none. Raises a KollectError.

        With `again`, an answer that is here already will not do: its link was refused.
        """
        fresh = source.fresh
        if fresh is None:
            return None
        request = _request(fresh, row)
        key = (fresh.resource.name, request.key)
        with self._lock:
            asked = self._answers.setdefault(key, _Asked(threading.Lock()))
            self._answers.move_to_end(key)
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        refused_at = self._clock()
        with asked.lock:
            too_old = self._clock() - asked.at > KEPT_SECONDS
            # Another thread may have asked again while this one waited for its turn.
            if too_old or (again and asked.at < refused_at):
                asked.answer = self._asked(request)
                asked.at = self._clock()
            return fresh.link(asked.answer, row, self._base_url)

    def _asked(self, request: Request) -> Any:
        """The answer; None where there is no such address, which says nothing of the file."""
        try:
            return self._client.ask(request).payload
        except Missing:
            return None


def _request(fresh: Fresh, row: Row) -> Request:
    values = {name: str(row[column]) for name, column in fresh.bind.items()}
    path = fresh.resource.get.format(**{name: quote(v, safe="") for name, v in values.items()})
    params = tuple((name, text.format(**values)) for name, text in fresh.resource.params.items())
    return Request("GET", path, params)
