"""Loads without a service: records go through the mapper into a warehouse, at any time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from connectors.core.connector import Connector, Family
from connectors.core.evidence import Evidence
from connectors.core.records import RecordMapper
from connectors.core.resources import Rows
from warehouse.load.known import AccountState
from warehouse.load.load import LoadRequest, load
from warehouse.load.staging import Staging
from warehouse.store.names import CATALOG
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse

START = datetime(2024, 1, 1, tzinfo=UTC)
Read = tuple[Rows, list[Any]]
"""Declared rows and the records that an answer held at their place."""


class Loading:
    """A warehouse that takes one load after the other; the clock goes on an hour with each."""

    def __init__(self, folder: Path, connector: Connector, account: str = "one") -> None:
        self.warehouse = Warehouse(folder / "kollect.duckdb")
        self.connector = connector
        self.account = account
        self.now = START
        self.runs = 0
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Loading:
        self.engine = self._stack.enter_context(open_engine(self.warehouse.home))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def known(self) -> AccountState:
        return AccountState(
            self.warehouse, self.connector, self.account, self.engine.cursor, now=lambda: self.now
        )

    def family(self, name: str) -> Family:
        return next(family for family in self.connector.families if family.name == name)

    def load(
        self,
        family: str,
        reads: Iterable[Read],
        *,
        proved: Iterable[str] = (),
        evidence: Evidence | None = None,
        surroundings: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, dict[str, Any]]:
        """One load; `proved` are tables of which everything was shown. `more` goes to the request.

        Returns the ledger's rows.
        """
        found = self.family(family)
        known, evidence = self.known, evidence or Evidence(found.resources)
        for table in proved:
            evidence.prove(table, family, {}, "total matched")
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            staging = Staging(self.engine.cursor(), Path(scratch), known.extra_columns())
            mapper = RecordMapper(self.connector.tables.values(), staging)
            for rows, payload in reads:
                mapper.keep(rows, mapper.find(rows, payload, {}) or [], surroundings or {})
            request = LoadRequest(
                connector=self.connector,
                account=self.account,
                run_id=f"run-{self.runs}",
                family=found,
                evidence=evidence,
                staging=staging,
                tables=frozenset(self.connector.tables),
                now=self.now,
                **{"full": True, **more},
            )
            try:
                ledger = load(self.warehouse, known, request)
            finally:
                staging.close()
        self.now += timedelta(hours=1)
        self.runs += 1
        return ledger

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query on the writer's file."""
        connection = self.engine.cursor()
        with self.warehouse.writing(connection):
            connection.execute(f"USE {CATALOG}")
            return connection.execute(sql, list(values)).fetchall()
