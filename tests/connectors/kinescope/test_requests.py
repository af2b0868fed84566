"""Kinescope: what a sync costs, and what it asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.core import BadSettings
from pipelines.sync.runtime import Runtime
from tests.kit.account import Bench


def of_single_videos(kinescope: Bench) -> int:
    return kinescope.stand_in.count("/v1/videos/")


def test_a_first_sync_asks_for_what_hangs_on_some_videos_only(made: Callable[..., Bench]) -> None:
    """Fifteen of forty in each sync; annotations and posters are complete once all were asked
    for, while the posters that videos show come with the list."""
    kinescope = made("kinescope", parts_per_sync=15, include=["videos", "annotations", "posters"])
    result = kinescope.sync()
    assert of_single_videos(kinescope) == 30
    incomplete = {name for name, row in result.tables.items() if not row["complete"]}
    assert incomplete == {"annotations", "posters"}
    assert "25 videos wait" in result.tables["annotations"]["reason"]
    shown = {row["poster_id"] for row in kinescope.world.truth()["videos"] if row["poster_id"]}
    assert shown <= {key[0] for key in kinescope.rows("posters")}
    assert kinescope.sync().status == "partial"
    assert kinescope.sync().status == "complete"
    assert of_single_videos(kinescope) == 80
    kinescope.assert_true()


def test_a_changed_video_does_not_wait_for_its_turn(made: Callable[..., Bench]) -> None:
    """Its annotations are read in the next sync, before those of unchanged videos."""
    kinescope = made("kinescope", parts_per_sync=1, include=["videos", "annotations"], size=3)
    for _ in range(3):
        kinescope.sync()
    video_id = kinescope.world.truth()["videos"][1]["id"]
    kinescope.world.edit_video(video_id, title="Another title")
    annotation_id = kinescope.world.add_child(video_id, "annotations")
    assert kinescope.sync().status == "complete"
    assert (annotation_id,) in kinescope.rows("annotations")


@pytest.mark.slow
def test_a_first_sync_of_ten_thousand_videos_takes_six_hundred_requests(
    made: Callable[..., Bench],
) -> None:
    """Two minutes at 300 requests a minute, where asking for each video took 67."""
    kinescope = made("kinescope", size=10_000)
    result = kinescope.sync()
    assert kinescope.stand_in.count() < 600
    assert len(kinescope.rows("videos")) == 10_000
    incomplete = {name for name, row in result.tables.items() if not row["complete"]}
    assert incomplete == {"annotations", "posters"}


def test_no_page_is_larger_than_documented_and_every_list_is_asked_for_by_pages(
    made: Callable[..., Bench],
) -> None:
    """`per_page` is 100 at most (general guidelines); what is asked for without it is one record
    or the overview of a range."""
    kinescope = made("kinescope")
    assert kinescope.sync().status == "complete"
    whole = set()
    for asked in kinescope.stand_in.requests:
        if "per_page=" in asked.target:
            assert int(asked.target.split("per_page=")[1].split("&")[0]) <= 100
        else:
            whole.add("/".join(asked.target.split("?")[0].split("/")[:4]))
    invoices = "/v1/billing/invoices"
    assert whole == {"/v1/analytics/overview", "/v2/live/events", invoices}


def test_an_order_that_is_refused_is_not_asked_for_again(made: Callable[..., Bench]) -> None:
    """The next documented one takes its place, and the proof that it allows."""
    kinescope = made("kinescope", switches={"refused_order_fields": ["playlists.created_at"]})
    result = kinescope.sync("playlists", "videos")
    assert result.status == "complete"
    kinescope.assert_true({"playlists": kinescope.world.truth()["playlists"]})
    targets = [r.target for r in kinescope.stand_in.requests if "/v1/playlists?" in r.target]
    orders = [target.partition("order=")[2].split("&")[0] for target in targets]
    assert orders == ["", "created_at.asc", "name.asc"]  # first: whose data it is
    kinescope.stand_in.reset()
    assert kinescope.sync("playlists").status == "complete"
    assert not any("created_at" in request.target for request in kinescope.stand_in.requests)


def test_a_recording_is_found_within_a_day(made: Callable[..., Bench]) -> None:
    """No row of an event tells of it, so each event is asked once a day."""
    kinescope = made("kinescope", include=["live_events", "live_event_videos"])
    kinescope.sync()
    truth = kinescope.world.truth()
    event_id = next(row["event_id"] for row in truth["live_streams"])
    recorded = {row["video_id"] for row in truth["live_event_videos"]}
    fresh = next(row["id"] for row in truth["videos"] if row["id"] not in recorded)
    kinescope.world.end_stream(event_id, fresh)
    kinescope.stand_in.reset()
    kinescope.sync()
    assert kinescope.stand_in.count("/v2/live/events/") == 0
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=1)
    assert kinescope.sync(runtime=Runtime(now=lambda: tomorrow)).status == "complete"
    assert (event_id, fresh) in kinescope.rows("live_event_videos")


def test_invoices_are_read_once_and_again_in_full_passes(made: Callable[..., Bench]) -> None:
    """The settings name them; a number that does not exist makes the table incomplete."""
    kinescope = made("kinescope", invoices=["121", 122])
    assert kinescope.sync("invoices").status == "complete"
    assert set(kinescope.rows("invoices")) == {("121",), ("122",)}
    kinescope.stand_in.reset()
    assert kinescope.sync("invoices").status == "complete"
    assert kinescope.stand_in.count("/v1/billing/invoices") == 0
    assert kinescope.sync("invoices", full=True).status == "complete"
    assert kinescope.stand_in.count("/v1/billing/invoices") == 2


def test_an_invoice_that_does_not_exist_is_said(made: Callable[..., Bench]) -> None:
    """The others are kept."""
    kinescope = made("kinescope", invoices=["121", "999"])
    result = kinescope.sync("invoices")
    assert not result.tables["invoices"]["complete"]
    assert "404" in result.tables["invoices"]["reason"]
    assert set(kinescope.rows("invoices")) == {("121",)}


@pytest.mark.parametrize(
    ("settings", "written"),
    [
        ({"parts_per_sync": -1}, "parts_per_sync = 200"),
        ({"history_days": 0}, "history_days = 365"),
        ({"invoices": "123"}, 'invoices = ["123"]'),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_with_an_example(
    made: Callable[..., Bench], settings: dict[str, Any], written: str
) -> None:
    """Before anything is asked for."""
    kinescope = made("kinescope", **settings)
    with pytest.raises(BadSettings) as refused:
        kinescope.sync()
    assert written in refused.value.guidance
