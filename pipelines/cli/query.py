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
@click.option(
    "--rows",
    "most",
    type=click.IntRange(min=0),
    default=0,
    help="Print at most so many rows; 0 for all.",
)
@click.pass_obj
def query(config: Path | None, sql: str, shape: str, most: int) -> None:
    """Run SQL on the warehouse, read-only: nothing outside of it can be read or written."""
    settings = read_settings(config)
    import duckdb

    with Warehouse(settings.warehouse).reading() as connection:
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            if not connection.extract_statements(sql):
                raise BadSettings("there is no query", guidance='write `kollect query "SELECT 1"`')
            cursor = connection.execute(sql)
        except duckdb.Error as error:
            raise BadSettings(
                f"the query does not run: {_first_words(str(error))}",
                guidance='`kollect query "SHOW ALL TABLES"` shows what there is',
            ) from None
        names = [column[0] for column in cursor.description or []]
        found = cursor.fetchmany(most) if most else cursor.fetchall()
    print_rows(names, found, shape)


def _first_words(text: str) -> str:
    """DuckDB's error on one line, with the names that it proposes."""
    first, *more = text.strip().splitlines()
    hints = [line for line in more if line.startswith(("Candidate", "Did you mean"))]
    return "; ".join([first, *hints])


def print_rows(names: Sequence[str], rows: Iterable[Sequence[Any]], shape: str) -> None:
    """Rows on standard output as a table, CSV or JSON."""
    if shape == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([[csv_text(value) for value in row] for row in rows])
    elif shape == "json":
        unique = unique_names(names)
        found = [dict(zip(unique, row, strict=True)) for row in rows]
        click.echo(json.dumps(found, default=plain, ensure_ascii=False, indent=2))
    else:
        from pipelines.cli.render import table

        table("", names, rows)


def csv_text(value: Any) -> Any:
    """A value in a CSV file: nothing for NULL, `true` and `false`, times as ISO 8601."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else plain(value)


def unique_names(names: Sequence[str]) -> list[str]:
    """Names of columns, each once: of two columns `a` the second becomes `a_2`."""
    found: list[str] = []
    for name in names:
        number, unique = 2, name
        while unique in found:
            unique, number = f"{name}_{number}", number + 1
        found.append(unique)
    return found
