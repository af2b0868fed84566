"""The server around a stand-in: sockets, log, control interface, registry."""

from __future__ import annotations

import http.client
import json
import threading
import time
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import SERVICES, Sandbox, StandIn
from tests.sandbox.client import Books, ask


@pytest.fixture
def books() -> Iterator[StandIn]:
    with StandIn(Books(), limits=False) as stand_in:
        yield stand_in
    assert stand_in.errors == []


def test_a_stand_in_answers_on_its_own_port_until_the_block_ends() -> None:
    """The URL works inside the block, carries the path prefix, and is dead afterwards."""
    with StandIn(Books(), limits=False) as stand_in:
        assert stand_in.url == f"http://127.0.0.1:{stand_in.port}/v1"
        assert ask(stand_in, "/v1/books").json()["meta"] == {"total": 20}
    with pytest.raises(OSError):
        ask(stand_in, "/v1/books")


def test_one_connection_carries_many_requests_without_delay(books: StandIn) -> None:
    """Keep-alive works and small answers do not wait for delayed acknowledgements."""
    connection = http.client.HTTPConnection("127.0.0.1", books.port, timeout=5)
    started = time.perf_counter()
    for _ in range(50):
        connection.request("GET", "/v1/echo")
        assert connection.getresponse().read()
    assert time.perf_counter() - started < 1.0
    connection.close()


def test_bodies_of_requests_arrive_whole(books: StandIn) -> None:
    """A body reaches the service, sent by length or in chunks, also with DELETE."""
    assert ask(books, "/v1/echo", "DELETE", "é").json() == {"body": '"\\u00e9"', "method": "DELETE"}
    connection = http.client.HTTPConnection("127.0.0.1", books.port, timeout=5)
    connection.request("POST", "/v1/echo", body=iter([b"one ", b"two"]), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["body"] == "one two"
    connection.request("GET", "/v1/nothing")
    assert connection.getresponse().status == 204
    connection.close()


def test_the_log_holds_requests_without_secrets(books: StandIn) -> None:
    """Every request is logged with its status; keys in the query and known values are not."""
    ask(books, "/v1/books?apiKey=hush&page=2")
    ask(books, "/v1/missing?q=canary-key")
    assert [(entry.method, entry.target, entry.status) for entry in books.requests] == [
        ("GET", "/v1/books?apiKey=***&page=2", 200),
        ("GET", "/v1/missing?q=***", 404),
    ]
    assert books.count("/v1/books") == 1
    books.reset()
    assert books.count() == 0


def test_a_bug_of_the_stand_in_is_kept_for_the_test_to_see() -> None:
    """An exception in the service answers 500 and lands in `errors`."""
    with StandIn(Books(), limits=False) as stand_in:
        assert ask(stand_in, "/v1/broken").status == 500
        assert "the stand-in has a bug" in stand_in.errors[0]


def test_latency_delays_every_answer(books: StandIn) -> None:
    """An answer takes at least the latency."""
    books.latency_seconds = 0.03
    started = time.perf_counter()
    ask(books, "/v1/books")
    assert time.perf_counter() - started >= 0.03


def test_another_process_can_drive_a_stand_in(books: StandIn) -> None:
    """The control interface reads truth and stats, turns switches, makes changes."""
    ask(books, "/v1/books")
    assert ask(books, "/_sandbox/stats").json()["requests"] == 1
    assert len(ask(books, "/_sandbox/truth").json()["books"]) == 20
    assert ask(books, "/_sandbox/switches").json()[0]["value"] == "en"
    assert ask(books, "/_sandbox/switch", "POST", {"language": "de"}).json() == {"language": "de"}
    assert ask(books, "/_sandbox/change", "POST", {"seed": 4}).json() == ["added New 4"]
    call: dict[str, Any] = {"method": "add_book", "args": ["Called"]}
    assert ask(books, "/_sandbox/call", "POST", call).json() == 21
    call = {"method": "add_book", "args": {"title": "Named"}}
    assert ask(books, "/_sandbox/call", "POST", call).json() == 22
    assert "add_book" in ask(books, "/_sandbox/methods").json()
    assert ask(books, "/_sandbox/secrets").json() == ["canary-key"]
    assert ask(books, "/_sandbox/latency", "POST", {"seconds": 0.01}).json() == {"seconds": 0.01}
    limits: dict[str, Any] = {"on": True, "retry_after": "date"}
    assert ask(books, "/_sandbox/limits", "POST", limits).json() == limits
    fault = {"kind": "status", "status": 503, "match": "/v1/books"}
    assert ask(books, "/_sandbox/fault", "POST", fault).json()["fired"] == 0
    assert ask(books, "/v1/books").status == 503
    assert ask(books, "/_sandbox/stats").json()["faults_fired"] == 1
    assert ask(books, "/_sandbox/reset", "POST").json()["requests"] == 0


def test_the_control_interface_is_neither_counted_nor_harmed() -> None:
    """Many control requests break no limit, leave no log and meet no fault."""
    with StandIn(Books()) as stand_in:
        stand_in.faults.add("status", times=None)
        for _ in range(10):
            assert ask(stand_in, "/_sandbox/stats").status == 200
        assert stand_in.requests == []
        assert stand_in.referee.violations == []


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("switch", {"nonsense": 1}, "no switch"),
        ("call", {"method": "_listen"}, "no method"),
        ("call", {"method": "answer"}, "no method"),
        ("fault", {"kind": "nonsense"}, "kind"),
        ("fault", {"kind": "reset", "oops": 1}, "oops"),
        ("limits", {"retry_after": "soon"}, "retry_after"),
    ],
)
def test_a_wrong_control_request_says_what_is_wrong(
    books: StandIn, path: str, body: Any, word: str
) -> None:
    """The answer is 400 and its error names the mistake."""
    answer = ask(books, f"/_sandbox/{path}", "POST", body)
    assert answer.status == 400
    assert word in answer.json()["error"]


def test_an_unknown_control_path_lists_the_known_ones(books: StandIn) -> None:
    """404 with the names of all reads and commands."""
    answer = ask(books, "/_sandbox/nonsense")
    assert answer.status == 404
    assert "truth" in answer.json()["known"]["GET"]


def test_many_clients_at_once_all_get_their_answers(books: StandIn) -> None:
    """Twenty threads get twenty right answers each, and the log has them all."""

    def client() -> None:
        for _ in range(20):
            assert len(ask(books, "/v1/books").json()["data"]) == 20

    threads = [threading.Thread(target=client) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert books.count("/v1/books") == 400


def test_the_registry_knows_all_services_in_order_without_importing_them() -> None:
    """Names come alphabetically; only a lookup imports."""
    assert list(SERVICES) == ["kinescope", "kinesis", "kinopio", "kippt", "kitemaker"]
    assert "kinopio" in SERVICES
    with pytest.raises(ValueError, match="nonsense"):
        Sandbox(["nonsense"])


def test_a_sandbox_writes_settings_that_name_its_addresses() -> None:
    """The settings are TOML with one account per service at its stand-in's URL."""
    with Sandbox(["kinopio"], size=3) as sandbox:
        text = sandbox.settings("some/where.duckdb", more={"kinopio": {"files": True}})
        settings = tomllib.loads(text)
        assert settings["warehouse"] == {"path": "some/where.duckdb"}
        url = sandbox.stand_ins["kinopio"].url
        assert settings["accounts"] == {
            "kinopio": {"service": "kinopio", "base_url": url, "files": True}
        }
        assert sandbox.environment() == sandbox.services["kinopio"].credentials()
        assert sandbox.services["kinopio"].size == 3
