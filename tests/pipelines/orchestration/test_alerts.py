"""Telling a person: once per problem, once when it is over, by every way that is set."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from connectors.core.errors import BadSettings
from pipelines.orchestration.alerts import Book, announce, look, problem_of, subjects_of
from pipelines.orchestration.notify import News, Ways, check_alerts, tell, ways
from pipelines.orchestration.schedules import ACCOUNT_TAG

NEWS = News("kinopio", False, "the key is refused\nsee secret-4711", "2026-11-21 10:00 UTC")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """An address, what it was sent, and the statuses that it answers with (200 at the end)."""
    got: list[dict[str, Any]] = []
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook?token=hook-secret", got, statuses
        server.shutdown()
        thread.join()


@pytest.fixture
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """The port of a small SMTP server without TLS, and the lines that it was sent."""
    lines: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)

    def serve() -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, connection.makefile("rwb") as stream:

            def say(text: str) -> None:
                stream.write(text.encode() + b"\r\n")
                stream.flush()

            say("220 mail.example ESMTP")
            in_data = False
            for raw in stream:
                line = raw.decode().rstrip("\r\n")
                lines.append(line)
                if in_data:
                    in_data = line != "."
                    if not in_data:
                        say("250 kept")
                elif line.upper().startswith("EHLO"):
                    say("250-mail.example")
                    say("250 8BITMIME")
                elif line.upper() == "DATA":
                    in_data = True
                    say("354 go on")
                elif line.upper() == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 fine")

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1], lines
    listening.close()
    thread.join(15)


# -- ways -------------------------------------------------------------------------------------


def test_a_webhook_gets_one_json_object_without_secrets(
    webhook: tuple[str, list[dict[str, Any]], list[int]],
) -> None:
    """Chat services show `text`; programs read the rest."""
    address, got, _ = webhook
    assert tell(NEWS, Ways(webhook=address), ["secret-4711"]) == {}
    assert got[0]["status"] == "problem"
    assert got[0]["subject"] == "kinopio"
    assert "the key is refused" in got[0]["text"]
    assert "secret-4711" not in json.dumps(got)


def test_a_webhook_that_fails_is_named_without_its_address(
    webhook: tuple[str, list[dict[str, Any]], list[int]],
) -> None:
    """Its address is a secret."""
    address, _, statuses = webhook
    statuses.append(500)
    failed = tell(NEWS, Ways(webhook=address), [])
    assert "status 500" in failed["webhook"]
    refused = tell(NEWS, Ways(webhook="http://127.0.0.1:9/?token=hook-secret"), [])
    assert "webhook" in refused
    assert "hook-secret" not in json.dumps([failed, refused])


def test_an_email_says_what_and_since_when(mail_server: tuple[int, list[str]]) -> None:
    """A plain message with a subject that says it all."""
    port, lines = mail_server
    by = Ways(email_to="me@example.org", email_from="kollect@example.org",
              smtp_host="127.0.0.1", smtp_port=port)  # fmt: skip
    assert tell(NEWS, by, ["secret-4711"]) == {}
    text = "\n".join(lines)
    assert "Subject: kollect: kinopio has a problem: the key is refused" in text
    assert "It began 2026-11-21 10:00 UTC" in text
    assert "To: me@example.org" in text
    assert "secret-4711" not in text


def test_a_password_is_never_sent_without_tls(mail_server: tuple[int, list[str]]) -> None:
    """Rather no mail than a password for everybody on the way."""
    port, lines = mail_server
    by = Ways(email_to="me@example.org", email_from="me@example.org", smtp_host="127.0.0.1",
              smtp_port=port, smtp_password="mail-secret")  # fmt: skip
    failed = tell(NEWS, by, [])
    assert "no TLS" in failed["email"]
    assert "mail-secret" not in "\n".join(lines) + json.dumps(failed)


def test_a_command_gets_the_message_on_its_input(tmp_path: Path) -> None:
    """No shell: what a service says is never run."""
    script = tmp_path / "told.sh"
    script.write_text('#!/bin/sh\ncat > "$1"\necho "$KOLLECT_ALERT_STATUS" >> "$1"\n')
    script.chmod(0o755)
    by = Ways(command=(str(script), str(tmp_path / "out")))
    assert tell(News("kinopio", False, "$(touch hacked)", "now"), by, []) == {}
    text = (tmp_path / "out").read_text()
    assert "$(touch hacked)" in text
    assert text.endswith("problem\n")
    assert not (tmp_path / "hacked").exists()


def test_a_command_that_is_missing_keeps_no_other_way_from_telling(
    webhook: tuple[str, list[dict[str, Any]], list[int]],
) -> None:
    """Every way is tried."""
    address, got, _ = webhook
    failed = tell(NEWS, Ways(command=("/no/such/thing",), webhook=address), [])
    assert set(failed) == {"command"}
    assert len(got) == 1


# -- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"email_to": "me@example.org"}, "without smtp_host"),
        ({"smtp_port": "587"}, "smtp_port"),
        ({"command": 'say "hello'}, "quotation"),
        ({"webhook_env": "https://hooks.example/abc"}, "is a secret"),
        ({"email_to": 5}, "no text"),
    ],
)
def test_alerts_that_cannot_work_are_refused(values: dict[str, Any], said: str) -> None:
    """At once, and not when the first alarm is lost."""
    with pytest.raises(BadSettings, match=said):
        check_alerts(values)


def test_secrets_of_ways_come_from_the_environment() -> None:
    """The settings only name variables; a missing one leaves its way out."""
    by = ways(
        {"webhook_env": "HOOK", "email_to": "me@example.org", "smtp_host": "h"},
        {"HOOK": "https://x"},
    )
    assert (by.webhook, by.email_from, by.smtp_port) == ("https://x", "me@example.org", 587)
    assert by.names == ["webhook", "email"]
    assert ways({"webhook_env": "HOOK"}, {}).names == []
    assert "https://x" not in repr(by)


# -- once, and once when it is over -----------------------------------------------------------


def test_a_lasting_problem_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    """24 failed hours are one alarm; the 25th, good one is the all-clear."""
    told: list[tuple[bool, str]] = []

    def deed(news: News) -> dict[str, str]:
        told.append((news.over, news.text))
        return {}

    for hour in range(24):
        book = Book.read(tmp_path / "alerts.json")
        book.saw("kinopio", f"down {hour}", NOON)
        for subject in book.pending():
            book.tell(subject, deed)
        book.write()
    book = Book.read(tmp_path / "alerts.json")
    for _ in range(2):
        book.saw("kinopio", "", NOON)
        for subject in list(book.pending()):
            book.tell(subject, deed)
    assert told == [(False, "down 0"), (True, "down 23")]
    assert book.problems == {}


def test_what_could_not_be_told_is_tried_again(tmp_path: Path) -> None:
    """A mail server may be down at the same time."""
    book = Book(tmp_path / "alerts.json")
    book.saw("kinopio", "down", NOON)
    answers = [{"email": "no route"}, {}]
    for _ in range(2):
        for subject in list(book.pending()):
            book.tell(subject, lambda _: answers.pop(0))
    assert answers == []
    assert not book.pending()


def test_a_problem_that_is_over_before_anybody_knew_is_not_told(tmp_path: Path) -> None:
    """No all-clear without an alarm."""
    book = Book(tmp_path / "alerts.json")
    book.saw("kinopio", "down", NOON)
    book.saw("kinopio", "", NOON)
    assert not book.pending()


def test_a_damaged_book_is_begun_anew(tmp_path: Path) -> None:
    """An alarm too many is better than none."""
    (tmp_path / "alerts.json").write_text('{"kinopio": {"text"')
    assert Book.read(tmp_path / "alerts.json").problems == {}
    (tmp_path / "alerts.json").write_text('{"kinopio": {"unknown": 1}}')
    assert Book.read(tmp_path / "alerts.json").problems == {}


# -- what runs say ----------------------------------------------------------------------------


def one_run(instance: dg.DagsterInstance, deed: str, **tags: str) -> dg.DagsterRun:
    """A run of one asset that does well, or not."""
    key = dg.AssetKey(["kinopio", "cards"])
    check = dg.AssetCheckSpec("copy_is_complete", asset=key)

    def cards() -> Any:
        if deed == "fail":
            raise dg.Failure("kinopio: the key abc-secret is refused. Make a new one.")
        if deed == "crash":
            raise ZeroDivisionError("abc-secret by zero")
        severity = dg.AssetCheckSeverity.WARN if deed == "warn" else dg.AssetCheckSeverity.ERROR
        result = dg.AssetCheckResult(
            passed=deed == "good", severity=severity, description="page 3 never came"
        )
        return dg.MaterializeResult(check_results=[result])

    cards.__annotations__.clear()
    result = dg.materialize(
        [dg.asset(key=key, check_specs=[check])(cards)],
        instance=instance,
        raise_on_error=False,
        tags={ACCOUNT_TAG: "kinopio", **tags},
    )
    return result.dagster_run


def test_runs_become_problems_and_ends(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """A failed run, a good one: two messages, and no look at the same run twice."""
    book, log = Book(tmp_path / "alerts.json"), logging.getLogger("test")
    cursor: str | None = None
    said: list[list[str]] = []
    for deed in ("good", "fail", "fail", "good", "good"):
        one_run(instance, deed)
        cursor = look(instance, cursor, book, {"kinopio": "kinopio"}, ["abc-secret"])
        said.append(announce(book, Ways(), ["abc-secret"], log))
        text = json.dumps([p.text for p in book.problems.values()])
        assert "abc-secret" not in text
        if deed == "fail":
            assert "Make a new one" in text
    assert [len(lines) for lines in said] == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("good", ""),
        ("warn", ""),
        ("incomplete", "1 table is not proved to be whole\ncards: page 3 never came"),
        ("fail", "kinopio: the key abc-secret is refused. Make a new one."),
        ("crash", "ZeroDivisionError: abc-secret by zero"),
    ],
)
def test_only_what_matters_is_a_problem(instance: dg.DagsterInstance, deed: str, said: str) -> None:
    """A warning is for those who look; an unproved table is for everybody."""
    run = one_run(instance, deed)
    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    text = problem_of(instance, stored)
    assert text.startswith(said)
    assert bool(text) == bool(said)


def test_a_run_that_is_started_again_by_itself_is_not_told_yet(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Its retry says how it ended."""
    one_run(instance, "fail", **{"dagster/will_retry": "true"})
    book = Book(tmp_path / "alerts.json")
    look(instance, None, book, {"kinopio": "kinopio"}, [])
    assert book.problems == {}


def test_a_run_is_about_its_accounts(instance: dg.DagsterInstance) -> None:
    """By tag, by the assets that were chosen by hand, else by its job."""
    known: Callable[..., dg.DagsterRun] = dg.DagsterRun
    assert subjects_of(known("sync_a", tags={ACCOUNT_TAG: "a"}), {"a": "A b"}) == ["A b"]
    by_hand = known("__ASSET_JOB", asset_selection=frozenset({dg.AssetKey(["a", "cards"])}))
    assert subjects_of(by_hand, {"a": "A b"}) == ["A b"]
    assert subjects_of(known("backup"), {}) == ["backup"]
