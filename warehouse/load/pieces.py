"""Records that arrive in pieces: put together field by field, with what is stored.

A person may come as a name inside a card, as an entry of a list and as an answer of its own. The
pieces of one record are merged from the lowest source to the highest (`RecordSource`), and within
a source in the order read. What is stored stands below the pieces of its own source and above
those of lower ones, so a field that no piece shows keeps its value, and an embedded copy only
adds fields that were never known.

Pieces of more than a few thousand records wait in scratch files, so memory hardly grows with the
account.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from connectors.core.resources import RecordSource
from connectors.core.schema import Record, Table
from warehouse.load.keys import Key

RECORDS_AT_ONCE = 5_000
PARTS = 64
"""Into so many files the pieces of many records go; the records of one file fit in memory."""
ENCODER = msgspec.json.Encoder()
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

    def __init__(self, table: Table, folder: Path) -> None:
        """`folder` is a scratch folder to make where memory does not suffice."""
        self._table = table
        self._folder = folder
        self._held: dict[Texts, Layers] = {}
        self._unversioned = {c.source.partition(".")[0] for c in table.columns if c.unversioned}
        self._unversioned.update(table.unversioned)

    def add(self, key: Key, line: Record) -> None:
        """Take one piece of the record with this key."""
        layers = self._held.setdefault(tuple(str(part) for part in key), {})
        _lay_over(layers, line.get("n", RecordSource.LIST), line)
        if len(self._held) > RECORDS_AT_ONCE:
            self._spill()

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
        if self._folder.exists():
            self._spill()
            records = self._spilled()
        else:
            records = iter(self._held.items())
        while group := list(itertools.islice(records, RECORDS_AT_ONCE)):
            yield group

    def _spill(self) -> None:
        """Append what is held in memory to the scratch files, each key always to the same one."""
        self._folder.mkdir(exist_ok=True)
        parts: dict[int, list[Any]] = {}
        for key, layers in self._held.items():
            parts.setdefault(hash(key) % PARTS, []).append([key, list(layers.items())])
        for part, records in parts.items():
            with open(self._folder / f"{part}.ndjson", "ab") as writer:
                writer.write(ENCODER.encode_lines(records))
        self._held = {}

    def _spilled(self) -> Iterator[tuple[Texts, Layers]]:
        """The records of the scratch files, each once."""
        for file in sorted(self._folder.iterdir()):
            found: dict[Texts, Layers] = {}
            with open(file, "rb") as reader:
                for line in reader:
                    key, layers = msgspec.json.decode(line)
                    for source, piece in layers:
                        _lay_over(found.setdefault(tuple(key), {}), source, piece)
            file.unlink()
            yield from found.items()

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
