"""The same promises over real sockets: connections that break, drip, lie, and lag."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from connectors.core import errors
from connectors.http.client import Client
from connectors.http.config import HttpConfig, Request, Retry, Window
from connectors.http.rate_limit import RateLimiter
from connectors.http.rate_store import FileState
from tests.kit.http import TOKEN, Server, answer, good

GET = Request("GET", "/things")
BUSY = 0.75
"""The windows are proved exactly in virtual time; a busy machine may see arrivals late."""
QUICK = Retry(attempts=3, first_seconds=0.001, max_seconds=0.002)


def client(
    url: str, config: HttpConfig | None = None, retry: Retry = QUICK, state: Any = None
) -> Client:
    config = config or HttpConfig(headers={"Authorization": "{token}"})
    rate_limiter = RateLimiter(config.windows, config.penalty_seconds, state=state)
    return Client(
        config, url, {"token": TOKEN}, account="mine", rate_limiter=rate_limiter, retry=retry
    )


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Hangs up without a word, so that the other side sees a reset."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection in order, but without an answer."""
    handler.close_connection = True


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promises more than it sends."""
    answer(handler, 200, b'{"items": [1, 2', length="500")
    handler.close_connection = True


def cut_chunk(handler: BaseHTTPRequestHandler) -> None:
    """Ends in the middle of a chunked body."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ff\r\n[1, 2")
    handler.close_connection = True


def cut_gzip(handler: BaseHTTPRequestHandler) -> None:
    """Sends only the first half of a packed body, and says that this is all."""
    packed = gzip.compress(json.dumps(list(range(5000))).encode())
    answer(handler, 200, packed[: len(packed) // 2], Content_Encoding="gzip")


def html(handler: BaseHTTPRequestHandler) -> None:
    answer(handler, 200, b"<html>Sign in</html>", "text/html; charset=utf-8")


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Hangs up long after any patience has ended."""
    time.sleep(1)
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Sends a space now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.close_connection = True
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def nonsense(handler: BaseHTTPRequestHandler) -> None:
    """Speaks another protocol."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    handler.close_connection = True


@pytest.mark.parametrize(
    "fault", [reset, hang_up, cut, cut_chunk, cut_gzip, html, nonsense], ids=lambda f: f.__name__
)
def test_a_fault_is_survived(server: Server, fault: Any) -> None:
    """One fault, one repeat, one whole answer."""
    server.play(fault, good)
    with client(server.url) as asking:
        got = asking.ask(GET)
    assert server.played[0] == fault.__name__
    assert got.payload == {"ok": True}
    assert got.attempts == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (reset, errors.Unreachable),
        (hang_up, errors.Unreachable),
        (nonsense, errors.Unreachable),
        (cut, errors.BrokenAnswer),
        (cut_chunk, errors.BrokenAnswer),
        (cut_gzip, errors.BrokenAnswer),
        (html, errors.BrokenAnswer),
    ],
    ids=lambda value: value.__name__,
)
def test_a_lasting_fault_ends_in_its_own_error(server: Server, fault: Any, kind: Any) -> None:
    """The error says what happened, how often it was tried, and where."""
    server.play(fault)
    with client(server.url) as asking, pytest.raises(kind, match="asked 3 times") as caught:
        asking.ask(GET)
    assert server.played == [fault.__name__] * 3
    assert f"{server.url}/things" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_silence_ends_at_the_timeout(server: Server) -> None:
    """A service that never answers costs the timeout, not the evening."""
    server.play(silence)
    config = HttpConfig(timeout_seconds=0.1)
    with client(server.url, config, Retry(attempts=1)) as asking, pytest.raises(errors.TimedOut):
        asking.ask(GET)
    assert server.played == ["silence"]


def test_a_dripping_body_ends_at_the_total_deadline(server: Server) -> None:
    """Each byte comes in time, the whole does not."""
    server.play(drip)
    config = HttpConfig(timeout_seconds=5, whole_seconds=0.2)
    late = pytest.raises(errors.TimedOut, match="had not ended in time")
    with client(server.url, config, Retry(attempts=1)) as asking, late:
        asking.ask(GET)
    assert server.played == ["drip"]


