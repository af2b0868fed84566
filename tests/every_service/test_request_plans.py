"""The cheapest safe plans of the API pages are met exactly."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.kit.account import Bench


def test_kinopio_reads_300_spaces_in_19_requests_and_their_removed_cards(
    made: Callable[..., Bench],
) -> None:
    """Five lists of spaces, a request for 60 spaces, one for 60 authors, eight small ones (API
    page, section 8)."""
    kinopio = made("kinopio", size=300)
    assert kinopio.sync().status == "complete"
    removed_cards = sum(
        "removedCards" in r.target or "removed-cards" in r.target for r in kinopio.stand_in.requests
    )
    spaces = len(kinopio.world.truth()["spaces"])
    # One more where the last space is not one's own: is the key refused, or only the space?
    assert kinopio.stand_in.count() - removed_cards <= 14 + math.ceil(spaces / 60)


def test_kinopio_asks_six_requests_when_nothing_changed(synced: Callable[..., Bench]) -> None:
    """Two listings, three favourites, the notifications; no version is made."""
    kinopio = synced("kinopio")
    result = kinopio.sync()
    assert result.status == "complete"
    assert kinopio.stand_in.count() == result.requests == 6
    assert all(
        row["inserted"] == row["updated"] == row["deleted"] == 0 for row in result.tables.values()
    )


@pytest.mark.slow
def test_kinopio_visits_are_read_and_make_no_version(synced: Callable[..., Bench]) -> None:
    """A visit moves `updatedAt`: the space is read, its counter follows, its history stays."""
    kinopio = synced("kinopio")
    space = kinopio.world.space_ids("owned")[0]
    before = kinopio.rows("spaces")[(space,)]
    kinopio.world.visit_space(space)
    kinopio.stand_in.reset()
    result = kinopio.sync()
    assert kinopio.stand_in.count("/space/") == 2
    after = kinopio.rows("spaces")[(space,)]
    assert after["visits"] == before["visits"] + 1
    assert after["_valid_from"] == before["_valid_from"]
    assert result.tables["spaces"]["updated"] == 0
    assert kinopio.query("SELECT count(*) FROM kinopio.spaces_history") == [(0,)]


@pytest.mark.slow
def test_kinescope_asks_annotations_and_posters_only_of_changed_videos(
    made: Callable[..., Bench],
) -> None:
    """A second sync lists everything and asks nothing of single videos, until one changes."""
    kinescope = made("kinescope", size=101, parts_per_sync=0)
    kinescope.sync()
    truth = kinescope.world.truth()
    kinescope.stand_in.reset()
    kinescope.sync()
    listed = {
        # The last page is read once more: only then is it proved that no row slipped by.
        "/v1/videos": math.ceil(len(truth["videos"]) / 100) + 1,
        "/v1/projects": 2 + len(truth["projects"]),
        "/v1/playlists": 1 + len(truth["playlists"]),
        "/v2/live/events": 1,
        "/v1/analytics": 2,
        "/v1/billing": 1,
        "/v1/file-requests": 2,
    }
    for prefix, expected in listed.items():
        assert kinescope.stand_in.count(prefix) == expected, prefix
    assert kinescope.stand_in.count() == sum(listed.values()) + 5
    video = truth["videos"][3]["id"]
    kinescope.world.edit_video(video, title="Another title")
    kinescope.stand_in.reset()
    kinescope.sync()
    single = [r.target for r in kinescope.stand_in.requests if f"/v1/videos/{video}/" in r.target]
    assert len(single) == 2
    assert kinescope.stand_in.count("/v1/videos/") == 2


def test_a_selected_table_asks_only_what_it_needs(made: Callable[..., Bench]) -> None:
    """Naming one table reads its family alone."""
    kinopio = made("kinopio")
    result = kinopio.sync("favorite_colors")
    assert set(result.tables) == {"favorite_spaces", "favorite_users", "favorite_colors", "users"}
    assert kinopio.stand_in.count() == 1 + 3  # whose data it is, and the family's lists
