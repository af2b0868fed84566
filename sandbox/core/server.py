"""One service on a real socket: what surrounds a Service with limits, latency and faults."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from socketserver import StreamRequestHandler
from types import TracebackType
from typing import NamedTuple

from sandbox.core import control
from sandbox.core.faults import Plan
from sandbox.core.harm import Delivery
from sandbox.core.messages import Request, Response
from sandbox.core.referee import Referee
from sandbox.core.service import Service

CONTROL_PREFIX = "/_sandbox/"
SECRET_PARAMETER = re.compile(
    r"(?<=[?&])((?:api|access|auth|collaborator|readonly)?[-_]?(?:key|token)"
    r"|password|secret|sig|signature|auth)=[^&]*",
    re.IGNORECASE,
)
REASONS = {status.value: status.phrase for status in HTTPStatus}
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with a wait of 0: closing sends RST instead of FIN."""


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
        self.faults: Plan = Plan(service, punish=self.referee.punish)
        self.errors: list[str] = []
        self.bytes_sent = 0
        """Bytes of bodies that went to the wire, also where a client left in the middle."""
        self.port = port
        self._log: list[Logged] = []
        self._clock = clock
        self._server: _Server | None = None
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
        self._deafen()

    def refuse_connections(self, seconds: float) -> None:
        """Drop all connections; when this returns none is accepted for some seconds."""
        self._deafen()

        def pause() -> None:
            time.sleep(seconds)
            if not self._closed:
                self._listen()

        threading.Thread(target=pause, name=f"{self.service.name} down", daemon=True).start()

    def answer(self, request: Request) -> Delivery:
        """Judge, harm and log one request: everything but the wire."""
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
            server = _Server(self)
            self.port = server.server_address[1]
            self._server = server
        name = f"{self.service.name} stand-in"
        loop = threading.Thread(target=server.serve_forever, args=(0.05,), name=name, daemon=True)
        loop.start()

    def _deafen(self) -> None:
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.open_connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", stand_in.port), _Connection)

    def server_bind(self) -> None:
        # HTTPServer would look up the host's name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self.open_connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        self.open_connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is nothing to report."""

    def drop_connections(self) -> None:
        for connection in list(self.open_connections):
            with contextlib.suppress(OSError):  # it may have ended by itself meanwhile
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(StreamRequestHandler):
    """HTTP/1.1 with keep-alive. Read by hand: the standard handler's header parser alone
    would cost more than a small answer."""

    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        while (request := self._read()) is not None:
            delivery = self.server.stand_in.answer(request)
            if not self._send(request, delivery):
                return

    def _read(self) -> Request | None:
        line = self.rfile.readline(65537)
        while line in (b"\r\n", b"\n"):
            line = self.rfile.readline(65537)
        parts = line.decode("latin-1").split()
        if len(parts) != 3:
            return None
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(65537)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else self._read_chunks(headers)
        return Request(parts[0], parts[1], headers, body)

    def _read_chunks(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return b""
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, request: Request, delivery: Delivery) -> bool:
        """Put one answer on the wire; False where the connection ends with it."""
        response, cut_at = delivery.response, delivery.cut_at
        if response.status:
            ends = cut_at is not None or request.headers.get("connection", "").lower() == "close"
            body = b"" if request.method == "HEAD" else response.body[:cut_at]
            head = self._head(response, ends)
            if delivery.bytes_per_second is not None:
                self.request.sendall(head)
                self._trickle(body, delivery.bytes_per_second)
            else:
                self.request.sendall(head + body)  # one write, or delayed ACKs cost 40 ms
                self.server.stand_in.bytes_sent += len(body)
        else:
            ends = True
        if delivery.refuse_seconds is not None:
            self.server.open_connections.discard(self.request)  # this one gets its reset
            self.server.stand_in.refuse_connections(delivery.refuse_seconds)
        if delivery.reset:
            if response.status:
                time.sleep(0.02)  # an RST overtakes bytes that the client has not yet read
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.rfile.close()
            self.wfile.close()
            self.request.close()
        return not ends

    def _head(self, response: Response, ends: bool) -> bytes:
        status = response.status
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}"]
        lines.extend(f"{name}: {value}" for name, value in response.headers.items())
        if status not in (204, 304):
            lines.append(f"Content-Length: {len(response.body)}")
        lines.append(f"Date: {formatdate(usegmt=True)}")
        if ends:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _trickle(self, body: bytes, bytes_per_second: float) -> None:
        step = max(1, int(bytes_per_second / 20))
        for start in range(0, len(body), step):
            piece = body[start : start + step]
            time.sleep(len(piece) / bytes_per_second)
            self.request.sendall(piece)
            self.server.stand_in.bytes_sent += len(piece)
