"""`kollect plan`: what a sync would cost, before it runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from connectors.core.errors import BadSettings
from pipelines.settings import read_settings, select
from warehouse.progress import counted


@click.command()
@click.argument("selection", nargs=-1, metavar="[SELECT]...")
@click.option("--full", is_flag=True, help="As for `sync --full`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def plan(config: Path | None, selection: tuple[str, ...], full: bool, as_json: bool) -> None:
    """The requests, minutes and rows that a sync would cost, before it runs."""
    from pipelines.cli.render import span, table
    from pipelines.sync.estimate import Estimate, estimate
    from pipelines.sync.expected import remember_plan
    from pipelines.sync.probe import probing

    settings = read_settings(config, shards=True)
    shown: dict[str, Estimate] = {}
    if not settings.accounts:
        raise BadSettings("there is no account", guidance="run `kollect init` to see how")
    for name, tables in select(settings, selection).items():
        account = settings.account(name)
        with probing(settings, account) as probe:
            shown[name] = estimate(account, probe, tables, full=full)
        if tables is None:
            remember_plan(settings, name, shown[name].requests, full)
    if as_json:
        click.echo(json.dumps({name: e.as_json() for name, e in shown.items()}, indent=2))
        return
    for name, found in shown.items():
        rows = [
            (cost.step, cost.requests, cost.rows or None, "or more" if cost.at_least else "")
            for cost in found.costs
        ]
        title = (
            f"{name}: {'about ' if found.about else ''}{counted(found.requests, 'request')}, "
            f"at least {span(found.seconds)}, {'full' if found.full else 'incremental'}"
        )
        table(title, ("step", "requests", "rows", ""), rows, numbers=("requests", "rows"))
        if found.files is not None:
            click.echo(f"{name}: {found.files.sentence}\n")
