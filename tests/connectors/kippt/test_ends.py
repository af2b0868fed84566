"""Kippt: a record ends only with evidence; what hides one without proof ends nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.account import Bench


@pytest.fixture
def kippt(synced: Callable[..., Bench]) -> Bench:
    """An account that was synced once."""
    return synced("kippt", size=24)


def probes(kippt: Bench, clip_id: int | None = None) -> int:
    """Requests for clips at their own addresses."""
    entries = [entry.target for entry in kippt.stand_in.requests]
    wanted = [f"/api/clips/{clip_id}/"] if clip_id else [t for t in entries if t.endswith("/")]
    return sum(target in wanted and target.split("/")[3].isdecimal() for target in entries)


def has(kippt: Bench, clip_id: int) -> bool:
    return (clip_id,) in kippt.rows("clips")


def evidence(kippt: Bench, clip_id: int) -> list[tuple[str, str]]:
    return kippt.query(
        "SELECT _ended_by, _evidence FROM kippt.clips_history WHERE id = ? "
        "AND _ended_by = 'deleted' ORDER BY _valid_to",
        clip_id,
    )


def test_deleted_clip_ends_in_a_full_pass_after_a_probe(kippt: Bench) -> None:
    """An incremental pass sees nothing; a full pass asks for the missing clip: 404 is the proof.
    What lived in the clip ends with it, and a clip that comes back goes on."""
    clip = next(c for c in kippt.world.world.my_clips()[10:] if c.comments and c.likes)
    kippt.world.delete_clip(clip.id)
    kippt.sync()
    assert has(kippt, clip.id)
    assert probes(kippt) == 0
    assert kippt.sync(full=True).status == "complete"
    assert not has(kippt, clip.id)
    assert probes(kippt) == probes(kippt, clip.id) == 1
    assert evidence(kippt, clip.id) == [("deleted", "404 on its own address")]
    for table in ("comments", "clip_likes", "clip_saves"):
        assert not kippt.query(f"SELECT 1 FROM kippt.{table} WHERE clip_id = ?", clip.id)
    kippt.world.return_clip(clip.id)
    assert kippt.sync(full=True).status == "complete"
    kippt.assert_true()


def test_empty_stream_of_an_account_with_clips_ends_nothing(kippt: Bench) -> None:
    """The clips that no listing showed answer at their own addresses: the table is unproved."""
    kippt.stand_in.faults.add("empty_list", match="/api/clips/", times=1)
    before = kippt.rows("clips").keys()
    result = kippt.sync(full=True)
    assert result.tables["clips"]["complete"] is False
    assert "still exist" in result.tables["clips"]["reason"]
    assert kippt.rows("clips").keys() == before
    assert 0 < probes(kippt) <= 50


def test_lists_never_come_to_nothing(kippt: Bench) -> None:
    """An account always has its Inbox: an answer without any list is not believed."""
    kippt.stand_in.faults.add("empty_list", match="/api/lists/", times=1)
    before = kippt.rows("lists").keys()
    assert kippt.sync().tables["lists"]["complete"] is False
    assert kippt.rows("lists").keys() == before


def test_followers_do_not_vanish_while_the_account_counts_some(kippt: Bench) -> None:
    """An empty answer ends nothing, whoever accepts deletes."""
    kippt.stand_in.faults.add("empty_list", match="/followers/", times=None)
    before = kippt.rows("follows").keys()
    result = kippt.sync("follows", accept_deletes=True)
    assert kippt.stand_in.faults.fired()
    assert result.tables["follows"]["complete"] is False
    assert kippt.rows("follows").keys() == before


def test_clips_of_a_list_that_answers_404_end_only_by_their_own_address(kippt: Bench) -> None:
    """404 also stands for an empty list, so each clip is asked for; what is there stays."""
    (shared,) = [r for r in kippt.world.world.my_lists() if r.title == "Our secret plans"]
    inside = [clip.id for clip in kippt.world.world.clips_of(shared)]
    mine = kippt.world.world.me
    foreign = [i for i in inside if kippt.world.world.clips[i].user is not mine]
    kippt.stand_in.faults.add("status", match=f"/api/lists/{shared.id}/clips/", status=404, times=1)
    kippt.sync(full=True)
    assert all(has(kippt, clip_id) for clip_id in inside)
    assert probes(kippt) > 0
    for clip_id in foreign:
        kippt.world.delete_clip(clip_id)
    for clip_id in set(inside) - set(foreign):
        kippt.world.move_clip(clip_id, kippt.world.world.inbox.id)
    assert kippt.sync(full=True).status == "complete"
    kippt.assert_true()
    for clip_id in foreign:
        kippt.world.return_clip(clip_id)


def test_clips_of_a_list_that_one_has_left_are_kept_and_said(kippt: Bench) -> None:
    """Others' clips in a private list answer 401: no longer visible is not deleted."""
    (shared,) = [r for r in kippt.world.world.my_lists() if r.title == "Our secret plans"]
    own = kippt.world.add_clip(shared.id, "mine", user_id=kippt.world.world.me.id)
    other = kippt.world.add_clip(shared.id, "theirs", user_id=shared.user.id)
    kippt.sync()
    assert has(kippt, own)
    assert has(kippt, other)
    kippt.world.add_collaborator(shared.id, on=False)
    left = kippt.sync(full=True)
    assert left.status == "complete"
    assert any("can no longer be read" in message for message in left.messages)
    assert (shared.id,) not in kippt.rows("lists")
    assert has(kippt, own)
    assert has(kippt, other)
    kippt.world.add_collaborator(shared.id)
    # Back again: the list's older clips are new here, so its cursor does not count.
    assert kippt.sync().status == "complete"
    assert has(kippt, other)


