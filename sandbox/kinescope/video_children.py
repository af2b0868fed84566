"""What hangs on a made video: assets, chapters, posters, subtitles, materials, annotations."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import md5
from typing import Any

from sandbox.kinescope import moments
from sandbox.kinescope.links import lines
from sandbox.kinescope.names import Ids
from sandbox.kinescope.video_facts import Facts

Record = dict[str, Any]

NO_MEDIA = "00000000-0000-0000-0000-000000000000"
"""The `video_id` of renditions, as two independent samples show it."""
RENDITIONS = (
    ("720p", "1280x720"),
    ("480p", "852x480"),
    ("360p", "640x360"),
    ("1080p", "1920x1080"),
    ("1440p", "2560x1440"),
)
WITHOUT_ORIGINAL = 14


def assets_of(
    ids: Ids,
    number: int,
    facts: Facts,
    *,
    renditions: int,
    text: str,
    old_id: str,
    media_id: str,
    created_at: str,
) -> list[Record]:
    """The original and its renditions; `text` is what ids are cut from."""
    noise = facts.noise
    filetype = "QuickTime / MOV" if old_id else "mp4"
    found: list[Record] = []
    if number != WITHOUT_ORIGINAL:  # a workspace may keep no originals
        asset_id = ids.of("asset", number) if number % 8 == 0 else text[:22]
        size = 60 + (noise >> 44) % 900
        found.append(
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
    for place in range(renditions + (number % 9 == 0) + (number % 27 == 0)):
        quality, resolution = RENDITIONS[place]
        found.append(
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
        for asset in found:
            asset["updated_at"] = asset["deleted_at"] = None
    return found


def chapters_of(number: int, *, old: bool) -> Record:
    """Chapters at every ten seconds; `show_on_load` is missing where newer records lack it."""
    items = [
        {"time": 10_000 * place, "title": f"Chapter {place} ☕"}
        for place in range(number % 4 + 1 if number % 10 == 1 else 0)
    ]
    found: Record = {"items": items, "enabled": bool(items)}
    if old or items:
        found["show_on_load"] = False
    return found


def share_of(number: int, page: int) -> dict[str, str]:
    if number % 12 != 8:
        return {}
    link_hash = f"canary-share-{number:x}"
    return {"link_hash": link_hash, "link": f"https://kinescope.io/{page}/{link_hash}"}


def poster_of(number: int, media_id: str, text: str) -> Record | None:
    if number % 8 != 2:
        return None
    found = {"id": text[132:154], "status": "done", "active": True}
    return {**found, "media_id": media_id} if number % 16 == 2 else found


def subtitles_of(ids: Ids, number: int, media_id: str, text: str) -> list[Record]:
    if number % 10 != 4:
        return []
    found = []
    for place, language in enumerate(("ru", "en")[: 1 + (number % 20 == 4)]):
        name = ids.of("subtitle", number * 2 + place)
        found.append(
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
        del found[0]["file_name"]
    return found


def materials_of(ids: Ids, number: int, video_id: str, facts: Facts) -> list[Record]:
    if number % 20 != 6:
        return []
    return [
        {
            "id": ids.of("material", number * 2 + place),
            "video_id": video_id,
            "storage_id": uuid_of(facts.noise >> 1),
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


def tags_of(number: int, tags: Sequence[str]) -> list[str]:
    if number % 10 != 7 or not tags:
        return []
    return [tags[number % len(tags)], tags[(number + 1) % len(tags)]]


def annotations_of(ids: Ids, number: int, facts: Facts) -> list[Record]:
    """The annotations of the video, which are not embedded in it."""
    if number % 9 != 4:
        return []
    found = []
    for place in range(1 + number % 4):
        name = number * 4 + place
        linked: str | None = None
        if place:  # most of them point to a video that no listing shows
            linked = ids.of("video", max(0, number - 3)) if place == 2 else ids.of("foreign", name)
        found.append(
            {
                "id": ids.of("annotation", name),
                "media_id": ids.of("video", number),
                "video_id": linked,
                "annotation_type": "video" if linked else "text",
                "title": f"note {place} ✍️",
                "link": "" if place else "https://example.org/?a=1&b=2",
                "start_time": place * 7992,
                "end_time": place * 7992 + 6740,
                "annotation_poster_id": (ids.of("annotation poster", name) if place != 1 else None),
                "created_at": moments.text(facts.created_at + (place + 1) * 61_000_000),
                "updated_at": None,
            }
        )
    return found


def inactive_posters_of(ids: Ids, number: int) -> list[Record]:
    """Posters that only the poster listing shows."""
    if number % 16 != 2:
        return []
    poster_id = ids.of("poster", number)
    return [{"id": poster_id, "media_id": None, "status": "done", "active": False}]


def uuid_of(noise: int) -> str:
    """A UUID that follows from a number of 128 bits."""
    text = f"{noise:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
