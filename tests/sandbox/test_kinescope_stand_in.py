"""The Kinescope stand-in answers as the API page says, in every form that the page leaves open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox.kinescope import Kinescope
from sandbox.service import Request, Response

KEYS = {
    "chapters": ("video_id", "position"),
    "playlist_items": ("playlist_id", "id"),
    "moderators": ("user_id",),
    "analytics": ("day", "video_id"),
    "billing_usage": ("day", "product", "project_id"),
}
LINKED = ("poster_url", "url", "download_link")


class Client:
    """Asks a stand-in without sockets."""

    def __init__(self, account: Kinescope | None = None, **switches: Any) -> None:
        self.account = account or Kinescope(switches=switches)
        token = self.account.credentials()["KINESCOPE_API_TOKEN"]
        self.headers = {"authorization": f"Bearer {token}"}

    def ask(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Response:
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        return self.account.answer(
            Request("GET", target, self.headers if headers is None else headers)
        )

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask(path, **query)
        assert answer.status == 200, (path, query, answer.body)
        return json.loads(answer.body)

    def error(self, path: str, **query: Any) -> tuple[int, int]:
        """Status and code of a refusal."""
        answer = self.ask(path, **query)
        return answer.status, json.loads(answer.body)["error"]["code"]

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page by the size that the answers echo."""
        page, read = 1, 0
        while True:
            answer = self.get(path, page=page, per_page=query.pop("per_page", 100), **query)
            rows = answer["data"]
            yield from rows
            read += len(rows)
            pagination = answer.get("meta", {}).get("pagination")
            if pagination is None or not rows or read >= pagination["total"]:
                return
            page += 1


def copy_of(client: Client) -> dict[str, list[dict[str, Any]]]:
    """The account as its lists show it, in the contract's tables; columns are not chosen."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in client.account.truth()}
    tables["projects"] = [
        project
        for kind in ("vod", "live")
        for project in client.pages("/v1/projects", catalog_type=kind)
    ]
    for project in tables["projects"]:
        tables["folders"] += project["folders"]
    for video in client.pages("/v1/videos", order="created_at.asc"):
        name = {"video_id": video["id"]}
        flags = {f"chapters_{key}": value for key, value in video["chapters"].items()}
        tables["videos"].append({**video, **flags})
        tables["video_assets"] += [{**one, **name} for one in video["assets"]]
        tables["chapters"] += [
            {**one, **name, "position": place}
            for place, one in enumerate(video["chapters"]["items"])
        ]
        tables["subtitles"] += [{**one, **name} for one in video["subtitles"]]
        tables["additional_materials"] += video["additional_materials"] or []
        address = f"/v1/videos/{video['id']}"
        tables["posters"] += [
            {**one, **name} for one in client.pages(f"{address}/posters", per_page=1)
        ]
        tables["annotations"] += client.get(f"{address}/annotations")["data"]
    for playlist in client.pages("/v1/playlists", order="name.asc"):
        settings = {f"settings_{key}": value for key, value in playlist["settings"].items()}
        tables["playlists"].append({**playlist, **settings})
        items = client.get(f"/v1/playlists/{playlist['id']}/entities")["data"]
        tables["playlist_items"] += [{**one, "playlist_id": playlist["id"]} for one in items]
    for event in client.pages("/v2/live/events", order="created_at.asc"):
        flat = {
            "record_parent_id": event["record"]["parent_id"],
            "video_presets": event["video"]["presets"],
            "audio_channel_mapping": event["audio"].get("channel_mapping"),
            "scheduled_time": event["scheduled"]["time"],
        }
        tables["live_events"].append({**event, **flat})
        tables["live_streams"] += [event["stream"]] if event["stream"] else []
        tables["restreams"] += event["restreams"]
    for table in ("tags", "players", "privacy_domains", "moderators", "webhooks"):
        tables[table] = list(client.pages(f"/v1/{table.replace('_', '-')}"))
    for archived in ("false", "true"):
        tables["file_requests"] += client.pages("/v1/file-requests", archived=archived)
    tables["analytics"] = analytics(client)
    span = {"from": "2026-09-01", "to": "2026-12-31", "group_by": "project_id"}
    tables["billing_usage"] = [
        {"project_id": "", **row, "day": row["date"][:10]}
        for row in client.get("/v1/billing/usage", **span)["data"]
    ]
    return tables


def analytics(client: Client, zone_hours: int = 3) -> list[dict[str, Any]]:
    """All rows by day and video; the label is the day's beginning in UTC."""
    query = {"from": "2026-10-01", "to": "2026-12-01", "group_entities": "video_id"}
    fields = "view,unique_view,play,watch_time"
    rows = client.get("/v1/analytics", group="day", fields=fields, **query)["data"]
    for row in rows:
        assert row["date"].endswith(f"T{24 - zone_hours}:00:00Z")
        eve = row["date"][:10]
        year_month, day = eve[:8], int(eve[8:])
        row["day"] = f"{year_month}{day + 1:02}" if day < 31 else "2026-11-01"
    return rows


