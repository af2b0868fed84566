"""Tables, loads, history and backups. For people: `warehouse.read(sql)` gives a DataFrame."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

__all__ = ["read"]


def read(
    sql: str, values: Sequence[Any] = (), *, path: str | Path | None = None
) -> pandas.DataFrame:
    """The answer to a query on the published warehouse, as a pandas DataFrame.

    `path` is the warehouse file; without it, the one named by `kollect.toml` in the current
    folder, else `kollect.duckdb`. Values are bound to the question marks of the query. The file
    is opened read-only and closed again, so a sync is never held up. Raises WarehouseProblem
    where there is no warehouse, and DuckDB's own errors for the SQL.
    """
    from warehouse.store.warehouse import Warehouse

    with Warehouse(Path(path) if path is not None else _named()).reading() as connection:
        return connection.execute(sql, list(values)).df()


def _named() -> Path:
    settings = Path("kollect.toml")
    if settings.exists():
        named = tomllib.loads(settings.read_text(encoding="utf-8")).get("warehouse", {})
        if isinstance(named.get("path"), str):
            return Path(named["path"])
    return Path("kollect.duckdb")
