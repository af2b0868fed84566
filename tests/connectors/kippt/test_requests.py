"""Kippt: a sync asks what the API page's request plans say, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.kippt.endpoints import PAGES
from pipelines.sync.estimate import estimate
from pipelines.sync.probe import probing
from sandbox import Request
from tests.kit.account import Bench, bench

SIZE = 30


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An account right after its first sync; `world.asked` has the requests."""
    with bench(tmp_path_factory.mktemp("kippt"), "kippt", size=SIZE) as found:
        asked: list[Request] = []
        found.world.after_answer.append(lambda request, _: asked.append(request))
        found.world.asked = asked
        assert found.sync().status == "complete"
        yield found


@pytest.fixture
def kippt(synced: Callable[..., Bench]) -> Bench:
    """An account that was synced once."""
    return synced("kippt", size=SIZE)


def shared_lists(kippt: Bench) -> int:
    """Lists of others, or with others."""
    truth = kippt.world.truth()["lists"]
    me = kippt.world.world.me.id
    return sum(row["user_id"] != me or row["collaborators_count"] > 0 for row in truth)


def cut(kippt: Bench, kind: str) -> int:
    """Clips of which an answer shows only some comments or likes (likes: sometimes none)."""
    cap = kippt.world.switches.embedded_cap
    return sum(
        len(getattr(clip, kind)) > cap
        or (kind == "likes" and clip.id % 5 == 0 and clip.likes != [])
        for clip in kippt.world.world.copied_clips()
    )


def paths(kippt: Bench) -> list[str]:
    return [urlsplit(entry.target).path.removeprefix("/api") for entry in kippt.stand_in.requests]


def test_first_sync_asks_the_full_plan(first: Bench) -> None:
    """1 + lists + clips + favourites + likes + shared lists + cut ones + followers, followed, followed
    lists and notifications; each listing fits into one page here."""
    kippt = first
    count = kippt.stand_in.count
    assert count("/api/account/") == 1
    assert count("/api/lists/?") == count("/api/clips/?") == 1
    assert count("/api/clips/favorites/") == count("/api/notifications/") == 1
    assert sum(p.endswith("/comments/") for p in paths(kippt)) == cut(kippt, "comments") > 0
    # `/users/:id/clips/likes/` is one more address that ends so.
    assert sum(p.endswith("/likes/") for p in paths(kippt)) == 1 + cut(kippt, "likes") > 1
    assert count("/api/lists/following/") == 1
    assert sum(p.startswith("/lists/") for p in paths(kippt)) == 2 + shared_lists(kippt) == 5
    fixed = 1 + 1 + 1 + 1 + 1 + 2 + 1 + 1
    changing = shared_lists(kippt) + cut(kippt, "comments") + cut(kippt, "likes")
    assert count() == fixed + changing


def test_every_request_has_its_slash_its_headers_and_at_most_200_rows(first: Bench) -> None:
    """Both token headers, the dated media type even on a GET, and never `limit=0` or above 200."""
    kippt = first
    assert all(urlsplit(request.target).path.endswith("/") for request in kippt.world.asked)
    for request in kippt.world.asked:
        assert request.headers["x-kippt-username"]
        assert request.headers["x-kippt-api-token"]
        assert request.headers["content-type"] == "application/vnd.kippt.20131007+json"
        assert request.headers["x-kippt-client"].startswith("kollect,")
        assert request.query.keys() <= {"limit", "offset", "since"}
        assert request.query.get("limit", "200") == "200"
    assert kippt.stand_in.count("/api/") == len(kippt.world.asked)
    assert all(entry.status == 200 for entry in kippt.stand_in.requests)


