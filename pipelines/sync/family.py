"""The families of one run, one after the other: each is read, then loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.core.connector import Family
from connectors.core.errors import Fatal, KollectError, Unreachable
from connectors.core.evidence import Guard
from connectors.core.journal import Journal
from connectors.core.prefetch import Prefetch
from connectors.core.reader import FamilyReader
from connectors.core.state import StateKey, StateKind
from connectors.http.client import Client
from pipelines.settings import Account
from pipelines.sync.identity import IDENTITY, Identity
from pipelines.sync.result import AccountResult, kept_tables, loaded_text, traffic_of
from warehouse.load.known import AccountState
from warehouse.load.load import LoadRequest, Traffic, load
from warehouse.load.staging import Staging
from warehouse.store.clock import TOLERANCE
from warehouse.store.scratch import Scratch
from warehouse.store.warehouse import Warehouse

FULL_PASS = StateKey(StateKind.FULL_PASS)


@dataclass
class FamilyPass:
    """One pass over the families of an account; what it did goes into `result`."""

    account: Account
    warehouse: Warehouse
    client: Client
    journal: Journal
    engine: Any
    known: AccountState
    identity: Identity
    result: AccountResult
    run_id: str
    started_at: datetime
    full: bool
    """Whether everything is read again; a full pass that is due sets it."""
    named: bool
    """Whether tables were asked for by name."""
    mass_delete_share: float
    confirm_empty_hours: float
    accept_deletes: bool
    now: Callable[[], datetime]
    tell: Callable[..., None]
    before_load: Callable[[], None]
    """Called before rows are loaded; an error ends the run before anything is written."""

    def __post_init__(self) -> None:
        self.full = self.full or self._full_pass_due()
        self._guard = Guard(self.started_at, self.confirm_empty_hours, self.accept_deletes)
        self._all_full = True
        """Whether every family of this run was read whole so far."""

    def read(self, families: list[Family]) -> None:
        """Read and load what is due of these families; a fatal error ends the pass."""
        account, known, result = self.account, self.known, self.result
        due = [family for family in families if self._is_due(family)]
        ahead = Prefetch(
            account.connector,
            self.client,
            self.journal,
            account.max_in_flight,
            known=known,
            full=self.full,
        )
        with closing(ahead):
            for number, family in enumerate(due):
                following = due[number + 1 :]
                self.tell("family", f"reading {family.name}", family=family.name)
                answers = len(self.journal)
                error = self._family(family, ahead, following, last=family is families[-1])
                # A service that could not be reached at all is not tried again for each family.
                out_of_reach = isinstance(error, Unreachable) and len(self.journal) == answers
                if error is not None and (isinstance(error, Fatal) or out_of_reach):
                    result.unread(error, account, following, self.full)
                    break
            stored = known.run_loads(self.run_id)
        result.tables = {
            **stored,
            **{t: r for t, r in result.tables.items() if t not in stored},
        }

    def _is_due(self, family: Family) -> bool:
        """Whether this run has still to read a family, and whether it is one that reads it."""
        known = self.known
        if known.states(StateKind.LOADED_IN_RUN).get(family.name) == self.run_id:
            return False
        asked = self.full or self.named or not family.full_only
        return asked or known.owes_full_pass(family.name)

    def _full_pass_due(self) -> bool:
        """Whether the last full pass is longer ago than the account's rhythm allows.

        An account whose first pass broke off has had none, and catches up.
        """
        known, days = self.known, self.account.full_every_days
        last = known.state(FULL_PASS)
        if not days or self.named:
            return False
        if last is None:
            return not set(known.states(StateKind.LOADED_IN_RUN).values()) <= {self.run_id}
        ago = self.started_at - datetime.fromisoformat(last)
        # One in the future tells nothing: an earlier run had a wrong clock.
        return ago > timedelta(days=days) or ago < -TOLERANCE

    # -- one family ------------------------------------------------------------------------

    def _family(
        self, family: Family, ahead: Prefetch, following: list[Family], *, last: bool
    ) -> KollectError | None:
        """Read and load one family; an error ends its reading, and what was read is loaded."""
        part: Mapping[str, str] | None = None
        number, broken = 0, False
        while True:
            reader, failed = self._family_part(
                family, ahead, following, last, part, number, broken=broken
            )
            if failed is not None or not reader.next_part:
                return failed
            broken = broken or bool(reader.evidence.failures)
            part, number = reader.next_part, number + 1
            self.tell("family", f"part {number} of {family.name} is loaded", family=family.name)

    def _family_part(
        self,
        family: Family,
        ahead: Prefetch,
        following: list[Family],
        last: bool,
        part: Mapping[str, str] | None,
        number: int,
        *,
        broken: bool,
    ) -> tuple[FamilyReader, KollectError | None]:
        """Read and load one part of a family; nearly always it is the only one.

        `broken` says that something of an earlier part could not be read.
        """
        tables = frozenset(kept_tables(self.account, [family]))
        scratch = Scratch(self.warehouse.home, "load-")
        staging = Staging(self.engine.cursor(), scratch.path, self.known.extra_columns())
        try:
            reader = self._reader(family, tables, ahead, staging, part)
            failed = self._read(reader, tables)
            reader.evidence.unfinished |= broken
            if not isinstance(failed, Fatal):
                ahead.ask(following, frozenset(self.account.tables))
            if failed is None:
                self._remember(reader, last)
            elif reader.full:
                self.result.broke_off.add(family.name)
            self._load(reader, family, tables, staging, str(failed or ""), number)
        finally:
            staging.close()
            scratch.remove()
        return reader, failed

    def _reader(
        self,
        family: Family,
        tables: frozenset[str],
        ahead: Prefetch,
        staging: Staging,
        part: Mapping[str, str] | None,
    ) -> FamilyReader:
        account, known = self.account, self.known
        files = {"files": "yes"} if account.files.wanted else {}
        return FamilyReader(
            account.connector,
            family,
            client=self.client,
            fetcher=ahead.answers(family),
            sink=staging,
            known=known,
            full=self.full or known.owes_full_pass(family.name),
            started_at=self.started_at,
            tables=tables,
            options={**account.options, **files},
            guard=self._guard,
            part=part,
        )

    def _read(self, reader: FamilyReader, tables: frozenset[str]) -> KollectError | None:
        """Read the family; returns, and tells, what broke it off."""
        evidence, name, failed = reader.evidence, reader.family, None
        try:
            reader.read_family()
        except KollectError as error:
            failed = error
            # What was not read to its end proves no end.
            evidence.no_ends = evidence.no_ends or "the reading broke off"
            self.result.error = self.result.error or error
            self.tell("problem", str(error), family=name)
            for table in tables:
                evidence.fail(table, name, str(error))
        self.result.messages += evidence.messages
        for message in evidence.messages:
            self.tell("message", message, family=name)
        return failed

    def _remember(self, reader: FamilyReader, last: bool) -> None:
        """Cursors of a family that was read to its end, and of a full pass that ends with it."""
        evidence = reader.evidence
        if evidence.unfinished:
            return
        if not evidence.failures:
            # What failed is asked for again if this run has to go on later.
            evidence.state[StateKey(StateKind.LOADED_IN_RUN, scope=reader.family)] = self.run_id
        broke_off = StateKey(StateKind.FULL_PASS_BROKE_OFF, scope=reader.family)
        if self.known.state(broke_off):
            evidence.state[broke_off] = ""
        self._all_full = self._all_full and reader.full
        if last and self._all_full and not self.named and self.result.error is None:
            evidence.state[FULL_PASS] = self.started_at.isoformat()

    def _load(
        self,
        reader: FamilyReader,
        family: Family,
        tables: frozenset[str],
        staging: Staging,
        error: str,
        part: int,
    ) -> None:
        if self.known.state(IDENTITY) != self.identity.as_json():
            reader.evidence.state[IDENTITY] = self.identity.as_json()
        self.before_load()
        more = bool(reader.next_part)
        rows = load(
            self.warehouse,
            self.known,
            LoadRequest(
                connector=self.account.connector,
                account=self.account.name,
                run_id=self.run_id,
                family=family,
                evidence=reader.evidence,
                staging=staging,
                full=reader.full,
                tables=tables,
                traffic=Traffic() if more else traffic_of(self.journal, family.name),
                part=part,
                mass_delete_share=self.mass_delete_share,
                accept_deletes=self.accept_deletes,
                error=error,
                now=self.now(),
            ),
        )
        for table, row in rows.items():
            if error and not any(row[name] for name in ("inserted", "updated", "deleted")):
                continue  # it was not read; the error is told
            self.tell("loaded", loaded_text(table, row), table=table, row=dict(row))
