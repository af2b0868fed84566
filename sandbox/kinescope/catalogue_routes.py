"""Answers about everything that is neither a video nor a figure."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.kinescope import live, view
from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.errors import invalid, not_found
from sandbox.kinescope.lists import (
    Asked,
    asked_order,
    asked_page,
    echo,
    first_ten,
    name_order,
    paged,
    sort_rows,
    unshown,
)
from sandbox.kinescope.routing import get
from sandbox.kinescope.state import State
from sandbox.kinescope.video_routes import one_of
from sandbox.service import Response

PLAYLIST_ORDER = ("name", "title", "description", "created_at", "updated_at")
ZONES = ("Europe/Moscow", "America/New_York", "Pacific/Auckland", "UTC")


@get("/v1/projects")
def projects(state: State, asked: Asked) -> Any:
    kind = asked.query.get("catalog_type") or "vod"
    if kind not in ("vod", "live"):
        form = state.settings["validation_errors"]
        raise invalid(form, "catalog_type", "oneof", "Must be one of: vod, live")
    live_ids = state.catalogue.live_project_ids
    rows = [
        view.project(state, project)
        for project in state.tables["projects"].values()
        if (project["id"] in live_ids) is (kind == "live")
    ]
    return paged(state, asked, rows, name_order(state, asked))


@get("/v1/projects/{project_id}")
def one_project(state: State, asked: Asked) -> Any:
    return {"data": view.project(state, record(state, "projects", asked.ids["project_id"]))}


@get("/v1/projects/{project_id}/folders")
def folders(state: State, asked: Asked) -> Any:
    project_id = record(state, "projects", asked.ids["project_id"])["id"]
    rows = state.folders_of(project_id)
    if state.settings["folder_levels"] == "top":
        rows = [row for row in rows if row["parent_id"] in (None, project_id)]
    shown = [view.folder(state, row) for row in rows]
    return paged(state, asked, shown, asked_order(asked, ("name", "created_at"), "name.asc"))


@get("/v1/projects/{project_id}/folders/{folder_id}")
def one_folder(state: State, asked: Asked) -> Any:
    found = one_of(state.folders_of(asked.ids["project_id"]), asked.ids["folder_id"])
    return {"data": view.folder(state, found)}


@get("/v1/playlists")
def playlists(state: State, asked: Asked) -> Any:
    orders = asked_order(asked, PLAYLIST_ORDER, "name.asc")
    page = asked_page(state, asked)
    rows = list(state.tables["playlists"].values())  # by creation, which the API never shows
    for order in reversed(orders):
        if order.field in ("created_at", "updated_at"):
            rows = rows[::-1] if order.descending else rows
        else:
            field = "description" if order.field == "description" else "name"
            rows.sort(key=itemgetter(field), reverse=order.descending)
    meta = {"pagination": page.meta(len(rows)), "order": echo(orders)}
    return {"meta": meta, "data": page.of(rows)}


@get("/v1/playlists/{playlist_id}")
def one_playlist(state: State, asked: Asked) -> Any:
    return {"data": record(state, "playlists", asked.ids["playlist_id"])}


@get("/v1/playlists/{playlist_id}/entities")
def playlist_items(state: State, asked: Asked) -> Any:
    playlist_id = record(state, "playlists", asked.ids["playlist_id"])["id"]
    return {"data": view.playlist_items(state, playlist_id)}


@get("/v1/tags")
def tags(state: State, asked: Asked) -> Any:
    return unshown(state, asked, list(state.tables["tags"].values()))


@get("/v1/players")
def players(state: State, asked: Asked) -> Any:
    return unshown(state, asked, list(state.tables["players"].values()))


@get("/v1/players/{player_id}")
def one_player(state: State, asked: Asked) -> Any:
    return {"data": record(state, "players", asked.ids["player_id"])}


@get("/v1/privacy-domains")
def privacy_domains(state: State, asked: Asked) -> Any:
    return unshown(state, asked, list(state.tables["privacy_domains"].values()))


@get("/v1/moderators")
def moderators(state: State, asked: Asked) -> Any:
    return unshown(state, asked, list(state.tables["moderators"].values()))


@get("/v1/moderators/{user_id}")
def one_moderator(state: State, asked: Asked) -> Any:
    return {"data": record(state, "moderators", asked.ids["user_id"])}


@get("/v1/webhooks")
def webhooks(state: State, asked: Asked) -> Any:
    return unshown(state, asked, list(state.tables["webhooks"].values()))


@get("/v1/cdn/zones")
def cdn_zones(state: State, asked: Asked) -> Any:
    return unshown(state, asked, list(state.tables["cdn_zones"].values()))


@get("/v1/file-requests")
def file_requests(state: State, asked: Asked) -> Any:
    archived = asked.query.get("archived") == "true"
    rows = [
        row
        for row in state.tables["file_requests"].values()
        if (row["archived_at"] is not None) is archived
    ]
    return paged(state, first_ten(state, asked), rows, name_order(state, asked))


@get("/v1/file-requests/{file_request_id}")
def one_file_request(state: State, asked: Asked) -> Any:
    """Shown with title and description where lists show name (page, section 16)."""
    shown = dict(record(state, "file_requests", asked.ids["file_request_id"]))
    return {"data": {"title": shown.pop("name"), "description": "", **shown}}


@get("/v1/access-tokens")
def access_tokens(state: State, asked: Asked) -> Any:
    orders = name_order(state, asked)
    rows = list(state.tables["access_tokens"].values())
    sort_rows(rows, orders, lambda row, field: row[field], nulls="largest")
    page = asked_page(state, first_ten(state, asked))
    meta = {"offset": page.start, "limit": page.per_page, "total": len(rows)}
    return {"meta": {**meta, "order": echo(orders), "parent_id": None}, "data": page.of(rows)}


@get("/v1/access-tokens/{token_id}")
def one_access_token(state: State, asked: Asked) -> Any:
    """Shown in the older form: scope as a list, and credentials."""
    found = record(state, "access_tokens", asked.ids["token_id"])
    projects = [{"project_id": name, "folders": []} for name in list(state.tables["projects"])[:2]]
    older: Record = {"scope": ["api"], "credentials": {"upload": {"projects": projects}}}
    return {"data": {"id": found["id"], "name": found["name"], **older}}


@get("/v1/drm/auth")
def drm(state: State, asked: Asked) -> Any:
    return _drm(state, None)


@get("/v1/drm/auth/{project_id}")
def project_drm(state: State, asked: Asked) -> Any:
    return _drm(state, asked.ids["project_id"])


@get("/v1/dictionaries/timezones")
def timezones(state: State, asked: Asked) -> Any:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    rows = []
    for name in ZONES:
        offset = at.astimezone(ZoneInfo(name)).utcoffset()
        rows.append({"name": name, "offset": int(offset.total_seconds()) if offset else 0})
    return unshown(state, asked, rows)


@get("/v2/live/events")
def events(state: State, asked: Asked) -> Any:
    links = state.links()
    rows = list(state.tables["events"].values())
    for name in ("folder_id", "project_id"):
        if wanted := asked.query.get(name):
            rows = [row for row in rows if row["parent_id"] == wanted]
    if asked.query.get("without_folder") == "true":
        rows = [row for row in rows if row["parent_id"] not in state.tables["folders"]]
    shown = [view.event(state, row, links, in_list=True) for row in rows]
    orders = asked_order(asked, ("created_at", "name"), "created_at.desc")
    return paged(state, asked, shown, orders)


@get("/v2/live/events/{event_id}")
def one_event(state: State, asked: Asked) -> Any:
    found = record(state, "events", asked.ids["event_id"])
    return {"data": view.event(state, found, state.links(), in_list=False)}


@get("/v2/live/events/{event_id}/videos")
def event_videos(state: State, asked: Asked) -> Any:
    """Pages in both forms, since the parameters are documented; meta only in one."""
    event_id = record(state, "events", asked.ids["event_id"])["id"]
    orders = asked_order(asked, ("created_at",), "created_at.desc")
    page = asked_page(state, asked)
    numbers = [number for number in state.event_videos[event_id] if number in state.library]
    numbers.sort(key=state.library.created_at, reverse=orders[0].descending)
    links = state.links()
    shown = [view.video(state, number, links, in_list=True) for number in page.of(numbers)]
    if state.settings["unshown_lists"] == "plain":
        return {"data": shown}
    return {"meta": {"pagination": page.meta(len(numbers)), "order": echo(orders)}, "data": shown}


@get("/v2/live/events/{event_id}/restreams/{restream_id}")
def one_restream(state: State, asked: Asked) -> Any:
    found = record(state, "events", asked.ids["event_id"])
    return {"data": one_of(found["restreams"], asked.ids["restream_id"])}


@get("/v2/live/events/{event_id}/qos")
def event_quality(state: State, asked: Asked) -> Any:
    return {"data": live.quality(record(state, "events", asked.ids["event_id"]))}


@get("/v2/live/events/{event_id}/stream/{stream_id}/chat.{form}")
def event_chat(state: State, asked: Asked) -> Any:
    found = record(state, "events", asked.ids["event_id"])
    stream = found["stream"] or {}
    if stream.get("id") != asked.ids["stream_id"]:
        raise not_found()
    lines = live.chat(found)
    if asked.ids["form"] == "csv":
        return csv_of(lines)
    if asked.ids["form"] == "txt":
        return Response.of_text("\n".join(f"{line['user']}: {line['text']}" for line in lines))
    return {"data": lines}


def record(state: State, table: str, record_id: str) -> Record:
    """The record of this id; refuses with 404404 where there is none."""
    found = state.tables[table].get(record_id)
    if found is None:
        raise not_found()
    return found


def csv_of(rows: list[Record]) -> Response:
    """Rows as CSV with a header; comma and UTF-8 are assumed, no source says."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list({key: None for row in rows for key in row}))
        writer.writeheader()
        writer.writerows(rows)
    return Response.of_text(text.getvalue(), content_type="text/csv")


def _drm(state: State, project_id: str | None) -> Any:
    found = state.catalogue.drm.get(project_id)
    if found is None:
        raise not_found()
    return {"data": found}
