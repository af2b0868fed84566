"""Whether the demo's copy equals what the stand-ins hold: every row, every field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.settings import Settings
from sandbox import SERVICES
from sandbox.core import differences
from warehouse.schema.types import quoted
from warehouse.store.connect import Warehouse

Truth = Mapping[str, Sequence[dict[str, Any]]]


def differing(settings: Settings, truths: Mapping[str, Truth]) -> dict[str, list[str]]:
    """Account -> what in its tables is not as in its truth, in sentences; empty where equal."""
    found: dict[str, list[str]] = {}
    with Warehouse(settings.warehouse).reading() as connection:
        for account, truth in truths.items():
            declared = settings.account(account).connector
            found[account] = []
            for name, table in declared.tables.items():
                if name not in truth:
                    continue
                place = f"{quoted(declared.name)}.{quoted(name)}"
                cursor = connection.execute(f"SELECT * FROM {place} WHERE _account = ?", [account])
                columns = [column[0] for column in cursor.description or ()]
                rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
                kept = {tuple(row[part] for part in table.key): row for row in rows}
                more = name in SERVICES[declared.name].may_hold_more
                found[account] += differences(name, table.key, truth[name], kept, more)
    return found


def verdict(problems: Sequence[str]) -> str:
    """`equal`, or how much is not."""
    return f"{len(problems)} differences" if problems else "equal"
