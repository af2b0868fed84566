"""The incoming side of a load: rows of this run, typed by DuckDB in batches while pages arrive.

Lines are encoded into scratch files, one table each. While pages arrive, a background thread
types each file that is full or old into the table's incoming table and removes it. Incoming
tables are in memory where all lines soon fit into one batch each, else in a scratch database on
the disk, which keeps memory flat for millions of rows. Nothing here is the stage: after a crash
it is made again from the journal.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from connectors.declare import Column, Record, Table
from connectors.paging import dig
from warehouse.lines import Batch, typed_rows
from warehouse.processors import any_processor
from warehouse.types import DUCKDB_TYPES, literal, misfit, quoted, structure, text_of, value_of

BATCH_BYTES = 8 << 20
WIDE_BYTES = 4 << 20
WIDE_MEMORY_LIMIT = "1GiB"
"""DuckDB's share once lines of so many bytes came in one page: records of megabytes."""
MEMORY_LIMIT = "160MiB"
"""DuckDB's share; Python, httpx and the batches under way come on top."""
_ENCODER = msgspec.json.Encoder(order="deterministic")


OLD_SECONDS = 3.0
OLD_BYTES = 256 << 10
"""Lines that came so long ago wait for no more of them, unless they are few: while the service
is slow, typing them costs no time, and at the end of the reading it would."""
SCRATCH_GROUP_ROWS = 20_480
PIECES_AT_ONCE = 500
COUNTED_AT_ONCE = 250_000


@dataclass
class Reject:
    """A record or value that could not be stored as declared."""

    table: str
    key: str
    column: str | None
    reason: str
    value: str
    raw: str | None


