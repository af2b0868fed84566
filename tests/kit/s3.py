"""An S3 server of the tests' own (moto), on a free port; skipped with a reason where it is not."""

from __future__ import annotations

import atexit
import urllib.request
from collections.abc import Mapping
from functools import cache

import pytest


@cache
def _server() -> str:
    pytest.importorskip("obstore", reason="the extra kollect[scale] is not installed")
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    started = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    atexit.register(started.stop)
    host, port = started.get_host_and_port()
    return f"http://{host}:{port}"


def bucket(name: str) -> Mapping[str, str]:
    """The variables of a new, empty bucket of that name."""
    endpoint = _server()
    request = urllib.request.Request(f"{endpoint}/{name}", method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "mine",
        "AWS_SECRET_ACCESS_KEY": "also mine",
        "AWS_REGION": "us-east-1",
    }
