"""Every connection and every cursor reads and writes in UTC, whatever the machine's time zone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.kit.account import Bench

CODE = """
import sys, duckdb, sqlalchemy
from pathlib import Path
from warehouse import engine
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse

ASKED = "SELECT (TIMESTAMP '2026-01-01 02:30')::TIMESTAMPTZ::VARCHAR"
file = Path(sys.argv[1])
assert "-05" in duckdb.connect().execute(ASKED).fetchone()[0]  # the machine's zone counts
with open_engine(file.parent / "home") as opened:
    print(opened.cursor().cursor().execute(ASKED).fetchone()[0])
with Warehouse(file).reading() as reading:
    print(reading.cursor().execute(ASKED).fetchone()[0])
with engine(path=file).connect() as connection:
    print(connection.execute(sqlalchemy.text(ASKED)).scalar_one())
"""


def test_every_cursor_is_in_utc(synced: Callable[..., Bench]) -> None:
    """A cursor does not inherit what `SET TimeZone` says, only `SET GLOBAL`."""
    bench = synced("kippt", size=5)
    environ = {**os.environ, "TZ": "America/New_York"}
    words = [sys.executable, "-c", CODE, str(bench.warehouse)]
    done = subprocess.run(
        words,
        env=environ,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["2026-01-01 02:30:00+00"] * 3, done.stderr