def test_nobody_at_the_address_is_unreachable() -> None:
    """A refused connection is repeated, then reported with its reason."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with client(f"http://127.0.0.1:{port}") as asking, pytest.raises(errors.Unreachable) as caught:
        asking.ask(GET)
    assert "refused" in str(caught.value)
    assert asking.statistics.requests == 3


def test_a_packed_body_is_counted_as_received(server: Server) -> None:
    """Size is what travelled, not what it unpacks to."""
    packed = gzip.compress(b"[" + b"1, " * 5000 + b"1]")
    server.play(lambda handler: answer(handler, 200, packed, Content_Encoding="gzip"))
    with client(server.url) as asking:
        got = asking.ask(GET)
    assert got.size == len(packed)
    assert len(got.payload) == 5001


def test_a_head_request_has_no_body(server: Server) -> None:
    """The promised length of a body that a HEAD leaves out is no fault."""

    def head(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "500")
        handler.end_headers()

    server.play(head)
    with client(server.url) as asking:
        assert asking.ask(Request("HEAD", "/things")).payload is None


def test_connections_are_used_again(server: Server) -> None:
    """Ten requests in a row need one connection."""
    ports = set()

    def note(handler: BaseHTTPRequestHandler) -> None:
        ports.add(handler.client_address[1])
        good(handler)

    server.play(note)
    with client(server.url) as asking:
        for _ in range(10):
            asking.ask(GET)
    assert len(ports) == 1


def test_the_server_never_sees_more_than_the_rate(server: Server, tmp_path: Path) -> None:
    """Two clients of four threads each, one file: arrivals keep every window, without waste."""
    windows = (Window(10, 0.5), Window(30, 1.2))
    config = HttpConfig(windows=windows, max_in_flight=4)
    crew = [client(server.url, config, state=FileState(tmp_path / "rate")) for _ in range(2)]

    def ask(one: Client) -> None:
        for _ in range(6):
            one.ask(GET)

    threads = [threading.Thread(target=ask, args=(one,)) for one in crew for _ in range(4)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    for one in crew:
        one.close()
    times = sorted(arrival.at for arrival in server.arrivals)
    assert len(times) == 48
    for window in windows:
        gaps = [b - a for a, b in zip(times, times[window.limit :], strict=False)]
        assert min(gaps) > BUSY * window.seconds
    # The least possible is 2 s; two halves that knew nothing of each other would take 1.
    assert 2 < took < 6


def test_a_slow_connection_counts_from_when_its_request_left(tmp_path: Path) -> None:
    """The first burst connects slowly, the second finds open connections: still no breach.

    Without counting from the real departure, both bursts would reach the service together.
    """
    arrivals: list[float] = []
    lock = threading.Lock()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    body = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

    def serve(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                assert data.endswith(b"\r\n\r\n")
                with lock:
                    arrivals.append(time.monotonic())
                connection.sendall(body)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    window = Window(4, 0.3)
    slow = SlowToConnect(0.15)
    config = HttpConfig(windows=(window,), max_in_flight=4)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    asking = Client(
        config,
        url,
        {},
        account="mine",
        rate_limiter=RateLimiter(config.windows),
        transport=slow,
    )
    workers = [
        threading.Thread(target=lambda: [asking.ask(GET) for _ in range(3)]) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    asking.close()
    listener.close()
    arrivals.sort()
    assert slow.delayed == 4
    assert len(arrivals) == 12
    gaps = [b - a for a, b in zip(arrivals, arrivals[window.limit :], strict=False)]
    assert min(gaps) > BUSY * window.seconds


class SlowToConnect(httpx.BaseTransport):
    """A network on which making a connection takes long, and using it does not."""

    def __init__(self, seconds: float) -> None:
        outer = self
        self.delayed = 0

        class Backend(httpcore.SyncBackend):
            def connect_tcp(self, *args: Any, **named: Any) -> httpcore.NetworkStream:
                stream = super().connect_tcp(*args, **named)
                outer.delayed += 1
                time.sleep(seconds)
                return stream

        self.pool = httpcore.ConnectionPool(network_backend=Backend())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.pool.request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        return httpx.Response(answer.status, headers=answer.headers, content=answer.content)

    def close(self) -> None:
        self.pool.close()