def keyed(table: str, rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    key = KEYS.get(table, ("id",))
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows), f"{table} has two rows under one key"
    return found


def assert_same(client: Client) -> None:
    """What the routes show is what the truth says, in every table and column of the truth."""
    copy = copy_of(client)
    for table, rows in client.account.truth().items():
        truth, seen = keyed(table, rows), keyed(table, copy[table])
        assert truth.keys() == seen.keys(), table
        for key, row in truth.items():
            shown = {column: seen[key].get(column) for column in row}
            assert shown == row, table


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"unshown_lists": "paged", "largest_page": 10, "no_materials": "null"},
        {"project_form": "narrow", "annotation_type_in_list": "filled", "largest_page": 25},
    ],
)
def test_the_truth_is_what_all_lists_show_together(switches: dict[str, Any]) -> None:
    """A reader of every list ends with the truth; then again after rounds of changes."""
    client = Client(**switches)
    assert_same(client)
    for seed in range(4):
        assert client.account.change(seed)
        assert_same(client)


def test_every_table_of_the_contract_has_rows() -> None:
    """No table is empty at the default size, so no test passes over nothing."""
    truth = Kinescope().truth()
    assert len(truth) == 22
    assert [table for table, rows in truth.items() if not rows] == []


def test_equal_seeds_give_equal_accounts_and_others_differ() -> None:
    """Data follow from size and seed alone, also through a round of changes."""
    one, two, other = Kinescope(size=30), Kinescope(size=30), Kinescope(size=30, seed=2)
    assert one.change(5) == two.change(5)
    assert one.truth() == two.truth()
    assert not {row["id"] for row in one.truth()["videos"]} & {
        row["id"] for row in other.truth()["videos"]
    }


def test_a_missing_or_wrong_token_is_refused_in_either_form() -> None:
    """400 with 100101 and 401 with 100102 as probed; by switch 401 for both."""
    client = Client()
    wrong = {"authorization": "Bearer 00000000-0000-4000-8000-000000000000"}
    seen = [client.ask("/v1/tags", headers=headers) for headers in ({}, wrong)]
    codes = [json.loads(answer.body)["error"]["code"] for answer in seen]
    assert [answer.status for answer in seen] == [400, 401]
    assert codes == [100101, 100102]
    client.account.switch("auth_errors", "seed")
    assert [client.ask("/v1/tags", headers=headers).status for headers in ({}, wrong)] == [401, 401]


def test_every_answer_has_its_own_request_id() -> None:
    """Good answers, refusals, throttling and invented errors each carry a new X-Request-ID."""
    client = Client()
    service = client.account
    answers = [client.ask("/v1/videos"), client.ask("/v1/nothing"), client.ask("/v1/tags", {})]
    answers += [service.throttled(None), service.throttled(1.0), service.refused(503)]
    names = [answer.headers["X-Request-ID"] for answer in answers]
    assert len(set(names)) == len(names)
    assert [answer.status for answer in answers] == [200, 404, 400, 429, 429, 503]
    assert "Retry-After" not in answers[3].headers
    assert answers[4].headers["Retry-After"] == "1"
    assert {frozenset(json.loads(answer.body)["error"]) for answer in answers[1:]} == {
        frozenset({"code", "message"})
    }


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


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("/v1/videos", {"title": "asc"}),
        ("/v1/projects", {"name": "asc"}),
        ("/v1/file-requests", {"name": "asc"}),
        ("/v2/live/events", {"created_at": "desc"}),
        ("/v1/access-tokens", {"name": "asc"}),
    ],
)
def test_default_orders_differ_and_unknown_fields_are_refused(
    path: str, order: dict[str, str]
) -> None:
    """Without order each endpoint has its own; `id` is allowed nowhere: 400216."""
    client = Client()
    assert client.get(path)["meta"]["order"] == order
    assert client.error(path, order="id.asc") == (400, 400216)


