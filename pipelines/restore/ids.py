"""What became of each kept record: its key of now, and so what refers to it now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.core.schema import Table
from connectors.core.write import Writer

Key = tuple[Any, ...]


class IdMap:
    """Old key -> key of now, table by table."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._new: dict[str, dict[Key, Key]] = {}
        self._open: dict[str, set[Key]] = {}
        self._by_id: dict[str, dict[Any, Key]] = {}

    def expect(self, table: str, old: Key) -> None:
        """The record is to be written: references to it have no value yet."""
        self._open.setdefault(table, set()).add(old)

    def set(self, table: str, old: Key, new: Key) -> None:
        """The record has this key now."""
        self._new.setdefault(table, {})[old] = new
        self._open.get(table, set()).discard(old)
        self._by_id.setdefault(table, {})[old[-1]] = new

    def is_open(self, table: str, old: Key) -> bool:
        return old in self._open.get(table, ())

    def is_any_open(self, table: str, prefix: Key) -> bool:
        """Whether a record whose key begins so is still to be written."""
        return any(key[: len(prefix)] == prefix for key in self._open.get(table, ()))

    def key(self, table: str, old: Key) -> Key | None:
        return self._new.get(table, {}).get(old)

    def find(self, table: str, value: Any, row: Mapping[str, Any]) -> Key:
        """The old key that a reference from a row means: ids that are only unique within a parent
        mean a record of the same parent."""
        prefix = tuple(row.get(name) for name in self._tables[table].key[:-1])
        return (*prefix, value)

    def now(self, table: str, value: Any, row: Mapping[str, Any]) -> Any:
        """The id of now that a reference from a row means; the old one of what is not restored."""
        if value is None:
            return None
        found = self.key(table, self.find(table, value, row))
        if found is None and not self.is_open(table, self.find(table, value, row)):
            found = self._by_id.get(table, {}).get(value)
        return value if found is None else found[-1]


def references(writer: Writer) -> dict[str, tuple[str, ...]]:
    """The columns of a table that hold ids of other records, and the tables that these are in."""
    found = {
        reference.names[0]: (reference.table,)
        for reference in writer.table.parents
        if len(reference.names) == 1
    }
    return found | dict(writer.refers)


def with_ids_of_now(writer: Writer, row: Mapping[str, Any], ids: IdMap) -> dict[str, Any]:
    """The row with all references as they are now."""
    moved = dict(row)
    for column, tables in references(writer).items():
        for table in tables:
            now = ids.now(table, row[column], row)
            if now != row[column]:
                moved[column] = now
                break
    return moved


def open_references(
    writer: Writer, row: Mapping[str, Any], ids: IdMap
) -> list[tuple[str, str, Key]]:
    """Column, table and old key of what a row refers to and what is still to be written."""
    several = [
        (reference.names[0], reference.table, tuple(row[name] for name in reference.names))
        for reference in writer.table.parents
        if len(reference.names) > 1
    ]
    return [
        *(found for found in several if ids.is_open(*found[1:])),
        *_open_ones(writer, row, ids),
    ]


def waits_for_neighbours(writer: Writer, row: Mapping[str, Any], ids: IdMap) -> bool:
    """Whether something that is written before it (`Writer.after`) is still to be written."""
    if not writer.after:
        return False
    owner = next(reference for reference in writer.table.parents if reference.owner)
    prefix = tuple(row[name] for name in owner.names)
    return any(ids.is_any_open(table, prefix) for table in writer.after)


def _open_ones(writer: Writer, row: Mapping[str, Any], ids: IdMap) -> list[tuple[str, str, Key]]:
    return [
        (column, table, ids.find(table, row[column], row))
        for column, tables in references(writer).items()
        for table in tables
        if row[column] is not None and ids.is_open(table, ids.find(table, row[column], row))
    ]
