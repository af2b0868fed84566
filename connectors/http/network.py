"""Connections that a stop ends at once, and whose peer is checked before anything is sent."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from connectors.http.stopping import POLL_SECONDS, Stop

CheckPeer = Callable[[str, str], None]
"""Called with a host's name and the IP address connected to; raises where it may not be used."""


class Network(httpcore.NetworkBackend):
    """Opens connections for httpcore."""

    def __init__(self, stop: Stop, check_peer: CheckPeer | None = None) -> None:
        self._stop = stop
        self._check_peer = check_peer
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Looking up a name may take long and cannot be interrupted: it is abandoned."""
        stream = self._stop.run(
            lambda: self._plain.connect_tcp(host, port, timeout, local_address, socket_options)
        )
        if self._check_peer is not None:
            try:
                self._check_peer(host, str(stream.get_extra_info("server_addr")[0]))
            except BaseException:
                stream.close()
                raise
        return _Stream(stream, self._stop)

    def sleep(self, seconds: float) -> None:
        self._stop.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """Reads in short turns, to see a stop between them."""

    def __init__(self, stream: httpcore.NetworkStream, stop: Stop) -> None:
        self._stream = stream
        self._stop = stop

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            self._stop.check()
            left = POLL_SECONDS if end is None else min(POLL_SECONDS, end - time.monotonic())
            try:
                return self._stream.read(max_bytes, max(left, 0.001))
            except httpcore.ReadTimeout:
                if end is not None and time.monotonic() >= end:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stop.check()
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stop.run(
            lambda: self._stream.start_tls(ssl_context, server_hostname, timeout)
        )
        return _Stream(stream, self._stop)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
