"""Made videos: number i of an account is a pure function of (seed, i).

The first forty hold every trap of the API page; later ones are plain with rare exceptions,
so that a large account looks like one. Links are left out here; `sandbox.kinescope.links`
and `sandbox.kinescope.view` put them in at each read.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b, md5, shake_256
from typing import Any, NamedTuple

from sandbox.kinescope import moments
from sandbox.kinescope.links import lines
from sandbox.kinescope.names import Ids
from sandbox.kinescope.texts import HARD_TITLES, LONG_TEXT, PLACES, QUALITIES, SUBJECTS

TRAPS = 40
"""So many videos at the beginning hold the traps."""
EPOCH = moments.at(2025, 10, 1)
SPAN_SECONDS = 380 * 86_400
"""All made videos come within this time after EPOCH, evenly."""
NO_MEDIA = "00000000-0000-0000-0000-000000000000"

STATUSES = ("pending", "uploading", "pre-processing", "processing", "aborted", "error")
TRAP_STATUSES = {13: STATUSES[0], 17: STATUSES[1], 22: STATUSES[2], 26: STATUSES[3]} | {
    28: STATUSES[4],
    34: STATUSES[5],
    38: "suspended",  # not in the list of the page; the set is open
}
RENDITIONS = (
    ("720p", "1280x720"),
    ("480p", "852x480"),
    ("360p", "640x360"),
    ("1080p", "1920x1080"),
    ("1440p", "2560x1440"),
)
WITHOUT_PROJECT = 33
WITHOUT_ORIGINAL = 14
FOREIGN_PLAYER = 21
NUMBER_OF_ADDED = 1 << 24
"""Annotations, posters and materials added later are numbered from here."""


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


class VideoMaker:
    """Builds video number i, its annotations and its inactive posters."""

    def __init__(
        self,
        ids: Ids,
        size: int,
        *,
        places: Sequence[Place],
        live_places: Sequence[Place],
        player_ids: Sequence[str],
        tags: Sequence[str],
    ) -> None:
        self.ids = ids
        self.step = max(1, min(6 * 3600, SPAN_SECONDS // max(size, 1))) * moments.SECOND
        self._places = places
        self._live_places = live_places
        self._player_ids = player_ids
        self._tags = tags
        self._salt = b"%d video " % ids.seed

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
        duration = 0.0 if status != "done" else ((noise >> 112) % 7_200_000 + 1000) / 1000
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

    def record(self, number: int) -> dict[str, Any]:
        """The video as the API shows it, less links (see `view`)."""
        facts = self.facts(number)
        noise = facts.noise
        # The old form of record lacks keys that came later.
        old = number % 6 == 5
        bare = facts.status != "done" and number < TRAPS
        text = urlsafe_b64encode(shake_256(self._salt + b"%d" % number).digest(132)).decode()
        video_id = self.id(number)
        page = 200_000_000 + number
        record: dict[str, Any] = {
            "id": video_id,
            "project_id": facts.project_id,
            "folder_id": facts.folder_id,
        }
        if not old:
            record["player_id"] = self._player(number, noise)
        record["version"] = noise >> 3 & 1
        record["title"] = facts.title
        if not old and not bare:
            record["subtitle"] = "part «one»" if number % 19 == 0 else ""
        record["description"] = facts.description
        record["status"] = facts.status
        record["progress"] = (noise >> 16) % 101 if facts.status != "done" else 0
        record["duration"] = facts.duration or 0
        created_at = moments.text(facts.created_at)
        media_id = _uuid(facts.noise)
        done = facts.status == "done"
        record["assets"] = (
            self._assets(
                number,
                facts,
                text,
                old_id=video_id if old else "",
                media_id=media_id,
                created_at=created_at,
            )
            if done
            else []
        )
        record["chapters"] = self._chapters(number, old)
        record["privacy_type"] = ("anywhere", "nowhere", "custom")[noise >> 4 & 1 or number % 3]
        record["privacy_domains"] = (
            ["example.org", "*.bücher.example"] if record["privacy_type"] == "custom" else []
        )
        if not old and not bare:
            record["privacy_share"] = self._share(number, page)
            record["tags"] = self._video_tags(number)
        record["poster"] = self._poster(number, media_id, text) if done else None
        materials = self._materials(number, video_id, facts, text)
        record["additional_materials"] = materials
        record["additional_materials_enabled"] = bool(materials)
        if number % 11 == 4:
            record["annotation_text_enabled"] = True
            record["annotation_video_enabled"] = False
        record["play_link"] = f"https://kinescope.io/{page}"
        record["embed_link"] = f"https://kinescope.io/embed/{page}"
        record["created_at"] = created_at
        updated_at = facts.updated_at
        record["updated_at"] = None if updated_at is None else moments.text(updated_at)
        subtitles = self._subtitles(number, media_id, text) if done else []
        record["subtitles"] = subtitles
        record["subtitles_enabled"] = bool(subtitles)
        record["hls_link"] = f"https://kinescope.io/{page}/master.m3u8"
        record["_renditions"] = "open" if number % 10 == 3 else ("none", "empty")[number % 2]
        return record

    def annotations(self, number: int) -> list[dict[str, Any]]:
        """The annotations of the video, which are not embedded in it."""
        if number % 9 != 4:
            return []
        facts = self.facts(number)
        found = []
        for place in range(1 + number % 3):
            name = number * 4 + place
            linked: str | None = None
            if place:  # the second points to a video that no listing shows
                linked = self.id(max(0, number - 3)) if place == 2 else self.ids.of("foreign", name)
            found.append(
                {
                    "id": self.ids.of("annotation", name),
                    "media_id": self.id(number),
                    "video_id": linked,
                    "annotation_type": "video" if linked else "text",
                    "title": f"note {place} ✍️",
                    "link": "" if place else "https://example.org/?a=1&b=2",
                    "start_time": place * 7992,
                    "end_time": place * 7992 + 6740,
                    "annotation_poster_id": (
                        self.ids.of("annotation poster", name) if place != 1 else None
                    ),
                    "created_at": moments.text(facts.created_at + (place + 1) * 61_000_000),
                    "updated_at": None,
                }
            )
        return found

    def inactive_posters(self, number: int) -> list[dict[str, Any]]:
        """Posters that only the poster listing shows."""
        if number % 16 != 2:
            return []
        poster_id = self.ids.of("poster", number)
        return [{"id": poster_id, "media_id": None, "status": "done", "active": False}]

    def _noise(self, number: int) -> int:
        return int.from_bytes(blake2b(self._salt + b"%d" % number, digest_size=16).digest(), "big")

    def _created_at(self, number: int, noise: int) -> int:
        late = noise % (self.step // 2)
        if noise >> 40 & 7 == 0:
            late -= late % 100_000  # a single digit of fraction is left
        elif noise >> 40 & 31 == 1:
            late -= late % moments.SECOND
        return EPOCH + number * self.step + late

    def _player(self, number: int, noise: int) -> str:
        if number % 40 == FOREIGN_PLAYER:
            return self.ids.of("foreign", number)
        return self._player_ids[(noise >> 60) % len(self._player_ids)]

    def _assets(
        self, number: int, facts: Facts, text: str, *, old_id: str, media_id: str, created_at: str
    ) -> list[dict[str, Any]]:
        noise = facts.noise
        filetype = "QuickTime / MOV" if old_id else "mp4"
        assets: list[dict[str, Any]] = []
        if number != WITHOUT_ORIGINAL:  # a workspace may keep no originals
            asset_id = self.ids.of("asset", number) if number % 8 == 0 else text[:22]
            size = 60 + (noise >> 44) % 900
            assets.append(
                {
                    "id": asset_id,
                    "video_id": old_id or media_id,
                    "original_name": "original",
                    "file_size": size,
                    "md5": md5(lines(asset_id, size)).hexdigest(),
                    "filetype": filetype,
                    "quality": "original",
                    "resolution": "1920x1080",
                    "created_at": created_at,
                }
            )
        made_at = moments.text(facts.created_at + 300_000_000 + (noise >> 20) % 90_000_000)
        small = number % 10 == 3  # these have links, so their size must be true
        for place in range(3 + (number % 9 == 0) + (number % 27 == 0)):
            quality, resolution = RENDITIONS[place]
            assets.append(
                {
                    "id": text[22 + 22 * place : 44 + 22 * place],
                    "video_id": old_id or NO_MEDIA,
                    "original_name": f"{quality}.mp4",
                    "file_size": (
                        100 + place if small else (noise >> (30 + place)) % 9_000_000_000 + 1
                    ),
                    "filetype": filetype,
                    "quality": quality,
                    "resolution": resolution,
                    "created_at": made_at,
                }
            )
        if old_id:
            for asset in assets:
                asset["updated_at"] = asset["deleted_at"] = None
        return assets

    def _chapters(self, number: int, old: bool) -> dict[str, Any]:
        items = [
            {"time": 10_000 * place, "title": f"Chapter {place} ☕"}
            for place in range(number % 4 + 1 if number % 10 == 1 else 0)
        ]
        chapters: dict[str, Any] = {"items": items, "enabled": bool(items)}
        if old or items:
            chapters["show_on_load"] = False
        return chapters

    def _share(self, number: int, page: int) -> dict[str, str]:
        if number % 12 != 8:
            return {}
        link_hash = f"canary-share-{number:x}"
        return {"link_hash": link_hash, "link": f"https://kinescope.io/{page}/{link_hash}"}

    def _video_tags(self, number: int) -> list[str]:
        if number % 10 != 7 or not self._tags:
            return []
        return [self._tags[number % len(self._tags)], self._tags[(number + 1) % len(self._tags)]]

    def _poster(self, number: int, media_id: str, text: str) -> dict[str, Any] | None:
        if number % 8 != 2:
            return None
        poster = {"id": text[132:154], "status": "done", "active": True}
        return {**poster, "media_id": media_id} if number % 16 == 2 else poster

    def _subtitles(self, number: int, media_id: str, text: str) -> list[dict[str, Any]]:
        if number % 10 != 4:
            return []
        subtitles = []
        for place, language in enumerate(("ru", "en")[: 1 + (number % 20 == 4)]):
            name = self.ids.of("subtitle", number * 2 + place)
            subtitles.append(
                {
                    "id": name,
                    "video_id": media_id,  # the inner media, not the video
                    "description": "описание файла" if language == "ru" else "",
                    "language": language,
                    "file": "",
                    "file_name": f"{text[:8]}.vtt",
                    "hls_file": "",
                }
            )
        if number % 20 == 14:
            del subtitles[0]["file_name"]
        return subtitles

    def _materials(
        self, number: int, video_id: str, facts: Facts, text: str
    ) -> list[dict[str, Any]]:
        if number % 20 != 6:
            return []
        return [
            {
                "id": self.ids.of("material", number * 2 + place),
                "video_id": video_id,
                "storage_id": _uuid(facts.noise >> 1),
                "title": "Слайды" if place else "",
                "filename": f"slides {place}.pdf",
                "filetype": "application/pdf",
                "size": 200 + number % 500 + place,
                "position": place + 1,
                "created_at": moments.text(facts.created_at + 3_000_000),
                "updated_at": None,
                "deleted_at": None,
            }
            for place in range(2)
        ]


def _uuid(noise: int) -> str:
    text = f"{noise:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
