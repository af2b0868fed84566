"""Records that arrive in pieces: put together field by field, with what is stored.

A person may come as a name inside a card, as an entry of a list and as an answer of its own. The
pieces of one record are merged from the lowest source to the highest (`RecordSource`), and within
a source in the order read. What is stored stands below the pieces of its own source and above
those of lower ones, so a field that no piece shows keeps its value, and an embedded copy only
adds fields that were never known.

Pieces of more than a few thousand records wait in a scratch file, so memory does not grow with
the account.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec

from connectors.core.resources import RecordSource
from connectors.core.schema import Record, Table
from warehouse.load.keys import Key
from warehouse.load.typed_select import read_lines

RECORDS_AT_ONCE = 5_000
Texts = tuple[str, ...]
"""A key as texts."""
Stored = tuple[str, int]
"""A stored raw record (JSON) and its source."""
FindStored = Callable[[Table, Sequence[Texts]], Mapping[Texts, Stored]]
"""What is stored of the records with these keys."""
Layers = dict[int, Record]
"""Source -> a line: the pieces of one record from that source, merged."""


class Pieces:
    """The pieces of one table's records."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, file: Path) -> None:
        """`file` is a scratch file to make where memory does not suffice."""
        self._connection = connection
        self._table = table
        self._file = file
        self._writer: BinaryIO | None = None
        self._longest = 0
        self._number = itertools.count()
        self._held: dict[Texts, Layers] = {}
        self._unversioned = {c.source.partition(".")[0] for c in table.columns if c.unversioned}
        self._unversioned.update(table.unversioned)

    def add(self, key: Key, line: Record) -> None:
        """Take one piece of the record with this key."""
        layers = self._held.setdefault(tuple(str(part) for part in key), {})
        _lay_over(layers, line.get("n", RecordSource.LIST), line)
        if len(self._held) > RECORDS_AT_ONCE:
            self._spill()

    def close(self) -> None:
        """Let go of the scratch file; also when a run is given up."""
        if self._writer is not None:
            self._writer.close()

    def whole(self, find_stored: FindStored) -> Iterator[list[Record]]:
        """The records put together, some thousand at a time, as lines for the incoming table.

        A line's `n` is the source that the record is to count as.
        """
        number = itertools.count(1)
        for records in self._groups():
            stored = find_stored(self._table, [key for key, _ in records])
            lines = [self._put_together(layers, stored.get(key)) for key, layers in records]
            for line in lines:
                line["s"] = -next(number)
            yield lines

    def _groups(self) -> Iterator[list[tuple[Texts, Layers]]]:
        """Keys and pieces of some thousand records at a time."""
        if self._writer is None:
            records = iter(self._held.items())
        else:
            self._spill()
            self._writer.close()
            records = self._spilled()
        while group := list(itertools.islice(records, RECORDS_AT_ONCE)):
            yield group

    def _spill(self) -> None:
        """Write what is held in memory to the scratch file."""
        if self._writer is None:
            self._writer = self._file.open("wb")
        for key, layers in self._held.items():
            for source, line in layers.items():
                numbered = {"k": key, "n": source, "s": next(self._number), **line}
                blob = msgspec.json.encode(numbered)
                self._longest = max(self._longest, len(blob))
                self._writer.write(blob + b"\n")
        self._held = {}

    def _spilled(self) -> Iterator[tuple[Texts, Layers]]:
        """The records of the scratch file, each once; DuckDB brings their pieces together."""
        kinds = {"k": "VARCHAR[]", "n": "BIGINT", "s": "BIGINT", "r": "JSON", "v": "JSON",
                 "p": "JSON"}  # fmt: skip
        lines = read_lines(self._file, kinds, self._longest)
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT k, n, r::VARCHAR AS r, v::VARCHAR AS v, p::VARCHAR AS p "
                f"FROM {lines} ORDER BY k, n, s"
            )
            for key, rows in itertools.groupby(_rows(cursor), key=lambda row: tuple(row[0])):
                layers: Layers = {}
                for _, source, *parts in rows:
                    line = {
                        name: msgspec.json.decode(text)
                        for name, text in zip("rvp", parts, strict=True)
                        if text is not None
                    }
                    _lay_over(layers, source, line)
                yield key, layers

    def _put_together(self, layers: Layers, stored: Stored | None) -> Record:
        """One record from its pieces and what is stored of it."""
        before: Record = msgspec.json.decode(stored[0]) if stored else {}
        stored_source = stored[1] if stored else 0
        moving = {name: before.pop(name) for name in self._unversioned & before.keys()}
        below: Record = {}
        above = dict(before)
        for source in sorted(layers):
            line = layers[source]
            if source < stored_source:
                below.update(line["r"])
            else:
                above.update(line["r"])
                moving.update(line.get("v", {}))
        source = max(layers)
        if below and above == before:
            # Only lower sources had something to add: that makes no version.
            source = RecordSource.EMBEDDED
        line = {"p": layers[max(layers)]["p"], "r": {**below, **above}, "n": int(source)}
        if moving:
            line["v"] = moving
        return line


def _lay_over(layers: Layers, source: int, line: Record) -> None:
    """Merge one more piece into those of its source."""
    layer = layers.setdefault(source, {"p": line["p"], "r": {}})
    layer["r"].update(line["r"])
    if "v" in line:
        layer.setdefault("v", {}).update(line["v"])


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while found := cursor.fetchmany(RECORDS_AT_ONCE):
        yield from found
