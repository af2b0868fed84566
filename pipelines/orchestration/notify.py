"""Telling a person about a problem: a command, a webhook, an e-mail, whichever are set.

Knows nothing of Dagster. What is told holds no secrets: texts go through the redactor with every
secret value that kollect knows, and addresses of webhooks are never shown.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.core.errors import BadSettings
from connectors.http.redact import safe_text

SECONDS = 30.0
"""How long one way of telling may take."""
LONGEST = 1500
"""Characters of a told text; the rest stands in the log of the run."""
TEXTS = ("command", "webhook_env", "email_to", "email_from", "smtp_host", "smtp_username_env",
         "smtp_password_env")  # fmt: skip


@dataclass(frozen=True)
class News:
    """A problem that began, or that is over."""

    subject: str
    """What it is about: an account, the backup, the views."""
    over: bool
    text: str
    since: str
    """When the problem began (UTC)."""

    @property
    def title(self) -> str:
        """One line that fits a subject line."""
        first = self.text.splitlines()[0] if self.text else ""
        said = "is fine again" if self.over else f"has a problem: {first}"
        return f"kollect: {self.subject} {said}"[:160]


@dataclass(frozen=True)
class Ways:
    """The ways that are set, with the secrets that they need already looked up."""

    command: tuple[str, ...] = ()
    webhook: str = ""
    email_to: str = ""
    email_from: str = ""
    smtp_host: str = ""
    smtp_port: int = 0
    smtp_username: str = ""
    smtp_password: str = ""

    def __repr__(self) -> str:
        return f"Ways({', '.join(self.names) or 'the log only'})"

    @property
    def names(self) -> list[str]:
        """The ways beyond the log."""
        known = {"command": self.command, "webhook": self.webhook, "email": self.email_to}
        return [name for name, is_set in known.items() if is_set]


def check_alerts(values: Mapping[str, Any]) -> dict[str, Any]:
    """The section [alerts]; raises BadSettings where it cannot work as written."""
    for name in TEXTS:
        if not isinstance(values.get(name, ""), str):
            raise BadSettings(
                f"[alerts] {name} = {values[name]!r} is no text", guidance=f'write {name} = "..."'
            )
    port = values.get("smtp_port", 0)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise BadSettings(f"[alerts] smtp_port = {port!r}", guidance="write a number such as 587")
    if values.get("email_to") and not values.get("smtp_host"):
        raise BadSettings(
            "[alerts] email_to is set without smtp_host",
            guidance='write smtp_host = "the mail server", and smtp_port where it is not 587',
        )
    if values.get("webhook_env", "").lower().startswith(("http:", "https:")):
        raise BadSettings(
            "[alerts] webhook_env holds an address, which is a secret",
            guidance="put the address into .env and name its variable here",
        )
    try:
        shlex.split(values.get("command", ""))
    except ValueError as error:
        raise BadSettings(
            f"[alerts] command cannot be read: {error}", guidance="close every quotation mark"
        ) from None
    return dict(values)


def ways(alerts: Mapping[str, Any], known: Mapping[str, str]) -> Ways:
    """What the section [alerts] sets; `known` holds the environment and `.env`."""

    def looked_up(name: str) -> str:
        return known.get(alerts.get(name, ""), "")

    to = alerts.get("email_to", "")
    return Ways(
        command=tuple(shlex.split(alerts.get("command", ""))),
        webhook=looked_up("webhook_env"),
        email_to=to,
        email_from=alerts.get("email_from") or to,
        smtp_host=alerts.get("smtp_host", ""),
        smtp_port=alerts.get("smtp_port", 0) or 587,
        smtp_username=looked_up("smtp_username_env"),
        smtp_password=looked_up("smtp_password_env"),
    )


def tell(news: News, by: Ways, secrets: list[str]) -> dict[str, str]:
    """Tell it by every way that is set; way -> what went wrong, for those that failed."""
    hidden = [*secrets, by.webhook, by.smtp_password]
    safe = News(news.subject, news.over, safe_text(news.text, hidden)[:LONGEST], news.since)
    deeds: dict[str, Callable[[News, Ways], None]] = {
        "command": _run_command,
        "webhook": _post,
        "email": _mail,
    }
    failed: dict[str, str] = {}
    for name in by.names:
        try:
            deeds[name](safe, by)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            failed[name] = safe_text(f"{type(error).__name__}: {error}", hidden)[:300]
    return failed


def as_object(news: News) -> dict[str, Any]:
    """What a webhook or a command gets; `text` is what chat services show."""
    return {
        "text": body(news),
        "title": news.title,
        "subject": news.subject,
        "status": "over" if news.over else "problem",
        "since": news.since,
    }


def body(news: News) -> str:
    """The whole message for people."""
    if news.over:
        return f"{news.title}. The problem began {news.since}."
    end = f"It began {news.since}. You are told again when it is over."
    return f"{news.title}\n\n{news.text}\n\n{end}"


def _run_command(news: News, by: Ways) -> None:
    """The message on standard input, its parts in the environment; not through a shell."""
    told = {
        "KOLLECT_ALERT_TITLE": news.title,
        "KOLLECT_ALERT_SUBJECT": news.subject,
        "KOLLECT_ALERT_STATUS": "over" if news.over else "problem",
    }
    done = subprocess.run(
        by.command,
        input=body(news),
        text=True,
        env={**os.environ, **told},
        timeout=SECONDS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise OSError(f"ended with status {done.returncode}: {done.stderr.strip()[-200:]}")


def _post(news: News, by: Ways) -> None:
    if not by.webhook.startswith(("https://", "http://")):
        raise ValueError("the variable named by webhook_env holds no http address")
    request = urllib.request.Request(
        by.webhook,
        data=json.dumps(as_object(news)).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "kollect"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            pass
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"the webhook answered with status {error.code}") from None


def _mail(news: News, by: Ways) -> None:
    """By TLS: from the first byte on port 465, else as soon as the server offers it.

    A password is only ever sent over TLS.
    """
    import smtplib
    import ssl
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"] = news.title
    message["From"] = by.email_from
    message["To"] = by.email_to
    message.set_content(body(news))
    tls = ssl.create_default_context()
    server: smtplib.SMTP
    if by.smtp_port == 465:
        server = smtplib.SMTP_SSL(by.smtp_host, by.smtp_port, timeout=SECONDS, context=tls)
    else:
        server = smtplib.SMTP(by.smtp_host, by.smtp_port, timeout=SECONDS)
    with server:
        server.ehlo()
        protected = by.smtp_port == 465
        if not protected and server.has_extn("starttls"):
            server.starttls(context=tls)
            protected = True
        if by.smtp_password:
            if not protected:
                raise OSError("the mail server offers no TLS: the password was not sent")
            server.login(by.smtp_username or by.email_from, by.smtp_password)
        server.send_message(message)
