"""Faults strike as told, and prove that they did."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import KINDS, Fault, StandIn
from tests.sandbox.client import Books, ask


@pytest.fixture
def books() -> Iterator[StandIn]:
    with StandIn(Books(), limits=False) as stand_in:
        yield stand_in
    assert stand_in.errors == []


def test_a_fault_strikes_where_when_and_as_often_as_told(books: StandIn) -> None:
    """`match`, `after` and `times` hold, and `fired` proves each strike."""
    fault = books.faults.add("status", status=503, match="/v1/books", after=1, times=2)
    assert [ask(books, "/v1/books").status for _ in range(5)] == [200, 503, 503, 200, 200]
    assert ask(books, "/v1/echo").status == 200
    assert (fault.fired, fault.seen, books.faults.fired("status")) == (2, 5, 2)


def test_a_share_of_requests_fails_by_its_own_seed(books: StandIn) -> None:
    """The same seed gives the same failures, in about the share that was asked for."""

    def run() -> list[int]:
        books.faults.clear()
        books.faults.add("status", status=500, share=0.2, times=None, seed=7)
        return [ask(books, "/v1/books").status for _ in range(100)]

    first = run()
    assert first == run()
    assert 8 <= first.count(500) <= 35


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_any_status_comes_with_or_without_retry_after(books: StandIn, status: int) -> None:
    """The status is as asked; the header only when it was asked for."""
    books.faults.add("status", status=status, retry_after=7)
    books.faults.add("status", status=status)
    with_header, without = ask(books, "/v1/books"), ask(books, "/v1/books")
    assert (with_header.status, with_header.headers["retry-after"]) == (status, "7")
    assert (without.status, without.headers.get("retry-after")) == (status, None)


def test_a_dead_token_stays_dead(books: StandIn) -> None:
    """From the n-th request on all get 401."""
    books.faults.add("token_died", after=2, times=None)
    assert [ask(books, "/v1/books").status for _ in range(4)] == [200, 200, 401, 401]


def test_forbidden_paths_alone_get_403(books: StandIn) -> None:
    """Only the matching path is refused."""
    books.faults.add("forbidden", match="*/echo*", times=None)
    assert [ask(books, path).status for path in ("/v1/books", "/v1/echo")] == [200, 403]


@pytest.mark.parametrize("kind", ["reset", "reset_in_body", "short_body", "refuse"])
def test_broken_connections_raise_in_the_client(books: StandIn, kind: str) -> None:
    """The client gets an error, never a short answer that looks whole; then all is well."""
    fault = books.faults.add(kind, seconds=0.05)
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(books, "/v1/books")
    time.sleep(0.2 if kind == "refuse" else 0.0)
    assert ask(books, "/v1/books").status == 200
    assert fault.fired == 1


def test_a_reset_is_a_reset_and_not_a_polite_end(books: StandIn) -> None:
    """The wire shows RST, both before and within the body."""
    for kind in ("reset", "reset_in_body", "refuse"):
        books.faults.add(kind)
        with socket.create_connection(("127.0.0.1", books.port), timeout=5) as wire:
            wire.sendall(b"GET /v1/books HTTP/1.1\r\nHost: here\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                while wire.recv(65536):
                    pass
        time.sleep(0.1)


def test_while_connections_are_refused_nobody_gets_in(books: StandIn) -> None:
    """For the fault's seconds the port is closed, later it is the same port again."""
    port = books.port
    books.faults.add("refuse", seconds=0.15)
    for _ in range(2):
        with pytest.raises(OSError):
            ask(books, "/v1/books")
    time.sleep(0.3)
    assert (ask(books, "/v1/books").status, books.port) == (200, port)


def test_truncated_and_invalid_bodies_look_like_good_answers(books: StandIn) -> None:
    """Status 200 and a fitting length, yet the text is no JSON or not the right kind."""
    for kind in ("truncated", "invalid_json", "html"):
        fault = books.faults.add(kind)
        answer = ask(books, "/v1/books")
        assert (answer.status, fault.fired) == (200, 1)
        with pytest.raises(ValueError):
            answer.json()
    assert answer.headers["content-type"].startswith("text/html")


def test_a_wrong_content_type_leaves_the_body_alone(books: StandIn) -> None:
    """The rows are there, the header lies."""
    books.faults.add("wrong_content_type")
    answer = ask(books, "/v1/books")
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.json()["data"]) == 20


def test_stall_and_slow_body_take_their_time(books: StandIn) -> None:
    """The answer is right, only late."""
    for kind in ("stall", "slow_body"):
        options = {"kind": kind, "seconds": 0.04, "bytes_per_second": 14000}
        fault = books.faults.add(Fault.from_json(options))
        started = time.perf_counter()
        assert len(ask(books, "/v1/books").json()["data"]) == 20
        assert time.perf_counter() - started >= 0.035
        assert fault.fired == 1


