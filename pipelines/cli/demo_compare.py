"""Compares the demo's copy with the stand-ins: every table that is kept, every row and field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.settings import Settings
from sandbox import SERVICES
from sandbox.core.compare import differences
from warehouse.schema.types import quoted
from warehouse.store.warehouse import Warehouse

Tables = Mapping[str, list[dict[str, Any]]]
"""Table -> the rows that a copy should hold."""


def compare(settings: Settings, expected: Mapping[str, Tables]) -> dict[str, list[str]]:
    """Account -> where its tables differ from what is expected, in sentences."""
    found: dict[str, list[str]] = {}
    with Warehouse(settings.warehouse).reading() as connection:
        for account, tables in expected.items():
            kept_tables = settings.account(account).tables
            declared = settings.account(account).connector
            found[account] = []
            for name, table in declared.tables.items():
                if name not in tables or name not in kept_tables:
                    continue
                place = f"{quoted(declared.name)}.{quoted(name)}"
                cursor = connection.execute(f"SELECT * FROM {place} WHERE _account = ?", [account])
                columns = [column[0] for column in cursor.description or ()]
                rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
                kept = {tuple(row[part] for part in table.key): row for row in rows}
                more = name in SERVICES[declared.name].may_hold_more
                found[account] += differences(name, table.key, tables[name], kept, more)
    return found
