"""`kollect add`: asks for what an account needs, tries it, and writes settings and credential."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from connectors.core.errors import BadSettings, KollectError, nearest
from pipelines.cli.check import look
from pipelines.cli.settings_files import USER_ONLY, write_settings_files
from pipelines.settings import Settings, environment, settings_of
from warehouse.progress import counted

OPEN_PARTS = ("uid", "username")
"""Parts of a credential that are no secret."""


@dataclass
class NewAccount:
    """What the person has said so far."""

    declared: Connector
    name: str
    base_url: str | None
    variables: dict[str, str]
    """Part -> environment variable that is to hold it."""
    values: dict[str, str]
    """Variable -> value, only those that were asked for."""

    @property
    def table(self) -> dict[str, str]:
        """The settings of [accounts.NAME]."""
        found: dict[str, str] = {}
        if self.name != self.declared.name:
            found["service"] = self.declared.name
        if self.base_url:
            found["base_url"] = self.base_url
        defaults = self.declared.credential.parts
        for part, variable in self.variables.items():
            if variable != defaults[part]:
                found[f"{part}_env"] = variable
        return found

    @property
    def section(self) -> str:
        """The same as TOML."""
        lines = [f"{key} = {_toml_text(value)}\n" for key, value in self.table.items()]
        return f"\n[accounts.{self.name}]\n{''.join(lines)}"


@click.command()
@click.argument("service", required=False)
@click.option("--name", help="Name of the account (default: the service's).")
@click.option("--base-url", help="Address, where it is not the service's usual one.")
@click.option("--keyring", is_flag=True, help="Keep the credential in the system keyring.")
@click.pass_obj
def add(
    config: Path | None,
    service: str | None,
    name: str | None,
    base_url: str | None,
    keyring: bool,
) -> None:
    """Ask for what an account needs, try it, show what a first sync costs, and write it down:
    settings into kollect.toml, the credential into .env (for you alone) or the keyring."""
    service = service or click.prompt("Service", type=click.Choice(SERVICES))
    if service not in SERVICES:
        raise BadSettings(
            f"there is no service {service!r}{nearest(service, SERVICES)}",
            guidance=f"The services are: {', '.join(SERVICES)}",
        )
    file = (config or Path(os.environ.get("KOLLECT_CONFIG") or "kollect.toml")).absolute()
    known = environment(file.parent)
    values = tomllib.loads(file.read_text("utf-8-sig")) if file.exists() else {}
    before = settings_of(values, file, known)
    taken = {n for n in values.get("accounts", {}) if before.accounts[n].ready}
    if name in taken:
        raise BadSettings(f"there is an account {name!r} already", guidance="choose another --name")
    new = _ask(connector(service), name or _free_name(service, taken), base_url, before, known)
    tried = _with(values, new, before)
    settings = settings_of(tried, file, {**known, **new.values})
    if not _try(settings, new.name) and not click.confirm("Write it down all the same?"):
        sys.exit(1)
    _write_credential(file.parent / ".env", new.values, keyring)
    _write_settings(file, values, new, before)
    click.echo(f"Next: `kollect sync {new.name}`")


def _ask(
    declared: Connector,
    name: str,
    base_url: str | None,
    before: Settings,
    known: Mapping[str, str],
) -> NewAccount:
    if base_url is None and not (declared.base_url or known.get(declared.base_url_env)):
        base_url = click.prompt(f"Address of {declared.title} (https://...)").strip()
    way = _way(declared, known)
    suffix = "" if name == declared.name else "_" + re.sub(r"\W", "_", name).upper()
    new = NewAccount(declared, name, base_url, {}, {})
    for part in way:
        written = before.accounts[name].variables if name in before.accounts else {}
        variable = written.get(part) or declared.credential.parts[part] + suffix
        new.variables[part] = variable
        if known.get(variable):
            click.echo(f"{variable}: found")
            continue
        secret = part not in OPEN_PARTS
        text = click.prompt(f"{declared.title}: {part}", hide_input=secret)
        new.values[variable] = text.strip()
    return new


def _free_name(service: str, taken: Set[str]) -> str:
    """The service's name, with a number where an account of that name works already."""
    name, number = service, 2
    while name in taken:
        name, number = f"{service}-{number}", number + 1
    return name


