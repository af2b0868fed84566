"""The warehouse on disk: the file people open, the writer's file, and the way between them.

DuckDB lets one process write a file and nobody else open it meanwhile. So loads go into a
writer's file below `.kollect/`, and after each load a copy of it is renamed into the place of
`kollect.duckdb`: readers never block a load, a reader's old view stays good, and nobody ever sees
half a load. The published file alone is enough to go on when `.kollect/` is lost.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors.core.errors import AccountBusy, WarehouseProblem
from warehouse.schema.types import literal, quoted
from warehouse.store.disk import copy_file, storage_problem
from warehouse.store.lease import Lease
from warehouse.store.locks import FileLock, HeldElsewhere
from warehouse.store.state_folder import claim_state_folder

CATALOG = "kept"
"""The name under which the writer's file is attached."""
ROW_GROUP_ROWS = 20_480
"""A load holds so many rows of a table in memory, for each thread, until they go to the disk."""
STATE = "_kollect"
"""The schema of the ledger."""
FORMAT = 1
"""Grows when an older kollect could no longer work on the file."""
LEDGER = 3
"""Grows when `_kollect` gets another table or view: the next load completes older files."""
RESERVED = ("kinopio", "kinescope", "kinesis", "kippt", "kitemaker", "_kollect", CATALOG)
WRITER_WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class Standing:
    """What a warehouse file says of itself."""

    warehouse: str
    generation: int
    format: int


