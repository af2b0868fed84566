"""`kollect check` says within seconds what is wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from tests.kit.account import Bench
from tests.kit.processes import kollect


def test_a_service_that_is_down_is_said_after_few_attempts(made: Callable[..., Bench]) -> None:
    """A sync would have patience for minutes; who checks a credential wants to know."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    bench = made("kinopio", base_url=closed)
    assert bench.account.base_url == closed
    began = time.monotonic()
    ended = kollect(bench.folder, bench.box.environment(), "check")
    assert time.monotonic() - began < 15
    assert ended.returncode == 1
    assert "no answer from 127.0.0.1: [Errno 111] Connection refused" in ended.stderr
    assert "asked 3 times" in ended.stderr
    first, last = ended.stderr.splitlines()
    assert "attempt 2 in" in first
    assert last.startswith("kollect: kinopio: no answer")
