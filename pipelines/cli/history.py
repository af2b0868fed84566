"""`kollect history`: every version of one record, as differences."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import click

from connectors.core.errors import BadSettings
from pipelines.cli.render import harmless
from pipelines.settings import read_settings, select
from warehouse.schema.types import quoted
from warehouse.store.warehouse import Warehouse


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("table", metavar="ACCOUNT.TABLE")
@click.argument("key", nargs=-1, required=True)
@click.pass_obj
def history(config: Path | None, table: str, key: tuple[str, ...]) -> None:
    """Every version of one record, oldest first, as differences. KEY has a value for each key
    column, in their order (`kollect history kinopio.cards SPACE_ID ID`)."""
    settings = read_settings(config)
    name, _, table_name = table.partition(".")
    select(settings, [table])
    account = settings.account(name)
    if not table_name:
        raise BadSettings(f"{table!r} names no table", guidance="write ACCOUNT.TABLE KEY")
    declared = account.connector.tables[table_name]
    values = key[0].split("/") if len(key) == 1 and len(declared.key) > 1 else list(key)
    if len(values) != len(declared.key):
        raise BadSettings(
            f"a record of {table} has the key {', '.join(declared.key)}",
            guidance=f"give {len(declared.key)} values, not {len(values)}",
        )
    schema = quoted(account.connector.name)
    where = " AND ".join(f"{quoted(k)}::VARCHAR = ?" for k in declared.key)
    place, past = f"{schema}.{quoted(table_name)}", f"{schema}.{quoted(table_name + '_history')}"
    with Warehouse(settings.warehouse).reading() as connection:
        cursor = connection.execute(
            f"SELECT * FROM (SELECT * FROM {past} WHERE _account = ? AND {where} UNION ALL BY NAME "
            f"SELECT * FROM {place} WHERE _account = ? AND {where}) ORDER BY _valid_from",
            [name, *values, name, *values],
        )
        names = [column[0] for column in cursor.description or []]
        versions = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if not versions:
        raise BadSettings(
            f"{table} never held a record {'/'.join(values)}", guidance="check the key"
        )
    _show_versions(versions)


def _show_versions(versions: list[dict[str, Any]]) -> None:
    before: dict[str, Any] = {}
    for version in versions:
        began = version["_valid_from"].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        click.echo(f"{began} UTC  {'first seen' if not before else 'changed'}")
        for name, value in version.items():
            if name.startswith("_") or before.get(name) == value:
                continue
            if not before:
                click.echo(f"    {name} = {_short(value)}") if value is not None else None
            else:
                click.echo(f"    {name}: {_short(before.get(name))} -> {_short(value)}")
        before = version
        if version.get("_ended_by") == "deleted":
            ended = version["_valid_to"].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
            click.echo(f"{ended} UTC  deleted: {version.get('_evidence')}")


def _short(value: Any) -> str:
    text = "NULL" if value is None else harmless(str(value))
    return text if len(text) <= 100 else f"{text[:97]}..."
