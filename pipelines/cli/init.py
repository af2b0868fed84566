"""`kollect init`: a commented kollect.toml, and which credentials were found."""

from __future__ import annotations

from pathlib import Path

import click

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from pipelines.cli.settings_files import write_settings_files
from pipelines.settings import environment, read_account

HEAD = """\
# Settings of kollect. All of it is optional; what is commented out shows the default.
# Credentials do not belong here: they live in the environment, in .env, or in the keyring.

[warehouse]
# path = "kollect.duckdb"              # the file that people open
# ledger_minutes = 720                 # its ledger may be so late after nothing new was found

[backup]
# dir  = "backups"
# keep = { daily = 7, weekly = 4, monthly = 12 }

[guard]
# mass_delete_share   = 0.5            # a larger share that vanishes at once is doubted first
# confirm_empty_hours = 20             # a list that had rows and is empty is believed so much later

[schedule]                             # for `kollect ui`: hourly, daily, weekly, never, or cron
# sync     = "hourly"
# full     = "weekly"
# backup   = "daily"
# verify   = "weekly"
# report   = "daily"
# timezone = "Europe/Berlin"           # default: that of this computer
# accounts_per_run = 0                 # Dagster: 0 is a run for each of up to 49 accounts, else 25

[alerts]                               # who is told when something is wrong
# command     = "a program; it gets the message on standard input"
# webhook_env = "NAME_OF_A_VARIABLE"   # that holds the address
# apprise_env = "NAME_OF_A_VARIABLE"   # that holds Apprise addresses (e-mail, chat, push)
# attach_report = false                # true: the page of `kollect report` goes with them

# [scale]                              # several machines: docs/scale.md; absent: this one alone
# control = "postgresql://user@host/database"
# data    = "s3://bucket/kollect"      # default: each machine has a warehouse file of its own
# shards  = 16
# engine  = "file"
# runs    = "process"
"""


@click.command()
@click.option("--force", is_flag=True, help="Replace a kollect.toml that is there.")
@click.pass_obj
def init(config: Path | None, force: bool) -> None:
    """Write a commented kollect.toml and say which credentials were found."""
    file = (config or Path("kollect.toml")).absolute()
    known = environment(file.parent)
    ready = {name for name in SERVICES if read_account(name, {}, known, file.name).ready}
    text = HEAD + "".join(account_section(service, service in ready) for service in SERVICES)
    write_settings_files(file.parent, {file.name: text}, force=force)
    click.echo(f"wrote {file.name}")
    for service in SERVICES:
        declared = connector(service)
        ways = " or ".join(
            " + ".join(declared.credential.parts[part] for part in way)
            for way in declared.credential.ways
        )
        state = "found" if service in ready else f"not found; set {ways}"
        click.echo(f"  {declared.title}: credential {state}")
    if not ready:
        click.echo("Without an account, `kollect demo` shows how it works.")


def account_section(service: str, ready: bool) -> str:
    """An account in kollect.toml, commented out but for its head where it is ready."""
    declared = connector(service)
    mark = "" if ready else "# "
    rate = ", ".join(
        f"{{ limit = {w.limit}, seconds = {w.seconds:g} }}" for w in declared.http.windows
    )
    lines = [f"\n{mark}[accounts.{service}]"]
    lines.append(f'# service   = "{service}"')
    lines.append(f'# base_url  = "{declared.base_url or "https://..."}"')
    for part, variable in declared.credential.parts.items():
        lines.append(f'# {part}_env = "{variable}"')
    if "uid" in declared.credential.parts:
        lines.append('# uid       = "..."                    # instead of uid_env')
    lines.append("# allow_http = false                   # true: base_url may be http://")
    lines.append("# believe_date = true                  # false: the service's clock is wrong")
    lines.append('# moved_from = "https://..."           # the address that it had before')
    lines.append(f"# rate      = [{rate}]")
    lines.append(
        f"# penalty_seconds = {declared.http.penalty_seconds:<11g}         # silence after a 429"
    )
    lines.append(f"# max_in_flight = {declared.http.max_in_flight:<13}         # requests at once")
    retry = declared.http.retry
    lines.append(
        f"# retry     = {{ attempts = {retry.attempts}, first_seconds = {retry.first_seconds}, "
        f"max_seconds = {retry.max_seconds} }}"
    )
    lines += [f"# {option.example}" for option in declared.options]
    lines.append(f"# full_every_days = {declared.full_every_days:<11}         # 0: only by hand")
    if declared.files:
        lines += _file_lines(declared)
    lines.append('# include   = ["*"]                    # tables, e.g. '
                 f'["{next(iter(declared.tables))}"]')  # fmt: skip
    return "\n".join(lines) + "\n"


def _file_lines(declared: Connector) -> list[str]:
    hosts = ", ".join(f'"{host}"' for host in declared.file_hosts)
    largest = declared.max_file_bytes
    return [
        "# files     = false                    # also download files, see `kollect plan`",
        f"# file_hosts = [{hosts}]",
        f"# max_file_bytes = {largest:<13}         # larger ones are left out; 0: none is",
        "# file_parallel = 4                    # files received side by side",
        "# file_bytes_per_second = 0            # 0: as fast as they come",
    ]
