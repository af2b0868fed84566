"""Sends a message to a person: by a command, a webhook, or Apprise (e-mail, chat, push).

This module does not import Dagster. Messages hold no secrets: texts pass the redactor with every
secret value that kollect knows, and addresses of channels are never shown.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.core.errors import KollectError
from connectors.http.redact import SHORTEST_SECRET, safe_text
from pipelines.settings.alerts import AlertSettings

SECONDS = 30.0
"""How long a command or a webhook may take."""
LONGEST = 1500
"""Characters of a message; the rest stands in the log of the run."""


@dataclass(frozen=True)
class Message:
    """A problem that began, or that is over."""

    subject: str
    """What it is about: an account, the backups, a job."""
    over: bool
    text: str
    since: str
    """When the problem began (UTC)."""

    @property
    def title(self) -> str:
        """One line that fits a subject line."""
        first = self.text.splitlines()[0] if self.text else ""
        state = "is fine again" if self.over else f"has a problem: {first}"
        return f"kollect: {self.subject} {state}"[:160]

    @property
    def body(self) -> str:
        """The whole message for people."""
        if self.over:
            return f"{self.title}. The problem began {self.since}."
        end = f"It began {self.since}. Another message follows when it is over."
        return f"{self.title}\n\n{self.text}\n\n{end}"

    @property
    def status(self) -> str:
        return "over" if self.over else "problem"


@dataclass(frozen=True)
class Channels:
    """The channels that are set, with their secret addresses looked up."""

    command: tuple[str, ...] = ()
    webhook: str = ""
    apprise: tuple[str, ...] = ()
    report: Callable[[], Path] | None = None
    """Writes the page that goes with messages through Apprise."""

    def __repr__(self) -> str:
        return f"Channels({', '.join(self.names) or 'the log only'})"

    @property
    def names(self) -> list[str]:
        """The channels beyond the log."""
        known = {"command": self.command, "webhook": self.webhook, "apprise": self.apprise}
        return [name for name, is_set in known.items() if is_set]

    @property
    def secrets(self) -> list[str]:
        """Addresses that no message and no log may show, and the parts that may be secret."""
        parts = [part for address in self.apprise for part in re.split(r"[/:@?&=]+", address)[1:]]
        found = [self.webhook, *self.apprise, *parts]
        return [text for text in found if len(text) >= SHORTEST_SECRET]


def channels_of(
    alerts: AlertSettings, known: Mapping[str, str], report: Callable[[], Path] | None = None
) -> Channels:
    """The channels of [alerts]; `known` holds the environment and `.env`, `report` writes the page
    that `attach_report` asks for."""
    return Channels(
        command=tuple(shlex.split(alerts.command)),
        webhook=known.get(alerts.webhook_env, ""),
        apprise=tuple(known.get(alerts.apprise_env, "").replace(",", " ").split()),
        report=report if alerts.attach_report else None,
    )


def notify(message: Message, channels: Channels, secrets: list[str]) -> dict[str, str]:
    """Send a message through every channel; channel -> what went wrong, for those that failed."""
    hidden = [*secrets, *channels.secrets]
    safe = Message(
        message.subject, message.over, safe_text(message.text, hidden)[:LONGEST], message.since
    )
    senders: dict[str, Callable[[Message, Channels], None]] = {
        "command": _run_command,
        "webhook": _post,
        "apprise": _apprise,
    }
    failed: dict[str, str] = {}
    for name in channels.names:
        try:
            senders[name](safe, channels)
        except (OSError, ValueError, ImportError, subprocess.SubprocessError) as error:
            failed[name] = safe_text(f"{type(error).__name__}: {error}", hidden)[:300]
    return failed


def as_object(message: Message) -> dict[str, Any]:
    """The JSON object that a webhook gets; `text` is what chat services show."""
    return {
        "text": message.body,
        "title": message.title,
        "subject": message.subject,
        "status": message.status,
        "since": message.since,
    }


def _run_command(message: Message, channels: Channels) -> None:
    """The message on standard input, its parts in the environment; no shell is involved."""
    parts = {
        "KOLLECT_ALERT_TITLE": message.title,
        "KOLLECT_ALERT_SUBJECT": message.subject,
        "KOLLECT_ALERT_STATUS": message.status,
    }
    done = subprocess.run(
        channels.command,
        input=message.body,
        text=True,
        env={**os.environ, **parts},
        timeout=SECONDS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise OSError(f"ended with status {done.returncode}: {done.stderr.strip()[-200:]}")


def _post(message: Message, channels: Channels) -> None:
    if not channels.webhook.startswith(("https://", "http://")):
        raise ValueError("the variable named by webhook_env holds no http address")
    request = urllib.request.Request(
        channels.webhook,
        data=json.dumps(as_object(message)).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "kollect"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            pass
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"the webhook answered with status {error.code}") from None


def _apprise(message: Message, channels: Channels) -> None:
    try:
        import apprise
    except ImportError:
        raise ImportError(
            'apprise_env is set, but Apprise is not installed: pip install "kollect[notify]"'
        ) from None
    sender = apprise.Apprise()
    kind = apprise.NotifyType.SUCCESS if message.over else apprise.NotifyType.FAILURE
    # Apprise tells reasons, and whole addresses, to its log. They are taken from there and masked.
    apprise.logger.propagate = False
    warnings: Any = apprise.LogCapture  # a class without types
    with warnings(level=apprise.logging.WARNING, fmt="%(message)s") as log:
        understood = [sender.add(address) for address in channels.apprise]
        page, missing = _page(channels)
        body = f"{message.body}\n\n{missing}" if missing else message.body
        sent = all(understood) and sender.notify(body, message.title, kind, attach=page)
        reason = " ".join(log.getvalue().split())
    if not sent:
        raise OSError(f"Apprise could not deliver the message: {reason or 'it gave no reason'}")


def _page(channels: Channels) -> tuple[str | None, str]:
    """The page to attach, and why it is missing. A message is sent without it all the same."""
    if channels.report is None:
        return None, ""
    try:
        return str(channels.report()), ""
    except (KollectError, OSError) as error:
        return None, f"The report could not be attached: {safe_text(str(error), channels.secrets)}"
