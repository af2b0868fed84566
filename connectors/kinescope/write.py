"""Kinescope: how a library is put back (API page, section 13).

Every record gets a new id, and nothing keeps its time. Videos are uploaded from their originals,
which are kept with `files = true`; an upload takes ASCII titles only, so texts and privacy are set
afterwards. A video bears a mark in its title until then, by which it is found again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from connectors.core.write import Restored, Row, Upload, Write, Writer
from connectors.kinescope.tables import (
    ADDITIONAL_MATERIALS,
    ANNOTATIONS,
    CHAPTERS,
    FOLDERS,
    PLAYERS,
    PLAYLIST_ITEMS,
    PLAYLISTS,
    POSTERS,
    PRIVACY_DOMAINS,
    PROJECTS,
    SUBTITLES,
    TAGS,
    VIDEO_ASSETS,
    VIDEOS,
)

UPLOADER = "https://uploader.kinescope.io"
MARK = re.compile(r"kollect restores ([0-9a-f]{32})")
"""The title of a video from its upload until its texts are set."""
PLACE = ("projects", "folders")
Body = Callable[[Restored], dict[str, Any]]


def id_in_answer(answer: Any, _: Restored) -> tuple[Any, ...]:
    return (answer["data"]["id"],)


def columns(*names: str) -> Body:
    """The body of these columns; JSON columns as JSON, fields that a payload lacked left out."""

    def body(record: Restored) -> dict[str, Any]:
        return {name: sent(record.row[name]) for name in names if record.row[name] is not None}

    return body


def sent(value: Any) -> Any:
    """A column as it is sent: lists and objects are text in the warehouse."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def texts_of(*names: str) -> Callable[[Row], tuple[Any, ...]]:
    """The twin of a record: the values of these columns."""
    return lambda row: tuple(row[name] for name in names)


def in_ascii(text: str | None) -> str:
    """The text as a header of the upload host can hold it."""
    return re.sub(r"[^ -~]+", "?", text or "")


def absent(*names: str) -> Callable[[Row], frozenset[str]]:
    """Fields that older payloads lack get the service's defaults."""
    return lambda row: frozenset(name for name in names if row.get(name) is None)


# Projects


def project_body(record: Restored) -> dict[str, Any]:
    """Short payloads tell nothing of privacy, which the service demands: then nobody may watch."""
    required = {"privacy_type": "nowhere", "privacy_domains": []}
    names = ("name", "privacy_type", "privacy_domains", "player_id", "encrypted", "catalog_type")
    return required | columns(*names)(record)


# Videos


def mark_of(row: Row) -> str:
    """What tells a video apart, but for its place."""
    found = MARK.fullmatch(row["title"] or "")
    if found:
        return found[1]
    texts = json.dumps([row["title"], row["description"]])
    return blake2b(texts.encode(), digest_size=16).hexdigest()


def video_twin(row: Row) -> tuple[Any, ...]:
    return row["project_id"], row["folder_id"], mark_of(row)


def video_headers(record: Restored) -> dict[str, str]:
    return {
        "X-Parent-ID": str(record.row["folder_id"] or record.row["project_id"]),
        "X-Video-Title": f"kollect restores {mark_of(record.old)}",
        "X-File-Name": "original",
    }


VIDEO_COLUMNS = (
    "title",
    "description",
    "privacy_type",
    "privacy_domains",
    "additional_materials_enabled",
    "tags",
)
VIDEO_TEXTS = Write("PATCH", "/v1/videos/{id}", columns(*VIDEO_COLUMNS), repeatable=True)


def refuse_video(row: Row, _: str) -> str:
    return "" if row["project_id"] else "a video in no project, where nothing can be uploaded to"


def refuse_asset(row: Row, _: str) -> str:
    return "" if row["quality"] == "original" else "made by the service from the original"


# What hangs on videos


def all_chapters(record: Restored) -> dict[str, Any]:
    rows = sorted((c.row for c in record.children["chapters"]), key=lambda row: row["position"])
    items = [{"time": row["time"], "title": row["title"]} for row in rows]
    return {"items": items, "enabled": True}


def annotation_body(record: Restored) -> dict[str, Any]:
    """Lists show no type, but only a video annotation links to a video."""
    body = columns("video_id", "title", "link", "start_time", "end_time")(record)
    return body | {"type": "video" if record.row["video_id"] else "text"}


def material_headers(record: Restored) -> dict[str, str]:
    row = record.row
    return {
        "X-Video-ID": str(row["video_id"]),
        "X-File-Name": in_ascii(row["filename"]) or "file",
        "X-Title": in_ascii(row["title"]),
        "Content-Type": row["filetype"] or "application/octet-stream",
    }


def refuse_poster(row: Row, _: str) -> str:
    if row["from_time"] is None:
        return "an image: the service takes none, only the moment of a video"
    return ""


# Playlists


def playlist_body(record: Restored) -> dict[str, Any]:
    rows = sorted((c.row for c in record.children["playlist_items"]), key=lambda r: r["position"])
    body = {"name": record.row["name"] or "", "parent_id": record.row["parent_id"]}
    return body | {"entity_ids": [row["id"] for row in rows]}


def item_body(record: Restored) -> dict[str, Any]:
    return {"entity_ids": [record.row["id"]]}


