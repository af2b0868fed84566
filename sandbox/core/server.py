"""One service on a real socket, with limits, latency, faults and a log of requests around it."""

from __future__ import annotations

import re
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

from sandbox.core import control
from sandbox.core.faults import FaultPlan
from sandbox.core.harm import Delivery
from sandbox.core.messages import Request, Response
from sandbox.core.referee import Referee
from sandbox.core.service import Service
from sandbox.core.wire import Server

CONTROL_PREFIX = "/_sandbox/"
SECRET_PARAMETER = re.compile(
    r"(?<=[?&])((?:api|access|auth|collaborator|readonly)?[-_]?(?:key|token)"
    r"|password|secret|sig|signature|auth)=[^&]*",
    re.IGNORECASE,
)


class Logged(NamedTuple):
    """One request in the log: arrival by the clock, target without secrets, status
    (0 where the connection was reset before an answer)."""

    time: float
    method: str
    target: str
    status: int


class StandIn:
    """Serves one Service on 127.0.0.1 while the `with` block lasts.

    Afterwards nothing of it listens and no thread of it accepts. `requests` holds every
    request except those of the control interface; `errors` holds the traceback of every
    exception that escaped from the service, which a test should find empty.
    """

    def __init__(
        self,
        service: Service,
        *,
        port: int = 0,
        latency_seconds: float = 0.0,
        limits: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service: Service = service
        self.latency_seconds = latency_seconds
        self.referee = Referee(service.windows, service.penalty_seconds, on=limits, clock=clock)
        self.faults: FaultPlan = FaultPlan(service, punish=self.referee.punish)
        self.wall_clock: Callable[[], float] = time.time
        """What the `Date` of answers tells, in seconds since 1970."""
        self.errors: list[str] = []
        self.bytes_sent = 0
        """Bytes of bodies that went to the wire, also where a client left in the middle."""
        self.port = port
        self._log: list[Logged] = []
        self._clock = clock
        self._server: Server | None = None
        self._lock = threading.Lock()
        self._closed = True

    @property
    def origin(self) -> str:
        """Scheme, host and port; the control interface is below it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """What a client takes as the service's base URL (path prefix included)."""
        return self.origin + self.service.base_path

    @property
    def requests(self) -> list[Logged]:
        """The requests so far in order of arrival."""
        return sorted(self._log)

    def count(self, path_prefix: str = "", *, method: str | None = None) -> int:
        """How many requests had a path with this beginning."""
        return sum(
            entry.target.startswith(path_prefix) and method in (None, entry.method)
            for entry in self._log
        )

    def reset(self) -> None:
        """Forget the log, violations, penalty, errors and faults; the data stays."""
        self._log.clear()
        self.errors.clear()
        self.referee.reset()
        self.faults.clear()

    def start(self) -> StandIn:
        """Listen and answer; the port is known afterwards. Raises OSError if it is taken."""
        self._closed = False
        self._listen()
        return self

    def stop(self) -> None:
        """Listen no more and drop all connections."""
        self._closed = True
        self._stop_listening()

    def refuse_connections(self, seconds: float) -> None:
        """Drop all connections; when this returns none is accepted for some seconds."""
        self._stop_listening()

        def pause() -> None:
            time.sleep(seconds)
            if not self._closed:
                self._listen()

        threading.Thread(target=pause, name=f"{self.service.name} down", daemon=True).start()

    def answer(self, request: Request) -> Delivery:
        """Apply limits and faults to one request, log it and answer it."""
        if request.path.startswith(CONTROL_PREFIX):
            return Delivery(control.answer(self, request))
        arrived = self._clock()
        wait = self.referee.judge()
        if wait is not None:
            delivery = Delivery(self.referee.refuse(self.service, wait))
        else:
            try:
                delivery = self.faults.deliver(request)
            except Exception:  # noqa: BLE001 - the stand-in's own fault must be seen, not hang the client
                self.errors.append(traceback.format_exc())
                delivery = Delivery(Response.of_text("the stand-in itself failed", 500))
        if self.latency_seconds:
            time.sleep(self.latency_seconds)
        target = self._without_secrets(request.target)
        self._log.append(Logged(arrived, request.method, target, delivery.response.status))
        return delivery

    def _without_secrets(self, target: str) -> str:
        if "?" not in target:
            return target
        target = SECRET_PARAMETER.sub(r"\1=***", target)
        for value in self.service.credentials().values():
            if len(value) >= 8:  # shorter ones are user ids and the like
                target = target.replace(value, "***")
        return target

    def _listen(self) -> None:
        with self._lock:
            server = Server(self, self.port)
            self.port = server.server_address[1]
            self._server = server
        name = f"{self.service.name} stand-in"
        loop = threading.Thread(target=server.serve_forever, args=(0.05,), name=name, daemon=True)
        loop.start()

    def _stop_listening(self) -> None:
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.drop_connections()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
