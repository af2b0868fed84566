"""Kinescope: the traps of its API page, and that the truth follows them."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from hashlib import md5
from itertools import pairwise
from typing import Any

import pytest

from sandbox import Request
from sandbox.core import Lagging
from sandbox.kinescope import Kinescope
from tests.kit.kinescope_client import SPAN, Client, assert_same

BARE = ["/v1/tags", "/v1/videos/{video}/annotations", "/v1/playlists/{playlist}/entities"]
BARE += ["/v1/billing/usage?from=2026-11-01&to=2026-12-01"]
"""Lists that the page shows without meta, or not at all, each with more than ten rows."""


def row_of(account: Kinescope, table: str, row_id: str) -> dict[str, Any]:
    """The one row of the truth with this id."""
    (found,) = [row for row in account.truth()[table] if row["id"] == row_id]
    return found


def ids(account: Kinescope, table: str) -> set[str]:
    return {row["id"] for row in account.truth()[table]}


def bare_lists(client: Client) -> list[str]:
    """The addresses of BARE."""
    names = {"video": client.account.library.id(31)}
    names["playlist"] = next(iter(client.account.account.records["playlists"]))
    return [path.format(**names) for path in BARE]


# The whole


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"bare_lists": "whole", "largest_page": 10, "no_materials": "null"},
        {"bare_lists": "pages without meta", "largest_page": 25, "project_form": "narrow"},
        {"annotation_type_in_list": "filled", "restreams_in_event_list": "empty"},
    ],
)
def test_the_truth_is_what_all_lists_show_together(switches: dict[str, Any]) -> None:
    """A reader of every list ends with the truth; then again after rounds of changes."""
    client = Client(**switches)
    assert_same(client)
    for seed in range(3):
        client.account.change(seed)
        assert_same(client)


def test_a_million_videos_cost_nothing_until_they_are_read() -> None:
    """Made at once; the last page, an id and a deletion take milliseconds, not minutes."""
    begun = time.process_time()
    client = Client(Kinescope(size=1_000_000))
    asked: dict[str, Any] = {"page": 10_000, "per_page": 100, "order": "created_at.asc"}
    last = client.get("/v1/videos", **asked)
    assert last["meta"]["pagination"]["total"] == 1_000_000
    assert len(last["data"]) == 100
    client.account.delete_video(last["data"][0]["id"])
    shorter = client.get("/v1/videos", **asked)["data"]
    assert [row["id"] for row in shorter] == [row["id"] for row in last["data"][1:]]
    assert time.process_time() - begun < 5
    assert max(len(table) for table in client.account.account.records.values()) < 1000


def test_an_incremental_pass_must_show_what_lists_show() -> None:
    """Annotations of a changed video must be fresh, those of a calm one may lag behind; figures
    of the last three days must be, older ones may lag; all else is read whole."""
    account = Kinescope()
    changed, calm = account.library.id(4), account.library.id(13)
    before = account.truth()
    account.edit_video(changed, title="new")
    account.edit_child(changed, "annotations", annotation_of(account, changed), title="new")
    account.edit_child(calm, "annotations", annotation_of(account, calm), title="new")
    account.add_views(calm, 7)
    account.add_views(calm, 7, day="2026-11-12")
    account.add_record("tags")
    expected = account.expected(before)
    lag = {
        (table, row.get("media_id") or row.get("day"))
        for table, rows in expected.items()
        for row in rows
        if isinstance(row, Lagging)
    }
    figures = {("analytics", "2026-11-12"), ("analytics_overview", "2026-11-12")}
    assert lag == {("annotations", calm), *figures}
    assert expected["tags"] == account.truth()["tags"]


def annotation_of(account: Kinescope, video_id: str) -> str:
    rows = account.truth()["annotations"]
    return str(next(row["id"] for row in rows if row["media_id"] == video_id))


# Who asks, and how the service refuses


def test_a_missing_token_is_refused_in_either_form() -> None:
    """400 with 100101 as probed, or 401 as the guidelines say; a wrong one is always 401."""
    client = Client()
    wrong = {"authorization": "Bearer 00000000-0000-4000-8000-000000000000"}
    assert client.error("/v1/tags", {}) == (400, 100101)
    assert client.error("/v1/tags", wrong) == (401, 100102)
    client.account.switch("auth_errors", "seed")
    assert client.error("/v1/tags", {}) == (401, 100102)


def test_every_answer_has_its_own_request_id() -> None:
    """Good answers, refusals, throttling and invented errors each carry a new X-Request-ID."""
    client = Client()
    service = client.account
    answers = [client.ask("/v1/videos"), client.ask("/v1/nothing"), client.ask("/v1/tags", {})]
    answers += [service.throttled(None), service.refused(503)]
    names = [answer.headers["X-Request-ID"] for answer in answers]
    assert len(set(names)) == len(names)
    assert [answer.status for answer in answers] == [200, 404, 400, 429, 503]
    assert {frozenset(json.loads(answer.body)["error"]) for answer in answers[1:]} == {
        frozenset({"code", "message"})
    }


def test_csv_comes_where_it_is_supported_and_json_elsewhere() -> None:
    """The suffix stands on the path; the content type tells what came."""
    client = Client()
    answer = client.ask("/v1/billing/invoices/121.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.body.startswith(b"id,date,amount")
    answer = client.ask("/v1/videos.csv")
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.body)["data"]


# Pages and orders


def test_pages_default_to_ten_and_echo_what_is_in_force() -> None:
    """Page 1 of 10 unless asked; meta repeats page, size, total and order."""
    answer = Client().get("/v1/videos")
    assert answer["meta"]["pagination"] == {"page": 1, "per_page": 10, "total": 40}
    assert answer["meta"]["order"] == {"title": "asc"}
    assert len(answer["data"]) == 10
    assert Client().get("/v1/videos", page=9, per_page=10)["data"] == []


def test_too_large_a_page_is_cut_or_refused() -> None:
    """Clamp mode echoes the smaller size; error mode refuses, in either form of refusal."""
    client = Client(largest_page=25)
    assert client.get("/v1/videos", per_page=100)["meta"]["pagination"]["per_page"] == 25
    client.account.switch("per_page_over_maximum", "error")
    assert client.error("/v1/videos", per_page=100) == (422, 400400)
    client.account.switch("validation_errors", "openapi")
    assert client.error("/v1/videos", per_page=100) == (400, 402402)
    assert client.error("/v1/videos", page=0) == (400, 402402)


@pytest.mark.parametrize("number", range(len(BARE)))
def test_lists_shown_without_meta_come_in_three_forms(number: int) -> None:
    """By the general rules in pages of ten with a total; whole; or in pages without a word of
    more. Only the first form says how many rows there are."""
    client = Client()
    path = bare_lists(client)[number]
    paged = client.get(path)
    assert len(paged["data"]) == 10 < paged["meta"]["pagination"]["total"]
    client.account.switch("bare_lists", "whole")
    whole = client.get(path)
    assert list(whole) == ["data"]
    assert len(whole["data"]) == paged["meta"]["pagination"]["total"]
    client.account.switch("bare_lists", "pages without meta")
    silent = client.get(path)
    assert list(silent) == ["data"]
    assert len(silent["data"]) == 10


def test_file_requests_may_ignore_the_page_asked_for() -> None:
    """The first ten come again and again; the total stays true."""
    client = Client(file_request_paging="ignored")
    first, second = (client.get("/v1/file-requests", page=page, per_page=100) for page in (1, 2))
    assert first == second
    assert len(first["data"]) == 10 < first["meta"]["pagination"]["total"]


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("/v1/videos", {"title": "asc"}),
        ("/v1/projects", {"name": "asc"}),
        ("/v1/playlists", {"name": "asc"}),
        ("/v1/file-requests", {"name": "asc"}),
        ("/v2/live/events", {"created_at": "desc"}),
    ],
)
def test_default_orders_differ_and_unknown_fields_are_refused(
    path: str, order: dict[str, str]
) -> None:
    """Without order each endpoint has its own; `id` is allowed nowhere: 400216."""
    client = Client()
    assert client.get(path)["meta"]["order"] == order
    assert client.error(path, order="id.asc") == (400, 400216)


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/playlists", "/v2/live/events"])
def test_a_documented_order_may_be_refused(path: str) -> None:
    """400216 for a field that the switch names; others, and no order at all, are answered."""
    client = Client(refused_order_fields=["created_at"])
    assert client.error(path, order="created_at.asc") == (400, 400216)
    other = "title" if path == "/v1/videos" else "name"
    assert client.get(path, order=f"{other}.desc")["meta"]["order"] == {other: "desc"}
    assert client.get(path)["data"]
    client.account.switch("refused_order_fields", ["playlists.created_at"])
    assert (client.ask(path, order="created_at").status == 400) is (path == "/v1/playlists")


def test_an_undocumented_order_may_be_ignored() -> None:
    """By switch it is not refused, and the echo tells what is in force."""
    client = Client(default_video_order="created_at.desc", order_where_undocumented="ignore")
    assert client.get("/v1/videos")["meta"]["order"] == {"created_at": "desc"}
    assert client.get("/v1/projects", order="created_at.desc")["meta"]["order"] == {"name": "asc"}


def test_orders_of_several_fields_apply_in_turn() -> None:
    """Direction defaults to asc; equal first fields are sorted by the second."""
    rows = list(Client().pages("/v1/videos", order="title,created_at.desc", per_page=7))
    assert len(rows) == 40
    for before, after in pairwise(rows):
        assert before["title"] <= after["title"]
        if before["title"] == after["title"]:
            assert before["created_at"][:19] >= after["created_at"][:19]


def test_null_updated_at_is_first_or_last() -> None:
    """Descending: nulls first as in PostgreSQL, or last by switch; ascending the reverse."""
    for switch, first_when_descending in (("largest", True), ("smallest", False)):
        client = Client(null_updated_at=switch)
        for direction, nulls_first in (
            ("desc", first_when_descending),
            ("asc", not first_when_descending),
        ):
            rows = list(client.pages("/v1/videos", order=f"updated_at.{direction}"))
            nulls = [row["updated_at"] is None for row in rows]
            assert nulls == sorted(nulls, reverse=nulls_first)
            assert 0 < sum(nulls) < 40


def test_equal_records_may_change_places_between_pages() -> None:
    """With the switch, even pages come from an order with ties reversed: rows get lost."""
    for ties, whole in (("stable", True), ("reversed on even pages", False)):
        rows = Client(ties=ties).pages("/v1/videos", order="description", per_page=5)
        assert (len({row["id"] for row in rows}) == 40) is whole


def test_filters_leave_what_they_name() -> None:
    """status[] and video_ids[] may repeat; the total follows."""
    client = Client()
    rows = list(client.pages("/v1/videos"))
    statuses: dict[str, Any] = {"status[]": ["pending", "processing"]}
    unfinished = list(client.pages("/v1/videos", **statuses))
    assert {row["status"] for row in unfinished} == {"pending", "processing"}
    wanted = [rows[3]["id"], rows[20]["id"], "nobody"]
    found = client.get("/v1/videos", **{"video_ids[]": wanted})
    assert {row["id"] for row in found["data"]} == set(wanted[:2])
    assert found["meta"]["pagination"]["total"] == 2
    for field in ("project_id", "folder_id"):
        place = next(row[field] for row in rows if row[field])
        inside = list(client.pages("/v1/videos", **{field: place}))
        assert len(inside) == sum(row[field] == place for row in rows)


# Single records


def test_every_trap_of_the_page_is_in_the_first_forty_videos() -> None:
    """Both id forms and odd first letters, equal creation times, cut zeros, nulls, absences."""
    client = Client()
    rows = list(client.pages("/v1/videos", order="created_at.asc"))
    assert {len(row["id"]) for row in rows} == {22, 36}
    assert {"-", "_"} <= {row["id"][0] for row in rows}
    times = [row["created_at"] for row in rows]
    assert len(set(times)) < len(times)
    assert {20, 27} <= {
        len(when or "") for row in rows for when in (row["created_at"], row["updated_at"])
    }
    assert not any(re.search(r"\.\d*0Z$", when) for when in times)
    titles = [row["title"] for row in rows]
    assert "" in titles
    assert len(set(titles)) < 40
    assert {"pending", "uploading", "pre-processing", "processing", "aborted", "error"} <= {
        row["status"] for row in rows
    }
    assert any("player_id" not in row for row in rows)
    assert any(row["project_id"] is None for row in rows)
    assets = [asset for row in rows for asset in row["assets"]]
    assert any(row["assets"] and row["assets"][0]["quality"] != "original" for row in rows)
    renditions = [asset for asset in assets if "md5" not in asset]
    assert "00000000-0000-0000-0000-000000000000" in {asset["video_id"] for asset in renditions}
    assert {asset.get("download_link", "absent")[:1] for asset in renditions} == {"", "a", "h"}
    assert any(asset["file_size"] > 2**32 for asset in renditions)
    players = ids(client.account, "players")
    assert {row.get("player_id", "") for row in rows} - players - {""}


def test_signed_links_are_new_at_each_read_and_expire() -> None:
    """Two reads of one video differ in nothing but links; list and detail order assets apart."""
    client = Client()
    video_id = client.account.library.id(1)
    first = client.get(f"/v1/videos/{video_id}")["data"]
    again = client.get(f"/v1/videos/{video_id}")["data"]
    original = first["assets"][-1]
    assert "X-Amz-Signature=CANARY" in original["download_link"]
    assert original["url"] != again["assets"][-1]["url"]
    request = Request("GET", original["url"].removeprefix("https://cdn.invalid"), {})
    body = client.account.file(request).body
    assert (len(body), md5(body).hexdigest()) == (original["file_size"], original["md5"])
    client.account.jump_clock(7200)
    assert client.account.file(request).status == 403
    for video in (first, again):
        for asset in video["assets"]:
            for link in ("url", "download_link"):
                asset.pop(link, None)
    assert first == again
    listed = next(row for row in client.pages("/v1/videos") if row["id"] == video_id)
    order = [asset["id"] for asset in listed["assets"]]
    assert order == [asset["id"] for asset in reversed(first["assets"])]


def test_all_secrets_are_served_somewhere_and_never_in_the_truth() -> None:
    """Each recognisable part occurs in some answer, but for the token itself."""
    client = Client()
    paths = ["/v1/webhooks", "/v1/playlists", "/v2/live/events", "/v1/videos?per_page=100"]
    served = b"".join(client.ask(path).body for path in paths).decode()
    truth = json.dumps(client.account.truth(), ensure_ascii=False)
    token = client.account.credentials()["KINESCOPE_API_TOKEN"]
    for part in client.account.secrets():
        assert part in served or part == token
        assert part not in truth


def test_a_material_has_a_link_and_an_unknown_id_404404() -> None:
    """Materials have no list of their own: made and added ones are found by id alone."""
    client = Client()
    added = client.account.add_child(client.account.library.id(0), "additional_materials")
    for material_id in ids(client.account, "additional_materials"):
        link = client.get(f"/v1/additional-materials/{material_id}/link")["data"]["link"]
        assert material_id in link
    client.account.delete_video(client.account.library.id(0))
    for path in ("/v1/videos/nobody", f"/v1/additional-materials/{added}/link"):
        assert client.error(path) == (404, 404404)


def test_no_materials_are_null_or_an_empty_list() -> None:
    """Null in lists and [] in the detail as recorded, or one of both everywhere."""
    client = Client()
    path = f"/v1/videos/{client.account.library.id(0)}"
    seen = {}
    for form in ("null in lists", "null", "list"):
        client.account.switch("no_materials", form)
        listed = client.get("/v1/videos", order="created_at")["data"][0]
        detail = client.get(path)["data"]
        seen[form] = (listed["additional_materials"], detail["additional_materials"])
    assert seen == {"null in lists": (None, []), "null": (None, None), "list": ([], [])}


def test_projects_show_one_kind_and_folders_may_show_one_level() -> None:
    """The default is vod; a live project has videos and folders all the same."""
    client = Client(folder_levels="top")
    kinds = [client.get("/v1/projects", **query) for query in ({}, {"catalog_type": "live"})]
    vod, live = ({row["id"] for row in kind["data"]} for kind in kinds)
    assert not vod & live
    assert vod | live == ids(client.account, "projects")
    assert client.error("/v1/projects", catalog_type="any") == (422, 400400)
    embedded = [folder for row in kinds[0]["data"] for folder in row["folders"]]
    listed = [row for p in vod for row in client.pages(f"/v1/projects/{p}/folders")]
    assert {row["parent_id"] for row in listed} < {row["parent_id"] for row in embedded}


# What happens to them


def test_edits_move_updated_at_and_status_changes_do_not() -> None:
    """PATCH, moves and new media move it; processing goes on silently."""
    account = Kinescope()
    video_id = account.library.id(13)
    before = row_of(account, "videos", video_id)
    account.set_status(video_id, "done")
    processed = row_of(account, "videos", video_id)
    assert (before["status"], processed["status"]) == ("pending", "done")
    assert processed["updated_at"] == before["updated_at"]
    account.replace_media(video_id, size=500)
    replaced = row_of(account, "videos", video_id)
    assert replaced["version"] == before["version"] + 1
    assert replaced["updated_at"] > "2026-11-20"
    account.edit_video(video_id, title="edited")
    assert row_of(account, "videos", video_id)["updated_at"] > replaced["updated_at"]
    with pytest.raises(ValueError, match="no such fields"):
        account.edit_video(video_id, id="another")


def test_a_video_vanishes_and_returns_with_its_id() -> None:
    """Meanwhile it is in no list and its address gives 404404; a late one lands in its place."""
    client = Client()
    account = client.account
    video_id = account.library.id(4)
    whole = account.truth()
    account.delete_video(video_id)
    assert client.error(f"/v1/videos/{video_id}") == (404, 404404)
    assert client.error(f"/v1/videos/{video_id}/annotations") == (404, 404404)
    assert video_id not in ids(account, "videos")
    account.restore_video(video_id)
    assert account.truth() == whole
    late = account.add_video("late", created_seconds_ago=410 * 86_400)
    order = [row["id"] for row in client.pages("/v1/videos", order="created_at.asc")]
    assert order.index(late) < 40
    with pytest.raises(KeyError):
        account.restore_video(video_id)


@pytest.mark.parametrize("bumps", [False, True])
def test_child_edits_move_updated_at_only_by_switch(bumps: bool) -> None:
    """Chapters, subtitles, annotations, posters and materials change; the truth follows."""
    account = Kinescope(switches={"child_edits_bump_updated_at": bumps})
    video_id = account.library.id(1)
    before = account.truth()
    account.set_chapters(video_id, [(0, "a"), (10, "b")])
    chapters = [row for row in account.truth()["chapters"] if row["video_id"] == video_id]
    assert [(row["position"], row["time"]) for row in chapters] == [(0, 0), (1, 10)]
    for table in ("subtitles", "annotations", "additional_materials"):
        child = account.add_child(video_id, table)
        field = "description" if table == "subtitles" else "title"
        account.edit_child(video_id, table, child, **{field: "edited"})
        assert row_of(account, table, child)[field] == "edited"
        account.remove_child(video_id, table, child)
        assert account.truth()[table] == before[table]
    first, second = account.add_poster(video_id), account.add_poster(video_id)
    assert [row_of(account, "posters", p)["active"] for p in (first, second)] == [False, True]
    for poster in (first, second):
        account.remove_poster(video_id, poster)
    assert account.truth()["posters"] == before["posters"]
    was = next(row for row in before["videos"] if row["id"] == video_id)["updated_at"]
    assert (row_of(account, "videos", video_id)["updated_at"] != was) is bumps


def test_projects_go_with_folders_and_videos_and_playlists_keep_gaps() -> None:
    """A video that is gone leaves a gap between the positions of a playlist."""
    client = Client()
    account = client.account
    project_id = account.add_record("projects", name="new")
    folder_id = account.add_record("folders", project_id=project_id, parent_id=project_id)
    inside = account.add_video("inside", project_id, folder_id)
    others = [account.add_video(title) for title in ("one", "two")]
    playlist_id = account.add_record("playlists")
    account.set_playlist(playlist_id, [others[0], inside, others[1]])
    account.edit_record("folders", folder_id, name="renamed")
    assert row_of(account, "folders", folder_id)["updated_at"]
    account.remove_record("projects", project_id)
    assert project_id not in ids(account, "projects")
    assert folder_id not in ids(account, "folders")
    assert inside not in ids(account, "videos")
    items = client.get(f"/v1/playlists/{playlist_id}/entities")["data"]
    assert [(row["id"], row["position"]) for row in items] == [(others[0], 1), (others[1], 3)]
    account.remove_record("playlists", playlist_id)
    assert client.error(f"/v1/playlists/{playlist_id}/entities") == (404, 404404)


def test_small_records_come_change_and_go() -> None:
    """In every small table; a file request can be archived."""
    client = Client()
    account = client.account
    for table in ("players", "tags", "privacy_domains", "file_requests", "moderators", "webhooks"):
        before = account.truth()[table]
        record_id = account.add_record(table)
        assert len(account.truth()[table]) == len(before) + 1
        account.remove_record(table, record_id)
        assert account.truth()[table] == before
    request_id = account.add_record("file_requests", name="open")
    account.archive_file_request(request_id)
    archived = client.get("/v1/file-requests", archived="true", per_page=100)["data"]
    assert request_id in {row["id"] for row in archived}
    with pytest.raises(KeyError):
        account.remove_record("tags", "nobody")
    with pytest.raises(ValueError, match="have no"):
        account.edit_record("tags", next(iter(account.account.records["tags"])), colour="red")


def test_streams_follow_each_other_and_leave_recordings() -> None:
    """An event shows its last stream only; a recording is a video of the event."""
    client = Client()
    account = client.account
    event_id = account.add_record("live_events", name="show")
    first = account.start_stream(event_id)
    recording = account.add_video("recording")
    account.end_stream(event_id, recording)
    assert row_of(account, "live_streams", first)["finished_at"]
    second = account.start_stream(event_id)
    assert first not in ids(account, "live_streams")
    assert second in ids(account, "live_streams")
    rows = client.get(f"/v2/live/events/{event_id}/videos")["data"]
    assert [row["id"] for row in rows] == [recording]
    restream = account.add_restream(event_id)
    account.remove_restream(event_id, restream)
    account.remove_record("live_events", event_id)
    assert event_id not in ids(account, "live_events")
    assert recording in ids(account, "videos")


# Figures


def test_analytics_label_the_workspaces_day_in_utc() -> None:
    """Moscow's day begins at 21:00 of the eve; ten days before today have data, and today."""
    client = Client()
    asked = {**SPAN, "fields": "view"}
    answer = client.get("/v1/analytics", group_entities="video_id", order="view.desc", **asked)
    assert answer["meta"]["time"]["timezone"] == "Europe/Moscow"
    assert answer["meta"]["order"] == {"view": "desc"}
    views = [row["view"] for row in answer["data"]]
    assert views == sorted(views, reverse=True)
    days = client.get("/v1/analytics", **asked)["data"]
    labels = [row["date"] for row in days]
    assert "2026-11-09T21:00:00Z" <= labels[0] < labels[-1] == "2026-11-19T21:00:00Z"
    assert sum(row["view"] for row in days) == sum(views)
    shown = client.get("/v1/analytics/overview", **SPAN)["data"]
    assert shown["total"]["views"] == sum(views)
    assert shown["timeline"][0] == {
        **dict.fromkeys(("views", "duration", "watch_time", "player_loads"), 0),
        "date": "2026-08-31T21:00:00Z",
    }
    client.account.switch("timezone", "America/New_York")
    labels = [row["date"] for row in client.get("/v1/analytics", **asked)["data"]]
    assert all(label.endswith("T05:00:00Z") for label in labels)


