"""One listing while it is read: what was asked so far, and what came."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.core.errors import Missing, Skippable
from connectors.core.evidence import Evidence
from connectors.core.known import KnownRows
from connectors.core.listing import Bind, Collect, Page
from connectors.core.records import identity, lacks_its_key
from connectors.core.resources import Resource, Rows
from connectors.core.schema import Record
from connectors.core.since import NewestFirstPaginator, Since
from connectors.core.state import StateKey, StateKind
from connectors.paging import Facts, Paginator

LONGEST_TEXT = 500
"""Longer texts are left out of what a listing collects for others."""


class ReadingTask:
    """One listing of a resource for one binding."""

    def __init__(
        self,
        resource: Resource,
        bind: Bind,
        variants: tuple[Resource, ...] = (),
        collect: Collect = False,
    ) -> None:
        """`variants` are the orders of rows left to try, the preferred one first."""
        self.resource = resource
        self.bind = bind
        self.collect = collect
        self.variants = variants or (resource,)
        self.paging: Paginator = self.variant.paging.paginator()
        self.smaller = False
        """The service refused the page size, too."""
        self.waiting = 0
        """Requests without an answer."""
        self.answers = 0
        self.failed = ""
        self.refused = False
        self.gone = False
        self.records: list[Record] = []
        self.ids: list[Any] = []
        """The identities of `records`."""
        self.seen_ids: list[Any] = []
        """Those of the newest answer."""
        self.count = 0
        self.unreadable = 0
        self.facts = Facts()
        self.date = ""
        """When the first answer was made, by the service's clock."""
        self.begin_at: datetime | None = None
        """Only what changed since then is read."""
        self.newest: datetime | None = None
        """The time of the newest record that came (`Resource.since`)."""
        self.reached_known = False
        """The newest answer, newest first, ends with rows from before `begin_at`."""

    @property
    def variant(self) -> Resource:
        """The resource as it is asked for: with the order that is tried now."""
        return self.variants[0]

    @property
    def came_empty(self) -> bool:
        """Whether the listing was read whole and had no rows."""
        if self.count or self.failed or self.gone or self.unreadable or not self.resource.rows:
            return False
        if self.begin_at is not None:
            return False
        proof = self.paging.completeness()
        return proof.complete and proof.whole

    def go_on_from(self, cursor: datetime) -> None:
        """Read only what changed since, in the way that the resource declares."""
        since = self.resource.since
        if since is None:
            return
        self.begin_at = since.begin_at(cursor)
        if since.param:
            asked = {since.param: since.text(self.begin_at)}
            self.variants = tuple(
                replace(variant, params={**variant.params, **asked}) for variant in self.variants
            )

    def begin(self) -> dict[str, str]:
        """The parameters of the first request."""
        self.paging = self.variant.paging.paginator()
        since = self.resource.since
        if since and not since.param and self.begin_at and self.variant.newest_first:
            self.paging = NewestFirstPaginator(self.paging, lambda: self.reached_known)
        return self.paging.first()

    def take(self, rows: Rows, records: list[Any]) -> list[Any]:
        """Count the records of an answer, collect them where wanted; returns their identities."""
        identify = identity(rows)
        present = [record for record in records if record is not None]
        ids = [identify(record) for record in present]
        self.answers += 1
        self.count += len(ids)
        self.seen_ids = ids
        self.unreadable += sum(
            lacks_its_key(found)
            for found, record in zip(ids, present, strict=True)
            if isinstance(record, dict)
        )
        if self.resource.since is not None:
            self._note_times(self.resource.since, present)
        if self.collect:
            shown = self.collect if callable(self.collect) else plain_fields
            kept = [record for record in records if isinstance(record, dict)]
            self.records.extend(shown(record) for record in kept)
            self.ids.extend(identify(record) for record in kept)
        return ids

    def _note_times(self, since: Since, records: list[Any]) -> None:
        times = [time for time in map(since.time_of, records) if time is not None]
        self.newest = max([*times, self.newest] if self.newest else times, default=None)
        # Only rows that really are newest first say what the pages behind them hold.
        falling = len(times) == len(records) and times == sorted(times, reverse=True)
        self.reached_known = bool(times and falling and self.begin_at and times[-1] < self.begin_at)

    def drop(self, stale: Set[Any]) -> None:
        """Forget collected records that were taken back."""
        pairs = list(zip(self.ids, self.records, strict=True))
        self.records = [record for found, record in pairs if found not in stale]
        self.ids = [found for found, _ in pairs if found not in stale]


