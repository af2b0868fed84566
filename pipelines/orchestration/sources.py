"""The accounts that Dagster shows: those of the settings, and the sandbox's when asked for.

A `Source` is one account as Dagster knows it. An account of the sandbox is started anew inside
each run: its stand-in starts with the run, has seen as many rounds of changes as there were syncs
before, and ends with the run. So nothing has to be started beforehand.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from connectors import SERVICES
from connectors.core.errors import BadSettings, KollectError
from connectors.core.schema import Table
from pipelines.settings import Account, Settings, environment, read_settings, settings_of
from pipelines.settings.environment import read_toml

if TYPE_CHECKING:
    from warehouse.store.finished_runs import FinishedRun

SANDBOX_FOLDER = Path(".dagster") / "sandbox"
SANDBOX = "sandbox_"
SANDBOX_VARIABLE = "KOLLECT_SANDBOX"
"""`kollect ui --sandbox` sets it to 1: the accounts of the sandbox appear beside the others."""
MOST_ROUNDS = 200
"""The stand-ins stop changing after so many rounds, since each run goes through all of them."""
NOWHERE = "http://127.0.0.1:9"
"""The address of a stand-in that is not started yet."""
NO_ACCOUNT = ("backups", "report", "views")
"""Groups and first parts of keys that belong to no account."""


def owner() -> str:
    """Whoever runs kollect, by the name of their login."""
    try:
        login = re.sub(r"[^A-Za-z0-9_.-]", "_", getpass.getuser())
    except (KeyError, OSError):  # a container without an entry for its user
        login = "kollect"
    return f"team:{login}"


@dataclass(frozen=True)
class Source:
    """One account as Dagster shows it."""

    settings: Settings
    account: Account
    name: str
    """The account's name in names of groups and jobs, see `dagster_names`."""
    position: int
    """Its place among the accounts, which spreads their schedules over the hour."""
    sandbox: bool = False
    credential_problem: str = ""
    """Why no credential can be read at all, such as an unreadable `.env`."""

    def key(self, table: str) -> dg.AssetKey:
        """The asset of one of its tables, or its `summary`."""
        return dg.AssetKey([self.account.name, table])

    @property
    def service(self) -> str:
        return self.account.connector.name

    @property
    def tags(self) -> dict[str, str]:
        """What its assets can be found by."""
        made = {"sandbox": "made_data"} if self.sandbox else {}
        return {"account": self.account.name, "service": self.service, **made}

    @property
    def tables(self) -> dict[str, tuple[Table, tuple[str, ...]]]:
        """The tables that are kept, parents first: name -> table and the parents kept as well."""
        declared = self.account.connector.tables
        return _in_order({name: declared[name] for name in self.account.tables})

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

    def finished_runs(self, newest: int) -> list[FinishedRun]:
        """The newest syncs of this account that ended, by whatever command, the last one last."""
        from warehouse.store.finished_runs import finished_runs
        from warehouse.store.warehouse import Warehouse

        if not self.settings.warehouse.exists():
            return []
        with Warehouse(self.settings.warehouse).newest() as connection:
            return finished_runs(connection, newest).get(self.account.name, [])

    def syncs_so_far(self) -> int:
        """How often this account was read, by whatever command."""
        from warehouse.store.inspection import runs_done
        from warehouse.store.warehouse import Warehouse

        if not self.settings.warehouse.exists():
            return 0
        with Warehouse(self.settings.warehouse).newest() as connection:
            return runs_done(connection, self.account.name)


@dataclass(frozen=True)
class Project:
    """Everything that Dagster shows of one folder."""

    settings: Settings
    """Those whose warehouse is backed up: the person's, or the sandbox's where it stands alone."""
    sources: list[Source]

    @property
    def mine(self) -> list[Source]:
        """The sources whose warehouse is the one of the settings."""
        return [s for s in self.sources if s.settings.warehouse == self.settings.warehouse]

    @property
    def is_sandbox(self) -> bool:
        """Whether there is nothing but made data."""
        return bool(self.sources) and all(source.sandbox for source in self.sources)


