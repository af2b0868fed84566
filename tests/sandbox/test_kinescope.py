"""Kinescope: the traps of its API page, and that the truth follows them."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from hashlib import md5
from typing import Any

import pytest

from sandbox import Request
from sandbox.core import Lagging
from sandbox.kinescope import Kinescope
from tests.sandbox.kinescope_client import SPAN, Client

BARE = ["/v1/tags", "/v1/videos/{video}/annotations", "/v1/playlists/{playlist}/entities"]
BARE += ["/v1/billing/usage?from=2026-11-01&to=2026-12-01"]
"""Lists that the page shows without meta, or not at all, each with more than ten rows."""


def row_of(account: Kinescope, table: str, row_id: str) -> dict[str, Any]:
    """The one row of the truth with this id."""
    (found,) = [row for row in account.truth()[table] if row["id"] == row_id]
    return found


def ids(account: Kinescope, table: str) -> set[str]:
    return {row["id"] for row in account.truth()[table]}


# The whole


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


# Pages and orders


def test_pages_default_to_ten_and_echo_what_is_in_force() -> None:
    """Page 1 of 10 unless asked; meta repeats page, size, total and order."""
    answer = Client().get("/v1/videos")
    assert answer["meta"]["pagination"] == {"page": 1, "per_page": 10, "total": 40}
    assert answer["meta"]["order"] == {"title": "asc"}
    assert len(answer["data"]) == 10
    assert Client().get("/v1/videos", page=9, per_page=10)["data"] == []


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
