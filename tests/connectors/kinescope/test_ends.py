"""Kinescope: what is deleted ends, with what lives inside it, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.account import Bench


def delete_a_project(world: Any) -> dict[str, str]:
    project_id = next(row["project_id"] for row in world.truth()["folders"])
    world.remove_record("projects", project_id)
    return {"projects": project_id}


def delete_a_playlist(world: Any) -> dict[str, str]:
    playlist_id = world.truth()["playlist_items"][0]["playlist_id"]
    world.remove_record("playlists", playlist_id)
    return {"playlists": playlist_id}


def delete_a_live_event(world: Any) -> dict[str, str]:
    event_id = world.truth()["restreams"][0]["event_id"]
    world.remove_record("live_events", event_id)
    return {"live_events": event_id}


@pytest.mark.parametrize("delete", [delete_a_project, delete_a_playlist, delete_a_live_event])
def test_a_delete_shows_in_the_next_sync(
    made: Callable[..., Bench], delete: Callable[[Any], dict[str, str]]
) -> None:
    """A project takes its folders and videos along, a playlist its items, an event its streams,
    restreams and the links to its recordings; the history says what proved it."""
    kinescope = made("kinescope", size=20)
    kinescope.sync()
    held = kinescope.world.truth()
    ((table, record_id),) = delete(kinescope.world).items()
    assert kinescope.sync().status == "complete"
    kinescope.assert_true(kinescope.world.expected(held))
    past = kinescope.query(
        f"SELECT _ended_by, _evidence LIKE 'absent from a complete listing%' "
        f"FROM kinescope.{table}_history WHERE id = ? ORDER BY _valid_to DESC",
        record_id,
    )
    assert past[0] == ("deleted", True)


@pytest.mark.parametrize("switches", [{}, {"restreams_in_event_list": "empty"}])
def test_a_removed_restream_ends_when_its_event_is_read(
    made: Callable[..., Bench], switches: dict[str, Any]
) -> None:
    """A list of events that shows no restreams says nothing of them: the event's own answer does,
    at the latest in a full pass."""
    kinescope = made("kinescope", size=4, switches=switches)
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


def test_a_sync_that_changes_nothing_makes_no_version(made: Callable[..., Bench]) -> None:
    """Copies of a poster inside a video, and signed links that are new in each answer."""
    kinescope = made("kinescope", size=20)
    kinescope.sync()
    for full in (False, True):
        result = kinescope.sync(full=full)
        moved = {
            name: row
            for name, row in result.tables.items()
            if row["inserted"] or row["updated"] or row["deleted"]
        }
        assert moved.keys() <= {"analytics", "analytics_overview", "billing_usage"}, moved
