"""A stop ends whatever a client waits for, within two seconds and over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from connectors.core.errors import Stopped
from connectors.http.client import Client
from connectors.http.config import HttpConfig, Login, Request, Window
from connectors.http.download import Downloader, OwnHost
from connectors.http.file_response import ExpectedFile
from connectors.http.host_allowlist import HostAllowlist, read_hosts
from connectors.http.rate_limit import RateLimiter
from connectors.http.stopping import Stop
from tests.kit.http import TOKEN, Server, answer

GET = Request("GET", "/things")
LOGIN = Login(request=lambda parts: Request("POST", "/login"), token=lambda payload: payload)
MOST_SECONDS = 2.0


def silent(handler: BaseHTTPRequestHandler) -> None:
    """Takes the request and says nothing for longer than any test."""
    time.sleep(20)


def half(handler: BaseHTTPRequestHandler) -> None:
    """Begins an answer and never ends it."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "500000")
    handler.end_headers()
    handler.wfile.write(b'{"items": [' + b"1," * 1000)
    handler.wfile.flush()
    time.sleep(20)


def busy(handler: BaseHTTPRequestHandler) -> None:
    """Wants to be left alone for ten minutes, which is waited for."""
    answer(handler, 429, b"{}", Retry_After="600")


@contextmanager
def client(
    server: Server, stop: Stop, config: HttpConfig | None = None, **credential: str
) -> Iterator[Client]:
    config = config or HttpConfig(headers={"Authorization": "{token}"})
    limiter = RateLimiter(config.windows, stop=stop)
    parts = credential or {"token": TOKEN}
    with Client(config, server.url, parts, account="mine", rate_limiter=limiter, stop=stop) as made:
        yield made


def seconds_to_stop(work: Callable[[], object], begun: Callable[[], bool], stop: Stop) -> float:
    """How long `work` goes on, in three threads, after a stop that comes once it has begun."""
    ends: list[float] = []

    def until_stopped() -> None:
        with pytest.raises(Stopped):
            while True:
                work()
        ends.append(time.monotonic())

    threads = [threading.Thread(target=until_stopped, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    limit = time.monotonic() + 10
    while not begun():
        assert time.monotonic() < limit, "it never began"
        time.sleep(0.01)
    time.sleep(0.1)
    asked = time.monotonic()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert len(ends) == len(threads), "a thread went on"
    return max(ends) - asked


@pytest.mark.parametrize("act", [silent, half, busy], ids=lambda act: act.__name__)
def test_a_request_is_abandoned(server: Server, act: Callable[..., None]) -> None:
    """While nothing is answered, in the middle of an answer, in a silence that was asked for."""
    server.play(act)
    stop = Stop()
    with client(server, stop) as asking:
        took = seconds_to_stop(lambda: asking.ask(GET), lambda: bool(server.played), stop)
    assert took < MOST_SECONDS


def test_a_wait_for_the_rate_ends(server: Server) -> None:
    """One request an hour: who waits for the next one, and who stands in line behind it."""
    stop = Stop()
    config = HttpConfig(windows=(Window(1, 3600.0),))
    with client(server, stop, config) as asking:
        waiting = asking.rate_limiter
        took = seconds_to_stop(lambda: asking.ask(GET), lambda: waiting.queued >= 1, stop)
    assert took < MOST_SECONDS
    assert len(server.arrivals) == 1


def test_a_login_is_abandoned(server: Server) -> None:
    """By the thread that logs in and by those that wait for its result."""
    server.play(silent)
    stop = Stop()
    config = HttpConfig(headers={"Authorization": "{token}"}, login=LOGIN)
    with client(server, stop, config, password="canary-password") as asking:
        took = seconds_to_stop(lambda: asking.ask(GET), lambda: bool(server.played), stop)
    assert took < MOST_SECONDS
    assert [arrival.target for arrival in server.arrivals] == ["/login"]


def test_a_handshake_is_abandoned() -> None:
    """Of a host that takes connections and never answers the first word of TLS."""
    stop = Stop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(url=f"https://127.0.0.1:{listener.getsockname()[1]}")
        accepted: list[socket.socket] = []
        thread = threading.Thread(
            target=lambda: accepted.extend(listener.accept()[0] for _ in range(3)), daemon=True
        )
        thread.start()
        with client(server, stop) as asking:
            took = seconds_to_stop(lambda: asking.ask(GET), lambda: bool(accepted), stop)
        for connection in accepted:
            connection.close()
    assert took < MOST_SECONDS


def test_closing_a_client_ends_what_is_under_way(server: Server) -> None:
    """So does a program that stops all of its clients."""
    server.play(silent)
    program = threading.Event()
    for end in (lambda asking: asking.close(), lambda asking: program.set()):
        server.played.clear()
        stop = Stop(program)
        ended = threading.Event()
        with client(server, stop) as asking:

            def ask(asking: Client = asking, ended: threading.Event = ended) -> None:
                with pytest.raises(Stopped):
                    asking.ask(GET)
                ended.set()

            threading.Thread(target=ask, daemon=True).start()
            while not server.played:
                time.sleep(0.01)
            end(asking)
            assert ended.wait(MOST_SECONDS)


@pytest.mark.parametrize("act", [silent, half], ids=lambda act: act.__name__)
def test_a_download_is_abandoned_and_keeps_what_came(
    server: Server, tmp_path: Path, act: Callable[..., None]
) -> None:
    """The next sync goes on where the bytes end."""
    server.play(act)
    stop = Stop()
    hosts = HostAllowlist(read_hosts([server.url], "https://api.example.org"))
    downloader = Downloader(hosts, OwnHost("https://api.example.org"), stop=stop)
    places = iter(range(1000))

    def fetch() -> None:
        downloader.fetch(f"{server.url}/film", tmp_path / str(next(places)), ExpectedFile())

    took = seconds_to_stop(fetch, lambda: len(server.played) == 3, stop)
    assert took < MOST_SECONDS
    kept = sum(file.stat().st_size for file in tmp_path.glob("*.part"))
    assert kept == (3 * 2011 if act is half else 0)


def test_a_virtual_sleep_is_no_obstacle() -> None:
    """Tests give their own `sleep`: a stop is seen before and after it."""
    slept: list[float] = []
    stop = Stop(sleep=slept.append)
    stop.sleep(5)
    stop.set()
    with pytest.raises(Stopped):
        stop.sleep(7)
    assert slept == [5]
