"""`kollect query`: SQL on the published warehouse, read-only."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from connectors.core.errors import BadSettings
from pipelines.cli.render import plain
from pipelines.settings import read_settings
from warehouse.store.warehouse import Warehouse


@click.command()
@click.argument("sql")
@click.option(
    "--format", "shape", type=click.Choice(["table", "csv", "json"]), default="table",
    help="How the answer is printed.",
)  # fmt: skip
@click.option("--rows", "most", type=int, default=0, help="Print at most so many rows.")
@click.pass_obj
def query(config: Path | None, sql: str, shape: str, most: int) -> None:
    """Run SQL on the warehouse, read-only: nothing outside of it can be read or written."""
    settings = read_settings(config)
    import duckdb

    with Warehouse(settings.warehouse).reading() as connection:
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            cursor = connection.execute(sql)
        except duckdb.Error as error:
            text = str(error).strip().splitlines()
            raise BadSettings(
                f"the query does not run: {text[0]}",
                guidance='`kollect query "SHOW ALL TABLES"` shows what there is',
            ) from None
        names = [column[0] for column in cursor.description or []]
        found = cursor.fetchmany(most) if most else cursor.fetchall()
    print_rows(names, found, shape)


def print_rows(names: Sequence[str], rows: Iterable[Sequence[Any]], shape: str) -> None:
    """Rows on standard output as a table, CSV or JSON."""
    if shape == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([["" if v is None else plain(v) for v in row] for row in rows])
    elif shape == "json":
        found = [dict(zip(names, row, strict=True)) for row in rows]
        click.echo(json.dumps(found, default=plain, ensure_ascii=False, indent=2))
    else:
        from pipelines.cli.render import table

        table("", names, rows)
