"""From an answer to rows: finds records, separates children from parents, marks what is new.

The work per record is kept small, since a listing may hold a million of them: no copies, no
values converted here (the database does that), one set comparison to notice unknown fields.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import msgspec

from connectors.core.errors import KollectError, UnexpectedShape
from connectors.core.resources import Origin, RecordSource, Rows
from connectors.core.schema import Column, Record, Table
from connectors.core.sink import Broken, Cut, Sink, Watcher
from connectors.paging import get_path, records_at

ABSENT: Any = object()
Lines = dict[tuple[str, bool], tuple[Table, list[Record]]]
"""(Table, whether they come in part) -> lines for the sink."""


class TableShape:
    """What the per-record loop needs to know of one table, worked out once."""

    def __init__(self, table: Table, extra: tuple[Column, ...]) -> None:
        self.table = table
        own = [column for column in (*table.columns, *extra) if not column.inherited]
        self.known = {source.partition(".")[0] for c in own for source in (c.source, *c.aliases)}
        self.known.update(table.ignored, table.unversioned)
        self.unversioned = {c.source.partition(".")[0] for c in own if c.unversioned}
        self.unversioned.update(table.unversioned)
        self.keys = [column.source for column in own if column.name in table.key]


class _PreparedRows:
    """What the per-record loop needs to know of declared rows, worked out once."""

    def __init__(
        self, rows: Rows, shapes: Mapping[str, TableShape], watcher: Watcher | None
    ) -> None:
        self.rows = rows
        self.doubtful = watcher is not None and rows.proves and watcher.may_doubt(rows)
        """An empty list of these rows may be hard to believe."""
        self.shape = shapes[rows.table.name]
        self.slot = (rows.table.name, rows.sparse)
        self.source = 0 if rows.source is RecordSource.LIST else int(rows.source)
        self.constants: dict[str, Any] = {}
        self.around: list[tuple[str, str]] = []
        self.enclosing: list[tuple[str, str]] = []
        self.own: list[tuple[str, str]] = []
        for name, source in rows.inherit.items():
            if source.origin is Origin.CONSTANT:
                self.constants[name] = source.name
            elif source.origin is Origin.REQUEST:
                self.around.append((name, source.name))
            elif source.origin is Origin.MEMBER:
                self.own.append((name, source.name))
            else:
                self.enclosing.append((name, source.name))
        self.children = [_PreparedRows(child, shapes, watcher) for child in rows.children]
        self.plain = (
            "." not in rows.at
            and bool(rows.at)
            and not (rows.keep or rows.rows is not None or rows.count)
        )
        """Its items are simply a member of the enclosing record."""
        self.looks_around: bool = (
            bool(self.around)
            or rows.rows is not None
            or any(child.looks_around for child in self.children)
        )

    def inherited(
        self, enclosing: Mapping[str, Any] | None, surroundings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The inherited columns that are the same for all records of one list."""
        values = dict(self.constants)
        for name, source in self.around:
            values[name] = surroundings.get(source)
        if enclosing is not None:
            for name, source in self.enclosing:
                values[name] = enclosing.get(source)
        return values


def identity(rows: Rows) -> Callable[[Any], Hashable]:
    """A function from a record to what tells it apart within its listing.

    None stands for a part of the key that is missing, or is no plain value.
    """
    columns = {column.name: column for column in rows.table.columns}
    own = [columns[name] for name in rows.table.key if not columns[name].inherited]
    if len(own) == 1 and "." not in own[0].source and not own[0].aliases:
        name = own[0].source
        return lambda record: _plain(record.get(name)) if isinstance(record, dict) else None

    def of(record: Any) -> Hashable:
        parts = []
        for column in own:
            found = (get_path(record, place) for place in (column.source, *column.aliases))
            parts.append(_plain(next((value for value in found if value is not None), None)))
        return tuple(parts)

    return of


def lacks_its_key(found: Hashable) -> bool:
    """Whether a record with this identity has no key."""
    return found is None or (isinstance(found, tuple) and None in found)


