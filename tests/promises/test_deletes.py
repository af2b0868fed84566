"""A record ends with evidence alone, and the evidence is kept beside its last version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import Fault
from tests.kit.account import Bench


def ended(bench: Bench, table: str) -> dict[str, tuple[str, str]]:
    """Key -> (how it ended, evidence) of the records of a table that are no longer there."""
    rows = bench.query(
        f"SELECT id, _ended_by, _evidence FROM {bench.service}.{table}_history h "
        f"WHERE _ended_by = 'deleted' AND id NOT IN (SELECT id FROM {bench.service}.{table})"
    )
    return {row[0]: row[1:] for row in rows}


def add_tags(kinescope: Bench, count: int) -> None:
    """Tags, of which the stand-in has few."""
    for number in range(count):
        kinescope.world.add_record("tags", name=f"tag {number}")


def test_a_404_on_its_own_address_ends_a_space_and_all_that_is_in_it(
    synced: Callable[..., Bench],
) -> None:
    """The space names the 404, its cards name their space; other spaces keep theirs."""
    kinopio = synced("kinopio")
    space_id = next(s for s in kinopio.world.space_ids() if kinopio.world.card_ids(s))
    kinopio.world.delete_space(space_id)
    assert kinopio.sync().status == "complete"
    assert ended(kinopio, "spaces") == {space_id: ("deleted", "404 on its own address")}
    reasons = kinopio.query(
        "SELECT DISTINCT space_id, _evidence FROM kinopio.cards_history WHERE _ended_by = 'deleted'"
    )
    assert reasons == [(space_id, "its spaces row ended")]
    kinopio.assert_true()


def test_absence_from_a_complete_listing_ends_a_record(made: Callable[..., Bench]) -> None:
    """The evidence says which proof stood behind the listing, and which run it was."""
    kinescope = made("kinescope")
    kinescope.sync("tags")
    gone = next(iter(kinescope.world.account.records["tags"]))
    kinescope.world.remove_record("tags", gone)
    kinescope.sync("tags")
    (found,) = ended(kinescope, "tags").values()
    assert found[0] == "deleted"
    assert found[1].startswith("absent from a complete listing of the account (")
    runs = kinescope.query("SELECT _ended_run_id IS NOT NULL FROM kinescope.tags_history")
    assert runs == [(True,)]


def test_absence_from_its_parent_ends_a_child(synced: Callable[..., Bench]) -> None:
    """A card that its space, read whole, no longer holds has ended."""
    kinopio = synced("kinopio")
    space_id = next(s for s in kinopio.world.space_ids() if kinopio.world.card_ids(s))
    card_id = kinopio.world.card_ids(space_id)[0]
    kinopio.world.delete_card(space_id, card_id)
    kinopio.sync()
    rows = kinopio.query(
        "SELECT id, _evidence FROM kinopio.cards_history WHERE _ended_by='deleted'"
    )
    assert (card_id, "absent from its spaces row, read whole") in rows
    kinopio.assert_true()


def spoken(fault: dict[str, Any]) -> str:
    return "-".join(map(str, fault.values()))


FAILING = [
    {"kind": "status", "status": 404},
    {"kind": "status", "status": 500},
    {"kind": "forbidden"},
    {"kind": "html"},
    {"kind": "truncated"},
]


@pytest.mark.parametrize(
    "fault",
    [FAILING[0], *(pytest.param(fault, marks=pytest.mark.slow) for fault in FAILING[1:])],
    ids=spoken,
)
def test_a_listing_that_fails_ends_nothing(
    made: Callable[..., Bench], fault: dict[str, Any]
) -> None:
    """The rows stay, the table says that it is not complete, and the sync is no success."""
    kinescope = made("kinescope", retry={"attempts": 2})
    kinescope.sync("tags")
    before = kinescope.rows("tags")
    kinescope.stand_in.faults.add(Fault(**fault, match="/v1/tags", times=None))
    result = kinescope.sync("tags")
    assert kinescope.stand_in.faults.fired() > 0
    assert result.status != "complete"
    assert not result.tables["tags"]["complete"]
    assert kinescope.rows("tags").keys() == before.keys()
    assert ended(kinescope, "tags") == {}


def test_a_list_that_is_empty_for_a_moment_is_asked_again(made: Callable[..., Bench]) -> None:
    """One empty answer where rows were costs a request, and no row."""
    kinescope = made("kinescope")
    kinescope.sync("tags")
    kinescope.stand_in.faults.add("empty_list", match="/v1/tags", times=1)
    result = kinescope.sync("tags")
    assert kinescope.stand_in.faults.fired() == 1
    assert result.status == "complete"
    assert result.tables["tags"]["deleted"] == 0


def test_a_mass_disappearance_is_held_back_until_it_is_accepted(made: Callable[..., Bench]) -> None:
    """Most of a table gone at once is reported; --accept-deletes takes the listing at its word."""
    kinescope = made("kinescope")
    add_tags(kinescope, 40)
    kinescope.sync("tags")
    for tag in list(kinescope.world.account.records["tags"])[:30]:
        kinescope.world.remove_record("tags", tag)
    held = kinescope.sync("tags")
    assert "30 of" in held.tables["tags"]["reason"]
    assert held.tables["tags"]["deleted"] == 0
    accepted = kinescope.sync("tags", accept_deletes=True)
    assert accepted.tables["tags"]["deleted"] == 30
    assert accepted.status == "complete"


def test_what_came_back_before_the_second_run_was_never_gone(made: Callable[..., Bench]) -> None:
    """A mass that was held back and is there again leaves no trace, and the guard is fresh."""
    kinescope = made("kinescope")
    add_tags(kinescope, 40)
    kinescope.sync("tags")
    kinescope.confirm_empty_hours = 20
    kinescope.stand_in.faults.add("empty_list", match="/v1/tags", times=None)
    assert kinescope.sync("tags").status != "complete"
    kinescope.stand_in.faults.clear()
    assert kinescope.sync("tags").status == "complete"
    assert kinescope.query("SELECT count(*) FROM kinescope.tags_history") == [(0,)]
    kinescope.stand_in.faults.add("empty_list", match="/v1/tags", times=None)
    assert kinescope.sync("tags").tables["tags"]["deleted"] == 0


def test_a_record_that_returns_continues_its_history(made: Callable[..., Bench]) -> None:
    """It keeps the time it was first seen, its earlier version says when and why it had ended."""
    kinescope = made("kinescope")
    kinescope.sync("videos")
    video_id = kinescope.world.truth()["videos"][0]["id"]
    first_seen = kinescope.rows("videos")[(video_id,)]["_first_seen_at"]
    kinescope.world.delete_video(video_id)
    kinescope.sync("videos")
    gone_at = datetime.now(UTC)
    kinescope.world.restore_video(video_id)
    kinescope.sync("videos")
    now = kinescope.rows("videos")[(video_id,)]
    assert now["_first_seen_at"] == first_seen < gone_at < now["_valid_from"]
    assert (video_id,) not in kinescope.rows("videos", gone_at)
    past = kinescope.query(
        "SELECT _ended_by, _valid_to < ? FROM kinescope.videos_history WHERE id = ?",
        gone_at, video_id,
    )  # fmt: skip
    assert past == [("deleted", True)]
