"""Large accounts of the Kinescope stand-in, as benchmarks need them."""

from __future__ import annotations

import json
import time

from sandbox.kinescope import Kinescope
from tests.kit.kinescope_client import ask, get


def test_a_million_videos_cost_nothing_until_they_are_read() -> None:
    """Made at once; the last page, an id and a deletion take milliseconds, not minutes."""
    begun = time.process_time()
    account = Kinescope(size=1_000_000)
    last = get(account, "/v1/videos?page=10000&per_page=100&order=created_at.asc")
    assert last["meta"]["pagination"]["total"] == 1_000_000
    assert len(last["data"]) == 100
    account.delete_video(last["data"][0]["id"])
    shorter = get(account, "/v1/videos?page=10000&per_page=100&order=created_at.asc")
    assert [row["id"] for row in shorter["data"]] == [row["id"] for row in last["data"][1:]]
    assert time.process_time() - begun < 5
    assert max(len(table) for table in account.tables.values()) < 1000


def test_pages_made_beforehand_are_the_same_pages_until_a_change() -> None:
    """Prerendered bodies equal fresh ones but for signatures; a change makes them stale."""
    account = Kinescope(size=250)
    target = "/v1/videos?page={}&per_page=100&order=created_at.asc"
    fresh = [ask(account, target.format(page)).body for page in (1, 2, 3, 4)]
    assert account.prerender() == 4
    ready = [ask(account, target.format(page)).body for page in (1, 2, 3, 4)]
    assert [ask(account, target.format(page)).body for page in (1, 2, 3, 4)] == ready
    assert [len(body) for body in ready] == [len(body) for body in fresh]
    assert [row["id"] for row in json.loads(ready[2])["data"]] == [
        row["id"] for row in json.loads(fresh[2])["data"]
    ]
    account.delete_video(account.library.id(0))
    assert json.loads(ask(account, target.format(1)).body)["meta"]["pagination"]["total"] == 249


def test_the_truth_of_ten_thousand_videos_is_quick() -> None:
    """Below two seconds, or comparisons in benchmarks would cost more than what they test."""
    account = Kinescope(size=10_000)
    begun = time.process_time()
    assert len(account.truth()["videos"]) == 10_000
    assert time.process_time() - begun < 2
