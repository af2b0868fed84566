"""What every stand-in is: made data, routes, actions that change the data, and a truth.

A service knows nothing of sockets, limits, latency or faults: `sandbox.core.server` adds these.
"""

from __future__ import annotations

import functools
import inspect
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import RLock
from types import MappingProxyType
from typing import Any, TypeVar, cast

from sandbox.core.messages import Refused, Request, Response
from sandbox.core.routes import Call, Route, Router
from sandbox.core.store import Clock
from sandbox.core.switches import Switches

USUAL_NAMES_OF_ROWS = ("data", "objects", "items", "results", "records", "nodes", "edges")

Row = dict[str, Any]
Tables = dict[str, list[Row]]
M = TypeVar("M", bound=Callable[..., Any])


@dataclass(frozen=True)
class Window:
    """At most `limit` requests in any `seconds` seconds (a sliding window)."""

    limit: int
    seconds: float


def action(method: M) -> M:
    """Declare a method that changes the data: it holds the lock, and the control interface
    offers it to other processes."""

    @functools.wraps(method)
    def locked(self: Service, *args: Any, **named: Any) -> Any:
        with self.lock:
            return method(self, *args, **named)

    locked.is_action = True  # type: ignore[attr-defined]  # a mark on a function
    return cast(M, locked)


