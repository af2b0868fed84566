"""Times that cannot be true: refused before anything is written, and set right once they are known.

All times that are stored come from the run's clock, never from SQL's `now()`. A clock that is
wrong by years would stop versions, full passes and rotations until its time has come. The services
tell the time as well (the `Date` of their answers), so a wrong clock is found where they disagree.
Without a service's time, a clock that stands before the last load cannot be right.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.schema.types import literal, quoted
from warehouse.store.names import CATALOG, STATE
from warehouse.store.transactions import count_generation
from warehouse.store.warehouse import Warehouse

TOLERANCE = timedelta(days=1)
STEP = timedelta(microseconds=1)
CURE = "set the computer's clock (and its time zone) right, then run it again; nothing was written"


def check_clock(
    warehouse: Warehouse,
    connection: duckdb.DuckDBPyConnection,
    *,
    now: datetime,
    service_date: datetime | None = None,
) -> str:
    """Refuse a clock that cannot be right; call it before a run writes anything.

    `now` is the time of the run's clock and `service_date` the `Date` of an answer of the
    service, which is believed. Where both agree and loads from the future are stored, an earlier
    run had a wrong clock: their times become the latest that are possible, in the order of the
    loads. Returns a message for the person who watches, empty where nothing was changed. Raises
    WarehouseProblem.
    """
    if service_date is not None:
        check_against_service(now, service_date)
    with warehouse.writing(connection):
        last = _last_load(connection)
        if last is None or now >= last - TOLERANCE:
            return ""
        if service_date is None:
            raise _before_last_load(now, last)
        with warehouse.transaction(connection):
            changed = _set_right(connection, now)
            count_generation(connection)
        return (
            f"an earlier run had a wrong clock ({last:%Y-%m-%d}): {changed} times in the future "
            f"are now {now:%Y-%m-%d %H:%M} UTC"
        )


def check_against_service(now: datetime, service_date: datetime) -> None:
    """Refuse a clock that differs by more than a day from a service's. Raises WarehouseProblem."""
    if abs(now - service_date) > TOLERANCE:
        raise WarehouseProblem(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, the service {service_date:%Y-%m-%d %H:%M}",
            guidance=f"{CURE}; if it is the service that is wrong, write believe_date = false into "
            "its account in kollect.toml",
        )


def check_backup_clock(now: datetime, last: datetime | None) -> None:
    """Refuse a clock that stands before the last load: a backup is named by it, and the order of
    backups goes by their names. Raises WarehouseProblem."""
    if last is not None and now < last - TOLERANCE:
        raise _before_last_load(now, last)


def next_instant(connection: duckdb.DuckDBPyConnection, account: str, now: datetime) -> datetime:
    """The instant of a load: the clock's time, and later than every load of the account before.

    Clocks are set back by seconds, so the order of loads is kept by microseconds. Raises
    WarehouseProblem where the last load is more than a day ahead.
    """
    last = _last_load(connection, account)
    if last is None or now > last:
        return now
    if now < last - TOLERANCE:
        raise _before_last_load(now, last)
    return last + STEP


def _before_last_load(now: datetime, last: datetime) -> WarehouseProblem:
    return WarehouseProblem(
        f"the clock says {now:%Y-%m-%d %H:%M} UTC, but the last load was at {last:%Y-%m-%d %H:%M}",
        guidance=f"{CURE}; if it is right, an earlier run's was wrong: a sync sets its times right "
        "where the service's time is believed (without believe_date = false)",
    )


def _last_load(connection: duckdb.DuckDBPyConnection, account: str = "") -> datetime | None:
    """When the account was loaded last; without a name, when any account was."""
    where = f" WHERE account = {literal(account)}" if account else ""
    try:
        rows = connection.execute(
            f"SELECT max(loaded_at) FROM {CATALOG}.{STATE}.loads{where}"
        ).fetchall()
    except duckdb.CatalogException:
        return None
    found: datetime | None = rows[0][0]
    return found


def _set_right(connection: duckdb.DuckDBPyConnection, now: datetime) -> int:
    """Move every stored time after `now` to just before it; equal times stay equal, and the
    order stays. Returns how many different times were moved."""
    columns = connection.execute(
        "SELECT c.schema_name, c.table_name, c.column_name FROM duckdb_columns() c "
        "JOIN duckdb_tables() t USING (database_name, schema_name, table_name) "
        "WHERE c.database_name = ? AND c.data_type = 'TIMESTAMP WITH TIME ZONE' "
        "AND c.schema_name <> 'my' AND (c.schema_name = ? OR "
        "c.column_name IN ('_valid_from', '_valid_to', '_first_seen_at'))",
        [CATALOG, STATE],
    ).fetchall()
    places = [(f"{CATALOG}.{quoted(s)}.{quoted(t)}", quoted(c)) for s, t, c in columns]
    moments = " UNION ".join(
        f"SELECT {column} AS was FROM {place} WHERE {column} > $now" for place, column in places
    )
    remembered = f"{CATALOG}.{STATE}.state"
    moments += f" UNION SELECT TRY_CAST(value AS TIMESTAMPTZ) AS was FROM {remembered} " \
        "WHERE TRY_CAST(value AS TIMESTAMPTZ) > $now"  # fmt: skip
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE moved AS SELECT was, $now - to_microseconds("
        f"row_number() OVER (ORDER BY was DESC)) AS becomes FROM ({moments})",
        {"now": now},
    )
    for place, column in places:
        connection.execute(
            f"UPDATE {place} SET {column} = becomes FROM temp.moved WHERE {column} = was"
        )
    connection.execute(
        f"UPDATE {remembered} SET value = strftime(becomes, '%Y-%m-%dT%H:%M:%S.%f+00:00') "
        "FROM temp.moved WHERE TRY_CAST(value AS TIMESTAMPTZ) = was"
    )
    changed = int(connection.execute("SELECT count(*) FROM temp.moved").fetchall()[0][0])
    connection.execute("DROP TABLE temp.moved")
    return changed
