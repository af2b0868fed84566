"""Incoming rows: written to scratch files as JSON lines, and typed by DuckDB while pages arrive.

Each table has a scratch file of its own. When a file is full or old, a background thread types it
into the table's incoming table and removes it. Incoming tables are in memory as long as one file
for each table suffices. Beyond that they are in a scratch database on the disk, so memory stays
flat for millions of rows. After a crash all of this is made again from the journal.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec

from connectors.core.schema import Column, Record, Table
from warehouse.load.typed_select import Batch, typed_rows
from warehouse.schema.types import DUCKDB_TYPES, literal, quoted
from warehouse.store.transactions import detach_with_log

BATCH_BYTES = 8 << 20
MANY_BYTES = 32 << 10
MANY_WAIT_SECONDS = 1.0
FEW_WAIT_SECONDS = 5.0
"""Lines are typed after this time even if their file is not full: while the service is slow, typing
costs no time. A few lines alone are not worth a scratch database."""
WIDE_BYTES = 4 << 20
WIDE_MEMORY_LIMIT = "1GiB"
"""DuckDB's share once lines of so many bytes came in one page: records of megabytes."""
SCRATCH_GROUP_ROWS = 20_480
ENCODER = msgspec.json.Encoder(order="deterministic")


class Ingest:
    """The incoming tables of one load, and the lines on their way into them."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        scratch: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Files go into the folder `scratch`; tables of an earlier load in memory are dropped."""
        self.connection = connection
        self._scratch = scratch
        self._clock = clock
        self._columns: dict[str, tuple[Column, ...]] = {}
        self._tables: dict[str, Table] = {}
        self._open: dict[str, Batch] = {}
        self._files = itertools.count()
        self._queue: queue.Queue[tuple[str, Batch] | None] = queue.Queue(maxsize=2)
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None
        self._typing = connection.cursor()
        """The background thread's own connection; ours again once that has ended."""
        self._catalog = "memory"
        self._made: set[str] = set()
        connection.execute("DROP SCHEMA IF EXISTS memory.incoming CASCADE")
        connection.execute("CREATE SCHEMA memory.incoming")

    def expect(self, table: Table, columns: tuple[Column, ...]) -> None:
        """Rows of this table may follow or not; its incoming table will be there."""
        self._tables[table.name] = table
        self._columns[table.name] = columns

    @property
    def on_disk(self) -> bool:
        """Whether so much came that it did not stay in memory."""
        return self._catalog == "scratch"

    def qualified_name(self, table: Table) -> str:
        """The incoming table's name in SQL: `_s` (the order read; below 0 for a record that was
        put together from pieces), `_source` (`RecordSource`), its columns, `_raw`, `_content`,
        `_misfit`."""
        return f"{self._catalog}.incoming.{quoted(table.name)}"

    # -- lines -----------------------------------------------------------------------------

    def write(self, table: Table, lines: list[Record]) -> None:
        """Take lines of an expected table; raises what the background thread failed with."""
        batch = self._open.get(table.name)
        if batch is None:
            file = self._scratch / f"batch-{next(self._files)}.ndjson"
            batch = self._open[table.name] = Batch(file, file.open("wb"), self._clock())
        blob = ENCODER.encode_lines(lines)
        batch.writer.write(blob)
        batch.size += len(blob)
        batch.longest = max(batch.longest, len(blob))
        if len(blob) > WIDE_BYTES:
            # A record of megabytes is copied several times on its way; few are that large.
            self.connection.cursor().execute(f"SET memory_limit = '{WIDE_MEMORY_LIMIT}'")
        if batch.size >= BATCH_BYTES:
            self._flush(table.name)

    def flush_old(self) -> None:
        """Type what waited for too long; raises what the background thread failed with."""
        for name, batch in list(self._open.items()):
            if self._clock() - batch.begun_at > self._patience(batch):
                self._flush(name)

    def finish(self) -> None:
        """All lines typed, every expected table made."""
        self._join()
        self._raise_failure()
        for name in list(self._open):
            batch = self._open.pop(name)
            batch.writer.close()
            self._type(name, batch)
        for name in self._tables:
            self._make(name)
        if self.on_disk:
            self._typing.execute("COMMIT")
            self._reset_settings()

    def close(self) -> None:
        """Stop the background thread and let go of the files; also when a run is given up."""
        for batch in self._open.values():
            batch.writer.close()
        self._failure = self._failure or RuntimeError("given up")
        self._join()
        if self.on_disk:
            with contextlib.suppress(duckdb.Error):
                self._typing.execute("ROLLBACK")
            self._reset_settings()
            with contextlib.suppress(duckdb.Error):
                detach_with_log(self._typing, "scratch")
        self._typing.close()

    # -- the inside ------------------------------------------------------------------------

    def _patience(self, batch: Batch) -> float:
        """For how many seconds lines may wait for more of them."""
        if batch.size > MANY_BYTES:
            return MANY_WAIT_SECONDS
        return FEW_WAIT_SECONDS if self.on_disk else math.inf

    def _flush(self, name: str) -> None:
        """Hand a full or old file to the background thread."""
        batch = self._open.pop(name)
        batch.writer.close()
        if self._thread is None:
            self._use_scratch()
            self._thread = threading.Thread(target=self._ingest, name="ingest", daemon=True)
            self._thread.start()
        self._queue.put((name, batch))
        self._raise_failure()

    def _use_scratch(self) -> None:
        """Put the incoming tables on the disk: into a scratch database, in one transaction."""
        self._catalog = "scratch"
        self._typing.execute(
            f"ATTACH {literal(str(self._scratch / 'rows.duckdb'))} AS scratch "
            f"(STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE {SCRATCH_GROUP_ROWS}, "
            "RECOVERY_MODE no_wal_writes)"
        )
        # The rows are read once and removed: compression, a log and checkpoints cost more time
        # than they save.
        self._typing.execute("SET GLOBAL force_compression = 'uncompressed'")
        self._typing.execute("SET GLOBAL checkpoint_threshold = '1TB'")
        self._typing.execute("BEGIN")
        self._typing.execute("CREATE SCHEMA scratch.incoming")

    def _ingest(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._type(*work)
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits for it
                self._failure = error

    def _type(self, name: str, batch: Batch) -> None:
        table = self._tables[name]
        self._make(name)
        rows = typed_rows(table, self._columns[name], batch)
        self._typing.execute(f"INSERT INTO {self.qualified_name(table)} {rows}")
        batch.file.unlink()

    def _make(self, name: str) -> None:
        if name not in self._made:
            self._made.add(name)
            listed = ", ".join(
                f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}" for c in self._columns[name]
            )
            self._typing.execute(
                f"CREATE TABLE {self.qualified_name(self._tables[name])} "
                f"(_s BIGINT, _source BIGINT, {listed}, _raw JSON, _content UUID, _misfit BOOLEAN)"
            )

    def _join(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _reset_settings(self) -> None:
        """Undo the settings that were made for the scratch database."""
        self._typing.execute("RESET GLOBAL force_compression")
        self._typing.execute("RESET GLOBAL checkpoint_threshold")
