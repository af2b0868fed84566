"""`kollect query`: SQL on the published warehouse, read-only."""

from __future__ import annotations

import contextlib
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from connectors.core.errors import BadSettings
from pipelines.cli.render import utc_option
from pipelines.cli.result_set import FORMATS, print_result
from pipelines.readers import warehouse_of
from pipelines.settings import read_settings
from pipelines.settings.schedule import local_timezone
from warehouse.schema.types import literal
from warehouse.store.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, metavar="[SQL]")
@click.option("--file", "-f", type=click.File(encoding="utf-8-sig"), help="Read the SQL from here.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table",
    help="A table, a block for each record, CSV or JSON.",
)  # fmt: skip
@click.option(
    "--rows",
    "most",
    type=click.IntRange(min=0),
    help="Print at most so many rows; 0 for all (default: 100 as table or record, else all).",
)
@utc_option
@click.pass_obj
def query(
    config: Path | None,
    words: tuple[str, ...],
    file: IO[str] | None,
    form: str,
    most: int | None,
    utc: bool,
) -> None:
    """Run SQL on the warehouse, read-only: nothing outside of it can be read or written.

    Without SQL (or with `-`) it is read from standard input."""
    for word in words if len(words) > 1 else ():
        if word.startswith("-"):
            raise click.NoSuchOption(word, possibilities=_near(word))
        raise click.UsageError("write the SQL between quotes, as one word")
    text = _sql(words[0] if words else None, file)
    place = warehouse_of(read_settings(config, shards=True))
    if "_kollect" in text:
        place.publish_ledger()
    with read_only(place, utc=utc) as connection:
        print_result(run(connection, text), form, most)


def _near(word: str) -> list[str]:
    return difflib.get_close_matches(word, ["--file", "--format", "--rows", "--utc"], n=1)


def _sql(sql: str | None, file: IO[str] | None) -> str:
    """The SQL of the argument, the file or standard input."""
    if file is not None:
        if sql is not None:
            raise click.UsageError("give either SQL or --file")
        return str(file.read())
    if sql is not None and sql != "-":
        return sql
    if sql is None and sys.stdin.isatty():
        raise click.UsageError(
            'there is no SQL; write `kollect query "FROM ..."`, or use `kollect shell`'
        )
    return sys.stdin.read()


@contextlib.contextmanager
def read_only(
    warehouse: Path | Warehouse, *, utc: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file (or all shards), and nothing else on this machine or the network.

    Times are in the local time zone unless `utc`. Raises WarehouseProblem without a file.
    """
    place = Warehouse(warehouse) if isinstance(warehouse, Path) else warehouse
    with place.reading() as connection:
        zone = "UTC" if utc else local_timezone()
        connection.execute(f"SET TimeZone = {literal(zone)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """The cursor of a query; BadSettings, on one line, for what does not run."""
    import duckdb

    try:
        if not connection.extract_statements(sql):
            raise BadSettings("there is no query", guidance='write `kollect query "SELECT 1"`')
        return connection.execute(sql)
    except duckdb.Error as error:
        raise BadSettings(
            f"the query does not run: {_first_words(str(error))}",
            guidance="`kollect tables` shows what there is",
        ) from None


def _first_words(text: str) -> str:
    """DuckDB's error on one line, with the names that it proposes."""
    first, *more = text.strip().splitlines()
    hints = [line for line in more if line.startswith(("Candidate", "Did you mean"))]
    return "; ".join([first, *hints])