def _named(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _plain(value: Any) -> Hashable:
    return value if isinstance(value, (str, int, float)) else None


class RecordMapper:
    """Turns found records into lines for a sink."""

    def __init__(self, tables: Iterable[Table], sink: Sink, watcher: Watcher | None = None) -> None:
        self.sink = sink
        self._watcher = watcher
        self._shapes = {
            table.name: TableShape(table, sink.extra_columns(table)) for table in tables
        }
        self._prepared: dict[int, _PreparedRows] = {}
        self._noticed: set[tuple[str, str]] = set()
        self.cuts: dict[str, dict[tuple[Any, ...], Cut]] = {}
        """Table -> inherited values -> the list that was cut."""

    def find(
        self, rows: Rows, payload: Any, surroundings: Mapping[str, Any], *, single: bool = True
    ) -> list[Any]:
        """The records of top-level rows in an answer, each in its one form or `Broken`.

        With `single`, an object stands for a list of one. Raises UnexpectedShape where the
        answer has no such list.
        """
        try:
            if rows.rows is not None:
                taken = rows.rows(payload, surroundings)
                found = None if taken is None else list(taken)
            else:
                found = records_at(payload, rows.at, single=single)
        except KollectError:
            raise
        except Exception as error:
            raise UnexpectedShape(f"the answer cannot be read ({_named(error)})") from error
        if found is None:
            raise UnexpectedShape(f"the answer has no list at `{rows.at or '(its root)'}`")
        if rows.normalize is None:
            return found
        return [self._normalized(rows, record, surroundings) for record in found]

    @staticmethod
    def _normalized(rows: Rows, record: Any, surroundings: Mapping[str, Any]) -> Any:
        try:
            return rows.normalize(record, surroundings) if rows.normalize else record
        except KollectError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this record alone
            return Broken(record, f"cannot be read ({_named(error)})")

    def keep(self, rows: Rows, records: Iterable[Any], surroundings: Mapping[str, Any]) -> int:
        """Send found records (and their children) to the sink; returns how many were kept."""
        prepared = self._prepared.get(id(rows))
        if prepared is None:
            # It holds its rows, so that no others can come to the same id.
            prepared = self._prepared[id(rows)] = _PreparedRows(rows, self._shapes, self._watcher)
        lines: Lines = {}
        count = self._all(prepared, records, None, surroundings, lines)
        for (_, sparse), (table, found) in lines.items():
            self.sink.add(table, found, sparse=sparse)
        return count

    def _all(
        self,
        prepared: _PreparedRows,
        records: Iterable[Any],
        enclosing: Mapping[str, Any] | None,
        surroundings: Mapping[str, Any],
        lines: Lines,
    ) -> int:
        """The lines of the records of one list, and of their children; returns their number."""
        rows, shape = prepared.rows, prepared.shape
        table, known, unversioned = rows.table, shape.known, shape.unversioned
        shared = prepared.inherited(enclosing, surroundings)
        count = broken = 0
        for position, record in enumerate(records):
            if record is None and rows.nulls:
                continue
            if not isinstance(record, dict):
                self._reject(rows, record)
                broken += 1
                continue
            inherited = shared
            try:
                if rows.only is not None and not rows.only(record, surroundings):
                    continue
                for name in shape.keys:
                    if isinstance(record.get(name), (dict, list)):
                        raise TypeError(f"`{name}` tells it apart and is no plain value")
                if prepared.own or rows.position:
                    inherited = {
                        **shared,
                        **{name: record.pop(own, None) for name, own in prepared.own},
                    }
                    if rows.position:
                        inherited[rows.position] = position
                if prepared.children:
                    around = (
                        {**surroundings, **inherited} if prepared.looks_around else surroundings
                    )
                    for child in prepared.children:
                        self._children(child, record, around, lines, rows.sparse)
            except KollectError:
                raise
            except Exception as error:  # noqa: BLE001 - it costs this record alone
                self._reject(rows, Broken(record, f"cannot be read ({_named(error)})"))
                broken += 1
                continue
            if not known.issuperset(record):
                self._notice(shape, record)
            line: Record = {"p": inherited, "r": record}
            if prepared.source:
                line["n"] = prepared.source
            if unversioned:
                moving = {name: record.pop(name) for name in unversioned if name in record}
                if moving:
                    line["v"] = moving
            for name in table.unordered:
                if isinstance(value := record.get(name), list):
                    record[name] = sorted(value, key=msgspec.json.encode)
            where = lines.get(prepared.slot)
            if where is None:
                lines[prepared.slot] = (table, [line])
            else:
                where[1].append(line)
            count += 1
        if broken and enclosing is not None and rows.proves:
            # The row of a record that cannot be read has not ended.
            self.sink.without(table, shared)
        return count

    def _reject(self, rows: Rows, record: Any) -> None:
        """Send a record that cannot be read to the rejects, whole; the list is not complete."""
        broken = record if isinstance(record, Broken) else Broken(record, "is no object")
        self.sink.reject(rows.table, broken.record, broken.reason)
        if self._watcher is not None:
            self._watcher.unreadable(rows, broken.reason)

    def _children(
        self,
        prepared: _PreparedRows,
        record: Record,
        surroundings: Mapping[str, Any],
        lines: Lines,
        partly: bool,
    ) -> None:
        child = prepared.rows
        if prepared.plain:
            found = record.pop(child.at, ABSENT)
            if type(found) is list and not partly and child.normalize is None:
                if found:
                    self._all(prepared, found, record, surroundings, lines)
                elif prepared.doubtful:
                    self._proves(prepared, found, record, surroundings, partly)
                return
        else:
            found = _taken(record, child.at, keep=child.keep) if child.at else record
        if child.rows is not None and found is not ABSENT:
            taken = child.rows(found, surroundings)
            found = ABSENT if taken is None else list(taken)
        if child.count and found is ABSENT and get_path(record, child.count) == 0:
            found = []
        cut = bool(child.count) and self._cut(prepared, found, record, surroundings)
        if cut and found is ABSENT:
            return
        if found is ABSENT or not isinstance(found, (list, dict, type(None))):
            if child.proves:
                self.sink.without(child.table, prepared.inherited(record, surroundings))
            if found is not ABSENT:
                self._reject(child, Broken(found, f"`{child.at}` is no list"))
            return
        items = found if isinstance(found, list) else [] if found is None else [found]
        if child.keep:
            items = [dict(item) if isinstance(item, dict) else item for item in items]
        if child.normalize is not None:
            items = [self._normalized(child, item, surroundings) for item in items]
        if child.proves and not cut:
            self._proves(prepared, items, record, surroundings, partly)
        self._all(prepared, items, record, surroundings, lines)

    def _proves(
        self,
        prepared: _PreparedRows,
        items: list[Any],
        record: Record,
        surroundings: Mapping[str, Any],
        partly: bool,
    ) -> None:
        """What an embedded list lacks has ended, unless it is empty and that is not believed."""
        if items and not partly:
            return
        inherited = prepared.inherited(record, surroundings)
        watcher = self._watcher if prepared.doubtful else None
        if not items and watcher is not None and watcher.doubts_empty(prepared.rows, inherited):
            self.sink.without(prepared.rows.table, inherited)
        elif partly:
            self.sink.holds(prepared.rows.table, inherited)

    def _cut(
        self, prepared: _PreparedRows, found: Any, record: Record, surroundings: Mapping[str, Any]
    ) -> bool:
        """Whether an embedded list shows another number of items than there are."""
        child = prepared.rows
        told = get_path(record, child.count)
        count = int(told) if isinstance(told, int) or str(told).isdecimal() else None
        items = found if isinstance(found, list) else []
        if count is None or count == len(items):
            return False
        inherited = prepared.inherited(record, surroundings)
        identify = identity(child)
        shown = tuple(identify(item) for item in items)
        cuts = self.cuts.setdefault(child.table.name, {})
        cuts[tuple(inherited.values())] = Cut(inherited, count, shown)
        if child.proves:
            self.sink.without(child.table, inherited)
        return True

    def _notice(self, shape: TableShape, record: Record) -> None:
        for name in record.keys() - shape.known:
            if (shape.table.name, name) in self._noticed or record[name] is None:
                continue
            if not isinstance(record[name], (list, dict)):
                self.sink.fresh_field(shape.table, name, record[name])
            self._noticed.add((shape.table.name, name))


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
