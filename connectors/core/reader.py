"""Reads one family as declared: its plan, or its resources in order, each for its parents.

`fetch` asks and stages, `records` makes rows. The reader follows the paging, keeps count of what
was proved, takes back what a later pass no longer showed, and asks again where an answer is
hard to believe.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connectors.core.connector import Connector, Family, family_tables
from connectors.core.errors import Forbidden, Missing, Refused, Skippable, UnexpectedShape
from connectors.core.evidence import Evidence
from connectors.core.fetch import Fetcher, KeyedRequest
from connectors.core.known import KnownRows
from connectors.core.plan import Bind, Collect, Listing, Page
from connectors.core.records import Cut, RecordMapper, Sink, identity
from connectors.core.resources import (
    ForEachChanged,
    ForEachParent,
    Origin,
    Resource,
    Rows,
    names_in,
)
from connectors.core.schema import Record, Table
from connectors.core.state import StateKey, StateKind
from connectors.http.client import Client
from connectors.paging import Completeness, Paginator, SeenPage, get_path

ASK_AGAIN = 2
"""How often a list is asked again that is empty where rows were."""


@dataclass
class _Task:
    resource: Resource
    bind: Bind
    paging: Paginator
    records: list[Record] = field(default_factory=list)
    failed: str = ""
    refused: bool = False
    spelling: str = ""
    collect: Collect = False
    count: int = 0
    ids: list[Any] = field(default_factory=list)
    """The identities of `records`."""


class FamilyReader:
    """The `Reader` (connectors.core.plan) that reads a service over its fetcher."""

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
    ) -> None:
        self.family = family.name
        self.resources = family.resources
        self.tables = tuple(family_tables(family))
        self._connector = connector
        self._family = family
        self._client = client
        self.known = known
        self.full = full
        self.started_at = started_at
        """When the run began, with time zone; the same after a resume."""
        self.sink = sink
        self.evidence = Evidence(family.resources)
        self.options: Mapping[str, Any] = dict(options or {})
        """Settings of the account that a plan may use, such as `transport`."""
        self._spellings: dict[str, str] = {}
        self._spelled_right: set[str] = set()
        self._wanted = tables
        self._fetcher = fetcher
        self._mapper = RecordMapper(connector.tables.values(), sink)

    # -- reading ---------------------------------------------------------------------------

    def keeps(self, table: str) -> bool:
        """Whether rows of a table are kept at all (the account may leave tables out)."""
        return self._wanted is None or table in self._wanted

    def wants(self, resource: Resource) -> bool:
        """Whether any table that the resource feeds was asked for."""
        return self._wanted is None or any(
            table in self._wanted for rows in resource.rows for table in names_in(rows)
        )

    def read(
        self, resource: Resource, bind: Bind | None = None, *, collect: Collect = False
    ) -> Listing:
        """One listing with all its pages; its rows are kept. Skippable errors are recorded."""
        return self.read_each(resource, [bind or {}], collect=collect)[0]

    def read_each(
        self, resource: Resource, binds: Iterable[Bind], *, collect: Collect = False
    ) -> list[Listing]:
        """The same resource for each of several bindings, several requests in flight.

        With `collect` the listings hold their records: the plain fields, or what a function
        makes of each record.
        """
        tasks = [
            _Task(resource, bind, resource.paging.paginator(), collect=collect) for bind in binds
        ]
        queue = deque((task, self._question(task, task.paging.first())) for task in tasks)
        for task, page in self._fetcher.in_order(queue):
            if isinstance(page, Skippable):
                instead = task.paging.refused() if isinstance(page, Refused) else None
                if instead is not None:
                    queue.append((task, self._question(task, instead)))
                else:
                    self._skipped(task, page)
                continue
            self._kept(task, page, queue)
        return [self._finished(self._sure(task)) for task in tasks]

    def ask(
        self,
        resource: Resource,
        bind: Bind | None = None,
        *,
        also: frozenset[int] = frozenset(),
        now: bool = False,
    ) -> Page:
        """One request of a resource without its paging; its rows are not kept.

        With `now`, the service itself is asked, also where an earlier answer is staged. Raises
        Skippable or Fatal errors; statuses in `also` are answers.
        """
        question = self._question(_Task(resource, bind or {}, resource.paging.paginator()), {})
        return self._fetcher.get(question, also, now)

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind], *, also: frozenset[int] = frozenset()
    ) -> Iterator[tuple[Bind, Page | Skippable]]:
        """One request for each binding, several in flight, answers in the order asked."""
        queue = deque(
            (task, self._question(task, {}))
            for task in (_Task(resource, bind, resource.paging.paginator()) for bind in binds)
        )
        for task, page in self._fetcher.in_order(queue, also):
            yield task.bind, page

    def cuts(self, table: Table) -> list[Cut]:
        """The embedded lists of a table that were found cut so far (`Rows.count`)."""
        return list(self._mapper.cuts.get(table.name, {}).values())

    def keep(self, rows: Rows, payload: Any, surroundings: Bind | None = None) -> int:
        """Keep the rows of an answer; returns how many. Raises UnexpectedShape."""
        around = surroundings or {}
        records = self._mapper.find(rows, payload, around)
        if records is None:
            raise UnexpectedShape(
                f"{self._connector.title} answered without `{rows.at}`",
                guidance="the service may have changed; run again with --verbose and report it",
            )
        return self._mapper.keep(rows, records, around)

    def credential(self, part: str) -> str:
        """A part of the account's credential."""
        return self._client.part(part)

    def resource(self, name: str) -> Resource:
        """A resource of the connector by its name, whichever family it belongs to."""
        families = self._connector.families
        return next(r for family in families for r in family.resources if r.name == name)

    def check_credential(self) -> None:
        """Ask the service now whether the credential is good; raises BadCredential if not."""
        self.ask(self._connector.check, now=True)

    # -- the family ------------------------------------------------------------------------

    def read_family(self) -> Evidence:
        """Read the family: its plan, or its resources in order, each for its parents."""
        if self._family.plan is not None:
            self._family.plan(self)
            return self.evidence
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
        return self.evidence

    def _read_changed(self, resource: Resource, each: ForEachChanged) -> None:
        again_days = 0 if self.full else each.again_days
        rows = self.known.due(resource.name, each.table, tuple(each.bind.values()), again_days)
        binds = [dict(zip(each.bind, values, strict=True)) for _, _, values in rows]
        read = self.read_each(resource, binds)
        for (scope, content, _), listing in zip(rows, read, strict=True):
            if listing.completeness.complete:
                self.evidence.visited(resource.name, scope, content)
        if not rows:
            for kept in resource.rows:
                self.evidence.note(kept.table.name, "no parent changed")

    # -- the inside ------------------------------------------------------------------------

    def _question(self, task: _Task, params: Mapping[str, str]) -> KeyedRequest:
        task.spelling = self._spelling(task.resource)
        return self._fetcher.question(task.resource, task.spelling, task.bind, params)

    def _spelling(self, resource: Resource) -> str:
        """The spelling of the path that worked, in this run or in an earlier one."""
        if not resource.fallback_path:
            return resource.get
        name = resource.spelling or resource.name
        if name not in self._spellings:
            self._spellings[name] = known_path(resource, self.known) or "first"
        return resource.fallback_path if self._spellings[name] == "otherwise" else resource.get

    def _kept(self, task: _Task, page: Page, queue: deque[Any]) -> None:
        resource = task.resource
        self._spelled(task)
        around = {**task.bind, "params": page.params, "payload": page.payload}
        first: list[Any] = []
        for number, rows in enumerate(resource.rows):
            records = self._mapper.find(rows, page.payload, around)
            if records is None:
                task.failed = f"the answer has no list at `{rows.at}`"
                self.sink.reject(rows.table, page.payload, task.failed)
                return
            if number == 0:
                first = records
        identify = identity(resource.rows[0]) if resource.rows else (lambda record: None)
        ids = [identify(record) for record in first if record is not None]
        task.count += len(ids)
        if task.collect:
            shown = task.collect if callable(task.collect) else _slim
            kept = [record for record in first if isinstance(record, dict)]
            task.records.extend(shown(record) for record in kept)
            task.ids.extend(identify(record) for record in kept)
        for number, rows in enumerate(resource.rows):
            # Found again only now: keeping the rows before may have taken members out of these.
            records = first if number == 0 else self._mapper.find(rows, page.payload, around) or []
            if rows.only is not None:
                records = [record for record in records if rows.only(record, around)]
            self._mapper.keep(rows, records, around)
        asked = SeenPage(dict(page.params), page.payload, ids)
        queue.extend((task, self._question(task, more)) for more in task.paging.after(asked))

    def _spelled(self, task: _Task) -> None:
        """The task's spelling works: no other is tried, and later runs begin with it."""
        resource = task.resource
        if resource.fallback_path:
            name = resource.spelling or resource.name
            right = "otherwise" if task.spelling == resource.fallback_path else "first"
            self._spelled_right.add(name)
            self.evidence.state[StateKey(StateKind.WORKING_PATH, name)] = right

    def _skipped(self, task: _Task, error: Skippable) -> None:
        resource = task.resource
        if isinstance(error, Forbidden):
            self._spelled(task)
        if isinstance(error, Missing) and resource.fallback_path:
            current, name = self._spelling(resource), resource.spelling or resource.name
            if task.spelling == current and name not in self._spelled_right:
                other = "first" if current == resource.fallback_path else "otherwise"
                self._spellings[name] = other
                self._spelled_right.add(name)
                current = self._spelling(resource)
            if task.spelling != current:
                again = self.read(resource, task.bind, collect=task.collect)
                task.records = again.records
                task.paging = _Settled(replace(again.completeness, stale=frozenset()))
                task.refused, task.count = again.refused, again.count
                return
        task.refused = isinstance(error, Forbidden)
        missing = isinstance(error, Missing) and resource.gone_is_empty
        task.failed = "gone" if missing else str(error)

    def _sure(self, task: _Task) -> _Task:
        """The task; where it found nothing and rows are known, its answer after asking again.

        A list that is being rewritten, or a service that has a bad moment, shows no rows without
        a word. What is empty still may be so; whole tables are for the loader to doubt.
        """
        rows = task.resource.rows[0] if task.resource.rows else None
        if rows is None or not (task.resource.listing and rows.proves):
            return task
        for _ in range(ASK_AGAIN):
            proof = task.paging.completeness()
            empty = not (task.count or task.failed) and proof.complete and proof.whole
            if not empty or rows.table.append_only or rows.sparse:
                return task
            if not self.known.count(rows.table.name, scope_of(rows, task.bind)):
                return task
            again = _Task(
                task.resource, task.bind, task.resource.paging.paginator(), collect=task.collect
            )
            queue = deque([(again, self._question(again, again.paging.first()))])
            for _, page in self._fetcher.in_order(queue):
                if isinstance(page, Skippable):
                    self._skipped(again, page)
                else:
                    self._kept(again, page, queue)
            task = again
        return task

    def _finished(self, task: _Task) -> Listing:
        resource = task.resource
        if task.failed == "gone":
            for rows in resource.rows:
                self.evidence.note(rows.table.name, f"{resource.get} is no longer served")
            return Listing(Completeness(False, reason="gone"), task.records)
        proof = (
            Completeness(False, reason=task.failed) if task.failed else task.paging.completeness()
        )
        if proof.stale:
            self._forget(task, proof.stale)
        for rows in resource.rows:
            if task.refused and resource.forbidden_statuses:
                self.evidence.note(rows.table.name, "what may be seen was read")
            elif not proof.complete:
                for name in names_in(rows):
                    self.evidence.fail(name, resource.name, proof.reason)
            elif (
                proof.whole
                and resource.listing
                and rows.proves
                and not (rows.table.append_only or rows.sparse)
            ):
                scope = scope_of(rows, task.bind)
                self.evidence.prove(rows.table.name, resource.name, scope, proof.by)
            else:
                self.evidence.note(rows.table.name, proof.by)
            if proof.complete:
                for name in names_in(rows)[1:]:
                    self.evidence.note(name, f"read whole inside {rows.table.name}")
        return Listing(proof, task.records, task.refused, task.count)

    def _forget(self, task: _Task, stale: frozenset[Any]) -> None:
        """Take back the records that only an overtaken pass through the listing has shown."""
        rows = task.resource.rows[0]
        scope = scope_of(rows, task.bind)
        own = [name for name in rows.table.key if name not in rows.inherit]
        keys = [
            {**scope, **dict(zip(own, found if len(own) > 1 else (found,), strict=True))}
            for found in stale
        ]
        self.sink.forget(rows.table, keys)
        pairs = list(zip(task.ids, task.records, strict=True))
        task.records = [record for found, record in pairs if found not in stale]
        task.ids = [found for found, _ in pairs if found not in stale]


