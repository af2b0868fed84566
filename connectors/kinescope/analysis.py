"""Kinescope: documents, and the addresses of videos and live events.

The id in `play_link` is a short one and not the record's `id` (notes.md), so it is the handle.
"""

from __future__ import annotations

from connectors.core.analysis import Analysis, Document, Parent, RecordAddress, Stamps

STAMPS: Stamps = {"created": "t.created_at", "updated": "t.updated_at"}
SHORT_ID = "regexp_extract(t.play_link, '([^/?#]+)/?$', 1)"
VIDEO: Parent = {"parent_kind": "'video'", "parent": "t.video_id"}

ANALYSIS = Analysis(
    documents=(
        Document(
            table="videos",
            kind="video",
            title="t.title",
            text="concat_ws(chr(10), nullif(t.subtitle, ''), nullif(t.description, ''))",
            url="t.play_link",
            parent_kind="CASE WHEN t.folder_id IS NULL THEN 'project' ELSE 'folder' END",
            parent="coalesce(t.folder_id, t.project_id)",
            handle=SHORT_ID,
            **STAMPS,
        ),
        Document(table="projects", kind="project", title="t.name", **STAMPS),
        Document(
            table="folders",
            kind="folder",
            title="t.name",
            parent_kind="'project'",
            parent="t.project_id",
            **STAMPS,
        ),
        Document(
            table="annotations",
            kind="annotation",
            title="t.title",
            parent_kind="'video'",
            parent="t.media_id",
            addresses=("t.link",),
            **STAMPS,
        ),
        Document(table="chapters", kind="chapter", title="t.title", **VIDEO),
        Document(
            table="subtitles", kind="subtitles", title="t.file_name", text="t.description", **VIDEO
        ),
        Document(table="additional_materials", kind="material", title="t.title", **VIDEO, **STAMPS),
        Document(
            table="playlists",
            kind="playlist",
            title="t.name",
            text="t.description",
            url="t.play_link",
            **STAMPS,
        ),
        Document(
            table="live_events",
            kind="live event",
            title="t.name",
            text="t.subtitle",
            url="t.play_link",
            handle=SHORT_ID,
            **STAMPS,
        ),
    ),
    addresses=tuple(
        RecordAddress(kind, r"(?i)kinescope\.io/(?:embed/)?([A-Za-z0-9-]+)/?(?:[?#]|$)")
        for kind in ("video", "live event")
    ),
)
