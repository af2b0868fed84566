"""One sync of one account: read each family, load it, publish. The command line and Dagster
both call it; it knows neither.

A sync that was killed left its journal: the next one goes on with it under the same run, asks
for no page twice and ends in the same rows, history and counts.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from connectors.core.connector import Family
from connectors.core.errors import (
    AccountBusy,
    BadSettings,
    Fatal,
    KollectError,
    WarehouseProblem,
)
from connectors.core.journal import Journal
from connectors.core.resources import ForEachChanged
from connectors.core.state import StateKey, StateKind
from connectors.http.client import Client
from connectors.http.events import Event
from pipelines.settings import Account, Settings
from pipelines.sync.disk_errors import explained
from pipelines.sync.family import FamilyPass
from pipelines.sync.identity import (
    IDENTITY,
    Identity,
    confirm_identity,
    credential_key,
    identity_from,
)
from pipelines.sync.result import AccountResult, Progress, kept_tables
from pipelines.sync.runtime import Runtime, opened_client
from pipelines.sync.stage import (
    BegunRun,
    begin_run,
    journal_file,
    journal_head,
    new_run_id,
    service_date,
)
from warehouse.load.known import AccountState
from warehouse.load.runs import Run, record_run
from warehouse.store.clock import check_clock
from warehouse.store.locks import FileLock, HeldElsewhere, OnWait
from warehouse.store.names import file_name_of
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse


def sync_account(
    settings: Settings,
    account: Account,
    *,
    tables: Iterable[str] | None = None,
    full: bool = False,
    accept_deletes: bool = False,
    run_id: str | None = None,
    runtime: Runtime | None = None,
) -> AccountResult:
    """Sync one account (or the families of some tables) and publish the result.

    Raises AccountBusy when another process keeps the account, and WarehouseProblem where nothing
    can be written (disk, clock); other errors end in the result.
    """
    runtime = runtime or Runtime()

    def waiting(holder: str) -> None:
        runtime.progress(Progress(account.name, "waiting", f"waiting for {holder}"))

    try:
        with _held(settings, account, runtime.account_wait_seconds, waiting) as warehouse:
            sync = _AccountSync(settings, account, warehouse, runtime, full, accept_deletes)
            wanted = sync.wanted(tables)
            result = sync.run(wanted, run_id)
            if sync.resumed_old and result.error is None:
                sync = _AccountSync(settings, account, warehouse, runtime, full, accept_deletes)
                result = sync.run(wanted, run_id)
            return result
    except HeldElsewhere as held:
        raise AccountBusy(
            f"account {account.name} is being synced by {held.holder}",
            account=account.name,
            guidance="wait for it, or end that process",
        ) from None


@contextlib.contextmanager
def _held(
    settings: Settings, account: Account, wait_seconds: float, on_wait: OnWait
) -> Iterator[Warehouse]:
    """The account for this process alone, on this machine or, with `[scale]`, on all of them; and
    the warehouse that it is in. Raises HeldElsewhere."""
    with contextlib.ExitStack() as held:
        if settings.scale is None:
            warehouse = Warehouse(settings.warehouse)
        else:
            from pipelines.scale.work import leased_warehouse

            warehouse = held.enter_context(
                leased_warehouse(settings, account.name, wait_seconds, on_wait)
            )
        held.enter_context(explained(warehouse.home))
        lock = warehouse.home / "locks" / f"account-{file_name_of(account.name)}.lock"
        held.enter_context(FileLock(lock, timeout_seconds=wait_seconds, on_wait=on_wait))
        yield warehouse


class _AccountSync:
    """One run of one account: what it did goes into `result`."""

    def __init__(
        self,
        settings: Settings,
        account: Account,
        warehouse: Warehouse,
        runtime: Runtime,
        full: bool,
        accept_deletes: bool,
    ) -> None:
        self.settings = settings
        self.account = account
        self.connector = account.connector
        self.warehouse = warehouse
        self.runtime = runtime
        self.full = full
        self.accept_deletes = accept_deletes
        self.resumed_old = False
        self.named = False
        """Whether tables were asked for by name."""
        self.result = AccountResult(account.name)
        self._shown = threading.Lock()
        self._began = runtime.clock()
        self._clock_is_checked = False
        self._clock_is_refused = False

    def wanted(self, tables: Iterable[str] | None) -> list[Family]:
        """The families to read: those of the wanted tables, and those that they build on."""
        self.named = tables is not None
        kept = set(self.account.tables)
        asked = kept if tables is None else kept & set(tables)
        families = self.connector.families_of(asked)
        for table, feeding in self._built_on(families).items():
            with open_engine(self.warehouse.home) as engine:
                if not self._known(engine).count(table):
                    families = [feeding, *(f for f in families if f is not feeding)]
        return families

    def _built_on(self, families: list[Family]) -> dict[str, Family]:
        """Tables that these families read row by row, and the families that would feed them."""
        tables = {
            resource.each.table
            for family in families
            for resource in family.resources
            if isinstance(resource.each, ForEachChanged)
        }
        feeding = {table: self.connector.families_of([table])[0] for table in sorted(tables)}
        return {table: family for table, family in feeding.items() if family not in families}

    def _known(self, engine: Any) -> AccountState:
        return AccountState(
            self.warehouse,
            self.connector,
            self.account.name,
            engine.cursor,
            now=self.runtime.now,
        )

    # -- one run ---------------------------------------------------------------------------

    def run(self, families: list[Family], run_id: str | None) -> AccountResult:
        place = journal_file(self.warehouse.home, self.account.name)
        journal = Journal(place, self.runtime.now)
        try:
            with open_engine(self.warehouse.home) as engine, self.warehouse.keeping(engine):
                with contextlib.ExitStack() as stack:
                    try:
                        client = stack.enter_context(self._client())
                    except BadSettings as error:
                        self._not_begun(error, families, engine, run_id)
                    else:
                        self._sync(families, journal, client, engine, run_id)
                self.warehouse.publish(ledger_minutes=self.settings.ledger_minutes)
            if self.result.error is None:
                journal.discard()
        finally:
            if self._clock_is_refused:
                journal.discard()  # dated by that clock: no later run can go on with it
            journal.close()
        return self.result

    def _client(self) -> contextlib.AbstractContextManager[Client]:
        """Raises BadSettings where no request can be made: no credential, no usable proxy."""
        if not self.account.ready:
            raise BadSettings(
                f"account {self.account.name} has no credential",
                account=self.account.name,
                guidance=f"set {self.account.missing} in the environment or in .env",
            )
        return opened_client(self.settings, self.account, self.runtime, self._on_event)

    def _sync(
        self,
        families: list[Family],
        journal: Journal,
        client: Client,
        engine: Any,
        run_id: str | None,
    ) -> None:
        known = self._known(engine)
        staged = journal_head(journal).get("identity")
        try:
            identity = confirm_identity(
                self.account,
                client,
                journal,
                key=credential_key(self.warehouse.home),
                stored=identity_from(known.state(IDENTITY)),
                staged=identity_from(staged),
                holds_rows=lambda: any(known.count(table) for table in self.connector.tables),
                tell=lambda text: self._tell("message", text),
            )
        except KollectError as error:
            self._count(client, journal, begun=False)
            self._not_begun(error, families, engine, run_id)
            return
        now = self.runtime.now()
        run = begin_run(journal, identity, now=now, full=self.full, run_id=run_id)
        self.full, self.resumed_old = run.full, run.old
        if run.staged_pages:
            text = f"going on with run {run.run_id} ({run.staged_pages} pages are here)"
            self._tell("resumed", text, pages=run.staged_pages)
        self._read(families, journal, client, engine, known, identity, run)
        if self.account.files.wanted and not isinstance(self.result.error, Fatal):
            self._files(families, client, engine, run.run_id)
        self._count(client, journal)
        self._record(engine, run.run_id, run.started_at)

    def _not_begun(
        self, error: KollectError, families: list[Family], engine: Any, run_id: str | None
    ) -> None:
        """Record a run that could not even begin; the journal stays for one that can.

        Families that only full passes read were not due: what is known of them stays.
        """
        now = self.runtime.now()
        check_clock(self.warehouse, engine.cursor(), now=now)
        due = [f for f in families if not f.full_only or self.full or self.named]
        self.result.unread(error, self.account, due, self.full)
        self._record(engine, run_id or new_run_id(now), now)

    def _read(
        self,
        families: list[Family],
        journal: Journal,
        client: Client,
        engine: Any,
        known: AccountState,
        identity: Identity,
        run: BegunRun,
    ) -> None:
        family_pass = FamilyPass(
            account=self.account,
            warehouse=self.warehouse,
            client=client,
            journal=journal,
            engine=engine,
            known=known,
            identity=identity,
            result=self.result,
            run_id=run.run_id,
            started_at=run.started_at,
            full=self.full,
            named=self.named,
            mass_delete_share=self.settings.guard.mass_delete_share,
            confirm_empty_hours=self.settings.guard.confirm_empty_hours,
            accept_deletes=self.accept_deletes,
            now=self.runtime.now,
            tell=self._tell,
            before_load=lambda: self._check_clock(journal, engine, known),
        )
        self.full = family_pass.full
        family_pass.read(families)

    def _files(self, families: list[Family], client: Client, engine: Any, run_id: str) -> None:
        """Download what the records name; what is loaded can be read meanwhile."""
        from pipelines.files.download import download_files

        self.warehouse.publish()
        try:
            self.result.files = download_files(
                self.account,
                self.warehouse,
                client,
                engine,
                tables=kept_tables(self.account, families),
                run_id=run_id,
                full=self.full,
                runtime=self.runtime,
                tell=lambda text, counts: self._tell("files", text, **counts.as_json()),
            )
        except Fatal as error:
            self.result.error = self.result.error or error

    # -- telling and counting --------------------------------------------------------------

    def _tell(self, kind: str, text: str, **fields: Any) -> None:
        self.runtime.progress(Progress(self.account.name, kind, text, fields))

    def _on_event(self, event: Event) -> None:
        with self._shown:
            self.runtime.progress(
                Progress(
                    self.account.name, "request", str(event), {"event": event.kind, **event.fields}
                )
            )

    def _count(self, client: Client, journal: Journal, *, begun: bool = True) -> None:
        """Totals of the run: what the journal holds, plus what failed in this process."""
        heads = [head for head in journal.heads() if begun and "attempts" in head]
        seconds = self.runtime.clock() - self._began
        self.result.count(heads, journal.process, client.statistics, seconds)

    def _check_clock(self, journal: Journal, engine: Any, known: AccountState) -> None:
        """Refuse a clock that cannot be right before this run writes anything.

        Raises WarehouseProblem, and sets right what an earlier run wrote with a wrong clock.
        """
        if self._clock_is_checked:
            return
        try:
            message = check_clock(
                self.warehouse,
                engine.cursor(),
                now=self.runtime.now(),
                service_date=service_date(journal) if self.account.believe_date else None,
            )
        except WarehouseProblem:
            self._clock_is_refused = True
            raise
        if message:
            known.forget()
            self.result.messages.append(message)
            self._tell("message", message)
        self._clock_is_checked = True

    def _record(self, engine: Any, run_id: str, started_at: datetime) -> None:
        result = self.result
        proved = [bool(row["complete"]) for row in result.tables.values()]
        if not result.trouble and all(proved):
            result.status = "complete"
        else:
            result.status = "partial" if any(proved) else "failed"
        unread = record_run(
            self.warehouse,
            engine.cursor(),
            self.connector,
            Run(
                run_id=run_id,
                account=self.account.name,
                status=result.status,
                started_at=started_at,
                finished_at=self.runtime.now(),
                requests=result.requests,
                retries=result.retries,
                rate_limited=result.rate_limited,
                waited_seconds=result.waited_seconds,
                bytes=result.bytes,
                error=result.trouble or None,
            ),
            result.tables,
            {StateKey(StateKind.FULL_PASS_BROKE_OFF, scope=f): run_id for f in result.broke_off},
        )
        for table, rows in unread.items():
            result.tables[table]["rows"] = rows
