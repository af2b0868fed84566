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
from hashlib import blake2b, md5, shake_256
from typing import Any, NamedTuple

from sandbox.core.blobs import lines
from sandbox.kinescope.ids import Ids
from sandbox.kinescope.texts import (
    HARD_TITLES,
    LONG_TEXT,
    PLACES,
    QUALITIES,
    SUBJECTS,
    time_text,
)

Record = dict[str, Any]

TRAPS = 40
EPOCH = datetime(2025, 10, 1, tzinfo=UTC)
SPAN_SECONDS = 380 * 86_400
"""All made videos come within this time after EPOCH, evenly."""
STATUSES = ("pending", "uploading", "pre-processing", "processing", "aborted", "error")
TRAP_STATUSES = dict(zip((13, 17, 22, 26, 28, 34), STATUSES, strict=True)) | {
    38: "suspended"  # not in the list of the page; the set is open
}
WITHOUT_ORIGINAL = 14
FOREIGN_PLAYER = 21
WITHOUT_PROJECT = 33
MANY_ANNOTATIONS = 31
"""This video has more annotations than a default page holds."""
NO_MEDIA = "00000000-0000-0000-0000-000000000000"
"""The `video_id` of renditions, as two independent samples show it."""
RENDITIONS = (
    ("720p", "1280x720"),
    ("480p", "852x480"),
    ("360p", "640x360"),
    ("1080p", "1920x1080"),
    ("1440p", "2560x1440"),
)


class Place(NamedTuple):
    """A project and its folders, for videos to lie in."""

    project_id: str
    folder_ids: tuple[str, ...]


class Facts(NamedTuple):
    """What lists sort by, without the rest of the record. `noise` is 128 random bits."""

    title: str
    description: str
    status: str
    project_id: str | None
    folder_id: str | None
    created_at: datetime
    updated_at: datetime | None
    duration: float
    noise: int


class Basis(NamedTuple):
    """What the parts of one video follow from; `text` is what ids are cut from."""

    number: int
    id: str
    facts: Facts
    media_id: str
    text: str
    is_old: bool


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
            "assets": self._assets(basis) if done else [],
            "chapters": _chapters(basis),
            "privacy_type": ("anywhere", "nowhere", "custom")[noise >> 4 & 1 or number % 3],
            "privacy_domains": [],
            "poster": _poster(basis) if done else None,
            "additional_materials": self._materials(basis),
            "play_link": f"https://kinescope.io/{page}",
            "embed_link": f"https://kinescope.io/embed/{page}",
            "hls_link": f"https://kinescope.io/{page}/master.m3u8",
            "created_at": time_text(facts.created_at),
            "updated_at": None if facts.updated_at is None else time_text(facts.updated_at),
            "subtitles": self._subtitles(basis) if done else [],
            "_annotations": self._annotations(basis),
            "_posters": self._inactive_posters(basis),
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
            record["privacy_share"] = _share(number, page)
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

    def _assets(self, basis: Basis) -> list[Record]:
        """The original and its renditions; those with links have the size that they claim."""
        number, noise = basis.number, basis.facts.noise
        common: Record = {"filetype": "QuickTime / MOV" if basis.is_old else "mp4"}
        if basis.is_old:
            common |= {"video_id": basis.id, "updated_at": None, "deleted_at": None}
        found: list[Record] = []
        if number != WITHOUT_ORIGINAL:  # a workspace may keep no originals
            asset_id = self.ids.of("asset", number) if number % 8 == 0 else basis.text[:22]
            created_at = time_text(basis.facts.created_at)
            found.append(original(asset_id, 60 + (noise >> 44) % 900, created_at, basis.media_id))
        late = timedelta(microseconds=300_000_000 + (noise >> 20) % 90_000_000)
        created_at = time_text(basis.facts.created_at + late)
        for place in range(self.renditions + (number % 9 == 0) + (number % 27 == 0)):
            size = (noise >> (30 + place)) % 9_000_000_000 + 1
            if number % 10 == 3:
                size = 100 + place
            asset_id = basis.text[22 + 22 * place : 44 + 22 * place]
            found.append(rendition(place, asset_id, size, created_at))
        return [{**asset, **common} for asset in found]

    def _subtitles(self, basis: Basis) -> list[Record]:
        number = basis.number
        if number % 10 != 4:
            return []
        found: list[Record] = [
            {
                "id": self.ids.of("subtitle", number * 2 + place),
                "video_id": basis.media_id,  # the inner media, not the video
                "description": "описание файла" if language == "ru" else "",
                "language": language,
                "file": "",
                "file_name": f"{basis.text[:8]}.vtt",
                "hls_file": "",
            }
            for place, language in enumerate(("ru", "en")[: 1 + (number % 20 == 4)])
        ]
        if number % 20 == 14:
            del found[0]["file_name"]
        return found

    def _materials(self, basis: Basis) -> list[Record]:
        if basis.number % 20 != 6:
            return []
        return [
            {
                "id": self.ids.of("material", basis.number * 2 + place),
                "video_id": basis.id,
                "storage_id": uuid_of(basis.facts.noise >> 1),
                "title": "Слайды" if place else "",
                "filename": f"slides {place}.pdf",
                "filetype": "application/pdf",
                "size": 200 + basis.number % 500 + place,
                "position": place + 1,
                "created_at": time_text(basis.facts.created_at + timedelta(seconds=3)),
                "updated_at": None,
                "deleted_at": None,
            }
            for place in range(2)
        ]

    def _annotations(self, basis: Basis) -> list[Record]:
        """Most of them point to a video that no list shows."""
        number = basis.number
        if number % 9 != 4:
            return []
        found = []
        for place in range(12 if number == MANY_ANNOTATIONS else 1 + number % 4):
            name = number * 16 + place
            linked: str | None = None
            if place:
                linked = self.id(max(0, number - 3)) if place == 2 else self.ids.of("foreign", name)
            poster = self.ids.of("annotation poster", name) if place != 1 else None
            created_at = basis.facts.created_at + timedelta(seconds=(place + 1) * 61)
            found.append(
                {
                    "id": self.ids.of("annotation", name),
                    "media_id": basis.id,
                    "video_id": linked,
                    "annotation_type": "video" if linked else "text",
                    "title": f"note {place} ✍️",
                    "link": "" if place else "https://example.org/?a=1&b=2",
                    "start_time": place * 7992,
                    "end_time": place * 7992 + 6740,
                    "annotation_poster_id": poster,
                    "created_at": time_text(created_at),
                    "updated_at": None,
                }
            )
        return found

    def _inactive_posters(self, basis: Basis) -> list[Record]:
        if basis.number % 16 != 2:
            return []
        poster_id = self.ids.of("poster", basis.number)
        return [{"id": poster_id, "media_id": None, "status": "done", "active": False}]


