"""The records of an account but for its videos: how each of the small tables is made.

Members of a record that begin with `_` are never shown.
"""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.core import Store
from sandbox.kinescope.ids import Ids
from sandbox.kinescope.video_parts import Record
from sandbox.kinescope.videos import EPOCH, Place
from sandbox.kinescope.words import HARD_TITLES, LONG_TEXT, SUBJECTS, time_text

OPEN_FILE_REQUESTS = 12
INVOICES = ("121", "122", "123")
"""The numbers of all invoices; no list shows them."""
INGEST = "rtmp://rtmp.kinescope.invalid/live"


class Records:
    """The small tables by id, in the order of their making, and the makers of their records."""

    def __init__(self, seed: int) -> None:
        self.ids = Ids(seed)
        self.workspace_id = self.ids.of("workspace", 0)
        self.records: dict[str, Store[str, Record]] = {}

    def folders_of(self, project_id: str) -> list[Record]:
        folders = self.records["folders"].values()
        return [folder for folder in folders if folder["project_id"] == project_id]

    def make_stream(self, event_id: str, number: int) -> Record:
        """A stream that waits for its sender."""
        return {
            "id": self.ids.of("stream", number),
            "event_id": event_id,
            "status": "pending",
            "started_at": None,
            "finished_at": None,
        }

    def make_restream(self, event_id: str, number: int, created_at: str) -> Record:
        """A copy of the stream to another platform; its key is a secret."""
        return {
            "id": self.ids.of("restream", number),
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

    def _time(self, number: int) -> str:
        """A creation time in the first weeks of the account; every third has no fraction."""
        late = 0 if number % 3 == 0 else 120_000 * number + 345_670
        return time_text(EPOCH - timedelta(days=40) + timedelta(hours=number, microseconds=late))

    def _id_in(self, table: str, number: int) -> str:
        """The id of one of the records of a table, round and round."""
        ids = list(self.records[table])
        return ids[number % len(ids)]

    def _places(self, catalog: str) -> list[Place]:
        """The projects of one kind with their folders, for videos to lie in."""
        return [
            Place(project_id, tuple(folder["id"] for folder in self.folders_of(project_id)))
            for project_id, project in self.records["projects"].items()
            if project["_catalog"] == catalog
        ]

    def _project(self, number: int) -> Record:
        return {
            "id": self.ids.of("project", number),
            "name": ("Home", "Курсы", "Home")[number % 3],
            "privacy_type": ("anywhere", "nowhere", "custom")[number % 3],
            "privacy_domains": ["example.org"] if number % 3 == 2 else [],
            "player_id": self._id_in("players", number) if number % 4 else None,
            "favorite": number == 1,
            "size": 137_939_273 + number * 5_000_000_000,
            "items_count": 6 + number,
            "created_at": self._time(number),
            "updated_at": None if number % 2 else self._time(number + 50),
            "encrypted": number == 3,
            "_catalog": "vod",
        }

    def _player(self, number: int) -> Record:
        advert = {
            "url": "https://ads.example.org/vast?x=1&y=2",
            "trigger": {"type": "midroll", "trigger_settings": {"interval": 30}},
            "countries": {"items": ["ru"], "type": "exclude"},
        }
        return {
            "id": self.ids.of("player", number),
            "name": f"Player {number}",
            "settings": {"color": "#ff00aa", "autoplay": False} if number else {},
            "ads": [advert] if number == 1 else [],
        }

    def _tag(self, number: int) -> Record:
        name = HARD_TITLES[number] or f"tag {number}"
        return {"id": self.ids.of("tag", number), "tag": name, "archived": number % 5 == 4}

    def _privacy_domain(self, number: int) -> Record:
        domain = ("example.org", "*.bücher.example", "old.example.org")[number]
        domain_id = self.ids.of("privacy domain", number)
        return {"id": domain_id, "domain": domain, "archived": number == 2}

    def _file_request(self, number: int) -> Record:
        archived = number >= OPEN_FILE_REQUESTS
        return {
            "id": self.ids.of("file request", number),
            "workspace_id": self.workspace_id,
            "name": f"Upload for {SUBJECTS[number % 8]} ⬆️",
            "uploading_location_id": self._id_in("folders" if number % 2 else "projects", number),
            "expired_at": self._time(900 + number) if number % 4 == 3 else None,
            "created_by": self.ids.of("user", 0) if number % 3 else None,
            "created_at": self._time(400 + number),
            "updated_at": self._time(500 + number) if number % 2 else None,
            "archived_at": self._time(600 + number) if archived else None,
            "user_count": number % 3,
            "media_count": number,
        }

    def _moderator(self, number: int) -> Record:
        return {
            "user_id": self.ids.of("user", number),
            "workspace_id": self.workspace_id,
            "username": ("Anna Ålund", "модератор", "mod-3")[number],
            "email": f"moderator{number}@example.org",
        }

    def _webhook(self, number: int) -> Record:
        return {
            "id": self.ids.of("webhook", number),
            "name": f"webhook {number}",
            "endpoint": f"https://hooks.example.org/kinescope/{number}",
            "login": f"canary-hook-login-{number}",
            "password": f"canary-hook-password-{number}",
            "events": ["media.update.status"] if number else [],
        }

    def _invoice(self, number: int) -> Record:
        """Only the seed knows invoices, and shows none: the fields are invented."""
        day = str(date(2026, 9 + number, 1))
        return {"id": INVOICES[number], "date": day, "amount": 1200.5, "currency": "RUB"}

    def _playlist(self, number: int) -> Record:
        link = f"https://kinescope.io/pl/pl{number:05d}"
        share = {}
        if number % 3 == 1:
            link_hash = f"canary-share-playlist-{number}"
            share = {"link_hash": link_hash, "link": f"{link}/{link_hash}"}
        return {
            "id": self.ids.of("playlist", number),
            "workspace_id": self.workspace_id,
            "player_id": self._id_in("players", number),
            "parent_id": self._id_in("folders" if number % 2 else "projects", number),
            "name": ("Best of", "Лучшее", "Best of", "")[number % 4],
            "description": LONG_TEXT if number == 2 else "",
            "privacy_type": "anywhere",
            "privacy_domains": ["example.org"] if number == 2 else [],
            "privacy_share": share,
            "tags": [HARD_TITLES[0], HARD_TITLES[1]] if number == 1 else [],
            "settings": {
                "sort_field": ("custom", "duration")[number % 2],
                "sort_order": "asc",
                "ignore_interactive_tools": number == 3,
            },
            "play_link": link,
            "embed_link": link.replace("/pl/", "/embed/pl/"),
        }

    def _live_event(self, number: int) -> Record:
        """Every key of the page occurs, some on a few events only."""
        event_id = self.ids.of("event", number)
        created_at = self._time(200 + number)
        live = [place.project_id for place in self._places("live")]
        in_folder = self._id_in("folders", number)
        key = f"canary-stream-{number}"
        stream = None if number % 3 == 2 else self.make_stream(event_id, number)
        if stream is not None and number % 3 == 1:
            times = {
                "started_at": self._time(300 + number),
                "finished_at": self._time(301 + number),
            }
            stream |= {"status": "finished", **times}
        restreams = number * 2 % 3 + (number == 0)
        event: Record = {
            "id": event_id,
            "workspace_id": self.workspace_id,
            "parent_id": in_folder if number % 3 == 1 else live[number % 2],
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
                self.make_restream(event_id, number * 4 + place, created_at)
                for place in range(restreams)
            ],
            "reconnect_window": 1800,
            "play_link": f"https://kinescope.io/{300_000_000 + number}",
            "rtmp_link": f"{INGEST}/{key}" if number % 2 else INGEST,
            "scheduled": {"time": self._time(900 + number) if number % 2 else None},
            "stream": stream,
            "created_at": created_at,
            "updated_at": self._time(250 + number) if number % 2 == 0 else None,
            "latency_mode": "standard",
            "poster": {
                "id": self.ids.of("live poster", number),
                "type": "image",
                "status": "done",
                "active": True,
                "from_time": 0,
                "to_time": 0,
            },
        }
        if number % 2:  # keys that one recorded answer had
            event |= {"chat_preview": True, "show_members": False, "allow_chat_links": True}
            event["moderators"] = [self.ids.of("user", 1)] if number == 1 else None
        return event