def test_a_range_ends_before_or_after_its_last_day_and_may_cut_buckets() -> None:
    """`to` excludes its day, or includes it by switch; cut buckets hold less at the edges."""
    client = Client()
    asked = {"from": "2026-11-19", "to": "2026-11-20", "fields": "view"}
    whole = client.get("/v1/analytics", **asked)["data"]
    assert [row["date"] for row in whole] == ["2026-11-18T21:00:00Z"]
    client.account.switch("range_cuts_buckets", True)
    cut = client.get("/v1/analytics", **asked)["data"]
    assert [row["date"] for row in cut] == ["2026-11-18T21:00:00Z", "2026-11-19T21:00:00Z"]
    assert 0 < cut[0]["view"] < whole[0]["view"]
    client.account.switch("range_cuts_buckets", False)
    client.account.switch("range_end", "inclusive")
    assert len(client.get("/v1/analytics", **asked)["data"]) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-11-01", 422),
        ("from=2026-11-01&to=soon", 422),
        ("from=2026-11-01&to=2026-11-02&group=year", 422),
        ("from=2026-11-01&to=2026-11-02&fields=likes", 422),
        ("from=2026-11-01&to=2026-11-02&fields=watch_time&order=watch_time.desc", 400),
        ("from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z", 200),
        ("from=2020-01-01&to=2020-02-01", 200),
    ],
)
def test_analytics_refuse_what_is_wrong(query: str, status: int) -> None:
    """Both dates are required; unknown names are refused; nothing found is no error."""
    assert Client().ask(f"/v1/analytics?{query}").status == status