def original(asset_id: str, size: int, created_at: str, media_id: str) -> Record:
    """The asset of the uploaded file."""
    return {
        "id": asset_id,
        "video_id": media_id,
        "original_name": "original",
        "file_size": size,
        "md5": md5(lines(asset_id, size)).hexdigest(),
        "filetype": "mp4",
        "quality": "original",
        "resolution": "1920x1080",
        "created_at": created_at,
    }


def rendition(place: int, asset_id: str, size: int, created_at: str) -> Record:
    """The asset of one quality."""
    quality, resolution = RENDITIONS[place]
    return {
        "id": asset_id,
        "video_id": NO_MEDIA,
        "original_name": f"{quality}.mp4",
        "file_size": size,
        "filetype": "mp4",
        "quality": quality,
        "resolution": resolution,
        "created_at": created_at,
    }


def uuid_of(noise: int) -> str:
    """A UUID that follows from a number of 128 bits."""
    text = f"{noise:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _title(number: int, noise: int) -> str:
    if number < len(HARD_TITLES):
        return HARD_TITLES[number]
    words = (QUALITIES[noise >> 70 & 7], SUBJECTS[noise >> 73 & 7], PLACES[noise >> 76 & 7])
    return f"{' '.join(words)} {(noise >> 79) % 1000}"


def _description(number: int, noise: int) -> str:
    if number == 1:
        return LONG_TEXT
    return f'About {SUBJECTS[noise >> 90 & 7]}s,\nrecorded "live".' if number % 5 == 2 else ""


def _chapters(basis: Basis) -> Record:
    """Chapters at every ten seconds; `show_on_load` is missing where newer records lack it."""
    number = basis.number
    items = [
        {"time": 10_000 * place, "title": f"Chapter {place} ☕"}
        for place in range(number % 4 + 1 if number % 10 == 1 else 0)
    ]
    found: Record = {"items": items, "enabled": bool(items)}
    if basis.is_old or items:
        found["show_on_load"] = False
    return found


def _share(number: int, page: int) -> dict[str, str]:
    if number % 12 != 8:
        return {}
    link_hash = f"canary-share-{number:x}"
    return {"link_hash": link_hash, "link": f"https://kinescope.io/{page}/{link_hash}"}


def _poster(basis: Basis) -> Record | None:
    if basis.number % 8 != 2:
        return None
    found = {"id": basis.text[132:154], "status": "done", "active": True}
    return {**found, "media_id": basis.media_id} if basis.number % 16 == 2 else found
