"""The incoming side of a load: rows of this run in tables of their own, typed, each key once."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from connectors.core.schema import Column, Record, Table
from connectors.paging import get_path
from warehouse.load.ingest import Batches
from warehouse.load.validation import LONGEST_SHOWN, Reject, Unfit

PIECES_AT_ONCE = 500


class Incoming:
    """A `Sink` (connectors.core.records) whose rows end up in incoming tables of the database."""

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
        self._batches = Batches(connection, scratch)
        self._pieces: dict[str, dict[tuple[Any, ...], Record]] = defaultdict(dict)
        self._forgotten: dict[str, list[list[str]]] = defaultdict(list)
        self._number = itertools.count()

    # -- Sink ------------------------------------------------------------------------------

    def extra_columns(self, table: Table) -> tuple[Column, ...]:
        return self._extra.get(table.name, ())

    def add(self, table: Table, lines: list[Record], *, sparse: bool) -> None:
        """Take rows; raises what the background thread failed with."""
        self.expect(table)
        if sparse or table.sparse:
            self._piece_together(table, lines)
            return
        for line in lines:
            line["s"] = next(self._number)
        self._batches.write(table, lines)
        self._batches.flush_old()

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

    # -- tables ----------------------------------------------------------------------------

    def expect(self, table: Table) -> None:
        """Make the incoming table ready; rows may follow or not."""
        if table.name not in self.tables:
            self.tables[table.name] = table
            self.columns[table.name] = (*table.columns, *self.extra_columns(table))
            self._batches.expect(table, self.columns[table.name])

    @property
    def on_disk(self) -> bool:
        """Whether so much came that it did not stay in memory."""
        return self._batches.on_disk

    def place(self, table: Table) -> str:
        """The incoming table's name in SQL; its columns: `Batches.place`."""
        return self._batches.place(table)

    def finish(self, known_raw: Mapping[str, Mapping[tuple[Any, ...], str]]) -> None:
        """All rows in their tables: pieces put together, keys whole, each key once.

        `known_raw` holds, for tables whose records arrive in pieces, the stored raw record by
        key, so that a field which this run did not see keeps its value.
        """
        self._write_pieces(known_raw)
        self._batches.finish()
        for name, keys in self._forgotten.items():
            self._unfit(self.tables[name]).forget(keys, self.tables.values())
        for table in self.tables.values():
            self.rejects += self._unfit(table).rejects()

    def close(self) -> None:
        """Let go of threads and files; also when a run is given up."""
        self._batches.close()

    def _unfit(self, table: Table) -> Unfit:
        return Unfit(self.connection, self.place, table, self.columns[table.name])

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
            unversioned = {c.source.partition(".")[0] for c in table.columns if c.unversioned}
            unversioned.update(table.unversioned)
            lines = []
            for number, (key, piece) in enumerate(found.items(), start=1):
                raw = known_raw.get(name, {}).get(key)
                before = msgspec.json.decode(raw) if raw else {}
                moving = {k: before.pop(k) for k in unversioned & before.keys()}
                line = {"p": piece["p"], "r": {**before, **piece["r"]}, "s": -number}
                moving.update(piece["v"])
                if moving:
                    line["v"] = moving
                lines.append(line)
            for start in range(0, len(lines), PIECES_AT_ONCE):
                self._batches.write(table, lines[start : start + PIECES_AT_ONCE])


def key_of(table: Table, line: Record) -> tuple[Any, ...]:
    """The key values of a line as the database will hold them: text, or whole numbers."""
    values: list[Any] = []
    for name in table.key:
        column = table.column(name)
        value = line["p"].get(name) if column.inherited else get_path(line["r"], column.source)
        if value is None:
            for other in column.aliases:
                value = get_path(line["r"], other) if value is None else value
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
        return repr(value)[:LONGEST_SHOWN]
