"""The section [alerts]: where kollect sends a message when something is wrong.

Addresses that contain secrets stand in environment variables (or `.env`); the section names them.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from connectors.core.errors import BadSettings

MAIL_KEYS = (
    "email_to",
    "email_from",
    "smtp_host",
    "smtp_port",
    "smtp_username_env",
    "smtp_password_env",
)
"""Settings of kollect's own e-mail code, which Apprise has replaced."""


@dataclass(frozen=True)
class AlertSettings:
    """The channels beyond the log; an empty one is not used."""

    command: str = ""
    """A program and its arguments; it gets the message on standard input."""
    webhook_env: str = ""
    """The variable that holds the address of a webhook."""
    apprise_env: str = ""
    """The variable that holds one or more Apprise addresses (e-mail, chat, push)."""
    attach_report: bool = False
    """Whether messages through Apprise bring the page of `kollect report` along."""


ALERT_KEYS = frozenset(field.name for field in fields(AlertSettings)) | set(MAIL_KEYS)
"""Every setting that `read_alerts` takes or explains."""


def read_alerts(values: Mapping[str, Any]) -> AlertSettings:
    """The checked section [alerts]; raises BadSettings with the setting and the cure."""
    if any(name in values for name in MAIL_KEYS):
        raise BadSettings(
            "[alerts] has settings for e-mail, which is sent through Apprise now",
            guidance=f'install it with `pip install "kollect[notify]"`, put KOLLECT_NOTIFY='
            f'"{_apprise_address(values)}" into .env and write apprise_env = "KOLLECT_NOTIFY" '
            f"instead of {', '.join(name for name in MAIL_KEYS if name in values)}",
        )
    attached = values.get("attach_report", False)
    if not isinstance(attached, bool):
        raise BadSettings(
            f"[alerts] attach_report = {attached!r} is neither true nor false",
            guidance="write attach_report = true",
        )
    for name, value in values.items():
        if name != "attach_report" and not isinstance(value, str):
            raise BadSettings(
                f"[alerts] {name} = {value!r} is no text", guidance=f'write {name} = "..."'
            )
    for name in ("webhook_env", "apprise_env"):
        if ":" in values.get(name, ""):
            raise BadSettings(
                f"[alerts] {name} holds an address, which is a secret",
                guidance="put the address into .env and name its variable here",
            )
    try:
        shlex.split(values.get("command", ""))
    except ValueError as error:
        raise BadSettings(
            f"[alerts] command cannot be read: {error}", guidance="close every quotation mark"
        ) from None
    return AlertSettings(**values)


def _apprise_address(values: Mapping[str, Any]) -> str:
    """The Apprise address that does what the old e-mail settings did, without their secrets."""
    to = values.get("email_to", "me@example.org")
    sender = values.get("email_from") or to
    host = values.get("smtp_host", "mail.example.org")
    port = values.get("smtp_port") or 587
    return f"mailtos://USER:PASSWORD@{host}:{port}?from={sender}&to={to}"