def test_analytics_may_come_in_pages() -> None:
    """By switch, meta.pagination stands beside the time."""
    client = Client(analytics_paging="paged")
    answer = client.get("/v1/analytics", group_entities="video_id", page=2, **SPAN)
    assert answer["meta"]["pagination"]["total"] == len(client.account.truth()["analytics"])
    assert answer["meta"]["time"]["timezone"]
    assert len(answer["data"]) == 10


def test_figures_come_late_and_days_pass() -> None:
    """Today's rows and earlier ones grow; another today moves all days that have figures."""
    account = Kinescope()
    video_id = account.library.id(0)

    def views(day: str) -> int:
        rows = account.truth()["analytics"]
        return sum(r["view"] for r in rows if (r["day"], r["video_id"]) == (day, video_id))

    before = [views(day) for day in ("2026-11-20", "2026-11-18")]
    account.add_views(video_id, 7)
    account.add_views(video_id, 8, day="2026-11-18")
    assert [views(day) for day in ("2026-11-20", "2026-11-18")] == [before[0] + 7, before[1] + 8]
    account.today = date(2030, 1, 5)
    days = {row["day"] for row in account.truth()["analytics"]}
    assert "2029-12-25" <= min(days) <= max(days) <= "2030-01-05"


def test_billing_rows_without_usage_name_no_project() -> None:
    """Forty days by product and project; the key of the truth has empty text then."""
    client = Client(bare_lists="whole")
    rows = client.get("/v1/billing/usage", group_by="project_id", **SPAN)["data"]
    assert {row["usage"] for row in rows if "project_id" not in row} == {0}
    assert {row["product"] for row in rows} == {"encoding", "storage", "cdn"}
    assert min(row["date"] for row in rows) == "2026-10-11T00:00:00Z"
    truth = client.account.truth()["billing_usage"]
    assert sum(row["usage"] for row in rows) == sum(row["usage"] for row in truth)
    plain = client.get("/v1/billing/usage", **SPAN)["data"]
    assert not any("project_id" in row for row in plain)
    project_id = next(row["project_id"] for row in truth if row["project_id"])
    asked = {**SPAN, "group_by": "project_id", "project_id": project_id}
    only = client.get("/v1/billing/usage", **asked)["data"]
    assert {row["project_id"] for row in only} == {project_id}
    assert client.error("/v1/billing/usage") == (422, 400400)
