"""Everything that one account is at a moment, with its clock; what answers and changes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from threading import RLock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sandbox.kinescope import links, moments
from sandbox.kinescope.catalogue import Catalogue, Record, Table
from sandbox.kinescope.figures import Figures
from sandbox.kinescope.library import Library
from sandbox.kinescope.links import Links
from sandbox.kinescope.live import make_events
from sandbox.kinescope.names import Ids
from sandbox.kinescope.switches import SWITCHES
from sandbox.kinescope.video import VideoMaker
from sandbox.kinescope.video_facts import FactsMaker
from sandbox.service import Request, Service, Window

CLOCK_START = moments.at(2026, 11, 20, 9)
CLOCK_STEP = 7 * moments.SECOND + 123_450
"""The clock moves so far at each change, and not otherwise."""
NEW_NUMBERS = 1 << 24
"""Records that a change adds are numbered from here, apart from videos."""


class Item(NamedTuple):
    """A video in a playlist; positions count from 1 and may have gaps."""

    position: int
    number: int


class State(Service):
    """The data of one account: `library` (videos), `tables`, `figures`, and its clock.

    Two made with the same size and seed are alike; nothing reads the wall clock.
    """

    name = "kinescope"
    may_hold_more = frozenset(("analytics", "billing_usage"))
    switches = SWITCHES
    windows = (Window(10, 1.0), Window(300, 60.0))

    def __init__(
        self, *, size: int = 40, seed: int = 1, switches: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(size=size, seed=seed, switches=switches)
        self.lock = RLock()
        self.after_answer: list[Callable[[Request, int], None]] = []
        """Each is called with the request and n once the n-th answer is built."""
        self.answers = 0
        self.refusals = 0
        self.files_base = links.DEFAULT_BASE
        self.tokens_sent_to_storage = 0
        """Downloads that carried an Authorization header, which storage must never see."""
        self.ids = Ids(seed)
        self.catalogue = Catalogue(self.ids, size)
        self.tables: dict[str, Table] = self.catalogue.tables  # type: ignore[assignment]  # until it is ported
        self.tables["events"] = make_events(self.catalogue, min(50, 3 + size // 20_000))
        places = self.catalogue.places(live=False)
        live_places = self.catalogue.places(live=True)
        maker = VideoMaker(
            FactsMaker(self.ids, size, places, live_places),
            list(self.tables["players"]),
            self.catalogue.tag_names,
        )
        self.library = Library(maker, size)
        self.added_materials: dict[str, int] = {}
        self.playlist_items: dict[str, list[Item]] = {}
        self.event_videos: dict[str, list[int]] = {}
        self._fill_playlists_and_events()
        self.figures = Figures(self.library, max(size, 1), list(self.tables["projects"]))
        self._clock = CLOCK_START
        self._created = 0

    def switch(self, name: str, value: Any) -> None:
        super().switch(name, value)
        if hasattr(self, "library"):  # the first switches are set before there are videos
            self.library.touch()

    def jump_clock(self, seconds: float) -> None:
        """Later changes and links carry times that much later, or earlier if negative."""
        with self.lock:
            self._clock += round(seconds * moments.SECOND)

    def serve_files_at(self, base: str) -> None:
        """All links to files lead to this address, e.g. the stand-in's own origin."""
        with self.lock:
            self.files_base = base.rstrip("/")
            self.library.touch()

    @property
    def today(self) -> date:
        """The last day with figures; setting it moves all days that have any."""
        return self.figures.today

    @today.setter
    def today(self, day: date) -> None:
        with self.lock:
            self.figures.set_today(day)

    def set_today(self, day: str) -> None:
        """The same for callers that have only text, such as the control interface."""
        self.today = date.fromisoformat(day)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings["timezone"])

    @property
    def clock_seconds(self) -> int:
        return self._clock // moments.SECOND

    def links(self) -> Links:
        """Links as this answer signs them."""
        return Links(self.files_base, self.answers, self.clock_seconds)

    def tick(self) -> str:
        """The clock moves one step; returns the new time as text."""
        self._clock += CLOCK_STEP
        return moments.text(self._clock)

    def new_id(self, kind: str) -> str:
        """An id that no record of this kind had before."""
        self._created += 1
        return self.ids.of(kind, NEW_NUMBERS + self._created)

    def new_number(self) -> int:
        self._created += 1
        return NEW_NUMBERS + self._created

    def folders_of(self, project_id: str) -> list[Record]:
        return self.catalogue.folders_of(project_id)

    def _fill_playlists_and_events(self) -> None:
        for place, playlist_id in enumerate(self.tables["playlists"]):
            # The fourth is empty; the others take every third video from another start.
            numbers = [] if place == 3 else range(place, min(self.size, 40 + place), 3)
            self.playlist_items[playlist_id] = [
                Item(position, number) for position, number in enumerate(numbers, start=1)
            ]
        for place, event_id in enumerate(self.tables["events"]):
            recorded = range(11 + 13 * place, min(self.size, 38), 26)
            self.event_videos[event_id] = list(recorded)
