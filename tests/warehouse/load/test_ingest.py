"""Lines on their way into incoming tables: none is lost, and none waits for too long."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from connectors import connector
from connectors.core.schema import Table
from warehouse.load.ingest import FEW_WAIT_SECONDS, MANY_BYTES, MANY_WAIT_SECONDS, Ingest
from warehouse.store.open import open_engine

TAGS = connector("kinescope").tables["tags"]
FOLDERS = connector("kinescope").tables["folders"]
A_MOMENT = 0.1


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Ingest of two tables, with a clock that stands still."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self.clock = Clock()
        self.connection = connection
        self.scratch = scratch
        self.batches = Ingest(connection, scratch, self.clock)
        for table in (TAGS, FOLDERS):
            self.batches.expect(table, table.columns)

    def write(self, table: Table, count: int, padding: int = 0) -> None:
        lines = [{"p": {}, "r": {"id": f"{n}", "tag": "x" * padding}, "s": n} for n in range(count)]
        self.batches.write(table, lines)

    def waited(self, seconds: float) -> None:
        """So much later, more lines of some table come."""
        self.clock.now += seconds
        self.batches.flush_old()

    def waiting(self) -> int:
        """How many tables have lines in a file: it goes once they are typed."""
        return len(list(self.scratch.glob("batch-*.ndjson")))

    def until_waiting(self, tables: int) -> None:
        """The background thread types as soon as it may."""
        deadline = time.monotonic() + 30
        while self.waiting() != tables:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def rows(self, table: Table) -> int:
        place = self.batches.qualified_name(table)
        return self.connection.execute(f"SELECT count(*) FROM {place}").fetchall()[0][0]


def test_many_lines_wait_a_second_and_few_with_them_five(tmp_path: Path) -> None:
    """Once there is a scratch database, what came is typed while the service is slow."""
    with open_engine(tmp_path) as engine:
        bench = Bench(engine.cursor(), tmp_path)
        bench.write(TAGS, 40, padding=MANY_BYTES // 32)
        bench.write(FOLDERS, 3)
        bench.waited(MANY_WAIT_SECONDS - A_MOMENT)
        assert bench.waiting() == 2
        bench.waited(2 * A_MOMENT)
        bench.until_waiting(1)
        bench.waited(FEW_WAIT_SECONDS)
        bench.until_waiting(0)
        bench.write(FOLDERS, 4)
        bench.batches.finish()
        assert (bench.rows(TAGS), bench.rows(FOLDERS)) == (40, 7)
        bench.batches.close()


def test_few_lines_alone_make_no_scratch_database(tmp_path: Path) -> None:
    """A small family stays in memory, however slowly it comes."""
    with open_engine(tmp_path) as engine:
        bench = Bench(engine.cursor(), tmp_path)
        bench.write(TAGS, 3)
        bench.waited(10 * FEW_WAIT_SECONDS)
        bench.write(TAGS, 2)
        bench.batches.finish()
        assert not bench.batches.on_disk
        assert bench.rows(TAGS) == 5
        bench.batches.close()
