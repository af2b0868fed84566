"""The writer's file follows the file that people put into place, whatever a kill left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.kit.account import Bench

KILLED = """
import os, sys
from pathlib import Path
from warehouse.store.warehouse import Warehouse
from warehouse.store.open import open_engine
from warehouse.store.transactions import count_generation, transaction
warehouse = Warehouse(Path(sys.argv[1]))
with open_engine(warehouse.home) as engine, warehouse.writing(engine):
    with transaction(engine):
        engine.execute("CREATE TABLE kept.main.of_the_killed AS SELECT 1 AS n")
        count_generation(engine)
    os._exit(9)
"""


@pytest.mark.parametrize("whole", [True, False])
def test_another_warehouse_put_into_place_is_gone_on_with_after_a_kill(
    made: Callable[..., Bench], whole: bool
) -> None:
    """A load was committed and then killed; a restored file takes the place of what it wrote to,
    also where only the log of the writer's file was left."""
    other = made("kippt", size=9)
    bench = made("kippt", size=5, moved_from=other.stand_in.url)
    bench.sync()
    other.sync()
    path = bench.settings.warehouse
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    writer = path.parent / ".kollect" / "writer" / path.name
    assert writer.with_name(writer.name + ".wal").exists()
    if not whole:
        writer.unlink()
    shutil.copy(other.settings.warehouse, path)
    assert bench.sync(full=True).status == "complete"
    bench.assert_true()
    killed = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'of_the_killed'"
    assert bench.query(killed) == [(0,)]
