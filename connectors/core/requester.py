"""Makes the requests of resources: for which path, one at a time or several in flight."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from connectors.core.errors import Missing, Skippable
from connectors.core.fetch import Fetcher, KeyedRequest
from connectors.core.listing import Bind, Page
from connectors.core.resources import Resource
from connectors.core.task import ReadingTask, Variants

TaskRequest = tuple[ReadingTask, KeyedRequest]
NO_STATUSES: frozenset[int] = frozenset()


class Requester:
    """Asks in the name of a family, by the paths and orders that the service takes."""

    def __init__(self, fetcher: Fetcher, variants: Variants) -> None:
        self.variants = variants
        self._fetcher = fetcher

    def request(self, task: ReadingTask, params: Mapping[str, str], path: str = "") -> KeyedRequest:
        """One more request of a task."""
        task.waiting += 1
        path = path or self.variants.paths(task.resource)[0]
        return self._fetcher.question(task.variant, path, task.bind, params)

    def first_answer(
        self,
        task: ReadingTask,
        params: Mapping[str, str],
        also: frozenset[int] = NO_STATUSES,
        now: bool = False,
    ) -> Page | Skippable:
        """The answer to a task's first request; where a path has two spellings and none has been
        answered in this run, it settles which one is asked from now on."""
        answer: Page | Skippable = Missing(f"{task.resource.get} is not served")
        for path in self.variants.paths(task.resource):
            task.waiting = 0
            try:
                answer = self._fetcher.get(self.request(task, params, path), also, now)
            except Skippable as error:
                answer = error
            if self.variants.settle(task.resource, path, answer):
                break
        return answer

    def ask(
        self,
        resource: Resource,
        bind: Bind | None = None,
        *,
        also: frozenset[int] = NO_STATUSES,
        now: bool = False,
    ) -> Page:
        """One request without paging; see `Reader.ask`."""
        answer = self.first_answer(ReadingTask(resource, bind or {}), {}, also, now)
        if isinstance(answer, Skippable):
            raise answer
        return answer

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind], *, also: frozenset[int] = NO_STATUSES
    ) -> Iterator[tuple[Bind, Page | Skippable]]:
        """One request for each binding, several in flight; see `Reader.ask_all`."""
        tasks = iter(ReadingTask(resource, bind) for bind in binds)
        while not self.variants.path_is_settled(resource):
            task = next(tasks, None)
            if task is None:
                return
            yield task.bind, self.first_answer(task, {}, also)
        requests = ((task, self.request(task, {})) for task in tasks)
        for task, page in self._fetcher.in_order(requests, also=also):
            yield task.bind, page

    def in_order(
        self, requests: Iterable[TaskRequest], follow_ups: deque[TaskRequest]
    ) -> Iterator[tuple[ReadingTask, Page | Skippable]]:
        """Answers in the order asked; see `Fetcher.in_order`."""
        return self._fetcher.in_order(requests, follow_ups)