class Service:
    """One stand-in. The package's docstring says what a subclass declares and implements.

    All data follows from `seed` and `size`; two stand-ins made alike are alike.
    """

    name: str
    base_path: str = ""
    """What a client's base URL has behind the host; routes are written without it."""
    default_size: int = 1
    routes: Sequence[Route] = ()
    switch_class: type[Switches] = Switches
    switches: Any
    windows: tuple[Window, ...] = ()
    penalty_seconds: float = 0.0
    """Seconds for which everything is refused after a breach of a window."""
    throttle_status: int = 429
    file_hosts: tuple[tuple[str, str], ...] = ()
    """Where addresses of made files begin, each with the folder below a FileHost that has them."""
    may_hold_more: frozenset[str] = frozenset()
    """Tables of a copy that may rightly hold more than the service shows at this moment."""
    account_settings: Mapping[str, Any] = MappingProxyType({})
    """Settings of an account with which its copy holds all that the truth has."""
    credential_headers: tuple[str, ...] = ("authorization", "proxy-authorization", "cookie")
    """Headers that no request to a FileHost may carry."""
    clock: Clock

    def __init__(
        self,
        *,
        size: int | None = None,
        seed: int = 1,
        switches: Mapping[str, Any] | None = None,
    ) -> None:
        self.size = self.default_size if size is None else size
        self.seed = seed
        self.lock = RLock()
        self.answered = 0
        self.after_answer: list[Callable[[Request, int], None]] = []
        """Called under the lock with each request and its count, once its answer was made."""
        self._files_base = ""
        self._router = Router(self.routes)
        self.switches = self.switch_class()
        for name, value in (switches or {}).items():
            self.switch(name, value)
        self.build()

    # What a subclass implements

    def build(self) -> None:
        """Make all data from `size` and `seed`."""

    def caller(self, request: Request) -> Any:
        """Who asks; None for somebody without a credential. Refuses a wrong credential."""
        return None

    def path(self, request: Request) -> str:
        """The path by which routes are found; refuses with 404 what is not below the base path."""
        if not request.path.startswith(f"{self.base_path}/"):
            raise Refused(404)
        return request.path.removeprefix(self.base_path)

    def refusal(self, refused: Refused) -> Response:
        """How this service words an error."""
        message = refused.message or f"refused with {refused.status}"
        return Response.of_json({"status": refused.status, "message": message}, refused.status)

    def tables(self) -> Tables:
        """What a complete copy holds now: table name -> rows, in the contract's names.

        A row holds column values as JSON values (timestamps as ISO 8601 text, JSON columns
        as lists or objects). Columns that a copy may leave out are left out here.
        """
        raise NotImplementedError

    def after_increment(self, before: Tables, now: Tables) -> Tables:
        """What a copy that held `before` holds after one incremental pass.

        By the rules of the API page: `now` where such a pass shows every change. Rows of which
        it may miss a change are `compare.Lagging`.
        """
        return now

    def round(self, rng: random.Random, seed: int) -> list[str]:
        """One round of creations, edits and deletions; returns one sentence for each."""
        raise NotImplementedError

    def files(self) -> list[dict[str, Any]]:
        """The files that a complete copy holds now, made by `blobs.true_file`."""
        return []

    def file(self, request: Request) -> Response:
        """The whole file of a request to a FileHost; 404 where there is none."""
        return Response.of_text("no such key", 404)

    def secrets(self) -> list[str]:
        """Every value that must never reach a copy: tokens, keys, signatures."""
        return []

    def credentials(self) -> dict[str, str]:
        """The environment variables under which a client gets in."""
        raise NotImplementedError

    # What happens around it

    def answer(self, request: Request) -> Response:
        """The answer to an allowed request; raises nothing that a client caused."""
        with self.lock:
            try:
                response = self.respond(request)
            except Refused as refused:
                response = self.refusal(refused)
            response = self.finish(request, response)
            self.answered += 1
            for hook in list(self.after_answer):
                hook(request, self.answered)
            return response

    def respond(self, request: Request) -> Response:
        """Find the route and let it answer; override to look at a request before its route."""
        route, parts = self._router.find(request.method, self.path(request))
        caller = self.caller(request)
        if caller is None and not route.public:
            raise Refused(401)
        payload = route.answer(Call(self, request, request.query, caller), **parts)
        return payload if isinstance(payload, Response) else Response.of_json(payload)

    def finish(self, request: Request, response: Response) -> Response:
        """The last touch to every answer, errors included."""
        if not self._files_base or not self.file_hosts:
            return response
        return replace(response, body=self._moved(response.body.decode()).encode())

    def refused(self, status: int) -> Response:
        """The service's words for an error that a fault asks for (401, 403, 500...)."""
        with self.lock:
            return self.refusal(Refused(status))

    def throttled(self, retry_after: float | None) -> Response:
        """The service's words for too many requests."""
        response = self.refused(self.throttle_status)
        if retry_after is None:
            return response
        return replace(response, headers={**response.headers, "Retry-After": str(int(retry_after))})

    def switch(self, name: str, value: Any) -> None:
        """Turn one switch; raises ValueError for an unknown name or position."""
        with self.lock:
            self.switches.turn(name, value)

    def actions(self) -> dict[str, str]:
        """The methods that change the data: name -> signature."""
        return {
            name: str(inspect.signature(method))
            for name, method in inspect.getmembers(self, inspect.ismethod)
            if getattr(method, "is_action", False)
        }

    def truth(self) -> Tables:
        """What a complete copy holds now; see `tables`."""
        with self.lock:
            found = self.tables()
            if self._files_base and self.file_hosts:
                found = json.loads(self._moved(json.dumps(found, ensure_ascii=False)))
            return found

    def expected(self, before: Tables) -> Tables:
        """What a copy that held `before` holds after one incremental pass."""
        with self.lock:
            return self.after_increment(before, self.truth())

    def change(self, seed: int) -> list[str]:
        """One round of changes drawn from this seed; returns one sentence for each."""
        with self.lock:
            return self.round(random.Random(f"{self.name} change {seed}"), seed)

    def jump_clock(self, seconds: float) -> None:
        """Move the service's clock, back if negative."""
        with self.lock:
            self.clock.jump(seconds)

    def serve_files_at(self, base: str) -> None:
        """From now on, addresses of files lead below `base`, where a FileHost serves them."""
        self._files_base = base

    def true_files(self) -> list[dict[str, Any]]:
        """The files that a complete copy holds now: table, record_key, field, sha256, bytes.

        A record's key is its columns joined by `/`. `sha256` is None for a file that the service
        names without having it.
        """
        with self.lock:
            return self.files()

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

    def with_rows(self, response: Response, harm: Callable[[list[Any]], bool]) -> Response | None:
        """The answer with its rows changed in place by `harm`; None where it has no rows, or
        where `harm` says that there was nothing to change."""
        try:
            payload = json.loads(response.body)
        except ValueError:
            return None
        rows = self.rows_in(payload)
        if not rows or not harm(rows):
            return None
        return Response.of_json(payload, response.status, response.headers)

    def emptied(self, response: Response) -> Response | None:
        """The answer with no rows where rows were; None if it has no rows to lose."""

        def empty(rows: list[Any]) -> bool:
            rows.clear()
            return True

        return self.with_rows(response, empty)

    def _moved(self, text: str) -> str:
        for host, folder in self.file_hosts:
            text = text.replace(host, f"{self._files_base}{folder}")
        return text
