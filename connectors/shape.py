"""From an answer to rows: finds records, parts children from parents, marks what is new.

The work per record is kept small, since a listing may hold a million of them: no copies, no
values converted here (the database does that), one set comparison to notice unknown fields.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Protocol

import msgspec

from connectors.declare import Column, Connector, Record, Rows, Table
from connectors.paging import records_at

ABSENT: Any = object()


class Sink(Protocol):
    """Where rows go: the loader's incoming tables, or a list in a test."""

    def extra_columns(self, table: Table) -> tuple[Column, ...]:
        """Columns that appeared by themselves in earlier runs."""

    def add(self, table: Table, lines: list[Record], *, partial: bool) -> None:
        """Rows in the order read; a line is {"p": given values, "r": record, "v": volatile}."""

    def reject(self, table: Table, record: Any, reason: str) -> None:
        """A record that cannot be read at all."""

    def without(self, table: Table, given: Mapping[str, Any]) -> None:
        """This parent's answer did not hold the list of these children: nothing ends there."""

    def holds(self, table: Table, given: Mapping[str, Any]) -> None:
        """This parent, although read in part, showed the whole list of these children."""

    def fresh_field(self, table: Table, field: str, sample: Any) -> None:
        """A scalar field that no column is declared for."""


class TableShape:
    """What the per-record loop needs to know of one table, worked out once."""

    def __init__(self, table: Table, extra: tuple[Column, ...]) -> None:
        self.table = table
        own = [column for column in (*table.columns, *extra) if not column.given]
        self.known = {source.partition(".")[0] for c in own for source in (c.source, *c.also)}
        self.known.update(table.ignored, table.volatile)
        self.volatile = {c.source.partition(".")[0] for c in own if c.volatile}
        self.volatile.update(table.volatile)


def identity(rows: Rows) -> Callable[[Any], Hashable]:
    """A function from a record to what tells it apart within its listing."""
    columns = {column.name: column for column in rows.table.columns}
    sources = [columns[name].source for name in rows.table.key if not columns[name].given]
    if len(sources) == 1 and "." not in sources[0]:
        name = sources[0]
        return lambda record: _hashable(record.get(name)) if isinstance(record, dict) else None

    def of(record: Any) -> Hashable:
        from connectors.paging import dig

        return tuple(_hashable(dig(record, source)) for source in sources)

    return of


def _hashable(value: Any) -> Hashable:
    return value if isinstance(value, (str, int, float, type(None))) else repr(value)


class Shaper:
    """Turns found records into lines for a sink."""

    def __init__(self, connector: Connector, sink: Sink) -> None:
        self.sink = sink
        self._shapes = {
            table.name: TableShape(table, sink.extra_columns(table))
            for table in connector.tables.values()
        }
        self._noticed: set[tuple[str, str]] = set()

    def find(self, rows: Rows, payload: Any, surroundings: Mapping[str, Any]) -> list[Any] | None:
        """The records of top-level rows in an answer; None where the answer has another shape."""
        if rows.rows is not None:
            return list(rows.rows(payload, surroundings))
        return records_at(payload, rows.at)

    def keep(self, rows: Rows, records: Iterable[Any], surroundings: Mapping[str, Any]) -> int:
        """Send records (and their children) to the sink; returns how many records were kept."""
        lines: dict[tuple[str, bool], tuple[Table, list[Record]]] = {}
        count = 0
        for record in records:
            count += self._one(rows, record, None, surroundings, lines, 0)
        for (_, partial), (table, found) in lines.items():
            self.sink.add(table, found, partial=partial)
        return count

    def _one(
        self,
        rows: Rows,
        record: Any,
        enclosing: Mapping[str, Any] | None,
        surroundings: Mapping[str, Any],
        lines: dict[tuple[str, bool], tuple[Table, list[Record]]],
        position: int,
    ) -> int:
        if record is None:
            return 0
        table = rows.table
        if not isinstance(record, dict):
            self.sink.reject(table, record, "is no object")
            return 0
        given = _given(rows, enclosing, surroundings)
        if rows.position:
            given = {**given, rows.position: position}
        if rows.children:
            around = {**surroundings, **given} if given else surroundings
            for child in rows.children:
                self._children(child, record, around, lines, rows.partial)
        shape = self._shapes[table.name]
        if not shape.known.issuperset(record):
            self._notice(shape, record)
        line: Record = {"p": given, "r": record}
        if shape.volatile:
            moving = {name: record.pop(name) for name in shape.volatile if name in record}
            if moving:
                line["v"] = moving
        for name in table.unordered:
            if isinstance(value := record.get(name), list):
                record[name] = sorted(value, key=msgspec.json.encode)
        where = lines.get((table.name, rows.partial))
        if where is None:
            lines[(table.name, rows.partial)] = (table, [line])
        else:
            where[1].append(line)
        return 1

    def _children(
        self,
        child: Rows,
        record: Record,
        surroundings: Mapping[str, Any],
        lines: dict[tuple[str, bool], tuple[Table, list[Record]]],
        partly: bool,
    ) -> None:
        found = _taken(record, child.at, keep=child.keep or child.rows is not None)
        if child.rows is not None:
            found = list(child.rows(record, surroundings))
        if found is ABSENT or not isinstance(found, (list, dict, type(None))):
            if child.proves:
                self.sink.without(child.table, _given(child, record, surroundings))
            if found is not ABSENT:
                self.sink.reject(child.table, found, f"`{child.at}` is no list")
            return
        if partly and child.proves:
            self.sink.holds(child.table, _given(child, record, surroundings))
        items = found if isinstance(found, list) else [] if found is None else [found]
        for position, item in enumerate(items):
            inner = dict(item) if child.keep and isinstance(item, dict) else item
            self._one(child, inner, record, surroundings, lines, position)

    def _notice(self, shape: TableShape, record: Record) -> None:
        for name in record.keys() - shape.known:
            if (shape.table.name, name) in self._noticed or record[name] is None:
                continue
            if not isinstance(record[name], (list, dict)):
                self.sink.fresh_field(shape.table, name, record[name])
            self._noticed.add((shape.table.name, name))


def _given(
    rows: Rows, enclosing: Mapping[str, Any] | None, surroundings: Mapping[str, Any]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, source in rows.given.items():
        if source.startswith("="):
            values[name] = source[1:]
        elif source.startswith(":"):
            values[name] = surroundings.get(source[1:])
        elif enclosing is not None:
            values[name] = enclosing.get(source)
    return values


def _taken(record: Record, path: str, *, keep: bool) -> Any:
    """The value at a path of the record, removed from it unless it is kept; ABSENT if missing."""
    *steps, last = path.split(".")
    holder: Any = record
    for step in steps:
        holder = holder.get(step, ABSENT) if isinstance(holder, dict) else ABSENT
        if holder is None:
            return None
    if not isinstance(holder, dict) or last not in holder:
        return ABSENT
    return holder[last] if keep else holder.pop(last)
