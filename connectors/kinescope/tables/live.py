"""Kinescope: live events, their streams and where they are sent."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kinescope.tables.shared import POSTER_IMAGES, STAMPS, WORKSPACE

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

LIVE_EVENT_VIDEOS = Table(
    "live_event_videos",
    "A video that is a recording of a live event",
    (
        inherited("event_id", "text", "the event"),
        col("id", "text", "the video", name="video_id"),
    ),
    key=("event_id", "video_id"),
    parents=(
        Reference("event_id", "live_events", owner=True),
        Reference("video_id", "videos", orphans=0.2),
    ),
)