class Warehouse:
    """One warehouse: `path` is what people open, `home` is kollect's own folder beside it."""

    def __init__(self, path: Path, *, on_wait: Callable[[str], None] | None = None) -> None:
        """Raises WarehouseProblem where the name would clash with one of our schemas."""
        self.path = path.absolute()
        if self.path.stem in RESERVED:
            raise WarehouseProblem(
                f"a warehouse file cannot be named {self.path.name}: DuckDB would confuse the "
                f"catalog `{self.path.stem}` with the schema of that name",
                guidance="name it otherwise in kollect.toml, [warehouse] path",
            )
        self._on_wait = on_wait
        self._lease: Lease | None = None

    @functools.cached_property
    def home(self) -> Path:
        """kollect's own folder beside the file; asking for it makes it this file's own."""
        return claim_state_folder(self.path)

    @property
    def writer(self) -> Path:
        """The file that loads go into."""
        return self.home / "writer" / self.path.name

    @property
    def _stamp(self) -> Path:
        return self.home / "writer" / f"{self.path.name}.published.json"

    @property
    def _lock_file(self) -> Path:
        return self.home / "locks" / f"{self.path.name}.lock"

    @property
    def bytes(self) -> int:
        """The size of the writer's file; 0 before the first load."""
        return self.writer.stat().st_size if self.writer.exists() else 0

    # -- writing ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(
        self, connection: duckdb.DuckDBPyConnection, *, stay: bool = False
    ) -> Iterator[None]:
        """The writer's file attached as `kept`, for this process alone, up to date.

        With `stay`, within `keeping`, it is let go a moment later. Raises WarehouseProblem (not a
        warehouse, a newer kollect's, not writable, disk full) and AccountBusy when another
        process keeps it for more than ten minutes.
        """
        with self._explained():
            if self._lease is None:
                with self._attached(connection):
                    yield
                return
            with self._lease.used(stay=stay):
                try:
                    yield
                finally:
                    with contextlib.suppress(duckdb.Error):
                        connection.execute("USE memory")

    @contextlib.contextmanager
    def keeping(self, engine: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Within the block, all that is written is written through cursors of `engine`, and a
        load that follows another at once finds the file still attached."""
        lease = Lease(lambda: self._attached(engine.cursor()))
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None
            with self._explained():
                lease.end()

    @contextlib.contextmanager
    def _attached(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        self._folders()
        with FileLock(self._lock_file, timeout_seconds=WRITER_WAIT_SECONDS, on_wait=self._on_wait):
            self._bring_up_to_date()
            self._attach(connection)
            try:
                yield
            finally:
                with contextlib.suppress(duckdb.Error):
                    connection.execute("USE memory")
                connection.execute(f"DETACH {CATALOG}")

    @contextlib.contextmanager
    def _explained(self, place: Path | None = None) -> Iterator[None]:
        """What the disk or another process refuses, as an error that says what to do."""
        try:
            yield
        except HeldElsewhere as held:
            raise AccountBusy(
                f"{self.path.name} is being written by {held.holder}",
                guidance="wait for it, or end that process",
            ) from None
        except (OSError, duckdb.Error) as error:
            if (problem := storage_problem(error, place or self.home)) is None:
                raise
            raise problem from error

    def _folders(self) -> None:
        for folder in (self.writer.parent, self._lock_file.parent):
            folder.mkdir(parents=True, exist_ok=True)

    def _attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        place = literal(str(self.writer))
        try:
            connection.execute(
                f"ATTACH {place} AS {CATALOG} "
                f"(STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
            )
        except duckdb.Error as error:
            raise _not_a_warehouse(self.writer, error) from error
        self._check(standing_of(connection, CATALOG), self.writer)

    def _check(self, standing: Standing | None, file: Path) -> None:
        if standing is not None and standing.format > FORMAT:
            raise WarehouseProblem(
                f"{file.name} was written by a newer kollect (format {standing.format}, this one "
                f"knows {FORMAT})",
                guidance="upgrade kollect; the file was not touched",
            )

    def _bring_up_to_date(self) -> None:
        """Make the writer's file the newest state: its own, or a file put into its place."""
        if not self.path.exists():
            return
        if self.writer.exists() and self._published_is_ours():
            return
        standing = self._standing_of_published()
        if standing is None:
            raise WarehouseProblem(
                f"{self.path.name} exists and is no warehouse of kollect",
                guidance="move it away, or name another file in kollect.toml, [warehouse] path",
            )
        self._check(standing, self.path)
        stamp = self._stamped()
        same = (standing.warehouse, standing.generation) == (
            stamp.get("warehouse"),
            stamp.get("generation"),
        )
        if self.writer.exists() and same:
            return
        # The log of a killed load belongs to the file that it wrote to.
        _log_of(self.writer).unlink(missing_ok=True)
        copy_file(self.path, self.writer)
        self._remember(standing)

    def _published_is_ours(self) -> bool:
        stamp, seen = self._stamped(), self.path.stat()
        return [stamp.get(k) for k in ("inode", "size", "mtime_ns")] == [
            seen.st_ino,
            seen.st_size,
            seen.st_mtime_ns,
        ]

    def _standing_of_published(self) -> Standing | None:
        try:
            connection = duckdb.connect(str(self.path), read_only=True)
        except duckdb.IOException as error:
            if "lock" in str(error) and self._stamped().get("inode") == self.path.stat().st_ino:
                # Someone has our own file open for writing: it is still the one we published.
                stamp = self._stamped()
                return Standing(stamp["warehouse"], stamp["generation"], FORMAT)
            raise _not_a_warehouse(self.path, error) from error
        except duckdb.Error as error:
            raise _not_a_warehouse(self.path, error) from error
        with connection:
            return standing_of(connection, None)

    # -- publishing ------------------------------------------------------------------------

    def publish(self) -> None:
        """Put a copy of the writer's file where people open it, all at once.

        Within `keeping`, what is kept is let go before. Raises WarehouseProblem (disk full,
        folder not writable); the old file then stays, and the next publish brings both up to
        date.
        """
        if self._lease is not None:
            with self._explained():
                self._lease.end()
        lock = FileLock(self._lock_file, timeout_seconds=WRITER_WAIT_SECONDS, on_wait=self._on_wait)
        with self._explained(self.path.parent), lock:
            with duckdb.connect(str(self.writer)) as connection:
                connection.execute("CHECKPOINT")
                standing = standing_of(connection, None)
            if standing is None:
                return
            copy_file(self.writer, self.path)
            # A log left by a reader who opened the old file for writing belongs to that file.
            _log_of(self.path).unlink(missing_ok=True)
            self._remember(standing)

    def _remember(self, standing: Standing) -> None:
        seen = self.path.stat()
        text = json.dumps(
            {
                "warehouse": standing.warehouse,
                "generation": standing.generation,
                "inode": seen.st_ino,
                "size": seen.st_size,
                "mtime_ns": seen.st_mtime_ns,
            }
        )
        beside = self._stamp.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, self._stamp)

    def _stamped(self) -> dict[str, Any]:
        try:
            value = json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    # -- reading ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published file, read-only. Raises WarehouseProblem where there is none yet."""
        if not self.path.exists():
            raise WarehouseProblem(
                f"there is no {self.path.name} yet", guidance="run `kollect sync` first"
            )
        try:
            connection = duckdb.connect(str(self.path), read_only=True)
        except duckdb.Error as error:
            raise _not_a_warehouse(self.path, error) from error
        with connection:
            connection.execute("SET TimeZone = 'UTC'")
            standing = standing_of(connection, None)
            if standing is None:
                raise _not_a_warehouse(self.path, None)
            self._check(standing, self.path)
            yield connection


def standing_of(connection: duckdb.DuckDBPyConnection, catalog: str | None) -> Standing | None:
    """What the file says of itself; None where it has no `_kollect.meta`."""
    place = f"{quoted(catalog)}." if catalog else ""
    try:
        rows = connection.execute(f"SELECT name, value FROM {place}_kollect.meta").fetchall()
    except duckdb.CatalogException:
        return None
    meta = dict(rows)
    try:
        return Standing(meta["warehouse"], int(meta["generation"]), int(meta["format"]))
    except (KeyError, ValueError):
        return None


def new_warehouse_id() -> str:
    """An identity for a new warehouse file."""
    return uuid.uuid4().hex


def _log_of(file: Path) -> Path:
    """Where DuckDB keeps what was committed and is not yet in the file itself."""
    return file.with_name(file.name + ".wal")


def _not_a_warehouse(file: Path, error: Exception | None) -> WarehouseProblem:
    text = str(error or "").splitlines()[0] if error else "it has no _kollect.meta"
    if "lock" in text.lower():
        return WarehouseProblem(
            f"{file.name} is open for writing in another program",
            guidance="close it there, or open it there read-only",
        )
    return WarehouseProblem(
        f"{file.name} is no warehouse of kollect ({text[:160]})",
        guidance="move it away, or name another file in kollect.toml, [warehouse] path",
    )
