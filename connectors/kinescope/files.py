"""Kinescope: originals, subtitles, posters and materials (API page, section 12).

Links to originals, subtitles and materials are signed and hold for 30 or 60 minutes: they are
asked for right before each download, never kept. A video's answer holds the links of all that
belongs to it, so it is asked for once for several files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.core import FileSource, Fresh, Resource
from connectors.core.files import Row
from connectors.kinescope.endpoints import ANNOTATIONS_OF_VIDEO, POSTERS_OF_VIDEO
from connectors.kinescope.tables import (
    ADDITIONAL_MATERIALS,
    ANNOTATIONS,
    LIVE_EVENTS,
    POSTERS,
    SUBTITLES,
    VIDEO_ASSETS,
)
from connectors.paging import get_path, records_at

HOSTS = ("own", "*.kinescope.io", "*.kinescopecdn.net", "kinescopecdn.net", "*.kinescope.dev")
"""Storage and delivery hosts of all recorded answers are below these names."""
LARGEST = 0
"""Originals are what one wants to have, whatever their size; `kollect plan` says it before."""
ONE_VIDEO = Resource("one_video", "/v1/videos/{video_id}")
MATERIAL_LINK = Resource("material_link", "/v1/additional-materials/{material_id}/link")
ONE_EVENT = Resource("one_event", "/v2/live/events/{event_id}")


def link_in(at: str, *members: str) -> Callable[[Any, Row, str], str | None]:
    """The first of these members of the record with the row's id."""

    def link(answer: Any, row: Row, _: str) -> str | None:
        for record in records_at(answer, at) or []:
            if isinstance(record, dict) and record.get("id") == row["id"]:
                return next((str(record[name]) for name in members if record.get(name)), None)
        return None

    return link


def plain_link(at: str) -> Callable[[Any, Row, str], str | None]:
    """The link at a path of the answer."""
    return lambda answer, row, base_url: str(get_path(answer, at) or "") or None


FILES = (
    FileSource(
        VIDEO_ASSETS,
        "original",
        "the video as it was uploaded",
        only={"quality": "original"},
        size="file_size",
        md5="md5",
        marks=("id", "file_size"),
        fresh=Fresh(
            ONE_VIDEO, {"video_id": "video_id"}, link_in("data.assets", "download_link", "url")
        ),
    ),
    FileSource(
        SUBTITLES,
        "url",
        "the subtitles' text",
        name="file_name",
        marks=("language", "file", "file_name", "hls_file"),
        fresh=Fresh(ONE_VIDEO, {"video_id": "video_id"}, link_in("data.subtitles", "url")),
    ),
    FileSource(
        POSTERS,
        "original",
        "a poster in its original size",
        address="original",
        kinds=("image/", "application/octet-stream", "binary/"),
        fresh=Fresh(POSTERS_OF_VIDEO, {"video_id": "video_id"}, link_in("data", "original")),
    ),
    FileSource(
        LIVE_EVENTS,
        "poster_original",
        "the poster of a live event",
        address="poster_original",
        kinds=("image/", "application/octet-stream", "binary/"),
        fresh=Fresh(ONE_EVENT, {"event_id": "id"}, plain_link("data.poster.original")),
    ),
    FileSource(
        ANNOTATIONS,
        "annotation_poster",
        "the image of an annotation",
        marks=("annotation_poster_id",),
        fresh=Fresh(ANNOTATIONS_OF_VIDEO, {"video_id": "media_id"}, link_in("data", "poster_url")),
    ),
    FileSource(
        ADDITIONAL_MATERIALS,
        "link",
        "a file offered beside a video",
        name="filename",
        size="size",
        marks=("storage_id", "size", "filename"),
        fresh=Fresh(MATERIAL_LINK, {"material_id": "id"}, plain_link("data.link")),
    ),
)