def test_second_sync_with_nothing_changed_asks_four_requests_and_makes_no_version(
    kippt: Bench,
) -> None:
    """Oneself, lists, clips and favourites, and one for each shared list; no row changes."""
    result = kippt.sync()
    assert result.requests == kippt.stand_in.count() == 4 + shared_lists(kippt)
    for table, row in result.tables.items():
        assert (row["inserted"], row["updated"], row["deleted"]) == (0, 0, 0), table
        assert kippt.query(f"SELECT count(*) FROM kippt.{table}_history") == [(0,)]


def test_since_comes_from_the_data_with_an_overlap(kippt: Bench) -> None:
    """The newest `updated` of what was read, less 300 seconds; never the local clock."""
    newest = max(clip.updated for clip in kippt.world.world.my_clips())
    kippt.stand_in.reset()
    kippt.sync()
    asked = [e.target for e in kippt.stand_in.requests if e.target.startswith("/api/clips/?")]
    assert [parse_qs(urlsplit(target).query)["since"] for target in asked] == [[str(newest - 300)]]


def test_cut_comments_are_asked_for_only_where_they_changed(kippt: Bench) -> None:
    """A clip that comes again costs one request when its cut comments differ, none otherwise."""
    world = kippt.world
    clips = world.world.my_clips()
    long, calm = [clip for clip in clips if len(clip.comments) > 3 and clip.id % 5][:2]
    for clip in (long, calm):
        world.edit_clip(clip.id, title="again")
    world.add_comment(long.id, "one more")
    kippt.stand_in.reset()
    assert kippt.sync().requests == 5 + shared_lists(kippt)
    assert kippt.stand_in.count(f"/api/clips/{long.id}/comments/") == 1
    assert len(kippt.query("SELECT 1 FROM kippt.comments WHERE clip_id = ?", long.id)) == 6


def test_full_pass_asks_the_full_plan_again(kippt: Bench) -> None:
    """The same requests as the first sync: nothing is missing, so nothing is probed."""
    kippt.stand_in.reset()
    kippt.sync(full=True)
    changing = shared_lists(kippt) + cut(kippt, "comments") + cut(kippt, "likes")
    assert kippt.stand_in.count() == 9 + changing
    kippt.assert_true()


def test_plan_tells_what_a_sync_asks(kippt: Bench) -> None:
    """With nothing changed the estimate is what an incremental sync then costs. For a full pass
    it counts the cut comments and likes of one's own clips; others' may add some."""
    with probing(kippt.settings, kippt.account) as probe:
        told = estimate(kippt.account, probe, None, full=False)
        more = estimate(kippt.account, probe, None, full=True)
        me = probe.look(kippt.account.connector.check)
    assert told.requests == 4 + shared_lists(kippt)
    kippt.stand_in.reset()
    full = kippt.sync(full=True).requests
    assert 0.8 * full < more.requests <= full
    assert any(cost.at_least for cost in more.costs)
    assert kippt.account.connector.describe(me) == "the account of mira"


def test_plan_of_an_account_that_was_never_synced_is_close(
    made: Callable[..., Bench], kippt: Bench
) -> None:
    """Lists of others and cut lists show in the first pages already."""
    fresh = made("kippt", size=SIZE)
    with probing(fresh.settings, fresh.account) as probe:
        told = estimate(fresh.account, probe, None, full=True).requests
    assert 0.8 * kippt.first_sync_requests < told


def test_long_listings_take_the_pages_that_their_length_asks_for() -> None:
    """The example of the API page: 34 lists, 1,512 clips, 100 favourites, 2,000 neighbours."""
    assert [PAGES.requests(rows) for rows in (0, 34, 200, 1512, 100)] == [1, 1, 1, 8, 1]
    # Pages overlap by five rows, so that writes between two pages show: 11 instead of 10.
    assert PAGES.requests(2000) == 11


def test_one_table_is_synced_without_the_families_of_others(kippt: Bench) -> None:
    """`kippt.follows` alone costs oneself, followers and followed."""
    kippt.stand_in.reset()
    result = kippt.sync("follows")
    assert result.requests == kippt.stand_in.count() == 3
