"""The table [alerts]: who is told about problems. What it may hold is checked where it is used."""

from __future__ import annotations

from typing import Any

from connectors.core.errors import BadSettings
from pipelines.orchestration.notify import check_alerts
from pipelines.settings.convert import nearest

ALERT_SETTINGS = frozenset(
    {"command", "webhook_env", "email_to", "email_from", "smtp_host", "smtp_port",
     "smtp_username_env", "smtp_password_env"}
)  # fmt: skip


def read_alerts(values: Any, where: str) -> dict[str, Any]:
    """The checked table; raises BadSettings."""
    if not isinstance(values, dict):
        raise BadSettings(f"{where} is a table", guidance="write [alerts]")
    for name in values:
        if name not in ALERT_SETTINGS:
            raise BadSettings(
                f"{where} has an unknown setting {name!r}{nearest(name, ALERT_SETTINGS)}",
                guidance=f"Its settings are: {', '.join(sorted(ALERT_SETTINGS))}",
            )
    return check_alerts(values)
