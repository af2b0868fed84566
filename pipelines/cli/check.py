"""`kollect check`: is each credential good, and what may it see?"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.core.errors import BadSettings, KollectError, exit_status
from pipelines.cli.progress import sync_progress
from pipelines.settings import Account, Settings, read_settings

if TYPE_CHECKING:
    from pipelines.sync.runtime import Runtime

ATTEMPTS = 3


@click.command()
@click.argument("names", nargs=-1, metavar="[ACCOUNT]...")
@click.pass_obj
def check(config: Path | None, names: tuple[str, ...]) -> None:
    """One cheap request per account: is the credential good, and what may it see?"""
    settings = read_settings(config, shards=True)
    chosen = [settings.account(name) for name in names] or list(settings.accounts.values())
    if not chosen:
        raise BadSettings("there is no account", guidance="run `kollect init` to see how")
    from pipelines.sync.runtime import Runtime

    worst = 0
    with sync_progress(sys.stderr, "plain") as show:
        for account in chosen:
            try:
                found = look(settings, account, Runtime(progress=show))
                click.echo(f"{account.name}: good, sees {found.sees}")
            except KollectError as error:
                click.echo(f"kollect: {error}", err=True)
                worst = max(worst, exit_status(error))
    sys.exit(worst)


@dataclass(frozen=True)
class Look:
    """What one cheap request to a service has shown."""

    sees: str
    """What the credential may see, in words."""
    service_date: datetime | None
    """The service's own time; None where it does not tell."""


def look(settings: Settings, account: Account, runtime: Runtime | None = None) -> Look:
    """Ask a service what the credential of an account may see.

    Raises a KollectError, also where it shows the data of somebody else than the account holds.
    """
    from pipelines.sync.identity import confirm_known
    from pipelines.sync.probe import probing
    from pipelines.sync.stage import service_date

    # Who waits for an answer at a terminal is not to wait for minutes.
    attempts = min(ATTEMPTS, account.retry.attempts)
    hasty = replace(account, retry=replace(account.retry, attempts=attempts))
    with probing(settings, hasty, runtime) as probe:
        sees = account.connector.describe(probe.look(account.connector.check))
        confirm_known(probe)
        return Look(sees, service_date(probe.journal))