def _way(declared: Connector, known: Mapping[str, str]) -> tuple[str, ...]:
    """The parts that suffice; asked for where there are several ways and none is known."""
    ways = declared.credential.ways
    for way in ways:
        if all(known.get(declared.credential.parts[part]) for part in way):
            return way
    if len(ways) == 1:
        return ways[0]
    for number, way in enumerate(ways, 1):
        click.echo(f"  {number}: {' and '.join(way)}")
    chosen: int = click.prompt("Which do you have", type=click.IntRange(1, len(ways)), default=1)
    return ways[chosen - 1]


def _with(values: Mapping[str, Any], new: NewAccount, before: Settings) -> dict[str, Any]:
    """The settings with the new account, and those that came from the environment so far."""
    accounts = dict(values.get("accounts", {}))
    accounts |= {name: {} for name in _undeclared(values, before)}
    return {
        **values,
        "accounts": {**accounts, new.name: {**accounts.get(new.name, {}), **new.table}},
    }


def _undeclared(values: Mapping[str, Any], before: Settings) -> list[str]:
    """Accounts that exist since the file names none: they would be gone once it names one."""
    return [] if "accounts" in values else list(before.accounts)


def _try(settings: Settings, name: str) -> bool:
    """Ask the service what the credential may see, and what a first sync costs."""
    from pipelines.cli.render import span
    from pipelines.sync.estimate import estimate
    from pipelines.sync.expected import remember_plan
    from pipelines.sync.probe import probing

    account = settings.account(name)
    try:
        click.echo(f"{name}: good, sees {look(settings, account).sees}")
        hasty = replace(account, retry=replace(account.retry, attempts=2))
        with probing(settings, hasty) as probe:
            cost = estimate(account, probe, None, full=False)
    except KollectError as error:
        click.echo(f"kollect: {error}", err=True)
        return False
    rows = sum(each.rows for each in cost.costs)
    click.echo(
        f"A first sync takes about {counted(cost.requests, 'request')}, at least "
        f"{span(cost.seconds)}, for {counted(rows, 'row')} or more"
    )
    remember_plan(settings, name, cost.requests, full=False)
    return True


def _write_credential(file: Path, values: Mapping[str, str], use_keyring: bool) -> None:
    if not values:
        return
    if use_keyring:
        _write_keyring(values)
        click.echo(f"wrote {', '.join(values)} into the keyring")
        return
    import dotenv

    if not file.exists():
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, USER_ONLY))
    file.chmod(USER_ONLY)
    for variable, value in values.items():
        dotenv.set_key(file, variable, value)
    file.chmod(USER_ONLY)
    click.echo(f"wrote {', '.join(values)} into {file.name}, which you alone may read")


def _write_keyring(values: Mapping[str, str]) -> None:
    try:
        import keyring
    except ImportError:
        raise BadSettings(
            "the keyring needs the package keyring", guidance='pip install "kollect[keyring]"'
        ) from None
    try:
        for variable, value in values.items():
            keyring.set_password("kollect", variable, value)
    except keyring.errors.KeyringError as error:
        raise BadSettings(
            f"the keyring cannot be written: {type(error).__name__}",
            guidance="leave --keyring out: the credential goes into .env",
        ) from None


def _write_settings(
    file: Path, values: Mapping[str, Any], new: NewAccount, before: Settings
) -> None:
    """Append the account; what a person has written stays as it is."""
    from pipelines.cli.init import HEAD

    if new.name in values.get("accounts", {}):
        if new.table:
            click.echo(f"add to [accounts.{new.name}] in {file.name}:{new.section}")
        return
    others = [name for name in _undeclared(values, before) if name != new.name]
    text = "".join(f"\n[accounts.{name}]\n" for name in others) + new.section
    old = file.read_text("utf-8-sig") if file.exists() else HEAD
    joined = f"{old.rstrip()}\n{text}"
    write_settings_files(file.parent, {file.name: joined}, force=True)
    click.echo(f"wrote [accounts.{new.name}] into {file.name}")


def _toml_text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
