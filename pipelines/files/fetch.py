"""Fetches one file: by its lasting address, or by a link that is requested right before.

Links that are valid for minutes are kept in memory for less than that, and never written.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.core.errors import Fatal, Forbidden, KollectError, Missing
from connectors.core.files import FileSource, Fresh, Row
from connectors.core.listing import seen_page
from connectors.http.client import Client
from connectors.http.config import Request
from connectors.http.download import Downloader, ReceivedFile
from connectors.http.file_response import ExpectedFile, FileNotWanted
from connectors.http.partial_file import PartialFile
from connectors.http.redact import safe_text
from connectors.paging.base import Params
from pipelines.files.choose import NO_LINK, FileTask
from warehouse.files.blobs import BlobStore
from warehouse.files.ledger import FAILED, GONE, SKIPPED, STORED, FileStatus
from warehouse.store.disk import disk_problem

KEPT_SECONDS = 300.0
"""Less than the 30 minutes that a signed link is valid; one answer serves several files."""
KEPT_ANSWERS = 32


@dataclass
class _LinkAnswer:
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
        self._answers: OrderedDict[tuple[str, str], _LinkAnswer] = OrderedDict()

    def link(self, source: FileSource, row: Row, *, again: bool = False) -> str | None:
        """A link for the row's file; None where the service gives none. Raises a KollectError.

        With `again`, an answer that is here already will not do: its link was refused.
        """
        fresh = source.fresh
        if fresh is None:
            return None
        older = self._clock() if again else float("-inf")
        paging = fresh.resource.paging.paginator()
        waiting, asked = deque([paging.first()]), []
        while waiting and waiting[0] not in asked:  # only a proof needs a second look at a page
            params = waiting.popleft()
            asked.append(params)
            answer = self._page(fresh, _request(fresh, row, params), older)
            if answer is None:
                return None
            if found := fresh.link(answer, row, self._base_url):
                return found
            waiting.extend(paging.after(seen_page(fresh.resource, params, answer)))
        return None

    def _page(self, fresh: Fresh, request: Request, older: float) -> Any:
        """One answer; one that came before `older` will not do."""
        key = (fresh.resource.name, request.key)
        with self._lock:
            asked = self._answers.setdefault(key, _LinkAnswer(threading.Lock()))
            self._answers.move_to_end(key)
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        with asked.lock:
            # Another thread may have asked again while this one waited for its turn.
            if self._clock() - asked.at > KEPT_SECONDS or asked.at < older:
                asked.answer = self._answer(request)
                asked.at = self._clock()
            return asked.answer

    def _answer(self, request: Request) -> Any:
        """The answer; None where there is no such address, which says nothing of the file."""
        try:
            return self._client.ask(request).payload
        except Missing:
            return None


def _request(fresh: Fresh, row: Row, page: Params) -> Request:
    values = {name: str(row[column]) for name, column in fresh.bind.items()}
    path = fresh.resource.get.format(**{name: quote(v, safe="") for name, v in values.items()})
    params = tuple((name, text.format(**values)) for name, text in fresh.resource.params.items())
    return Request("GET", path, (*params, *page.items()))


class FileFetcher:
    """Fetches files of one account into the store; safe for threads."""

    def __init__(
        self,
        account: str,
        store: BlobStore,
        downloader: Downloader,
        links: FreshLinks,
        *,
        largest: int,
        now: Callable[[], datetime],
    ) -> None:
        """Files of more than `largest` bytes are left out; 0 for any size."""
        self._account = account
        self._store = store
        self._downloader = downloader
        self._links = links
        self._largest = largest
        self._now = now

    def fetch(self, task: FileTask) -> FileStatus:
        """The status of a file after it was asked for; raises Fatal errors and Stopped."""
        link = task.link
        name = link.name or None
        try:
            got = self._receive(task)
        except FileNotWanted as error:
            size = error.bytes or link.bytes
            return FileStatus(link.mark, SKIPPED, bytes=size, file_name=name, reason=error.what)
        except Missing as error:
            return FileStatus(link.mark, GONE, bytes=link.bytes, file_name=name, reason=error.what)
        except Fatal:
            raise
        except KollectError as error:
            reason = safe_text(error.what)
            return FileStatus(link.mark, FAILED, bytes=link.bytes, file_name=name, reason=reason)
        except OSError as error:
            raise disk_problem(error, self._store.folder) from error
        return FileStatus(
            link.mark,
            STORED,
            sha256=got.sha256,
            bytes=got.bytes,
            content_type=got.content_type or None,
            file_name=link.name or got.file_name or None,
            fetched_at=self._now(),
        )

    def _receive(self, task: FileTask) -> ReceivedFile:
        """The file, once it is in the store."""
        path = self._store.part(self._account, task.name)
        notes = PartialFile(path).notes
        if notes.sha256 and self._store.holds(notes.sha256, notes.bytes):
            # It came whole, but the program ended before that was recorded.
            return ReceivedFile(notes.sha256, notes.bytes, notes.content_type, notes.file_name)
        link = task.link
        expected = ExpectedFile(link.bytes, link.md5, task.source.kinds, self._largest)
        address = link.address or self._links.link(task.source, task.record.row)
        if not address:
            raise FileNotWanted(NO_LINK)
        try:
            got = self._downloader.fetch(address, path, expected)
        except Forbidden as refused:
            again = self._links.link(task.source, task.record.row, again=True)
            if again is None:
                raise _final(refused) from None
            try:
                got = self._downloader.fetch(again, path, expected)
            except Forbidden as refused_again:
                raise _final(refused_again) from None
        self._store.adopt(path.with_name(f"{path.name}.part"), got.sha256)
        return got


def _final(refused: Forbidden) -> KollectError:
    """Missing for a 410, which is final; the refusal itself otherwise: rights may change."""
    if refused.status == 410:
        return Missing("its host says that it is gone (410)", status=410)
    return refused
