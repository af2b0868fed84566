"""The engine of a run: one in-memory DuckDB that types rows and merges them into the warehouse."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb

from warehouse.schema.types import literal
from warehouse.store.scratch import Scratch

MEMORY_LIMIT = "160MiB"
"""DuckDB's share; Python, httpx and the batches under way come on top."""


@contextlib.contextmanager
def open_engine(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills below `home` beyond its memory limit; UTC everywhere."""
    folder = Scratch(home, "spill-")
    connection = duckdb.connect(":memory:")
    try:
        for setting in (
            "SET TimeZone = 'UTC'",
            "SET preserve_insertion_order = false",
            "SET python_enable_replacements = false",
            f"SET memory_limit = '{MEMORY_LIMIT}'",
            f"SET temp_directory = {literal(str(folder.path))}",
            # What is free goes back to the system soon: a tenth less memory for a million rows.
            "SET allocator_flush_threshold = '16MB'",
            "SET allocator_bulk_deallocation_flush_threshold = '32MB'",
            # While pages arrive, one thread keeps up with them.
            "SET threads = 1",
        ):
            connection.execute(setting)
        yield connection
    finally:
        connection.close()
        folder.remove()


@contextlib.contextmanager
def all_threads(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB work with all processors meanwhile."""
    connection.execute(f"SET threads = {max(1, min(4, os.cpu_count() or 1))}")
    try:
        yield
    finally:
        connection.execute("SET threads = 1")


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python look for reference cycles less often, for programs that do nothing else.

    Answers are made of many small objects without cycles; to look through them again and again
    takes as long as to read them.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextlib.contextmanager
def without_pandas() -> Iterator[None]:
    """Keep DuckDB from importing pandas, for programs that do nothing else meanwhile.

    It looks there for missing values each time that a value is bound, and the import alone
    takes longer than a small sync. Where pandas is loaded already, nothing changes.
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
