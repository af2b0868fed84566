"""Kinescope: lists that mislead, videos that return, and many of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.account import Bench


def test_a_list_that_ignores_paging_is_never_called_complete(made: Callable[..., Bench]) -> None:
    """Ten rows of the twelve open ones are kept, and the table says that it is not whole."""
    kinescope = made(
        "kinescope", include=["file_requests", "tags"], switches={"file_request_paging": "ignored"}
    )
    result = kinescope.sync()
    assert result.status == "partial"
    assert not result.tables["file_requests"]["complete"]
    assert "rows" in result.tables["file_requests"]["reason"]
    assert result.tables["file_requests"]["rows"] == 13


def test_a_video_that_returns_brings_back_what_hangs_on_it(made: Callable[..., Bench]) -> None:
    """Its annotations ended with it; unchanged as it is, it is asked for them again."""
    kinescope = made("kinescope", include=["videos", "annotations", "posters"])
    kinescope.sync()
    video_id = kinescope.world.truth()["annotations"][0]["media_id"]
    kinescope.world.delete_video(video_id)
    kinescope.sync()
    assert video_id not in {row["media_id"] for row in kinescope.rows("annotations").values()}
    kinescope.world.restore_video(video_id)
    kinescope.sync()
    kinescope.assert_true()


@pytest.mark.slow
def test_ten_thousand_videos_equal_the_truth_after_changes(made: Callable[..., Bench]) -> None:
    """The size at which people notice: every row, after a first sync and after changes."""
    kinescope = made("kinescope", size=10_000, include=[
        "videos", "video_assets", "chapters", "subtitles", "additional_materials", "projects",
        "folders", "playlists", "playlist_items",
    ])  # fmt: skip
    assert kinescope.sync().status == "complete"
    kinescope.assert_true()
    for seed in (1, 2, 3):
        kinescope.world.change(seed)
    assert kinescope.sync().status == "complete"
    kinescope.assert_true()
