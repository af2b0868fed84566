"""`kollect check`: is each credential good, and what may it see?"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from connectors.core.errors import BadSettings, KollectError, exit_status
from pipelines.settings import Account, Settings, read_settings

ATTEMPTS = 3


@click.command()
@click.pass_obj
def check(config: Path | None) -> None:
    """One cheap request per account: is the credential good, and what may it see?"""
    settings = read_settings(config)
    if not settings.accounts:
        raise BadSettings("there is no account", guidance="run `kollect init` to see how")
    worst = 0
    for account in settings.accounts.values():
        try:
            click.echo(f"{account.name}: good, sees {_see(settings, account)}")
        except KollectError as error:
            click.echo(f"kollect: {error}", err=True)
            worst = max(worst, exit_status(error))
    sys.exit(worst)


def _see(settings: Settings, account: Account) -> str:
    from pipelines.sync.probe import probing

    # Who waits for an answer at a terminal is not to wait for minutes.
    attempts = min(ATTEMPTS, account.retry.attempts)
    hasty = replace(account, retry=replace(account.retry, attempts=attempts))
    with probing(settings, hasty) as probe:
        return account.connector.describe(probe.look(account.connector.check))