def plain_fields(record: Record) -> Record:
    """A copy without large nested values, for those who only need the plain fields."""
    return {
        name: value
        for name, value in record.items()
        if not isinstance(value, list)
        and not (isinstance(value, str) and len(value) > LONGEST_TEXT)
    }


class Variants:
    """Which spelling of a path and which order of rows the service accepts.

    The first answer decides, and later runs begin with what worked.
    """

    def __init__(self, known: KnownRows, evidence: Evidence, full: bool) -> None:
        self._known = known
        self._evidence = evidence
        self._full = full
        self._settled: dict[str, str] = {}
        """Group of paths -> `first` or `fallback`, where an answer of this run has shown it."""
        self._refused: dict[str, int] = {}
        """Resource -> how many of its orders were refused."""

    # -- paths -----------------------------------------------------------------------------

    def path_is_settled(self, resource: Resource) -> bool:
        """Whether it is known from this run which path the service answers."""
        return not resource.fallback_path or _group(resource) in self._settled

    def paths(self, resource: Resource) -> list[str]:
        """The paths to try, the likelier one first."""
        both = [resource.get, resource.fallback_path]
        if not resource.fallback_path:
            return both[:1]
        group = _group(resource)
        stored = self._known.state(StateKey(StateKind.WORKING_PATH, group))
        if self._settled.get(group, stored) == "fallback":
            both.reverse()
        return both[:1] if group in self._settled else both

    def settle(self, resource: Resource, path: str, answer: Page | Skippable) -> bool:
        """Whether an answer shows that a path exists; a 404 does not."""
        if isinstance(answer, Missing):
            return False
        if resource.fallback_path:
            works = "fallback" if path == resource.fallback_path else "first"
            group = _group(resource)
            self._settled[group] = works
            self._evidence.state[StateKey(StateKind.WORKING_PATH, group)] = works
        return True

    # -- orders ----------------------------------------------------------------------------

    def of(self, resource: Resource) -> tuple[Resource, ...]:
        """The resource in each of its orders that was not refused, and at last in none."""
        if not resource.orders:
            return (resource,)
        if resource.name not in self._refused:
            key = StateKey(StateKind.REFUSED_PARAMETER, resource.name)
            text = "" if self._full else self._known.state(key) or ""
            self._refused[resource.name] = min(int(text or 0), len(resource.orders))
        ordered = (
            replace(
                resource,
                params={**resource.params, **order.params},
                paging=order.paging,
                newest_first=order.newest_first,
                orders=(),
            )
            for order in resource.orders[self._refused[resource.name] :]
        )
        return (*ordered, replace(resource, orders=()))

    def without_refused_order(self, task: ReadingTask) -> list[dict[str, str]] | None:
        """The first request again in the next order; None where no order is left to give up."""
        if len(task.variants) == 1:
            return None
        task.variants = task.variants[1:]
        return [task.begin()]

    def answered(self, task: ReadingTask) -> None:
        """The service took the task's first request: its order is the one to ask for."""
        resource = task.resource
        if not resource.orders or task.answers > 1 or task.smaller:
            return
        refused = len(resource.orders) + 1 - len(task.variants)
        if refused != self._refused[resource.name]:
            self._refused[resource.name] = refused
            key = StateKey(StateKind.REFUSED_PARAMETER, resource.name)
            self._evidence.state[key] = str(refused)


def _group(resource: Resource) -> str:
    return resource.path_group or resource.name
