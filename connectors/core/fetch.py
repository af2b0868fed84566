"""Gets answers: from the journal, else from the service, redacted and staged before use.

A resumed run repeats the same requests and finds their answers in the journal. Several requests
are in flight at once, but answers come in the order asked, so a resumed run takes the same path
as an undisturbed one.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from connectors.core.answer_room import AnswerRoom
from connectors.core.connector import Connector
from connectors.core.errors import Forbidden, Skippable, UnexpectedShape
from connectors.core.journal import Journal
from connectors.core.listing import Bind, Page
from connectors.core.redact import Redactor
from connectors.core.resources import Resource
from connectors.http.client import Client
from connectors.http.config import Request

UNAUTHORIZED = 401
ANSWERS_AHEAD = 2
LATE_SECONDS = 0.01
"""A longer wait for an answer is for the network, not for a processor."""
Asker = TypeVar("Asker")


@dataclass(frozen=True)
class KeyedRequest:
    """A request under the name by which the journal knows its answer."""

    request: Request
    key: str
    bind: Bind
    params: Mapping[str, str]
    forbidden_statuses: tuple[int, ...]


class Fetcher:
    """Answers for one family of one account; safe for several threads."""

    def __init__(
        self, connector: Connector, family: str, client: Client, journal: Journal, in_flight: int
    ) -> None:
        """At most `in_flight` requests are under way at once."""
        self.connector = connector
        self._family = family
        self._client = client
        self._journal = journal
        self._in_flight = max(1, in_flight)
        self._redactor = Redactor(
            connector.secret_fields,
            connector.secret_paths,
            connector.signed_hosts,
            client.base_url,
        )
        self._occurrences: Counter[str] = Counter()
        self._begun: dict[str, Future[Page]] = {}

    def request(
        self, resource: Resource, path: str, bind: Bind, params: Mapping[str, str]
    ) -> KeyedRequest:
        """The request of a resource for one binding, by this spelling of its path.

        Made a second time in a run, it gets a key and an answer of its own.
        """
        values = {name: str(value) for name, value in bind.items()}
        path = path.format(**{name: quote(value, safe="") for name, value in values.items()})
        shown = {name: text.format(**values) for name, text in resource.params.items()}
        shown.update(params)
        body = None
        if resource.post is not None:
            # As they are: a GraphQL service refuses a number that became a text.
            inner = {**resource.post.get("variables", {}), **bind, **params}
            body = {**resource.post, "variables": inner}
            shown = {}
        request = Request(
            "GET" if body is None else "POST",
            path,
            tuple(shown.items()),
            body=body,
            headers=tuple(resource.headers.items()),
            repeatable=True,
        )
        self._occurrences[request.key] += 1
        number = self._occurrences[request.key]
        key = request.key if number == 1 else f"{request.key} #{number}"
        return KeyedRequest(request, key, bind, {**shown, **params}, resource.forbidden_statuses)

    def begin(self, pool: Executor, resource: Resource) -> None:
        """Send the first request of a listing already; whoever makes it later gets that answer, or
        the error that came instead."""
        keyed = self.request(resource, resource.get, {}, resource.paging.paginator().first())
        self._occurrences[keyed.request.key] -= 1  # the later one counts
        self._begun[keyed.key] = pool.submit(self._staged_or_asked, keyed, frozenset(), False)

    def get(
        self, keyed: KeyedRequest, also: frozenset[int] = frozenset(), now: bool = False
    ) -> Page:
        """The staged answer, or a fresh one; raises Forbidden for a status declared as denied.

        Statuses in `also` are answers; what is asked `now` is neither looked up nor staged.
        """
        begun = None if now else self._begun.pop(keyed.key, None)
        page = begun.result() if begun else self._staged_or_asked(keyed, also, now)
        if page.status in keyed.forbidden_statuses:
            raise Forbidden(
                f"{self.connector.title} does not let this credential see {keyed.request.path}",
                guidance="ask its owner for access, if you need it",
            )
        return page

    def _staged_or_asked(self, keyed: KeyedRequest, also: frozenset[int], now: bool) -> Page:
        staged = None if now else self._journal.get(keyed.key)
        if staged is not None:
            head, body = staged
            payload = msgspec.json.decode(body) if body else None
            date = head.get("date", "")
            return Page(payload, head["status"], keyed.bind, keyed.params, date, len(body))
        answer = self._client.ask(keyed.request, also=also | set(keyed.forbidden_statuses))
        payload, body = self._redacted(answer.payload, keyed)
        head = {
            "status": answer.status,
            "request_id": answer.request_id,
            "attempts": answer.attempts,
            "throttled": answer.throttled,
            "waited": round(answer.waited_seconds, 6),
            "bytes": answer.size,
            "repaired": answer.repaired,
            "family": self._family,
            "date": answer.date,
        }
        if answer.status != UNAUTHORIZED and not now:
            # Do not stage a 401: the resumed run may have a valid token.
            self._journal.put(keyed.key, head, body)
        size = len(body)
        return Page(payload, answer.status, keyed.bind, keyed.params, head["date"], size)

    def _redacted(self, payload: Any, keyed: KeyedRequest) -> tuple[Any, bytes]:
        """The payload without secrets, and its encoding; nothing else is ever written."""
        if self.connector.redact is not None:
            asked = {"path": keyed.request.path, "bind": keyed.bind}
            try:
                payload = self.connector.redact(asked, payload)
            except Exception as error:
                # Whatever it is: an answer whose secrets may still be in it is not kept.
                raise UnexpectedShape(
                    f"{self.connector.title} sent an answer of {keyed.request.path} whose "
                    f"secrets cannot be found ({type(error).__name__})"
                ) from error
        payload = self._redactor.clean(payload)
        return payload, msgspec.json.encode(payload)

    def in_order(
        self,
        requests: Iterable[tuple[Asker, KeyedRequest]],
        follow_ups: deque[tuple[Asker, KeyedRequest]] | None = None,
        also: frozenset[int] = frozenset(),
    ) -> Iterator[tuple[Asker, Page | Skippable]]:
        """Answers in the order asked, with who asked, while later requests are under way.

        A request is taken when it can be sent. Those that the caller adds to `follow_ups` between
        answers come before the next of `requests`. As long as answers are here before they are
        needed, ever fewer are asked for at once: more would only compete with the work on those
        for the processor. None is asked for while the answers that wait hold more than their half
        of `in_flight_bytes`. Leaving early abandons what is under way.
        """
        flying: deque[tuple[Asker, Future[Page]]] = deque()
        waiting = follow_ups if follow_ups is not None else deque()
        coming = iter(requests)
        ahead = most = self._in_flight * 2
        room = AnswerRoom(self._client.config.in_flight_bytes // 2)
        pool = ThreadPoolExecutor(self._in_flight, thread_name_prefix="fetch")
        try:
            while True:
                while len(flying) < ahead and not _enough(flying):
                    following = waiting.popleft() if waiting else next(coming, None)
                    if following is None:
                        break
                    asker, keyed = following
                    get = partial(self.get, keyed, also)
                    flying.append((asker, pool.submit(room.fill, get)))
                if not flying:
                    if waiting:
                        continue
                    break
                asker, future = flying.popleft()
                asked = time.monotonic()
                try:
                    answer: Page | Skippable = room.take(future)
                except Skippable as error:
                    answer = error
                late = time.monotonic() - asked > LATE_SECONDS
                ahead = most if late else max(ANSWERS_AHEAD, ahead - 1)
                yield asker, answer
        finally:
            # Requests under way may retry for minutes: they are abandoned, and end when the
            # client closes. What they still bring is staged for the next run.
            room.close()
            pool.shutdown(wait=False, cancel_futures=True)


def _enough(flying: deque[tuple[Any, Future[Page]]]) -> bool:
    """Whether the next answers are here already: further ones would only fill the memory."""
    return len(flying) >= ANSWERS_AHEAD and all(
        future.done() for _, future in islice(flying, ANSWERS_AHEAD)
    )
