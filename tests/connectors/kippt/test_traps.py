"""Kippt: what looks harmless on the API page and is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.settings import settings_of
from pipelines.sync.account import sync_account
from pipelines.sync.runtime import Runtime
from sandbox import Request
from tests.kit.account import Bench, bench


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An account that was synced once; each test changes something else of it."""
    found = bench(tmp_path_factory.mktemp("kippt"), "kippt", size=24)
    # The sandbox lives in the past; these tests are about clocks as well.
    found.world.clock.set(datetime.now(UTC) - timedelta(seconds=100_000))
    assert found.sync().status == "complete"
    yield found
    found.box.__exit__(None, None, None)


@pytest.fixture
def kippt(synced: Bench) -> Iterator[Bench]:
    """The account with an empty request log; afterwards without faults."""
    synced.stand_in.reset()
    yield synced
    assert not synced.stand_in.errors
    synced.stand_in.reset()


def versions(kippt: Bench, table: str) -> int:
    return int(kippt.query(f"SELECT count(*) FROM kippt.{table}_history")[0][0])


def test_addresses_keep_parameters_that_look_like_keys(kippt: Bench) -> None:
    """`?key=` was part of every address of a Google document: a bookmark without it is broken.
    Texts that look like JSON are texts."""
    address = "https://docs.google.example/ccc?key=0AjX_1&token=t1&sig=s1&usp=sharing#gid=0"
    clip = kippt.world.add_clip(url=address, title="[]", notes='{"json": "it seems"}')
    kippt.world.edit_clip(clip, notes="see " + address)
    other = kippt.world.add_note('{"json": "it seems"}')
    kippt.sync()
    rows = kippt.rows("clips")
    found = rows[(clip,)]
    assert (found["url"], found["title"], found["notes"]) == (address, "[]", "see " + address)
    assert rows[(other,)]["notes"] == '{"json": "it seems"}'


def test_profiles_inside_records_make_no_versions_of_them(kippt: Bench) -> None:
    """Every clip repeats its users' profiles: an edited one makes one version, of the user."""
    world = kippt.world
    talker = next(clip.comments[0].user for clip in world.world.my_clips() if clip.comments)
    before = {table: versions(kippt, table) for table in ("clips", "comments", "lists", "users")}
    world.edit_user(talker.id, bio="another one")
    world.world.me.followed_by += 1
    world.follow(next(iter(world.world.users.values())).id)
    kippt.sync(full=True)
    after = {table: versions(kippt, table) for table in before}
    assert after == {**before, "users": before["users"] + 1}
    assert kippt.rows("users")[(talker.id,)]["bio"] == "another one"


def test_likes_comments_and_renamed_lists_make_no_versions_of_clips(kippt: Bench) -> None:
    """Counts and the path of a clip's page move without an edit of it: kept, but no version."""
    world = kippt.world
    place = next(r for r in world.world.my_lists() if r.slug != "inbox" and world.world.clips_of(r))
    clip = world.world.clips_of(place)[0]
    users = [user for user in world.world.users.values() if user not in clip.likes]
    world.like_clip(clip.id, users[-1].id)
    world.add_comment(clip.id, "well", users[-1].id)
    world.edit_list(place.id, title="Another title")
    before = versions(kippt, "clips")
    kippt.sync(full=True)
    row = kippt.rows("clips")[(clip.id,)]
    assert (row["likes_count"], row["comments_count"]) == (len(clip.likes), len(clip.comments))
    assert row["app_url"] == clip.app_url
    assert "another-title" in row["app_url"]
    assert versions(kippt, "clips") == before
    kippt.assert_true()


def test_list_that_is_shared_no_more_is_still_read_for_what_others_put_there(kippt: Bench) -> None:
    """Others' clips are not in one's own stream, whoever collaborates now."""
    world = kippt.world
    me = world.world.me
    shared = next(r for r in world.world.my_lists() if r.user is me and r.collaborators)
    friend = shared.collaborators[0]
    clip = world.add_clip(shared.id, "from a friend", user_id=friend.id)
    kippt.sync()
    for user in list(shared.collaborators):
        world.add_collaborator(shared.id, user.id, on=False)
    world.edit_clip(clip, title="changed later")
    assert kippt.sync().status == "complete"
    assert kippt.rows("clips")[(clip,)]["title"] == "changed later"
    assert not kippt.query("SELECT 1 FROM kippt.list_collaborators WHERE list_id = ?", shared.id)


def test_clock_of_the_service_that_jumped_hides_nothing(kippt: Bench) -> None:
    """A clip from the future does not move the cursor past what is edited today."""
    world = kippt.world
    edited = world.world.my_clips()[0]
    world.jump_clock(400 * 86_400)
    world.add_clip(title="from the future")
    kippt.sync()
    world.clock.set(datetime.now(UTC))
    world.edit_clip(edited.id, title="edited today")
    kippt.sync()
    assert kippt.rows("clips")[(edited.id,)]["title"] == "edited today"


