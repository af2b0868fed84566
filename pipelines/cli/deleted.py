"""`kollect deleted`: what the services no longer have, and what proved it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from pipelines.cli.query import read_only
from pipelines.cli.render import moment_text, table, utc_option
from pipelines.cli.result_set import json_text
from pipelines.ended import ended_records
from pipelines.readers import warehouse_of
from pipelines.settings import read_settings, select
from warehouse.progress import counted

AGO = re.compile(r"(\d+)\s*(h|hours?|d|days?|w|weeks?)(\s+ago)?")
SHOWN = 200


class Since(click.ParamType[datetime]):
    """A date, a time (local where it names no zone), or a span such as `7d`, `12h`, `2 weeks`."""

    name = "WHEN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        found = AGO.fullmatch(value.strip().lower())
        try:
            if found:
                number, unit = int(found[1]), found[2][0]
                hours = {"h": 1, "d": 24, "w": 7 * 24}[unit]
                return datetime.now().astimezone() - timedelta(hours=number * hours)
            return datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write 2026-05-01, 7d, 12h or 2w", param, ctx)


@click.command()
@click.argument("selection", nargs=-1, metavar="[SELECT]...")
@click.option("--since", type=Since(), default="30d", show_default=True, help="7d, 12h or a date.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on standard output.")
@utc_option
@click.pass_obj
def deleted(
    config: Path | None, selection: tuple[str, ...], since: datetime, as_json: bool, utc: bool
) -> None:
    """Records that the services no longer have: when each ended and what proved it. The last
    version stays in the table's history. SELECT is ACCOUNT or ACCOUNT.TABLE."""
    settings = read_settings(config, shards=True)
    found: list[dict[str, Any]] = []
    with read_only(warehouse_of(settings), utc=utc) as connection:
        for name, tables in select(settings, selection).items():
            account = settings.account(name)
            found += ended_records(connection, account, tables or account.tables, since)
    found.sort(key=lambda row: row["ended_at"], reverse=True)
    if as_json:
        click.echo(json_text(found, indent=2))
        return
    if not found:
        click.echo(f"Nothing was deleted since {moment_text(since, utc=utc)}.")
        return
    rows = [
        (row["ended_at"], f"{row['account']}.{row['table']}", "/".join(row["key"].values()),
         row["title"], row["evidence"])
        for row in found[:SHOWN]
    ]  # fmt: skip
    columns = ("ended", "table", "key", "what it was", "evidence")
    table("", columns, rows, utc=utc)
    when = moment_text(since, utc=utc)
    more = f"; the newest {SHOWN} are shown, --json has all" if len(found) > SHOWN else ""
    click.echo(f"{counted(len(found), 'record')} deleted since {when}{more}.")
