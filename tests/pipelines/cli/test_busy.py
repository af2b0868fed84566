"""Several kollect at once: one waits for the other, and says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.core.errors import AccountBusy
from pipelines.cli.sync import status_of
from pipelines.sync.result import AccountResult
from tests.kit.account import Bench
from warehouse.store.locks import FileLock
from warehouse.store.warehouse import Warehouse


def test_an_account_that_another_kollect_holds_ends_with_exit_status_3(
    made: Callable[..., Bench],
) -> None:
    """After a wait that is told; nothing was asked of the service."""
    at = made("kinopio", size=3)
    lock = Warehouse(at.warehouse).home / "locks" / "account-kinopio.lock"
    runtime = replace(at.runtime, account_wait_seconds=0.1)
    with FileLock(lock, timeout_seconds=1), pytest.raises(AccountBusy, match="process") as raised:
        at.sync(runtime=runtime)
    assert [progress.kind for progress in at.progress] == ["waiting"]
    assert at.stand_in.count() == 0
    assert status_of([AccountResult("kinopio", status="failed", error=raised.value)]) == 3
    assert at.sync().status == "complete"


def test_waits_are_never_longer_than_the_sync(made: Callable[..., Bench]) -> None:
    """Requests that wait side by side for the same rate are not added up."""
    at = made("kinescope", size=12, max_in_flight=8, rate=[{"limit": 20, "seconds": 1}])
    at.stand_in.faults.add("status", status=503, times=6, after=4)
    clock = at.runtime.clock
    began = clock()
    result = at.sync()
    assert at.stand_in.faults.fired() == 6
    assert 0 < result.waited_seconds <= clock() - began
