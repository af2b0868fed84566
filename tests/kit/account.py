"""What tests share: an account of the sandbox with its own warehouse, and the comparison with
the sandbox's truth. Nothing here patches kollect; clock, folder and address come from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pytest
from msgspec import structs

from connectors import SERVICES
from connectors.core.schema import Table
from pipelines.settings import Account, Settings, read_settings
from pipelines.sync.account import sync_account
from pipelines.sync.result import AccountResult, Progress
from pipelines.sync.runtime import Runtime
from sandbox import Sandbox, StandIn
from sandbox.core import compare


@dataclass
class Bench:
    """One service of the sandbox with a warehouse of its own; the end of the block closes it."""

    service: str
    folder: Path
    box: Sandbox
    account_settings: Mapping[str, Any] = field(default_factory=dict)
    confirm_empty_hours: float = 0.0
    """With 0, a list that came empty is believed at once."""
    ledger_minutes: float = 0.0
    progress: list[Progress] = field(default_factory=list)
    first_sync_requests: int = 0
    """How many requests the first sync asked, where it was copied (see first_syncs)."""
    _open: duckdb.DuckDBPyConnection | None = None

    def __post_init__(self) -> None:
        if not self.settings_file.exists():
            self.write_settings()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the sandbox. Fails if an exception escaped from the service meanwhile."""
        self.box.__exit__(None, None, None)
        assert not self.stand_in.errors, self.stand_in.errors[:1]

    @property
    def stand_in(self) -> StandIn:
        return self.box.stand_ins[self.service]

    @property
    def world(self) -> Any:
        """The stand-in's service: its changes, switches and truth."""
        return self.box.services[self.service]

    @property
    def settings_file(self) -> Path:
        return self.folder / "kollect.toml"

    def write_settings(self) -> None:
        """Write kollect.toml, as a person would."""
        more = {self.service: {"rate": [], **self.account_settings}}
        text = self.box.settings(self.warehouse, more=more)
        guard = f"\n[guard]\nconfirm_empty_hours = {self.confirm_empty_hours}\n"
        self.settings_file.write_text(text + guard)

    def configure(self, **account_settings: Any) -> None:
        """Change settings of the account, as if kollect.toml had been edited."""
        self.account_settings = {**self.account_settings, **account_settings}
        self.write_settings()

    @property
    def settings(self) -> Settings:
        settings = read_settings(self.settings_file, environ=self.box.environment())
        guard = structs.replace(settings.guard, confirm_empty_hours=self.confirm_empty_hours)
        return replace(settings, guard=guard, ledger_minutes=self.ledger_minutes)

    @property
    def account(self) -> Account:
        return self.settings.accounts[self.service]

    @property
    def warehouse(self) -> Path:
        return self.folder / "kollect.duckdb"

    @property
    def runtime(self) -> Runtime:
        return Runtime(progress=self.progress.append)

    def sync(self, *tables: str, full: bool = False, **more: Any) -> AccountResult:
        """One sync; `more` goes to sync_account."""
        retry = replace(self.account.retry, first_seconds=0.01, max_seconds=0.05)
        account = replace(self.account, retry=retry)
        runtime = more.setdefault("runtime", self.runtime)
        self.stand_in.wall_clock = lambda: runtime.now().timestamp()
        return sync_account(self.settings, account, tables=tables or None, full=full, **more)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.reading() as connection:
            return connection.execute(sql, list(values)).fetchall()

    def rows(self, table: str, at: datetime | None = None) -> dict[tuple[Any, ...], dict[str, Any]]:
        """The account's rows by key, as they are or as they were."""
        declared = self.account.connector.tables[table]
        place = f'{self.service}."{table}"' if at is None else f'{self.service}."{table}_at"(?)'
        with self.reading() as connection:
            found = connection.execute(f"SELECT * FROM {place}", [] if at is None else [at])
            names = [column[0] for column in found.description]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return {tuple(row[name] for name in declared.key): row for row in rows}

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the file as it is now. Inside of the block, all that the bench reads
        comes from it, since opening a file of many tables costs more than a query."""
        if self._open is not None:
            yield self._open
            return
        with duckdb.connect(str(self.warehouse), read_only=True) as self._open:
            try:
                self._open.execute("SET TimeZone = 'UTC'")
                yield self._open
            finally:
                self._open = None

    def assert_true(self, truth: Mapping[str, list[dict[str, Any]]] | None = None) -> None:
        """Every table equals the sandbox's truth, row by row and field by field."""
        shown = self.world.truth() if truth is None else truth
        problems: list[str] = []
        account = self.account
        if truth is None:
            problems += [
                f"{name}: the sandbox has no truth" for name in account.tables - shown.keys()
            ]
        with self.reading():
            for name, declared in account.connector.tables.items():
                if name in shown and name in account.tables:
                    more = name in self.world.may_hold_more
                    problems += differences(declared, shown[name], self.rows(name), more)
        assert not problems, "\n".join(problems[:40])


def bench(
    folder: Path,
    service: str,
    *,
    size: int | None = None,
    seed: int = 1,
    switches: Mapping[str, Any] | None = None,
    limits: bool = False,
    latency_seconds: float = 0.0,
    confirm_empty_hours: float = 0.0,
    **account_settings: Any,
) -> Bench:
    """A bench with a running sandbox, to be closed (the `made` fixture does)."""
    folder.mkdir(parents=True, exist_ok=True)
    box = Sandbox(
        [service],
        size=size,
        seed=seed,
        limits=limits,
        latency_seconds=latency_seconds,
        switches={service: dict(switches or {})},
    )
    box.__enter__()
    if hasattr(box.services[service], "today"):
        box.services[service].today = datetime.now(UTC).date()
    return Bench(service, folder, box, account_settings, confirm_empty_hours)


def sampled(*quick: str) -> list[Any]:
    """Parameters: all services, by default only those of `quick`, the others in the slow run."""
    return [s if s in quick else pytest.param(s, marks=pytest.mark.slow) for s in SERVICES]


def forms(quick: list[dict[str, Any]], alone: list[dict[str, Any]]) -> list[Any]:
    """Parameters: combined forms by default, each form alone in the slow run."""
    return [*quick, *(pytest.param(form, marks=pytest.mark.slow) for form in alone)]


def named(switches: Mapping[str, Any]) -> str:
    """How a form reads in a test's name."""
    return ",".join(f"{name}={value}" for name, value in switches.items()) or "default"


def differences(
    table: Table,
    truth: Iterable[Mapping[str, Any]],
    kept: Mapping[tuple[Any, ...], Mapping[str, Any]],
    may_hold_more: bool = False,
) -> list[str]:
    """Where kept rows differ from the truth, in sentences."""
    return compare.differences(table.name, table.key, truth, kept, may_hold_more)
