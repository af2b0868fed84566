"""`kollect export`: files for other tools, from the published warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import duckdb

from connectors.core.errors import BadSettings
from pipelines.export.service_files import AccountRows, write_service_export
from pipelines.export.table_files import write_tables
from pipelines.settings import Account, read_settings
from pipelines.sync.disk_errors import explained
from warehouse.backup.export import FORMATS
from warehouse.progress import counted
from warehouse.store.warehouse import Warehouse


@click.command()
@click.argument("account_name", metavar="ACCOUNT")
@click.option(
    "--format", "chosen", required=True,
    help=f"{', '.join(FORMATS)} for tables, or a format of the service's own.",
)  # fmt: skip
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), required=True, help="Folder for the files."
)
@click.pass_obj
def export(config: Path | None, account_name: str, chosen: str, folder: Path) -> None:
    """Write an account's rows as files for other tools: tables, or what the service's own import
    and browsers read."""
    settings = read_settings(config)
    account = settings.account(account_name)
    formats = [*FORMATS, *(one.format for one in account.connector.exports)]
    if chosen not in formats:
        raise BadSettings(
            f"{account.connector.title} has no export format {chosen!r}",
            guidance=f"use --format {', '.join(dict.fromkeys(formats))}",
        )
    target = folder.absolute()
    if target.exists() and not target.is_dir():
        raise BadSettings(f"{target} is a file", guidance="name a folder with --to")
    with explained(target):
        target.mkdir(parents=True, exist_ok=True)
    with explained(target), Warehouse(settings.warehouse).reading() as connection:
        for file, count, noun in _write(connection, account, chosen, target):
            click.echo(f"wrote {file.relative_to(target)}: {counted(count, noun)}")


def _write(
    connection: duckdb.DuckDBPyConnection, account: Account, chosen: str, target: Path
) -> Iterator[tuple[Path, int, str]]:
    """Every file with how many of what it holds; many small ones as their folder."""
    if chosen in FORMATS:
        for file, rows in write_tables(connection, account, chosen, target):
            yield file, rows, "row"
    service = account.connector.name
    catalog: str = connection.execute("SELECT current_database()").fetchall()[0][0]
    for one in account.connector.exports:
        if one.format != chosen:
            continue
        folders: dict[Path, int] = {}
        rows_of = AccountRows(connection, catalog, service, account.name)
        for file, records in write_service_export(one, rows_of, target):
            if file.parent == target:
                yield file, records, one.noun
            else:
                folders[file.parent] = folders.get(file.parent, 0) + records
        for place, records in folders.items():
            yield place, records, one.noun
