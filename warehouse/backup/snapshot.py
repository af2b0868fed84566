"""One consistent state of the warehouse, held for as long as reading takes.

The published file is replaced as a whole, never changed in place: a second name for it keeps
this state while syncs publish newer ones. Where a person has it open for writing, nobody else
can read it, and a copy of the writer's file (taken between two loads) is read instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.core.errors import WarehouseProblem
from warehouse.progress import OnStep, Step, no_progress, report_waiting
from warehouse.schema.types import literal
from warehouse.store.disk import copy_file
from warehouse.store.durable import link
from warehouse.store.identity import Identity, identity_of, not_a_warehouse, refuse_newer_format
from warehouse.store.open import available_threads, open_engine
from warehouse.store.publish import log_of
from warehouse.store.scratch import scratch_folder
from warehouse.store.warehouse import Warehouse

SOURCE = "source"
"""The name under which the state is attached."""
MEMORY = "400MiB"


@dataclass(frozen=True)
class Snapshot:
    """A file to read from that nobody changes."""

    file: Path
    name: str
    """The name of the file that people open."""
    identity: Identity
    file_mark: str
    """Equal for two snapshots of a file that nobody has touched in between; empty if unknown."""
    scratch: Path
    """A folder beside the warehouse for plain data on its way."""

    @contextlib.contextmanager
    def reading(self, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """An in-memory DuckDB with the state attached read-only as `source`."""
        with engine(self.scratch, threads) as connection:
            connection.execute(f"ATTACH {literal(str(self.file))} AS {SOURCE} (READ_ONLY)")
            yield connection


def engine(
    home: Path, threads: int | None = None
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """The engine that backups are written and read with: it keeps the order of rows."""
    return open_engine(
        home, memory_limit=MEMORY, threads=threads or available_threads(), keep_order=True
    )


@contextlib.contextmanager
def snapshot(warehouse: Path, on_step: OnStep = no_progress) -> Iterator[Snapshot]:
    """Hold the newest published state. Raises WarehouseProblem where there is none to be had."""
    found = Warehouse(warehouse, on_wait=report_waiting(on_step))
    name = found.path.name
    if not found.is_there():
        raise WarehouseProblem(f"there is no {name} yet", guidance="run `kollect sync` first")
    with scratch_folder(found.home, "backup-") as scratch:
        held = scratch / name
        published = found.path.resolve()
        seen = published.stat()
        mark = f"{seen.st_ino} {seen.st_size} {seen.st_mtime_ns}"
        if not link(published, held):
            copy_file(published, held)
        identity = _identity(held, found.path)
        if identity is None:
            on_step(Step("message", f"{name} is open for writing in another program: "
                                    "the writer's file is backed up instead"))  # fmt: skip
            held, mark = _copy_of_writer(found, scratch), ""
            identity = _identity(held, found.path)
        if identity is None:
            raise _open_elsewhere(name)
        yield Snapshot(held, name, identity, mark, scratch)


def _identity(file: Path, published: Path) -> Identity | None:
    """The identity of the warehouse file; None where another program has it open for writing."""
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            found = identity_of(connection, None)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            return None
        raise not_a_warehouse(published, error) from error
    except duckdb.Error as error:
        raise not_a_warehouse(published, error) from error
    if found is None:
        raise not_a_warehouse(published)
    refuse_newer_format(found, published)
    return found


def _open_elsewhere(name: str) -> WarehouseProblem:
    return WarehouseProblem(
        f"{name} is open for writing in another program",
        guidance="close it there, or open it there read-only",
    )


def _copy_of_writer(warehouse: Warehouse, scratch: Path) -> Path:
    """A copy of the writer's file with nothing left in its log."""
    if not warehouse.writer.is_file():
        raise _open_elsewhere(warehouse.path.name)
    copy = scratch / f"writer-{warehouse.path.name}"
    with warehouse.locked():
        for part, target in (
            (warehouse.writer, copy),
            (log_of(warehouse.writer), log_of(copy)),
        ):
            if part.is_file():
                copy_file(part, target)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("CHECKPOINT")
    return copy
