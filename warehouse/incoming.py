"""The incoming side of a load: rows of this run, typed by DuckDB in batches while pages arrive.

Lines are encoded into scratch files, one table each. While pages arrive, a background thread
checks each full file and notes of every row what a merge compares: key, content, volatile
values. These notes are in-memory DuckDB tables, small enough for millions of rows; the rows
themselves stay in their files, and only those that are new or changed are read again. Nothing
here is the stage: after a crash it is made again from the journal.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec

from connectors.declare import Column, Record, Table
from connectors.paging import dig
from warehouse.types import (
    DUCKDB_TYPES,
    cast_of,
    literal,
    misfit,
    quoted,
    settled,
    structure,
    text_of,
    value_of,
)

BATCH_BYTES = 16 << 20
WIDE_BYTES = 4 << 20
WIDE_MEMORY_LIMIT = "1GiB"
"""DuckDB's share once lines of so many bytes came in one page: records of megabytes."""
MEMORY_LIMIT = "220MiB"
"""DuckDB's share; Python, httpx and the batches under way come on top."""
_ENCODER = msgspec.json.Encoder(order="deterministic")


SMALLEST_READ = 1 << 20
PIECES_AT_ONCE = 500


@dataclass
class _Batch:
    """A scratch file that is being written, or was."""

    file: Path
    writer: BinaryIO
    size: int = 0
    longest: int = 0
    """No line has more bytes than this."""


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
        self._open: dict[str, _Batch] = {}
        self._batches: dict[str, list[_Batch]] = defaultdict(list)
        self._pieces: dict[str, dict[tuple[Any, ...], Record]] = defaultdict(dict)
        self._forgotten: dict[str, list[list[str]]] = defaultdict(list)
        self._number = itertools.count()
        self._files = itertools.count()
        self._queue: queue.Queue[tuple[str, _Batch] | None] = queue.Queue(maxsize=2)
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None
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
        if table.name in self.tables:
            return
        columns = (*table.columns, *self.extra_columns(table))
        self.tables[table.name] = table
        self.columns[table.name] = columns
        listed = ", ".join(
            f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}" for c in noted(table, columns)
        )
        raw = "_raw JSON, " if table.volatile else ""
        self.connection.cursor().execute(
            f"CREATE TABLE {place_of(table)} (_s BIGINT, {listed}, {raw}_content UHUGEINT, "
            "_misfit BOOLEAN)"
        )

    def rows(self, table: Table, chosen: str = "") -> str:
        """SQL for the whole rows of a table: `_s`, its columns, `_raw`.

        `chosen` is SQL for the `_s` of those that are wanted; only they are typed.
        """
        return lines_of(table, self.columns[table.name], self._batches[table.name], chosen)

    def _write(self, table: Table, lines: list[Record]) -> None:
        batch = self._open.get(table.name)
        if batch is None:
            file = self._scratch / f"batch-{next(self._files)}.ndjson"
            batch = self._open[table.name] = _Batch(file, file.open("wb"))
        blob = _ENCODER.encode_lines(lines)
        batch.writer.write(blob)
        batch.size += len(blob)
        batch.longest = max(batch.longest, len(blob))
        if len(blob) > WIDE_BYTES:
            # A record of megabytes is copied several times on its way; few are that large.
            self.connection.cursor().execute(f"SET memory_limit = '{WIDE_MEMORY_LIMIT}'")
        if batch.size >= BATCH_BYTES:
            self._flush(table.name)

    def _flush(self, name: str) -> None:
        batch = self._open.pop(name)
        batch.writer.close()
        self._batches[name].append(batch)
        if self._thread is None:
            self._thread = threading.Thread(target=self._ingest, name="ingest", daemon=True)
            self._thread.start()
        self._queue.put((name, batch))
        self._raise_failure()

    def _ingest(self) -> None:
        cursor = self.connection.cursor()
        while (work := self._queue.get()) is not None:
            name, batch = work
            try:
                if self._failure is None:
                    cursor.execute(note_statement(self.tables[name], self.columns[name], batch))
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits for it
                self._failure = error

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def finish(self, known_raw: Mapping[str, Mapping[tuple[Any, ...], str]]) -> None:
        """All rows in their tables: pieces put together, keys whole, each key once.

        `known_raw` holds, for tables whose records arrive in pieces, the stored raw record by
        key, so that a field which this run did not see keeps its value.
        """
        self._write_pieces(known_raw)
        for name in list(self._open):
            self._flush(name)
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._raise_failure()
        for name, keys in self._forgotten.items():
            self._forget(self.tables[name], keys)
        for table in self.tables.values():
            self._reject_keyless(table)
            self._drop_repeated(table)
            self._reject_misfits(table)

    def close(self) -> None:
        """Stop the background thread and close the files; used when a run is given up."""
        for batch in self._open.values():
            batch.writer.close()
        if self._thread is not None:
            self._failure = self._failure or RuntimeError("given up")
            self._queue.put(None)
            self._thread.join()
            self._thread = None

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
                f"DELETE FROM {place_of(place)} WHERE _s IN (SELECT _s FROM {self.rows(place)} "
                f"WHERE {values} IN (SELECT unnest(?)))",
                [["/".join(key) for key in keys]],
            )

    def _reject_keyless(self, table: Table) -> None:
        keyless = " OR ".join(f"{quoted(name)} IS NULL" for name in table.key)
        cursor = self.connection.cursor()
        wanted = f"SELECT _s FROM {place_of(table)} WHERE {keyless}"
        if cursor.execute(f"{wanted} LIMIT 1").fetchall():
            found = cursor.execute(
                f"SELECT _raw::VARCHAR FROM {self.rows(table, wanted)}"
            ).fetchall()
            reason = f"has no usable key ({', '.join(table.key)})"
            self.rejects.extend(Reject(table.name, "", None, reason, "", raw) for (raw,) in found)
            cursor.execute(f"DELETE FROM {place_of(table)} WHERE {keyless}")

    def _drop_repeated(self, table: Table) -> None:
        key = ", ".join(quoted(name) for name in table.key)
        cursor = self.connection.cursor()
        rows, distinct = cursor.execute(
            f"SELECT count(*), count(DISTINCT hash({key})) FROM {place_of(table)}"
        ).fetchall()[0]
        if rows != distinct:
            cursor.execute(
                f"DELETE FROM {place_of(table)} WHERE rowid NOT IN (SELECT arg_max(rowid, _s) "
                f"FROM {place_of(table)} GROUP BY {key})"
            )

    def _reject_misfits(self, table: Table) -> None:
        cursor = self.connection.cursor()
        if not cursor.execute(f"SELECT bool_or(_misfit) FROM {place_of(table)}").fetchall()[0][0]:
            return
        key = " || '/' || ".join(f"{quoted(name)}::VARCHAR" for name in table.key)
        wanted = f"SELECT _s FROM {place_of(table)} WHERE _misfit"
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE misfits AS SELECT {key} AS k, _raw "
            f"FROM {self.rows(table, wanted)}"
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


