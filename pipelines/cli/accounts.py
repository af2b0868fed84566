"""`kollect accounts`: the list of accounts that all machines of `[scale]` share."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.core.errors import BadSettings, nearest
from pipelines.cli.render import table
from pipelines.machine import working_folder
from pipelines.settings import environment, read_account
from pipelines.settings.accounts import check_names
from pipelines.settings.environment import is_there, read_toml
from pipelines.settings.scale import read_scale

if TYPE_CHECKING:
    from warehouse.scale.accounts import AccountList


@click.group()
def accounts() -> None:
    """The list of accounts that all machines of [scale] share, in its control database.

    Without [scale], accounts are tables of kollect.toml: see `kollect add`."""


@accounts.command("list")
@click.pass_obj
def list_accounts(config: Path | None) -> None:
    """Show the list: service, settings, and which accounts are paused."""
    rows = [
        (
            a.name,
            a.settings.get("service", a.name),
            "paused" if a.paused else "",
            _words(a.settings),
        )
        for a in _opened(config)[0].all()
    ]
    table("", ("account", "service", "", "settings"), rows)


@accounts.command()
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[SETTING=VALUE]...")
@click.pass_obj
def add(config: Path | None, name: str, settings: tuple[str, ...]) -> None:
    """Put an account on the list, or give it other settings: those of [accounts.NAME], as in

    kollect accounts add acme service=kippt username_env=ACME_USER token_env=ACME_TOKEN"""
    found, known, file = _opened(config)
    values = dict(_setting(word) for word in settings)
    check_names([name], file)
    account = read_account(name, values, known, file)
    found.add(name, values)
    there = "its credential is here" if account.ready else f"every machine needs {account.missing}"
    click.echo(f"{name} is on the list; {there}")


@accounts.command()
@click.argument("name")
@click.option("--end", is_flag=True, help="Sync it again.")
@click.pass_obj
def pause(config: Path | None, name: str, end: bool) -> None:
    """Keep an account on the list without syncing it; a sync under way ends as usual."""
    found = _opened(config)[0]
    if not found.pause(name, not end):
        raise _unknown(found, name)
    click.echo(f"{name} is synced again" if end else f"{name} is paused")


@accounts.command()
@click.argument("name")
@click.pass_obj
def remove(config: Path | None, name: str) -> None:
    """Take an account off the list; its rows stay in the warehouse."""
    found = _opened(config)[0]
    if not found.remove(name):
        raise _unknown(found, name)
    click.echo(f"{name} is off the list; its rows stay")


def _opened(config: Path | None) -> tuple[AccountList, Mapping[str, str], str]:
    """The list, the variables, and the settings file's name; a list with an account that cannot be
    used is opened, too. Raises BadSettings without [scale]."""
    named = config or (Path(v) if (v := os.environ.get("KOLLECT_CONFIG")) else None)
    place = (named or working_folder() / "kollect.toml").absolute()
    known = environment(place.parent)
    values = read_toml(place) if is_there(place) else {}
    scale = read_scale(values.get("scale"), known, f"{place.name}: [scale]")
    if scale is None:
        raise BadSettings(
            "without [scale] there is no shared list of accounts",
            guidance="write [accounts.NAME] into kollect.toml, or use `kollect add`",
        )
    from pipelines.scale.control import control_of
    from warehouse.scale.accounts import AccountList

    return AccountList(control_of(scale)), known, place.name


def _setting(word: str) -> tuple[str, Any]:
    """`files=true` as a setting: the value is TOML where it can be, else text."""
    name, equals, text = word.partition("=")
    if not equals:
        raise click.UsageError(f"{name!r} is no SETTING=VALUE")
    try:
        return name, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return name, text


def _words(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in settings.items() if name != "service")


def _unknown(found: AccountList, name: str) -> BadSettings:
    names = [account.name for account in found.all()]
    return BadSettings(
        f"there is no account {name!r} on the list{nearest(name, names)}",
        guidance="`kollect accounts list` shows it",
    )
