"""Sends requests over httpcore: connections, proxies and certificates."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from connectors.http.environment import ProxySetting, proxy_for, proxy_of, trusted_certificates
from connectors.http.network import CheckPeer, Network
from connectors.http.stopping import Stop

for _name in ("httpx", "httpcore"):
    # They log whole addresses and the headers of redirects, which may hold signatures.
    logging.getLogger(_name).setLevel(logging.WARNING)

ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class Transport(httpx.BaseTransport):
    """Sends requests, directly or through the proxies that the environment names."""

    def __init__(
        self,
        stop: Stop,
        *,
        connections: int,
        idle_seconds: float | None = None,
        check_peer: CheckPeer | None = None,
    ) -> None:
        """`check_peer` is not called for what goes through a proxy: only that sees the peer."""
        self._stop = stop
        self._connections = connections
        self._idle_seconds = idle_seconds
        self._check_peer = check_peer
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, ProxySetting | None], httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's errors, and BadSettings where the environment cannot be used."""
        url = request.url
        pool = self._pool(url.scheme, proxy_for(url.scheme, url.host))
        assert isinstance(request.stream, httpx.SyncByteStream)
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _errors_of_httpx():
            answer = pool.handle_request(asked)
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _pool(self, scheme: str, setting: ProxySetting | None) -> httpcore.ConnectionPool:
        with self._lock:
            pool = self._pools.get((scheme, setting))
            if pool is None:
                pool = self._pools[scheme, setting] = httpcore.ConnectionPool(
                    ssl_context=trusted_certificates() if scheme == "https" else None,
                    proxy=proxy_of(setting) if setting else None,
                    max_connections=self._connections,
                    max_keepalive_connections=self._connections,
                    keepalive_expiry=self._idle_seconds,
                    network_backend=Network(self._stop, None if setting else self._check_peer),
                )
            return pool


def http_client(transport: httpx.BaseTransport, timeout_seconds: float) -> httpx.Client:
    """A client that follows no redirect by itself and keeps no cookie: with one, the service
    would see another session than the credential's."""
    return httpx.Client(
        transport=transport,
        timeout=timeout_seconds,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Both libraries call their errors by the same names."""
    try:
        yield
    except ERRORS as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
