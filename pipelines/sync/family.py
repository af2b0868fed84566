"""The families of one run, one after the other: each is read, then loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.core.connector import Family, family_tables
from connectors.core.errors import Fatal, KollectError
from connectors.core.families import read_family
from connectors.core.journal import Journal
from connectors.core.prefetch import Prefetch
from connectors.core.reader import Reader
from connectors.http.client import Client
from pipelines.settings import Account
from pipelines.sync.result import AccountResult, loaded_text, traffic_of
from warehouse.load.known import AccountState
from warehouse.load.load import LoadRequest, load
from warehouse.load.staging import Incoming
from warehouse.schema.evolve import made_beside
from warehouse.store.connect import Warehouse
from warehouse.store.processors import one_processor
from warehouse.store.scratch import Scratch


@dataclass(frozen=True)
class RunOrder:
    """What a run is to do, and under whose name."""

    run_id: str
    started_at: datetime
    full: bool
    named: bool
    """Tables were asked for by name."""
    mass_delete_share: float
    accept_deletes: bool


@dataclass(frozen=True)
class RunMeans:
    """What a run reads and loads with."""

    account: Account
    warehouse: Warehouse
    client: Client
    journal: Journal
    engine: Any
    known: AccountState
    now: Callable[[], datetime]
    tell: Callable[..., None]


class FamilyPass:
    """One pass over families; what it did goes into `result`."""

    def __init__(self, order: RunOrder, means: RunMeans, result: AccountResult) -> None:
        self.order = order
        self.means = means
        self.result = result
        self.full = order.full or self._full_pass_due()
        self._all_full = True
        """Whether every family of this run was read whole so far."""

    def read(self, families: list[Family]) -> None:
        """Read and load what is due of these families; a fatal error ends the pass."""
        account, known, result = self.means.account, self.means.known, self.result
        due = [family for family in families if self._is_due(family)]
        ahead = Prefetch(
            account.connector, self.means.client, self.means.journal, account.max_in_flight
        )
        with self._beside(), closing(ahead):
            for number, family in enumerate(due):
                following = due[number + 1 :]
                self.means.tell("family", f"reading {family.name}", family=family.name)
                error = self._family(family, ahead, following, last=family is families[-1])
                if isinstance(error, Fatal):
                    result.unread(error, kept_tables(account, following), self.full)
                    break
            stored = known.run_loads(self.order.run_id)
        result.tables = {
            **stored,
            **{t: r for t, r in result.tables.items() if t not in stored},
        }

    def _beside(self) -> AbstractContextManager[None]:
        """New tables are made beside the reading. With one request in flight, one thing is done
        at a time."""
        means = self.means
        if means.account.max_in_flight > 1 and means.known.nothing_yet():
            return made_beside(means.warehouse, means.engine.cursor(), means.account.connector)
        return nullcontext()

    def _is_due(self, family: Family) -> bool:
        """Whether this run has still to read a family, and whether it is one that reads it."""
        known = self.means.known
        if known.cursors("loaded in run").get(family.name) == self.order.run_id:
            return False
        spared = family.full_only and not self.full and not self.order.named
        return not spared or known.first_time(family.name)

    def _full_pass_due(self) -> bool:
        """Whether the last full pass is longer ago than the account's rhythm allows.

        An account whose first pass broke off has had none, and catches up.
        """
        known, days = self.means.known, self.means.account.full_every_days
        last = known.cursor("full pass")
        if not days or self.order.named:
            return False
        if last is None:
            return not set(known.cursors("loaded in run").values()) <= {self.order.run_id}
        return (self.order.started_at - datetime.fromisoformat(last)).total_seconds() > (
            days * 86_400
        )

    # -- one family ------------------------------------------------------------------------

    def _family(
        self, family: Family, ahead: Prefetch, following: list[Family], *, last: bool
    ) -> KollectError | None:
        """Read and load one family; an error ends its reading, and what was read is loaded."""
        means = self.means
        tables = frozenset(kept_tables(means.account, [family]))
        scratch = Scratch(means.warehouse.home, "load-")
        incoming = Incoming(means.engine.cursor(), scratch.path, means.known.extra_columns())
        try:
            reader = self._reader(family, tables, ahead, incoming)
            failed = self._read(reader, tables)
            if not isinstance(failed, Fatal):
                ahead.ask(following, frozenset(means.account.tables), means.known)
            if failed is None:
                self._remember(reader, last)
            self._load(reader, tables, incoming, str(failed or ""))
        finally:
            incoming.close()
            scratch.remove()
        return failed

    def _reader(
        self, family: Family, tables: frozenset[str], ahead: Prefetch, incoming: Incoming
    ) -> Reader:
        account, known = self.means.account, self.means.known
        files = {"files": "yes"} if account.files.wanted else {}
        return Reader(
            account.connector,
            family,
            client=self.means.client,
            answers=ahead.answers(family),
            sink=incoming,
            known=known,
            full=self.full or known.first_time(family.name),
            started_at=self.order.started_at,
            tables=tables,
            options={**account.options, **files},
        )

    def _read(self, reader: Reader, tables: frozenset[str]) -> KollectError | None:
        """Read the walk's family; returns, and tells, what broke it off."""
        outcome, name, failed = reader.outcome, reader.family.name, None
        try:
            with one_processor():
                read_family(reader)
        except KollectError as error:
            failed = error
            # What was not read to its end proves no end.
            outcome.no_ends = outcome.no_ends or "the reading broke off"
            self.result.error = self.result.error or error
            self.means.tell("problem", str(error), family=name)
            for table in tables:
                outcome.fail(table, name, str(error))
        self.result.messages += outcome.messages
        for message in outcome.messages:
            self.means.tell("message", message, family=name)
        return failed

    def _remember(self, reader: Reader, last: bool) -> None:
        """Cursors of a family that was read to its end, and of a full pass that ends with it."""
        outcome, order = reader.outcome, self.order
        if not outcome.failures:
            # What failed is asked for again if this run has to go on later.
            outcome.cursors[("loaded in run", reader.family.name)] = order.run_id
        self._all_full = self._all_full and reader.full
        if last and self._all_full and not order.named and self.result.error is None:
            outcome.cursors[("full pass", "")] = order.started_at.isoformat()

    def _load(self, reader: Reader, tables: frozenset[str], incoming: Incoming, error: str) -> None:
        means, order, family = self.means, self.order, reader.family
        rows = load(
            means.warehouse,
            means.known,
            LoadRequest(
                connector=means.account.connector,
                account=means.account.name,
                run_id=order.run_id,
                family=family,
                outcome=reader.outcome,
                incoming=incoming,
                full=reader.full,
                tables=tables,
                traffic=traffic_of(means.journal, family.name),
                mass_share=order.mass_delete_share,
                accept_deletes=order.accept_deletes,
                error=error,
                now=means.now(),
            ),
        )
        for table, row in rows.items():
            means.tell("loaded", loaded_text(table, row), table=table, row=dict(row))


def kept_tables(account: Account, families: Iterable[Family]) -> list[str]:
    """The tables that families feed and the account keeps."""
    fed = {table.name for family in families for table in family_tables(family)}
    return [name for name in account.tables if name in fed]
