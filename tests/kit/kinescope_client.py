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

KEYS = {
    "chapters": ("video_id", "position"),
    "playlist_items": ("playlist_id", "id"),
    "moderators": ("user_id",),
    "analytics": ("day", "video_id"),
    "billing_usage": ("day", "product", "project_id"),
}


def ask(account: Kinescope, target: str, headers: dict[str, str] | None = None) -> Response:
    """The answer to GET with the good token, or with other headers."""
    if headers is None:
        headers = {"authorization": f"Bearer {account.credentials()['KINESCOPE_API_TOKEN']}"}
    return account.answer(Request("GET", target, headers))


def get(account: Kinescope, target: str) -> Any:
    """What a good answer holds."""
    answer = ask(account, target)
    assert answer.status == 200, (target, answer.body)
    return json.loads(answer.body)


class Client:
    """Asks one stand-in with parameters by name, and page by page."""

    def __init__(self, account: Kinescope | None = None, **switches: Any) -> None:
        self.account = account or Kinescope(switches=switches)

    def ask(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Response:
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        return ask(self.account, target, headers)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask(path, **query)
        assert answer.status == 200, (path, query, answer.body)
        return json.loads(answer.body)

    def error(self, path: str, **query: Any) -> tuple[int, int]:
        """Status and code of a refusal."""
        answer = self.ask(path, **query)
        return answer.status, json.loads(answer.body)["error"]["code"]

    def pages(self, path: str, per_page: int = 100, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page until as many are read as `total` says."""
        page, read = 1, 0
        while True:
            answer = self.get(path, page=page, per_page=per_page, **query)
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


def analytics(client: Client) -> list[dict[str, Any]]:
    """All rows by day and video; a label is the beginning of the workspace's day in UTC."""
    query = {"from": "2026-10-01", "to": "2026-12-01", "group_entities": "video_id"}
    fields = "view,unique_view,play,watch_time"
    answer = client.get("/v1/analytics", group="day", fields=fields, **query)
    zone = ZoneInfo(answer["meta"]["time"]["timezone"])
    for row in answer["data"]:
        begins = datetime.fromisoformat(row["date"]).astimezone(zone)
        assert begins.hour == 0
        row["day"] = str(begins.date())
    rows: list[dict[str, Any]] = answer["data"]
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
