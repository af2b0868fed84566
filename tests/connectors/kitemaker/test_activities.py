"""Kitemaker: the log of work items, and the code reviews that it names, where an account asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.account import Bench
from tests.kit.kitemaker import (
    assert_true,
    full_by_graphql,
    items_of,
    nothing_changed,
    queries,
    switch,
    synced,
)

OPTIONAL = {"activities", "code_reviews", "code_review_work_items"}


@pytest.fixture
def kitemaker(request: pytest.FixtureRequest) -> Bench:
    """An account that keeps activities, synced once."""
    make: Callable[..., Bench] = request.getfixturevalue("synced")
    return make("kitemaker", activities=True)


def test_the_log_tells_of_the_time_before_the_first_sync(kitemaker: Bench) -> None:
    """Every activity and code review is there at first; a new status adds one entry, in the sync
    that reads the work item, and a calm sync changes nothing."""
    # One request for whose data it is, one for all code reviews.
    assert kitemaker.first_sync_requests == 1 + full_by_graphql(kitemaker) + 1
    assert len(kitemaker.rows("activities")) > len(kitemaker.rows("work_items"))
    assert_true(kitemaker)
    item = items_of(kitemaker, "KM")[0]
    done = next(status for status in item.space.statuses if status.type == "DONE")
    kitemaker.world.set_status(item.id, done.id)
    assert kitemaker.sync().tables["activities"]["inserted"] == 1
    logged = (
        "SELECT details->>'to', actor_id FROM kitemaker.activities "
        "WHERE entity_id = ? AND type = 'STATUS_CHANGED' ORDER BY created_at DESC LIMIT 1"
    )
    assert kitemaker.query(logged, item.id) == [(done.id, item.actor.id)]
    assert_true(kitemaker)
    kitemaker.world.change(1)
    assert kitemaker.sync().status == "complete"
    assert kitemaker.sync(full=True).status == "complete"
    assert_true(kitemaker)
    assert nothing_changed(kitemaker.sync())


def test_code_reviews_are_read_while_they_are_open_and_end_by_their_own_address(
    kitemaker: Bench,
) -> None:
    """An open one is asked for in each sync, a finished one in full passes. The service's code for
    gone ends one; an error without a code keeps it, and the sync says so."""
    reviews = kitemaker.world.world.code_reviews
    by_state = {review.state: review for review in reviews.values()}
    opened, merged = by_state["OPEN"], by_state["MERGED"]
    opened.state, merged.state = "CLOSED", "LOCKED"
    assert kitemaker.sync().tables["code_reviews"]["updated"] == 1
    assert kitemaker.sync(full=True).tables["code_reviews"]["updated"] == 1
    assert_true(kitemaker)
    del reviews[merged.details["url"]]
    kept = kitemaker.sync(full=True)
    assert kept.tables["code_reviews"]["deleted"] == 0
    assert any(f"code_reviews: {merged.id} can no longer be read" in m for m in kept.messages)
    kitemaker.world.switch("graphql_error_codes", True)
    gone = kitemaker.sync(full=True)
    assert gone.status == "complete"
    assert gone.tables["code_reviews"]["deleted"] == 1
    assert_true(kitemaker)


def test_an_address_without_a_code_review_is_asked_for_once(kitemaker: Bench) -> None:
    """An activity may name one that the service does not know: later syncs leave it out."""
    kitemaker.world.switch("graphql_error_codes", True)
    item = items_of(kitemaker, "KM")[0]
    kitemaker.world.world.note_activity(
        item, "CODE_REVIEW_REQUEST_ADDED", url="https://code.example/gone/1"
    )
    kitemaker.world.edit_work_item(item.id, title="With a review that is gone")
    assert kitemaker.sync().status == "complete"
    sent = queries(kitemaker)
    assert kitemaker.sync().status == "complete"
    asked = [body["variables"] for body in sent if "codeReviewRequest" in body["query"]]
    assert asked
    assert not any("https://code.example/gone/1" in names.values() for names in asked)


def test_without_the_option_nothing_of_it_is_asked_or_promised(tmp_path: Path) -> None:
    """No activities in any answer, and no table that waits for them; by REST the tables are left
    as they are."""
    with synced(tmp_path) as kitemaker:
        sent = queries(kitemaker)
        result = kitemaker.sync(full=True)
        assert OPTIONAL.isdisjoint(result.tables)
        assert OPTIONAL.isdisjoint(kitemaker.account.tables)
        assert not any("codeReviewRequest" in body["query"] for body in sent)
        assert not any(body["variables"].get("activities") for body in sent)
        kitemaker.account_settings = {**kitemaker.account_settings, "activities": True}
        switch(kitemaker, "rest")
        assert OPTIONAL.isdisjoint(kitemaker.sync(full=True).tables)
