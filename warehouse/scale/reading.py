"""All shards as one warehouse, for readers: each table is a view over its shards."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.scale.shards import Published, ShardStore
from warehouse.schema.types import literal, quoted
from warehouse.store.identity import identity_of, not_a_warehouse, refuse_newer_format
from warehouse.store.names import STATE
from warehouse.store.warehouse import Warehouse

AT_ONCE = 4
KEEP_SECONDS = 3600.0
RELATIONS = (
    "SELECT schema_name, name, list(DISTINCT database_name ORDER BY database_name) FROM ("
    "SELECT database_name, schema_name, table_name AS name FROM duckdb_tables() UNION ALL "
    "SELECT database_name, schema_name, view_name FROM duckdb_views()) "
    "WHERE starts_with(database_name, 'shard_') AND schema_name NOT IN "
    "('main', 'information_schema', 'pg_catalog') GROUP BY ALL"
)
MACROS = (
    "SELECT schema_name, function_name, any_value(parameters), "
    "list(DISTINCT database_name ORDER BY database_name) FROM duckdb_functions() "
    "WHERE function_type = 'table_macro' AND starts_with(database_name, 'shard_') "
    "GROUP BY schema_name, function_name"
)


class ShardedWarehouse(Warehouse):
    """Every published shard, read-only. Files that a machine has read before are not fetched
    again: a shard's file never changes, a newer one has another name."""

    def __init__(self, path: Path, store: ShardStore, shards: int) -> None:
        super().__init__(path)
        self._store = store
        self._shards = shards

    def is_there(self) -> bool:
        """Whether any shard was published."""
        return bool(self._published())

    def publish_ledger(self) -> None:
        """Nothing waits here: the machine that syncs a shard publishes it."""

    @contextlib.contextmanager
    def newest(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `reading`."""
        with self.reading() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All shards as they are now. Raises WarehouseProblem where there is none yet."""
        found = self._published()
        if not found:
            raise WarehouseProblem(
                f"there is no shard at {self._store.address} yet",
                guidance="run `kollect sync` first",
            )
        with ThreadPoolExecutor(AT_ONCE) as pool:
            files = dict(zip(found, pool.map(self._local, found, found.values())))
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            connection.execute("SET python_enable_replacements = false")
            for shard, file in files.items():
                _attach(connection, f"shard_{shard:03}", file)
            _unite(connection)
            yield connection

    def _published(self) -> dict[int, Published]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(self._store.published, range(self._shards))
            return {shard: each for shard, each in enumerate(found) if each is not None}

    def _local(self, shard: int, published: Published) -> Path:
        """This machine's copy of a shard's file; copies of earlier files go an hour later."""
        folder = self.home / "read" / f"{shard:03}"
        file = folder / Path(published.pointer.file).name
        if not file.exists():
            self._store.fetch(published.pointer, file)
            for old in folder.iterdir():
                # A reader that began earlier may be about to open it.
                if old != file and old.stat().st_mtime < time.time() - KEEP_SECONDS:
                    old.unlink(missing_ok=True)
        return file


def _attach(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    try:
        connection.execute(f"ATTACH {literal(str(file))} AS {name} (READ_ONLY)")
    except duckdb.Error as error:
        raise not_a_warehouse(file, error) from error
    identity = identity_of(connection, name)
    if identity is None:
        raise not_a_warehouse(file)
    refuse_newer_format(identity, file)


def _unite(connection: duckdb.DuckDBPyConnection) -> None:
    """A view for each table and view, a macro for each macro, over the shards that have it."""
    relations = connection.execute(RELATIONS).fetchall()
    macros = connection.execute(MACROS).fetchall()
    for schema in {row[0] for row in (*relations, *macros)}:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    for schema, name, shards in relations:
        # Facts of a file, not of its rows: those of the first shard stand for all.
        places = shards[:1] if (schema, name) == (STATE, "meta") else shards
        sql = _union(schema, name, places)
        connection.execute(f"CREATE VIEW {quoted(schema)}.{quoted(name)} AS {sql}")
    for schema, name, parameters, shards in macros:
        words = ", ".join(map(quoted, parameters))
        sql = _union(schema, name, shards, f"({words})")
        connection.execute(f"CREATE MACRO {quoted(schema)}.{quoted(name)}({words}) AS TABLE {sql}")


def _union(schema: str, name: str, shards: list[str], ending: str = "") -> str:
    place = f"{quoted(schema)}.{quoted(name)}{ending}"
    return " UNION ALL BY NAME ".join(f"SELECT * FROM {shard}.{place}" for shard in shards)
