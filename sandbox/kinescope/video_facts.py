"""Made videos in short: what lists filter and sort by, as a pure function of (seed, number).

The first forty hold every trap of the API page; later ones are plain with rare exceptions,
so that a large account looks like one.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from sandbox.kinescope import moments
from sandbox.kinescope.names import Ids
from sandbox.kinescope.texts import HARD_TITLES, LONG_TEXT, PLACES, QUALITIES, SUBJECTS

TRAPS = 40
"""So many videos at the beginning hold the traps."""
EPOCH = moments.at(2025, 10, 1)
SPAN_SECONDS = 380 * 86_400
"""All made videos come within this time after EPOCH, evenly."""
STATUSES = ("pending", "uploading", "pre-processing", "processing", "aborted", "error")
TRAP_STATUSES = {13: STATUSES[0], 17: STATUSES[1], 22: STATUSES[2], 26: STATUSES[3]} | {
    28: STATUSES[4],
    34: STATUSES[5],
    38: "suspended",  # not in the list of the page; the set is open
}
WITHOUT_PROJECT = 33


class Place(NamedTuple):
    """A project and its folders, for videos to lie in."""

    project_id: str
    folder_ids: tuple[str, ...]


class Facts(NamedTuple):
    """What lists filter and sort by, without building the whole record."""

    title: str
    description: str
    status: str
    project_id: str | None
    folder_id: str | None
    created_at: int
    updated_at: int | None
    duration: float
    noise: int


class FactsMaker:
    """The facts of video number i."""

    def __init__(
        self, ids: Ids, size: int, places: Sequence[Place], live_places: Sequence[Place]
    ) -> None:
        self.ids = ids
        self.step = max(1, min(6 * 3600, SPAN_SECONDS // max(size, 1))) * moments.SECOND
        self.salt = b"%d video " % ids.seed
        self._places = places
        self._live_places = live_places

    def id(self, number: int) -> str:
        return self.ids.of("video", number)

    def created_at(self, number: int) -> int:
        """Rises with the number; one in seventeen equals the one before it."""
        if number % 17 == 5:
            number -= 1
        return self._created_at(number, self._noise(number))

    def facts(self, number: int) -> Facts:
        noise = self._noise(number)
        if number < TRAPS:
            status = TRAP_STATUSES.get(number, "done")
        else:
            status = STATUSES[(noise >> 16) % 6] if not noise & 0xFF else "done"
        created_at = (
            self.created_at(number) if number % 17 == 5 else self._created_at(number, noise)
        )
        updated_at = None
        if noise >> 8 & 7 > 4 and (number >= TRAPS or status == "done"):
            updated_at = created_at + 60 * moments.SECOND + (noise >> 24) % (20 * moments.DAY)
            if number % 4 == 1:  # some with no fraction at all
                updated_at -= updated_at % moments.SECOND
        if number < len(HARD_TITLES):
            title = HARD_TITLES[number]
        else:
            title = (
                f"{QUALITIES[noise >> 70 & 7]} {SUBJECTS[noise >> 73 & 7]} "
                f"{PLACES[noise >> 76 & 7]} {(noise >> 79) % 1000}"
            )
        description = ""
        if number == 1:
            description = LONG_TEXT
        elif number % 5 == 2:
            description = f'About {SUBJECTS[noise >> 90 & 7]}s,\nrecorded "live".'
        place = None
        if number != WITHOUT_PROJECT:
            places = self._live_places if number % 13 == 11 else self._places
            place = places[(noise >> 96) % len(places)]
        folder_id = None
        if place is not None and place.folder_ids and noise >> 104 & 3:
            folder_id = place.folder_ids[(noise >> 106) % len(place.folder_ids)]
        duration = 0.0 if status != "done" else ((noise >> 100) % 7_200_000 + 1000) / 1000
        project_id = None if place is None else place.project_id
        return Facts(
            title,
            description,
            status,
            project_id,
            folder_id,
            created_at,
            updated_at,
            duration,
            noise,
        )

    def _noise(self, number: int) -> int:
        return int.from_bytes(blake2b(self.salt + b"%d" % number, digest_size=16).digest(), "big")

    def _created_at(self, number: int, noise: int) -> int:
        late = noise % (self.step // 2)
        if noise >> 40 & 7 == 0:
            late -= late % 100_000  # a single digit of fraction is left
        elif noise >> 40 & 31 == 1:
            late -= late % moments.SECOND
        return EPOCH + number * self.step + late
