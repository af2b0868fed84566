"""A key that dies in the middle of a sync costs no card, also of what may rightly be refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import Bench


@pytest.mark.parametrize(
    "answered", [4, *(pytest.param(number, marks=pytest.mark.slow) for number in (3, 5, 6))]
)
def test_removed_cards_that_a_dead_key_could_not_see_are_read_later(
    made: Callable[..., Bench], answered: int
) -> None:
    """A 401 on a space means `not yours` or `no longer signed in`: the account tells which."""
    bench = made("kinopio", size=3)
    bench.stand_in.faults.add("token_died", after=answered, times=None)
    broken = bench.sync()
    assert bench.stand_in.faults.fired("token_died") > 0
    assert broken.error is not None
    assert "KINOPIO_API_KEY" in str(broken.error)
    bench.stand_in.faults.clear()
    assert bench.sync().status == "complete"
    bench.assert_true()
    assert any(row["is_removed"] for row in bench.rows("cards").values())
