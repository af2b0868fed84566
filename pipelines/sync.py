"""One sync of one account: read each family, load it, publish. The command line and Dagster
both call it; it knows neither.

A sync that was killed left its journal: the next one goes on with it under the same run, asks
for no page twice and ends in the same rows, history and counts.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.ahead import Ahead
from connectors.declare import Due, Family, family_tables
from connectors.errors import AccountBusy, BadSettings, Fatal, KollectError
from connectors.families import read_family
from connectors.http.client import Client
from connectors.http.events import Event
from connectors.journal import Journal
from connectors.walk import Walk
from pipelines.outside import Outside, make_client
from pipelines.results import AccountResult, Progress, loaded_text, traffic_of, unread_row
from pipelines.settings import Account, Settings
from warehouse.connect import Warehouse, storage_problem
from warehouse.engine import open_engine
from warehouse.evolve import get_ready
from warehouse.incoming import Incoming
from warehouse.known import Known
from warehouse.load import LoadRequest, load
from warehouse.locks import FileLock, HeldElsewhere
from warehouse.processors import one_processor
from warehouse.runs import Run, record_run
from warehouse.scratch import Scratch

STAGE_HOURS = 24.0
"""A journal older than this is thrown away: its pages are too old to go on with."""
FRESH_MINUTES = 15.0
"""After going on with a run that began earlier than this, a fresh one follows."""


def new_run_id(now: datetime) -> str:
    """A run's name: sorts by time, never twice the same."""
    return f"{now.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(4)}"


def sync_account(
    settings: Settings,
    account: Account,
    *,
    tables: Iterable[str] | None = None,
    full: bool = False,
    accept_deletes: bool = False,
    run_id: str | None = None,
    outside: Outside | None = None,
) -> AccountResult:
    """Sync one account (or the families of some tables) and publish the result.

    Raises AccountBusy when another process keeps the account; other errors end in the result.
    """
    world = outside or Outside()
    warehouse = Warehouse(settings.warehouse)
    lock = warehouse.home / "locks" / f"account-{account.name}.lock"

    def waiting(holder: str) -> None:
        world.progress(Progress(account.name, "waiting", f"waiting for {holder}"))

    try:
        with FileLock(lock, timeout_seconds=world.account_wait_seconds, on_wait=waiting):
            sync = _Sync(settings, account, warehouse, world, full, accept_deletes)
            wanted = sync.wanted(tables)
            result = sync.run(wanted, run_id)
            if sync.resumed_old:
                sync = _Sync(settings, account, warehouse, world, full, accept_deletes)
                result = sync.run(wanted, run_id)
            return result
    except HeldElsewhere as held:
        raise AccountBusy(
            f"account {account.name} is being synced by {held.holder}",
            account=account.name,
            guidance="wait for it, or end that process",
        ) from None
    except KollectError:
        raise
    except Exception as error:
        # DuckDB's errors come from its threads too, where it spills and reads scratch files.
        if (problem := storage_problem(error, warehouse.home)) is None:
            raise
        raise problem from error


@dataclass(frozen=True)
class _Reading:
    """What the families of a run are read with, and which come next."""

    client: Client
    engine: Any
    known: Known
    ahead: Ahead
    next: list[Family]


