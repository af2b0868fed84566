"""What the report says, read from the warehouse, its ledger and the backups."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb

from connectors.core.plots import Plot, PlotKind
from pipelines.ended import ended_records
from pipelines.settings import Account, Settings
from pipelines.status import AccountStatus, account_status, backup_times
from warehouse.store.warehouse import Warehouse

SPAN = timedelta(days=7)
"""The report tells what changed within so much time."""
MOST_ENDED = 50
GROWTH = """
WITH daily AS (
    SELECT table_name, loaded_at::DATE AS day, arg_max(rows, loaded_at) AS rows
    FROM _kollect.loads WHERE account = $account AND rows IS NOT NULL GROUP BY ALL
), wanted AS (
    SELECT * FROM (SELECT DISTINCT day FROM daily), (SELECT DISTINCT table_name FROM daily)
)
SELECT w.day::VARCHAR, sum(d.rows) FROM wanted w ASOF JOIN daily d
ON w.table_name = d.table_name AND w.day >= d.day GROUP BY w.day ORDER BY w.day"""
"""Rows of an account at the end of each day with a load; a table keeps its last number."""
GROWN = Plot("Rows kept", PlotKind.OVER_TIME, GROWTH)


@dataclass(frozen=True)
class Drawn:
    """A plot and its points."""

    plot: Plot
    points: list[tuple[str, float]]


@dataclass(frozen=True)
class AccountFacts:
    """What the report says of one account."""

    account: Account
    status: AccountStatus
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Tables with changes since the report's beginning: inserted, updated, deleted."""
    plots: list[Drawn] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def safe(self) -> bool:
        return self.status.verdict == "safe"

    @property
    def rows(self) -> int:
        return sum(found.rows for found in self.status.tables.values())


@dataclass(frozen=True)
class Facts:
    """Everything that the report says."""

    now: datetime
    since: datetime
    accounts: list[AccountFacts]
    ended: list[dict[str, Any]]
    """The newest records that the services no longer have."""
    ended_count: int
    backups: Mapping[str, str | None]

    @property
    def unsafe(self) -> list[AccountFacts]:
        return [account for account in self.accounts if not account.safe]


def read_facts(settings: Settings, now: datetime) -> Facts:
    """Look at every account of the settings; raises WarehouseProblem for a file that is none."""
    warehouse, since = Warehouse(settings.warehouse), now - SPAN
    accounts: list[AccountFacts] = []
    ended: list[dict[str, Any]] = []
    with ExitStack() as opened:
        connection = opened.enter_context(warehouse.newest()) if warehouse.is_there() else None
        for account in settings.accounts.values():
            status = account_status(connection, settings, account, now)
            if connection is None:
                accounts.append(AccountFacts(account, status))
                continue
            ended += ended_records(connection, account, account.tables, since)
            changes = _changes(connection, account, since)
            plots = account_plots(connection, account)
            accounts.append(AccountFacts(account, status, changes, plots))
    accounts.sort(key=lambda found: (found.safe, found.name))
    ended.sort(key=lambda row: row["ended_at"], reverse=True)
    return Facts(now, since, accounts, ended[:MOST_ENDED], len(ended), backup_times(settings))


def account_plots(connection: duckdb.DuckDBPyConnection, account: Account) -> list[Drawn]:
    """The growth of an account, then the plots of its service; those with points alone."""
    plots = [_drawn(connection, plot, account) for plot in (GROWN, *account.connector.plots)]
    return [drawn for drawn in plots if drawn]


def _changes(
    connection: duckdb.DuckDBPyConnection, account: Account, since: datetime
) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT table_name, sum(inserted), sum(updated), sum(deleted) FROM _kollect.loads "
        "WHERE account = ? AND loaded_at >= ? GROUP BY table_name "
        "HAVING sum(inserted) + sum(updated) + sum(deleted) > 0 ORDER BY table_name",
        [account.name, since],
    ).fetchall()
    names = ("table", "inserted", "updated", "deleted")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _drawn(connection: duckdb.DuckDBPyConnection, plot: Plot, account: Account) -> Drawn | None:
    """The plot with its points; None where there is nothing to draw."""
    try:
        rows = connection.execute(plot.sql, {"account": account.name}).fetchall()
    except duckdb.CatalogException:  # its tables are not kept
        return None
    points = [(str(label), float(value)) for label, value in rows if value is not None]
    enough = 2 if plot.kind is PlotKind.OVER_TIME else 1
    return Drawn(plot, points) if len(points) >= enough else None
