"""Refusals of the disk, wherever they arise, as errors that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from connectors.core.errors import KollectError
from warehouse.store.disk import storage_problem

DUCKDB_INTERRUPTED = "Query interrupted"
"""What DuckDB raises, as a RuntimeError, where Ctrl-C meets a query."""


@contextlib.contextmanager
def explained(place: Path) -> Iterator[None]:
    """Raise WarehouseProblem where the disk that holds `place` refuses something in the block."""
    try:
        yield
    except KollectError:
        raise
    except Exception as error:
        if str(error) == DUCKDB_INTERRUPTED:
            raise KeyboardInterrupt from None
        # DuckDB's errors come from its threads too, where it spills and reads scratch files.
        if (problem := storage_problem(error, place)) is None:
            raise
        raise problem from error
