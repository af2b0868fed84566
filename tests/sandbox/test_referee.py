"""The referee refuses what breaks a limit, and nothing else."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from sandbox import Referee, StandIn, Window
from tests.sandbox.client import Books, ask


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_referee_allows_the_limit_in_any_window() -> None:
    """Three requests a second pass for ever if they keep their distance."""
    clock = Clock()
    referee = Referee([Window(3, 1.0)], 10.0, clock=clock)
    for _ in range(20):
        assert referee.judge() is None
        clock.now += 0.334
    assert referee.violations == []


def test_a_window_slides_and_is_not_a_calendar_second() -> None:
    """Two at the end of a second and two at the start of the next break three a second."""
    clock = Clock()
    referee = Referee([Window(3, 1.0)], clock=clock)
    for moment in (100.8, 100.9, 101.1):
        clock.now = moment
        assert referee.judge() is None
    clock.now = 101.2
    assert referee.judge() == 1.0
    assert [(v.time, v.window.limit) for v in referee.violations] == [(101.2, 3)]


def test_after_a_breach_everything_is_refused_until_the_penalty_is_over() -> None:
    """Requests during the penalty are refused and counted, the first one after it passes."""
    clock = Clock()
    referee = Referee([Window(3, 1.0)], 10.0, clock=clock)
    assert [referee.judge() for _ in range(4)] == [None, None, None, 10.0]
    clock.now += 9.5
    assert referee.judge() == pytest.approx(0.5)
    clock.now += 0.6
    assert referee.judge() is None
    assert (len(referee.violations), len(referee.trespasses)) == (1, 1)


def test_every_window_holds_at_once() -> None:
    """A slow client breaks the long window although it keeps the short one."""
    clock = Clock()
    referee = Referee([Window(3, 1.0), Window(5, 60.0)], clock=clock)
    for _ in range(6):
        referee.judge()
        clock.now += 1.0
    assert [violation.window for violation in referee.violations] == [Window(5, 60.0)]


@pytest.mark.parametrize("form", ["none", "seconds", "date"])
def test_retry_after_comes_in_the_form_that_is_set(form: str) -> None:
    """No header, whole seconds, or an HTTP date in the future."""
    with StandIn(Books()) as stand_in:
        stand_in.referee.set_retry_after(form)
        answers = [ask(stand_in, "/v1/books") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    value = answers[-1].headers.get("retry-after")
    if form == "none":
        assert value is None
    elif form == "seconds":
        assert value == "10"
    else:
        wait = parsedate_to_datetime(value or "").timestamp() - time.time()
        assert 8 < wait <= 11


def test_limits_can_be_off() -> None:
    """Without limits nothing is refused and nothing is a violation."""
    with StandIn(Books(), limits=False) as stand_in:
        assert {ask(stand_in, "/v1/books").status for _ in range(8)} == {200}
        assert stand_in.referee.violations == []


def test_throttled_is_in_the_services_words_and_can_bring_silence() -> None:
    """After the fault everything is refused for its seconds, although limits held."""
    clock = Clock()
    with StandIn(Books(), clock=clock) as stand_in:
        stand_in.faults.add("throttled", seconds=30)
        assert ask(stand_in, "/v1/books").json()["message"] == "refused with 429"
        assert ask(stand_in, "/v1/books").status == 429
        clock.now += 31
        assert ask(stand_in, "/v1/books").status == 200
        assert (stand_in.referee.violations, len(stand_in.referee.trespasses)) == ([], 1)
