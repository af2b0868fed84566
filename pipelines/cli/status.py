"""`kollect status`: rows, freshness and completeness of every table."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipelines.cli.render import plain
from pipelines.settings import Settings, read_settings
from warehouse.schema.types import quoted
from warehouse.store.warehouse import Warehouse

STATUS_SQL = """
WITH latest AS (
    SELECT *, row_number() OVER (PARTITION BY account, table_name ORDER BY loaded_at DESC) AS n
    FROM _kollect.loads
), totals AS (
    SELECT account, table_name, sum(rejected) AS rejected, sum(deleted) AS deleted
    FROM _kollect.loads GROUP BY ALL
)
SELECT l.account, l.service, l.table_name, l.rows, l.loaded_at, l.mode, l.complete, l.proof,
    l.reason, t.rejected, t.deleted, l.run_id, l.error
FROM latest l JOIN totals t USING (account, table_name)
WHERE l.n = 1 ORDER BY l.account, l.table_name
"""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def status(config: Path | None, as_json: bool) -> None:
    """What is here: rows, freshness, last run, completeness, rejects and deletes by table."""
    settings = read_settings(config)
    now = datetime.now(UTC)
    with Warehouse(settings.warehouse).reading() as connection:
        names = [c.split(".")[-1] for c in (
            "account", "service", "table", "rows", "loaded_at", "mode", "complete", "proof",
            "reason", "rejected", "deleted", "run_id", "error")]  # fmt: skip
        found = [dict(zip(names, row, strict=True)) for row in
                 connection.execute(STATUS_SQL).fetchall()]  # fmt: skip
        for row in found:
            row["newest"] = _newest(connection, row)
        runs = connection.execute(
            "SELECT account, status, started_at, finished_at, error FROM _kollect.runs "
            "QUALIFY row_number() OVER (PARTITION BY account ORDER BY started_at DESC) = 1"
        ).fetchall()
        files = _files(connection)
    if as_json:
        shown = _status_object(settings, found, runs)
        for account, counts in files.items():
            shown["accounts"].setdefault(account, {"tables": {}})["files"] = counts
        click.echo(json.dumps(shown, indent=2, default=plain))
    else:
        _show_status(settings, found, runs, now)
        _show_files(files)
    wanted = {name for name, account in settings.accounts.items() if account.files.wanted}
    failed = any(files[name]["failed"] for name in wanted & files.keys())
    sys.exit(0 if found and all(row["complete"] for row in found) and not failed else 1)


def _files(connection: Any) -> dict[str, dict[str, int]]:
    """Account -> how many of its files are in which state, and the bytes of those here."""
    import duckdb

    try:
        rows = connection.execute(
            "SELECT account, count(*) FILTER (status = 'stored'), "
            "count(*) FILTER (status = 'failed'), count(*) FILTER (status = 'skipped'), "
            "count(*) FILTER (status = 'gone'), count(*) FILTER (status = 'gone' AND "
            "sha256 IS NOT NULL), coalesce(sum(bytes) FILTER (status = 'stored'), 0)::BIGINT "
            "FROM _kollect.files GROUP BY account ORDER BY account"
        ).fetchall()
    except duckdb.Error:  # written by a kollect that knew no files yet
        return {}
    names = ("stored", "failed", "skipped", "gone", "gone_and_kept", "bytes")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def _show_files(files: dict[str, dict[str, int]]) -> None:
    from warehouse.progress import size_text

    for account, counts in files.items():
        kept = f" ({counts['gone_and_kept']:,} of them kept)" if counts["gone"] else ""
        click.echo(
            f"{account}: {counts['stored']:,} files ({size_text(counts['bytes'])}), "
            f"{counts['failed']:,} failed, {counts['skipped']:,} skipped, "
            f"{counts['gone']:,} gone at the service{kept}; see _kollect.files"
        )


def _newest(connection: Any, row: dict[str, Any]) -> datetime | None:
    """When the newest record of a table was made, where the table can tell."""
    from connectors import SERVICES, connector

    if row["service"] not in SERVICES:
        return None
    declared = connector(row["service"]).tables.get(row["table"])
    if declared is None or not declared.newest or not row["rows"]:
        return None
    place = f"{quoted(row['service'])}.{quoted(declared.name)}"
    found: list[tuple[datetime | None]] = connection.execute(
        f"SELECT max({quoted(declared.newest)}) FROM {place} WHERE _account = ?", [row["account"]]
    ).fetchall()
    return found[0][0]


def _status_object(
    settings: Settings, found: list[dict[str, Any]], runs: list[tuple[Any, ...]]
) -> dict[str, Any]:
    accounts: dict[str, Any] = {}
    for account, state, started, finished, error in runs:
        accounts[account] = {
            "status": state,
            "started_at": started,
            "finished_at": finished,
            **({"error": error} if error else {}),
            "tables": {},
        }
    for row in found:
        shown = {k: v for k, v in row.items() if k not in ("account", "service", "table")}
        accounts.setdefault(row["account"], {"tables": {}})["tables"][row["table"]] = shown
    return {"warehouse": settings.warehouse.name, "accounts": accounts}


def _show_status(
    settings: Settings, found: list[dict[str, Any]], runs: list[tuple[Any, ...]], now: datetime
) -> None:
    from pipelines.cli.render import since, table

    for account, state, _, finished, error in sorted(runs):
        mine = [row for row in found if row["account"] == account]
        rows = [
            (
                row["table"],
                row["rows"],
                since(row["loaded_at"], now),
                row["newest"],
                "yes" if row["complete"] else "NO",
                (row["proof"] if row["complete"] else row["reason"] or row["error"]) or "",
                row["rejected"] or None,
                row["deleted"] or None,
            )
            for row in mine
        ]
        columns = ("table", "rows", "read", "newest record", "complete", "because", "rejected",
                   "deleted")  # fmt: skip
        title = f"{account}: last sync {state}, {since(finished, now)}"
        table(title, columns, rows, numbers=("rows", "rejected", "deleted"))
        if error:
            click.echo(f"  {error}\n")
    never = [name for name in settings.accounts if name not in {row[0] for row in runs}]
    for name in never:
        click.echo(f"{name}: never synced")