def scope_of(rows: Rows, bind: Bind) -> dict[str, Any]:
    """The part of a table that a listing shows: its inherited columns with their values."""
    return {
        name: source.name if source.origin is Origin.CONSTANT else bind.get(source.name)
        for name, source in rows.inherit.items()
        if source.origin in (Origin.CONSTANT, Origin.REQUEST)
    }


def binds_of(each: ForEachParent, parents: Iterable[Record]) -> list[dict[str, Any]]:
    """The bindings for a list of parents, without repeats and without those that lack an id."""
    binds: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in parents:
        values = {name: get_path(record, source) for name, source in each.bind.items()}
        if None not in values.values():
            binds.setdefault(tuple(values.values()), values)
    return list(binds.values())


def known_path(resource: Resource, known: KnownRows) -> str | None:
    """Which of a resource's two paths worked in earlier runs: `first` or `otherwise`."""
    return known.state(StateKey(StateKind.WORKING_PATH, resource.spelling or resource.name))


@dataclass
class _Settled:
    """A paging walk that is over, for a listing that was read under its other spelling."""

    result: Completeness

    def first(self) -> dict[str, str]:
        return {}

    def after(self, page: SeenPage) -> list[dict[str, str]]:
        return []

    def completeness(self) -> Completeness:
        return self.result

    def refused(self) -> dict[str, str] | None:
        return None


def _slim(record: Record) -> Record:
    """A copy without large nested values, for those who only need the plain fields."""
    return {
        name: value
        for name, value in record.items()
        if not isinstance(value, list) and not (isinstance(value, str) and len(value) > 500)
    }
