"""What a sync shows while it runs ends: requests of expected, rate, time left."""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Callable

from pipelines.cli.progress import Count, JsonLines, PlainLines, SyncProgress
from pipelines.sync.expected import expected_requests, remember_plan
from pipelines.sync.result import Progress
from tests.kit.account import Bench
from tests.kit.processes import kollect


def answers(show: SyncProgress, count: int) -> None:
    for _ in range(count):
        show(Progress("a", "request", "", {"event": "answer"}))


def test_a_count_tells_when_it_will_end() -> None:
    """Requests of those expected, the rate, and the time left; more than expected has no end."""
    count = Count(expected=340, done=230, here=50, began=0.0)
    assert count.text(10.0) == "230 of about 340 requests, 5.0/s, about 22 s left"
    count.done = 341
    assert count.text(10.0) == "341 requests, 5.0/s"


def test_lines_come_every_few_seconds_and_words_when_something_happens() -> None:
    """A service that asks for fewer requests is told at once, but not again and again."""
    now, stream = [0.0], io.StringIO()
    show = SyncProgress(PlainLines(stream), clock=lambda: now[0])
    show.expect("a", 100)
    answers(show, 30)
    now[0] = 10.0
    answers(show, 20)
    for _ in range(3):
        show(Progress("a", "request", "", {"event": "hold", "seconds": 30.0}))
    show(Progress("a", "loaded", "t: 1 rows (nothing changed)", {"row": {"inserted": 0}}))
    assert stream.getvalue().splitlines() == [
        "a: 31 of about 100 requests, 3.1/s, about 22 s left",
        "a: the service asks for fewer requests; going on in 30 s",
    ]


def test_what_is_recorded_is_looked_up_once_and_only_for_a_line_that_needs_it() -> None:
    """Most syncs that nobody follows end before: they open the warehouse once less."""
    now, stream, looked = [0.0], io.StringIO(), []

    def recorded() -> dict[str, int]:
        looked.append(now[0])
        return {"a": 50}

    show = SyncProgress(PlainLines(stream), clock=lambda: now[0])
    show.expect_recorded(recorded)
    answers(show, 9)
    assert looked == []
    for now[0] in (10.0, 20.0):
        answers(show, 1)
    assert looked == [10.0]
    assert stream.getvalue().splitlines() == [
        "a: 10 of about 50 requests, 1.0/s, about 40 s left",
        "a: 11 of about 50 requests, 0.6/s, about 71 s left",
    ]


def test_json_lines_hold_the_same_facts() -> None:
    now, stream = [0.0], io.StringIO()
    show = SyncProgress(JsonLines(stream), clock=lambda: now[0])
    show.expect("a", 40)
    now[0] = 2.0
    answers(show, 1)
    line = json.loads(stream.getvalue())
    assert line.pop("time")
    assert line == {
        "account": "a", "kind": "requests", "done": 1, "expected": 40, "per_second": 0.5,
        "seconds_left": 78.0,
    }  # fmt: skip


def test_what_is_expected_comes_from_the_plan_or_the_last_run(synced: Callable[..., Bench]) -> None:
    """A first sync took so many; a plan that was just made counts more, for one sync."""
    at = synced("kinopio", size=4)
    chosen = {"kinopio": None}
    first = expected_requests(at.settings, chosen, True)["kinopio"]
    assert first == at.first_sync_requests
    assert expected_requests(at.settings, chosen, False) == {}
    remember_plan(at.settings, "kinopio", 7, full=False)
    assert expected_requests(at.settings, chosen, False) == {"kinopio": 7}
    done = kollect(at.folder, at.box.environment(), "sync", "--progress", "json")
    kinds = {json.loads(line)["kind"] for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert expected_requests(at.settings, chosen, False)["kinopio"] == at.stand_in.count()
    assert kinds <= {"requests", "loaded", "message", "family", "retry", "hold"}


def test_without_a_network_a_sync_ends_within_seconds(made: Callable[..., Bench]) -> None:
    """A few tries, told in words, then the account is over: nobody waits for minutes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    bench = made("kinopio", base_url=closed, retry={"first_seconds": 0.1})
    began = time.monotonic()
    done = kollect(bench.folder, bench.box.environment(), "sync")
    assert time.monotonic() - began < 20
    assert done.returncode == 1
    assert "attempt 2 in" in done.stderr
    assert "asked 4 times" in done.stderr
    assert "nothing loaded" in done.stdout
    assert "0 rows" not in done.stdout + done.stderr
