"""What Dagster shows: the accounts of the settings, or those of a sandbox where there are none.

A `Source` is one account as Dagster knows it. A sandbox's account is made anew inside each run:
its stand-in starts with the run, has lived through as many rounds of changes as there were
syncs before, and ends with the run. So nothing has to be started beforehand or found again.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors import SERVICES
from connectors.core.connector import Family, family_tables
from connectors.core.schema import Table
from pipelines.settings import Account, Settings, read_settings, settings_of

SANDBOX_FOLDER = Path(".dagster") / "sandbox"
SANDBOX = "sandbox_"
MOST_ROUNDS = 200
"""The made world stands still after so many rounds, since each run goes through all of them."""
NOWHERE = "http://127.0.0.1:9"
"""The address of a stand-in that was not started yet."""


@dataclass(frozen=True)
class Source:
    """One account as Dagster shows it."""

    settings: Settings
    account: Account
    name: str
    """The account's name, reduced to what Dagster allows in names of groups and jobs."""
    position: int
    """Its place among the accounts, which spreads their schedules over the hour."""
    sandbox: bool = False

    @property
    def label(self) -> str:
        """The first part of its assets' keys: the account's name wherever Dagster allows it."""
        name = self.account.name
        return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else self.name

    @property
    def service(self) -> str:
        return self.account.connector.name

    @property
    def owner(self) -> str:
        """Whoever runs kollect, by the name of their login."""
        try:
            login = re.sub(r"[^A-Za-z0-9_.-]", "_", getpass.getuser())
        except (KeyError, OSError):  # a container without an entry for its user
            login = "kollect"
        return f"team:{login}"

    @property
    def tables(self) -> dict[str, tuple[Table, tuple[str, ...]]]:
        """The tables that are kept, parents first: name -> table and the parents kept as well."""
        declared = self.account.connector.tables
        return _in_order({name: declared[name] for name in self.account.tables})

    def family_of(self, table: str) -> list[Family]:
        """The families that read a table."""
        found = self.account.connector.families
        return [f for f in found if any(t.name == table for t in family_tables(f))]

    @contextlib.contextmanager
    def opened(self) -> Iterator[Account]:
        """The account ready to be synced; a sandbox's stand-in runs while the block lasts."""
        if not self.sandbox:
            yield self.account
            return
        from sandbox import Sandbox

        with Sandbox([self.service]) as box:
            world = box.services[self.service]
            if hasattr(world, "today"):
                world.today = datetime.now(UTC).date()
            for number in range(min(MOST_ROUNDS, self.syncs_so_far())):
                world.change(number + 1)
            values = box.environment()
            yield replace(
                self.account,
                base_url=box.stand_ins[self.service].url,
                address=self.account.base_url,
                credential={
                    part: values[variable]
                    for part, variable in self.account.variables.items()
                    if variable in values
                },
            )

    def syncs_so_far(self) -> int:
        """How often this account was read, by whatever command."""
        from warehouse.store.inspection import runs_done
        from warehouse.store.warehouse import Warehouse

        if not self.settings.warehouse.exists():
            return 0
        with Warehouse(self.settings.warehouse).reading() as connection:
            return runs_done(connection, self.account.name)


def read_sources(
    folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> list[Source]:
    """Every account of the settings; where none has a credential, those of the sandbox too.

    Raises BadSettings as `read_settings` does.
    """
    settings = read_settings(folder=folder, environ=environ)
    places = [(settings, False)]
    if not any(account.ready for account in settings.accounts.values()):
        places.append((sandbox_settings(settings, folder or Path.cwd()), True))
    found: list[Source] = []
    taken = {"backups", "views"}  # groups that are no account
    for place, is_sandbox in places:
        for account in place.accounts.values():
            if not account.tables:
                continue
            name = _plain(account.name, taken)
            found.append(Source(place, account, name, len(found), is_sandbox))
    return found


def sandbox_settings(settings: Settings, folder: Path) -> Settings:
    """Settings with one account for each service, in a warehouse of the sandbox's own."""
    values = {
        "accounts": {
            f"{SANDBOX}{service}": {"service": service, "base_url": NOWHERE} for service in SERVICES
        },
    }
    place = folder.absolute() / SANDBOX_FOLDER / "kollect.toml"
    made = settings_of(values, place, {"KOLLECT_KEYRING": "0"})
    return replace(made, file=None, schedule=settings.schedule, alerts=settings.alerts)


def known_values(settings: Settings) -> dict[str, str]:
    """The environment and `.env` beside the settings, for what alerts name."""
    from dotenv import dotenv_values

    base = settings.file.parent if settings.file else Path.cwd()
    written = dotenv_values(base / ".env") if (base / ".env").exists() else {}
    return {**{name: value for name, value in written.items() if value}, **os.environ}


def _plain(name: str, taken: set[str]) -> str:
    """The name with `_` for whatever Dagster does not allow, and never twice the same."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name) or "account"
    number = 2
    unique = plain
    while unique.lower() in taken:
        unique = f"{plain}_{number}"
        number += 1
    taken.add(unique.lower())
    return unique


def _in_order(tables: Mapping[str, Table]) -> dict[str, tuple[Table, tuple[str, ...]]]:
    """Parents before children; a reference that would close a circle is left out."""
    done: dict[str, tuple[Table, tuple[str, ...]]] = {}
    open_names: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        open_names.append(name)
        parents: list[str] = []
        for reference in tables[name].parents:
            parent = reference.table
            if parent not in tables or parent in open_names or parent in parents:
                continue
            visit(parent)
            parents.append(parent)
        open_names.remove(name)
        done[name] = (tables[name], tuple(parents))

    for name in tables:
        visit(name)
    return done
