"""Kinescope: projects, folders and playlists."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kinescope.tables.shared import PRIVACY, STAMPS, WORKSPACE

PROJECTS = Table(
    "projects",
    "A project: the top of the catalogue, for videos (vod) or live events",
    (
        col("id", "text", "the project's id"),
        col("name", "text", "its name"),
        inherited("catalog_type", "text", "the catalogue that lists it: `vod` or `live`"),
        *PRIVACY,
        col("player_id", "text", "the player for its videos"),
        col("favorite", "boolean", "is marked as favourite"),
        col("encrypted", "boolean", "its videos are encrypted"),
        col("size", "integer", "size of its content", unit="bytes", unversioned=True),
        col("items_count", "integer", "items in it", unit="items", unversioned=True),
        *STAMPS,
    ),
    newest="created_at",
)

FOLDERS = Table(
    "folders",
    "A folder of a project; folders nest by parent_id",
    (
        col("id", "text", "the folder's id"),
        col("name", "text", "its name"),
        inherited("project_id", "text", "the project that holds it"),
        col("parent_id", "text", "the folder or project above it"),
        col("size", "integer", "size of its content", unit="bytes", unversioned=True),
        col("items_count", "integer", "items in it", unit="items", unversioned=True),
        *STAMPS,
        col("deleted_at", "time", "when it was deleted, where the service shows that"),
    ),
    parents=(Reference("project_id", "projects", owner=True),),
    newest="created_at",
    ignored=("project_id",),
)

PLAYLISTS = Table(
    "playlists",
    "A list of videos in an order",
    (
        col("id", "text", "the playlist's id"),
        WORKSPACE,
        col("name", "text", "its name", aliases=("title",)),
        col("description", "text", "its description"),
        col("player_id", "text", "the player that shows it"),
        col("parent_id", "text", "the folder or project that holds it"),
        *PRIVACY,
        col("tags", "json", "its tags"),
        col("settings.sort_field", "text", "the field it is sorted by"),
        col("settings.sort_order", "text", "the direction of the order"),
        col("settings.ignore_interactive_tools", "boolean", "hides interactive tools"),
        col("play_link", "text", "address of its page"),
        col("embed_link", "text", "address for embedding"),
        *STAMPS,
    ),
)

PLAYLIST_ITEMS = Table(
    "playlist_items",
    "One video in one playlist",
    (
        inherited("playlist_id", "text", "the playlist"),
        col("id", "text", "the video"),
        col("position", "integer", "its place, counted from 1 by the service"),
        col("status", "text", "its state"),
        col("title", "text", "its title"),
        col("description", "text", "its description"),
        col("duration", "number", "length", unit="seconds"),
        *STAMPS,
    ),
    key=("playlist_id", "id"),
    parents=(
        Reference("playlist_id", "playlists", owner=True),
        Reference("id", "videos", orphans=0.2),
    ),
    newest="created_at",
)
