"""What every change of the attached warehouse does alike: all or nothing, and the next number."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import duckdb

from warehouse.store.identity import new_mark
from warehouse.store.names import CATALOG, STATE

Fence = Callable[[], AbstractContextManager[object]]
"""Entered around a commit; raises where this process may not commit (any more)."""


@contextlib.contextmanager
def transaction(
    connection: duckdb.DuckDBPyConnection, fence: Fence = contextlib.nullcontext
) -> Iterator[None]:
    """Commit what the block did, or nothing of it where it (or the fence) raises."""
    connection.execute("BEGIN")
    try:
        yield
        with fence():
            connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(duckdb.TransactionException):  # a failed COMMIT ended it
            connection.execute("ROLLBACK")
        raise


def detach_with_log(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Detach a database and leave what was committed in its log: nothing is rewritten."""
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    try:
        connection.execute(f"DETACH {catalog}")
    finally:
        connection.execute("PRAGMA enable_checkpoint_on_shutdown")


def count_generation(connection: duckdb.DuckDBPyConnection, *, rows_changed: bool = True) -> None:
    """The warehouse is another than before: readers and restores tell states by a number, which
    counts them, and by a random mark, which no two states share.

    Where only the ledger has new rows, `rows_changed` is False and publishing may wait.
    """
    connection.execute(
        f"UPDATE {CATALOG}.{STATE}.meta SET value = CASE name WHEN 'generation' "
        "THEN (TRY_CAST(value AS BIGINT) + 1)::VARCHAR ELSE ? END "
        "WHERE name IN ('generation', 'mark')",
        [new_mark()],
    )
    if rows_changed:
        connection.execute(f"DELETE FROM {CATALOG}.{STATE}.meta WHERE name = 'rows_changed'")
        connection.execute(
            f"INSERT INTO {CATALOG}.{STATE}.meta SELECT 'rows_changed', value "
            f"FROM {CATALOG}.{STATE}.meta WHERE name = 'generation'"
        )