class Incoming:
    """A `Sink` (connectors.shape) whose rows end up in `memory.incoming.<table>`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        scratch: Path,
        extra: Mapping[str, tuple[Column, ...]],
    ) -> None:
        """`extra` are the columns that appeared by themselves in earlier runs, by table."""
        self.connection = connection
        self.tables: dict[str, Table] = {}
        self.columns: dict[str, tuple[Column, ...]] = {}
        self.rejects: list[Reject] = []
        self.absent: dict[str, set[tuple[tuple[str, Any], ...]]] = defaultdict(set)
        self.held: dict[str, set[tuple[tuple[str, Any], ...]]] = defaultdict(set)
        self.fresh: dict[str, dict[str, Any]] = defaultdict(dict)
        self._extra = extra
        self._scratch = scratch
        self._open: dict[str, Batch] = {}
        self._pieces: dict[str, dict[tuple[Any, ...], Record]] = defaultdict(dict)
        self._forgotten: dict[str, list[list[str]]] = defaultdict(list)
        self._number = itertools.count()
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

    # -- Sink ------------------------------------------------------------------------------

    def extra_columns(self, table: Table) -> tuple[Column, ...]:
        return self._extra.get(table.name, ())

    def add(self, table: Table, lines: list[Record], *, partial: bool) -> None:
        """Take rows; raises what the background thread failed with."""
        self.expect(table)
        if partial or table.partial:
            self._piece_together(table, lines)
            return
        for line in lines:
            line["s"] = next(self._number)
        self._write(table, lines)
        self._flush_old()

    def reject(self, table: Table, record: Any, reason: str) -> None:
        text = _text(record)
        self.rejects.append(Reject(table.name, "", None, reason, "", text))

    def without(self, table: Table, given: Mapping[str, Any]) -> None:
        self.absent[table.name].add(tuple(given.items()))

    def holds(self, table: Table, given: Mapping[str, Any]) -> None:
        self.held[table.name].add(tuple(given.items()))

    def fresh_field(self, table: Table, field: str, sample: Any) -> None:
        self.fresh[table.name][field] = sample

    def forget(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        texts = ([_key_text(key[name]) for name in table.key] for key in keys)
        self._forgotten[table.name] += texts

    # -- batches ---------------------------------------------------------------------------

    def expect(self, table: Table) -> None:
        """Make the incoming table ready; rows may follow or not."""
        if table.name not in self.tables:
            self.tables[table.name] = table
            self.columns[table.name] = (*table.columns, *self.extra_columns(table))

    @property
    def on_disk(self) -> bool:
        """Whether so much came that it did not stay in memory."""
        return self._catalog == "scratch"

    def place(self, table: Table) -> str:
        """The incoming table's name in SQL: `_s` (the order read; below 0 for a record that was
        put together from pieces), its columns, `_raw`, `_content`, `_misfit`."""
        return f"{self._catalog}.incoming.{quoted(table.name)}"

    def _make(self, name: str) -> None:
        if name not in self._made:
            self._made.add(name)
            listed = ", ".join(
                f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}" for c in self.columns[name]
            )
            self._typing.execute(
                f"CREATE TABLE {self.place(self.tables[name])} "
                f"(_s BIGINT, {listed}, _raw JSON, _content UHUGEINT, _misfit BOOLEAN)"
            )

    def _write(self, table: Table, lines: list[Record]) -> None:
        batch = self._open.get(table.name)
        if batch is None:
            file = self._scratch / f"batch-{next(self._files)}.ndjson"
            batch = self._open[table.name] = Batch(file, file.open("wb"))
        blob = _ENCODER.encode_lines(lines)
        batch.writer.write(blob)
        batch.size += len(blob)
        batch.longest = max(batch.longest, len(blob))
        if len(blob) > WIDE_BYTES:
            # A record of megabytes is copied several times on its way; few are that large.
            self.connection.cursor().execute(f"SET memory_limit = '{WIDE_MEMORY_LIMIT}'")
        if batch.size >= BATCH_BYTES:
            self._flush(table.name)

    def _flush_old(self) -> None:
        long_ago = time.monotonic() - OLD_SECONDS
        for name, batch in list(self._open.items()):
            if batch.begun_at < long_ago and batch.size > OLD_BYTES:
                self._flush(name)

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
        """More than one batch goes to the disk, in one transaction that nobody will read again."""
        self._catalog = "scratch"
        self._typing.execute(
            f"ATTACH {literal(str(self._scratch / 'rows.duckdb'))} AS scratch "
            f"(STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE {SCRATCH_GROUP_ROWS}, "
            "RECOVERY_MODE no_wal_writes)"
        )
        # Read once and then thrown away: not worth the time of compressing, of a log, of
        # checkpoints.
        self._typing.execute("SET GLOBAL force_compression = 'uncompressed'")
        self._typing.execute("SET GLOBAL checkpoint_threshold = '1TB'")
        self._typing.execute("BEGIN")
        self._typing.execute("CREATE SCHEMA scratch.incoming")

    def _ingest(self) -> None:
        any_processor()
        while (work := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._type(*work)
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits for it
                self._failure = error

    def _type(self, name: str, batch: Batch) -> None:
        table = self.tables[name]
        self._make(name)
        self._typing.execute(
            f"INSERT INTO {self.place(table)} {typed_rows(table, self.columns[name], batch)}"
        )
        batch.file.unlink()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def finish(self, known_raw: Mapping[str, Mapping[tuple[Any, ...], str]]) -> None:
        """All rows in their tables: pieces put together, keys whole, each key once.

        `known_raw` holds, for tables whose records arrive in pieces, the stored raw record by
        key, so that a field which this run did not see keeps its value.
        """
        self._write_pieces(known_raw)
        self._join()
        self._raise_failure()
        for name in list(self._open):
            batch = self._open.pop(name)
            batch.writer.close()
            self._type(name, batch)
        for name in self.tables:
            self._make(name)
        if self._catalog == "scratch":
            self._typing.execute("COMMIT")
            self._as_usual()
        for name, keys in self._forgotten.items():
            self._forget(self.tables[name], keys)
        for table in self.tables.values():
            self._reject_what_cannot_stay(table)

    def _join(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Stop the background thread and let go of the files; also when a run is given up."""
        for batch in self._open.values():
            batch.writer.close()
        self._failure = self._failure or RuntimeError("given up")
        self._join()
        if self._catalog == "scratch":
            with contextlib.suppress(duckdb.Error):
                self._typing.execute("ROLLBACK")
            self._as_usual()
            self._typing.execute("PRAGMA disable_checkpoint_on_shutdown")
            self._typing.execute("DETACH scratch")
            self._typing.execute("PRAGMA enable_checkpoint_on_shutdown")
        self._typing.close()

    def _as_usual(self) -> None:
        """What was set for the scratch database holds for other databases no longer."""
        self._typing.execute("RESET GLOBAL force_compression")
        self._typing.execute("RESET GLOBAL checkpoint_threshold")

    # -- pieces ----------------------------------------------------------------------------

    def pieces(self) -> dict[str, list[tuple[Any, ...]]]:
        """Table -> keys of records that arrived in pieces."""
        return {name: list(found) for name, found in self._pieces.items() if found}

    def _piece_together(self, table: Table, lines: list[Record]) -> None:
        known = self._pieces[table.name]
        for line in lines:
            key = key_of(table, line)
            if None in key:
                self.reject(table, line["r"], "has no key")
                continue
            whole = known.setdefault(key, {"p": line["p"], "r": {}, "v": {}})
            whole["r"].update(line["r"])
            whole["v"].update(line.get("v", {}))

    def _write_pieces(self, known_raw: Mapping[str, Mapping[tuple[Any, ...], str]]) -> None:
        for name, found in self._pieces.items():
            table = self.tables[name]
            volatile = {c.source.partition(".")[0] for c in table.columns if c.volatile}
            volatile.update(table.volatile)
            lines = []
            for number, (key, piece) in enumerate(found.items(), start=1):
                raw = known_raw.get(name, {}).get(key)
                before = msgspec.json.decode(raw) if raw else {}
                moving = {k: before.pop(k) for k in volatile & before.keys()}
                line = {"p": piece["p"], "r": {**before, **piece["r"]}, "s": -number}
                moving.update(piece["v"])
                if moving:
                    line["v"] = moving
                lines.append(line)
            for start in range(0, len(lines), PIECES_AT_ONCE):
                self._write(table, lines[start : start + PIECES_AT_ONCE])

    # -- rows that cannot stay -------------------------------------------------------------

    def _forget(self, table: Table, keys: list[list[str]]) -> None:
        """Drop records that a later look no longer showed, and what lives inside them."""
        inside = [
            (child, reference.names)
            for child in self.tables.values()
            for reference in child.parents
            if reference.owner and reference.table == table.name
        ]
        cursor = self.connection.cursor()
        for place, names in [(table, table.key), *inside]:
            values = " || '/' || ".join(f"{quoted(name)}::VARCHAR" for name in names)
            cursor.execute(
                f"DELETE FROM {self.place(place)} WHERE {values} IN (SELECT unnest(?))",
                [["/".join(key) for key in keys]],
            )

    def _reject_what_cannot_stay(self, table: Table) -> None:
        keyless = " OR ".join(f"{quoted(name)} IS NULL" for name in table.key)
        rows, without, misfits = self.connection.execute(
            f"SELECT count(*), count(*) FILTER ({keyless}), count(*) FILTER (_misfit) "
            f"FROM {self.place(table)}"
        ).fetchall()[0]
        if without:
            self._reject_keyless(table, keyless)
        self._drop_repeated(table, rows - without)
        if misfits:
            self._reject_misfits(table)

    def _reject_keyless(self, table: Table, keyless: str) -> None:
        reason = f"has no usable key ({', '.join(table.key)})"
        cursor = self.connection.cursor()
        found = cursor.execute(
            f"SELECT _raw::VARCHAR FROM {self.place(table)} WHERE {keyless}"
        ).fetchall()
        self.rejects.extend(Reject(table.name, "", None, reason, "", raw) for (raw,) in found)
        cursor.execute(f"DELETE FROM {self.place(table)} WHERE {keyless}")

    def _drop_repeated(self, table: Table, rows: int) -> None:
        """Of rows with the same key, the last stays; `rows` is how many there are."""
        key = ", ".join(quoted(name) for name in table.key)
        cursor = self.connection.cursor()
        # A part at a time: the keys of millions of rows together would take much memory.
        parts = rows // COUNTED_AT_ONCE + 1 if rows else 0
        distinct = sum(
            cursor.execute(
                f"SELECT count(DISTINCT hash({key})) FROM {self.place(table)}"
                + (f" WHERE hash({key}) % {parts} = {part}" if parts > 1 else "")
            ).fetchall()[0][0]
            for part in range(parts)
        )
        if rows != distinct:
            cursor.execute(
                f"DELETE FROM {self.place(table)} WHERE rowid NOT IN (SELECT arg_max(rowid, _s) "
                f"FROM {self.place(table)} GROUP BY {key})"
            )

    def _reject_misfits(self, table: Table) -> None:
        cursor = self.connection.cursor()
        key = " || '/' || ".join(f"{quoted(name)}::VARCHAR" for name in table.key)
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE misfits AS SELECT {key} AS k, _raw "
            f"FROM {self.place(table)} WHERE _misfit"
        )
        for column in self.columns[table.name]:
            text = text_of(column)
            wrong = misfit(column, text, value_of(column, text, "_raw"))
            if column.given or wrong is None:
                continue
            found = cursor.execute(
                f"SELECT k, {text} FROM (SELECT k, _raw, json_transform(_raw, "
                f"{literal(structure([column]))}) AS d FROM temp.misfits) WHERE {wrong}"
            ).fetchall()
            reason = f"is no {column.type}"
            self.rejects.extend(
                Reject(table.name, k, column.name, reason, str(value)[:10_000], None)
                for k, value in found
            )


def key_of(table: Table, line: Record) -> tuple[Any, ...]:
    """The key values of a line as the database will hold them: text, or whole numbers."""
    values: list[Any] = []
    for name in table.key:
        column = table.column(name)
        value = line["p"].get(name) if column.given else dig(line["r"], column.source)
        if value is None:
            for other in column.also:
                value = dig(line["r"], other) if value is None else value
        if value is not None and column.type == "text":
            value = value if isinstance(value, str) else _text(value)
        elif isinstance(value, str) and column.type == "integer":
            value = int(value) if value.lstrip("-").isdigit() else None
        values.append(value)
    return tuple(values)


def _key_text(value: Any) -> str:
    return value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, UnicodeError, TypeError, RecursionError):
        return repr(value)[:10_000]
