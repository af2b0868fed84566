"""Kinescope: what is deleted ends, with what lives inside it, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.account import Bench


def test_deletes_show_in_the_next_sync(synced: Callable[..., Bench]) -> None:
    """A project takes its folders and videos along, a playlist its items, an event its streams,
    restreams and the links to its recordings; the history says what proved it."""
    kinescope = synced("kinescope")
    held = kinescope.world.truth()
    deleted = {
        "projects": held["folders"][0]["project_id"],
        "playlists": held["playlist_items"][0]["playlist_id"],
        "live_events": held["restreams"][0]["event_id"],
    }
    for table, record_id in deleted.items():
        kinescope.world.remove_record(table, record_id)
    assert kinescope.sync().status == "complete"
    kinescope.assert_true(kinescope.world.expected(held))
    for table, record_id in deleted.items():
        past = kinescope.query(
            f"SELECT _ended_by, _evidence LIKE 'absent from a complete listing%' "
            f"FROM kinescope.{table}_history WHERE id = ? ORDER BY _valid_to DESC",
            record_id,
        )
        assert past[0] == ("deleted", True), table


@pytest.mark.parametrize("switches", [{}, {"restreams_in_event_list": "empty"}])
def test_a_removed_restream_ends_when_its_event_is_read(
    made: Callable[..., Bench], switches: dict[str, Any]
) -> None:
    """A list of events that shows no restreams says nothing of them: the event's own answer does,
    at the latest in a full pass."""
    kinescope = made("kinescope", size=4, switches=switches, include=["live_events", "restreams"])
    kinescope.sync()
    for row in kinescope.world.truth()["restreams"]:
        kinescope.world.remove_restream(row["event_id"], row["id"])
    assert kinescope.sync().status == "complete"
    assert kinescope.rows("restreams"), "the list alone proves nothing"
    assert kinescope.sync(full=True).status == "complete"
    assert kinescope.rows("restreams") == {}


def test_a_poster_that_is_replaced_stays_as_an_inactive_one(made: Callable[..., Bench]) -> None:
    """The video shows another one, so its posters are read again; a removed one ends."""
    kinescope = made("kinescope", size=20, include=["videos", "posters"])
    kinescope.sync()
    shown = next(row for row in kinescope.world.truth()["videos"] if row["poster_id"])
    video_id, old = shown["id"], shown["poster_id"]
    new = kinescope.world.add_poster(video_id)
    assert kinescope.sync().status == "complete"
    posters = kinescope.rows("posters")
    assert (posters[(old,)]["active"], posters[(new,)]["active"]) == (False, True)
    kinescope.world.remove_poster(video_id, new)
    assert kinescope.sync().status == "complete"
    assert (new,) not in kinescope.rows("posters")
    kinescope.assert_true()


def test_a_sync_that_changes_nothing_makes_no_version(synced: Callable[..., Bench]) -> None:
    """Copies of a poster inside a video, and signed links that are new in each answer."""
    kinescope = synced("kinescope")
    for full in (False, True):
        result = kinescope.sync(full=full)
        moved = {
            name: row
            for name, row in result.tables.items()
            if row["inserted"] or row["updated"] or row["deleted"]
        }
        assert moved.keys() <= {"analytics", "analytics_overview", "billing_usage"}, moved