def place_of(table: Table) -> str:
    """The incoming table's name in SQL."""
    return f"memory.incoming.{quoted(table.name)}"


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


def noted(table: Table, columns: tuple[Column, ...]) -> list[Column]:
    """The columns that the notes hold: the key, and what a merge compares beside the content."""
    return [c for c in columns if c.name in table.key or c.volatile or c.late]


def note_statement(table: Table, columns: tuple[Column, ...], batch: _Batch) -> str:
    """The SQL that checks one scratch file and notes its rows."""
    names = "".join(f"{quoted(c.name)}, " for c in noted(table, columns))
    raw = "_raw, " if table.volatile else ""
    return (
        f"INSERT INTO {place_of(table)} SELECT _s, {names}{raw}_content, _misfit "
        f"FROM {lines_of(table, columns, [batch])}"
    )


def lines_of(
    table: Table, columns: tuple[Column, ...], batches: Sequence[_Batch], chosen: str = ""
) -> str:
    """SQL for the typed rows of scratch files: `_s`, the columns, `_raw`, `_content`, `_misfit`.

    `chosen` is SQL for the `_s` that are wanted. Each value is worked out in steps, a subquery
    each, since DuckDB would otherwise repeat the dear ones: text (`t:`), cast (`c:`), value.
    No column's own name holds a colon.
    """
    own = [c for c in columns if not c.given]
    parts = {
        '"d:"': ('"r:"', [c for c in own if not c.volatile]),
        '"m:"': ('"v:"', [c for c in own if c.volatile]),
    }
    objects: dict[str, str] = {}
    texts: dict[str, str] = {}
    casts: dict[str, str] = {}
    values = {quoted(c.name): text_of(c, surroundings='"p:"') for c in columns if c.given}
    wrong = []
    for place, (record, some) in parts.items():
        if some:
            objects[place] = f"json_transform({record}, {literal(structure(some))})"
        for column in some:
            text, cast = quoted(f"t:{column.name}"), quoted(f"c:{column.name}")
            texts[text] = text_of(column, place)
            casts[cast] = cast_of(column, text, record)
            values[quoted(column.name)] = settled(column, text, cast)
            wrong.append(misfit(column, text, quoted(column.name)))
    read = _reading(table, columns, batches)
    if chosen:
        read = f"(SELECT * FROM {read} WHERE \"s:\" IN ({chosen}))"
    for step in (objects, texts, casts, values):
        made = "".join(f", {value} AS {name}" for name, value in step.items())
        read = f"(SELECT *{made} FROM {read})"
    raw = 'CAST("r:" AS VARCHAR)'
    extra_content = "".join(
        f" || ' ' || coalesce({quoted(c.name)}::VARCHAR, '')"
        for c in columns
        if c.given and c.name not in table.key
    )
    whole = raw
    if parts['"m:"'][1] or table.volatile:
        whole = (
            f"CASE WHEN \"v:\" IS NULL THEN {raw} WHEN {raw} = '{{}}' THEN "
            f"CAST(\"v:\" AS VARCHAR) ELSE {raw}[:-2] || ',' || CAST(\"v:\" AS VARCHAR)[2:] END"
        )
    names = "".join(f"{quoted(c.name)}, " for c in columns)
    return (
        f'(SELECT "s:" AS _s, {names}{whole} AS _raw, md5_number({raw}{extra_content}) AS '
        f"_content, {' OR '.join(filter(None, wrong)) or 'false'} AS _misfit FROM {read})"
    )


