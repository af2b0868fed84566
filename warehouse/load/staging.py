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
from warehouse.load.ingest import Ingest
from warehouse.load.keys import key_of
from warehouse.load.lines_digest import LinesDigest
from warehouse.load.pieces import FindStored, Pieces
from warehouse.load.validation import LONGEST_SHOWN, Reject, Validation

Marks = dict[str, set[tuple[tuple[str, Any], ...]]]
"""Table -> the inherited columns and values of some parents."""
NESTED = (list, dict)
UNWRITABLE = (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, RecursionError)
"""What the encoder raises for a record that no JSON file can hold."""


class Staging:
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
        self.absent: Marks = defaultdict(set)
        """Parents whose answer did not hold the list of these children."""
        self.held: Marks = defaultdict(set)
        """Parents that were read in part, but with the whole list of these children."""
        self.fresh: dict[str, dict[str, Any]] = defaultdict(dict)
        self._extra = extra
        self._scratch = scratch
        self._ingest = Ingest(connection, scratch)
        self._lines = LinesDigest()
        self._pieces: dict[str, Pieces] = {}
        self._forgotten: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self._number = itertools.count()

    # -- Sink ------------------------------------------------------------------------------

    def extra_columns(self, table: Table) -> tuple[Column, ...]:
        return self._extra.get(table.name, ())

    def add(self, table: Table, lines: list[Record], *, sparse: bool) -> None:
        """Take rows; raises what the background thread failed with."""
        self.expect(table)
        _drop_nested_values(table, lines)
        self._lines.add(table, lines)
        if sparse or table.sparse:
            self._add_pieces(table, lines)
            return
        for line in lines:
            line["s"] = next(self._number)
        self._write(table, lines)
        self._ingest.flush_old()

    def reject(self, table: Table, record: Any, reason: str) -> None:
        self.rejects.append(Reject(table.name, "", None, reason, "", _text(record)))

    def without(self, table: Table, inherited: Mapping[str, Any]) -> None:
        self._mark(self.absent, table, inherited)

    def holds(self, table: Table, inherited: Mapping[str, Any]) -> None:
        self._mark(self.held, table, inherited)

    def fresh_field(self, table: Table, field: str, sample: Any) -> None:
        self.fresh[table.name][field] = sample

    def forget(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        self._forgotten[table.name] += keys

    # -- tables ----------------------------------------------------------------------------

    def expect(self, table: Table) -> None:
        """Make the incoming table ready; rows may follow or not."""
        if table.name not in self.tables:
            self.tables[table.name] = table
            self.columns[table.name] = (*table.columns, *self.extra_columns(table))
            self._ingest.expect(table, self.columns[table.name])

    @property
    def on_disk(self) -> bool:
        """Whether so much came that it did not stay in memory."""
        return self._ingest.on_disk

    def qualified_name(self, table: Table) -> str:
        """The incoming table's name in SQL; its columns: `Ingest.qualified_name`."""
        return self._ingest.qualified_name(table)

    def digest(self) -> str:
        """A hash of all that came: equal only for the same lines and marks.

        Empty where records were rejected or fields appeared, which a load has to look at. To be
        asked for before `finish`.
        """
        lines = self._lines.text()
        if not lines or self.rejects or self.fresh:
            return ""
        noted = [
            sorted((table, sorted(map(repr, found))) for table, found in marks.items())
            for marks in (self.absent, self.held, self._forgotten)
        ]
        return repr((lines, noted))

    def finish(self, find_stored: FindStored) -> None:
        """All rows in their tables: pieces put together, keys whole, each key once.

        `find_stored` tells what the warehouse holds of records that came in pieces.
        """
        for name, pieces in self._pieces.items():
            for lines in pieces.whole(find_stored):
                self._write(self.tables[name], lines)
        self._ingest.finish()
        for name, keys in self._forgotten.items():
            self._validation(self.tables[name]).drop(keys, self.tables.values())
        for table in self.tables.values():
            self.rejects += self._validation(table).rejects()

    def drop(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        """Take records out again, with what lives in them; only after `finish`."""
        if keys and table.name in self.tables:
            self._validation(table).drop(keys, self.tables.values())

    def close(self) -> None:
        """Let go of threads and files; also when a run is given up."""
        self._ingest.close()

    def _validation(self, table: Table) -> Validation:
        return Validation(self.connection, self.qualified_name, table, self.columns[table.name])

    # -- the inside ------------------------------------------------------------------------

    def _mark(self, marks: Marks, table: Table, inherited: Mapping[str, Any]) -> None:
        """Note a parent; one whose key is no text or number is rejected, and has no children."""
        if not any(isinstance(value, NESTED) for value in inherited.values()):
            marks[table.name].add(tuple(inherited.items()))

    def _write(self, table: Table, lines: list[Record]) -> None:
        try:
            self._ingest.write(table, lines)
        except UNWRITABLE:
            for line in lines:
                try:
                    self._ingest.write(table, [line])
                except UNWRITABLE as error:
                    self.reject(table, line["r"], f"cannot be written: {type(error).__name__}")

    def _add_pieces(self, table: Table, lines: list[Record]) -> None:
        pieces = self._pieces.get(table.name)
        if pieces is None:
            folder = self._scratch / f"pieces-{len(self._pieces)}"
            pieces = self._pieces[table.name] = Pieces(table, folder)
        for line in lines:
            key = key_of(table, line)
            if None in key:
                self.reject(table, line["r"], f"has no usable key ({', '.join(table.key)})")
                continue
            try:
                msgspec.json.encode(line)
            except UNWRITABLE as error:
                self.reject(table, line["r"], f"cannot be written: {type(error).__name__}")
                continue
            pieces.add(key, line)


def _drop_nested_values(table: Table, lines: list[Record]) -> None:
    """Remove objects and lists from inherited values that are no JSON: no parent has such a key."""
    plain = [c.name for c in table.columns if c.inherited and c.type != "json"]
    last: Any = None
    for line in lines if plain else []:
        inherited = line["p"]
        if inherited is last:
            continue  # the lines of one list share their inherited values
        last = inherited
        for name in plain:
            if isinstance(inherited.get(name), NESTED):
                inherited[name] = None


def _text(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UNWRITABLE:
        pass
    try:
        return repr(value)[:LONGEST_SHOWN]
    except RecursionError:
        return "(nested too deeply)"
