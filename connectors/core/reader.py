"""Reads one family: follows the pages of each listing and hands the rows on.

`fetch` asks and stages, `records` makes rows. The reader follows the paging, keeps count of what
was proved, takes back what a later pass no longer showed, and asks again where an answer is
hard to believe.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connectors.core.connector import Connector, Family
from connectors.core.errors import Forbidden, Missing, Refused, Skippable, UnexpectedShape
from connectors.core.evidence import Evidence
from connectors.core.fetch import Bind, Fetcher, KeyedRequest, Page
from connectors.core.known import KnownRows, known_spelling
from connectors.core.records import Cut, RecordMapper, Sink, identity
from connectors.core.resources import Resource, Rows, names_in
from connectors.core.schema import Record, Table
from connectors.http.client import Client
from connectors.paging import Completeness, Paginator, SeenPage

ASK_AGAIN = 2
"""How often a list is asked again that is empty where rows were."""
Collect = bool | Callable[[Record], Record]


@dataclass
class Listing:
    """One listing read to its end: what was proved, and the records that others depend on."""

    proof: Completeness
    records: list[Record] = field(default_factory=list)
    refused: bool = False
    """The service does not let this credential see it."""
    count: int = 0
    """How many records were read, those of further passes included."""


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


class Reader:
    """The means by which a family's resources, or its plan, read a service."""

    def __init__(
        self,
        connector: Connector,
        family: Family,
        *,
        client: Client,
        answers: Fetcher,
        sink: Sink,
        known: KnownRows,
        full: bool,
        started_at: datetime,
        tables: frozenset[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.connector = connector
        self.family = family
        self.client = client
        self.known = known
        self.full = full
        self.started_at = started_at
        """When the run began, with time zone; the same after a resume."""
        self.sink = sink
        self.outcome = Evidence(family)
        self.options = dict(options or {})
        """Settings of the account that a plan may heed, such as `transport`."""
        self.gone: set[str] = set()
        """Scopes that a plan found to exist no more; free for the plan's own use."""
        self._spellings: dict[str, str] = {}
        self._spelled_right: set[str] = set()
        self._tables = tables
        self._answers = answers
        self._shaper = RecordMapper(connector, sink)

    # -- reading ---------------------------------------------------------------------------

    def keeps(self, table: str) -> bool:
        """Whether rows of a table are kept at all (the account may leave tables out)."""
        return self._tables is None or table in self._tables

    def wants(self, resource: Resource) -> bool:
        """Whether any table that the resource feeds was asked for."""
        return self._tables is None or any(
            table in self._tables for rows in resource.rows for table in names_in(rows)
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
        for task, page in self._answers.in_order(queue):
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
        return self._answers.get(question, also, now)

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind], *, also: frozenset[int] = frozenset()
    ) -> Iterator[tuple[Bind, Page | Skippable]]:
        """One request for each binding, several in flight, answers in the order asked."""
        queue = deque(
            (task, self._question(task, {}))
            for task in (_Task(resource, bind, resource.paging.paginator()) for bind in binds)
        )
        for task, page in self._answers.in_order(queue, also):
            yield task.bind, page

    def cuts(self, table: Table) -> list[Cut]:
        """The embedded lists of a table that were found cut so far (`Rows.count`)."""
        return list(self._shaper.cuts.get(table.name, {}).values())

    def keep(self, rows: Rows, payload: Any, surroundings: Bind | None = None) -> int:
        """Keep the rows of an answer; returns how many. Raises UnexpectedShape."""
        around = surroundings or {}
        records = self._shaper.find(rows, payload, around)
        if records is None:
            raise UnexpectedShape(
                f"{self.connector.title} answered without `{rows.at}`",
                guidance="the service may have changed; run again with --verbose and report it",
            )
        return self._shaper.keep(rows, records, around)

    # -- the inside ------------------------------------------------------------------------

    def _question(self, task: _Task, params: Mapping[str, str]) -> KeyedRequest:
        task.spelling = self._spelling(task.resource)
        return self._answers.question(task.resource, task.spelling, task.bind, params)

    def _spelling(self, resource: Resource) -> str:
        """The spelling of the path that worked, in this run or in an earlier one."""
        if not resource.fallback_path:
            return resource.get
        name = resource.spelling or resource.name
        if name not in self._spellings:
            self._spellings[name] = known_spelling(resource, self.known) or "first"
        return resource.fallback_path if self._spellings[name] == "otherwise" else resource.get

    def _kept(self, task: _Task, page: Page, queue: deque[Any]) -> None:
        resource = task.resource
        self._spelled(task)
        around = {**task.bind, "params": page.params, "payload": page.payload}
        first: list[Any] = []
        for number, rows in enumerate(resource.rows):
            records = self._shaper.find(rows, page.payload, around)
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
            records = first if number == 0 else self._shaper.find(rows, page.payload, around) or []
            if rows.only is not None:
                records = [record for record in records if rows.only(record, around)]
            self._shaper.keep(rows, records, around)
        asked = SeenPage(dict(page.params), page.payload, ids)
        queue.extend((task, self._question(task, more)) for more in task.paging.after(asked))

    def _spelled(self, task: _Task) -> None:
        """The task's spelling works: no other is tried, and later runs begin with it."""
        resource = task.resource
        if resource.fallback_path:
            name = resource.spelling or resource.name
            right = "otherwise" if task.spelling == resource.fallback_path else "first"
            self._spelled_right.add(name)
            self.outcome.cursors[(f"spelling of {name}", "")] = right

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
                task.paging = _Settled(replace(again.proof, stale=frozenset()))
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
            proof = task.paging.proof()
            empty = not (task.count or task.failed) and proof.complete and proof.whole
            if not empty or rows.table.append_only or rows.sparse:
                return task
            if not self.known.count(rows.table.name, scope_of(rows, task.bind)):
                return task
            again = _Task(
                task.resource, task.bind, task.resource.paging.paginator(), collect=task.collect
            )
            queue = deque([(again, self._question(again, again.paging.first()))])
            for _, page in self._answers.in_order(queue):
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
                self.outcome.note(rows.table.name, f"{resource.get} is no longer served")
            return Listing(Completeness(False, reason="gone"), task.records)
        proof = Completeness(False, reason=task.failed) if task.failed else task.paging.proof()
        if proof.stale:
            self._forget(task, proof.stale)
        for rows in resource.rows:
            if task.refused and resource.forbidden_statuses:
                self.outcome.note(rows.table.name, "what may be seen was read")
            elif not proof.complete:
                for name in names_in(rows):
                    self.outcome.fail(name, resource.name, proof.reason)
            elif (
                proof.whole
                and resource.listing
                and rows.proves
                and not (rows.table.append_only or rows.sparse)
            ):
                scope = scope_of(rows, task.bind)
                self.outcome.prove(rows.table.name, resource.name, scope, proof.by)
            else:
                self.outcome.note(rows.table.name, proof.by)
            if proof.complete:
                for name in names_in(rows)[1:]:
                    self.outcome.note(name, f"read whole inside {rows.table.name}")
        return Listing(proof, task.records, task.refused, task.count)

    def _forget(self, task: _Task, stale: frozenset[Any]) -> None:
        """Take back the records that only an overtaken pass through the listing has shown."""
        rows = task.resource.rows[0]
        scope = scope_of(rows, task.bind)
        own = [name for name in rows.table.key if name not in rows.given]
        keys = [
            {**scope, **dict(zip(own, found if len(own) > 1 else (found,), strict=True))}
            for found in stale
        ]
        self.sink.forget(rows.table, keys)
        pairs = list(zip(task.ids, task.records, strict=True))
        task.records = [record for found, record in pairs if found not in stale]
        task.ids = [found for found, _ in pairs if found not in stale]


def scope_of(rows: Rows, bind: Bind) -> dict[str, Any]:
    """The part of a table that a listing shows: its given columns with their values."""
    return {
        name: source[1:] if source.startswith("=") else bind.get(source[1:])
        for name, source in rows.given.items()
        if source[:1] in ("=", ":")
    }


@dataclass
class _Settled:
    """A paging walk that is over, for a listing that was read under its other spelling."""

    result: Completeness

    def first(self) -> dict[str, str]:
        return {}

    def after(self, page: SeenPage) -> list[dict[str, str]]:
        return []

    def proof(self) -> Completeness:
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
