"""Reads one family as declared: its plan, or its resources in order, each for its parents.

`fetch` asks and stages, `records` makes rows, `paging` says what to ask next, `evidence` what all
of it proves. The reader brings them together, listing by listing.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.core.connector import Connector, Family, family_tables
from connectors.core.errors import (
    KollectError,
    Skippable,
    UnexpectedShape,
)
from connectors.core.evidence import Evidence, Guard
from connectors.core.fetch import Fetcher
from connectors.core.known import KnownRows
from connectors.core.listing import Bind, Collect, Listing, Page
from connectors.core.plan import Reader
from connectors.core.proofs import Proofs, proves_ends
from connectors.core.records import RecordMapper
from connectors.core.requester import Requester
from connectors.core.resources import (
    ForEachChanged,
    ForEachParent,
    Resource,
    Rows,
    binds_of,
    scope_of,
)
from connectors.core.schema import Table
from connectors.core.sink import Cut, Sink
from connectors.core.task import ReadingTask
from connectors.http.client import Client
from connectors.paging import Completeness, SeenPage, facts_of, get_path

ASK_AGAIN = 2
"""How often a list is asked again that is empty where rows were."""


class FamilyReader(Reader):
    """Reads a service over its fetcher; `Reader` describes what plans use of it."""

    def __init__(
        self,
        connector: Connector,
        family: Family,
        *,
        client: Client,
        fetcher: Fetcher,
        sink: Sink,
        known: KnownRows,
        full: bool,
        started_at: datetime,
        tables: frozenset[str] | None = None,
        options: Mapping[str, Any] | None = None,
        guard: Guard | None = None,
        part: Mapping[str, str] | None = None,
    ) -> None:
        """`guard` is shared by the families of a run; `tables` are those to keep (all).

        `part` is the `next_part` of the reader that read the part before.
        """
        self.family = family.name
        self.resources = family.resources
        self.tables = tuple(family_tables(family))
        self.known = known
        self.full = full
        self.started_at = started_at
        self.sink = sink
        self.evidence = Evidence(family.resources)
        self.options: Mapping[str, Any] = dict(options or {})
        self.next_part: dict[str, str] = {}
        """Resource -> the parent behind which the next part of the family begins; empty where
        all of it was read."""
        self._part = part
        self._connector = connector
        self._family = family
        self._client = client
        self._wanted = tables
        self._proofs = Proofs(
            family.name,
            family.resources,
            self.evidence,
            known,
            guard or Guard(started_at),
            sink,
            self._another_has_rows,
        )
        self._mapper = RecordMapper(connector.tables.values(), sink, self._proofs)
        self._requester = Requester(fetcher, known, self.evidence, full, self._kept)

    @property
    def unproved(self) -> int:
        return self._proofs.unproved

    # -- what plans use --------------------------------------------------------------------

    def keeps(self, table: str) -> bool:
        return self._wanted is None or table in self._wanted

    def wants(self, resource: Resource) -> bool:
        return self._wanted is None or any(map(self.keeps, resource.table_names))

    def credential(self, part: str) -> str:
        return self._client.part(part)

    def resource(self, name: str) -> Resource:
        families = self._connector.families
        return next(r for family in families for r in family.resources if r.name == name)

    def check_credential(self) -> None:
        self.ask(self._connector.check, now=True)

    def read(
        self, resource: Resource, bind: Bind | None = None, *, collect: Collect = False
    ) -> Listing:
        return self.read_each(resource, [bind or {}], collect=collect)[0]

    def read_each(
        self, resource: Resource, binds: Iterable[Bind], *, collect: Collect = False
    ) -> list[Listing]:
        return list(self.stream(resource, binds, collect=collect))

    def stream(
        self, resource: Resource, binds: Iterable[Bind], *, collect: Collect = False
    ) -> Iterator[Listing]:
        """`read_each`, listing by listing; a binding is taken when its request can be made."""
        for task in self._requester.read(resource, binds, collect):
            yield self._proofs.finished(self._asked_again(task))

    def ask(
        self,
        resource: Resource,
        bind: Bind | None = None,
        *,
        also: frozenset[int] = frozenset(),
        now: bool = False,
    ) -> Page:
        answer = self._requester.first_answer(ReadingTask(resource, bind or {}), {}, also, now)
        if isinstance(answer, Skippable):
            raise answer
        return answer

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind], *, also: frozenset[int] = frozenset()
    ) -> Iterator[tuple[Bind, Page | Skippable]]:
        return self._requester.ask_all(resource, binds, also)

    def cuts(self, table: Table) -> list[Cut]:
        return list(self._mapper.cuts.get(table.name, {}).values())

    def keep(self, rows: Rows, payload: Any, surroundings: Bind | None = None) -> int:
        around = {"payload": payload, **(surroundings or {})}
        records = self._mapper.find(rows, payload, around)
        if len(records) > 1:
            # One record may be no list at all, such as the account's own.
            self._proofs.saw_rows(rows.table.name, {})
        return self._mapper.keep(rows, records, around)

    def confirm_empty(
        self, resource: Resource, bind: Bind, listing: Listing, *, collect: Collect = False
    ) -> Listing:
        rows = resource.rows[0]
        for _ in range(ASK_AGAIN):
            empty = listing.completeness.complete and not listing.count
            if not (empty and self._proofs.had_rows(resource, rows, bind)):
                break
            listing = self.read(resource, bind, collect=collect)
        if not listing.completeness.complete:
            return listing
        if why := self._proofs.why_doubted(resource, rows, bind, listing.count):
            self.evidence.lack_rows(resource, why)
            listing.completeness = Completeness(False, reason=why, lacking=True)
        return listing

    # -- the family ------------------------------------------------------------------------

    def read_family(self) -> Evidence:
        """Read the family: its plan, or its resources in order, each for its parents.

        What breaks a plan (an answer of a shape that nobody thought of) fails the family's
        tables, and nothing of them ends; other families go on.
        """
        try:
            if self._family.plan is not None:
                self._family.plan(self)
            else:
                self._read_resources()
        except KollectError:
            raise
        except Exception as error:  # noqa: BLE001 - one family fails, the others go on
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__} at {place.name}, line {place.lineno}: {error}"
            reason = f"an answer could not be handled ({' '.join(text.split())[:200]}); report this"
            for table in self.tables:
                self.evidence.fail(table.name, self.family, reason)
            self.evidence.no_ends = "an answer could not be handled"
        self._proofs.tell_doubts()
        return self.evidence

    def _read_resources(self) -> None:
        needed = {
            resource.each.of
            for resource in self.resources
            if isinstance(resource.each, ForEachParent) and self.wants(resource)
        }
        read: dict[str, list[Listing]] = {}
        for resource in self.resources:
            collect = resource.name in needed
            if not (collect or self.wants(resource)):
                continue
            if self._part is not None and resource.name not in self._part:
                continue
            if resource.each is None:
                read[resource.name] = [self.read(resource, collect=collect)]
            elif isinstance(resource.each, ForEachChanged):
                self._read_changed(resource, resource.each)
            else:
                above = read.get(resource.each.of, [])
                parents = [record for listing in above for record in listing.records]
                binds = binds_of(resource.each, parents)
                read[resource.name] = self.read_each(resource, binds, collect=collect)
                if not all(listing.completeness.complete for listing in above):
                    self.evidence.fail_rows(resource, "its parents were not read completely")

    def _read_changed(self, resource: Resource, each: ForEachChanged) -> None:
        """The parents that are due, so many of them in one part of the family."""
        # What a first pass that broke off has read is not due again.
        first_time = self.known.first_time(self.family)
        again_days = 0 if self.full and not first_time else each.again_days
        columns = tuple(each.bind.values())
        if each.per_run:
            rows = self._next_in_turn(resource, each, again_days)
        else:
            after = (self._part or {}).get(resource.name, "")
            of_table = (resource.name, each.table, columns)
            rows = self.known.due(*of_table, again_days, after, each.at_once)
            if len(rows) == each.at_once:
                self.next_part[resource.name] = rows[-1][0]
                self.evidence.unfinished = True
        binds = (dict(zip(each.bind, values, strict=True)) for _, _, values in rows)
        for (scope, content, _), listing in zip(rows, self.stream(resource, binds), strict=True):
            complete = listing.completeness.complete
            if complete or each.per_run:
                # What failed goes on waiting, but behind those that were never asked for.
                self.evidence.visited(resource.name, scope, content if complete else "")
        if not rows:
            for kept in resource.rows:
                self.evidence.note(kept.table.name, "no parent changed")

    def _next_in_turn(
        self, resource: Resource, each: ForEachChanged, again_days: int
    ) -> list[tuple[str, str, tuple[Any, ...]]]:
        """As many parents as one run asks for, those first that changed or were never asked for.

        The tables are not complete as long as some of these wait for another run.
        """
        columns = tuple(each.bind.values())
        waiting = self.known.waiting(resource.name, each.table)
        rows = self.known.due(
            resource.name, each.table, columns, again_days, most=each.per_run, oldest_first=True
        )
        if waiting > len(rows):
            self.evidence.wait(resource, each, waiting - len(rows))
        return rows

    # -- one listing ----------------------------------------------------------------------

    def _kept(self, task: ReadingTask, page: Page) -> list[dict[str, str]]:
        """Keep the rows of one page; returns what to ask next."""
        resource = task.resource
        task.date = task.date or page.date
        around = {**task.bind, "params": page.params, "payload": page.payload}
        ids: list[Any] = []
        facts = facts_of(page.payload, resource.rows[0].at if resource.rows else "")
        for number, rows in enumerate(resource.rows):
            # Found one after the other: keeping rows takes members out of the answer.
            try:
                single = not resource.listing
                records = self._mapper.find(rows, page.payload, around, single=single)
            except UnexpectedShape as error:
                if facts.total == 0 and get_path(page.payload, rows.at) is None:
                    records = []
                else:
                    task.failed = error.what
                    self.sink.reject(rows.table, page.payload, error.what)
                    return []
            if number == 0:
                ids = task.take(rows, records)
                if ids and resource.listing:
                    self._proofs.saw_rows(resource.name, scope_of(rows, task.bind))
            rejected = self._proofs.rejected(rows)
            self._mapper.keep(rows, records, around)
            task.unreadable += self._proofs.rejected(rows) - rejected
        task.facts = facts
        return task.paging.after(SeenPage(dict(page.params), page.payload, ids, facts))

    def _asked_again(self, task: ReadingTask) -> ReadingTask:
        """Retry a listing that came back empty although rows are stored.

        A list that is being rewritten may show no rows for a moment.
        """
        resource = task.resource
        if not (resource.rows and proves_ends(resource, resource.rows[0])):
            return task
        for _ in range(ASK_AGAIN):
            rows = resource.rows[0]
            if not (task.came_empty and self._proofs.had_rows(resource, rows, task.bind)):
                break
            (task,) = self._requester.read(resource, [task.bind], task.collect)
        return task

    def _another_has_rows(self, name: str) -> bool:
        """Whether any other list that had rows has some now; asks until one has."""
        for family in self._connector.families:
            for resource in family.resources:
                bound = any("{" in text for text in (resource.get, *resource.params.values()))
                if bound or resource.name == name or not (resource.listing and resource.rows):
                    continue
                rows = resource.rows[0]
                if not self.known.has(rows.table.name, {}):
                    continue
                with contextlib.suppress(Skippable):
                    if self._mapper.find(rows, self.ask(resource).payload, {}):
                        return True
        return False
