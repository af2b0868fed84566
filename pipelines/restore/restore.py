"""One restore into one account: read, plan, write, and again until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.core.errors import BadSettings, Fatal
from connectors.core.state import StateKey, StateKind
from pipelines.restore.apply import Pass
from pipelines.restore.ids import Key
from pipelines.restore.plan import Plan, Situation, make_plan
from pipelines.restore.record import WriteRecord
from pipelines.restore.send import Sender
from pipelines.restore.source import KeptRow, Source, SourceReader
from pipelines.settings import Account, Settings
from pipelines.sync.account import sync_account
from pipelines.sync.identity import Identity
from pipelines.sync.result import Progress
from pipelines.sync.runtime import Runtime, opened_client
from warehouse.store.locks import hold
from warehouse.store.open import open_engine
from warehouse.store.warehouse import Warehouse

MOST_PASSES = 12
IDENTITY = StateKey(StateKind.IDENTITY)
Rows = Mapping[str, Mapping[Key, KeptRow]]
Files = Mapping[tuple[str, Key], tuple[Path, str]]


@dataclass(frozen=True)
class RestoreRequest:
    """What a person asked for."""

    tables: frozenset[str] | None = None
    """Only these tables, and what their records need."""
    where: str = ""
    """Only records for which this condition in SQL holds."""
    apply: bool = False
    overwrite: bool = False


@dataclass
class RestoreResult:
    """What was planned, and after writing what the account has."""

    restore_id: str
    source: str
    account: Account
    request: RestoreRequest
    started_at: datetime
    finished_at: datetime
    before: Plan
    after: Plan
    passes: int = 0
    written: int = 0
    error: str = ""
    unread: dict[str, str] = field(default_factory=dict)
    """Tables with kept records of which the last reading of the account was not proved whole, with
    the reason: what is planned for them is of an earlier state."""

    @property
    def left(self) -> int:
        """Records that are still to be written."""
        return len(self.after.to_do(self.request.overwrite))

    @property
    def complete(self) -> bool:
        return not self.error and not self.left


def restore_into(
    settings: Settings,
    account: Account,
    source: Source,
    request: RestoreRequest,
    *,
    runtime: Runtime | None = None,
    on_plan: Callable[[RestoreResult], None] = lambda result: None,
) -> RestoreResult:
    """Plan a restore, and with `request.apply` do it; `on_plan` gets the plan before any write.

    Raises BadSettings where it cannot be done at all, AccountBusy where another restore into the
    account is under way, and what makes the account unreadable.
    """
    runtime = runtime or Runtime()
    if settings.scale is not None:
        raise BadSettings(
            "a restore into a service works with one warehouse file",
            guidance="run it in a folder whose kollect.toml has no [scale].",
        )
    if not account.connector.writers:
        raise BadSettings(f"{account.connector.title} takes no records back", account=account.name)
    warehouse = Warehouse(settings.warehouse)
    lock = warehouse.home / "locks" / f"restore-{account.name}.lock"
    with hold(lock, f"another restore into {account.name} is under way", timeout_seconds=0):
        return _Restore(settings, account, source, request, warehouse, runtime).run(on_plan)


class _Restore:
    def __init__(
        self,
        settings: Settings,
        account: Account,
        source: Source,
        request: RestoreRequest,
        warehouse: Warehouse,
        runtime: Runtime,
    ) -> None:
        self.settings = settings
        self.account = account
        self.connector = account.connector
        self.source = source
        self.request = request
        self.warehouse = warehouse
        self.runtime = runtime
        self.given_up: dict[tuple[str, Key], str] = {}
        with source.reading() as reader:
            self.kept = {name: reader.rows(table) for name, table in self.connector.tables.items()}
            self.origin = reader.identity()
            self.files = files_of(reader, self.kept)
            self.chosen = self._chosen(reader)

    def run(self, on_plan: Callable[[RestoreResult], None]) -> RestoreResult:
        started_at = self.runtime.now()
        restore_id = f"{started_at:%Y%m%dT%H%M%S}-{self.account.name}"
        before = plan = self._plan(restore_id, passes=0)
        result = RestoreResult(
            restore_id, self.source.name, self.account, self.request, started_at, started_at,
            before, plan, unread=dict(self.unread),
        )  # fmt: skip
        on_plan(result)
        while self.request.apply and plan.to_do(self.request.overwrite):
            result.passes += 1
            done = self._write(plan, restore_id, result)
            plan = result.after = self._plan(restore_id, passes=result.passes)
            result.unread = dict(self.unread)
            if not done or result.error or result.passes == MOST_PASSES:
                break
        result.finished_at = self.runtime.now()
        return result

    # -- planning --------------------------------------------------------------------------

    def _plan(self, restore_id: str, passes: int) -> Plan:
        self._tell(f"reading what {self.account.name} has now")
        self.unread = self._sync()
        now = Source("now", self.account.name, self.settings.warehouse, self.connector)
        with now.reading() as reader:
            present = {name: reader.rows(table) for name, table in self.connector.tables.items()}
            identity = reader.identity()
        self.owner = identity.owner if identity else ""
        self.is_own = same_owner(self.origin, identity, self.source.account == self.account.name)
        with open_engine(self.warehouse.home) as engine, self.warehouse.keeping(engine):
            record = self._record(engine, restore_id)
            record.prepare()
            written, unfinished = record.written(), record.unfinished()
        return make_plan(
            Situation(
                self.connector,
                self.kept,
                present,
                owner=self.owner,
                is_own=self.is_own,
                written=written,
                unfinished=unfinished,
                given_up=self.given_up,
                wants=self._wants,
                has_file=lambda table, key: (table, key) in self.files,
                unread=self.unread,
            )
        )

    def _sync(self) -> dict[str, str]:
        """Read whole what can be written; returns the tables of which that was not proved."""
        account = replace(self.account, files=replace(self.account.files, wanted=False))
        result = sync_account(
            self.settings,
            account,
            tables=[writer.table.name for writer in self.connector.writers],
            full=True,
            accept_deletes=True,
            runtime=self.runtime,
        )
        if isinstance(result.error, Fatal):
            raise result.error
        trouble = result.trouble or "it was not read whole"
        return {
            writer.table.name: str(row.get("reason") or row.get("error") or trouble)
            for writer in self.connector.writers
            if self.kept[writer.table.name]
            and not (row := result.tables.get(writer.table.name, {})).get("complete")
        }

    def _wants(self, table: str, key: Key) -> bool:
        if self.request.tables is not None and table not in self.request.tables:
            return False
        return self.chosen is None or key in self.chosen.get(table, ())

    def _chosen(self, reader: SourceReader) -> dict[str, set[Key]] | None:
        if not self.request.where:
            return None
        found = {}
        for writer in self.connector.writers:
            if self.request.tables is None or writer.table.name in self.request.tables:
                keys = reader.chosen(writer.table, self.request.where)
                if keys is not None:
                    found[writer.table.name] = keys
        if not found:
            raise BadSettings(
                "--where names a column that none of these tables has",
                guidance=f"`kollect tables {self.connector.name}.TABLE` lists them.",
            )
        return found

    # -- writing ---------------------------------------------------------------------------

    def _write(self, plan: Plan, restore_id: str, result: RestoreResult) -> bool:
        """One pass; whether it changed anything that another pass can build on."""
        with (
            open_engine(self.warehouse.home) as engine,
            self.warehouse.keeping(engine),
            opened_client(self.settings, self.account, self.runtime) as client,
        ):
            sender = Sender(
                client,
                self.connector,
                self.owner,
                self.is_own,
                lambda table, key: self.files.get((table, key)),
            )
            writes = Pass(
                plan, sender, self._record(engine, restore_id), self.request.overwrite, self._tell
            )
            try:
                writes.run()
            except (Fatal, OSError) as error:
                result.error = str(error)
            self.given_up |= writes.refused
            result.written += writes.written
        self.warehouse.publish()
        return bool(writes.written or writes.in_doubt)

    def _record(self, engine: Any, restore_id: str) -> WriteRecord:
        origin = self.origin.owner if self.origin and self.origin.owner else self.source.account
        return WriteRecord(
            self.warehouse,
            self.connector,
            self.account.name,
            self.source.name,
            origin,
            restore_id,
            engine,
            self.runtime.now,
        )

    def _tell(self, text: str) -> None:
        self.runtime.progress(Progress(self.account.name, "message", text))


def same_owner(kept: Identity | None, now: Identity | None, same_name: bool) -> bool:
    """Whether the ids of both mean the same records: the same data of the same service; where the
    service does not tell whose they are, the account's name and address decide."""
    if kept is None or now is None:
        return same_name
    if kept.owner or now.owner:
        return kept.owner == now.owner
    return same_name and kept.address == now.address


