"""Single records of the Kinescope stand-in: traps, links, secrets, and forms by switch."""

from __future__ import annotations

import json
import re
from hashlib import md5
from typing import Any
from urllib.parse import urlsplit

from tests.kit.kinescope_client import Client

LINKED = ("poster_url", "url", "download_link")


def test_every_trap_of_the_page_is_in_the_first_forty_videos() -> None:
    """Both id forms and odd first letters, equal creation times, cut zeros, nulls, absences."""
    client = Client()
    rows = list(client.pages("/v1/videos", order="created_at.asc"))
    assert {len(row["id"]) for row in rows} == {22, 36}
    assert {"-", "_"} <= {row["id"][0] for row in rows}
    times = [row["created_at"] for row in rows]
    assert len(set(times)) < len(times)
    lengths = {len(time) for time in times} | {len(row["updated_at"] or "") for row in rows}
    assert {20, 27} <= lengths
    assert not any(re.search(r"\.\d*0Z$", time) for time in times)
    titles = [row["title"] for row in rows]
    assert "" in titles
    assert len(set(titles)) < 40
    assert {"pending", "uploading", "pre-processing", "processing", "aborted", "error"} <= {
        row["status"] for row in rows
    }
    assert any("player_id" not in row for row in rows)
    assert any(row["project_id"] is None for row in rows)
    assert any(
        row["status"] == "done" and row["assets"][0]["quality"] != "original" for row in rows
    )
    renditions = [asset for row in rows for asset in row["assets"] if "md5" not in asset]
    assert "00000000-0000-0000-0000-000000000000" in {asset["video_id"] for asset in renditions}
    assert {asset.get("download_link", "absent")[:1] for asset in renditions} == {"", "a", "h"}
    assert any(asset["file_size"] > 2**32 for asset in renditions)
    players = {row["id"] for row in client.get("/v1/players")["data"]}
    assert {row.get("player_id", "") for row in rows} - players - {""}


def test_signed_links_are_fresh_at_each_read_and_all_carry_the_canary() -> None:
    """Two reads of one video differ in nothing but links and the order of assets."""
    client = Client()
    video_id = client.account.library.id(1)
    first = client.get(f"/v1/videos/{video_id}")["data"]
    again = client.get(f"/v1/videos/{video_id}")["data"]
    original = first["assets"][-1]
    assert "sign=CANARY" in original["url"]
    assert "X-Amz-Signature=CANARY" in original["download_link"]
    assert original["url"] != again["assets"][-1]["url"]
    for video in (first, again):
        for asset in video["assets"]:
            for link in LINKED:
                asset.pop(link, None)
    assert first == again
    listed = next(row for row in client.pages("/v1/videos") if row["id"] == video_id)
    order = [asset["id"] for asset in listed["assets"]]
    assert order == [asset["id"] for asset in reversed(first["assets"])]


def test_all_secrets_are_served_somewhere_and_never_in_the_truth() -> None:
    """Each recognisable part occurs in some answer; none in any row of the truth."""
    client = Client(audio_tracks=True)
    paths = ["/v1/webhooks", "/v1/access-tokens", "/v1/cdn/zones", "/v1/playlists"]
    paths += ["/v2/live/events", "/v1/videos?per_page=100"]
    stream = next(row["stream"] for row in client.get("/v2/live/events")["data"] if row["stream"])
    paths += [f"/v2/live/events/{stream['event_id']}/stream/{stream['id']}/chat.json"]
    paths += [f"/v1/drm/auth/{next(iter(client.account.tables['projects']))}"]
    served = b"".join(client.ask(path).body for path in paths).decode()
    truth = json.dumps(client.account.truth(), ensure_ascii=False)
    for part in client.account.secrets():
        assert part in served
        assert part not in truth


def test_children_are_read_by_their_own_addresses() -> None:
    """Poster, subtitle, annotation and material link by id; unknown ids give 404404."""
    client = Client()
    truth = client.account.truth()
    for table in ("posters", "subtitles", "annotations"):
        for row in truth[table]:
            parent = row["media_id"] if table == "annotations" else row["video_id"]
            address = f"/v1/videos/{parent}/{table}"
            assert client.get(f"{address}/{row['id']}")["data"]["id"] == row["id"]
        assert client.error(f"{address}/nobody") == (404, 404404)
    for row in truth["additional_materials"]:
        assert "CANARY" in client.get(f"/v1/additional-materials/{row['id']}/link")["data"]["link"]
    assert client.error("/v1/videos/nobody") == (404, 404404)
    assert client.error("/v1/additional-materials/nobody/link") == (404, 404404)


