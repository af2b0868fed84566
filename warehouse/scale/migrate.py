"""Splits a warehouse file into shards, and proves that they hold the same."""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.core.errors import BadSettings, WarehouseProblem
from warehouse.backup.content import content_of
from warehouse.scale.shards import shard_of
from warehouse.schema.types import literal, quoted
from warehouse.store.disk import copy_file
from warehouse.store.identity import Identity, identity_of, new_mark, new_warehouse_id
from warehouse.store.names import MY, STATE
from warehouse.store.warehouse import Warehouse

TABLES = (
    "SELECT schema_name, table_name, max(column_name) FILTER (column_name IN "
    "('_account', 'account')), list(column_name ORDER BY column_index) FROM duckdb_columns() "
    "JOIN (SELECT database_oid, table_oid FROM duckdb_tables()) USING (database_oid, table_oid) "
    "WHERE database_name = {database} AND NOT internal GROUP BY ALL ORDER BY ALL"
)
Tables = list[tuple[str, str, str | None, list[str]]]


def check_source(source: Warehouse) -> Identity:
    """The identity of the file. Raises BadSettings for what shards cannot hold."""
    with source.reading() as connection:
        tables = _tables(connection, source.path.stem)
        if any(schema == MY for schema, *_ in tables):
            raise BadSettings(
                f"{source.path.name} has tables of your own in the schema {MY}; shards have none",
                guidance="move them to a file of their own first",
            )
        if connection.execute(f"SELECT count(*) FROM {STATE}.files").fetchall() != [(0,)]:
            raise BadSettings(
                f"{source.path.name} has files of accounts, which shards cannot keep yet",
                guidance="stay with one file until they can",
            )
        identity = identity_of(connection, None)
    assert identity is not None
    return identity


def make_shard(source: Path, target: Path, shard: int, shards: int) -> Identity:
    """Write the shard's file: the rows of its accounts, and what belongs to no account."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_file(source, target)
    with duckdb.connect(str(target)) as connection:
        for schema, table, account, _ in _tables(connection, target.stem):
            if account is None:
                continue
            place = f"{quoted(schema)}.{quoted(table)}"
            names = connection.execute(f"SELECT DISTINCT {account} FROM {place}").fetchall()
            others = [name for (name,) in names if name and shard_of(name, shards) != shard]
            if others:
                connection.execute(
                    f"DELETE FROM {place} WHERE list_contains(?, {account})", [others]
                )
        facts = {"warehouse": new_warehouse_id(), "mark": new_mark()}
        for name, value in facts.items():
            connection.execute(f"UPDATE {STATE}.meta SET value = ? WHERE name = ?", [value, name])
        connection.execute("CHECKPOINT")
        identity = identity_of(connection, None)
    assert identity is not None
    return identity


def compare(source: Path, shards: Warehouse) -> int:
    """How many tables hold the same rows in the file and in all shards together, column by column.

    Raises WarehouseProblem for the first that does not."""
    with shards.reading() as connection:
        connection.execute(f"ATTACH {literal(str(source))} AS source (READ_ONLY)")
        tables = _tables(connection, "source")
        for schema, table, account, columns in tables:
            if (schema, table) == (STATE, "meta"):
                continue
            place = f"{quoted(schema)}.{quoted(table)}"
            # What belongs to no account is in every shard.
            form = "{}" if account else "(SELECT DISTINCT * FROM {})"
            one, all_shards = (
                content_of(connection, form.format(where), columns, [])
                for where in (f"source.{place}", f"memory.{place}")
            )
            if one != all_shards:
                raise WarehouseProblem(
                    f"{schema}.{table} has {one.rows} rows in {source.name}, and {all_shards.rows} "
                    "or others in the shards",
                    guidance="stay with the file, which is unchanged, and report this",
                )
    return len(tables) - 1


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> Tables:
    return connection.execute(TABLES.format(database=literal(database))).fetchall()
