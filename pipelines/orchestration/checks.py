"""Checks of tables: the state that they read, their outcome, and the event that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from connectors.core.schema import Table
from pipelines.orchestration.sources import Source
from warehouse.store.status import TableStatus

if TYPE_CHECKING:
    import duckdb

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@dataclass(frozen=True)
class TableState:
    """What the checks of a table read."""

    connection: duckdb.DuckDBPyConnection
    source: Source
    table: Table
    status: TableStatus
    load: dict[str, Any]
    """The newest row of the table in the ledger; empty where it was never loaded."""
    now: datetime


@dataclass(frozen=True)
class Outcome:
    """Whether a check passed, why in one sentence, and the figures behind it."""

    passed: bool
    reason: str
    figures: dict[str, Any] = field(default_factory=dict)
    on_schedule: bool = False
    """It did not pass, but will without anybody's doing: a warning at most."""


@dataclass(frozen=True)
class Check:
    """One kind of check."""

    name: str
    meaning: str
    evaluate: Callable[[TableState], Outcome]
    severity: dg.AssetCheckSeverity
    blocking: bool = False
    applies: Callable[[Table], bool] = lambda _: True


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check of one asset, for a run or for a report without a run."""

    key: dg.AssetCheckKey
    severity: dg.AssetCheckSeverity
    outcome: Outcome

    def for_run(self) -> dg.AssetCheckResult:
        """As a step of a run yields it."""
        return dg.AssetCheckResult(**self._fields)

    def without_run(self) -> dg.AssetCheckEvaluation:
        """As a sensor reports it."""
        return dg.AssetCheckEvaluation(**self._fields)

    @property
    def _fields(self) -> dict[str, Any]:
        return {
            "asset_key": self.key.asset_key,
            "check_name": self.key.name,
            "passed": self.outcome.passed,
            "severity": WARN if self.outcome.on_schedule else self.severity,
            "description": self.outcome.reason[:500],
            "metadata": self.outcome.figures,
        }


def when(moment: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
