"""One load: a family's rows, history, ends, cursors and ledger in a single transaction."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from connectors.core.connector import Connector, Family, family_tables
from connectors.core.evidence import Evidence
from connectors.core.schema import Table
from connectors.core.state import StateKey, StateKind
from warehouse.analysis.keep import keep_analysis
from warehouse.analysis.metrics import keep_metrics
from warehouse.load.ends import Ends
from warehouse.load.known import AccountState
from warehouse.load.ledger import Ledger
from warehouse.load.merge import Counts, Merge
from warehouse.load.staging import Staging
from warehouse.load.unchanged import (
    LastLoad,
    digest_of,
    key_of_last,
    last_load,
    to_remember,
    touched_families,
)
from warehouse.schema.declared_views import keep_views
from warehouse.schema.evolve import add_fresh_columns, ensure_schema
from warehouse.store.clock import next_instant
from warehouse.store.open import all_threads
from warehouse.store.transactions import count_generation
from warehouse.store.warehouse import Warehouse

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


@dataclass(frozen=True, kw_only=True)
class LoadRequest:
    """What to load and under whose name."""

    connector: Connector
    account: str
    run_id: str
    family: Family
    evidence: Evidence
    staging: Staging
    full: bool
    tables: frozenset[str]
    """The tables that are kept; others of the family are left alone."""
    now: datetime
    """The time of the run's clock."""
    traffic: Traffic = Traffic()
    mass_delete_share: float = 0.5
    """More than this share of a table vanishing at once is held back until it is confirmed."""
    accept_deletes: bool = False
    part: int = 0
    """Which part of a family that is loaded in several."""
    error: str = ""
    """Why the family could not be read to its end; it is read again when the run goes on."""


def load(
    warehouse: Warehouse, known: AccountState, request: LoadRequest
) -> dict[str, dict[str, Any]]:
    """Load one family; returns the ledger row of each of its tables.

    Either everything of the family is committed, cursors and counts included, or nothing is.
    Raises WarehouseProblem where the clock cannot be right (`warehouse.store.clock`).
    """
    staging, tables = request.staging, family_tables(request.family)
    for table in tables:
        if table.name in request.tables:
            staging.expect(table)
    for table in _owned(request.connector, tables):
        # What ends with its parent needs a place too; none can be made inside the transaction.
        staging.expect(table)
    digest = digest_of(staging.digest(), request.evidence, request.connector, request.tables)
    if request.part or request.error:
        digest = ""
    last = last_load(known, key_of_last(request.family, request.full))
    if last is not None and last.digest == digest:
        return _load_nothing(warehouse, known, request, last)
    much = staging.on_disk or warehouse.bytes > WORTH_THREADS_BYTES
    with all_threads(staging.connection) if much else contextlib.nullcontext():
        staging.finish(known.stored)
        _drop_ended(request)
        started = time.monotonic()
        with warehouse.writing(staging.connection):
            with warehouse.transaction(staging.connection):
                rows = _Load(staging.connection, known, request).run(started, digest)
            known.refresh(staging.connection)
        return rows


def _load_nothing(
    warehouse: Warehouse, known: AccountState, request: LoadRequest, last: LastLoad
) -> dict[str, dict[str, Any]]:
    """Record a load whose rows are all there, touching no table."""
    started = time.monotonic()
    connection = request.staging.connection
    with warehouse.writing(connection):
        with warehouse.transaction(connection):
            rows = _Load(connection, known, request).record(last, started)
        known.refresh(connection)
    return rows


