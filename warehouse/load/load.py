"""One load: a family's rows, history, ends, cursors and ledger in a single transaction."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
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
from warehouse.load.merge import Merge
from warehouse.load.staging import Staging
from warehouse.schema.declared_views import keep_views
from warehouse.schema.evolve import add_fresh_columns, ensure_schema
from warehouse.store.clock import next_instant
from warehouse.store.open import all_threads
from warehouse.store.transactions import count_generation, transaction
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
    much = staging.on_disk or warehouse.bytes > WORTH_THREADS_BYTES
    with all_threads(staging.connection) if much else contextlib.nullcontext():
        staging.finish(known.stored)
        _drop_ended(request)
        started = time.monotonic()
        with warehouse.writing(staging.connection):
            with transaction(staging.connection):
                rows = _Load(staging.connection, request).run(started)
            known.refresh(staging.connection)
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
    def __init__(self, connection: duckdb.DuckDBPyConnection, request: LoadRequest) -> None:
        self.connection = connection
        self.request = request
        ensure_schema(connection, request.connector)
        self.at = next_instant(connection, request.account, request.now)
        self.ledger = Ledger(
            connection,
            request.account,
            request.run_id,
            request.connector.name,
            request.family.name if not request.part else f"{request.family.name} {request.part}",
            self.at,
        )
        self.fresh_columns = add_fresh_columns(
            connection, request.connector, request.staging, request.run_id, self.at
        )
        self.merges = {
            table.name: self._merge(table)
            for table in request.staging.tables.values()
            if table.name in request.tables
        }

    def _merge(self, table: Table) -> Merge:
        return Merge(
            self.connection,
            self.request.connector.name,
            table,
            self.request.staging,
            account=self.request.account,
            run_id=self.request.run_id,
            at=self.at,
        )

    def run(self, started: float) -> dict[str, dict[str, Any]]:
        request = self.request
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
        for table, columns in self.fresh_columns.items():
            if table in self.merges:
                self.merges[table].fill(columns)
        ends.end()
        for merge in self.merges.values():
            keep_metrics(merge, request.connector.name)
        self._keep_views()
        self._write_rejects()
        self._write_cursors()
        rows = {
            name: self._ledger_row(merge, started)
            for name, merge in self.merges.items()
            if name not in request.evidence.left_out
        }
        count_generation(self.connection)
        return rows

    def _keep_views(self) -> None:
        views = self.request.connector.views
        if views is not None and not self.merges.keys().isdisjoint(views.reads):
            keep_views(self.connection, self.request.connector)
        keep_analysis(self.connection)

    # -- ledger ----------------------------------------------------------------------------

    def _write_rejects(self) -> None:
        rejects = self.request.staging.rejects
        for reject in rejects:
            if reject.table in self.merges:
                self.merges[reject.table].counts.rejected += 1
        self.ledger.reject(rejects)

    def _write_cursors(self) -> None:
        request, evidence = self.request, self.request.evidence
        state = dict(evidence.state)
        if not (evidence.failures or evidence.unfinished):
            state[StateKey(StateKind.COMPLETE, scope=request.family.name)] = self.at.isoformat()
        self.ledger.move(evidence.cursors)
        self.ledger.remember(state)
        self.ledger.visit(evidence.visits)

    def _ledger_row(self, merge: Merge, started: float) -> dict[str, Any]:
        """Write the table's row of `_kollect.loads`; families of one run add up."""
        request, evidence, name = self.request, self.request.evidence, merge.table.name
        counts = merge.counts
        content, counts.rows = merge.content()
        return self.ledger.write(
            name,
            {
                "mode": "full" if request.full else "incremental",
                "complete": evidence.complete(name),
                "proofs": evidence.proofs.get(name, []),
                "reasons": evidence.reasons(name),
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