class _Sync:
    def __init__(
        self,
        settings: Settings,
        account: Account,
        warehouse: Warehouse,
        world: Outside,
        full: bool,
        accept_deletes: bool,
    ) -> None:
        self.settings = settings
        self.account = account
        self.connector = account.connector
        self.warehouse = warehouse
        self.world = world
        self.full = full
        self.accept_deletes = accept_deletes
        self.resumed_old = False
        self.all_full = True
        """Whether every family of this run was read whole so far."""
        self.named = False
        """Whether tables were asked for by name."""
        self.result = AccountResult(account.name)
        self._shown = threading.Lock()

    def wanted(self, tables: Iterable[str] | None) -> list[Family]:
        """The families to read: those of the wanted tables, and those that they build on."""
        self.named = tables is not None
        kept = set(self.account.tables)
        asked = kept if tables is None else kept & set(tables)
        families = self.connector.families_of(asked)
        known = {family.name for family in families}
        with open_engine(self.warehouse.home) as engine:
            query = self._known(engine)
            for family in list(families):
                for resource in family.resources:
                    if isinstance(resource.each, Due) and not query.count(resource.each.table):
                        for needed in self.connector.families_of([resource.each.table])[:1]:
                            if needed.name not in known:
                                families.insert(0, needed)
                                known.add(needed.name)
        return families

    def _known(self, engine: Any) -> Known:
        return Known(self.warehouse, self.connector, self.account.name, engine.cursor)

    # -- one run ---------------------------------------------------------------------------

    def run(self, families: list[Family], run_id: str | None) -> AccountResult:
        stage = self.warehouse.home / "stage" / self.account.name
        journal = Journal(stage / "pages.journal")
        try:
            started_at, run_id = self._begin(journal, run_id)
            if not self.account.ready:
                self._fail(self._no_credential(), families)
            else:
                with (
                    make_client(
                        self.account, self.warehouse.home, self.world, self._on_event
                    ) as client,
                    open_engine(self.warehouse.home) as engine,
                ):
                    self._read_all(families, journal, client, engine, run_id, started_at)
                    if self.account.files.wanted and not isinstance(self.result.error, Fatal):
                        self._files(families, client, engine, run_id)
                    self._count(client, journal)
            self._finish(run_id, started_at)
            if self.result.error is None or not self.account.ready:
                journal.discard()
        finally:
            journal.close()
        return self.result

    def _begin(self, journal: Journal, run_id: str | None) -> tuple[datetime, str]:
        """The run to go on with, or a new one; the journal's first entry says which."""
        now = self.world.now()
        first = journal.get("run")
        if first is not None:
            head = first[0]
            started_at = datetime.fromisoformat(head["started_at"])
            hours = (now - started_at).total_seconds() / 3600
            # A clock that was set back meanwhile makes no page older.
            if abs(hours) < STAGE_HOURS and head["full"] >= self.full:
                self.full = head["full"]
                self.resumed_old = hours * 60 > FRESH_MINUTES
                text = f"going on with run {head['run_id']} ({len(journal) - 1} pages are here)"
                self._tell("resumed", text)
                return started_at, head["run_id"]
            journal.clear()
        name = run_id or new_run_id(now)
        journal.put("run", {"run_id": name, "started_at": now.isoformat(), "full": self.full}, b"")
        return now, name

    def _no_credential(self) -> KollectError:
        return BadSettings(
            f"account {self.account.name} has no credential",
            account=self.account.name,
            guidance=f"set {self.account.missing} in the environment or in .env",
        )

    def _read_all(
        self,
        families: list[Family],
        journal: Journal,
        client: Client,
        engine: Any,
        run_id: str,
        started_at: datetime,
    ) -> None:
        known = self._known(engine)
        if known.nothing_yet():
            get_ready()
        self.full = self.full or self._full_pass_due(known, run_id, started_at)
        due = [family for family in families if self._is_due(family, known, run_id)]
        with Ahead(self.connector, client, journal, self.account.max_in_flight) as ahead:
            for number, family in enumerate(due):
                self._tell("family", f"reading {family.name}", family=family.name)
                reading = _Reading(client, engine, known, ahead, due[number + 1 :])
                last = family is families[-1]
                error = self._family(family, last, journal, reading, run_id, started_at)
                if isinstance(error, Fatal):
                    self._fail(error, due[number + 1 :])
                    break
        stored = known.run_loads(run_id)
        self.result.tables = {
            **stored,
            **{t: r for t, r in self.result.tables.items() if t not in stored},
        }

    def _is_due(self, family: Family, known: Known, run_id: str) -> bool:
        """Whether this run has still to read a family, and whether it is one that reads it."""
        if known.cursors("loaded in run").get(family.name) == run_id:
            return False
        spared = family.full_only and not self.full and not self.named
        return not spared or known.first_time(family.name)

    def _files(self, families: list[Family], client: Client, engine: Any, run_id: str) -> None:
        """Download what the records name; what is loaded can be read meanwhile."""
        from pipelines.file_pass import download_files

        self.warehouse.publish()
        fed = {table.name for family in families for table in family_tables(family)}
        try:
            self.result.files = download_files(
                self.account,
                self.warehouse,
                client,
                engine,
                tables=[name for name in self.account.tables if name in fed],
                run_id=run_id,
                full=self.full,
                outside=self.world,
                tell=lambda text, counts: self._tell("files", text, **counts.as_json()),
            )
        except Fatal as error:
            self.result.error = self.result.error or error

    def _full_pass_due(self, known: Known, run_id: str, started_at: datetime) -> bool:
        """Whether the last full pass is longer ago than the account's rhythm allows.

        An account whose first pass broke off has had none, and catches up.
        """
        last = known.cursor("full pass")
        days = self.account.full_every_days
        if not days or self.named:
            return False
        if last is None:
            return not set(known.cursors("loaded in run").values()) <= {run_id}
        return (started_at - datetime.fromisoformat(last)).total_seconds() > days * 86_400

    def _family(
        self,
        family: Family,
        last: bool,
        journal: Journal,
        reading: _Reading,
        run_id: str,
        started_at: datetime,
    ) -> KollectError | None:
        """Read and load one family; an error ends its reading, and what was read is loaded."""
        known = reading.known
        tables = frozenset(t.name for t in family_tables(family)) & set(self.account.tables)
        scratch = Scratch(self.warehouse.home, "load-")
        first_time = known.first_time(family.name)
        incoming = Incoming(reading.engine.cursor(), scratch.path, known.extra_columns())
        walk = Walk(
            self.connector,
            family,
            client=reading.client,
            answers=reading.ahead.answers(family),
            sink=incoming,
            known=known,
            full=self.full or first_time,
            started_at=started_at,
            tables=tables,
            options={
                **self.account.options,
                **({"files": "yes"} if self.account.files.wanted else {}),
            },
        )
        failed: KollectError | None = None
        try:
            try:
                with one_processor():
                    read_family(walk)
            except KollectError as error:
                failed = error
                # What was not read to its end proves no end.
                walk.outcome.no_ends = walk.outcome.no_ends or "the reading broke off"
                self.result.error = self.result.error or error
                self._tell("problem", str(error), family=family.name)
                for table in tables:
                    walk.outcome.fail(table, family.name, str(error))
            self.result.messages += walk.outcome.messages
            for message in walk.outcome.messages:
                self._tell("message", message, family=family.name)
            if not isinstance(failed, Fatal):
                reading.ahead.ask(reading.next, frozenset(self.account.tables), known)
            if failed is None:
                if not walk.outcome.failures:
                    # What failed is asked for again if this run has to go on later.
                    walk.outcome.cursors[("loaded in run", family.name)] = run_id
                self.all_full = self.all_full and walk.full
                if last and self.all_full and not self.named and self.result.error is None:
                    walk.outcome.cursors[("full pass", "")] = started_at.isoformat()
            rows = load(
                self.warehouse,
                known,
                LoadRequest(
                    connector=self.connector,
                    account=self.account.name,
                    run_id=run_id,
                    family=family,
                    outcome=walk.outcome,
                    incoming=incoming,
                    full=walk.full,
                    tables=tables,
                    traffic=traffic_of(journal, family.name),
                    mass_share=self.settings.mass_delete_share,
                    accept_deletes=self.accept_deletes,
                    error=str(failed or ""),
                    now=self.world.now(),
                ),
            )
            self._loaded(rows)
        finally:
            incoming.close()
            scratch.remove()
        return failed

    # -- telling and counting --------------------------------------------------------------

    def _tell(self, kind: str, text: str, **fields: Any) -> None:
        self.world.progress(Progress(self.account.name, kind, text, fields))

    def _on_event(self, event: Event) -> None:
        with self._shown:
            self.world.progress(
                Progress(
                    self.account.name, "request", str(event), {"event": event.kind, **event.fields}
                )
            )

    def _loaded(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        for table, row in rows.items():
            self._tell("loaded", loaded_text(table, row), table=table, row=dict(row))

    def _fail(self, error: KollectError, families: Iterable[Family]) -> None:
        """Name every table that could not even be asked for."""
        self.result.error = self.result.error or error
        for family in families:
            for table in family_tables(family):
                if table.name in self.account.tables:
                    row = unread_row(str(error), self.full)
                    self.result.tables.setdefault(table.name, row)

    def _count(self, client: Client, journal: Journal) -> None:
        """Totals of the run: what the journal holds, plus what failed in this process."""
        heads = [head for head in journal.heads() if "attempts" in head]
        self.result.count(heads, journal.process, client.statistics)

    def _finish(self, run_id: str, started_at: datetime) -> None:
        result = self.result
        proved = [bool(row["complete"]) for row in result.tables.values()]
        if not result.trouble and all(proved):
            result.status = "complete"
        else:
            result.status = "partial" if any(proved) else "failed"
        with open_engine(self.warehouse.home) as engine:
            record_run(
                self.warehouse,
                engine,
                self.connector,
                Run(
                    run_id=run_id,
                    account=self.account.name,
                    status=result.status,
                    started_at=started_at,
                    finished_at=self.world.now(),
                    requests=result.requests,
                    retries=result.retries,
                    rate_limited=result.rate_limited,
                    waited_seconds=result.waited_seconds,
                    bytes=result.bytes,
                    error=result.trouble or None,
                ),
                result.tables,
            )
        self.warehouse.publish()
