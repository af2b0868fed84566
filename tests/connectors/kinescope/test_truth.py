"""Kinescope: the copy equals the sandbox's truth, whatever form the unknowns take."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.account import Bench, forms, named

QUICK: list[dict[str, object]] = [
    {
        "ties": "reversed on even pages",
        "largest_page": 10,
        "bare_lists": "pages without meta",
        "refused_order_fields": ["created_at"],
        "restreams_in_event_list": "empty",
        "folder_levels": "top",
        "analytics_paging": "paged",
        "timezone": "Pacific/Auckland",
        "range_cuts_buckets": True,
    },
]
"""Several forms at once; each of them alone is tried by `make test-all`, and the default one in
tests/every_service."""
FORMS: list[dict[str, object]] = [
    {"largest_page": 25, "per_page_over_maximum": "error", "bare_lists": "whole"},
    {"ties": "reversed on even pages", "largest_page": 10, "no_materials": "list"},
    {"auth_errors": "seed", "validation_errors": "openapi", "child_edits_bump_updated_at": True},
    {"largest_page": 10},
    {"refused_order_fields": ["created_at"]},
    {"refused_order_fields": ["created_at", "name", "title"]},
    {"largest_page": 10, "bare_lists": "pages without meta"},
    {"largest_page": 25, "per_page_over_maximum": "error"},
    {"order_where_undocumented": "ignore"},
    {"bare_lists": "whole"},
    {"no_materials": "null"},
    {"annotation_type_in_list": "filled", "audio_tracks": True},
    {"restreams_in_event_list": "empty"},
    {"folder_levels": "top"},
    {"project_form": "narrow"},
    {"range_end": "inclusive", "range_cuts_buckets": True},
    {"range_end": "exclusive", "range_cuts_buckets": True, "timezone": "Pacific/Auckland"},
    {"analytics_paging": "paged", "timezone": "America/New_York"},
]


@pytest.mark.parametrize("switches", forms(QUICK, FORMS), ids=named)
def test_copy_equals_the_truth_after_a_first_sync_and_after_changes(
    made: Callable[..., Bench], switches: dict[str, object]
) -> None:
    """A first sync, one after changes and a full pass end equal, row by row."""
    kinescope = made("kinescope", switches=switches)
    assert kinescope.sync().status == "complete"
    kinescope.assert_true()
    held = kinescope.world.truth()
    kinescope.world.change(1)
    assert kinescope.sync().status == "complete"
    kinescope.assert_true(kinescope.world.expected(held))
    kinescope.world.change(2)
    assert kinescope.sync(full=True).status == "complete"
    kinescope.assert_true()


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
