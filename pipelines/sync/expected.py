"""How many requests a sync will need, without asking the service: from what is recorded.

`kollect plan` leaves its estimate beside the warehouse; the ledger has what earlier runs took.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.core.errors import KollectError
from pipelines.settings import Settings
from warehouse.store.names import STATE, file_name_of
from warehouse.store.warehouse import Warehouse

PLAN_HOLDS = timedelta(days=2)
"""An older plan says little about the next sync."""
LAST_RUNS = f"""
SELECT r.account, arg_max(r.requests, r.started_at)
FROM {STATE}.runs r
WHERE r.status = 'complete' AND ? = EXISTS (
    FROM {STATE}.loads l
    WHERE l.run_id = r.run_id AND l.account = r.account AND l.mode = 'full')
GROUP BY r.account"""


def expected_requests(
    settings: Settings, chosen: Mapping[str, Iterable[str] | None], full: bool
) -> dict[str, int]:
    """Account -> requests, for accounts that are synced whole and of which something is known.

    A fresh plan counts before the last complete run of the same mode.
    """
    import duckdb

    whole = [name for name, tables in chosen.items() if tables is None]
    found: dict[str, int] = {}
    warehouse = Warehouse(settings.warehouse)
    if warehouse.path.exists():
        # What cannot be read here is told by the sync itself.
        with suppress(duckdb.Error, KollectError), warehouse.newest() as connection:
            found = dict(connection.execute(LAST_RUNS, [full]).fetchall())
    counts = {name: _planned(settings, name, full) or found.get(name) for name in whole}
    return {name: count for name, count in counts.items() if count}


def remember_plan(settings: Settings, account: str, requests: int, full: bool) -> None:
    """Keep the estimate of a whole account for the progress of its next sync."""
    file = _plan_file(settings, account)
    with suppress(OSError):  # a plan can be read on a full disk, too
        file.parent.mkdir(parents=True, exist_ok=True)
        at = datetime.now(UTC).isoformat()
        file.write_text(json.dumps({"at": at, "requests": requests, "full": full}), "utf-8")


def forget_plan(settings: Settings, account: str) -> None:
    """A plan is good for one sync."""
    with suppress(OSError):
        _plan_file(settings, account).unlink(missing_ok=True)


def _planned(settings: Settings, account: str, full: bool) -> int | None:
    try:
        plan = json.loads(_plan_file(settings, account).read_text("utf-8"))
        fresh = datetime.now(UTC) - datetime.fromisoformat(plan["at"]) < PLAN_HOLDS
        return int(plan["requests"]) if fresh and plan["full"] == full else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _plan_file(settings: Settings, account: str) -> Path:
    return Warehouse(settings.warehouse).home / "plans" / f"{file_name_of(account)}.json"
