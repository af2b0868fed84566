"""Made videos with all that hangs on them: video number i is a pure function of (seed, i).

The first forty hold every trap of the API page; later ones are plain with rare exceptions, so
that a large account looks like one. Records lack links, which `shapes` puts in at each read.
Members that begin with `_` are never shown: `_annotations` and `_posters` (the inactive ones),
which have addresses of their own, and `_renditions`, the form of their links.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, shake_256
from typing import NamedTuple

from sandbox.kinescope.ids import Ids
from sandbox.kinescope.video_parts import (
    Basis,
    Facts,
    Record,
    annotations_of,
    assets,
    chapters,
    inactive_posters,
    materials,
    poster,
    share,
    subtitles,
    uuid_of,
)
from sandbox.kinescope.words import (
    HARD_TITLES,
    LONG_TEXT,
    PLACES,
    QUALITIES,
    SUBJECTS,
    time_text,
)

TRAPS = 40
EPOCH = datetime(2025, 10, 1, tzinfo=UTC)
SPAN_SECONDS = 380 * 86_400
"""All made videos come within this time after EPOCH, evenly."""
STATUSES = ("pending", "uploading", "pre-processing", "processing", "aborted", "error")
TRAP_STATUSES = dict(zip((13, 17, 22, 26, 28, 34), STATUSES, strict=True)) | {
    38: "suspended"  # not in the list of the page; the set is open
}
FOREIGN_PLAYER = 21
WITHOUT_PROJECT = 33


class Place(NamedTuple):
    """A project and its folders, for videos to lie in."""

    project_id: str
    folder_ids: tuple[str, ...]


class VideoMaker:
    """Builds video number i and what lists need of it."""

    renditions = 3
    """How many a plain video has; a benchmark that wants records of another size sets it."""

    def __init__(
        self,
        ids: Ids,
        size: int,
        places: Sequence[Place],
        live_places: Sequence[Place],
        player_ids: Sequence[str],
        tags: Sequence[str],
    ) -> None:
        self.ids = ids
        self._step = max(1, min(6 * 3600, SPAN_SECONDS // max(size, 1))) * 1_000_000
        self._salt = b"%d video " % ids.seed
        self._places = places
        self._live_places = live_places
        self._player_ids = player_ids
        self._tags = tags

    def id(self, number: int) -> str:
        return self.ids.of("video", number)

    def created_at(self, number: int) -> datetime:
        """Rises with the number; one in seventeen equals the one before it."""
        if number % 17 == 5:
            number -= 1
        noise = self._noise(number)
        late = noise % (self._step // 2)
        if noise >> 40 & 7 == 0:
            late -= late % 100_000  # a single digit of fraction is left
        elif noise >> 40 & 31 == 1:
            late -= late % 1_000_000
        return EPOCH + timedelta(microseconds=number * self._step + late)

    def facts(self, number: int) -> Facts:
        noise = self._noise(number)
        if number < TRAPS:
            status = TRAP_STATUSES.get(number, "done")
        else:
            status = STATUSES[(noise >> 16) % 6] if not noise & 0xFF else "done"
        created_at, updated_at = self.created_at(number), None
        if noise >> 8 & 7 > 4 and (number >= TRAPS or status == "done"):
            late = 60_000_000 + (noise >> 24) % (20 * 86_400_000_000)
            updated_at = created_at + timedelta(microseconds=late)
            if number % 4 == 1:  # some with no fraction at all
                updated_at = updated_at.replace(microsecond=0)
        place = None
        if number != WITHOUT_PROJECT:
            places = self._live_places if number % 13 == 11 else self._places
            place = places[(noise >> 96) % len(places)]
        folder_id = None
        if place is not None and place.folder_ids and noise >> 104 & 3:
            folder_id = place.folder_ids[(noise >> 106) % len(place.folder_ids)]
        return Facts(
            title=_title(number, noise),
            description=_description(number, noise),
            status=status,
            project_id=None if place is None else place.project_id,
            folder_id=folder_id,
            created_at=created_at,
            updated_at=updated_at,
            duration=0.0 if status != "done" else ((noise >> 100) % 7_200_000 + 1000) / 1000,
            noise=noise,
        )

    def record(self, number: int) -> Record:
        """The video; the old form of record lacks keys that came later."""
        facts = self.facts(number)
        noise = facts.noise
        text = urlsafe_b64encode(shake_256(self._salt + b"%d" % number).digest(132)).decode()
        basis = Basis(number, self.id(number), facts, uuid_of(noise), text, number % 6 == 5)
        done = facts.status == "done"
        has_new_keys = not basis.is_old and (done or number >= TRAPS)
        page = 200_000_000 + number
        record: Record = {
            "id": basis.id,
            "project_id": facts.project_id,
            "folder_id": facts.folder_id,
            "version": noise >> 3 & 1,
            "title": facts.title,
            "description": facts.description,
            "status": facts.status,
            "progress": 0 if done else (noise >> 16) % 101,
            "duration": facts.duration or 0,
            "assets": assets(self.ids, basis, self.renditions) if done else [],
            "chapters": chapters(basis),
            "privacy_type": ("anywhere", "nowhere", "custom")[noise >> 4 & 1 or number % 3],
            "privacy_domains": [],
            "poster": poster(basis) if done else None,
            "additional_materials": materials(self.ids, basis),
            "play_link": f"https://kinescope.io/{page}",
            "embed_link": f"https://kinescope.io/embed/{page}",
            "hls_link": f"https://kinescope.io/{page}/master.m3u8",
            "created_at": time_text(facts.created_at),
            "updated_at": None if facts.updated_at is None else time_text(facts.updated_at),
            "subtitles": subtitles(self.ids, basis) if done else [],
            "_annotations": annotations_of(self.ids, basis),
            "_posters": inactive_posters(self.ids, basis),
            "_renditions": "open" if number % 10 == 3 else ("none", "empty")[number % 2],
        }
        if record["privacy_type"] == "custom":
            record["privacy_domains"] = ["example.org", "*.bücher.example"]
        record["additional_materials_enabled"] = bool(record["additional_materials"])
        record["subtitles_enabled"] = bool(record["subtitles"])
        if not basis.is_old:
            record["player_id"] = self._player(number, noise)
        if has_new_keys:
            record["subtitle"] = "part «one»" if number % 19 == 0 else ""
            record["privacy_share"] = share(number, page)
            record["tags"] = self._tags_of(number)
        if number % 11 == 4:
            record["annotation_text_enabled"] = True
            record["annotation_video_enabled"] = False
        return record

    def _noise(self, number: int) -> int:
        digest = blake2b(self._salt + b"%d" % number, digest_size=16).digest()
        return int.from_bytes(digest, "big")

    def _player(self, number: int, noise: int) -> str:
        if number % 40 == FOREIGN_PLAYER:
            return self.ids.of("foreign", number)
        return self._player_ids[(noise >> 60) % len(self._player_ids)]

    def _tags_of(self, number: int) -> list[str]:
        if number % 10 != 7:
            return []
        return [self._tags[(number + place) % len(self._tags)] for place in range(2)]


def _title(number: int, noise: int) -> str:
    if number < len(HARD_TITLES):
        return HARD_TITLES[number]
    words = (QUALITIES[noise >> 70 & 7], SUBJECTS[noise >> 73 & 7], PLACES[noise >> 76 & 7])
    return f"{' '.join(words)} {(noise >> 79) % 1000}"


def _description(number: int, noise: int) -> str:
    if number == 1:
        return LONG_TEXT
    return f'About {SUBJECTS[noise >> 90 & 7]}s,\nrecorded "live".' if number % 5 == 2 else ""
