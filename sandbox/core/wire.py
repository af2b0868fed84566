"""HTTP on real sockets, by hand: connections that can be cut, reset and slowed at any byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from socketserver import StreamRequestHandler
from typing import Protocol

from sandbox.core.harm import Delivery
from sandbox.core.messages import Request, Response

REASONS = {status.value: status.phrase for status in HTTPStatus}
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with a wait of 0: closing sends RST instead of FIN."""


class Answerer(Protocol):
    """What answers the requests of a server."""

    bytes_sent: int
    wall_clock: Callable[[], float]

    def answer(self, request: Request) -> Delivery: ...

    def refuse_connections(self, seconds: float) -> None: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answerer: Answerer, port: int) -> None:
        self.answerer = answerer
        self.open_connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Connection)

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


class Connection(StreamRequestHandler):
    """HTTP/1.1 with keep-alive. Read by hand: the standard handler's header parser alone
    would cost more than a small answer."""

    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        while (request := self._read()) is not None:
            delivery = self.server.answerer.answer(request)
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
                self.server.answerer.bytes_sent += len(body)
        else:
            ends = True
        if delivery.refuse_seconds is not None:
            self.server.open_connections.discard(self.request)  # this one gets its reset
            self.server.answerer.refuse_connections(delivery.refuse_seconds)
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
        lines.append(f"Date: {formatdate(self.server.answerer.wall_clock(), usegmt=True)}")
        if ends:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _trickle(self, body: bytes, bytes_per_second: float) -> None:
        step = max(1, int(bytes_per_second / 20))
        for start in range(0, len(body), step):
            piece = body[start : start + step]
            time.sleep(len(piece) / bytes_per_second)
            self.request.sendall(piece)
            self.server.answerer.bytes_sent += len(piece)
