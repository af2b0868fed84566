"""`_kollect.metrics`: what changes without making a version, a row for each day that changed it."""

from __future__ import annotations

from datetime import UTC

from connectors.core.schema import Column, Table
from warehouse.analysis.view import key_text
from warehouse.load.merge import Merge
from warehouse.schema.types import literal, quoted
from warehouse.store.names import CATALOG, STATE

METRICS = f"{CATALOG}.{STATE}.metrics"


def metric_columns(table: Table) -> list[Column]:
    """The numbers of a table that have no history."""
    return [
        column
        for column in table.columns
        if column.unversioned and not column.backfilled and column.type in ("integer", "number")
    ]


def keep_metrics(merge: Merge, service: str) -> None:
    """Store the account's numbers that differ from the last stored ones, under the load's day."""
    columns = metric_columns(merge.table)
    if not columns or not merge.touched:
        return
    names = ", ".join(literal(column.name) for column in columns)
    values = ", ".join(f"t.{quoted(column.name)}::DOUBLE" for column in columns)
    day = merge.at.astimezone(UTC).date()
    whose = (
        f"account = {literal(merge.account)} AND service = {literal(service)} "
        f"AND table_name = {literal(merge.table.name)}"
    )
    merge.run(
        f"CREATE OR REPLACE TEMP TABLE changed_metrics AS SELECT n.* FROM "
        f"(SELECT {key_text('t', merge.table.key)} AS record_key, unnest([{names}]) AS name, "
        f"unnest([{values}]) AS value FROM {merge.current} t WHERE t._account = ?) n "
        f"LEFT JOIN (SELECT record_key, name, arg_max(value, day) AS value FROM {METRICS} "
        f"WHERE {whose} GROUP BY ALL) k USING (record_key, name) "
        f"WHERE n.value IS NOT NULL AND n.value IS DISTINCT FROM k.value",
        merge.account,
    )
    merge.run(
        f"DELETE FROM {METRICS} m WHERE {whose} AND day = ? AND (record_key, name) IN "
        "(SELECT (record_key, name) FROM temp.changed_metrics)",
        day,
    )
    merge.run(
        f"INSERT INTO {METRICS} (account, service, table_name, record_key, name, day, value, "
        "seen_at) SELECT ?, ?, ?, record_key, name, ?, value, ? FROM temp.changed_metrics",
        merge.account, service, merge.table.name, day, merge.at,
    )  # fmt: skip
    merge.run("DROP TABLE temp.changed_metrics")
