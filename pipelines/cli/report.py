"""`kollect report`: one self-contained page about all accounts."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.settings import read_settings


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
    from pipelines.report.write import write_report

    write_report(read_settings(config), target)
    click.echo(str(target))
