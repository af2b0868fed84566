"""Made live events with their streams, restreams and posters, and what happens in a stream."""

from __future__ import annotations

from typing import Any

from sandbox.kinescope import moments
from sandbox.kinescope.catalogue import Catalogue, Record, Table
from sandbox.kinescope.texts import HARD_TITLES

INGEST = "rtmp://rtmp.kinescope.invalid/live"


def make_events(catalogue: Catalogue, count: int) -> Table:
    """So many events; every key of the page occurs, some on a few events only."""
    events = [_event(catalogue, number) for number in range(count)]
    return {event["id"]: event for event in events}


def make_restream(catalogue: Catalogue, event_id: str, number: int, created_at: str) -> Record:
    """A copy of the stream to another platform; its key is a secret."""
    return {
        "id": catalogue.ids.of("restream", number),
        "event_id": event_id,
        "name": f"Restream {number} 📺",
        "url": f"rtmp://other.example.org/app/{number}",
        "key": f"canary-restream-{number}",
        "status": "disconnected",
        "enabled": number % 2 == 0,
        "description": "",
        "created_at": created_at,
        "updated_at": None,
    }


def make_stream(catalogue: Catalogue, event_id: str, number: int) -> Record:
    """A stream that waits for its sender."""
    return {
        "id": catalogue.ids.of("stream", number),
        "event_id": event_id,
        "status": "pending",
        "started_at": None,
        "finished_at": None,
    }


def _event(catalogue: Catalogue, number: int) -> Record:
    ids = catalogue.ids
    event_id = ids.of("event", number)
    created_at = catalogue.moment(200 + number)
    live = sorted(catalogue.live_project_ids)
    folders = list(catalogue.tables["folders"])
    stream: Record | None = None
    if number % 3 != 2:
        stream = make_stream(catalogue, event_id, number)
        if number % 3 == 1:
            stream |= {
                "status": "finished",
                "started_at": catalogue.moment(300 + number),
                "finished_at": catalogue.moment(301 + number),
            }
    restreams = number * 2 % 3 + (number == 0)
    key = f"canary-stream-{number}"
    extra: dict[str, Any] = {}
    if number % 2:  # keys that one recorded answer had
        extra = {"chat_preview": True, "show_members": False, "allow_chat_links": True}
        extra["moderators"] = [ids.of("user", 1)] if number == 1 else None
    return {
        "id": event_id,
        "workspace_id": catalogue.workspace_id,
        "parent_id": folders[number % len(folders)] if number % 3 == 1 else live[number % 2],
        "name": HARD_TITLES[(number + 1) % len(HARD_TITLES)] or "Event",
        "subtitle": "" if number % 2 else "every Monday",
        "type": "recurring" if number % 2 else "one-time",
        "streamkey": key,
        "auto_start": True,
        "protected": number == 2,
        "time_shift": False,
        "chat_after_stream": True,
        "chat_active": number != 1,
        "record": {"parent_id": live[0] if number % 2 else None},
        "video": {"presets": ["1080p", "720p"] if number == 1 else None},
        "audio": {"channel_mapping": None} if number != 2 else {},
        "restreams": [
            make_restream(catalogue, event_id, number * 4 + place, created_at)
            for place in range(restreams)
        ],
        "reconnect_window": 1800,
        "play_link": f"https://kinescope.io/{300_000_000 + number}",
        "rtmp_link": f"{INGEST}/{key}" if number % 2 else INGEST,
        "scheduled": {"time": catalogue.moment(900 + number) if number % 2 else None},
        "stream": stream,
        "created_at": created_at,
        "updated_at": catalogue.moment(250 + number) if number % 2 == 0 else None,
        "latency_mode": "standard",
        "poster": {
            "id": ids.of("live poster", number),
            "type": "image",
            "status": "done",
            "active": True,
            "from_time": 0,
            "to_time": 0,
        },
        **extra,
    }


def quality(event: Record) -> list[Record]:
    """Measurements of a running stream; none where nothing runs."""
    stream = event["stream"]
    if not stream or not stream["started_at"]:
        return []
    start = moments.of_text(stream["started_at"])
    return [
        {
            "bitrate_video": 2438 + place,
            "bitrate_audio": 156,
            "frame_rate": 30,
            "status": 0,
            "time": moments.text(start + place * 30 * moments.SECOND),
        }
        for place in range(3)
    ]


def chat(event: Record) -> list[Record]:
    """Two lines of a chat: personal data that no table of ours holds."""
    return [
        {"user": "Anna Ålund", "email": "canary-chat@example.org", "text": 'привет, "all"'},
        {"user": "guest", "email": "", "text": "👋\nsecond line"},
    ]
