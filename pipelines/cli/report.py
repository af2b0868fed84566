"""`kollect report`: one self-contained page about all accounts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pipelines.settings import read_settings
from warehouse.store.durable import replace_file


@click.command()
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default="kollect-report.html",
    show_default=True,
    help="The file to write.",
)
@click.pass_obj
def report(config: Path | None, target: Path) -> None:
    """Write a page that says whether the data is safe, what changed this week, what vanished, and
    how it grows. It needs no network: open it in a browser, print it, send it."""
    from pipelines.report.facts import read_facts
    from pipelines.report.page import render

    settings = read_settings(config)
    page = render(read_facts(settings, datetime.now().astimezone()))
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target.absolute(), page.encode())
    click.echo(str(target))
