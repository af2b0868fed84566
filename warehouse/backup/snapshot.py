"""One consistent state of the warehouse, held for as long as reading takes.

The published file is replaced as a whole, never changed in place: a second name for it keeps
this state while syncs publish newer ones. Where a person has it open for writing, nobody else
can read it, and a copy of the writer's file (taken between two loads) is read instead.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.core.errors import AccountBusy, WarehouseProblem
from warehouse.progress import OnStep, Step, no_progress
from warehouse.schema.types import literal
from warehouse.store.disk import copy_file
from warehouse.store.durable import link
from warehouse.store.identity import FORMAT, Identity, identity_of
from warehouse.store.locks import FileLock, HeldElsewhere
from warehouse.store.scratch import scratch_folder
from warehouse.store.warehouse import Warehouse

SOURCE = "source"
"""The name under which the state is attached."""
MEMORY = "400MiB"
WRITER_WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class Snapshot:
    """A file to read from that nobody changes."""

    file: Path
    name: str
    """The name of the file that people open."""
    standing: Identity
    identity: str
    """Equal for two snapshots of a file that nobody has touched in between; empty if unknown."""
    scratch: Path
    """A folder beside the warehouse for plain data on its way."""

    @contextlib.contextmanager
    def reading(self, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """An in-memory DuckDB with the state attached read-only as `source`."""
        with engine(self.scratch, threads) as connection:
            connection.execute(f"ATTACH {literal(str(self.file))} AS {SOURCE} (READ_ONLY)")
            yield connection


@contextlib.contextmanager
def engine(scratch: Path, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills below `scratch` beyond its memory limit."""
    folder = tempfile.mkdtemp(prefix="spill-", dir=scratch)
    connection = duckdb.connect(":memory:")
    try:
        for setting in (
            "SET TimeZone = 'UTC'",
            "SET python_enable_replacements = false",
            f"SET memory_limit = '{MEMORY}'",
            f"SET temp_directory = {literal(folder)}",
            f"SET threads = {threads or max(1, min(4, os.cpu_count() or 1))}",
        ):
            connection.execute(setting)
        yield connection
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def snapshot(warehouse: Path, on_step: OnStep = no_progress) -> Iterator[Snapshot]:
    """Hold the newest published state. Raises WarehouseProblem where there is none to be had."""
    place = Warehouse(warehouse)
    if not place.path.is_file():
        raise WarehouseProblem(
            f"there is no {place.path.name} yet", guidance="run `kollect sync` first"
        )
    with scratch_folder(place.home, "backup-") as scratch:
        held = scratch / place.path.name
        if not link(place.path, held):
            held = place.path
        seen = held.stat()
        identity = f"{seen.st_ino} {seen.st_size} {seen.st_mtime_ns}"
        standing = _standing(held, place.path.name)
        if standing is None:
            on_step(Step("message", f"{place.path.name} is open for writing in another program: "
                                 "the writer's file is backed up instead"))  # fmt: skip
            held, identity = _copy_of_writer(place, scratch, on_step), ""
            standing = _standing(held, place.path.name)
        if standing is None:
            raise WarehouseProblem(
                f"{place.path.name} is open for writing in another program",
                guidance="close it there, or open it there read-only",
            )
        yield Snapshot(held, place.path.name, standing, identity, scratch)


def _standing(file: Path, name: str) -> Identity | None:
    """What the file says of itself; None where another program keeps it."""
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            found = identity_of(connection, None)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            return None
        raise _no_warehouse(name, str(error)) from error
    except duckdb.Error as error:
        raise _no_warehouse(name, str(error)) from error
    if found is None:
        raise _no_warehouse(name, "it has no _kollect.meta")
    if found.format > FORMAT:
        raise WarehouseProblem(
            f"{name} was written by a newer kollect (format {found.format}, this one knows "
            f"{FORMAT})",
            guidance="upgrade kollect; nothing was changed",
        )
    return found


def _no_warehouse(name: str, why: str) -> WarehouseProblem:
    return WarehouseProblem(
        f"{name} is no warehouse of kollect ({' '.join(why.split())[:160]})",
        guidance="name another file in kollect.toml, [warehouse] path; nothing was changed",
    )


def _copy_of_writer(place: Warehouse, scratch: Path, on_step: OnStep) -> Path:
    """A copy of the writer's file with nothing left in its log."""
    if not place.writer.is_file():
        raise WarehouseProblem(
            f"{place.path.name} is open for writing in another program",
            guidance="close it there, or open it there read-only",
        )
    lock = FileLock(
        place.home / "locks" / f"{place.path.name}.lock",
        timeout_seconds=WRITER_WAIT_SECONDS,
        on_wait=lambda holder: on_step(Step("waiting", f"waiting for {holder}")),
    )
    copy = scratch / f"writer-{place.path.name}"
    try:
        with lock:
            for ending in ("", ".wal"):
                part = place.writer.with_name(place.writer.name + ending)
                if part.is_file():
                    copy_file(part, copy.with_name(copy.name + ending))
    except HeldElsewhere as held:
        raise AccountBusy(f"{place.path.name} is being written by {held.holder}") from None
    with duckdb.connect(str(copy)) as connection:
        connection.execute("CHECKPOINT")
    return copy
