"""The writer's file between two loads: kept for a moment, let go for others, nothing lost."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.core.errors import WarehouseProblem
from warehouse.store.connect import Warehouse
from warehouse.store.engine import open_engine
from warehouse.store.lease import Lease

MOMENT = 0.05
LONG = 60.0


class Door:
    """Something to hold open, which counts how often it was opened and shut."""

    def __init__(self) -> None:
        self.opened = 0
        self.shut = threading.Event()
        self.stuck = False

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        self.opened += 1
        self.shut.clear()
        try:
            yield
        finally:
            self.shut.set()
            if self.stuck:
                raise OSError(28, "No space left on device")


def test_a_load_that_follows_at_once_finds_it_open() -> None:
    door = Door()
    lease = Lease(door.open, LONG)
    for _ in range(3):
        with lease.used(stay=True):
            assert not door.shut.is_set()
    with lease.used(stay=False):
        pass
    assert (door.opened, door.shut.is_set()) == (1, False)
    lease.end()
    assert door.shut.is_set()


def test_it_is_let_go_when_the_moment_has_passed() -> None:
    door = Door()
    lease = Lease(door.open, MOMENT)
    with lease.used(stay=True):
        pass
    assert door.shut.wait(5)
    with lease.used(stay=True):
        assert door.opened == 2
    lease.end()


def test_a_question_alone_keeps_nothing() -> None:
    door = Door()
    lease = Lease(door.open, LONG)
    with lease.used(stay=False):
        pass
    assert door.shut.is_set()


def test_what_breaks_off_lets_go_at_once() -> None:
    door = Door()
    lease = Lease(door.open, LONG)
    with lease.used(stay=True):
        pass
    with pytest.raises(RuntimeError, match="broke"), lease.used(stay=True):
        raise RuntimeError("broke")
    assert door.shut.is_set()


def test_what_went_wrong_behind_our_back_is_told_to_the_next() -> None:
    door = Door()
    lease = Lease(door.open, MOMENT)
    door.stuck = True
    with lease.used(stay=True):
        pass
    assert door.shut.wait(5)
    door.stuck = False
    with pytest.raises(OSError, match="No space"):
        lease.end()
    lease.end()  # told once


def test_threads_take_turns() -> None:
    door = Door()
    lease = Lease(door.open, MOMENT)
    inside: list[int] = []

    def use() -> None:
        for _ in range(40):
            with lease.used(stay=True):
                inside.append(1)
                assert len(inside) == 1
                inside.pop()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lease.end()
    assert door.shut.is_set()


OTHER = """
import sys, time
from pathlib import Path
from warehouse.store.connect import Warehouse
from warehouse.store.engine import open_engine
warehouse = Warehouse(Path(sys.argv[1]))
with open_engine(warehouse.home) as engine:
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    with warehouse.writing(engine):
        print(time.monotonic() - began, flush=True)
"""


def test_another_process_waits_for_a_moment_only(tmp_path: Path) -> None:
    """While this run reads on, whoever else has something to load gets the file."""
    warehouse = Warehouse(tmp_path / "kollect.duckdb")
    with open_engine(warehouse.home) as engine, warehouse.keeping(engine):
        with subprocess.Popen(
            [sys.executable, "-c", OTHER, str(warehouse.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            assert other.stdin is not None
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            with warehouse.writing(engine.cursor(), stay=True):
                other.stdin.write("go\n")
                other.stdin.flush()
                time.sleep(0.2)
            waited = float(other.stdout.readline())
        assert 0.1 < waited < 5


def test_what_was_committed_is_there_when_the_run_has_ended(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "kollect.duckdb")
    with open_engine(warehouse.home) as engine, warehouse.keeping(engine):
        for number in range(3):
            with warehouse.writing(engine.cursor(), stay=True):
                engine.execute(f"CREATE TABLE kept.t{number} AS SELECT {number} AS n")
    with duckdb.connect(str(warehouse.writer), read_only=True) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("t0",), ("t1",), ("t2",)]
    assert not warehouse.writer.with_name("kollect.duckdb.wal").exists()


def test_a_file_of_something_else_is_refused_as_without_a_lease(tmp_path: Path) -> None:
    path = tmp_path / "kollect.duckdb"
    path.write_bytes(b"not a database" * 1000)
    warehouse = Warehouse(path)
    with (
        open_engine(warehouse.home) as engine,
        warehouse.keeping(engine),
        pytest.raises(WarehouseProblem, match="no warehouse of kollect"),
        warehouse.writing(engine.cursor(), stay=True),
    ):
        raise AssertionError("must not be reached")
    assert path.read_bytes().startswith(b"not a database")
