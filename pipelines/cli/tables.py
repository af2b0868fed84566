"""`kollect tables`: what there is to query, and one table's columns with examples."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.core.errors import BadSettings, nearest
from pipelines.cli.query import read_only
from pipelines.cli.render import harmless, output_width, table
from pipelines.readers import warehouse_of
from pipelines.settings import read_settings
from warehouse.progress import counted
from warehouse.schema.types import quoted

if TYPE_CHECKING:
    import duckdb

OWN_SCHEMAS = ("main", "information_schema", "pg_catalog")
FIND_TABLES = """
SELECT schema_name, table_name, comment, 'table' AS kind FROM duckdb_tables()
    WHERE database_name = current_database()
UNION ALL
SELECT schema_name, view_name, comment, 'view' FROM duckdb_views()
    WHERE database_name = current_database() AND NOT internal
ORDER BY 1, 2"""
HISTORY = "_history"
SHORT_TYPES = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}


@dataclass(frozen=True)
class Found:
    """A table or view of the warehouse; `rows` is None for a view, which is not counted."""

    schema: str
    name: str
    comment: str
    kind: str
    rows: int | None
    has_history: bool

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def tables(config: Path | None, name: str | None, as_json: bool) -> None:
    """The tables with their rows; with NAME (SCHEMA or SCHEMA.TABLE) those of one schema, or one
    table's columns, what they mean, and example queries."""
    settings = read_settings(config, shards=True)
    services = {name: account.connector.name for name, account in settings.accounts.items()}
    with read_only(warehouse_of(settings)) as connection:
        show_tables(connection, name or "", services, as_json=as_json)


def show_tables(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    services: Mapping[str, str] | None = None,
    *,
    as_json: bool = False,
) -> None:
    """Print all tables, those of a schema, or one table; `services` maps accounts to schemas.

    Raises BadSettings where there is nothing of that name.
    """
    found = find_tables(connection)
    schema, _, table_name = _meant(services or {}, name, found).partition(".")
    if table_name:
        one = next(t for t in found if t.full_name == f"{schema}.{table_name}")
        columns = _columns(connection, one)
        if as_json:
            click.echo(json.dumps({**_as_json(one), "columns": columns}, indent=2))
        else:
            _show_one(one, columns)
        return
    chosen = [each for each in found if not schema or each.schema == schema]
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in chosen], indent=2))
    else:
        _show_all(chosen, bool(schema))


def find_tables(connection: duckdb.DuckDBPyConnection) -> list[Found]:
    """Every table and view with its rows; histories belong to their tables."""
    listed = [
        row for row in connection.execute(FIND_TABLES).fetchall() if row[0] not in OWN_SCHEMAS
    ]
    names = {(schema, name) for schema, name, _, _ in listed}
    kept = [
        row for row in listed
        if not (row[1].endswith(HISTORY) and (row[0], row[1].removesuffix(HISTORY)) in names)
    ]  # fmt: skip
    counts = [
        f"SELECT {place}, count(*) FROM {quoted(schema)}.{quoted(name)}"
        for place, (schema, name, _, kind) in enumerate(kept)
        if kind == "table"
    ]
    rows = dict(connection.execute(" UNION ALL ".join(counts)).fetchall()) if counts else {}
    return [
        Found(schema, name, comment or "", kind, rows.get(place), (schema, name + HISTORY) in names)
        for place, (schema, name, comment, kind) in enumerate(kept)
    ]


def _meant(services: Mapping[str, str], name: str, found: list[Found]) -> str:
    """The schema or `schema.table` that a name means; an account's name stands for its service.

    Raises BadSettings with the nearest name for one that does not exist.
    """
    schemas = {each.schema for each in found}
    full_names = {each.full_name for each in found}
    schema, dot, table_name = name.partition(".")
    if schema not in schemas:
        schema = services.get(schema, schema)
    name = f"{schema}{dot}{table_name}"
    if not name or name in schemas or name in full_names:
        return name
    alone = sorted(each.full_name for each in found if each.name == name)
    if len(alone) == 1:
        return alone[0]
    guidance = f"Say which: {', '.join(alone)}" if alone else "`kollect tables` lists them"
    known = full_names | schemas if dot or alone else schemas | {each.name for each in found}
    raise BadSettings(
        f"there is no table or schema {name!r}{'' if alone else nearest(name, known)}",
        guidance=guidance,
    )


def _columns(connection: duckdb.DuckDBPyConnection, one: Found) -> list[dict[str, Any]]:
    cursor = connection.execute(
        "SELECT column_name AS name, data_type AS type, comment FROM duckdb_columns() "
        "WHERE schema_name = ? AND table_name = ? AND database_name = current_database() "
        "ORDER BY column_index",
        [one.schema, one.name],
    )
    return [
        {"name": name, "type": SHORT_TYPES.get(kind, kind), "comment": comment}
        for name, kind, comment in cursor.fetchall()
    ]


def _as_json(one: Found) -> dict[str, Any]:
    names = ("schema", "name", "kind", "rows", "comment")
    return {name: getattr(one, name) for name in names}


def _show_all(found: list[Found], one_schema: bool) -> None:
    width = output_width()
    for schema in dict.fromkeys(each.schema for each in found):
        inside = [each for each in found if each.schema == schema]
        if schema.startswith("_") and not one_schema:
            click.echo(f"{schema}: {counted(len(inside), 'table')} of kollect's own records")
            continue
        click.echo(f"{schema}: {counted(len(inside), 'table')}")
        indent = max(len(each.name) for each in inside) + 2
        for each in inside:
            rows = "view" if each.rows is None else f"{each.rows:,}"
            left = f"  {each.name:<{indent}}{rows:>9}  "
            room = width - len(left)
            comment = harmless(each.comment).partition(". ")[0]
            click.echo(left + textwrap.shorten(comment, max(room, 10), placeholder=" ..."))
        click.echo()
    example = next((each.full_name for each in found if each.rows), "SCHEMA.TABLE")
    click.echo(f"`kollect tables {example}` shows its columns and example queries.")


def _show_one(one: Found, columns: list[dict[str, Any]]) -> None:
    rows = "a view" if one.rows is None else counted(one.rows, "row")
    title = f"{one.full_name}: {rows}"
    width = output_width()
    for line in textwrap.wrap(f"{title}. {harmless(one.comment)}", width):
        click.echo(line)
    shown = [(column["name"], column["type"], column["comment"]) for column in columns]
    table("", ("column", "type", "meaning"), shown)
    click.echo("Examples:")
    for example in _examples(one, [column["name"] for column in columns]):
        click.echo(f'  kollect query "{example}"')


def _examples(one: Found, columns: list[str]) -> list[str]:
    own = [name for name in columns if not name.startswith("_")]
    found = [f"FROM {one.full_name} LIMIT 5"]
    if "name" in own or "title" in own:
        shown = "name" if "name" in own else "title"
        when = next((name for name in ("updated_at", "created_at") if name in own), "")
        order = f" ORDER BY {when} DESC" if when else ""
        more = f", {when}" if when else ""
        found.append(f"SELECT {shown}{more} FROM {one.full_name}{order} LIMIT 10")
    if one.has_history:
        found.append(f"FROM {one.full_name}_at(now() - INTERVAL 1 DAY) LIMIT 5")
        found.append(
            f"SELECT _ended_by, count(*) FROM {one.full_name}_history GROUP BY ALL ORDER BY ALL"
        )
    return found
