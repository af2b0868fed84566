"""Messages through every channel that is set: a command, a webhook, Apprise."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import BadSettings
from pipelines.orchestration.notify import Channels, Message, channels_of, notify
from pipelines.report.write import write_report
from pipelines.settings import Settings
from pipelines.settings.alerts import AlertSettings, read_alerts

REFUSED = Message("kinopio", False, "the key is refused\nsee secret-4711", "2026-11-21 10:00 UTC")


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


def test_a_webhook_gets_one_json_object_without_secrets(
    webhook: tuple[str, list[dict[str, Any]], list[int]],
) -> None:
    """Chat services show `text`; programs read the rest."""
    address, got, _ = webhook
    assert notify(REFUSED, Channels(webhook=address), ["secret-4711"]) == {}
    assert got[0]["status"] == "problem"
    assert got[0]["subject"] == "kinopio"
    assert "the key is refused" in got[0]["text"]
    assert "secret-4711" not in json.dumps(got)


def test_a_webhook_that_fails_is_named_without_its_address(
    webhook: tuple[str, list[dict[str, Any]], list[int]],
) -> None:
    """The address of a webhook is a secret."""
    address, _, statuses = webhook
    statuses.append(500)
    failed = notify(REFUSED, Channels(webhook=address), [])
    assert "status 500" in failed["webhook"]
    refused = notify(REFUSED, Channels(webhook="http://127.0.0.1:9/?token=hook-secret"), [])
    assert "webhook" in refused
    assert "hook-secret" not in json.dumps([failed, refused])


def test_apprise_sends_an_email_that_says_what_and_since_when(
    mail_server: tuple[int, list[str]],
) -> None:
    """A message with a subject that says it all, through a real SMTP dialogue."""
    port, lines = mail_server
    address = f"mailto://127.0.0.1:{port}?from=kollect@example.org&to=me@example.org&format=text"
    assert notify(REFUSED, Channels(apprise=(address,)), ["secret-4711"]) == {}
    text = "\n".join(lines)
    assert "Subject: kollect: kinopio has a problem: the key is refused" in text
    assert "It began 2026-11-21 10:00 UTC" in text
    assert "me@example.org" in text
    assert "secret-4711" not in text


def test_an_email_brings_the_report_along_where_the_settings_say_so(
    mail_server: tuple[int, list[str]], tmp_path: Path
) -> None:
    """The page is attached; without the setting nothing is written."""
    port, lines = mail_server
    settings = Settings(None, tmp_path / "kollect.duckdb", tmp_path / "backups", {}, {})
    address = f"mailto://127.0.0.1:{port}?from=kollect@example.org&to=me@example.org&format=text"
    known = {"NOTIFY": address}

    def write() -> Path:
        return write_report(settings)[0]

    assert channels_of(AlertSettings(apprise_env="NOTIFY"), known, write).report is None
    alerts = read_alerts({"apprise_env": "NOTIFY", "attach_report": True})
    assert notify(REFUSED, channels_of(alerts, known, write), []) == {}
    text = "\n".join(lines)
    assert 'filename="kollect-report.html"' in text
    assert "Subject: kollect: kinopio has a problem" in text


def test_a_report_that_cannot_be_written_keeps_no_message_back(
    mail_server: tuple[int, list[str]], tmp_path: Path
) -> None:
    """The message says why the page is missing."""
    port, lines = mail_server
    address = f"mailto://127.0.0.1:{port}?from=kollect@example.org&to=me@example.org&format=text"
    (tmp_path / "kollect.duckdb").write_text("no database")
    settings = Settings(None, tmp_path / "kollect.duckdb", tmp_path / "backups", {}, {})
    channels = Channels(apprise=(address,), report=lambda: write_report(settings)[0])
    assert notify(REFUSED, channels, []) == {}
    assert any("The report could not be attached" in line for line in lines)


def test_an_apprise_address_that_fails_is_reported_without_its_secrets() -> None:
    """Addresses hold passwords and tokens: the reason names none, and no log of ours gets them."""
    console = io.StringIO()
    handler = logging.StreamHandler(console)
    logging.getLogger().addHandler(handler)
    address = "mailto://anna:mail-secret@127.0.0.1:9?from=a@example.org&to=b@example.org"
    failed = notify(REFUSED, Channels(apprise=(address,)), [])
    assert "could not deliver" in failed["apprise"]
    unknown = notify(REFUSED, Channels(apprise=("nonsense://mail-secret",)), [])
    logging.getLogger().removeHandler(handler)
    assert "Unparseable URL" in unknown["apprise"]
    assert "mail-secret" not in json.dumps([failed, unknown]) + console.getvalue()


def test_a_command_gets_the_message_on_its_input(tmp_path: Path) -> None:
    """No shell: text of a service is never run."""
    script = tmp_path / "alert.sh"
    script.write_text('#!/bin/sh\ncat > "$1"\necho "$KOLLECT_ALERT_STATUS" >> "$1"\n')
    script.chmod(0o755)
    channels = Channels(command=(str(script), str(tmp_path / "out")))
    assert notify(Message("kinopio", False, "$(touch hacked)", "now"), channels, []) == {}
    text = (tmp_path / "out").read_text()
    assert "$(touch hacked)" in text
    assert text.endswith("problem\n")
    assert not (tmp_path / "hacked").exists()


def test_a_channel_that_fails_does_not_stop_the_others(
    webhook: tuple[str, list[dict[str, Any]], list[int]],
) -> None:
    """Every channel is tried."""
    address, got, _ = webhook
    failed = notify(REFUSED, Channels(command=("/no/such/thing",), webhook=address), [])
    assert set(failed) == {"command"}
    assert len(got) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"command": 'say "hello'}, "quotation"),
        ({"webhook_env": "https://hooks.example/abc"}, "is a secret"),
        ({"apprise_env": "mailtos://a:b@example.org"}, "is a secret"),
        ({"command": 5}, "no text"),
    ],
)
def test_alert_settings_that_cannot_work_are_refused(values: dict[str, Any], reason: str) -> None:
    """At once, and not when the first message is lost."""
    with pytest.raises(BadSettings, match=reason):
        read_alerts(values)


def test_old_email_settings_are_answered_with_the_apprise_address_to_write() -> None:
    """An upgrade says what to write instead, with the values that stood there."""
    old = {
        "email_to": "me@example.org",
        "smtp_host": "mail.example.org",
        "smtp_port": 465,
        "smtp_password_env": "SMTP_PASSWORD",
    }
    with pytest.raises(BadSettings) as raised:
        read_alerts(old)
    guidance = raised.value.guidance
    assert "mailtos://USER:PASSWORD@mail.example.org:465?from=me@example.org" in guidance
    assert "apprise_env" in guidance
    assert "kollect[notify]" in guidance


def test_addresses_come_from_the_environment() -> None:
    """The settings only name variables; a variable that is not set leaves its channel out."""
    alerts = AlertSettings(webhook_env="HOOK", apprise_env="NOTIFY")
    channels = channels_of(alerts, {"HOOK": "https://x", "NOTIFY": "tgram://a/b, ntfy://c"})
    assert (channels.webhook, channels.apprise) == ("https://x", ("tgram://a/b", "ntfy://c"))
    assert channels.names == ["webhook", "apprise"]
    assert channels_of(alerts, {}).names == []
    assert "https://x" not in repr(channels)
