"""Kinescope: what is kept, table by table (field facts: connectors/kinescope/notes.md).

Links to play a video are kept; signed links to its bytes are not: they are dropped before
anything is written and asked for anew when needed.
"""

from __future__ import annotations

from connectors.kinescope.tables.figures import (
    ANALYTICS,
    ANALYTICS_OVERVIEW,
    BILLING_USAGE,
    INVOICES,
)
from connectors.kinescope.tables.library import (
    FOLDERS,
    PLAYLIST_ITEMS,
    PLAYLISTS,
    PROJECTS,
)
from connectors.kinescope.tables.live import (
    LIVE_EVENT_VIDEOS,
    LIVE_EVENTS,
    LIVE_STREAMS,
    RESTREAMS,
)
from connectors.kinescope.tables.videos import (
    ADDITIONAL_MATERIALS,
    ANNOTATIONS,
    CHAPTERS,
    POSTERS,
    SUBTITLES,
    VIDEO_ASSETS,
    VIDEOS,
)
from connectors.kinescope.tables.workspace import (
    FILE_REQUESTS,
    MODERATORS,
    PLAYERS,
    PRIVACY_DOMAINS,
    TAGS,
    WEBHOOKS,
)

__all__ = [
    "ADDITIONAL_MATERIALS",
    "ANALYTICS",
    "ANALYTICS_OVERVIEW",
    "ANNOTATIONS",
    "BILLING_USAGE",
    "CHAPTERS",
    "FILE_REQUESTS",
    "FOLDERS",
    "INVOICES",
    "LIVE_EVENTS",
    "LIVE_EVENT_VIDEOS",
    "LIVE_STREAMS",
    "MODERATORS",
    "PLAYERS",
    "PLAYLISTS",
    "PLAYLIST_ITEMS",
    "POSTERS",
    "PRIVACY_DOMAINS",
    "PROJECTS",
    "RESTREAMS",
    "SUBTITLES",
    "TAGS",
    "VIDEOS",
    "VIDEO_ASSETS",
    "WEBHOOKS",
]