def read_project(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Project:
    """The accounts of the settings, with those that only the warehouse still knows.

    The sandbox's accounts are added where KOLLECT_SANDBOX is 1, and where there are neither
    settings, nor a credential, nor a warehouse. An account whose credential cannot be read stays.
    Raises BadSettings as `read_settings` does, but not for an unreadable `.env`.
    """
    known = dict(os.environ if environ is None else environ)
    settings, problem = _settings(folder, known)
    settings = replace(settings, accounts={**settings.accounts, **_remembered(settings, known)})
    sources = _sources(settings, credential_problem=problem)
    new_here = not (settings.file or settings.accounts or settings.warehouse.exists() or problem)
    if not new_here and known.get(SANDBOX_VARIABLE) != "1":
        return Project(settings, sources)
    made = sandbox_settings(settings, folder or Path.cwd())
    more = _sources(made, sandbox=True, taken=sources)
    return Project(made if new_here else settings, sources + more)


def _settings(folder: Path | None, known: Mapping[str, str]) -> tuple[Settings, str]:
    """The settings, and why `.env` could not be read; empty where it could."""
    try:
        return read_settings(folder=folder, environ=known), ""
    except BadSettings as error:
        named = Path(known["KOLLECT_CONFIG"]) if known.get("KOLLECT_CONFIG") else None
        place = (named or (folder or Path.cwd()) / "kollect.toml").absolute()
        try:
            environment(place.parent, known)
        except BadSettings as unreadable:
            # The accounts stay; each says why it cannot be read. Backups go on.
            values = read_toml(place) if place.exists() else {}
            return settings_of(values, place, known), str(unreadable)
        raise error from None


def _sources(
    settings: Settings,
    *,
    sandbox: bool = False,
    taken: Sequence[Source] = (),
    credential_problem: str = "",
) -> list[Source]:
    others = {source.account.name for source in taken}
    accounts = [a for a in settings.accounts.values() if a.tables and a.name not in others]
    names = dagster_names([a.name for a in accounts], taken={source.name for source in taken})
    return [
        Source(settings, account, names[account.name], position, sandbox, credential_problem)
        for position, account in enumerate(accounts, len(taken))
    ]


def dagster_names(accounts: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Account -> its name in Dagster's groups, jobs and pools, which know no `-`.

    No two are the same, not even without case. Of accounts that would be, such as `a-b` and
    `a_b`, the one that needs no change keeps its name, and the others end in a hash of theirs.
    """
    found: dict[str, str] = {}
    used = {name.lower() for name in taken}

    def changed(account: str) -> str:
        name = account.replace("-", "_")
        return f"{name}_account" if name in NO_ACCOUNT else name

    for account in sorted(accounts, key=lambda name: (changed(name) != name, name)):
        name = plain = changed(account)
        digest = hashlib.sha256(account.encode()).hexdigest()
        for size in range(6, len(digest)):
            if name.lower() not in used:
                break
            name = f"{plain}_{digest[:size]}"
        used.add(name.lower())
        found[account] = name
    return found


def _remembered(settings: Settings, known: Mapping[str, str]) -> dict[str, Account]:
    """Accounts of the warehouse that no setting declares and whose credential is gone.

    Where kollect.toml declares accounts, those alone count: what it leaves out was taken out.
    """
    from warehouse.store.finished_runs import accounts_seen
    from warehouse.store.warehouse import Warehouse

    if not settings.warehouse.exists() or _declares_accounts(settings):
        return {}
    try:
        with Warehouse(settings.warehouse).newest() as connection:
            seen = accounts_seen(connection)
    except KollectError:  # open for writing elsewhere, say: the syncs tell about it
        return {}
    lost: dict[str, dict[str, Any]] = {
        name: {"service": service}
        for name, service in seen.items()
        if service in SERVICES and name not in settings.accounts
    }
    place = settings.file or settings.warehouse.with_name("kollect.toml")
    values = {"warehouse": {"path": str(settings.warehouse)}, "accounts": lost}
    return dict(settings_of(values, place, dict(known)).accounts) if lost else {}


def _declares_accounts(settings: Settings) -> bool:
    if settings.file is None:
        return False
    return "accounts" in read_toml(settings.file)


def sandbox_settings(settings: Settings, folder: Path) -> Settings:
    """Settings with one account for each service, in a warehouse of the sandbox's own."""
    values = {
        "accounts": {
            f"{SANDBOX}{service}": {"service": service, "base_url": NOWHERE} for service in SERVICES
        },
        # A stand-in deletes for good: its lists that came empty need no second look hours later.
        "guard": {"confirm_empty_hours": 0},
    }
    place = folder.absolute() / SANDBOX_FOLDER / "kollect.toml"
    made = settings_of(values, place, {"KOLLECT_KEYRING": "0"})
    return replace(made, file=None, schedule=settings.schedule, alerts=settings.alerts)


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