def test_a_subtitle_list_may_be_a_list_an_object_or_null() -> None:
    """One subtitle as an object, none as null, by switch; several are always a list."""
    client = Client()
    owners = [row["video_id"] for row in client.account.truth()["subtitles"]]
    single = next(video_id for video_id in owners if owners.count(video_id) == 1)
    none = client.account.library.id(0)
    kinds = {}
    for form in ("list", "object", "null"):
        client.account.switch("subtitle_list", form)
        kinds[form] = [
            type(client.get(f"/v1/videos/{video_id}/subtitles")["data"]).__name__
            for video_id in (single, none)
        ]
    assert kinds == {
        "list": ["list", "list"],
        "object": ["dict", "list"],
        "null": ["list", "NoneType"],
    }


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


def test_annotations_hide_their_type_in_lists() -> None:
    """The list shows an empty type and the poster's link, the single one its type alone."""
    client = Client()
    row = client.account.truth()["annotations"][0]
    path = f"/v1/videos/{row['media_id']}/annotations"
    listed = client.get(path)["data"][0]
    assert listed["annotation_type"] == ""
    assert "CANARY" in listed["poster_url"]
    single = client.get(f"{path}/{row['id']}")["data"]
    assert single["annotation_type"] == "text"
    assert "poster_url" not in single
    client.account.switch("annotation_type_in_list", "filled")
    assert client.get(path)["data"][0]["annotation_type"] == "text"


def test_live_projects_come_only_when_asked_for() -> None:
    """The default is vod; videos may lie in live projects all the same."""
    client = Client()
    vod = {row["id"] for row in client.pages("/v1/projects")}
    live = {row["id"] for row in client.pages("/v1/projects", catalog_type="live")}
    assert len(vod) == 5
    assert len(live) == 2
    assert not vod & live
    assert {row["project_id"] for row in client.pages("/v1/videos")} & live
    assert client.error("/v1/projects", catalog_type="all") == (422, 400400)
    found = client.get(f"/v1/projects/{min(live)}")["data"]
    assert found["id"] == min(live)


def test_folders_of_lower_levels_may_be_in_projects_only() -> None:
    """With the switch, the folder list has the top level; embedded folders are complete."""
    client = Client()
    project = max(client.pages("/v1/projects"), key=lambda row: len(row["folders"]))
    path = f"/v1/projects/{project['id']}/folders"
    assert client.get(path)["meta"]["pagination"] == {"page": 1, "per_page": 10, "total": 12}
    folder = client.get(f"{path}/{project['folders'][2]['id']}")["data"]
    assert folder["parent_id"] == project["folders"][0]["id"]
    client.account.switch("folder_levels", "top")
    assert len(list(client.pages(path))) < 12
    again = client.get(f"/v1/projects/{project['id']}")["data"]
    assert len(again["folders"]) == 12


def test_unshown_lists_come_plain_or_paged() -> None:
    """Plain holds all rows; paged holds ten with meta; event videos have pages in both."""
    client = Client()
    assert set(client.get("/v1/tags")) == {"data"}
    assert len(client.get("/v1/tags")["data"]) == 12
    event_id = next(iter(client.account.event_videos))
    assert set(client.get(f"/v2/live/events/{event_id}/videos")) == {"data"}
    client.account.switch("unshown_lists", "paged")
    answer = client.get("/v1/tags")
    assert answer["meta"]["pagination"] == {"page": 1, "per_page": 10, "total": 12}
    assert len(answer["data"]) == 10
    assert client.get(f"/v2/live/events/{event_id}/videos", per_page=1)["meta"]["pagination"][
        "total"
    ] == len(client.account.event_videos[event_id])