def test_notifications_of_unknown_kinds_are_kept_and_none_ends(kippt: Bench) -> None:
    """The route is unsupported: what it no longer shows stays."""
    world = kippt.world
    user = next(iter(world.world.users.values()))
    gone = min(world.world.notifications)
    del world.world.notifications[gone]
    new = world.add_notification("clip_teleported", user.id)
    world.mark_notifications_seen()
    assert kippt.sync("notifications").status == "complete"
    rows = kippt.rows("notifications")
    assert rows[(new,)]["type"] == "clip_teleported"
    assert (gone,) in rows
    assert rows[(new,)]["is_seen"] is True


def test_a_throttle_is_waited_out_from_five_seconds_up_to_five_minutes(kippt: Bench) -> None:
    """Nobody says how long a 503 lasts: 5, 10, 20... seconds, at least half of it certain, 8
    tries; then the sync fails and the cursor stays. Settings may say otherwise, part by part."""
    retry = kippt.account.retry
    assert (retry.attempts, retry.first_seconds, retry.max_seconds) == (8, 5.0, 300.0)
    assert [retry.longest(n) for n in range(1, 8)] == [5, 10, 20, 40, 80, 160, 300]
    own = {"accounts": {"kippt": {"retry": {"attempts": 3}}}}
    changed = settings_of(own, kippt.folder / "kollect.toml", {}).accounts["kippt"].retry
    assert (changed.attempts, changed.first_seconds) == (3, 5.0)
    passed = [0.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        passed[0] += seconds

    def held() -> list[float]:
        return [e.fields["seconds"] for e in kippt.progress if e.fields.get("event") == "hold"]

    runtime = Runtime(progress=kippt.progress.append, clock=lambda: passed[0], sleep=sleep)
    account = replace(kippt.account, windows=())
    cursor = "SELECT value FROM _kollect.cursors WHERE resource = 'own_clips'"
    before, known = kippt.query(cursor), len(held())
    kippt.world.throttle_next(8)
    result = sync_account(kippt.settings, account, runtime=runtime)
    assert (result.status, result.rate_limited) == ("failed", 8)
    assert kippt.query(cursor) == before
    for seconds, longest in zip(held()[known:], [5, 10, 20, 40, 80, 160, 300], strict=False):
        assert longest / 2 <= seconds <= longest
    assert sum(waits) >= sum([5, 10, 20, 40, 80, 160, 300]) / 2
    assert sync_account(kippt.settings, account, runtime=runtime).status == "complete"


def test_throttle_is_a_503_and_maintenance_moves_no_cursor(kippt: Bench) -> None:
    """503 is waited for; a service that stays away fails the run, and nothing is missed."""
    kippt.world.throttle_next(2)
    result = kippt.sync()
    assert (result.status, result.rate_limited) == ("complete", 2)
    clip = kippt.world.add_clip(title="before the maintenance")
    kippt.stand_in.faults.add("status", match="/api/clips/favorites/", status=500, times=None)
    assert kippt.sync().status != "complete"
    kippt.stand_in.faults.clear()
    kippt.world.switch("maintenance", True)
    assert kippt.sync().status != "complete"
    kippt.world.switch("maintenance", False)
    kippt.sync()
    assert (clip,) in kippt.rows("clips")
    assert kippt.sync().status == "complete"


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        ("updated_descending", "nothing"),
        pytest.param("updated_descending", "filters", marks=pytest.mark.slow),
        pytest.param("insertion", "all", marks=pytest.mark.slow),
    ],
)
def test_clips_that_move_between_two_pages_are_not_missed(
    made: Callable[..., Bench], order: str, kept: str
) -> None:
    """A delete between two pages shifts the rest: the overlap shows it and the pages are read
    again. Of `next` only the offset counts, whatever else it keeps or lacks."""
    switches = {"embedded_cap": 10, "order": order, "next_keeps": kept}
    kippt = made("kippt", size=230, switches=switches)
    victims = [clip.id for clip in kippt.world.world.my_clips()[40:160]][::20]

    def disturb(request: Request, _: Any) -> None:
        first = request.path == "/api/clips/" and request.query.get("offset") == "0"
        if first and kippt.stand_in.count("/api/clips/?") == 0:
            for clip_id in victims:
                kippt.world.delete_clip(clip_id)

    kippt.world.after_answer.append(disturb)
    result = kippt.sync()
    assert result.status == "complete"
    pages = [e.target for e in kippt.stand_in.requests if e.target.startswith("/api/clips/?")]
    assert len(pages) == 4
    assert all("limit=200&" in f"{target}&" for target in pages)
    kippt.world.after_answer.clear()
    present = {row["id"] for row in kippt.world.truth()["clips"]}
    assert present <= {key[0] for key in kippt.rows("clips")}
