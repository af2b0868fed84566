"""`kollect export`: files for other tools, from the published warehouse."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.core.errors import BadSettings
from pipelines.settings import read_settings
from warehouse.store.warehouse import Warehouse


@click.command()
@click.argument("account_name", metavar="ACCOUNT")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["netscape", "json", "csv", "parquet"]),
    required=True,
    help="netscape: Kippt clips as browser bookmarks; json: also Kinopio spaces as its import "
    "reads them.",
)
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), required=True, help="Folder for the files."
)
@click.pass_obj
def export(config: Path | None, account_name: str, shape: str, folder: Path) -> None:
    """Write an account's rows as files for other tools."""
    settings = read_settings(config)
    account = settings.account(account_name)
    service = account.connector.name
    if shape == "netscape" and service != "kippt":
        raise BadSettings(
            f"{account.connector.title} has no bookmarks to export",
            guidance="use --format json, csv or parquet",
        )
    target = folder.absolute()
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"{target} cannot be made: {error.strerror}") from None
    with Warehouse(settings.warehouse).reading() as connection:
        if shape == "netscape":
            from pipelines.export.netscape import write_bookmarks

            file = target / f"{account.name}.html"
            count = write_bookmarks(connection, account.name, file)
            click.echo(f"wrote {file.name}: {count:,} bookmarks")
            return
        from pipelines.export.table_files import write_tables

        for file, rows in write_tables(connection, account, shape, target):
            click.echo(f"wrote {file.relative_to(target)}: {rows:,} rows")
