"""Between two loads the writer's file stays attached for a moment, and nothing is lost by it."""

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
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse
from warehouse.store.write import KeptAttached

SHORT = 0.05
LONG = 60.0


class Attachment:
    """Counts how often it was attached, and may fail to detach."""

    def __init__(self) -> None:
        self.times = 0
        self.detached = threading.Event()
        self.stuck = False

    @contextlib.contextmanager
    def attach(self) -> Iterator[None]:
        self.times += 1
        self.detached.clear()
        try:
            yield
        finally:
            self.detached.set()
            if self.stuck:
                raise OSError(28, "No space left on device")


def test_several_uses_in_a_row_attach_once_and_the_end_detaches() -> None:
    attachment = Attachment()
    kept = KeptAttached(attachment.attach, LONG)
    for _ in range(3):
        with kept.used():
            assert not attachment.detached.is_set()
    assert (attachment.times, attachment.detached.is_set()) == (1, False)
    kept.end()
    assert attachment.detached.is_set()


def test_it_is_detached_when_it_was_not_used_for_the_given_time() -> None:
    attachment = Attachment()
    kept = KeptAttached(attachment.attach, SHORT)
    with kept.used():
        pass
    assert attachment.detached.wait(5)
    with kept.used():
        assert attachment.times == 2
    kept.end()


def test_an_error_inside_of_a_use_detaches_at_once() -> None:
    attachment = Attachment()
    kept = KeptAttached(attachment.attach, LONG)
    with pytest.raises(RuntimeError, match="broke"), kept.used():
        raise RuntimeError("broke")
    assert attachment.detached.is_set()


def test_an_error_of_detaching_in_the_background_is_raised_once_at_the_next_use() -> None:
    attachment = Attachment()
    kept = KeptAttached(attachment.attach, SHORT)
    attachment.stuck = True
    with kept.used():
        pass
    assert attachment.detached.wait(5)
    attachment.stuck = False
    with pytest.raises(OSError, match="No space"):
        kept.end()
    kept.end()


def test_threads_use_it_one_after_the_other() -> None:
    attachment = Attachment()
    kept = KeptAttached(attachment.attach, SHORT)
    inside: list[int] = []

    def use() -> None:
        for _ in range(40):
            with kept.used():
                inside.append(1)
                assert len(inside) == 1
                inside.pop()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.end()
    assert attachment.detached.is_set()


OTHER = """
import sys, time
from pathlib import Path
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]))
with open_engine(warehouse.home) as engine:
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    with warehouse.writing(engine):
        print(time.monotonic() - began, flush=True)
"""


def test_another_process_gets_the_file_while_this_run_reads_on(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "kollect.duckdb")
    with open_engine(warehouse.home) as engine, warehouse.keeping(engine):
        with subprocess.Popen(
            [sys.executable, "-c", OTHER, str(warehouse.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            assert other.stdin is not None
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            with warehouse.writing(engine.cursor()):
                other.stdin.write("go\n")
                other.stdin.flush()
                time.sleep(0.2)
            waited = float(other.stdout.readline())
        assert 0.1 < waited < 5


def test_everything_committed_is_in_the_file_when_the_run_has_ended(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "kollect.duckdb")
    with open_engine(warehouse.home) as engine, warehouse.keeping(engine):
        for number in range(3):
            with warehouse.writing(engine.cursor()):
                engine.execute(f"CREATE TABLE kept.t{number} AS SELECT {number} AS n")
    with duckdb.connect(str(warehouse.writer), read_only=True) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("t0",), ("t1",), ("t2",)]


def test_a_file_that_is_no_warehouse_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "kollect.duckdb"
    path.write_bytes(b"not a database" * 1000)
    warehouse = Warehouse(path)
    with (
        open_engine(warehouse.home) as engine,
        warehouse.keeping(engine),
        pytest.raises(WarehouseProblem, match="no warehouse of kollect"),
        warehouse.writing(engine.cursor()),
    ):
        raise AssertionError("must not be reached")
    assert path.read_bytes().startswith(b"not a database")
