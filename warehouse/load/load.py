"""One load: a family's rows, history, ends, cursors and ledger in a single transaction."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from connectors.core.connector import Connector, Family, family_tables
from connectors.core.evidence import Evidence
from connectors.core.resources import Rows
from connectors.core.schema import Table
from connectors.core.state import StateKey, StateKind
from warehouse.load.known import AccountState
from warehouse.load.ledger import Ledger
from warehouse.load.merge import Merge
from warehouse.load.staging import Incoming
from warehouse.schema.declared_views import keep_views
from warehouse.schema.evolve import add_fresh_columns, ensure_schema
from warehouse.store.identity import CATALOG, STATE
from warehouse.store.open import all_threads
from warehouse.store.transactions import count_generation, transaction
from warehouse.store.warehouse import Warehouse

MASS_ROWS = 20
"""Fewer rows than this may vanish at once without a second look."""
WORTH_THREADS_BYTES = 32 << 20
"""Below this size of the warehouse, starting more threads takes longer than they save."""


@dataclass(frozen=True)
class Traffic:
    """What the requests of a family cost."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    waited_seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True)
class LoadRequest:
    """What to load and under whose name."""

    connector: Connector
    account: str
    run_id: str
    family: Family
    outcome: Evidence
    incoming: Incoming
    full: bool
    tables: frozenset[str]
    """The tables that are kept; others of the family are left alone."""
    traffic: Traffic
    mass_share: float = 0.5
    """More than this share of a table vanishing at once is held back until it is confirmed."""
    accept_deletes: bool = False
    error: str = ""
    """Why the family could not be read to its end; it is read again when the run goes on."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def load(
    warehouse: Warehouse, known: AccountState, request: LoadRequest
) -> dict[str, dict[str, Any]]:
    """Load one family; returns the ledger row of each of its tables.

    Either everything of the family is committed, cursors and counts included, or nothing is.
    """
    connection = request.incoming.connection
    for table in family_tables(request.family):
        if table.name in request.tables:
            request.incoming.expect(table)
    for table in _owned(request.connector, family_tables(request.family)):
        # What ends with its parent needs a place too; none can be made inside the transaction.
        request.incoming.expect(table)
    pieces = request.incoming.pieces()
    tables = request.connector.tables
    raws = {name: known.raw(tables[name], keys) for name, keys in pieces.items()}
    much = request.incoming.on_disk or warehouse.bytes > WORTH_THREADS_BYTES
    with all_threads(connection) if much else contextlib.nullcontext():
        request.incoming.finish(raws)
        return _load(warehouse, known, request)


def _load(
    warehouse: Warehouse, known: AccountState, request: LoadRequest
) -> dict[str, dict[str, Any]]:
    connection = request.incoming.connection
    started = time.monotonic()
    with warehouse.writing(connection):
        with transaction(connection):
            result = _Load(connection, request).run(started)
        known.refresh(connection)
    return result


def _owned(connector: Connector, tables: Iterable[Table]) -> list[Table]:
    """The tables whose rows live inside rows of these, at any depth."""
    names = {table.name for table in tables}
    found: dict[str, Table] = {}
    grown = True
    while grown:
        grown = False
        for table in connector.tables.values():
            owners = {r.table for r in table.parents if r.owner}
            if table.name not in found and owners & (names | found.keys()):
                found[table.name] = table
                grown = True
    return list(found.values())


class _Load:
    def __init__(self, connection: duckdb.DuckDBPyConnection, request: LoadRequest) -> None:
        self.connection = connection
        self.request = request
        self.schema = request.connector.name
        ensure_schema(connection, request.connector)
        self.at = self._instant()
        self.ledger = Ledger(
            connection,
            request.account,
            request.run_id,
            self.schema,
            request.family.name,
            self.at,
        )
        self.columns = add_fresh_columns(
            connection, request.connector, request.incoming, request.run_id, self.at
        )
        self.merges = {
            table.name: Merge(
                connection,
                self.schema,
                table,
                request.incoming,
                account=request.account,
                run_id=request.run_id,
                at=self.at,
            )
            for table in request.incoming.tables.values()
            if table.name in request.tables
        }

    def _instant(self) -> datetime:
        """The instant of this load: later than every load before it, whatever the clock says."""
        last = self.connection.execute(
            f"SELECT max(loaded_at) FROM {CATALOG}.{STATE}.loads WHERE account = ?",
            [self.request.account],
        ).fetchall()[0][0]
        now = self.request.now
        return now if last is None or now > last else last + timedelta(microseconds=1)

    def run(self, started: float) -> dict[str, dict[str, Any]]:
        self.ledger.begin()
        for merge in self.merges.values():
            merge.upsert()
        self._fill_fresh_columns()
        for name in self.merges:
            self._delete(name)
        self._cascade()
        self._keep_views()
        self._write_rejects()
        self._write_cursors()
        rows = {
            name: self._ledger_row(merge, started)
            for name, merge in self.merges.items()
            if name not in self.request.outcome.left_out
        }
        count_generation(self.connection)
        return rows

    def _fill_fresh_columns(self) -> None:
        for table, columns in self.columns.items():
            if table in self.merges:
                self.merges[table].fill(columns)

    # -- ends ------------------------------------------------------------------------------

    def _delete(self, name: str) -> None:
        outcome, merge = self.request.outcome, self.merges[name]
        if outcome.no_ends or merge.first:
            return
        for key, evidence in outcome.ended.get(name, []):
            merge.delete(merge.keyed(key), evidence)
        if merge.table.append_only or merge.table.sparse:
            return
        spared, proof = outcome.present.get(name, []), ", ".join(outcome.proofs.get(name, []))
        scopes: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for scope in outcome.proved_scopes(name):
            scopes.setdefault(tuple(scope), []).append(tuple(scope.values()))
        absent: list[tuple[str, str]] = []
        for names, values in scopes.items():
            where = f"its {', '.join(names)}" if names else "the account"
            evidence = f"absent from a complete listing of {where} ({proof})"
            absent.append((merge.absent(names, values, spared), evidence))
        if absent:
            self._delete_unless_mass(merge, absent)
        for parent, owners in self._enclosing(name):
            incoming = self.request.incoming
            without = _owners(incoming.absent.get(name, ()), owners)
            held = _owners(incoming.held.get(name, ()), owners)
            rowids = merge.absent_inside(parent, owners, without, held, spared)
            merge.delete(rowids, f"absent from its {parent.name} row, read whole")

    def _delete_unless_mass(self, merge: Merge, absent: Sequence[tuple[str, str]]) -> None:
        """End what is absent (rowids and evidence), unless it is suspiciously much in all."""
        gone, name = sum(merge.count(rowids) for rowids, _ in absent), merge.table.name
        if not gone:
            self._forget_held(name)
            return
        standing = merge.standing()
        share = gone / standing if standing else 0.0
        mass = gone > MASS_ROWS and share > self.request.mass_share
        mass = mass and name not in self.request.outcome.confirmed
        if mass and not (self.request.accept_deletes or self._confirmed(name)):
            text = f"{gone} of {standing} rows vanished at once"
            self.request.outcome.fail(
                name,
                "deletes",
                f"{text}; they are kept until a second complete pass or --accept-deletes",
            )
            held = StateKey(StateKind.HELD_DELETES, scope=name)
            self.request.outcome.state[held] = self.request.run_id
            self._ask_again(name)
            return
        for rowids, evidence in absent:
            merge.delete(rowids, evidence)
        self._forget_held(name)

    def _ask_again(self, name: str) -> None:
        """What was asked for parent by parent is due again, or no second pass could confirm it."""
        feeders = {
            resource.name
            for resource in self.request.family.resources
            if any(rows.table.name == name for rows in resource.rows)
        }
        visits = self.request.outcome.visits
        for visit in [visit for visit in visits if visit[0] in feeders]:
            del visits[visit]

    def _confirmed(self, name: str) -> bool:
        """Whether an earlier run already saw this mass of rows vanish."""
        held = self.ledger.remembered(StateKey(StateKind.HELD_DELETES, scope=name))
        return held is not None and held != self.request.run_id

    def _forget_held(self, name: str) -> None:
        self.ledger.forget(StateKey(StateKind.HELD_DELETES, scope=name))

    def _enclosing(self, name: str) -> list[tuple[Table, tuple[str, ...]]]:
        """The parents whose freshly read rows hold all of a child table's rows."""
        found: list[tuple[Table, tuple[str, ...]]] = []

        def visit(rows: Rows) -> None:
            for child in rows.children:
                reference = next(
                    (r for r in child.table.parents if r.table == rows.table.name and r.owner),
                    None,
                )
                if child.table.name == name and child.proves and reference is not None:
                    pair = (rows.table, reference.names)
                    if pair not in found and rows.table.name in self.request.incoming.tables:
                        found.append(pair)
                visit(child)

        for resource in self.request.family.resources:
            for rows in resource.rows:
                visit(rows)
        return found

    def _cascade(self) -> None:
        """Rows that live inside an ended parent end with it, whichever family reads them."""
        tables = self.request.connector.tables
        ended = {n for n, m in self.merges.items() if m.counts.deleted}
        for table in tables.values():
            for reference in table.parents:
                if not (reference.owner and reference.table in ended):
                    continue
                merge = self.merges.get(table.name) or self._other(table)
                parent = self.merges[reference.table]
                gone = merge.delete(
                    merge.orphans(parent, reference.names), f"its {reference.table} row ended"
                )
                if gone:
                    ended.add(table.name)
                    self.request.outcome.note(table.name, f"ended with {reference.table}")
                    self.merges.setdefault(table.name, merge)

    def _other(self, table: Table) -> Merge:
        return Merge(
            self.connection,
            self.schema,
            table,
            self.request.incoming,
            account=self.request.account,
            run_id=self.request.run_id,
            at=self.at,
        )

    def _keep_views(self) -> None:
        views = self.request.connector.views
        if views is not None and not self.merges.keys().isdisjoint(views.reads):
            keep_views(self.connection, self.request.connector)

    # -- ledger ----------------------------------------------------------------------------

    def _write_rejects(self) -> None:
        rejects = self.request.incoming.rejects
        for reject in rejects:
            if reject.table in self.merges:
                self.merges[reject.table].counts.rejected += 1
        self.ledger.reject(rejects)

    def _write_cursors(self) -> None:
        request, outcome = self.request, self.request.outcome
        state = dict(outcome.state)
        if not outcome.failures:
            state[StateKey(StateKind.COMPLETE, scope=request.family.name)] = self.at.isoformat()
        self.ledger.move(outcome.cursors)
        self.ledger.remember(state)
        self.ledger.visit(outcome.visits)

    def _ledger_row(self, merge: Merge, started: float) -> dict[str, Any]:
        """Write the table's row of `_kollect.loads`; families of one run add up."""
        request, outcome, name = self.request, self.request.outcome, merge.table.name
        counts = merge.counts
        content, counts.rows = merge.content()
        return self.ledger.write(
            name,
            {
                "mode": "full" if request.full else "incremental",
                "complete": outcome.complete(name),
                "proofs": outcome.proofs.get(name, []),
                "reasons": outcome.reasons(name),
                "inserted": counts.inserted,
                "updated": counts.updated,
                "deleted": counts.deleted,
                "unchanged": counts.unchanged,
                "rejected": counts.rejected,
                "rows": counts.rows,
                "requests": request.traffic.requests,
                "bytes": request.traffic.bytes,
                "seconds": round(time.monotonic() - started, 6),
                "content": content,
                "error": request.error or None,
            },
        )


def _owners(marks: Iterable[tuple[tuple[str, Any], ...]], owners: Sequence[str]) -> list[list[Any]]:
    """The owners' keys among the given columns of marked parents."""
    return [[dict(mark).get(owner) for owner in owners] for mark in marks]