def _drop_ended(request: LoadRequest) -> None:
    """Take records that have ended out of the incoming rows, with what lives in them: else a row
    could be written and end in the same load."""
    if not request.evidence.no_ends:
        for name, ended in request.evidence.ended.items():
            table = request.connector.tables[name]
            request.staging.drop(table, [key for key, _ in ended])


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
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, known: AccountState, request: LoadRequest
    ) -> None:
        self.connection = connection
        self.known = known
        self.request = request
        self._tables_are_new = ensure_schema(connection, request.connector)
        self.at = next_instant(connection, request.account, request.now)
        self.ledger = Ledger(
            connection,
            request.account,
            request.run_id,
            request.connector.name,
            request.family.name if not request.part else f"{request.family.name} {request.part}",
            self.at,
        )
        self.made: list[Merge] = []
        """Every merge that this load may have changed something by."""

    def _merge(self, table: Table) -> Merge:
        merge = Merge(
            self.connection,
            self.request.connector.name,
            table,
            self.request.staging,
            account=self.request.account,
            run_id=self.request.run_id,
            at=self.at,
        )
        self.made.append(merge)
        return merge

    def record(self, last: LastLoad, started: float) -> dict[str, dict[str, Any]]:
        """Write the ledger, cursors and state of a load that changes no row."""
        self.ledger.begin()
        moved = self._write_cursors()
        counts = {name: table.counts() for name, table in last.tables.items()}
        contents = {name: table.content for name, table in last.tables.items()}
        rows = self._write_ledger(counts, contents, started)
        count_generation(self.connection, rows_changed=moved)
        return rows

    def run(self, started: float, digest: str) -> dict[str, dict[str, Any]]:
        """Merge, end and record; `digest` is remembered for the next load (empty: it is not)."""
        request = self.request
        lacks = {table: list(found) for table, found in request.evidence.lacks.items()}
        fresh_columns = add_fresh_columns(
            self.connection, request.connector, request.staging, request.run_id, self.at
        )
        self.merges = {
            table.name: self._merge(table)
            for table in request.staging.tables.values()
            if table.name in request.tables
        }
        ends = Ends(
            request.connector,
            request.family,
            request.evidence,
            request.staging,
            self.merges,
            self.ledger,
            mass_delete_share=request.mass_delete_share,
            accept_deletes=request.accept_deletes,
            other=self._merge,
        )
        self.ledger.begin()
        for merge in self.merges.values():
            merge.upsert()
        for table, columns in fresh_columns.items():
            if table in self.merges:
                request.staging.rejects += self.merges[table].fill(columns)
        ends.end()
        for merge in self.merges.values():
            keep_metrics(merge, request.connector.name)
        self._keep_views(analysis=self._tables_are_new or bool(fresh_columns))
        self._write_rejects()
        moved = self._write_cursors()
        contents: dict[str, str] = {}
        for name, merge in self.merges.items():
            contents[name], merge.counts.rows = merge.content()
        counts = {name: merge.counts for name, merge in self.merges.items()}
        rows = self._write_ledger(counts, contents, started)
        touched = {merge.table.name for merge in self.made if merge.touched}
        # Deletes that were held back may happen in the next load.
        held = request.evidence.failures or lacks != request.evidence.lacks
        again = "" if held else digest
        self._remember_load(to_remember(again, self.merges, contents), touched)
        changed = bool(touched or request.staging.rejects or fresh_columns)
        count_generation(self.connection, rows_changed=changed or moved)
        return rows

    def _remember_load(self, loaded: str, touched: set[str]) -> None:
        """Remember what this load was made from; forget loads whose tables have changed."""
        request = self.request
        state = {
            key_of_last(family, full): ""
            for family in touched_families(request.connector, touched)
            for full in (True, False)
        }
        state[key_of_last(request.family, request.full)] = loaded
        self.ledger.remember(state)

    def _keep_views(self, *, analysis: bool) -> None:
        views = self.request.connector.views
        if views is not None and not self.merges.keys().isdisjoint(views.reads):
            keep_views(self.connection, self.request.connector)
        if analysis:  # else the run looks after it when it is recorded
            keep_analysis(self.connection)

    # -- ledger ----------------------------------------------------------------------------

    def _write_rejects(self) -> None:
        rejects = self.request.staging.rejects
        for reject in rejects:
            own = reject.account in ("", self.request.account)
            if own and reject.table in self.merges:
                self.merges[reject.table].counts.rejected += 1
        self.ledger.reject(rejects)

    def _write_cursors(self) -> bool:
        """Whether a cursor moved."""
        request, evidence = self.request, self.request.evidence
        state = dict(evidence.state)
        if not (evidence.failures or evidence.unfinished):
            state[StateKey(StateKind.COMPLETE, scope=request.family.name)] = self.at.isoformat()
        known = self.known.cursors
        moved = {
            (resource, scope): value
            for (resource, scope), value in evidence.cursors.items()
            if known(resource).get(scope) != value
        }
        self.ledger.move(moved)
        self.ledger.remember(state)
        self.ledger.visit(evidence.visits)
        return bool(moved)

    def _write_ledger(
        self, counts: Mapping[str, Counts], contents: Mapping[str, str], started: float
    ) -> dict[str, dict[str, Any]]:
        """Write the tables' rows of `_kollect.loads`; families of one run add up."""
        request, evidence = self.request, self.request.evidence
        return self.ledger.write(
            {
                name: {
                    "mode": "full" if request.full else "incremental",
                    "complete": evidence.complete(name),
                    "proofs": evidence.proofs.get(name, []),
                    "reasons": evidence.reasons(name),
                    "inserted": count.inserted,
                    "updated": count.updated,
                    "deleted": count.deleted,
                    "unchanged": count.unchanged,
                    "rejected": count.rejected,
                    "rows": count.rows,
                    "requests": request.traffic.requests,
                    "bytes": request.traffic.bytes,
                    "seconds": round(time.monotonic() - started, 6),
                    "content": contents[name],
                    "error": request.error or None,
                }
                for name, count in counts.items()
                if name not in evidence.left_out
            }
        )
