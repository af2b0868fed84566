"""Spaces are read in batches; one that is refused costs that batch alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox import Fault
from tests.kit.account import Bench


def singles(bench: Bench) -> int:
    """Requests for one space at its own address."""
    targets = [r.target.partition("?")[0] for r in bench.stand_in.requests]
    return sum(
        t.startswith("/space/") and t.count("/") == 2 and t != "/space/multiple" for t in targets
    )


@pytest.mark.parametrize("refused", [0, 1])
def test_one_refused_batch_is_read_singly_and_no_other(
    made: Callable[..., Bench], refused: int
) -> None:
    """The first or a later one of several."""
    bench = made("kinopio", size=150, max_in_flight=1)
    bench.stand_in.faults.add(
        Fault("status", status=400, match="/space/multiple", after=refused, times=1)
    )
    assert bench.sync("spaces", "cards").status == "complete"
    assert bench.stand_in.faults.fired() == 1
    batches = bench.stand_in.count("/space/multiple")
    assert batches >= 3
    assert singles(bench) == 60
