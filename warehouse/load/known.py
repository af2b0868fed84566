"""What the warehouse holds of one account before a load."""

from __future__ import annotations

import contextlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from connectors.core.connector import Connector
from connectors.core.resources import RecordSource
from connectors.core.schema import Column, Table
from connectors.core.state import StateKey, StateKind
from warehouse.schema.types import quoted
from warehouse.store.names import CATALOG, STATE
from warehouse.store.warehouse import Warehouse

WAITS = "(v.content IS DISTINCT FROM t._content::VARCHAR OR v.visited_at < t._valid_from)"
"""SQL: a row `t` is not as it was at its visit `v`."""


@dataclass
class _State:
    """What is read at one opening and good until the next load."""

    cursors: dict[str, dict[str, str]] = field(default_factory=dict)
    remembered: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    columns: dict[str, list[Column]] = field(default_factory=dict)


class AccountState:
    """Answers questions about one account; each opens the warehouse for a moment."""

    def __init__(
        self,
        warehouse: Warehouse,
        connector: Connector,
        account: str,
        connect: Callable[[], duckdb.DuckDBPyConnection],
        now: Callable[[], datetime],
    ) -> None:
        """`connect` makes connections to the run's DuckDB, `now` tells the time of its clock."""
        self._now = now
        self._warehouse = warehouse
        self.connector = connector
        self._account = account
        self._connect = connect
        self._state: _State | None = None
        self._scopes: dict[tuple[str, tuple[str, ...]], array[int]] = {}
        self._counts: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], int]] = {}

    def _query(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows of a query on the writer's file; none where a table does not exist yet."""
        with self._open() as connection:
            try:
                return connection.execute(sql, list(values)).fetchall()
            except duckdb.CatalogException:
                return []

    def _open(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return _Opened(self._warehouse, self._connect)

    def _qualified_name(self, table: str) -> str:
        return f"{CATALOG}.{quoted(self.connector.name)}.{quoted(table)}"

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """The given columns of every current row of the account."""
        listed = ", ".join(quoted(name) for name in columns)
        source = self._qualified_name(table)
        sql = f"SELECT {listed} FROM {source} WHERE _account = ? ORDER BY ALL"
        return self._query(sql, [self._account])

    def count(self, table: str, scope: Mapping[str, Any] | None = None) -> int:
        """How many current rows the account has, in all or where columns have these values.

        Many scopes of a table are asked for one after another, so all of them are counted once.
        """
        inside = dict(scope or {})
        names = tuple(inside)
        counted = self._counts.get((table, names))
        if counted is None:
            listed = "".join(f"{quoted(name)}::VARCHAR, " for name in names)
            place = self._qualified_name(table)
            sql = f"SELECT {listed}count(*) FROM {place} WHERE _account = ? GROUP BY ALL"
            rows = self._query(sql, [self._account])
            counted = self._counts[table, names] = {tuple(row[:-1]): row[-1] for row in rows}
        return counted.get(tuple(str(value) for value in inside.values()), 0)

    def has(self, table: str, scope: Mapping[str, Any]) -> bool:
        """Whether any current row has these values.

        Many scopes are asked for one after another, so the hashes of all are kept, eight bytes
        each.
        """
        names = tuple(scope)
        hashes = self._scopes.get((table, names))
        if hashes is None:
            hashes = self._scopes[table, names] = self._scope_hashes(table, names)
        wanted = hash(tuple(str(value) for value in scope.values()))
        place = bisect_left(hashes, wanted)
        return place < len(hashes) and hashes[place] == wanted

    def _scope_hashes(self, table: str, names: tuple[str, ...]) -> array[int]:
        listed = ", ".join(f"{quoted(name)}::VARCHAR" for name in names) or "1"
        sql = f"SELECT DISTINCT {listed} FROM {self._qualified_name(table)} WHERE _account = ?"
        found: array[int] = array("q")
        with self._open() as connection, contextlib.suppress(duckdb.CatalogException):
            rows = connection.execute(sql, [self._account])
            while batch := rows.fetchmany(10_000):
                found.extend(hash(row if names else ()) for row in batch)
        return array("q", sorted(found))

    def cursor(self, resource: str, scope: str = "") -> str | None:
        """The stored cursor, or None before the first load."""
        return self.cursors(resource).get(scope)

    def cursors(self, resource: str) -> dict[str, str]:
        """Every stored cursor of a resource by scope."""
        return dict(self._at_hand().cursors.get(resource, {}))

    def state(self, key: StateKey) -> str | None:
        """A remembered value, or None."""
        return self.states(key.kind, key.name).get(key.scope)

    def states(self, kind: StateKind, name: str = "") -> dict[str, str]:
        """Every remembered value of this kind and name, by scope."""
        return dict(self._at_hand().remembered.get((kind, name), {}))

    def forget(self) -> None:
        """Look again at the next question: something else has changed what is stored."""
        self._counts = {}
        self._scopes = {}
        self._state = None

    def refresh(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Look again after a load, on its connection with the writer's file still attached."""
        self._counts = {}
        self._scopes = {}
        self._state = self._read_state(connection)

    def _at_hand(self) -> _State:
        if self._state is None:
            with self._open() as connection:
                self._state = self._read_state(connection)
        return self._state

    def _read_state(self, connection: duckdb.DuckDBPyConnection) -> _State:
        state = _State()
        with contextlib.suppress(duckdb.CatalogException):
            for resource, scope, value in connection.execute(
                f"SELECT resource, scope, value FROM {CATALOG}.{STATE}.cursors WHERE account = ?",
                [self._account],
            ).fetchall():
                state.cursors.setdefault(resource, {})[scope] = value
            for kind, name, scope, value in connection.execute(
                f"SELECT kind, name, scope, value FROM {CATALOG}.{STATE}.state WHERE account = ?",
                [self._account],
            ).fetchall():
                state.remembered.setdefault((kind, name), {})[scope] = value
            for table, name, source, kind in connection.execute(
                f"SELECT table_name, column_name, field, type FROM {CATALOG}.{STATE}."
                "schema_changes WHERE service = ? AND change = 'added' "
                "ORDER BY changed_at, column_name",
                [self.connector.name],
            ).fetchall():
                declared = self.connector.tables.get(table)
                if declared is not None and name not in {c.name for c in declared.columns}:
                    state.columns.setdefault(table, []).append(appeared(name, source, kind))
        return state

    def due(
        self,
        resource: str,
        table: str,
        columns: Sequence[str],
        again_days: int,
        after: str = "",
        most: int = 0,
        *,
        oldest_first: bool = False,
    ) -> list[tuple[str, str, tuple[Any, ...]]]:
        """Rows that changed, or were gone and returned, since `resource` was asked for them, and
        the day's share of the others.

        An unchanged row comes round after `again_days` days and up to as many more, spread by
        its key, so that no single day has to ask for all of them. With 0 days, every row is due.
        They come in the order of their scopes, those behind `after`; or with `oldest_first` those
        that wait, and then the others, those first that were not asked for the longest time. At
        `most` so many.
        """
        scope, visited = self._visited(table)
        listed = ", ".join(f"t.{quoted(name)}" for name in columns)
        order = f"{WAITS} DESC, v.visited_at NULLS FIRST, scope" if oldest_first else "scope"
        found = self._query(
            f"SELECT {scope} AS scope, t._content::VARCHAR, {listed} {visited} AND (? = 0 OR "
            f"{WAITS} "
            f"OR v.visited_at < ?::TIMESTAMPTZ - to_days((? + hash({scope}) % ?)::INTEGER)) "
            f"AND ({scope}) > ? ORDER BY {order}{f' LIMIT {most:d}' if most else ''}",
            [
                resource,
                self._account,
                again_days,
                self._now(),
                again_days,
                max(1, again_days),
                after,
            ],
        )
        return [(row[0], row[1], tuple(row[2:])) for row in found]

    def waiting(self, resource: str, table: str) -> int:
        """How many rows changed since `resource` was asked for them, or never were asked for."""
        _, visited = self._visited(table)
        found = self._query(f"SELECT count(*) {visited} AND {WAITS}", [resource, self._account])
        return int(found[0][0]) if found else 0

    def _visited(self, table: str) -> tuple[str, str]:
        """SQL for a row's scope, and for the account's rows (`t`) with their visits (`v`)."""
        key = self.connector.tables[table].key
        scope = " || '/' || ".join(f"t.{quoted(name)}::VARCHAR" for name in key)
        return scope, (
            f"FROM {self._qualified_name(table)} t LEFT JOIN {CATALOG}.{STATE}.visits v "
            f"ON v.account = t._account AND v.resource = ? AND v.scope = {scope} "
            "WHERE t._account = ?"
        )

    def first_time(self, family: str) -> bool:
        """Whether this family was never loaded completely."""
        return self.state(StateKey(StateKind.COMPLETE, scope=family)) is None

    def owes_full_pass(self, family: str) -> bool:
        """Whether no full pass has yet read this family to its end, or the last one broke off."""
        broke_off = self.state(StateKey(StateKind.FULL_PASS_BROKE_OFF, scope=family))
        return bool(broke_off) or self.first_time(family)

    def extra_columns(self) -> dict[str, tuple[Column, ...]]:
        """Columns that appeared by themselves in earlier runs, by table."""
        return {table: tuple(columns) for table, columns in self._at_hand().columns.items()}

    def stored(
        self, table: Table, keys: Sequence[tuple[str, ...]]
    ) -> dict[tuple[str, ...], tuple[str, int]]:
        """The raw record and the source (`RecordSource`) of those of these records that are
        stored, by key; keys are texts."""
        key = f"[{', '.join(f't.{quoted(name)}::VARCHAR' for name in table.key)}]"
        rows = self._query(
            f"SELECT {key}, t._raw::VARCHAR, coalesce(s.source, {RecordSource.LIST:d}) "
            f"FROM {self._qualified_name(table.name)} t "
            f"LEFT JOIN {CATALOG}.{STATE}.record_sources s ON s.account = t._account "
            "AND s.service = ? AND s.table_name = ? "
            f"AND s.key = array_to_string({key}, '/') "
            f"WHERE t._account = ? AND {key} IN (SELECT unnest(?::VARCHAR[][]))",
            [self.connector.name, table.name, self._account, [list(key) for key in keys]],
        )
        return {tuple(row[0]): (row[1], row[2]) for row in rows}

    def run_loads(self, run_id: str) -> dict[str, dict[str, Any]]:
        """What was already loaded under a run: table -> its row of `_kollect.loads`."""
        names = ("table_name", "mode", "complete", "proof", "reason", "inserted", "updated",
                 "deleted", "unchanged", "rejected", "rows", "error")  # fmt: skip
        rows = self._query(
            f"SELECT {', '.join(names)} FROM {CATALOG}.{STATE}.loads "
            "WHERE run_id = ? AND account = ? ORDER BY table_name",
            [run_id, self._account],
        )
        return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def appeared(name: str, source: str, kind: str) -> Column:
    """A column for a field that appeared by itself."""
    meaning = f"appeared in the service's answers as `{source}`"
    return Column(name=name, type=kind, meaning=meaning, source=source)


class _Opened:
    """A connection with the writer's file attached, for the length of a question."""

    def __init__(
        self, warehouse: Warehouse, connect: Callable[[], duckdb.DuckDBPyConnection]
    ) -> None:
        self._connection = connect()
        self._attached = warehouse.writing(self._connection)

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        self._attached.__enter__()
        return self._connection

    def __exit__(self, *reason: Any) -> None:
        self._attached.__exit__(*reason)
        self._connection.close()
