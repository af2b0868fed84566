"""The engine of a run: one in-memory DuckDB that types rows and merges them into the warehouse."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb

from warehouse.schema.types import literal
from warehouse.store.scratch import scratch_folder

MEMORY_LIMIT = "160MiB"
"""DuckDB's share; Python, httpx and the batches under way come on top."""
MOST_THREADS = 4


@contextlib.contextmanager
def open_engine(
    home: Path,
    *,
    memory_limit: str = MEMORY_LIMIT,
    threads: int = 1,
    keep_order: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills below `home`/scratch beyond its memory limit; UTC
    everywhere, and rows in any order unless `keep_order`.

    While pages arrive, one thread keeps up with them; `all_threads` is for the work at the end.
    """
    with scratch_folder(home, "spill-") as folder, duckdb.connect(":memory:") as connection:
        for setting in (
            "SET GLOBAL TimeZone = 'UTC'",
            f"SET preserve_insertion_order = {str(keep_order).lower()}",
            "SET python_enable_replacements = false",
            f"SET memory_limit = {literal(memory_limit)}",
            f"SET temp_directory = {literal(str(folder))}",
            # What is free goes back to the system soon: a tenth less memory for a million rows.
            "SET allocator_flush_threshold = '16MB'",
            "SET allocator_bulk_deallocation_flush_threshold = '32MB'",
            f"SET threads = {threads}",
        ):
            connection.execute(setting)
        yield connection


def available_threads() -> int:
    """How many threads DuckDB may use here: one for each processor, four at most."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(MOST_THREADS, usable or 1))


@contextlib.contextmanager
def all_threads(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB work with all processors meanwhile."""
    connection.execute(f"SET threads = {available_threads()}")
    try:
        yield
    finally:
        connection.execute("SET threads = 1")


@contextlib.contextmanager
def without_pandas() -> Iterator[None]:
    """Keep DuckDB from importing pandas, for programs that do nothing else meanwhile.

    It looks there for missing values each time that a value is bound, and the import takes a
    quarter of a small sync (docs/decisions.md). Where pandas is loaded already, nothing changes.
    """
    modules = cast(dict[str, Any], sys.modules)
    if "pandas" in modules:
        yield
        return
    modules["pandas"] = None
    try:
        yield
    finally:
        del modules["pandas"]
