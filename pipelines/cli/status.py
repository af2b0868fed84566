"""`kollect status`: is each account's data safe, and how fresh and complete is every table?"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.render import utc_option
from pipelines.cli.status_text import print_folded, show_attention, show_tables
from pipelines.readers import warehouse_of
from pipelines.sentences import account_sentence, since
from pipelines.settings import Account, Settings, read_settings
from pipelines.status import AccountStatus, account_status, backup_times
from warehouse.progress import size_text
from warehouse.schema.types import quoted
from warehouse.store.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb

FILE_COUNTS = ("stored", "failed", "skipped", "gone", "gone_and_kept", "bytes")


@click.command()
@click.argument("names", nargs=-1, metavar="[ACCOUNT]...")
@click.option("--all", "every_table", is_flag=True, help="Show every table of each account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@utc_option
@click.pass_obj
def status(
    config: Path | None, names: tuple[str, ...], every_table: bool, as_json: bool, utc: bool
) -> None:
    """Is the data of each account safe? One sentence for each, then what needs attention; with
    --all rows, last read, last proof and rejects by table.

    The exit status is 0 where all of it is safe, else 1."""
    settings = read_settings(config, shards=True)
    shown = [settings.account(name) for name in names] or list(settings.accounts.values())
    warehouse = warehouse_of(settings)
    now = datetime.now(UTC)
    with ExitStack() as opened:
        connection = None
        if warehouse.is_there():
            connection = opened.enter_context(warehouse.newest())
        accounts = {
            account.name: account_status(connection, settings, account, now) for account in shown
        }
        files = _files(connection) if connection else {}
        files = {name: counts for name, counts in files.items() if name in accounts}
        if as_json:
            click.echo(json.dumps(_as_json(settings, accounts, files), indent=2))
        else:
            _show(settings, accounts, now)
            if every_table and connection is not None:
                for name, account in accounts.items():
                    click.echo(f"\n{name}")
                    newest = _newest_records(connection, settings.account(name), account)
                    show_tables(name, account, newest, now, utc=utc)
            for name, counts in files.items():
                _show_files(name, counts)
            click.echo(_backup_sentence(backup_times(settings), now))
    wanted = {account.name for account in shown if account.files.wanted}
    failed = any(files[name]["failed"] for name in wanted & files.keys())
    safe = accounts and all(account.verdict == "safe" for account in accounts.values())
    sys.exit(0 if safe and not failed else 1)


def _as_json(
    settings: Settings,
    accounts: Mapping[str, AccountStatus],
    files: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """The object of `status --json` (contract section 2)."""
    return {
        "accounts": {
            name: {
                "verdict": account.verdict,
                "reason": account.reason,
                "read_at": _iso(account.read_at),
                "proved_at": _iso(account.proved_at),
                "tables": {
                    table: {
                        "rows": found.rows,
                        "read_at": _iso(found.read_at),
                        "proved_at": _iso(found.proved_at),
                        "complete": found.complete,
                        "reason": found.reason or None,
                        "rejected": found.rejected,
                    }
                    for table, found in account.tables.items()
                },
                **({"files": files[name]} if name in files else {}),
            }
            for name, account in accounts.items()
        },
        "backups": backup_times(settings),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _show(settings: Settings, accounts: Mapping[str, AccountStatus], now: datetime) -> None:
    for name, account in accounts.items():
        staged = _staged(settings, name, now)
        sentence = account_sentence(name, account, now)
        print_folded(f"{sentence.rstrip('.')}{staged}" if staged else sentence)
    for name, account in accounts.items():
        show_attention(name, account, now)
    if not accounts:
        click.echo("There is no account yet; `kollect init` shows how to make one.")


def _backup_sentence(backups: Mapping[str, str | None], now: datetime) -> str:
    if backups["newest"] is None:
        return "backups: none yet; run `kollect backup`"
    times = {name: since(datetime.fromisoformat(at), now) for name, at in backups.items() if at}
    verified, rebuilt = (times.get(name, "never") for name in ("verified_at", "rebuilt_at"))
    return f"backups: newest {times['newest']}, verified {verified}, rebuilt {rebuilt}"


def _staged(settings: Settings, account: str, now: datetime) -> str:
    """What an interrupted sync has left for the next one."""
    from pipelines.sync.stage import journal_file, waiting_bytes

    size = waiting_bytes(journal_file(Warehouse(settings.warehouse).home, account), now)
    return (
        f"; an interrupted sync has staged {size_text(size)}, the next one goes on there"
        if size
        else ""
    )


def _newest_records(
    connection: duckdb.DuckDBPyConnection, account: Account, status: AccountStatus
) -> dict[str, datetime | None]:
    return {
        name: _newest(connection, account, name) for name, found in status.tables.items()
        if found.rows
    }  # fmt: skip


def _newest(connection: duckdb.DuckDBPyConnection, account: Account, name: str) -> datetime | None:
    """When the newest record of a table was made, where the table can tell."""
    declared = account.connector.tables[name]
    if not declared.newest:
        return None
    place = f"{quoted(account.connector.name)}.{quoted(name)}"
    found: list[tuple[datetime | None]] = connection.execute(
        f"SELECT max({quoted(declared.newest)}) FROM {place} WHERE _account = ?", [account.name]
    ).fetchall()
    return found[0][0]


def _files(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
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
    return {row[0]: dict(zip(FILE_COUNTS, row[1:], strict=True)) for row in rows}


def _show_files(account: str, counts: Mapping[str, int]) -> None:
    kept = f" ({counts['gone_and_kept']:,} of them kept)" if counts["gone"] else ""
    click.echo(
        f"{account}: {counts['stored']:,} files ({size_text(counts['bytes'])}), "
        f"{counts['failed']:,} failed, {counts['skipped']:,} skipped, "
        f"{counts['gone']:,} gone at the service{kept}; see _kollect.files"
    )
