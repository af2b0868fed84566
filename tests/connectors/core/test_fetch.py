"""Requests in flight: abandoned when nobody waits any more, and never more than memory allows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from connectors import connector
from connectors.core.errors import BadCredential
from connectors.core.fetch import Fetcher
from connectors.core.journal import Journal
from connectors.core.resources import Resource
from connectors.http.client import Client
from connectors.http.config import HttpConfig
from connectors.http.rate_limit import RateLimiter

THINGS = Resource("things", "/things/{number}")


@contextmanager
def fetching(
    folder: Path, transport: httpx.BaseTransport, config: HttpConfig | None = None
) -> Iterator[Fetcher]:
    """A fetcher with four requests in flight."""
    config = config or HttpConfig()
    journal = Journal(folder / "pages.journal")
    limiter = RateLimiter(())
    with Client(
        config, "https://x.example", {}, account="a", rate_limiter=limiter, transport=transport
    ) as client:
        yield Fetcher(connector("kippt"), "family", client, journal, 4)
    journal.close()


def requests(fetcher: Fetcher, count: int) -> Iterator[tuple[int, object]]:
    for number in range(count):
        yield number, fetcher.request(THINGS, THINGS.get, {"number": number}, {})


class Hanging(httpx.BaseTransport):
    """Refuses the credential for the first request, and keeps the others waiting."""

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/0"):
            for _ in range(3):
                self.waiting.acquire(timeout=5)
            return httpx.Response(401, json={"message": "no"})
        self.waiting.release()
        time.sleep(4)
        return httpx.Response(200, json={})


def test_a_fatal_error_waits_for_no_request_under_way(tmp_path: Path) -> None:
    """Three requests hang; the refusal of the fourth ends the reading at once. What they bring
    after the journal was closed is not written anywhere."""
    began = time.monotonic()
    with pytest.raises(BadCredential), fetching(tmp_path, Hanging()) as fetcher:
        list(fetcher.in_order(requests(fetcher, 10)))
    assert time.monotonic() - began < 2
    size = (tmp_path / "pages.journal").stat().st_size
    time.sleep(3)
    assert (tmp_path / "pages.journal").stat().st_size == size


class Large(httpx.BaseTransport):
    """Answers with a hundred kilobytes each; the first answer comes last."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.first = threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path.endswith("/0"):
            assert self.first.wait(10)
        return httpx.Response(200, json={"text": "x" * 100_000})


def test_answers_that_wait_to_be_taken_have_a_budget(tmp_path: Path) -> None:
    """With room for two and a half (half of the budget), eight could come behind a slow first one, but at most five
    do before it was taken; in the end all were."""
    transport = Large()
    with fetching(tmp_path, transport, HttpConfig(in_flight_bytes=500_000)) as fetcher:
        answers = fetcher.in_order(requests(fetcher, 12))
        reader = threading.Thread(target=lambda: next(answers), daemon=True)
        reader.start()
        time.sleep(0.5)
        assert 4 <= len(transport.asked) <= 6
        transport.first.set()
        reader.join(5)
        assert len(list(answers)) == 11
    assert len(set(transport.asked)) == 12


def test_one_answer_larger_than_the_budget_still_comes(tmp_path: Path) -> None:
    """The budget holds back others, never the one that is wanted next."""
    transport = Large()
    transport.first.set()
    with fetching(tmp_path, transport, HttpConfig(in_flight_bytes=1)) as fetcher:
        assert len(list(fetcher.in_order(requests(fetcher, 9)))) == 9
