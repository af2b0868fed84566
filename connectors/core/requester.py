"""Asks for a family: single requests, or whole listings page by page, several in flight."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from connectors.core.errors import Forbidden, Missing, Refused, Skippable
from connectors.core.evidence import Evidence
from connectors.core.fetch import Fetcher, KeyedRequest
from connectors.core.known import KnownRows
from connectors.core.listing import Bind, Collect, Page
from connectors.core.proofs import scope_text
from connectors.core.resources import Resource
from connectors.core.task import ReadingTask, Variants
from connectors.paging.base import Params

TaskRequest = tuple[ReadingTask, KeyedRequest]


class Requester:
    """Makes the requests of a family, by the paths and in the orders that the service takes."""

    def __init__(
        self,
        fetcher: Fetcher,
        known: KnownRows,
        evidence: Evidence,
        full: bool,
        keep: Callable[[ReadingTask, Page], list[Params]],
    ) -> None:
        """`keep` keeps the rows of one page of a listing and returns what to ask next."""
        self._fetcher = fetcher
        self._known = known
        self._full = full
        self._keep = keep
        self._variants = Variants(known, evidence, full)

    def first_answer(
        self,
        task: ReadingTask,
        params: Mapping[str, str],
        also: frozenset[int] = frozenset(),
        now: bool = False,
    ) -> Page | Skippable:
        """The answer to a task's first request; where a path has two spellings and none has been
        answered in this run, it settles which one is asked from now on."""
        answer: Page | Skippable = Missing(f"{task.resource.get} is not served")
        for path in self._variants.paths(task.resource):
            task.waiting = 0
            try:
                answer = self._fetcher.get(self._request(task, params, path), also, now)
            except Skippable as error:
                answer = error
            if self._variants.settle(task.resource, path, answer):
                break
        return answer

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind], also: frozenset[int]
    ) -> Iterator[tuple[Bind, Page | Skippable]]:
        """One request for each binding; see `Reader.ask_all`."""
        tasks = iter(ReadingTask(resource, bind) for bind in binds)
        while not self._variants.path_is_settled(resource):
            task = next(tasks, None)
            if task is None:
                return
            yield task.bind, self.first_answer(task, {}, also)
        requests = ((task, self._request(task, {})) for task in tasks)
        for task, page in self._fetcher.in_order(requests, also=also):
            yield task.bind, page

    def read(
        self, resource: Resource, binds: Iterable[Bind], collect: Collect
    ) -> Iterator[ReadingTask]:
        """Each listing read to its end, in the order of the bindings."""
        open_tasks: deque[ReadingTask] = deque()
        follow_ups: deque[TaskRequest] = deque()

        def first_requests() -> Iterator[TaskRequest]:
            for bind in binds:
                task = self._new_task(resource, bind, collect)
                open_tasks.append(task)
                params = task.begin()
                if self._variants.path_is_settled(resource):
                    yield task, self._request(task, params)
                else:
                    answered(task, self.first_answer(task, params))

        def answered(task: ReadingTask, page: Page | Skippable) -> None:
            task.waiting -= 1
            if isinstance(page, Skippable):
                following = self._refused(task, page)
            else:
                following = self._keep(task, page)
                if not task.failed:
                    self._variants.answered(task)
            follow_ups.extend((task, self._request(task, params)) for params in following)

        for task, page in self._fetcher.in_order(first_requests(), follow_ups):
            answered(task, page)
            while open_tasks and not open_tasks[0].waiting:
                yield open_tasks.popleft()
        yield from open_tasks

    def _new_task(self, resource: Resource, bind: Bind, collect: Collect) -> ReadingTask:
        task = ReadingTask(resource, bind, self._variants.of(resource), collect)
        if resource.since is not None and not self._full:
            cursor = self._known.cursor(resource.name, scope_text(bind))
            if cursor:
                task.go_on_from(datetime.fromisoformat(cursor))
        return task

    def _request(
        self, task: ReadingTask, params: Mapping[str, str], path: str = ""
    ) -> KeyedRequest:
        """One more request of a task."""
        task.waiting += 1
        path = path or self._variants.paths(task.resource)[0]
        return self._fetcher.request(task.variant, path, task.bind, params)

    def _refused(self, task: ReadingTask, error: Skippable) -> list[dict[str, str]]:
        """What to ask instead of a request that was refused; nothing where the task has failed."""
        if isinstance(error, Refused) and not task.answers:
            following = self._variants.without_refused_order(task)
            if following is None:
                task.smaller = True
                following = task.paging.refused()
        elif isinstance(error, (Refused, Missing)) and task.answers:
            following = task.paging.refused()
        else:
            following = None
        if following is None:
            task.refused = isinstance(error, Forbidden)
            task.gone = isinstance(error, Missing) and task.resource.gone_is_empty
            task.failed = str(error)
        return following or []
