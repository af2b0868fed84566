"""The made account: how much there is of each kind, and which videos lie where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sandbox.core import Clock, Store
from sandbox.kinescope.figures import Figures
from sandbox.kinescope.library import Library
from sandbox.kinescope.records import INVOICES, OPEN_FILE_REQUESTS, Records
from sandbox.kinescope.video_parts import Record
from sandbox.kinescope.videos import VideoMaker
from sandbox.kinescope.words import HARD_TITLES, time_text

TOKEN = "ca9a21e5-70c4-4e9d-8b1f-5ec2e7000001"
"""The invented API token: a UUID, as the seed demands."""
CLOCK_START = datetime(2026, 11, 20, 9, tzinfo=UTC)
CLOCK_STEP = timedelta(seconds=7, microseconds=123_450)
MOST = 50
"""No small table is made longer than this, however many videos there are."""
NEW_NUMBERS = 1 << 30
"""Records that a change adds are numbered from here."""


class Item(NamedTuple):
    """A video in a playlist; positions count from 1."""

    position: int
    number: int


class Account(Records):
    """Everything that one workspace holds. Two made from the same size and seed are alike."""

    def __init__(self, size: int, seed: int) -> None:
        super().__init__(seed)
        self.clock = Clock(CLOCK_START, CLOCK_STEP)
        self._added = 0
        self._fill("players", 3, self._player)
        self._fill("tags", 12, self._tag)
        self._fill("privacy_domains", 3, self._privacy_domain)
        self._fill("projects", min(MOST, 5 + size // 20_000) + 2, self._project)
        live = list(self.records["projects"])[-2:]
        for project_id in live:
            self.records["projects"][project_id] |= {"name": "Live 📡", "_catalog": "live"}
        self.records["folders"] = Store()
        for number, project_id in enumerate(self.records["projects"]):
            self._make_folders(number, project_id)
        self._fill("file_requests", OPEN_FILE_REQUESTS + 3, self._file_request)
        self._fill("moderators", 3, self._moderator, key="user_id")
        self._fill("webhooks", 2, self._webhook)
        self._fill("playlists", min(MOST, 4 + size // 2_000), self._playlist)
        self._fill("live_events", min(MOST, 3 + size // 20_000), self._live_event)
        self._fill("invoices", len(INVOICES), self._invoice)
        maker = VideoMaker(
            self.ids,
            size,
            self._places("vod"),
            self._places("live"),
            list(self.records["players"]),
            [tag["tag"] for tag in self.records["tags"].values()],
        )
        self.library = Library(maker, size)
        self.figures = Figures(self.library, size, list(self.records["projects"]))
        self.added_materials: dict[str, int] = {}
        """Materials that a change added: id -> number of the video."""
        self.uploads: dict[str, bytes] = {}
        """The bytes of what a client uploaded: id of the asset, subtitle or material -> file."""
        self.playlist_items: dict[str, list[Item]] = {}
        for place, playlist_id in enumerate(self.records["playlists"]):
            # The fourth is empty; the others take every third video from another start.
            numbers = [] if place == 3 else range(place, min(size, 40 + place), 3)
            self.playlist_items[playlist_id] = [
                Item(position, number) for position, number in enumerate(numbers, start=1)
            ]
        self.event_videos: dict[str, list[int]] = {
            event_id: list(range(11 + 13 * place, min(size, 38), 26))
            for place, event_id in enumerate(self.records["live_events"])
        }

    def tick(self) -> str:
        """The clock moves one step; returns the new time as text."""
        return time_text(self.clock.tick())

    def new_number(self) -> int:
        self._added += 1
        return NEW_NUMBERS + self._added

    def new_id(self, kind: str) -> str:
        """An id that no record of this kind had before."""
        return self.ids.of(kind, self.new_number())

    def _fill(self, table: str, count: int, make: Callable[[int], Record], key: str = "id") -> None:
        self.records[table] = Store()
        for number in range(count):
            record = make(number)
            self.records[table][record[key]] = record

    def _make_folders(self, number: int, project_id: str) -> None:
        """A tree: the parent is none, the project itself or an earlier folder."""
        for place in range(12 if number == 1 else number % 4):  # 12 are more than a default page
            name = number * 100 + place
            earlier = self.ids.of("folder", max(name - 2, number * 100))
            folder_id = self.ids.of("folder", name)
            self.records["folders"][folder_id] = {
                "id": folder_id,
                "name": HARD_TITLES[place] or "2026/11",
                "project_id": project_id,
                "parent_id": (None, project_id, earlier)[place % 3],
                "size": 105_301_672,
                "items_count": 4,
                "created_at": self._time(name),
                "updated_at": self._time(name + 1) if place % 3 == 1 else None,
                "deleted_at": None,
            }
