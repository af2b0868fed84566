"""A few questions to a service outside of a sync, under the same rate: `check` and `plan`."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.errors import BadSettings, Missing
from connectors.core.fetch import Fetcher
from connectors.core.journal import Journal
from connectors.core.listing import seen_page
from connectors.core.resources import Resource
from connectors.http.client import Client
from connectors.http.events import Event
from pipelines.settings import Account, Settings
from pipelines.sync.disk_errors import explained
from pipelines.sync.result import Progress
from pipelines.sync.runtime import Runtime, opened_client
from warehouse.load.known import AccountState
from warehouse.store.open import open_engine
from warehouse.store.scratch import scratch_folder
from warehouse.store.warehouse import Warehouse


class Probe:
    """A `Costing` (connectors.core.connector) for one account."""

    def __init__(
        self,
        account: Account,
        client: Client,
        fetcher: Fetcher,
        journal: Journal,
        known: AccountState,
        warehouse: Warehouse,
        engine: Any,
    ) -> None:
        self.account, self.client, self.journal = account, client, journal
        self._fetcher = fetcher
        self._looks: dict[Any, Any] = {}
        self._pages: dict[tuple[str, int], list[Any]] = {}
        self.warehouse = warehouse
        self.engine = engine
        self.known = known
        self.full = False
        self.options: Mapping[str, Any] = account.options

    def kept(self, table: str) -> int:
        """Rows of the account in the warehouse."""
        return self.known.count(table)

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """The given columns of those rows."""
        return self.known.rows(table, columns)

    def cursors(self, resource: str) -> Mapping[str, str]:
        """Stored cursors of a resource by scope."""
        return self.known.cursors(resource)

    def look(self, resource: Resource, bind: Mapping[str, Any] | None = None) -> Any:
        """The payload of a listing's first page, asked for once; raises a KollectError."""
        key = (resource.name, *sorted((bind or {}).items()))
        if key not in self._looks:
            self._looks[key] = first_answer(self._fetcher, resource, bind or {})
        return self._looks[key]

    def pages(self, resource: Resource, most: int) -> list[Any]:
        """The payloads of a listing's first pages, at most so many; raises a KollectError."""
        if (resource.name, most) in self._pages:
            return self._pages[resource.name, most]
        paginator, found = resource.paging.paginator(), [self.look(resource)]
        waiting = deque(paginator.after(seen_page(resource, paginator.first(), found[0])))
        while waiting and len(found) < most:
            params = waiting.popleft()
            request = self._fetcher.request(resource, resource.get, {}, params)
            found.append(self._fetcher.get(request).payload)
            waiting.extend(paginator.after(seen_page(resource, params, found[-1])))
        self._pages[resource.name, most] = found
        return found


def first_answer(
    fetcher: Fetcher, resource: Resource, bind: Mapping[str, Any], *, now: bool = False
) -> Any:
    """The payload of a listing's first page, by whichever of its paths there is.

    With `now`, staged answers do not count. Raises a KollectError.
    """
    first = resource.paging.paginator().first()
    try:
        return fetcher.get(fetcher.request(resource, resource.get, bind, first), now=now).payload
    except Missing:
        if not resource.fallback_path:
            raise
    other = fetcher.request(resource, resource.fallback_path, bind, first)
    return fetcher.get(other, now=now).payload


@contextlib.contextmanager
def probing(
    settings: Settings, account: Account, runtime: Runtime | None = None
) -> Iterator[Probe]:
    """A probe for one account; raises BadSettings where its credential is missing."""
    if not account.ready:
        raise BadSettings(
            f"account {account.name} has no credential",
            account=account.name,
            guidance=f"set {account.missing} in the environment or in .env",
        )
    warehouse = Warehouse(settings.warehouse)
    tell = (runtime or Runtime()).progress

    def on_event(event: Event) -> None:
        fields = {"event": event.kind, **event.fields}
        tell(Progress(account.name, "request", str(event), fields))

    with (
        explained(warehouse.home),
        open_engine(warehouse.home) as engine,
        opened_client(settings, account, runtime, on_event) as client,
        scratch_folder(warehouse.home, "probe-") as folder,
        contextlib.closing(Journal(folder / "pages.journal")) as journal,
    ):
        yield Probe(
            account,
            client,
            Fetcher(account.connector, "probe", client, journal, 1),
            journal,
            AccountState(
                warehouse,
                account.connector,
                account.name,
                engine.cursor,
                now=(runtime or Runtime()).now,
            ),
            warehouse,
            engine,
        )
