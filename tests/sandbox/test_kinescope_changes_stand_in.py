"""What can happen in an account of the Kinescope stand-in, one event at a time."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kinescope import Kinescope
from sandbox.service import Request
from tests.kit.kinescope_client import ask, get


def video(account: Kinescope, video_id: str) -> dict[str, Any]:
    found: dict[str, Any] = get(account, f"/v1/videos/{video_id}")["data"]
    return found


def listed(account: Kinescope, order: str = "created_at.asc") -> list[str]:
    rows = get(account, f"/v1/videos?per_page=100&order={order}")["data"]
    return [row["id"] for row in rows]


def truth_of(account: Kinescope, table: str, record_id: str, key: str = "id") -> Any:
    return next(row for row in account.truth()[table] if row[key] == record_id)


def test_a_video_vanishes_and_returns_under_its_id() -> None:
    """Deleted: in no list, 404404, out of playlists and truth; restored: as it was."""
    account = Kinescope()
    before = account.truth()
    video_id = account.library.id(3)
    account.delete_video(video_id)
    assert ask(account, f"/v1/videos/{video_id}").status == 404
    assert video_id not in listed(account)
    assert video_id not in {row["id"] for row in account.truth()["playlist_items"]}
    assert len(account.truth()["videos"]) == 39
    with pytest.raises(KeyError):
        account.delete_video(video_id)
    account.restore_video(video_id)
    assert account.truth() == before
    with pytest.raises(KeyError):
        account.restore_video(video_id)


def test_a_new_video_is_last_unless_it_was_made_earlier() -> None:
    """Additions come at the end of the creation order; a late arrival lands in the middle."""
    account = Kinescope()
    new = account.add_video("new")
    assert listed(account)[-1] == new
    late = account.add_video("late", created_seconds_ago=412 * 86_400)
    order = listed(account)
    assert order[-1] == new
    assert 0 < order.index(late) < len(order) - 2
    assert listed(account, "created_at.desc") == order[::-1]
    account.jump_clock(-86_400)
    earlier = account.add_video("after the clock fell back")
    assert listed(account)[-2:] == [earlier, new]


def test_rows_shift_between_pages_when_something_is_deleted_in_between() -> None:
    """A hook after an answer deletes the first row: the next page lacks one video."""
    account = Kinescope()
    expected = listed(account)

    def delete_first(request: Request, count: int) -> None:
        if count == first_page:
            account.delete_video(expected[0])

    first_page = account.answers + 1
    account.after_answer.append(delete_first)
    seen = []
    for page in range(1, 5):
        target = f"/v1/videos?page={page}&per_page=10&order=created_at.asc"
        seen += [row["id"] for row in get(account, target)["data"]]
    assert set(expected) - set(seen) == {expected[10]}


def test_edits_move_updated_at_but_the_media_changes_silently() -> None:
    """PATCH, move and replacement move it; the end of processing does not."""
    account = Kinescope()
    video_id = account.library.id(13)
    assert video(account, video_id)["status"] == "pending"
    before = video(account, video_id)["updated_at"]
    account.set_status(video_id, "done")
    done = video(account, video_id)
    assert (done["status"], done["updated_at"]) == ("done", before)
    assert len(done["assets"]) == 4
    account.edit_video(video_id, title="edited")
    edited = video(account, video_id)["updated_at"]
    assert edited != before
    project_id = account.add_project("elsewhere", live=True)
    account.move_video(video_id, project_id)
    account.replace_media(video_id)
    replaced = video(account, video_id)
    assert (replaced["title"], replaced["project_id"]) == ("edited", project_id)
    assert replaced["version"] == done["version"] + 1
    assert {a["id"] for a in replaced["assets"]}.isdisjoint({a["id"] for a in done["assets"]})
    assert replaced["updated_at"] > edited
    assert listed(account, "updated_at.asc,title.asc")
    with pytest.raises(ValueError, match="no such fields"):
        account.edit_video(video_id, id="another")


@pytest.mark.parametrize("bumps", [False, True])
def test_child_edits_move_updated_at_only_by_switch(bumps: bool) -> None:
    """Chapters, subtitles, annotations, posters and materials change; the truth follows."""
    account = Kinescope(switches={"child_edits_bump_updated_at": bumps})
    video_id = account.library.id(1)
    before = video(account, video_id)["updated_at"]
    account.set_chapters(video_id, [(0, "a"), (10, "b")])
    subtitle = account.add_subtitle(video_id)
    account.edit_subtitle(video_id, subtitle, description="edited")
    annotation = account.add_annotation(video_id, linked_video_id=account.library.id(2))
    account.edit_annotation(video_id, annotation, title="edited")
    material = account.add_material(video_id)
    account.edit_material(video_id, material, title="edited")
    first, second = account.add_poster(video_id), account.add_poster(video_id)
    truth = account.truth()
    chapters = [row for row in truth["chapters"] if row["video_id"] == video_id]
    assert [(row["position"], row["time"], row["title"]) for row in chapters] == [
        (0, 0, "a"),
        (1, 10, "b"),
    ]
    assert truth_of(account, "subtitles", subtitle)["description"] == "edited"
    assert truth_of(account, "annotations", annotation)["title"] == "edited"
    assert truth_of(account, "additional_materials", material)["updated_at"] is not None
    assert truth_of(account, "posters", first)["active"] is False
    assert truth_of(account, "posters", second)["active"] is True
    link = get(account, f"/v1/additional-materials/{material}/link")["data"]["link"]
    assert material in link
    account.remove_subtitle(video_id, subtitle)
    account.remove_annotation(video_id, annotation)
    account.remove_material(video_id, material)
    account.remove_poster(video_id, first)
    account.remove_poster(video_id, second)
    left = account.truth()
    for table in ("subtitles", "annotations", "additional_materials", "posters"):
        assert video_id not in {row.get("media_id") for row in left[table]}
        assert video_id not in {row["video_id"] for row in left[table]}
    assert (video(account, video_id)["updated_at"] != before) is bumps


def test_projects_folders_and_playlists_come_and_go() -> None:
    """With a project go its folders and videos; playlists keep positions with gaps."""
    account = Kinescope()
    project_id = account.add_project("new")
    folder_id = account.add_folder(project_id, parent_id=project_id)
    inside = account.add_video("inside", project_id, folder_id)
    other = account.add_video("other")
    playlist_id = account.add_playlist("list", [inside, other])
    account.move_playlist_item(playlist_id, other, 1)
    items = get(account, f"/v1/playlists/{playlist_id}/entities")["data"]
    assert [(row["id"], row["position"]) for row in items] == [(other, 1), (inside, 2)]
    account.remove_playlist_item(playlist_id, other)
    items = get(account, f"/v1/playlists/{playlist_id}/entities")["data"]
    assert [(row["id"], row["position"]) for row in items] == [(inside, 2)]
    account.edit_record("folders", folder_id, name="renamed")
    assert truth_of(account, "folders", folder_id)["name"] == "renamed"
    account.remove_project(project_id)
    truth = account.truth()
    assert project_id not in {row["id"] for row in truth["projects"]}
    assert folder_id not in {row["id"] for row in truth["folders"]}
    assert inside not in {row["id"] for row in truth["videos"]}
    account.remove_playlist(playlist_id)
    assert ask(account, f"/v1/playlists/{playlist_id}").status == 404


def test_small_records_come_change_and_go() -> None:
    """Tags, players, domains, requests, moderators, webhooks; requests can be archived."""
    account = Kinescope()
    for table in ("players", "tags", "privacy_domains", "file_requests", "moderators", "webhooks"):
        count = len(account.truth()[table])
        record_id = account.add_record(table)
        assert len(account.truth()[table]) == count + 1
        account.remove_record(table, record_id)
        assert len(account.truth()[table]) == count
    request_id = account.add_record("file_requests", name="open")
    account.archive_file_request(request_id)
    assert truth_of(account, "file_requests", request_id)["archived_at"]
    archived = get(account, "/v1/file-requests?archived=true&per_page=100")["data"]
    assert request_id in {row["id"] for row in archived}
    with pytest.raises(KeyError):
        account.remove_record("tags", "nobody")
    with pytest.raises(ValueError, match="have no"):
        account.edit_record("tags", next(iter(account.tables["tags"])), colour="red")


def test_streams_follow_each_other_and_leave_recordings() -> None:
    """An event shows its last stream only; a recording is a video of the event."""
    account = Kinescope()
    event_id = account.add_event("show")
    first = account.start_stream(event_id)
    recording = account.add_video("recording")
    account.end_stream(event_id, recording)
    assert truth_of(account, "live_streams", first)["finished_at"]
    second = account.start_stream(event_id)
    streams = {row["id"] for row in account.truth()["live_streams"]}
    assert second in streams
    assert first not in streams
    rows = get(account, f"/v2/live/events/{event_id}/videos")["data"]
    assert [row["id"] for row in rows] == [recording]
    restream = account.add_restream(event_id)
    account.edit_restream(event_id, restream, enabled=False)
    assert truth_of(account, "restreams", restream)["enabled"] is False
    account.remove_restream(event_id, restream)
    account.remove_event(event_id)
    assert event_id not in {row["id"] for row in account.truth()["live_events"]}
    assert recording in listed(account)


def test_a_round_of_changes_says_what_it_did_and_touches_most_tables() -> None:
    """Rounds bring new, edited and removed rows in the tables that a sync must follow."""
    account = Kinescope()
    before = account.truth()
    sentences = [sentence for seed in range(3) for sentence in account.change(seed)]
    assert len(sentences) > 60
    changed = {table for table, rows in account.truth().items() if rows != before[table]}
    assert set(before) - changed <= {
        "players",
        "privacy_domains",
        "moderators",
        "webhooks",
        "billing_usage",
    }
