"""Made videos: number i of an account is a pure function of (seed, i).

Links are left out here; `sandbox.kinescope.view` puts them in at each read.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import shake_256
from typing import Any

from sandbox.kinescope import moments
from sandbox.kinescope import video_children as children
from sandbox.kinescope.video_facts import TRAPS, FactsMaker

Record = dict[str, Any]
FOREIGN_PLAYER = 21


class VideoMaker:
    """Builds video number i, its annotations and its inactive posters."""

    renditions = 3
    """How many a plain video has; a benchmark that wants records of another size sets it."""

    def __init__(
        self, facts_of: FactsMaker, player_ids: Sequence[str], tags: Sequence[str]
    ) -> None:
        self.facts_of = facts_of
        self.facts = facts_of.facts
        self.created_at = facts_of.created_at
        self.ids = facts_of.ids
        self._player_ids = player_ids
        self._tags = tags

    def id(self, number: int) -> str:
        return self.ids.of("video", number)

    def record(self, number: int) -> Record:
        """The video as the API shows it, less links (see `view`)."""
        facts = self.facts(number)
        noise = facts.noise
        # The old form of record lacks keys that came later.
        old = number % 6 == 5
        bare = facts.status != "done" and number < TRAPS
        text = urlsafe_b64encode(
            shake_256(self.facts_of.salt + b"%d" % number).digest(132)
        ).decode()
        video_id = self.id(number)
        page = 200_000_000 + number
        record: Record = {
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
        media_id = children.uuid_of(facts.noise)
        done = facts.status == "done"
        record["assets"] = (
            children.assets_of(
                self.ids,
                number,
                facts,
                renditions=self.renditions,
                text=text,
                old_id=video_id if old else "",
                media_id=media_id,
                created_at=created_at,
            )
            if done
            else []
        )
        record["chapters"] = children.chapters_of(number, old=old)
        record["privacy_type"] = ("anywhere", "nowhere", "custom")[noise >> 4 & 1 or number % 3]
        record["privacy_domains"] = (
            ["example.org", "*.bücher.example"] if record["privacy_type"] == "custom" else []
        )
        if not old and not bare:
            record["privacy_share"] = children.share_of(number, page)
            record["tags"] = children.tags_of(number, self._tags)
        record["poster"] = children.poster_of(number, media_id, text) if done else None
        materials = children.materials_of(self.ids, number, video_id, facts)
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
        subtitles = children.subtitles_of(self.ids, number, media_id, text) if done else []
        record["subtitles"] = subtitles
        record["subtitles_enabled"] = bool(subtitles)
        record["hls_link"] = f"https://kinescope.io/{page}/master.m3u8"
        record["_renditions"] = "open" if number % 10 == 3 else ("none", "empty")[number % 2]
        return record

    def annotations(self, number: int) -> list[Record]:
        """The annotations of the video, which are not embedded in it."""
        return children.annotations_of(self.ids, number, self.facts(number))

    def inactive_posters(self, number: int) -> list[Record]:
        """Posters that only the poster listing shows."""
        return children.inactive_posters_of(self.ids, number)

    def _player(self, number: int, noise: int) -> str:
        if number % 40 == FOREIGN_PLAYER:
            return self.ids.of("foreign", number)
        return self._player_ids[(noise >> 60) % len(self._player_ids)]
