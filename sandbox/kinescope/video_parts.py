"""What hangs on a made video: its assets, subtitles, materials, annotations, posters, chapters.

Records lack links, which `shapes` puts in at each read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import md5
from typing import Any, NamedTuple

from sandbox.core.blobs import lines
from sandbox.kinescope.ids import Ids
from sandbox.kinescope.words import time_text

Record = dict[str, Any]

WITHOUT_ORIGINAL = 14
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


def assets(ids: Ids, basis: Basis, renditions: int) -> list[Record]:
    """The original and its renditions; those with links have the size that they claim."""
    number, noise = basis.number, basis.facts.noise
    common: Record = {"filetype": "QuickTime / MOV" if basis.is_old else "mp4"}
    if basis.is_old:
        common |= {"video_id": basis.id, "updated_at": None, "deleted_at": None}
    found: list[Record] = []
    if number != WITHOUT_ORIGINAL:  # a workspace may keep no originals
        asset_id = ids.of("asset", number) if number % 8 == 0 else basis.text[:22]
        created_at = time_text(basis.facts.created_at)
        found.append(original(asset_id, 60 + (noise >> 44) % 900, created_at, basis.media_id))
    late = timedelta(microseconds=300_000_000 + (noise >> 20) % 90_000_000)
    created_at = time_text(basis.facts.created_at + late)
    for place in range(renditions + (number % 9 == 0) + (number % 27 == 0)):
        size = (noise >> (30 + place)) % 9_000_000_000 + 1
        if number % 10 == 3:
            size = 100 + place
        asset_id = basis.text[22 + 22 * place : 44 + 22 * place]
        found.append(rendition(place, asset_id, size, created_at))
    return [{**asset, **common} for asset in found]


def subtitles(ids: Ids, basis: Basis) -> list[Record]:
    number = basis.number
    if number % 10 != 4:
        return []
    found: list[Record] = [
        {
            "id": ids.of("subtitle", number * 2 + place),
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


def materials(ids: Ids, basis: Basis) -> list[Record]:
    if basis.number % 20 != 6:
        return []
    return [
        {
            "id": ids.of("material", basis.number * 2 + place),
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


def annotations_of(ids: Ids, basis: Basis) -> list[Record]:
    """Most of them point to a video that no list shows."""
    number = basis.number
    if number % 9 != 4:
        return []
    found = []
    for place in range(12 if number == MANY_ANNOTATIONS else 1 + number % 4):
        name = number * 16 + place
        linked: str | None = None
        if place:
            linked = ids.of("video", max(0, number - 3)) if place == 2 else ids.of("foreign", name)
        poster = ids.of("annotation poster", name) if place != 1 else None
        created_at = basis.facts.created_at + timedelta(seconds=(place + 1) * 61)
        found.append(
            {
                "id": ids.of("annotation", name),
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


def inactive_posters(ids: Ids, basis: Basis) -> list[Record]:
    if basis.number % 16 != 2:
        return []
    poster_id = ids.of("poster", basis.number)
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


def chapters(basis: Basis) -> Record:
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


def share(number: int, page: int) -> dict[str, str]:
    if number % 12 != 8:
        return {}
    link_hash = f"canary-share-{number:x}"
    return {"link_hash": link_hash, "link": f"https://kinescope.io/{page}/{link_hash}"}


def poster(basis: Basis) -> Record | None:
    if basis.number % 8 != 2:
        return None
    found = {"id": basis.text[132:154], "status": "done", "active": True}
    return {**found, "media_id": basis.media_id} if basis.number % 16 == 2 else found
