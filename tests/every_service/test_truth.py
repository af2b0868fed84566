"""All five services: the copy equals the sandbox's truth, row by row, after each kind of pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors import SERVICES, connector
from sandbox import SERVICES as STAND_INS
from tests.kit.account import Bench

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("service", SERVICES)
def test_copy_equals_the_truth_after_first_changed_and_full_passes(
    synced: Callable[..., Bench], service: str, seed: int
) -> None:
    """After a first sync, after a round of changes (or two), and after a full pass. What an
    incremental pass need not show (by the rules of the API pages) may be as it was before."""
    at = synced(service, seed=seed)
    at.assert_true()
    held = at.world.truth()
    for number in range(1, 2 if seed == 1 else 3):
        at.world.change(100 * seed + number)
        assert at.sync().status == "complete"
        held = at.world.expected(held)
        at.assert_true(held)
    assert at.sync(full=True).status == "complete"
    at.assert_true()
    assert at.query("SELECT * FROM _kollect.rejects") == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_declared_table_is_compared(service: str) -> None:
    """The stand-in's truth has it."""
    assert connector(service).tables.keys() - STAND_INS[service]().truth().keys() == set()


@pytest.mark.slow
def test_three_hundred_spaces_equal_the_truth_after_changes(synced: Callable[..., Bench]) -> None:
    """The size of a real account of Kinopio: every row, after a first sync and after changes."""
    kinopio = synced("kinopio", size=300)
    kinopio.assert_true()
    for seed in (1, 2, 3):
        kinopio.world.change(seed)
    assert kinopio.sync().status == "complete"
    kinopio.assert_true()
