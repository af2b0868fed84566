"""Kinescope: what is kept of projects, playlists, live events, figures and settings.

Field facts: connectors/kinescope/notes.md. Links to play a video are kept; signed links to
its bytes are not: they are dropped before anything is written and fetched fresh when needed.
"""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited

CREATED = col("created_at", "time", "when it was created")
UPDATED = col("updated_at", "time", "when it was changed last; NULL until then")
STAMPS = (CREATED, UPDATED)
WORKSPACE = col("workspace_id", "text", "the workspace of the token")
PRIVACY = (
    col("privacy_type", "text", "who may watch: `anywhere`, `nowhere`, `custom`"),
    col("privacy_domains", "json", "hosts that may embed it"),
)
POSTER_IMAGES = tuple(
    col(f"poster.{name}", "text", meaning)
    for name, meaning in (
        ("id", "the active poster"),
        ("status", "whether the active poster is ready"),
        ("original", "address of the active poster"),
    )
)


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

TAGS = Table(
    "tags",
    "A tag that videos can bear",
    (
        col("id", "text", "the tag's id"),
        col("tag", "text", "the tag", aliases=("name",)),
        col("archived", "boolean", "is no longer offered"),
        *STAMPS,
    ),
)

PLAYERS = Table(
    "players",
    "A player: how videos are shown",
    (
        col("id", "text", "the player's id"),
        col("name", "text", "its name"),
        col("settings", "json", "its settings"),
        col("ads", "json", "its advertisements"),
        *STAMPS,
    ),
)

PRIVACY_DOMAINS = Table(
    "privacy_domains",
    "A host that may embed videos",
    (
        col("id", "text", "the domain's id"),
        col("domain", "text", "the host name"),
        col("archived", "boolean", "is no longer offered"),
        *STAMPS,
    ),
)

LIVE_EVENTS = Table(
    "live_events",
    "A live event; its stream key is a secret and not kept",
    (
        col("id", "text", "the event's id"),
        WORKSPACE,
        col("parent_id", "text", "the folder or project that holds it"),
        col("name", "text", "its name"),
        col("subtitle", "text", "its second title"),
        col("type", "text", "`one-time` or `recurring`"),
        col("auto_start", "boolean", "starts by itself"),
        col("protected", "boolean", "is protected"),
        col("time_shift", "boolean", "can be rewound"),
        col("chat_after_stream", "boolean", "keeps its chat open afterwards"),
        col("chat_active", "boolean", "has a chat"),
        col("chat_preview", "boolean", "shows its chat before the start"),
        col("show_members", "boolean", "shows who watches"),
        col("allow_chat_links", "boolean", "allows links in the chat"),
        col("moderators", "json", "who moderates its chat"),
        col("record.parent_id", "text", "where its record is stored"),
        col("video.presets", "json", "renditions of its record"),
        col("audio.channel_mapping", "json", "its audio channels"),
        col("reconnect_window", "integer", "time for reconnecting", unit="seconds"),
        col("play_link", "text", "address of its page"),
        col("scheduled.time", "time", "when it is to begin"),
        col("latency_mode", "text", "its latency"),
        *POSTER_IMAGES,
        *STAMPS,
    ),
    newest="created_at",
)

LIVE_STREAMS = Table(
    "live_streams",
    "The stream of a live event",
    (
        inherited("event_id", "text", "the event"),
        col("id", "text", "the stream's id"),
        col("status", "text", "its state"),
        col("started_at", "time", "when it began"),
        col("finished_at", "time", "when it ended"),
    ),
    parents=(Reference("event_id", "live_events", owner=True),),
    newest="started_at",
    ignored=("event_id",),
)

RESTREAMS = Table(
    "restreams",
    "Another place to which a live event is sent; its key is a secret and not kept",
    (
        inherited("event_id", "text", "the event"),
        col("id", "text", "the restream's id"),
        col("name", "text", "its name"),
        col("url", "text", "where it is sent, without the key"),
        col("status", "text", "its state"),
        col("enabled", "boolean", "is switched on"),
        col("description", "text", "its description"),
        *STAMPS,
    ),
    parents=(Reference("event_id", "live_events", owner=True),),
    newest="created_at",
    ignored=("event_id",),
)

FILE_REQUESTS = Table(
    "file_requests",
    "A page on which others may upload videos",
    (
        col("id", "text", "the request's id"),
        WORKSPACE,
        col("name", "text", "its name", aliases=("title",)),
        col("description", "text", "its description"),
        col("uploading_location_id", "text", "the folder or project for the uploads"),
        col("expired_at", "time", "when it ends"),
        col("created_by", "text", "who made it"),
        *STAMPS,
        col("archived_at", "time", "when it was archived"),
        col("user_count", "integer", "people who used it", unit="people", unversioned=True),
        col("media_count", "integer", "uploads so far", unit="videos", unversioned=True),
    ),
    newest="created_at",
)

MODERATORS = Table(
    "moderators",
    "A person who may moderate chats; the e-mail is kept, passwords never are",
    (
        col("user_id", "text", "the person"),
        WORKSPACE,
        col("username", "text", "their name"),
        col("email", "text", "their e-mail address"),
        *STAMPS,
    ),
    key=("user_id",),
)

WEBHOOKS = Table(
    "webhooks",
    "An address that the service informs; its login and password are not kept",
    (
        col("id", "text", "the webhook's id"),
        col("name", "text", "its name"),
        col("endpoint", "text", "the address", aliases=("url", "endpoint_url")),
        col("events", "json", "what it is told of"),
        *STAMPS,
    ),
)

ANALYTICS = Table(
    "analytics",
    "What happened to one video on one day of the workspace's time zone",
    (
        col("day", "text", "the calendar day, YYYY-MM-DD, in the workspace's zone"),
        col("video_id", "text", "the video; empty text where the service names none"),
        WORKSPACE,
        col("date", "time", "the day's beginning as the service labels it (UTC)"),
        col("timezone", "text", "the zone in which days are cut"),
        *(
            col(name, "number" if unit == "seconds" else "integer", meaning, unit=unit)
            for name, unit, meaning in (
                ("view", "views", "views"),
                ("unique_view", "views", "views by different people"),
                ("play", "times", "playback started"),
                ("pause", "times", "playback paused"),
                ("seek", "times", "jumps"),
                ("replay", "times", "played again"),
                ("player_init", "times", "player prepared"),
                ("player_load", "times", "player loaded"),
                ("buffering_count", "times", "interruptions"),
                ("buffering_time", "seconds", "time of interruptions"),
                ("watch_time", "seconds", "time watched"),
            )
        ),
    ),
    key=("day", "video_id"),
    parents=(Reference("video_id", "videos", orphans=0.5),),
    newest="date",
    append_only=True,
)

BILLING_USAGE = Table(
    "billing_usage",
    "What was used of one product by one project on one day",
    (
        col("day", "text", "the calendar day, YYYY-MM-DD"),
        col("product", "text", "`encoding` (minutes), `storage` or `cdn` (bytes)"),
        col("project_id", "text", "the project; empty text where the service names none"),
        col("date", "time", "the day's beginning (UTC)"),
        col("usage", "number", "minutes or bytes, see product"),
    ),
    key=("day", "product", "project_id"),
    newest="date",
    append_only=True,
)
