"""Kinescope: what is kept of videos and of what belongs to them.

Field facts: connectors/kinescope/notes.md. Links to play a video are kept; signed links to
its bytes are not: they are dropped before anything is written and fetched fresh when needed.
"""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kinescope.tables.shared import POSTER_IMAGES, PRIVACY, STAMPS

VIDEO_ID = inherited("video_id", "text", "the video that it belongs to")
OF_VIDEO = Reference("video_id", "videos", owner=True)

VIDEOS = Table(
    "videos",
    "One video with its texts, state and links",
    (
        col("id", "text", "the video's id, a UUID or a short id"),
        col("project_id", "text", "the project that holds it"),
        col("folder_id", "text", "the folder that holds it; NULL directly in the project"),
        col("player_id", "text", "the player that shows it"),
        col("version", "integer", "grows when the media is replaced"),
        col("title", "text", "its title"),
        col("subtitle", "text", "its second title"),
        col("description", "text", "its description"),
        col("status", "text", "`done`, `pending`, `uploading`, `processing`, `error` ..."),
        col("progress", "number", "progress of processing", unit="per cent", unversioned=True),
        col("duration", "number", "length", unit="seconds"),
        *PRIVACY,
        col("tags", "json", "its tags"),
        col("play_link", "text", "address of its page"),
        col("embed_link", "text", "address for embedding"),
        col("hls_link", "text", "address of its HLS manifest"),
        col("chapters.enabled", "boolean", "shows its chapters"),
        col("chapters.show_on_load", "boolean", "shows its chapters at the start"),
        *POSTER_IMAGES,
        col("additional_materials_enabled", "boolean", "shows its additional materials"),
        col("subtitles_enabled", "boolean", "shows its subtitles"),
        col("annotation_text_enabled", "boolean", "shows text annotations"),
        col("annotation_video_enabled", "boolean", "shows video annotations"),
        *STAMPS,
    ),
    parents=(
        Reference("project_id", "projects"),
        Reference("folder_id", "folders"),
        Reference("player_id", "players", orphans=1.0),
    ),
    newest="created_at",
    ignored=("short_id", "workspace_id", "storage_id", "deleted_at"),
)

VIDEO_ASSETS = Table(
    "video_assets",
    "One media file of a video: the original or a rendition",
    (
        VIDEO_ID,
        col("id", "text", "the asset's id"),
        col("original_name", "text", "`original`, `1080p.mp4` ..."),
        col("file_size", "integer", "size", unit="bytes"),
        col("md5", "text", "MD5 of the original"),
        col("filetype", "text", "container format"),
        col("quality", "text", "`original`, `360p` to `2160p`"),
        col("resolution", "text", "width x height in pixels"),
        *STAMPS,
        col("deleted_at", "time", "when it was deleted, where the service shows that"),
    ),
    parents=(OF_VIDEO,),
    newest="created_at",
    ignored=("video_id",),
)

CHAPTERS = Table(
    "chapters",
    "One chapter mark of a video",
    (
        VIDEO_ID,
        inherited("position", "integer", "its place, counted from 0"),
        col("time", "integer", "where it begins", unit="milliseconds"),
        col("title", "text", "its title"),
    ),
    key=("video_id", "position"),
    parents=(OF_VIDEO,),
)

POSTERS = Table(
    "posters",
    "One poster of a video; the active one is shown",
    (
        VIDEO_ID,
        col("id", "text", "the poster's id"),
        col("status", "text", "whether it is ready"),
        col("active", "boolean", "is the one shown"),
        col("original", "text", "address of the image"),
        col("md", "text", "address of the middle size"),
        col("sm", "text", "address of the small size"),
        col("xs", "text", "address of the smallest size"),
        col("type", "text", "kind of poster"),
        col("media_id", "text", "the service's inner id of the media"),
        col("from_time", "number", "the moment it shows", unit="seconds"),
        col("to_time", "number", "the end of the moment it shows", unit="seconds"),
    ),
    parents=(OF_VIDEO,),
    ignored=("video_id", "storage_id"),
)

SUBTITLES = Table(
    "subtitles",
    "One subtitle track of a video",
    (
        VIDEO_ID,
        col("id", "text", "the track's id"),
        col("description", "text", "its name for viewers"),
        col("language", "text", "its language"),
        col("file", "text", "the file as stored"),
        col("file_name", "text", "the file as uploaded"),
        col("hls_file", "text", "the file for HLS"),
    ),
    parents=(OF_VIDEO,),
    ignored=("video_id",),
)

ANNOTATIONS = Table(
    "annotations",
    "One text or video link shown within a video",
    (
        inherited("media_id", "text", "the video that shows it"),
        col("id", "text", "the annotation's id"),
        col("video_id", "text", "the video that it links to; NULL for texts"),
        col("annotation_type", "text", "`text` or `video`"),
        col("title", "text", "its text"),
        col("link", "text", "the address that it links to"),
        col("start_time", "integer", "when it appears", unit="milliseconds"),
        col("end_time", "integer", "when it vanishes", unit="milliseconds"),
        col("annotation_poster_id", "text", "its image"),
        *STAMPS,
    ),
    parents=(Reference("media_id", "videos", owner=True),),
    newest="created_at",
    ignored=("media_id",),
)

ADDITIONAL_MATERIALS = Table(
    "additional_materials",
    "One file offered beside a video",
    (
        VIDEO_ID,
        col("id", "text", "the material's id"),
        col("storage_id", "text", "where it is stored"),
        col("title", "text", "its title"),
        col("filename", "text", "its file name"),
        col("filetype", "text", "its media type"),
        col("size", "integer", "size", unit="bytes"),
        col("position", "integer", "its place in the list"),
        *STAMPS,
        col("deleted_at", "time", "when it was deleted, where the service shows that"),
    ),
    parents=(OF_VIDEO,),
    newest="created_at",
    ignored=("video_id",),
)
