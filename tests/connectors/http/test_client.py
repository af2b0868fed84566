"""What is asked again, when, and how often; what is not; and what is told about it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from connectors.core import errors
from connectors.http.client import LONGEST_SILENCE
from connectors.http.config import HttpConfig, Request, Retry, Window
from connectors.http.events import Event
from connectors.http.rate_limit import stretched

GET = Request("GET", "/things")


def replies(*answers: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    """Gives the answers in turn; the last one for ever."""
    left: Iterator[httpx.Response | Exception] = iter(answers)
    last = answers[-1]

    def handle(request: httpx.Request) -> httpx.Response:
        found = next(left, last)
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    return handle


OK = httpx.Response(200, json={"ok": 1})


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(code, json={"message": "no"}, headers=headers)


@pytest.mark.parametrize(
    "trouble",
    [
        status(500),
        status(502),
        status(503),
        status(504),
        status(429),
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("server disconnected"),
        httpx.ReadTimeout("slow"),
        httpx.Response(200, content=b'{"cut": ', headers={"content-type": "application/json"}),
        httpx.Response(200, html="<html>busy</html>"),
        httpx.Response(200, text="busy"),
        httpx.Response(200, content=b""),
    ],
    ids=str,
)
def test_passing_trouble_is_asked_through(bench: Any, trouble: Any) -> None:
    """Throttling, faults, broken connections and broken answers are repeated until it works."""
    at = bench(replies(trouble, trouble, OK))
    answer = at.client.ask(GET)
    assert answer.payload == {"ok": 1}
    assert answer.attempts == 3
    assert at.client.statistics.requests == 3
    assert at.client.statistics.retries == 2
    assert len(at.told("retry")) == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, errors.Refused),
        (401, errors.BadCredential),
        (402, errors.PlanExceeded),
        (403, errors.Forbidden),
        (404, errors.Missing),
        (405, errors.Refused),
        (410, errors.Missing),
        (413, errors.Refused),
        (422, errors.Refused),
        (501, errors.Refused),
    ],
)
def test_lasting_trouble_is_asked_once(bench: Any, code: int, kind: type[Exception]) -> None:
    """What repeating cannot cure is not repeated, and says status, one_line and place."""
    at = bench(
        replies(httpx.Response(code, json={"message": "Not today"}, headers={"x-request-id": "r1"}))
    )
    with pytest.raises(kind) as caught:
        at.client.ask(GET)
    assert at.client.statistics.requests == 1
    assert "Not today" in str(caught.value)
    assert "GET https://api.example/v1/things" in str(caught.value)
    assert f"status {code}" in str(caught.value)
    assert "request id r1" in str(caught.value)


def test_the_last_error_is_raised_when_the_attempts_are_used_up(bench: Any) -> None:
    """After eight attempts the error says so, and what to do."""
    at = bench(replies(status(500)))
    with pytest.raises(errors.ServerFault, match="asked 8 times") as caught:
        at.client.ask(GET)
    assert at.client.statistics.requests == 8
    assert caught.value.guidance in str(caught.value)


def test_waits_double_up_to_the_cap_and_are_counted(bench: Any) -> None:
    """Full jitter: never more than the doubled wait, here with the jitter at its most."""
    at = bench(replies(status(500)), retry=Retry(attempts=6, first_seconds=1, max_seconds=5))
    with pytest.raises(errors.ServerFault):
        at.client.ask(GET)
    assert at.clock.sleeps == [1, 2, 4, 5, 5]
    assert at.client.statistics.waited_seconds == 17


def test_a_post_is_repeated_only_if_it_says_that_it_may_be(bench: Any) -> None:
    """Nobody knows whether a broken POST was carried out, so it is not sent again."""
    at = bench(replies(status(503), OK))
    with pytest.raises(errors.ServerFault):
        at.client.ask(Request("POST", "/things", body={"query": "{a}"}))
    assert at.client.statistics.requests == 1
    at = bench(replies(status(503), OK))
    answer = at.client.ask(Request("POST", "/things", body={"query": "{a}"}, repeatable=True))
    assert answer.attempts == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        (
            {
                "retry-after": "Fri, 21 Nov 2025 12:00:20 GMT",
                "date": "Fri, 21 Nov 2025 12:00:00 GMT",
            },
            20,
        ),
        ({"retry-after": "Fri, 21 Nov 2025 12:00:07 GMT"}, 7),
        ({"retry-after": "soon"}, 1),
        ({"retry-after": "-3"}, 1),
    ],
)
@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_obeyed_in_both_forms(
    bench: Any, code: int, headers: dict[str, str], seconds: float
) -> None:
    """Seconds or a date (by the service's clock, else by ours); nonsense is as if unsaid."""
    noon = 1763726400.0
    at = bench(replies(status(code, **headers), OK), random=lambda: 0.5, wall_clock=lambda: noon)
    at.client.ask(GET)
    least, most = (seconds, seconds + 1) if seconds > 1 else (0.5, 1)
    assert least <= sum(at.clock.sleeps) <= most


def test_after_a_429_nothing_at_all_leaves_during_the_penalty(bench: Any) -> None:
    """Another thread that asks meanwhile waits as well."""
    left: list[float] = []
    at: Any = None

    def handle(request: httpx.Request) -> httpx.Response:
        left.append(at.clock())
        return status(429) if len(left) == 1 else OK

    at = bench(handle, HttpConfig(windows=(Window(5, 1.0),), penalty_seconds=30))
    threads = [threading.Thread(target=at.client.ask, args=(GET,)) for _ in range(4)]
    at.client.ask(GET)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(left) == 6
    assert left[1] - left[0] >= 30
    assert left[1] - left[0] <= 31
    assert at.told("hold")[0]["seconds"] == 31


def test_a_longer_retry_after_counts_over_the_penalty(bench: Any) -> None:
    """The service's own word may only lengthen the silence."""
    at = bench(replies(status(429, **{"retry-after": "45"}), OK), HttpConfig(penalty_seconds=30))
    at.client.ask(GET)
    assert sum(at.clock.sleeps) == 46


def test_throttling_without_a_hint_is_never_answered_at_once(bench: Any) -> None:
    """Even with the luckiest jitter half of the wait passes."""
    at = bench(replies(status(429), OK), random=lambda: 0.0)
    answer = at.client.ask(GET)
    assert sum(at.clock.sleeps) == 0.5
    assert answer.throttled == 1
    assert at.client.statistics.rate_limited == 1


def test_being_sent_away_for_an_hour_is_an_error_that_says_so(bench: Any) -> None:
    """Nobody waits for an hour; later requests keep the silence too and say the same."""
    at = bench(replies(status(429, **{"retry-after": "3600"}), OK))
    with pytest.raises(errors.LongSilence, match="60 minutes") as caught:
        at.client.ask(GET)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > LONGEST_SILENCE
    with pytest.raises(errors.LongSilence, match="60 minutes"):
        at.client.ask(GET)
    assert at.client.statistics.requests == 1
    assert at.client.statistics.rate_limited == 1
    assert at.clock.sleeps == []


def test_every_attempt_passes_the_throttle(bench: Any) -> None:
    """Repeats count against the rate like anything else."""
    left: list[float] = []
    at: Any = None

    def handle(request: httpx.Request) -> httpx.Response:
        left.append(at.clock())
        return status(500) if len(left) < 8 else OK

    at = bench(handle, HttpConfig(windows=(Window(2, 10.0),)), random=lambda: 0.0)
    at.client.ask(GET)
    assert len(left) == 8
    for first, beyond in zip(left, left[2:], strict=False):
        assert beyond - first > 10


def test_no_more_requests_are_under_way_than_the_rules_allow(bench: Any) -> None:
    """Sixteen threads, two places."""
    now = most = 0
    lock = threading.Lock()
    pause = threading.Event()

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        pause.wait(0.005)
        with lock:
            now -= 1
        return OK

    at = bench(handle, HttpConfig(max_in_flight=2))
    threads = [threading.Thread(target=at.client.ask, args=(GET,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
    assert at.client.statistics.requests == 16


def test_a_status_in_also_is_an_answer(bench: Any) -> None:
    """A probe for a record learns 404 without an error, from the service itself only."""
    at = bench(replies(status(404)))
    answer = at.client.ask(GET, also={404})
    assert (answer.status, answer.payload) == (404, {"message": "no"})
    at = bench(replies(httpx.Response(404, html="<h1>Not found</h1>")))
    with pytest.raises(errors.Missing):
        at.client.ask(GET, also={404})


def test_an_empty_204_has_no_payload(bench: Any) -> None:
    """No body is read where none may be."""
    answer = bench(replies(httpx.Response(204))).client.ask(GET)
    assert (answer.status, answer.payload, answer.size) == (204, None, 0)


def test_a_service_that_only_drips_is_left_after_half_a_minute(bench: Any) -> None:
    """A byte a second would hold a place in the rate for minutes; the next try may fare better."""
    at: Any = None
    tries: list[int] = []

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for tries[-1] in range(1, 200):
                at.clock.pass_(1)
                yield b" "

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(0)
        return httpx.Response(200, stream=Drip())

    at = bench(answer, retry=Retry(attempts=2))
    with pytest.raises(errors.TimedOut, match="only 30 bytes came in 30 seconds"):
        at.client.ask(GET)
    assert tries == [30, 30]


def test_a_packing_that_nobody_asked_for_is_named(bench: Any) -> None:
    """Something between changes answers: asking again changes nothing, and no JSON is broken."""
    packed = httpx.Response(200, content=b"\x0b\x02\x80", headers={"content-encoding": "br"})
    at = bench(lambda request: packed)
    with pytest.raises(errors.BrokenAnswer, match=r"packed with 'br', which was not asked for"):
        at.client.ask(GET)
    assert at.client.statistics.requests == 1


def test_an_endless_body_is_given_up(bench: Any) -> None:
    """An answer that would not fit into memory is refused, not repeated."""

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b" " * 4096

    at = bench(
        lambda request: httpx.Response(200, stream=Endless()), HttpConfig(largest_bytes=10_000)
    )
    with pytest.raises(errors.Refused, match="10000 bytes"):
        at.client.ask(GET)


def test_a_body_shorter_than_promised_is_broken(bench: Any) -> None:
    """Valid JSON that is only the beginning of the answer is not taken for the whole."""
    handle = replies(httpx.Response(200, content=b"[1]", headers={"content-length": "5"}))
    with pytest.raises(errors.BrokenAnswer, match="3 of 5 bytes"):
        bench(handle, retry=Retry(attempts=2)).client.ask(GET)


def test_the_answer_says_what_it_cost(bench: Any) -> None:
    """Size, request id, waits and the time by the service's own clock."""
    headers = {"X-Request-ID": "r7", "Date": "Fri, 21 Nov 2025 12:00:00 GMT"}
    at = bench(replies(status(429), httpx.Response(200, json=[1, 2], headers=headers)))
    answer = at.client.ask(GET)
    assert answer.request_id == "r7"
    assert answer.size == len(b"[1,2]")
    assert answer.waited_seconds == 1
    assert answer.date == headers["Date"]
    assert at.client.statistics.bytes == len(b'{"message":"no"}') + answer.size


def test_no_cookie_is_ever_sent_back(bench: Any) -> None:
    """A session of the service's making would show other data than the credential does."""
    seen: list[str | None] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, json={}, headers={"set-cookie": "session=1; Path=/"})

    at = bench(handle)
    at.client.ask(GET)
    at.client.ask(GET)
    assert seen == [None, None]


def test_parameters_and_body_arrive_as_given(bench: Any) -> None:
    """Repeated and bracketed names keep their order; a body is JSON."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return OK

    at = bench(handle)
    at.client.ask(Request("GET", "a/b", params=(("status[]", "x y"), ("status[]", "ü&"))))
    at.client.ask(Request("POST", "/g", body={"query": "{a}"}))
    assert str(seen[0].url) == "https://api.example/v1/a/b?status%5B%5D=x+y&status%5B%5D=%C3%BC%26"
    assert seen[1].content == b'{"query":"{a}"}'
    assert seen[1].headers["content-type"] == "application/json"


def test_events_and_log_lines_tell_everything_but_secrets(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The token is in none of them, even where the service repeats it."""
    secret = "canary-token-5a1f"
    body = {"message": f"token {secret} is tired"}
    caplog.set_level(logging.DEBUG, "kollect.http")
    at = bench(replies(httpx.Response(429, json=body), httpx.Response(403, json=body)))
    with pytest.raises(errors.Forbidden) as caught:
        at.client.ask(Request("GET", "/things", params=(("apiKey", secret), ("page", "2"))))
    kinds = [event.kind for event in at.events]
    assert kinds == ["request", "answer", "throttled", "hold", "retry", "request", "answer"]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 7
    assert lines[0].startswith("request account=mine where=")
    everything = "\n".join([*lines, repr(at.events), str(caught.value), repr(caught.value)])
    assert secret not in everything
    assert "apiKey=***&page=2" in everything
    assert "token *** is tired" in everything


def test_a_listener_that_fails_does_not_keep_a_place(bench: Any) -> None:
    """An error in a progress display passes, and the next request still finds its way."""
    angry = [True]

    def listen(event: Event) -> None:
        if angry.pop() if angry else False:
            raise ZeroDivisionError

    config = HttpConfig(max_in_flight=1, windows=(Window(1, 1.0),))
    at = bench(replies(OK), config, on_event=listen)
    with pytest.raises(ZeroDivisionError):
        at.client.ask(GET)
    assert at.client.ask(GET).payload == {"ok": 1}
    assert sum(at.clock.sleeps) == pytest.approx(stretched(1))
