"""One walk through a family: asks, stages each answer, and hands its rows on.

Everything asked goes through `_answer`: the journal first (a resumed run repeats the same
questions and finds their answers there), then the client; the answer is scrubbed and staged
before anyone looks at it. Several requests are in flight at once, but answers are worked on in
the order asked, so a resumed run takes the same path as an undisturbed one.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from connectors.declare import Connector, Due, Each, Family, Record, Resource, Rows, Table
from connectors.errors import Forbidden, Missing, Refused, Skippable, UnexpectedShape
from connectors.http.client import Client
from connectors.http.redact import Scrubber
from connectors.http.rules import Request
from connectors.journal import Journal
from connectors.outcome import Outcome
from connectors.paging import Asked, PagingWalk, Proof, dig
from connectors.shape import Cut, Shaper, Sink, identity

ASK_AGAIN = 2
"""How often a list is asked again that is empty where rows were."""
UNAUTHORIZED = 401
Bind = Mapping[str, Any]
ANSWERS_AHEAD = 2
LATE_SECONDS = 0.01
"""Who waits longer than this for an answer waits for the network, not for a processor."""
Collect = bool | Callable[[Record], Record]


class Knowledge(Protocol):
    """What the warehouse already knows of this account; read before anything is loaded."""

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """The given columns of every current row."""

    def several(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[Any, ...]]]:
        """`rows` of several tables, which costs as little as those of one."""

    def count(self, table: str, scope: Mapping[str, Any] | None = None) -> int:
        """How many current rows there are, in all or where columns have these values."""

    def cursor(self, resource: str, scope: str = "") -> str | None:
        """The stored cursor, or None before the first load."""

    def cursors(self, resource: str) -> dict[str, str]:
        """Every stored cursor of a resource by scope."""

    def due(
        self, resource: str, table: str, columns: Sequence[str], again_days: int
    ) -> list[tuple[str, str, tuple[Any, ...]]]:
        """(scope, content, values) of rows that are to be asked for again; all for 0 days."""

    def first_time(self, family: str) -> bool:
        """Whether this family was never loaded completely."""


@dataclass(frozen=True)
class Page:
    """One answered and staged request."""

    payload: Any
    status: int
    surroundings: Bind
    params: Mapping[str, str]
    date: str = ""
    """When the service made the answer, by its own clock (HTTP's `Date`)."""


@dataclass
class Listing:
    """One listing read to its end: what was proved, and the records that others depend on."""

    proof: Proof
    records: list[Record] = field(default_factory=list)
    refused: bool = False
    """The service does not let this credential see it."""
    count: int = 0
    """How many records were read, those of further passes included."""


@dataclass
class _Task:
    resource: Resource
    bind: Bind
    paging: PagingWalk
    records: list[Record] = field(default_factory=list)
    failed: str = ""
    refused: bool = False
    spelling: str = ""
    collect: Collect = False
    count: int = 0
    ids: list[Any] = field(default_factory=list)
    """The identities of `records`."""


@dataclass(frozen=True)
class _Question:
    request: Request
    key: str
    bind: Bind
    params: Mapping[str, str]
    denied: tuple[int, ...]


class Walk:
    """The means by which a family's resources, or its plan, read a service."""

    def __init__(
        self,
        connector: Connector,
        family: Family,
        *,
        client: Client,
        journal: Journal,
        sink: Sink,
        known: Knowledge,
        full: bool,
        started_at: datetime,
        tables: frozenset[str] | None = None,
        in_flight: int = 8,
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
        self.outcome = Outcome(family)
        self.options = dict(options or {})
        """Settings of the account that a plan may heed, such as `transport`."""
        self.gone: set[str] = set()
        """Scopes that a plan found to exist no more; free for the plan's own use."""
        self._spellings: dict[str, str] = {}
        self._spelled_right: set[str] = set()
        self._tables = tables
        self._journal = journal
        self._shaper = Shaper(connector, sink)
        self._scrubber = Scrubber(connector.secret_fields, connector.strip_queries)
        self._drops = [tuple(path.split(".")) for path in connector.drop]
        self._occurrences: Counter[str] = Counter()
        self._in_flight = max(1, in_flight)
        self._stop = threading.Event()

    # -- reading ---------------------------------------------------------------------------

    def keeps(self, table: str) -> bool:
        """Whether rows of a table are kept at all (the account may leave tables out)."""
        return self._tables is None or table in self._tables

    def wants(self, resource: Resource) -> bool:
        """Whether any table that the resource feeds was asked for."""
        return self._tables is None or any(
            table in self._tables for rows in resource.rows for table in _names(rows)
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
        tasks = [_Task(resource, bind, resource.paging.walk(), collect=collect) for bind in binds]
        queue = deque((task, self._question(task, task.paging.first())) for task in tasks)
        for task, page in self._pump(queue):
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
        question = self._question(_Task(resource, bind or {}, resource.paging.walk()), {})
        return self._answer(question, also, now)

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind], *, also: frozenset[int] = frozenset()
    ) -> Iterator[tuple[Bind, Page | Skippable]]:
        """One request for each binding, several in flight, answers in the order asked."""
        queue = deque(
            (task, self._question(task, {}))
            for task in (_Task(resource, bind, resource.paging.walk()) for bind in binds)
        )
        for task, page in self._pump(queue, also):
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

    def _question(self, task: _Task, params: Mapping[str, str]) -> _Question:
        resource = task.resource
        values = {name: str(value) for name, value in task.bind.items()}
        task.spelling = self._spelling(resource)
        path = task.spelling.format(
            **{name: quote(value, safe="") for name, value in values.items()}
        )
        shown = {name: text.format(**values) for name, text in resource.params.items()}
        shown.update(params)
        body = None
        if resource.post is not None:
            inner = {**resource.post.get("variables", {}), **values, **params}
            body = {**resource.post, "variables": inner}
            shown = {}
        request = Request(
            "GET" if body is None else "POST",
            path,
            tuple(shown.items()),
            body=body,
            headers=tuple(resource.headers.items()),
            repeatable=True,
        )
        self._occurrences[request.key] += 1
        number = self._occurrences[request.key]
        key = request.key if number == 1 else f"{request.key} #{number}"
        return _Question(request, key, task.bind, {**shown, **params}, resource.denied)

    def _spelling(self, resource: Resource) -> str:
        """The spelling of the path that worked, in this run or in an earlier one."""
        if not resource.otherwise:
            return resource.get
        name = resource.spelling or resource.name
        if name not in self._spellings:
            self._spellings[name] = self.known.cursor(f"spelling of {name}") or "first"
        return resource.otherwise if self._spellings[name] == "otherwise" else resource.get

    def _answer(
        self, question: _Question, also: frozenset[int] = frozenset(), now: bool = False
    ) -> Page:
        """The staged answer, or a fresh one; raises Forbidden for a status declared as denied."""
        page = self._staged_or_asked(question, also, now)
        if page.status in question.denied:
            raise Forbidden(
                f"{self.connector.title} does not let this credential see {question.request.path}",
                guidance="ask its owner for access, if you need it",
            )
        return page

    def _staged_or_asked(self, question: _Question, also: frozenset[int], now: bool) -> Page:
        staged = None if now else self._journal.get(question.key)
        if staged is not None:
            head, body = staged
            payload = msgspec.json.decode(body) if body else None
            date = head.get("date", "")
            return Page(payload, head["status"], question.bind, question.params, date)
        answer = self.client.ask(question.request, also=also | set(question.denied))
        payload, body = self._scrubbed(answer.payload, question)
        head = {
            "status": answer.status,
            "request_id": answer.request_id,
            "attempts": answer.attempts,
            "throttled": answer.throttled,
            "waited": round(answer.waited_seconds, 6),
            "bytes": answer.size,
            "repaired": answer.repaired,
            "family": self.family.name,
            "date": answer.headers.get("date", ""),
        }
        if answer.status != UNAUTHORIZED and not now:
            # Whoever goes on with this run may have a better token: such a no is not kept.
            self._journal.put(question.key, head, body)
        return Page(payload, answer.status, question.bind, question.params, head["date"])

    def _scrubbed(self, payload: Any, question: _Question) -> tuple[Any, bytes]:
        """The payload without secrets, and its encoding; nothing else is ever written."""
        for path in self._drops:
            _drop(payload, path)
        if self.connector.cleanse is not None:
            asked = {"path": question.request.path, "bind": question.bind}
            payload = self.connector.cleanse(asked, payload)
        self._scrubber.drop_members(payload)
        body = msgspec.json.encode(payload)
        if self._scrubber.may_hold(body):
            payload = self._scrubber.clean(payload)
            body = msgspec.json.encode(payload)
        return payload, body

    def _pump(
        self, queue: deque[Any], also: frozenset[int] = frozenset()
    ) -> Iterator[tuple[_Task, Page | Skippable]]:
        """Answers in the order asked, while later requests are already under way.

        The caller may add to `queue` between answers. A fatal error stops what is in flight.
        As long as answers are here before they are needed, ever fewer are asked for at once:
        more would only take turns with the work on those that are here.
        """
        flying: deque[tuple[_Task, Future[Page]]] = deque()
        ahead = most = self._in_flight * 2
        with ThreadPoolExecutor(self._in_flight, thread_name_prefix="fetch") as pool:
            try:
                while queue or flying:
                    while queue and len(flying) < ahead and not _enough(flying):
                        task, question = queue.popleft()
                        flying.append((task, pool.submit(self._answer, question, also)))
                    task, future = flying.popleft()
                    asked = time.monotonic()
                    try:
                        answer: Page | Skippable = future.result()
                    except Skippable as error:
                        answer = error
                    late = time.monotonic() - asked > LATE_SECONDS
                    ahead = most if late else max(ANSWERS_AHEAD, ahead - 1)
                    yield task, answer
            finally:
                for _, future in flying:
                    future.cancel()

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
        asked = Asked(dict(page.params), page.payload, ids)
        queue.extend((task, self._question(task, more)) for more in task.paging.after(asked))

    def _spelled(self, task: _Task) -> None:
        """The task's spelling works: no other is tried, and later runs begin with it."""
        resource = task.resource
        if resource.otherwise:
            name = resource.spelling or resource.name
            right = "otherwise" if task.spelling == resource.otherwise else "first"
            self._spelled_right.add(name)
            self.outcome.cursors[(f"spelling of {name}", "")] = right

    def _skipped(self, task: _Task, error: Skippable) -> None:
        resource = task.resource
        if isinstance(error, Forbidden):
            self._spelled(task)
        if isinstance(error, Missing) and resource.otherwise:
            current, name = self._spelling(resource), resource.spelling or resource.name
            if task.spelling == current and name not in self._spelled_right:
                other = "first" if current == resource.otherwise else "otherwise"
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
            if not empty or rows.table.lasting or rows.partial:
                return task
            if not self.known.count(rows.table.name, scope_of(rows, task.bind)):
                return task
            again = _Task(
                task.resource, task.bind, task.resource.paging.walk(), collect=task.collect
            )
            queue = deque([(again, self._question(again, again.paging.first()))])
            for _, page in self._pump(queue):
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
            return Listing(Proof(False, reason="gone"), task.records)
        proof = Proof(False, reason=task.failed) if task.failed else task.paging.proof()
        if proof.stale:
            self._forget(task, proof.stale)
        for rows in resource.rows:
            if task.refused and resource.denied:
                self.outcome.note(rows.table.name, "what may be seen was read")
            elif not proof.complete:
                for name in _names(rows):
                    self.outcome.fail(name, resource.name, proof.reason)
            elif (
                proof.whole
                and resource.listing
                and rows.proves
                and not (rows.table.lasting or rows.partial)
            ):
                scope = scope_of(rows, task.bind)
                self.outcome.prove(rows.table.name, resource.name, scope, proof.by)
            else:
                self.outcome.note(rows.table.name, proof.by)
            if proof.complete:
                for name in _names(rows)[1:]:
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

    result: Proof

    def first(self) -> dict[str, str]:
        return {}

    def after(self, page: Asked) -> list[dict[str, str]]:
        return []

    def proof(self) -> Proof:
        return self.result

    def refused(self) -> dict[str, str] | None:
        return None


def _enough(flying: deque[tuple[_Task, Future[Page]]]) -> bool:
    """Whether the next answers are here already: further ones would only fill the memory."""
    return len(flying) >= ANSWERS_AHEAD and all(
        future.done() for _, future in islice(flying, ANSWERS_AHEAD)
    )


def read_family(walk: Walk) -> Outcome:
    """Read a family as declared: its plan, or its resources in order, each for its parents."""
    if walk.family.plan is not None:
        walk.family.plan(walk)
        return walk.outcome
    resources = list(walk.family.resources)
    needed = {r.each.of for r in resources if isinstance(r.each, Each) and walk.wants(r)}
    read: dict[str, list[Listing]] = {}
    for resource in resources:
        if not (walk.wants(resource) or resource.name in needed):
            continue
        collect = resource.name in needed
        if resource.each is None:
            read[resource.name] = [walk.read(resource, collect=collect)]
        elif isinstance(resource.each, Due):
            _read_due(walk, resource, resource.each)
        else:
            parents = [r for listing in read.get(resource.each.of, []) for r in listing.records]
            binds = each_bind(walk, resource.each, parents)
            read[resource.name] = walk.read_each(resource, binds, collect=collect)
            if not all(listing.proof.complete for listing in read.get(resource.each.of, [])):
                walk.outcome.fail_rows(resource, "its parents were not read completely")
    return walk.outcome


def each_bind(walk: Walk, each: Each, parents: list[Record]) -> list[dict[str, Any]]:
    """The bindings for a list of parents: chosen, without repeats, in batches where declared."""
    chosen = each.where(walk, parents) if each.where is not None else parents
    binds: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in chosen:
        values = {name: dig(record, source) for name, source in each.bind.items()}
        if None not in values.values():
            binds.setdefault(tuple(values.values()), values)
    single = list(binds.values())
    if each.batch == 1:
        return single
    return [
        {name: ",".join(str(bind[name]) for bind in group) for name in each.bind}
        for group in (single[i : i + each.batch] for i in range(0, len(single), each.batch))
    ]


def _read_due(walk: Walk, resource: Resource, due: Due) -> None:
    again_days = 0 if walk.full else due.again_days
    rows = walk.known.due(resource.name, due.table, tuple(due.bind.values()), again_days)
    binds = [dict(zip(due.bind, values, strict=True)) for _, _, values in rows]
    for (scope, content, _), listing in zip(rows, walk.read_each(resource, binds), strict=True):
        if listing.proof.complete:
            walk.outcome.visited(resource.name, scope, content)
    if not rows:
        for kept in resource.rows:
            walk.outcome.note(kept.table.name, "no parent changed")


def _names(rows: Rows) -> list[str]:
    return [rows.table.name, *(name for child in rows.children for name in _names(child))]


def _slim(record: Record) -> Record:
    """A copy without large nested values, for those who only need the plain fields."""
    return {
        name: value
        for name, value in record.items()
        if not isinstance(value, list) and not (isinstance(value, str) and len(value) > 500)
    }


def _drop(value: Any, path: tuple[str, ...]) -> None:
    """Remove what stands at a path; `name[]` goes through the items of a list."""
    boxes = [value]
    for step in path[:-1]:
        name = step.removesuffix("[]")
        if name:
            boxes = [box[name] for box in boxes if isinstance(box, dict) and name in box]
        if name != step:
            boxes = [item for box in boxes if isinstance(box, list) for item in box]
    last = path[-1].removesuffix("[]")
    for box in boxes:
        if isinstance(box, dict):
            box.pop(last, None)


def tables_of(family: Family) -> list[Table]:
    """The tables that a family feeds."""
    from connectors.declare import family_tables

    return family_tables(family)
