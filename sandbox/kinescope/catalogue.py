"""Made records of the small tables: projects, folders, playlists, players, tags and access."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kinescope import moments
from sandbox.kinescope.names import Ids
from sandbox.kinescope.texts import HARD_TITLES, LONG_TEXT, SUBJECTS
from sandbox.kinescope.video_facts import EPOCH, Place

Record = dict[str, Any]
Table = dict[str, Record]
"""Records by id, in the order of their making."""

TOKEN = "ca9a21e5-70c4-4e9d-8b1f-5ec2e7000001"
"""The invented API token: a UUID, as the seed demands."""
MOST = 50
"""No small table is made longer than this, however many videos there are."""
NUMBER_OF_TAGS = 12
NUMBER_OF_FILE_REQUESTS = 12


class Catalogue:
    """The small tables of one account; `tables` maps a name to its records by id."""

    def __init__(self, ids: Ids, size: int) -> None:
        self.ids = ids
        self.workspace_id = ids.of("workspace", 0)
        self.live_project_ids: set[str] = set()
        number_of_projects = min(MOST, 5 + size // 20_000)
        self.tables: dict[str, Table] = {"projects": {}, "folders": {}}
        self._fill("players", 3, self._player)
        self._fill("tags", NUMBER_OF_TAGS, self._tag)
        self._fill("privacy_domains", 3, self._privacy_domain)
        for number in range(number_of_projects + 2):
            self._project(number, live=number >= number_of_projects)
        self._fill("file_requests", NUMBER_OF_FILE_REQUESTS + 3, self._file_request)
        self._fill("moderators", 3, self._moderator, key="user_id")
        self._fill("webhooks", 2, self._webhook)
        self._fill("access_tokens", 2, self._access_token)
        self._fill("cdn_zones", 1, self._cdn_zone)
        self.drm: dict[str | None, Record] = {
            None: self._drm(0),
            next(iter(self.tables["projects"])): self._drm(1),
        }
        """DRM authorization: of the workspace under None, and of projects."""
        self._fill("playlists", min(MOST, 4 + size // 2_000), self._playlist)

    @property
    def tag_names(self) -> list[str]:
        return [tag["tag"] for tag in self.tables["tags"].values()]

    def places(self, *, live: bool) -> list[Place]:
        """The projects of one kind with their folders, for videos to lie in."""
        return [
            Place(project_id, tuple(folder["id"] for folder in self.folders_of(project_id)))
            for project_id in self.tables["projects"]
            if (project_id in self.live_project_ids) is live
        ]

    def folders_of(self, project_id: str) -> list[Record]:
        return [
            folder
            for folder in self.tables["folders"].values()
            if folder["project_id"] == project_id
        ]

    def moment(self, number: int) -> str:
        """A creation time in the first weeks of the account; every third has no fraction."""
        moment = EPOCH - 40 * moments.DAY + number * 3_600 * moments.SECOND
        return moments.text(moment + (0 if number % 3 == 0 else 120_000 * number + 345_670))

    def _fill(
        self, table: str, count: int, make: Callable[[int], Record], *, key: str = "id"
    ) -> None:
        records = [make(number) for number in range(count)]
        self.tables[table] = {record[key]: record for record in records}

    def _project(self, number: int, *, live: bool) -> None:
        project_id = self.ids.of("project", number)
        self.tables["projects"][project_id] = {
            "id": project_id,
            "name": "Live 📡" if live else ("Home", "Курсы", "Home")[number % 3],
            "privacy_type": ("anywhere", "nowhere", "custom")[number % 3],
            "privacy_domains": ["example.org"] if number % 3 == 2 else [],
            "player_id": self.ids.of("player", number % 3) if number % 4 else None,
            "favorite": number == 1,
            "size": 137_939_273 + number * 5_000_000_000,
            "items_count": 6 + number,
            "created_at": self.moment(number),
            "updated_at": None if number % 2 else self.moment(number + 50),
            "encrypted": number == 3,
        }
        if live:
            self.live_project_ids.add(project_id)
        # The second project has more folders than the default page holds.
        for place in range(12 if number == 1 else number % 4):
            folder = number * 100 + place
            folder_id = self.ids.of("folder", folder)
            # A tree: the parent is none, the project itself or an earlier folder.
            parents = (None, project_id, self.ids.of("folder", max(folder - 2, number * 100)))
            self.tables["folders"][folder_id] = {
                "id": folder_id,
                "name": HARD_TITLES[place] or "2026/11",
                "project_id": project_id,
                "parent_id": parents[place % 3],
                "size": 105_301_672,
                "items_count": 4,
                "created_at": self.moment(folder),
                "updated_at": self.moment(folder + 1) if place % 3 == 1 else None,
                "deleted_at": None,
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
        folders = list(self.tables["folders"])
        projects = list(self.tables["projects"])
        places = folders if number % 2 and folders else projects
        archived = number >= NUMBER_OF_FILE_REQUESTS
        return {
            "id": self.ids.of("file request", number),
            "workspace_id": self.workspace_id,
            "name": f"Upload for {SUBJECTS[number % 8]} ⬆️",
            "uploading_location_id": places[number % len(places)],
            "expired_at": self.moment(900 + number) if number % 4 == 3 else None,
            "created_by": self.ids.of("user", 0) if number % 3 else None,
            "created_at": self.moment(400 + number),
            "updated_at": self.moment(500 + number) if number % 2 else None,
            "archived_at": self.moment(600 + number) if archived else None,
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

    def _access_token(self, number: int) -> Record:
        return {
            # The id may be the token itself (page, section 7); here the first one is.
            "id": self.ids.of("access token", number) if number else TOKEN,
            "name": ("backup", "upload form")[number],
            "workspace_id": self.workspace_id,
            "scope": {"api": {"permissions": ["read"]}, "upload": {"permissions": []}},
        }

    def _cdn_zone(self, number: int) -> Record:
        return {
            "id": self.ids.of("cdn zone", number),
            "host": "cdn.example.org",
            "origin": "origin.example.org",
            "scheme": "https",
            "alt_hosts": [],
            "ignore_query_strings": False,
            "access_control": {
                "jwt_secret": "canary-cdn-jwt",
                "secure_link": "canary-cdn-link",
                "basic_auth": {"username": "canary-cdn-user", "password": "canary-cdn-password"},
            },
        }

    def _drm(self, number: int) -> Record:
        return {
            "url": f"https://example.org/auth/{number}",
            "username": f"canary-drm-user-{number}" if number else "",
            "password": f"canary-drm-password-{number}" if number else "",
            "created_at": self.moment(700),
            "updated_at": None,
        }

    def _playlist(self, number: int) -> Record:
        parents = list(self.tables["folders" if number % 2 else "projects"])
        slug = f"pl{number:05d}"
        shared = number % 3 == 1
        hidden = f"canary-share-playlist-{number}"
        return {
            "id": self.ids.of("playlist", number),
            "workspace_id": self.workspace_id,
            "player_id": self.ids.of("player", number % 3),
            "parent_id": parents[number % len(parents)],
            "name": ("Best of", "Лучшее", "Best of", "")[number % 4],
            "description": LONG_TEXT if number == 2 else "",
            "privacy_type": "anywhere",
            "privacy_domains": ["example.org"] if number == 2 else [],
            "privacy_share": {
                "link_hash": hidden,
                "link": f"https://kinescope.io/pl/{slug}/{hidden}",
            }
            if shared
            else {},
            "tags": self.tag_names[:2] if number == 1 else [],
            "settings": {
                "sort_field": ("custom", "duration")[number % 2],
                "sort_order": "asc",
                "ignore_interactive_tools": number == 3,
            },
            "play_link": f"https://kinescope.io/pl/{slug}",
            "embed_link": f"https://kinescope.io/embed/pl/{slug}",
        }
