"""Tables, loads, history and backups of what connectors read.

For people who look at their data in Python:

    import warehouse

    warehouse.read("SELECT * FROM notes.pages WHERE title LIKE ?", ["%bees%"])
    warehouse.table("notes.pages", at="2026-11-01")

Each function opens the published file read-only and closes it again, so no sync ever waits. The
file is the one that kollect.toml names: `config`, else `KOLLECT_CONFIG`, else `kollect.toml` in
the current folder, else `kollect.duckdb` there. `path` names another warehouse file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import sqlalchemy

__all__ = ["engine", "history", "loads", "metadata", "read", "search", "table"]

Place = str | Path | None


def read(
    sql: str, values: Sequence[Any] = (), *, path: Place = None, config: Place = None
) -> pandas.DataFrame:
    """The rows of a query; `values` are bound to its question marks. Times are in UTC.

    Raises WarehouseProblem where there is no warehouse, and DuckDB's own errors for the SQL.
    """
    from warehouse.where import opened_warehouse

    warehouse = opened_warehouse(path, config)
    if "_kollect" in sql:
        warehouse.publish_ledger()
    with warehouse.reading() as connection:
        return connection.execute(sql, list(values)).df()


def table(
    name: str, at: datetime | str | None = None, *, path: Place = None, config: Place = None
) -> pandas.DataFrame:
    """The rows of a table (`notes.pages`) as they are, or as they were at a time.

    `at` is a time or text in ISO 8601; without a zone it is UTC. Raises ValueError for a name
    that is not `schema.table`.
    """
    from warehouse.where import qualified_name, utc_time

    if at is None:
        return read(f"SELECT * FROM {qualified_name(name)}", path=path, config=config)
    source = qualified_name(name, "_at")
    return read(f"SELECT * FROM {source}(?)", [utc_time(at)], path=path, config=config)


def history(name: str, *, path: Place = None, config: Place = None) -> pandas.DataFrame:
    """Every version of every record of a table: superseded, deleted and current ones.

    They are sorted by when their record was first seen, and then by time. `_valid_to` and
    `_ended_by` are empty for current versions.
    """
    from warehouse.where import qualified_name

    current, ended = qualified_name(name), qualified_name(name, "_history")
    return read(
        f"SELECT * FROM (SELECT * FROM {ended} UNION ALL BY NAME SELECT * FROM {current}) "
        "ORDER BY _account, _first_seen_at, _valid_from",
        path=path,
        config=config,
    )


def loads(*, path: Place = None, config: Place = None) -> pandas.DataFrame:
    """What every load did and proved, table by table, the newest first (`_kollect.loads`)."""
    sql = "SELECT * FROM _kollect.loads ORDER BY loaded_at DESC, account, table_name"
    return read(sql, path=path, config=config)


def search(
    words: str,
    *,
    service: str | None = None,
    kind: str | None = None,
    since: datetime | str | None = None,
    history: bool = False,
    limit: int = 50,
    path: Place = None,
    config: Place = None,
) -> pandas.DataFrame:
    """Everything that mentions all words, the best first, with where the words stand.

    A word is also found as the beginning of longer ones; `"two words"` in quotes is a phrase,
    `gard*` a prefix. `history` adds versions that were edited or deleted. The index beside the
    warehouse follows the loads first, which takes a while the first time.
    """
    import dataclasses

    import pandas

    from warehouse.fulltext.search import Hit
    from warehouse.fulltext.search import search as find
    from warehouse.store.warehouse import Warehouse
    from warehouse.where import utc_time, warehouse_file

    hits = find(
        Warehouse(warehouse_file(path, config)),
        words,
        services=(service,) if service else (),
        kinds=(kind,) if kind else (),
        since=utc_time(since) if since else None,
        history=history,
        limit=limit,
    )
    names = [field.name for field in dataclasses.fields(Hit)]
    return pandas.DataFrame([dataclasses.asdict(hit) for hit in hits], columns=names)


def engine(*, path: Place = None, config: Place = None) -> sqlalchemy.Engine:
    """A read-only SQLAlchemy engine on the published file; each connection sees the newest one."""
    from warehouse.where import sql_engine, warehouse_file

    return sql_engine(warehouse_file(path, config))


def metadata(service: str) -> sqlalchemy.MetaData:
    """SQLAlchemy's description of a service's tables and their histories, from its declarations.

    Its tables are named `notes.pages` and `notes.pages_history`. Raises KeyError for a service
    that kollect does not know.
    """
    from connectors import connector
    from warehouse.schema.tables import describe_all

    return describe_all(connector(service))
