"""Asking a service a few questions outside of a sync, under the same rate: `check` and `plan`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.errors import BadSettings, Missing
from connectors.core.resources import Resource
from connectors.http.client import Client
from connectors.http.config import Request
from pipelines.settings import Account, Settings
from pipelines.sync.runtime import Runtime, make_client
from warehouse.load.known import AccountState
from warehouse.store.open import open_engine
from warehouse.store.state_folder import common_folder
from warehouse.store.warehouse import Warehouse


class Asker:
    """A `Costing` (connectors.core.connector) for one account."""

    def __init__(
        self,
        account: Account,
        client: Client,
        known: AccountState,
        warehouse: Warehouse,
        engine: Any,
    ) -> None:
        self._account = account
        self.warehouse = warehouse
        self.engine = engine
        self._looks: dict[str, Any] = {}
        self._client = client
        self.known = known
        self.full = False
        self.options: Mapping[str, Any] = account.options
        self.asked = 0

    def kept(self, table: str) -> int:
        """Rows of the account in the warehouse."""
        return self.known.count(table)

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """The given columns of those rows."""
        return self.known.rows(table, columns)

    def cursors(self, resource: str) -> Mapping[str, str]:
        """Stored cursors of a resource by scope."""
        return self.known.cursors(resource)

    def look(self, resource: Resource) -> Any:
        """The payload of a listing's first page, asked for once; raises a KollectError."""
        if resource.name not in self._looks:
            self._looks[resource.name] = self._look(resource)
        return self._looks[resource.name]

    def _look(self, resource: Resource) -> Any:
        params = {**resource.params, **resource.paging.paginator().first()}
        self.asked += 1
        if resource.post is not None:
            variables = {
                **resource.post.get("variables", {}),
                **resource.paging.paginator().first(),
            }
            body = {**resource.post, "variables": variables}
            request = Request("POST", resource.get, body=body, repeatable=True)
        else:
            request = Request("GET", resource.get, tuple(params.items()))
        request = replace(request, headers=tuple(resource.headers.items()))
        try:
            return self._client.ask(request).payload
        except Missing:
            if not resource.fallback_path:
                raise
        self.asked += 1
        return self._client.ask(replace(request, path=resource.fallback_path)).payload


@contextlib.contextmanager
def asking(settings: Settings, account: Account) -> Iterator[Asker]:
    """An asker for one account; raises BadSettings where its credential is missing."""
    if not account.ready:
        raise BadSettings(
            f"account {account.name} has no credential",
            account=account.name,
            guidance=f"set {account.missing} in the environment or in .env",
        )
    warehouse = Warehouse(settings.warehouse)
    with (
        open_engine(warehouse.home) as engine,
        make_client(account, common_folder(warehouse.path)) as client,
    ):
        yield Asker(
            account,
            client,
            AccountState(
                warehouse, account.connector, account.name, engine.cursor, now=Runtime().now
            ),
            warehouse,
            engine,
        )
