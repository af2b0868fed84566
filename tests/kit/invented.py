"""An invented service of a test: a connector of a few lines against a small server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connectors.core import Column, Connector, Credential, Family, Resource, Table, col
from connectors.core.validate import checked
from connectors.http.client import Client
from connectors.http.config import HttpConfig, Retry, Window
from pipelines.settings import Account, Settings
from pipelines.settings.guard import GuardSettings
from pipelines.sync.account import sync_account
from pipelines.sync.result import AccountResult
from pipelines.sync.runtime import Runtime, make_client
from sandbox import Request, Response, Service, StandIn

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Scripted(Service):
    """Answers each path with a payload, or with what a function of the request gives; else 404.

    An int is a status without a payload, a text is a body of plain text.
    """

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__()
        self.name = "invented"
        self.answers = answers

    def answer(self, request: Request) -> Response:
        found = self.answers.get(request.path, 404)
        found = found(request) if callable(found) else found
        if isinstance(found, Response):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return Response.of_json({"message": "no"}, found)
        if isinstance(found, str):
            return Response(found.encode(), 200, {"Content-Type": "text/plain"})
        return Response.of_json(found)

    def credentials(self) -> dict[str, str]:
        return {}


def table(name: str, *columns: Column, **more: Any) -> Table:
    """A table with an `id` and further columns."""
    return Table(name, f"one of the {name}", (col("id", "text", "its id"), *columns), **more)


def connector(*families: Family, **more: Any) -> Connector:
    """A connector of these families."""
    return checked(
        Connector(
            name="invented",
            title="Invented",
            base_url=None,
            base_url_env="INVENTED_BASE_URL",
            credential=Credential({"token": "INVENTED_TOKEN"}, (("token",),)),
            http=HttpConfig(
                {"Authorization": "Bearer {token}"},
                windows=(Window(10_000, 1.0),),
                retry=Retry(attempts=2, first_seconds=0.01, max_seconds=0.02),
                max_in_flight=more.pop("max_in_flight", 4),
            ),
            families=families,
            notes="tests",
            check=Resource("check", "/check"),
            describe=lambda answer: "everything",
            **more,
        )
    )


@dataclass
class Invented:
    """The service, its one account and the warehouse that it is synced into."""

    folder: Path
    declared: Connector
    answers: dict[str, Any]
    stand_in: StandIn
    now: datetime = START
    confirm_empty_hours: float = 20.0
    asked: list[str] = field(default_factory=list)

    def sync(self, *, after_hours: float = 1.0, **more: Any) -> AccountResult:
        """One sync, so many hours after the one before."""
        self.now += timedelta(hours=after_hours)
        account = self.account()
        settings = Settings(
            None,
            self.folder / "k.duckdb",
            self.folder,
            {},
            {"mine": account},
            guard=GuardSettings(confirm_empty_hours=self.confirm_empty_hours),
            ledger_minutes=0.0,
        )
        before = len(self.stand_in.requests)
        self.stand_in.wall_clock = self.now.timestamp
        result = sync_account(settings, account, runtime=Runtime(now=lambda: self.now), **more)
        self.asked = [request.target for request in self.stand_in.requests[before:]]
        return result

    def account(self) -> Account:
        url, token = self.stand_in.url, {"token": "secret-token"}
        variables = {"token": "INVENTED_TOKEN"}
        retry = self.declared.http.retry
        return Account("mine", self.declared, url, token, variables, retry=retry)

    def client(self) -> Client:
        """A client of the account; the caller closes it."""
        return make_client(self.account(), self.folder)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "k.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def ids(self, name: str) -> set[str]:
        """The ids of the current rows of a table."""
        return {row[0] for row in self.query(f'SELECT id FROM invented."{name}"')}


@contextmanager
def invented(
    folder: Path, declared: Connector, answers: Mapping[str, Any], **more: Any
) -> Iterator[Invented]:
    """The service while the block lasts; `answers` may be changed at any time."""
    script = dict(answers)
    with StandIn(Scripted(script), limits=False) as stand_in:
        yield Invented(folder, declared, script, stand_in, **more)
    assert not stand_in.errors, stand_in.errors


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Records with ids from `first` on."""
    return [{"id": str(number)} for number in range(first, first + count)]


def paged(found: Callable[[], list[Any]], **names: str) -> Callable[[Request], Any]:
    """A list with `page` and `per_page`, and its total in `meta.pagination`."""

    def answer(request: Request) -> Any:
        size = min(int(request.query.get("per_page", "10")), 100)
        page, everything = int(request.query.get("page", "1")), found()
        meta = {"page": page, "per_page": size, "total": len(everything)}
        part = everything[(page - 1) * size : page * size]
        return {"meta": {"pagination": meta}, "data": part}

    return answer
