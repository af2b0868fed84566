"""Syncs in a world that goes wrong: time that is not waited for, and short patience."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from connectors.http.config import Retry
from pipelines.sync.account import sync_account
from pipelines.sync.result import AccountResult
from pipelines.sync.runtime import Runtime
from tests.kit.account import Bench

PATIENCE = 0.25
"""Seconds without a byte before a request counts as lost."""


class Hurried:
    """A clock that also moves when someone sleeps, which takes next to no time."""

    def __init__(self) -> None:
        self.slept = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.02))  # a server that is down needs a real moment
        self.slept += seconds


def sync_in_haste(
    bench: Bench, *, full: bool = False, attempts: int = 8, **more: Any
) -> AccountResult:
    """One sync of a bench, with short patience and nothing waited for."""
    hurried = Hurried()
    account = bench.account
    config = replace(account.connector.http, timeout_seconds=PATIENCE)
    account = replace(
        account,
        connector=replace(account.connector, http=config),
        retry=Retry(attempts=attempts, first_seconds=0.1, max_seconds=5.0),
    )
    runtime = Runtime(progress=bench.progress.append, clock=hurried.clock, sleep=hurried.sleep)
    return sync_account(bench.settings, account, full=full, runtime=runtime, **more)


def ended(result: AccountResult) -> int:
    """How many rows a sync ended, over all tables."""
    return sum(row["deleted"] or 0 for row in result.tables.values())
