"""Records that arrive in pieces: put together field by field, with what is stored.

A person may come as a name inside a card, as an entry of a list and as an answer of its own. The
pieces of one record are merged from the lowest source to the highest (`RecordSource`), and within
a source in the order read. What is stored stands below the pieces of its own source and above
those of lower ones, so a field that no piece shows keeps its value, and an embedded copy only
adds fields that were never known.

Pieces beyond a few thousand records wait in a scratch file, so memory does not grow with the
account.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec

from connectors.core.resources import RecordSource
from connectors.core.schema import Record, Table
from warehouse.load.keys import Key
from warehouse.load.typed_select import read_lines
from warehouse.schema.types import quoted

RECORDS_IN_MEMORY = 5_000
RECORDS_AT_ONCE = 500
CopyStored = Callable[[Table, str, str], None]
"""Copies what is stored of a table: (table, place of the wanted keys, place to make) with the
columns `k` (the key as texts), `raw` and `source`."""


class Pieces:
    """The pieces of one table's records."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, file: Path) -> None:
        """`connection` has the schema memory.incoming; `file` is a scratch file to make."""
        self._connection = connection
        self._table = table
        self._file = file
        self._writer: BinaryIO | None = None
        self._longest = 0
        self._number = itertools.count()
        self._held: dict[Key, dict[int, Record]] = {}
        self._unversioned = {c.source.partition(".")[0] for c in table.columns if c.unversioned}
        self._unversioned.update(table.unversioned)

    def add(self, key: Key, line: Record) -> None:
        """Take one piece of the record with this key."""
        layers = self._held.setdefault(key, {})
        layer = layers.setdefault(line.get("n", RecordSource.LIST), {"p": line["p"], "r": {}})
        layer["r"].update(line["r"])
        if "v" in line:
            layer.setdefault("v", {}).update(line["v"])
        if len(self._held) > RECORDS_IN_MEMORY:
            self._spill()

    def close(self) -> None:
        """Let go of the scratch file; also when a run is given up."""
        if self._writer is not None:
            self._writer.close()

    def whole(self, copy_stored: CopyStored) -> Iterator[list[Record]]:
        """The records put together, some hundred at a time, as lines for the incoming table.

        A line's `n` is the source that the record is to count as.
        """
        self._spill()
        if self._writer is None:
            return
        self._writer.close()
        pieces = f"memory.incoming.{quoted(f'{self._table.name} pieces')}"
        stored = f"memory.incoming.{quoted(f'{self._table.name} stored')}"
        kinds = {"k": "VARCHAR[]", "n": "BIGINT", "s": "BIGINT", "r": "JSON", "v": "JSON",
                 "p": "JSON"}  # fmt: skip
        lines = read_lines(self._file, kinds, self._longest)
        self._connection.execute(f"CREATE TABLE {pieces} AS SELECT * FROM {lines}")
        copy_stored(self._table, pieces, stored)
        cursor = self._connection.cursor()
        cursor.execute(
            f"SELECT p.k, p.n, p.r::VARCHAR, p.v::VARCHAR, p.p::VARCHAR, w.raw, w.source "
            f"FROM {pieces} p LEFT JOIN {stored} w ON w.k = p.k ORDER BY p.k, p.n, p.s"
        )
        records = itertools.groupby(_rows(cursor), key=lambda row: row[0])
        whole = (self._put_together([row[1:] for row in rows]) for _, rows in records)
        for number, lines_at_once in enumerate(_in_groups(whole)):
            for offset, line in enumerate(lines_at_once):
                line["s"] = -1 - number * RECORDS_AT_ONCE - offset
            yield lines_at_once
        cursor.close()
        for place in (pieces, stored):
            self._connection.execute(f"DROP TABLE {place}")

    def _spill(self) -> None:
        """Write what is held in memory to the scratch file."""
        if not self._held:
            return
        if self._writer is None:
            self._writer = self._file.open("wb")
        for key, layers in self._held.items():
            texts = [str(part) for part in key]
            for source, layer in layers.items():
                line = {"k": texts, "n": source, "s": next(self._number), **layer}
                blob = msgspec.json.encode(line)
                self._longest = max(self._longest, len(blob))
                self._writer.write(blob + b"\n")
        self._held = {}

    def _put_together(self, rows: list[tuple[Any, ...]]) -> Record:
        """One record from its pieces (source, raw, moving, given, stored raw, stored source)."""
        decode = msgspec.json.decode
        stored_raw, stored_source = rows[0][4:6]
        before = decode(stored_raw) if stored_raw else None
        moving = {k: before.pop(k) for k in self._unversioned & before.keys()} if before else {}
        below: Record = {}
        above: Record = dict(before or {})
        highest = max(row[0] for row in rows)
        for source, raw, volatile, _, _, _ in rows:
            fields = decode(raw)
            if before is not None and source < stored_source:
                below.update(fields)
            else:
                above.update(fields)
            if volatile and not (before is not None and source < stored_source):
                moving.update(decode(volatile))
        if before is not None and below and above == before:
            # Only lower sources had something to add: that makes no version.
            highest = RecordSource.EMBEDDED
        line = {"p": decode(rows[0][3]), "r": {**below, **above}, "n": highest}
        if moving:
            line["v"] = moving
        return line


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while found := cursor.fetchmany(RECORDS_AT_ONCE):
        yield from found


def _in_groups(lines: Iterator[Record]) -> Iterator[list[Record]]:
    while group := list(itertools.islice(lines, RECORDS_AT_ONCE)):
        yield group