WRITERS = (
    Writer(
        TAGS,
        restores=("tag", "archived"),
        loses="its id",
        create=Write("POST", "/v1/tags", columns("tag", "archived")),
        new_key=id_in_answer,
        twin=texts_of("tag"),
        unique=True,
        made_up=absent("archived"),
    ),
    Writer(
        PRIVACY_DOMAINS,
        restores=("domain", "archived"),
        loses="its id",
        create=Write("POST", "/v1/privacy-domains", columns("domain", "archived")),
        new_key=id_in_answer,
        twin=texts_of("domain"),
        unique=True,
        made_up=absent("archived"),
    ),
    Writer(
        PLAYERS,
        restores=("name", "settings", "ads"),
        loses="its id",
        create=Write("POST", "/v1/players", columns("name", "settings", "ads")),
        new_key=id_in_answer,
        twin=texts_of("name"),
        made_up=absent("settings", "ads"),
    ),
    Writer(
        PROJECTS,
        restores=("name", "catalog_type", "privacy_type", "privacy_domains", "player_id"),
        loses="its id, times and mark as favourite",
        create=Write("POST", "/v1/projects", project_body),
        new_key=id_in_answer,
        twin=texts_of("catalog_type", "name"),
        made_up=absent("privacy_type", "privacy_domains", "player_id"),
        refers={"player_id": ("players",)},
        order=("created_at", "id"),
    ),
    Writer(
        FOLDERS,
        restores=("name", "project_id", "parent_id"),
        loses="its id and times",
        create=Write("POST", "/v1/projects/{project_id}/folders", columns("name", "parent_id")),
        new_key=id_in_answer,
        twin=texts_of("project_id", "parent_id", "name"),
        made_up=absent("parent_id"),
        refers={"parent_id": PLACE},
        order=("created_at", "id"),
    ),
    Writer(
        VIDEOS,
        restores=VIDEO_COLUMNS,
        loses="its id, links and times, second title, player, figures, links that share it, and "
        "whatever the service makes from the original anew",
        create=Write(
            "POST",
            "/v2/video",
            headers=video_headers,
            upload=Upload("video_assets", "original"),
            host=UPLOADER,
        ),
        finish=VIDEO_TEXTS,
        new_key=id_in_answer,
        twin=video_twin,
        update=VIDEO_TEXTS,
        refuses=refuse_video,
        made_up=absent(*VIDEO_COLUMNS),
        carries=("video_assets",),
        costs="encoding and storage of the original are charged",
        order=("created_at", "id"),
    ),
    Writer(
        VIDEO_ASSETS,
        restores=("file_size", "md5"),
        loses="its id and time",
        twin=texts_of("video_id", "quality", "file_size"),
        refuses=refuse_asset,
    ),
    Writer(
        CHAPTERS,
        restores=("time", "title"),
        loses="nothing",
        create=Write("PUT", "/v1/videos/{video_id}/chapters", all_chapters, repeatable=True),
        together="video_id",
        order=("video_id", "position"),
    ),
    Writer(
        SUBTITLES,
        restores=("language", "description"),
        loses="its id",
        create=Write(
            "POST",
            "/v1/videos/{video_id}/subtitles",
            columns("language", "description"),
            upload=Upload("subtitles", "url", part="file"),
        ),
        new_key=id_in_answer,
        twin=texts_of("video_id", "language", "description"),
        made_up=absent("description"),
    ),
    Writer(
        ANNOTATIONS,
        restores=("video_id", "title", "link", "start_time", "end_time"),
        loses="its id, times and image",
        create=Write("POST", "/v1/videos/{media_id}/annotations", annotation_body),
        new_key=id_in_answer,
        twin=texts_of("media_id", "video_id", "title", "link", "start_time", "end_time"),
        refers={"video_id": ("videos",)},
        order=("created_at", "id"),
    ),
    Writer(
        ADDITIONAL_MATERIALS,
        restores=("filename", "size"),
        loses="its id and times, and letters of its title that are not ASCII",
        create=Write(
            "POST",
            "/additional-material",
            headers=material_headers,
            upload=Upload("additional_materials", "link"),
            host=UPLOADER,
        ),
        new_key=id_in_answer,
        twin=texts_of("video_id", "filename", "size"),
        order=("video_id", "position"),
    ),
    Writer(
        POSTERS,
        restores=(),
        loses="its image, where it was uploaded",
        create=Write(
            "POST", "/v1/videos/{video_id}/posters", lambda r: {"from_time": r.row["from_time"]}
        ),
        new_key=id_in_answer,
        twin=texts_of("video_id", "from_time"),
        refuses=refuse_poster,
    ),
    Writer(
        PLAYLISTS,
        restores=("name", "parent_id"),
        loses="its id and links, description, player, privacy, tags and settings",
        create=Write("POST", "/v1/playlists", playlist_body),
        new_key=id_in_answer,
        twin=texts_of("parent_id", "name"),
        refers={"parent_id": PLACE},
        carries=("playlist_items",),
    ),
    Writer(
        PLAYLIST_ITEMS,
        restores=("position",),
        loses="nothing",
        create=Write("POST", "/v1/playlists/{playlist_id}/entities", item_body, repeatable=True),
        finish=Write(
            "PUT",
            "/v1/playlists/{playlist_id}/entities/{id}/move",
            columns("position"),
            repeatable=True,
        ),
        order=("playlist_id", "position"),
    ),
)
