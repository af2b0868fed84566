"""The incoming side of a load: rows of this run, typed by DuckDB in batches while pages arrive.

Lines are encoded and buffered per table; a full buffer becomes a scratch file which one
background thread reads into an in-memory DuckDB table (spilling to disk beyond its memory
limit). Nothing here is the stage: after a crash it is made again from the journal.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from connectors.declare import Column, Record, Table
from connectors.paging import dig
from warehouse.types import DUCKDB_TYPES, literal, misfit, quoted, structure, text_of, value_of

BATCH_BYTES = 16 << 20
MEMORY_LIMIT = "220MiB"
"""DuckDB's share; Python, httpx and the batches under way come on top."""
_ENCODER = msgspec.json.Encoder(order="deterministic")


@dataclass
class _Buffer:
    table: Table
    columns: tuple[Column, ...]
    blob: bytearray = field(default_factory=bytearray)


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
        self._buffers: dict[str, _Buffer] = {}
        self._pieces: dict[str, dict[tuple[Any, ...], Record]] = defaultdict(dict)
        self._forgotten: dict[str, list[list[str]]] = defaultdict(list)
        self._number = itertools.count()
        self._files = itertools.count()
        self._queue: queue.Queue[tuple[str, Path] | None] = queue.Queue(maxsize=2)
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
        listed = ", ".join(f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}" for c in columns)
        self.connection.cursor().execute(
            f"CREATE TABLE {place_of(table)} (_s BIGINT, {listed}, _raw JSON, _content UHUGEINT, "
            "_misfit BOOLEAN)"
        )
        self._buffers[table.name] = _Buffer(table, columns)

    def _write(self, table: Table, lines: list[Record]) -> None:
        buffer = self._buffers[table.name]
        buffer.blob += _ENCODER.encode_lines(lines)
        if len(buffer.blob) >= BATCH_BYTES:
            self._flush(buffer)

    def _flush(self, buffer: _Buffer) -> None:
        if not buffer.blob:
            return
        file = self._scratch / f"batch-{next(self._files)}.ndjson"
        file.write_bytes(buffer.blob)
        buffer.blob = bytearray()
        if self._thread is None:
            self._thread = threading.Thread(target=self._ingest, name="ingest", daemon=True)
            self._thread.start()
        self._queue.put((buffer.table.name, file))
        self._raise_failure()

    def _ingest(self) -> None:
        cursor = self.connection.cursor()
        while (work := self._queue.get()) is not None:
            name, file = work
            try:
                if self._failure is None:
                    cursor.execute(
                        read_statement(self.tables[name], self.columns[name], file)
                    )
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits for it
                self._failure = error
            finally:
                file.unlink(missing_ok=True)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def finish(self, known_raw: Mapping[str, Mapping[tuple[Any, ...], str]]) -> None:
        """All rows in their tables: pieces put together, keys whole, each key once.

        `known_raw` holds, for tables whose records arrive in pieces, the stored raw record by
        key, so that a field which this run did not see keeps its value.
        """
        self._write_pieces(known_raw)
        for buffer in self._buffers.values():
            self._flush(buffer)
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
        """Stop the background thread; used when a run is given up."""
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
            for key, piece in found.items():
                raw = known_raw.get(name, {}).get(key)
                before = msgspec.json.decode(raw) if raw else {}
                moving = {k: before.pop(k) for k in volatile & before.keys()}
                line = {"p": piece["p"], "r": {**before, **piece["r"]}, "s": -1}
                moving.update(piece["v"])
                if moving:
                    line["v"] = moving
                lines.append(line)
            self._write(table, lines)

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
                f"DELETE FROM {place_of(place)} WHERE {values} IN (SELECT unnest(?))",
                [["/".join(key) for key in keys]],
            )

    def _reject_keyless(self, table: Table) -> None:
        keyless = " OR ".join(f"{quoted(name)} IS NULL" for name in table.key)
        cursor = self.connection.cursor()
        found = cursor.execute(
            f"SELECT _raw::VARCHAR FROM {place_of(table)} WHERE {keyless}"
        ).fetchall()
        if found:
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
        for column in self.columns[table.name]:
            text = text_of(column)
            if column.given or (wrong := misfit(column, text, "_raw")) is None:
                continue
            found = cursor.execute(
                f"SELECT k, {text} FROM (SELECT {key} AS k, _raw, json_transform(_raw, "
                f"{literal(structure([column]))}) AS d FROM {place_of(table)} WHERE _misfit) "
                f"WHERE {wrong}"
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


def read_statement(table: Table, columns: tuple[Column, ...], file: Path) -> str:
    """The SQL that reads one scratch file into the incoming table."""
    moving = {source.partition(".")[0] for c in columns if c.volatile for source in (c.source,)}
    moving.update(table.volatile)
    given = [c for c in columns if c.given]
    surroundings = ", ".join(f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}" for c in given)
    shown = {
        "s": "BIGINT",
        "p": f"STRUCT({surroundings})" if given else "JSON",
        "r": "JSON",
        "v": "JSON",
    }
    fields = ", ".join(f"{name}: {literal(kind)}" for name, kind in shown.items())
    texts = {c.name: text_of(c, "m" if c.volatile else "d") for c in columns}
    places = {c.name: "v" if c.volatile else "r" for c in columns}
    values = ", ".join(
        f"{texts[c.name] if c.given else value_of(c, texts[c.name], places[c.name])} "
        f"AS {quoted(c.name)}"
        for c in columns
    )
    wrong = [
        condition
        for c in columns
        if not c.given and (condition := misfit(c, texts[c.name], places[c.name])) is not None
    ]
    still = [c for c in columns if not c.volatile]
    raw = "CAST(r AS VARCHAR)"
    extra_content = "".join(
        f" || ' ' || coalesce(p.{quoted(c.name)}::VARCHAR, '')"
        for c in given
        if c.name not in table.key
    )
    whole = raw
    if moving:
        whole = (
            f"CASE WHEN v IS NULL THEN {raw} WHEN {raw} = '{{}}' THEN CAST(v AS VARCHAR) "
            f"ELSE {raw}[:-2] || ',' || CAST(v AS VARCHAR)[2:] END"
        )
    moved = f", json_transform(v, {literal(structure([c for c in columns if c.volatile]))}) AS m"
    size = max(BATCH_BYTES, file.stat().st_size) + 1024
    return (
        f"INSERT INTO {place_of(table)} SELECT s, {values}, {whole}, md5_number({raw}"
        f"{extra_content}), {' OR '.join(wrong) or 'false'} "
        f"FROM (SELECT s, p, r, v, json_transform(r, {literal(structure(still))}) AS d"
        f"{moved if moving else ''} FROM read_json({literal(str(file))}, "
        f"format = 'newline_delimited', maximum_object_size = {size}, columns = {{{fields}}}))"
    )


def _key_text(value: Any) -> str:
    return value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, UnicodeError, TypeError, RecursionError):
        return repr(value)[:10_000]
