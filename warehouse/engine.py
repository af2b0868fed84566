"""The engine of a run: one in-memory DuckDB that types rows and merges them into the warehouse."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from warehouse.incoming import MEMORY_LIMIT
from warehouse.types import literal


@contextlib.contextmanager
def open_engine(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills below `home` beyond its memory limit; UTC everywhere."""
    spill = home / "scratch"
    spill.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="spill-", dir=spill))
    connection = duckdb.connect(":memory:")
    try:
        for setting in (
            "SET TimeZone = 'UTC'",
            "SET preserve_insertion_order = false",
            "SET python_enable_replacements = false",
            f"SET memory_limit = '{MEMORY_LIMIT}'",
            f"SET temp_directory = {literal(str(folder))}",
            f"SET threads = {max(1, min(4, os.cpu_count() or 1))}",
        ):
            connection.execute(setting)
        yield connection
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)