def test_rows_can_vanish_double_or_change_places(books: StandIn) -> None:
    """Rows are harmed, the envelope is not, and the service's own data is untouched."""
    before = ask(books, "/v1/books").json()["data"]
    got = {}
    for kind in ("empty_list", "duplicate_rows", "reordered_rows"):
        books.faults.add(kind)
        answer = ask(books, "/v1/books").json()
        assert answer["meta"] == {"total": 20}
        got[kind] = answer["data"]
    assert got["empty_list"] == []
    assert len(got["duplicate_rows"]) == 21
    assert got["reordered_rows"] == before[::-1]
    assert ask(books, "/v1/books").json()["data"] == before


def test_a_fault_that_finds_nothing_to_harm_does_not_count(books: StandIn) -> None:
    """An error answer has no rows: the fault stays armed for the next one."""
    fault = books.faults.add("empty_list")
    assert ask(books, "/v1/missing").status == 404
    assert fault.fired == 0
    assert ask(books, "/v1/books").json()["data"] == []
    assert fault.fired == 1


def test_a_clock_jump_reaches_the_service(books: StandIn) -> None:
    """The service is told to move its clock, the answer is the ordinary one."""
    books.faults.add("clock_jump", seconds=-3600)
    assert ask(books, "/v1/books").status == 200
    assert isinstance(books.service, Books)
    assert books.service.jumped == -3600


def test_every_kind_of_fault_fires_and_proves_it() -> None:
    """No kind is a name without an effect: each counts one strike on the second page of a list."""
    for kind in KINDS:
        with StandIn(Books(), limits=False) as stand_in:
            fault = stand_in.faults.add(kind, bytes_per_second=1e6, after=1, parameter="page")
            for page in (1, 2):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    ask(stand_in, f"/v1/books?page={page}&per_page=9")
            assert (kind, fault.fired) == (kind, 1)


def test_rows_are_found_wherever_a_service_keeps_them() -> None:
    """Bare arrays, envelopes of several names and nested objects all give their rows."""
    find = Books().rows_in
    assert find([1]) == [1]
    assert find({"errors": [], "data": {"spaces": [2]}}) == [2]
    assert find({"meta": {"warnings": [9]}, "objects": [3]}) == [3]
    assert find({"workItems": [4], "count": 1}) == [4]
    assert find({"a": {"b": 1}}) is None


def test_a_page_is_cut_or_comes_again_only_where_there_is_one() -> None:
    """A smaller page than asked for, the page before once more, and neither where nothing of
    the kind was asked for."""
    with StandIn(Books(), limits=False) as stand_in:
        clamped = stand_in.faults.add("clamped_page", rows=2, times=None)
        shown = ask(stand_in, "/v1/numbers?offset=4&limit=5").json()
        assert (shown["rows"], clamped.fired) == ([4, 5], 1)
        assert ask(stand_in, "/v1/numbers?offset=4&limit=1").json()["rows"] == [4]
        assert clamped.fired == 1, "no larger page was asked for"
        stand_in.faults.clear()
        repeated = stand_in.faults.add("repeated_page", times=None, after=1)
        for path in ("/v1/numbers?offset=0&limit=3", "/v1/numbers?offset=3&limit=3"):
            shown = ask(stand_in, path).json()
        assert (shown["rows"], repeated.fired) == ([0, 1, 2], 1)
        assert ask(stand_in, "/v1/numbers?offset=3&limit=2").json()["rows"] == [3, 4]
        assert repeated.fired == 1, "another list"


def test_a_list_is_cut_with_its_paging_facts_kept(books: StandIn) -> None:
    """The answer holds fewer rows than its total says."""
    books.faults.add("cut_list", rows=3)
    shown = ask(books, "/v1/books").json()
    assert (len(shown["data"]), shown["meta"]["total"]) == (3, 20)


def test_an_optional_parameter_is_refused_where_it_is_sent(books: StandIn) -> None:
    """400 with the parameter, the ordinary answer without it."""
    fault = books.faults.add("parameter_refused", parameter="order", times=None)
    assert ask(books, "/v1/books").status == 200
    assert fault.fired == 0
    assert ask(books, "/v1/books?order=title").status == 400


@pytest.mark.parametrize("body", [None, {"message": "Something is odd"}])
def test_an_odd_body_comes_with_status_200(books: StandIn, body: Any) -> None:
    """What is set as `body` comes instead of the list."""
    books.faults.add("body", body=body)
    answer = ask(books, "/v1/books")
    assert (answer.status, answer.json()) == (200, body)
