"""The rate budget of an account holds for all machines together, whatever their clocks say."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import pytest

from connectors.core.errors import WarehouseProblem
from connectors.http.config import Window
from connectors.http.rate_limit import RateLimiter
from tests.kit.postgres import postgres


@pytest.fixture
def limiter(machine: Callable[..., Any]) -> Any:
    """Makes the limiter of a machine whose clock is `ahead` by so many seconds."""
    from pipelines.scale.rates import PostgresRates

    with ExitStack() as held:

        def make(windows: list[Window], ahead: float = 0.0, **more: Any) -> RateLimiter:
            rates = held.enter_context(closing(PostgresRates(machine(), "account", **more)))
            return RateLimiter(windows, clock=lambda: time.monotonic() + ahead, state=rates)

        yield make


def most_within(times: list[float], seconds: float) -> int:
    """The most departures within any stretch of that length."""
    return max(sum(t <= other < t + seconds for other in times) for t in times)


def test_machines_with_wrong_clocks_share_every_window(limiter: Callable[..., Any]) -> None:
    """Four machines whose clocks are minutes apart keep two windows together."""
    windows = [Window(4, 0.25), Window(12, 1.0)]
    machines = [limiter(windows, ahead) for ahead in (0.0, -3.0, 200.0, -4000.0)]
    times: list[float] = []

    def ask(one: RateLimiter) -> None:
        for _ in range(9):
            one.wait()
            times.append(time.monotonic())

    threads = [threading.Thread(target=ask, args=(one,)) for one in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(times) == 36
    assert most_within(times, 0.25) <= 4
    assert most_within(times, 1.0) <= 12
    # The budget is used, too: 36 requests at 12 a second.
    assert max(times) - min(times) < 4


def test_a_hold_after_a_429_holds_for_every_machine(limiter: Callable[..., Any]) -> None:
    """What one machine was told, the others keep, by the server's clock."""
    one, two = limiter([Window(5, 0.1)]), limiter([Window(5, 0.1)], ahead=-90.0)
    one.hold(0.6)
    began = time.monotonic()
    two.wait()
    assert 0.5 < time.monotonic() - began < 3


def test_without_the_database_no_request_leaves(limiter: Callable[..., Any]) -> None:
    """Unreachable means stop, never unlimited; it goes on with the same log afterwards."""
    one = limiter([Window(2, 1.0)], patience_seconds=0.0)
    one.wait()
    postgres().stop()
    try:
        with pytest.raises(WarehouseProblem, match=r"cannot be reached.*\[scale\] control"):
            one.wait()
    finally:
        postgres().start()
    one.wait()
    assert one.waited_seconds == 0
    one.wait()
    assert one.waited_seconds > 0


def test_a_restart_between_two_requests_is_not_noticed(limiter: Callable[..., Any]) -> None:
    """A lost connection is made again; the booking of the request before is still there."""
    one = limiter([Window(1, 0.4)])
    one.wait()
    began = time.monotonic()
    postgres().stop()
    postgres().start()
    one.wait()
    assert time.monotonic() - began >= 0.4
