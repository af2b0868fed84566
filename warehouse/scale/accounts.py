"""The list of accounts in the control database: what every machine syncs, beside its own file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from warehouse.scale.control import Control

ADD = (
    "INSERT INTO kollect.accounts (name, settings) VALUES (%s, %s::jsonb) ON CONFLICT (name) "
    "DO UPDATE SET settings = excluded.settings, changed_at = now()"
)
PAUSE = "UPDATE kollect.accounts SET paused = %s, changed_at = now() WHERE name = %s"
REMOVE = "DELETE FROM kollect.accounts WHERE name = %s"


@dataclass(frozen=True)
class ListedAccount:
    """An account of the list, with the settings that `[accounts.NAME]` would hold."""

    name: str
    settings: Mapping[str, Any]
    paused: bool


class AccountList:
    """Reads and changes the list. Everything raises as `Control.database` and `Database.run`."""

    def __init__(self, control: Control) -> None:
        self._database = control.database

    def all(self) -> list[ListedAccount]:
        """The accounts by name."""
        sql = "SELECT name, settings, paused FROM kollect.accounts ORDER BY name"
        return [
            ListedAccount(*row) for row in self._database.run(lambda c: c.execute(sql)).fetchall()
        ]

    def add(self, name: str, settings: Mapping[str, Any]) -> None:
        """Add an account, or give it other settings."""
        self._change(ADD, [name, json.dumps(dict(settings))])

    def pause(self, name: str, paused: bool) -> bool:
        """Whether there is such an account, which is now paused or not."""
        return self._change(PAUSE, [paused, name])

    def remove(self, name: str) -> bool:
        """Whether there was such an account, which is off the list now. Its rows stay."""
        return self._change(REMOVE, [name])

    def _change(self, sql: str, values: list[Any]) -> bool:
        def work(connection: psycopg.Connection[Any]) -> bool:
            return connection.execute(sql.encode(), values).rowcount > 0

        return self._database.run(work)