def test_token_that_dies_among_the_probes_ends_nothing(kippt: Bench) -> None:
    """A 401 at a clip's address means lost access only while the account itself answers."""
    (shared,) = [r for r in kippt.world.world.my_lists() if r.title == "Open links"]
    clip = kippt.world.add_clip(shared.id, "theirs", user_id=shared.user.id)
    kippt.sync()
    kippt.world.add_collaborator(shared.id, on=False)
    kippt.stand_in.faults.add("token_died", match=f"/api/clips/{clip}/", times=None)
    kippt.stand_in.faults.add("token_died", match="/api/account/", after=1, times=None)
    result = kippt.sync(full=True)
    assert result.status == "failed"
    assert "KIPPT_API_TOKEN" in str(result.error)
    assert has(kippt, clip)
    kippt.stand_in.faults.clear()
    kippt.world.add_collaborator(shared.id)
    kippt.sync()  # goes on with the run that failed
    assert kippt.sync(full=True).status == "complete"
    kippt.assert_true()


@pytest.mark.parametrize("form", ["cascades", pytest.param("to_inbox", marks=pytest.mark.slow)])
def test_clips_of_a_deleted_list_end_or_move(kippt: Bench, form: str) -> None:
    """The list ends at once; whether its clips do is unknown: those that moved come as updates,
    the others are found gone by the next full pass."""
    kippt.world.switch("delete_list", form)
    made = kippt.world.add_list(f"to be deleted: {form}")
    clip = kippt.world.add_clip(made, "inside")
    kippt.sync()
    assert kippt.rows("clips")[(clip,)]["list_id"] == made
    kippt.world.delete_list(made)
    kippt.sync()
    assert (made,) not in kippt.rows("lists")
    assert has(kippt, clip)
    if form == "to_inbox":
        assert kippt.rows("clips")[(clip,)]["list_id"] == kippt.world.world.inbox.id
        return
    assert kippt.sync(full=True).status == "complete"
    assert not has(kippt, clip)
    kippt.assert_true()


def test_many_clips_that_vanish_are_judged_by_some(kippt: Bench) -> None:
    """More than 50 missing clips: at most 50, evenly chosen, are asked for."""
    clips = [clip.id for clip in kippt.world.world.my_clips()]
    extra = [kippt.world.add_clip(title=f"extra {n}") for n in range(55)]
    kippt.sync()
    for clip_id in extra:
        kippt.world.delete_clip(clip_id)
    kippt.stand_in.reset()
    assert kippt.sync(full=True).status == "complete"
    assert 25 <= probes(kippt) <= 50
    kept = {key[0] for key in kippt.rows("clips")}
    assert not kept & set(extra)
    assert kept >= set(clips)
    by = kippt.query(
        "SELECT DISTINCT split_part(_evidence, ' (', 1) FROM kippt.clips_history "
        "WHERE list_has_any([id], ?::BIGINT[]) ORDER BY 1",
        extra,
    )
    assert by == [("404 on its own address",), ("absent from a complete listing of the account",)]
    kippt.assert_true()
