"""A reader of the Kinescope stand-in without sockets, and a copy that it makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sandbox import Request, Response
from sandbox.kinescope import Kinescope
from sandbox.kinescope.figures import FIELDS

KEYS = {
    "chapters": ("video_id", "position"),
    "playlist_items": ("playlist_id", "id"),
    "live_event_videos": ("event_id", "video_id"),
    "moderators": ("user_id",),
    "analytics": ("day", "video_id"),
    "analytics_overview": ("day",),
    "billing_usage": ("day", "product", "project_id"),
}
SPAN = {"from": "2026-09-01", "to": "2026-12-31"}
Rows = list[dict[str, Any]]


class Client:
    """Asks one stand-in with parameters by name, and page by page."""

    def __init__(self, account: Kinescope | None = None, **switches: Any) -> None:
        self.account = account or Kinescope(switches=switches)

    def ask(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Response:
        """The answer to GET with the good token, or with other headers."""
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        if headers is None:
            token = self.account.credentials()["KINESCOPE_API_TOKEN"]
            headers = {"authorization": f"Bearer {token}"}
        return self.account.answer(Request("GET", target, headers))

    def get(self, path: str, **query: Any) -> Any:
        """What a good answer holds."""
        answer = self.ask(path, **query)
        assert answer.status == 200, (path, query, answer.body)
        return json.loads(answer.body)

    def error(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """Status and code of a refusal."""
        answer = self.ask(path, headers, **query)
        return answer.status, json.loads(answer.body)["error"]["code"]

    def pages(self, path: str, per_page: int = 100, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page until as many are read as `total` says; without a
        total, until a page is empty or the list came whole."""
        page, read, last = 1, 0, None
        while True:
            answer = self.get(path, page=page, per_page=per_page, **query)
            rows = answer["data"]
            first = rows[0].get("id", rows[0]) if rows else last
            if first == last:
                return
            yield from rows
            read += len(rows)
            pagination = answer.get("meta", {}).get("pagination")
            if pagination is not None and read >= pagination["total"]:
                return
            page, last = page + 1, first


def copy_of(client: Client) -> dict[str, Rows]:
    """The account as its lists show it, in the tables of the truth; columns are not chosen."""
    tables: dict[str, Rows] = {name: [] for name in client.account.truth()}
    for kind in ("vod", "live"):
        projects = client.pages("/v1/projects", catalog_type=kind)
        tables["projects"] += [{**project, "catalog_type": kind} for project in projects]
    for project in tables["projects"]:
        tables["folders"] += client.pages(f"/v1/projects/{project['id']}/folders")
    for video in client.pages("/v1/videos", order="created_at.asc"):
        _copy_video(client, tables, video)
    for playlist in client.pages("/v1/playlists", order="name.asc"):
        settings = {f"settings_{key}": value for key, value in playlist["settings"].items()}
        tables["playlists"].append({**playlist, **settings})
        items = client.pages(f"/v1/playlists/{playlist['id']}/entities")
        tables["playlist_items"] += [{**one, "playlist_id": playlist["id"]} for one in items]
    for event in client.pages("/v2/live/events", order="created_at.asc"):
        _copy_event(client, tables, event)
    for table in ("tags", "players", "privacy_domains", "moderators", "webhooks"):
        tables[table] = list(client.pages(f"/v1/{table.replace('_', '-')}"))
    for archived in ("false", "true"):
        tables["file_requests"] += client.pages("/v1/file-requests", archived=archived)
    _copy_figures(client, tables)
    return tables


def _copy_video(client: Client, tables: dict[str, Rows], video: dict[str, Any]) -> None:
    of_video = {"video_id": video["id"]}
    flags = {f"chapters_{key}": value for key, value in video["chapters"].items()}
    poster = {f"poster_{key}": value for key, value in (video["poster"] or {}).items()}
    tables["videos"].append({**video, **flags, **poster})
    tables["video_assets"] += [{**one, **of_video} for one in video["assets"]]
    tables["chapters"] += [
        {**one, **of_video, "position": place}
        for place, one in enumerate(video["chapters"]["items"])
    ]
    tables["subtitles"] += [{**one, **of_video} for one in video["subtitles"]]
    tables["additional_materials"] += video["additional_materials"] or []
    address = f"/v1/videos/{video['id']}"
    tables["posters"] += [{**one, **of_video} for one in client.pages(f"{address}/posters")]
    tables["annotations"] += client.pages(f"{address}/annotations")


def _copy_event(client: Client, tables: dict[str, Rows], event: dict[str, Any]) -> None:
    event = client.get(f"/v2/live/events/{event['id']}")["data"]
    flat = {
        "record_parent_id": event["record"]["parent_id"],
        "video_presets": event["video"]["presets"],
        "audio_channel_mapping": event["audio"].get("channel_mapping"),
        "scheduled_time": event["scheduled"]["time"],
    }
    flat |= {f"poster_{key}": value for key, value in event["poster"].items()}
    tables["live_events"].append({**event, **flat})
    tables["live_streams"] += [event["stream"]] if event["stream"] else []
    tables["restreams"] += event["restreams"]
    tables["live_event_videos"] += [
        {"event_id": event["id"], "video_id": video["id"]}
        for video in client.pages(f"/v2/live/events/{event['id']}/videos")
    ]


def _copy_figures(client: Client, tables: dict[str, Rows]) -> None:
    """A label of analytics is the beginning of the workspace's day in UTC."""
    asked = {"group_entities": "video_id", "fields": ",".join(FIELDS), **SPAN}
    answer = client.get("/v1/analytics", **asked)
    zone = ZoneInfo(answer["meta"]["time"]["timezone"])

    def day(row: dict[str, Any]) -> str:
        begins = datetime.fromisoformat(row["date"]).astimezone(zone)
        assert begins.hour == 0
        return str(begins.date())

    known = {"timezone": zone.key}
    tables["analytics"] = [{**row, **known, "day": day(row)} for row in answer["data"]]
    timeline = client.get("/v1/analytics/overview", **SPAN)["data"]["timeline"]
    days = {row["day"] for row in client.account.truth()["analytics_overview"]}
    tables["analytics_overview"] = [
        {**row, "day": day(row)} for row in timeline if day(row) in days
    ]
    tables["billing_usage"] = [
        {"project_id": "", **row, "day": row["date"][:10]}
        for row in client.pages("/v1/billing/usage", group_by="project_id", **SPAN)
    ]
    for invoice in client.account.truth()["invoices"]:
        found = client.get(f"/v1/billing/invoices/{invoice['id']}")["data"]
        tables["invoices"].append(found)


def assert_same(client: Client) -> None:
    """What the routes show is what the truth says, in every table and column of the truth."""
    copy = copy_of(client)
    for table, rows in client.account.truth().items():
        truth, seen = _keyed(table, rows), _keyed(table, copy[table])
        assert truth.keys() == seen.keys(), table
        for key, row in truth.items():
            shown = {column: seen[key].get(column) for column in row}
            assert shown == row, table


def _keyed(table: str, rows: Rows) -> dict[tuple[Any, ...], dict[str, Any]]:
    key = KEYS.get(table, ("id",))
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows), f"{table} has two rows under one key"
    return found
