"""A key that dies in the middle of a sync costs no card, also of what may rightly be refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.account import Bench


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


@pytest.mark.parametrize("kind", ["token_died", "status"])  # for all requests, for one list
def test_cards_removed_since_are_read_later_where_a_later_sync_broke_off(
    synced: Callable[..., Bench], kind: str
) -> None:
    """The space came whole, the list of its removed cards did not: it is read again."""
    bench = synced("kinopio", size=3, max_in_flight=1)
    spaces = [row["id"] for row in bench.world.truth()["spaces"]]
    edited = [space for space in spaces if bench.world.card_ids(space)][:3]
    gone = {space: bench.world.card_ids(space)[0] for space in edited}
    for space, card in gone.items():
        bench.world.remove_card(space, card)
    match, after = (f"*{edited[-1]}/removed*", 0) if kind == "status" else ("*", 4)
    bench.stand_in.faults.add(kind, match=match, after=after, times=None)
    assert bench.sync().status != "complete"
    assert bench.stand_in.faults.fired(kind) > 0
    bench.stand_in.faults.clear()
    last = bench.sync()
    assert last.status == "complete", (last.error, last.tables)
    bench.assert_true()
    cards = bench.rows("cards")
    assert all(cards[space, card]["is_removed"] for space, card in gone.items())
