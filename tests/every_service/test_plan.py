"""`kollect plan` says what a sync asks for, whatever the service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.sync.estimate import Estimate, estimate
from pipelines.sync.probe import probing
from tests.kit.account import Bench, sampled

OFF = 0.1
"""A tenth more or less; where a service does not tell how much it holds, the plan says `about`."""


def planned(bench: Bench, *, full: bool = False) -> Estimate:
    with probing(bench.settings, bench.account) as probe:
        return estimate(bench.account, probe, None, full=full)


@pytest.mark.parametrize("service", sampled("kinopio", "kitemaker"))
def test_a_sync_asks_what_was_planned(
    made: Callable[..., Bench], synced: Callable[..., Bench], service: str
) -> None:
    """A first sync and a full pass, within a tenth; an unchanged sync, within two requests."""
    at = synced(service)
    assert planned(made(service)).requests == pytest.approx(at.first_sync_requests, rel=OFF)
    plan = planned(at, full=True)
    at.stand_in.reset()
    at.sync(full=True)
    assert plan.requests == pytest.approx(at.stand_in.count(), rel=OFF)
    plan = planned(at)
    at.stand_in.reset()
    at.sync()
    assert plan.requests == pytest.approx(at.stand_in.count(), abs=2)


def test_a_plan_of_many_cut_clips_is_right(made: Callable[..., Bench]) -> None:
    """Clips that show only some of their comments and likes are asked for one by one, those in
    lists of others and among the liked ones too."""
    at = made("kippt", size=300)
    plan = planned(at)
    at.stand_in.reset()
    assert at.sync().status == "complete"
    targets = [request.target.partition("?")[0] for request in at.stand_in.requests]
    assert sum(target.endswith(("/comments/", "/likes/")) for target in targets) > 30
    assert plan.requests == pytest.approx(at.stand_in.count(), rel=OFF)
    assert plan.about
