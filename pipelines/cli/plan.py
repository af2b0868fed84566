"""`kollect plan`: what a sync would cost, before it runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipelines.settings import read_settings, select


@click.command()
@click.argument("selection", nargs=-1, metavar="[SELECT]...")
@click.option("--full", is_flag=True, help="As for `sync --full`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def plan(config: Path | None, selection: tuple[str, ...], full: bool, as_json: bool) -> None:
    """The requests, minutes and rows that a sync would cost, before it runs."""
    from pipelines.cli.render import span, table
    from pipelines.sync.estimate import Estimate, estimate
    from pipelines.sync.probe import asking

    settings = read_settings(config)
    shown: dict[str, Estimate] = {}
    for name, tables in select(settings, selection).items():
        account = settings.account(name)
        with asking(settings, account) as asker:
            shown[name] = estimate(account, asker, tables, full=full)
    if as_json:
        click.echo(json.dumps({name: e.as_json() for name, e in shown.items()}, indent=2))
        return
    for name, found in shown.items():
        rows = [
            (cost.step, cost.requests, cost.rows or None, "or more" if cost.at_least else "")
            for cost in found.costs
        ]
        title = (
            f"{name}: {found.requests:,} requests, at least {span(found.seconds)}, "
            f"{'full' if found.full else 'incremental'}"
        )
        table(title, ("step", "requests", "rows", ""), rows, numbers=("requests", "rows"))
        if found.files is not None:
            click.echo(f"{name}: {found.files.sentence}\n")
