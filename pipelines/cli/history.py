"""`kollect history`: every version of one record, as differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connectors.core.errors import BadSettings
from pipelines.cli.render import harmless, moment_text, shortened, utc_option
from pipelines.cli.result_set import json_text
from pipelines.readers import warehouse_of
from pipelines.settings import read_settings, select
from warehouse.schema.types import quoted


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("table", metavar="ACCOUNT.TABLE")
@click.argument("key", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on standard output.")
@utc_option
@click.pass_obj
def history(
    config: Path | None, table: str, key: tuple[str, ...], as_json: bool, utc: bool
) -> None:
    """Every version of one record, oldest first, as differences. KEY has a value for each key
    column, in their order (`kollect history kinopio.cards SPACE_ID ID`)."""
    settings = read_settings(config, shards=True)
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
    with warehouse_of(settings).reading() as connection:
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
    if as_json:
        click.echo(json_text([_as_json(version) for version in versions], indent=2))
    else:
        _show_versions(versions, utc)


def _as_json(version: dict[str, Any]) -> dict[str, Any]:
    """One version: when it held, how it ended, and the record as it was."""
    return {
        "valid_from": version["_valid_from"],
        "valid_to": version.get("_valid_to"),
        "ended_by": version.get("_ended_by"),
        "evidence": version.get("_evidence"),
        "record": {name: value for name, value in version.items() if not name.startswith("_")},
    }


def _show_versions(versions: list[dict[str, Any]], utc: bool) -> None:
    before: dict[str, Any] = {}
    for version in versions:
        began = moment_text(version["_valid_from"], utc=utc, seconds=True)
        click.echo(f"{began}  {'changed' if before else 'first seen'}")
        for name, value in version.items():
            if name.startswith("_") or before.get(name) == value:
                continue
            if before:
                click.echo(f"    {name}: {_short(before.get(name))} -> {_short(value)}")
            elif value is not None:
                click.echo(f"    {name} = {_short(value)}")
        before = version
        if version.get("_ended_by") == "deleted":
            ended = moment_text(version["_valid_to"], utc=utc, seconds=True)
            click.echo(f"{ended}  deleted: {version.get('_evidence')}")


def _short(value: Any) -> str:
    return shortened("NULL" if value is None else harmless(str(value)), 100)
