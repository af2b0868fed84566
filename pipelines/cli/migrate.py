"""`kollect migrate --to-scale`: an existing warehouse file becomes shards."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.core.errors import BadSettings
from pipelines.settings import read_settings


@click.command()
@click.option("--to-scale", is_flag=True, required=True, help="Into the shards of [scale] data.")
@click.pass_obj
def migrate(config: Path | None, to_scale: bool) -> None:
    """Copy the warehouse file into the shards of [scale] data: rows, history, ledger, cursors.
    Every table is read back and compared; the file stays as it is."""
    settings = read_settings(config, shards=True)
    if settings.scale is None or not settings.scale.data:
        raise BadSettings(
            "there are no shards to move to",
            guidance='write [scale] with control and data = "s3://bucket/kollect" first',
        )
    if not settings.warehouse.exists():
        raise BadSettings(
            f"there is no {settings.warehouse.name} to move", guidance="run `kollect sync`"
        )
    from pipelines.scale.migrate import migrate_to_shards

    tables = migrate_to_shards(settings, lambda text: click.echo(text, err=True))
    click.echo(
        f"{tables} tables hold the same rows in {settings.warehouse.name} and in the shards; "
        "the file is no longer used, keep it or move it away"
    )