def _reading(table: Table, columns: tuple[Column, ...], batches: Sequence[_Batch]) -> str:
    """SQL for the lines of scratch files as they were written: `s:`, `p:`, `r:`, `v:`."""
    given = [c for c in columns if c.given]
    surroundings = ", ".join(f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}" for c in given)
    kinds = {
        "s": "BIGINT",
        "p": f"STRUCT({surroundings})" if given else "JSON",
        "r": "JSON",
        "v": "JSON",
    }
    if not batches:
        nothing = ", ".join(f'NULL::{kind} AS "{name}:"' for name, kind in kinds.items())
        return f"(SELECT {nothing} WHERE false)"
    fields = ", ".join(f"{name}: {literal(kind)}" for name, kind in kinds.items())
    files = ", ".join(literal(str(batch.file)) for batch in batches)
    size = max(SMALLEST_READ, *(batch.longest for batch in batches)) + 1024
    renamed = ", ".join(f'{name} AS "{name}:"' for name in kinds)
    return (
        f"(SELECT {renamed} FROM read_json([{files}], format = 'newline_delimited', "
        f"maximum_object_size = {size}, columns = {{{fields}}}))"
    )


def _key_text(value: Any) -> str:
    return value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, UnicodeError, TypeError, RecursionError):
        return repr(value)[:10_000]