def test_the_default_order_of_videos_and_undocumented_orders_are_switches() -> None:
    """Newest first as in the guidelines; and an order that is ignored, not refused."""
    client = Client(default_video_order="created_at.desc", order_where_undocumented="ignore")
    assert client.get("/v1/videos")["meta"]["order"] == {"created_at": "desc"}
    assert client.get("/v1/projects", order="created_at.desc")["meta"]["order"] == {"name": "asc"}


def test_orders_of_several_fields_apply_in_turn() -> None:
    """Direction defaults to asc; equal first fields are sorted by the second."""
    rows = list(Client().pages("/v1/videos", order="title,created_at.desc", per_page=7))
    for before, after in pairwise(rows):
        assert before["title"] <= after["title"]
        if before["title"] == after["title"]:
            assert len(before["created_at"]) < 20 or before["created_at"] > after["created_at"]


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
    stable = [row["id"] for row in Client().pages("/v1/videos", order="description", per_page=5)]
    assert len(set(stable)) == 40
    client = Client(ties="reversed on even pages")
    pages = [
        client.get("/v1/videos", order="description", per_page=5, page=page)["data"]
        for page in range(1, 9)
    ]
    assert len({row["id"] for rows in pages for row in rows}) < 40


def test_filters_leave_what_they_name() -> None:
    """status[] and video_ids[] may repeat; q looks in title and description; total follows."""
    client = Client()
    rows = list(client.pages("/v1/videos"))
    unfinished = list(client.pages("/v1/videos", **{"status[]": ["pending", "processing"]}))
    assert {row["status"] for row in unfinished} == {"pending", "processing"}
    ids = [rows[3]["id"], rows[20]["id"], "nobody"]
    found = client.get("/v1/videos", **{"video_ids[]": ids})
    assert {row["id"] for row in found["data"]} == set(ids[:2])
    assert found["meta"]["pagination"]["total"] == 2
    project_id, folder_id = (
        rows[0]["project_id"],
        next(filter(None, (r["folder_id"] for r in rows))),
    )
    inside = list(client.pages("/v1/videos", project_id=project_id))
    assert inside == [row for row in inside if row["project_id"] == project_id]
    assert all(r["folder_id"] == folder_id for r in client.pages("/v1/videos", folder_id=folder_id))
    loose = list(client.pages("/v1/videos", without_folder="true"))
    assert len(loose) == sum(row["folder_id"] is None for row in rows)
    assert [r["title"] for r in client.get("/v1/videos", q="ВИДЕО", per_page=100)["data"]] == []
    assert len(client.get("/v1/videos", q="hOmE")["data"]) == 2


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
    event = client.account.event_videos
    paths = ["/v1/webhooks", "/v1/access-tokens", "/v1/cdn/zones", "/v1/playlists"]
    paths += ["/v2/live/events", "/v1/videos?per_page=100"]
    streams = [row for row in client.get("/v2/live/events")["data"] if row["stream"]]
    chat = streams[0]["stream"]
    paths += [f"/v2/live/events/{chat['event_id']}/stream/{chat['id']}/chat.txt"[:-3] + "json"]
    paths += [f"/v1/drm/auth/{next(iter(client.account.tables['projects']))}"]
    served = b"".join(client.ask(path).body for path in paths).decode()
    truth = json.dumps(client.account.truth(), ensure_ascii=False)
    for part in client.account.secrets():
        assert part in served
        assert part not in truth
    assert len(event) == 3


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
    number_of = {
        row["video_id"]: sum(
            r["video_id"] == row["video_id"] for r in client.account.truth()["subtitles"]
        )
        for row in client.account.truth()["subtitles"]
    }
    single = next(video_id for video_id, count in number_of.items() if count == 1)
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
    kinds = {
        path: client.ask(path, **query).headers["Content-Type"].split(";")[0]
        for path, query in [
            ("/v1/billing/invoices/123.csv", {}),
            ("/v1/billing/invoices/123", {}),
            ("/v1/billing/usage.csv", span),
            ("/v1/analytics.csv", span),
            ("/v1/videos.csv", {}),
            (f"{chat}.csv", {}),
            (f"{chat}.json", {}),
            (f"{chat}.txt", {}),
        ]
    }
    csv, as_json = "text/csv", "application/json"
    assert list(kinds.values()) == [csv, as_json, csv, csv, as_json, csv, as_json, "text/plain"]


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
    assert __import__("hashlib").md5(answer.body).hexdigest() == original["md5"]
    assert client.ask(target).status == 400
    assert client.account.tokens_sent_to_storage == 1
    client.account.jump_clock(4000)
    assert client.ask(target, headers={}).status == 403