def files_of(reader: SourceReader, kept: Rows) -> Files:
    """The kept files that records are written with: table and key of the record -> file, name."""
    found: dict[tuple[str, Key], tuple[Path, str]] = {}
    connector = reader.source.connector
    for writer in connector.writers:
        upload = writer.create.upload if writer.create else None
        if upload is None:
            continue
        files = reader.files(upload.table, upload.field)
        for key, row in kept.get(upload.table, {}).items():
            file = files.get("/".join(str(part) for part in key))
            if file is None:
                continue
            if upload.table != writer.table.name:
                key = tuple(
                    row.columns[reference.names[0]]
                    for reference in connector.tables[upload.table].parents
                    if reference.table == writer.table.name
                )
            found[writer.table.name, key] = file
    return found


def asked_tables(
    words: Sequence[str], names: Sequence[str], tables: Callable[[], Sequence[str]]
) -> frozenset[str] | None:
    """The tables that SELECT names (`ACCOUNT` or `ACCOUNT.TABLE`); None for all of them.

    Raises BadSettings for another account or an unknown table.
    """
    asked = set()
    for word in words:
        account, _, table = word.partition(".")
        if account not in names:
            raise BadSettings(
                f"{word} is not of {names[0]}", guidance=f"write {names[0]} or {names[0]}.TABLE"
            )
        if not table:
            return None
        if table not in tables():
            raise BadSettings(f"there is no table {word}", guidance=f"{', '.join(tables())}")
        asked.add(table)
    return frozenset(asked) if words else None