def test_undocumented_paging_may_be_ignored() -> None:
    """File requests then give ten rows, whatever is asked, under the true total."""
    client = Client()
    assert len(client.get("/v1/file-requests", per_page=100)["data"]) == 12
    assert len(client.get("/v1/file-requests", archived="true")["data"]) == 3
    client.account.switch("paging_where_undocumented", "ignored")
    answer = client.get("/v1/file-requests", per_page=100)
    assert len(answer["data"]) == 10
    assert answer["meta"]["pagination"] == {"page": 1, "per_page": 10, "total": 12}
    assert client.get("/v1/access-tokens", per_page=1)["meta"]["limit"] == 10


def test_unset_drm_is_a_404_that_is_no_error() -> None:
    """The workspace and one project have it, the others answer 404404."""
    client = Client()
    first, second, *_ = client.account.tables["projects"]
    assert client.get("/v1/drm/auth")["data"]["password"] == ""
    assert client.get(f"/v1/drm/auth/{first}")["data"]["password"].startswith("canary-")
    assert client.error(f"/v1/drm/auth/{second}") == (404, 404404)


def test_csv_is_given_on_some_paths_and_json_on_the_others() -> None:
    """Invoices, usage, analytics and chat have CSV; a video list answers JSON with 200."""
    client = Client()
    span = {"from": "2026-11-01", "to": "2026-12-01"}
    stream = next(row["stream"] for row in client.get("/v2/live/events")["data"] if row["stream"])
    chat = f"/v2/live/events/{stream['event_id']}/stream/{stream['id']}/chat"
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/billing/invoices/123.csv", {}),
        ("/v1/billing/invoices/123", {}),
        ("/v1/billing/usage.csv", span),
        ("/v1/analytics.csv", span),
        ("/v1/videos.csv", {}),
        (f"{chat}.csv", {}),
        (f"{chat}.json", {}),
        (f"{chat}.txt", {}),
    ]
    answers = [client.ask(path, **query) for path, query in asked]
    kinds = [answer.headers["Content-Type"].split(";")[0] for answer in answers]
    csv, as_json = "text/csv", "application/json"
    assert kinds == [csv, as_json, csv, csv, as_json, csv, as_json, "text/plain"]


def test_restreams_may_be_shown_by_the_single_event_only() -> None:
    """With the switch the list shows none; the event and the restream itself do."""
    client = Client(restreams_in_event_list="empty")
    assert not any(row["restreams"] for row in client.pages("/v2/live/events"))
    row = client.account.truth()["restreams"][0]
    path = f"/v2/live/events/{row['event_id']}"
    assert row["id"] in {one["id"] for one in client.get(path)["data"]["restreams"]}
    assert client.get(f"{path}/restreams/{row['id']}")["data"]["key"].startswith("canary-")
    assert isinstance(client.get(f"{path}/qos")["data"], list)


def test_one_record_of_each_small_table_can_be_read() -> None:
    """By id as in the list, but a file request has a title there, and a token another scope."""
    client = Client()
    for path, table in (("players", "players"), ("moderators", "moderators")):
        record_id, record = next(iter(client.account.tables[table].items()))
        assert client.get(f"/v1/{path}/{record_id}")["data"] == record
    request_id = next(iter(client.account.tables["file_requests"]))
    assert "name" not in client.get(f"/v1/file-requests/{request_id}")["data"]
    token_id = next(iter(client.account.tables["access_tokens"]))
    assert client.get(f"/v1/access-tokens/{token_id}")["data"]["scope"] == ["api"]
    assert client.error("/v1/players/nobody") == (404, 404404)
    assert "Europe/Moscow" in {
        row["name"] for row in client.get("/v1/dictionaries/timezones")["data"]
    }


def test_files_are_served_without_a_token_until_their_link_expires() -> None:
    """The original's bytes fit file_size and md5; a token is refused; an hour later 403."""
    client = Client()
    client.account.serve_files_at("http://127.0.0.1:1")
    video = client.get(f"/v1/videos/{client.account.library.id(1)}")["data"]
    original = video["assets"][-1]
    parts = urlsplit(original["download_link"])
    target = f"{parts.path}?{parts.query}"
    assert parts.netloc == "127.0.0.1:1"
    answer = client.ask(target, headers={})
    assert answer.status == 200
    assert len(answer.body) == original["file_size"]
    assert md5(answer.body).hexdigest() == original["md5"]
    assert client.ask(target).status == 400
    assert client.account.tokens_sent_to_storage == 1
    client.account.jump_clock(4000)
    assert client.ask(target, headers={}).status == 403
