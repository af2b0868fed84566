"""Clients on a virtual clock, and a real server of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from connectors.http.client import Client
from connectors.http.config import HttpConfig, Retry
from connectors.http.events import Event
from connectors.http.rate_limit import RateLimiter
from connectors.http.stopping import Stop
from tests.kit.http import TOKEN, Arrival, Bench, Server, VirtualClock, good


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


MakeBench = Callable[..., Bench]


@pytest.fixture
def bench(clock: VirtualClock) -> Iterator[MakeBench]:
    """Makes clients that speak with a function instead of a socket; jitter is at its most."""
    made: list[Client] = []

    def make(
        handler: Callable[[httpx.Request], httpx.Response],
        config: HttpConfig | None = None,
        *,
        base_url: str = "https://api.example/v1",
        credential: dict[str, str] | None = None,
        retry: Retry | None = None,
        random: Callable[[], float] = lambda: 1.0,
        **more: Any,
    ) -> Bench:
        config = config or HttpConfig(headers={"Authorization": "{token}"})
        events: list[Event] = []
        client = Client(
            config,
            base_url,
            {"token": TOKEN} if credential is None else credential,
            account="mine",
            rate_limiter=RateLimiter(
                config.windows, config.penalty_seconds, clock=clock, stop=Stop(sleep=clock.sleep)
            ),
            retry=retry,
            transport=httpx.MockTransport(handler),
            clock=clock,
            stop=Stop(sleep=clock.sleep),
            random=random,
            **{"on_event": events.append, **more},
        )
        made.append(client)
        return Bench(client, clock, events)

    yield make
    for client in made:
        client.close()


@pytest.fixture
def server() -> Iterator[Server]:
    """A real server on a real socket of this machine."""
    state = Server(acts=[good])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Two writes per answer otherwise wait for each other's acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def serve(self) -> None:
            at = time.monotonic()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with state.lock:
                state.arrivals.append(Arrival(at, self.command, self.path, headers, body))
                act = state.acts.pop(0) if len(state.acts) > 1 else state.acts[0]
                state.played.append(act.__name__)
            act(self)

        do_GET = do_POST = do_HEAD = do_CONNECT = serve

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that hang up are part of the play."""

    with Quiet(("127.0.0.1", 0), Handler) as listener:
        state.url = f"http://127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield state
        listener.shutdown()
        thread.join()
