"""Answers on their way: how slow they may come, and how much of them may be in memory."""

from __future__ import annotations

import threading

import pytest

from connectors.core.errors import Stopped
from connectors.http.limits import ByteBudget
from connectors.http.stopping import Stop


def test_later_answers_wait_until_the_first_has_been_handed_over() -> None:
    """Together they never exceed the budget; the first may always go on, however large it is."""
    budget = ByteBudget(100, Stop())
    first_in, second_waits, held = threading.Event(), threading.Event(), []
    first_done = threading.Event()

    def second() -> None:
        first_in.wait(5)
        with budget.share() as take:
            take(40)
            second_waits.set()
            take(40)
            held.append(first_done.is_set())

    thread = threading.Thread(target=second)
    thread.start()
    with budget.share() as take:
        take(50)
        first_in.set()
        assert second_waits.wait(5)
        take(500)
        thread.join(0.3)
        assert thread.is_alive() and not held
        first_done.set()
    thread.join(5)
    assert held == [True]


def test_who_waits_for_the_budget_sees_a_stop() -> None:
    """The first may hang for ever."""
    stop = Stop()
    budget = ByteBudget(10, stop)
    with budget.share() as first, budget.share() as second:
        first(10)
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(Stopped):
            second(1)
