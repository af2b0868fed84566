"""What can happen to a video and to what hangs on it, one action each.

Every action moves the clock by one step. Those of a video that is not there raise KeyError.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import md5
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.core import Service, action
from sandbox.kinescope.data import Account
from sandbox.kinescope.switches import KinescopeSwitches
from sandbox.kinescope.video_parts import NO_MEDIA, Record, original, rendition
from sandbox.kinescope.words import time_text

EDITABLE = (
    "title",
    "subtitle",
    "description",
    "privacy_type",
    "privacy_domains",
    "tags",
    "player_id",
    "subtitles_enabled",
    "additional_materials_enabled",
    "annotation_text_enabled",
    "annotation_video_enabled",
)
CHILDREN = {"subtitles": "subtitles", "additional_materials": "additional_materials"} | {
    "annotations": "_annotations"
}
"""Tables of what hangs on a video -> where a record holds it."""


class VideoChanges(Service):
    """The account, and the actions that change its videos."""

    name = "kinescope"
    switch_class = KinescopeSwitches
    switches: KinescopeSwitches

    def build(self) -> None:
        self.account = Account(self.size, self.seed)
        self.library = self.account.library
        self.clock = self.account.clock
        self.resumable: dict[str, object] = {}
        """Id of a video -> its upload, of those that go on in pieces."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the workspace, in which days are cut."""
        return ZoneInfo(self.switches.timezone)

    @property
    def today(self) -> date:
        """The last day with figures; setting it moves all days that have any."""
        return self.account.figures.today

    @today.setter
    def today(self, day: date) -> None:
        with self.lock:
            self.account.figures.set_today(day)

    # Videos

    @action
    def add_video(
        self,
        title: str = "New video",
        project_id: str | None = None,
        folder_id: str | None = None,
        status: str = "done",
        created_seconds_ago: float = 0.0,
    ) -> str:
        """A new video; returns its id. It may appear long after its `created_at`."""
        created_at = self.clock.tick() - timedelta(seconds=created_seconds_ago)
        number = self.library.add(created_at)
        record = self.library.record(number)
        record |= {"title": title, "status": status, "created_at": time_text(created_at)}
        if project_id is not None:
            record |= {"project_id": project_id, "folder_id": folder_id}
        # It begins bare: nothing may hang on it that is older than itself.
        record |= {"subtitles": [], "additional_materials": [], "_annotations": [], "_posters": []}
        record |= {"chapters": {"items": [], "enabled": False}, "assets": [], "duration": 0}
        record |= {"poster": None, "updated_at": None}
        if status == "done":
            self._process(record, number)
        self.library.keep(number, record)
        return str(record["id"])

    @action
    def edit_video(self, video_id: str, **fields: Any) -> None:
        """Change plain fields, as PATCH does; `updated_at` moves. ValueError for other fields."""
        if unknown := sorted(set(fields) - set(EDITABLE)):
            raise ValueError(f"no such fields to edit: {unknown}; there are {EDITABLE}")
        self._edit(video_id, fields)

    @action
    def move_video(self, video_id: str, project_id: str, folder_id: str | None = None) -> None:
        """Put a video elsewhere; `updated_at` moves."""
        self._edit(video_id, {"project_id": project_id, "folder_id": folder_id})

    @action
    def replace_media(
        self, video_id: str, size: int | None = None, body: bytes | None = None
    ) -> None:
        """Other media under the same id: new assets and duration, a higher version.

        `size` is that of the original in bytes, without it some hundred; `body` is the original
        itself, where it was uploaded.
        """
        number, record = self._take(video_id)
        record["version"] += 1
        self._process(record, number, size, body)
        record["updated_at"] = self.account.tick()
        self.library.keep(number, record)

    def fill_video(self, video_id: str, fields: Record) -> None:
        """Set any fields of a video that was just made."""
        number, record = self._take(video_id)
        self.library.keep(number, record | fields)

    def take_media(self, video_id: str, body: bytes) -> None:
        """The original of a video is these bytes."""
        number, record = self._take(video_id)
        self._process(record, number, body=body)
        self.library.keep(number, record)

    @action
    def set_status(self, video_id: str, status: str) -> None:
        """The media's state changes by itself: `updated_at` stays (page, section 9, rule 8)."""
        number, record = self._take(video_id)
        record |= {"status": status, "progress": 50 if status == "processing" else 0}
        if status == "done" and not record["assets"]:
            self._process(record, number)
        self.account.tick()
        self.library.keep(number, record)

    @action
    def delete_video(self, video_id: str) -> None:
        """The video is in no list, its address gives 404404; it may be restored."""
        self.library.remove(self._number(video_id))
        self.account.tick()

    @action
    def restore_video(self, video_id: str) -> None:
        """A deleted video is back under its id, with all that it had."""
        number = self.account.ids.number("video", video_id)
        if number is None or number not in self.library.removed:
            raise KeyError(f"no deleted video {video_id}")
        self.library.restore(number)
        self.account.tick()

    # What hangs on a video: a switch says whether its edits move the video's `updated_at`

    @action
    def set_chapters(
        self, video_id: str, chapters: Sequence[tuple[int, str]], enabled: bool = True
    ) -> None:
        """Replace all chapters by these (milliseconds, title)."""
        items = [{"time": at, "title": title} for at, title in chapters]
        shown = enabled and bool(items)
        self._edit_part(video_id, {"chapters": {"items": items, "enabled": shown}})

    @action
    def add_child(self, video_id: str, table: str, /, **fields: Any) -> str:
        """A new row of `subtitles`, `annotations` or `additional_materials`; returns its id."""
        number, record = self._take(video_id)
        rows = record[CHILDREN[table]]
        child = self._new_child(table, video_id, len(rows) + 1) | fields
        if table == "additional_materials":
            self.account.added_materials[child["id"]] = number
        self._edit_part(video_id, {CHILDREN[table]: [*rows, child]})
        return str(child["id"])

    @action
    def edit_child(self, video_id: str, table: str, child_id: str, **fields: Any) -> None:
        """Change fields of such a row; its `updated_at` moves if it has one."""
        rows = self._take(video_id)[1][CHILDREN[table]]
        child = of_id(rows, child_id)
        if "updated_at" in child:
            fields["updated_at"] = self.account.tick()
        child |= fields
        self._edit_part(video_id, {CHILDREN[table]: rows})

    @action
    def remove_child(self, video_id: str, table: str, child_id: str) -> None:
        rows = self._take(video_id)[1][CHILDREN[table]]
        rows.remove(of_id(rows, child_id))
        self._edit_part(video_id, {CHILDREN[table]: rows})

    @action
    def add_poster(self, video_id: str) -> str:
        """A new poster becomes the active one; the one before stays as inactive."""
        _, record = self._take(video_id)
        active = {"id": self.account.new_id("poster"), "media_id": None, "status": "done"}
        inactive = record["_posters"]
        if record["poster"] is not None:
            inactive.append({**record["poster"], "active": False})
        self._edit_part(video_id, {"poster": {**active, "active": True}, "_posters": inactive})
        return str(active["id"])

    @action
    def remove_poster(self, video_id: str, poster_id: str) -> None:
        """The active poster or an inactive one is gone; none takes its place."""
        _, record = self._take(video_id)
        active, inactive = record["poster"], record["_posters"]
        if active is not None and active["id"] == poster_id:
            active = None
        else:
            inactive.remove(of_id(inactive, poster_id))
        self._edit_part(video_id, {"poster": active, "_posters": inactive})

    def _number(self, video_id: str) -> int:
        number = self.library.find(video_id)
        if number is None:
            raise KeyError(f"no video {video_id}")
        return number

    def _take(self, video_id: str) -> tuple[int, Record]:
        number = self._number(video_id)
        return number, self.library.record(number)

    def _edit(self, video_id: str, fields: Record) -> None:
        number, record = self._take(video_id)
        self.library.keep(number, record | fields | {"updated_at": self.account.tick()})

    def _edit_part(self, video_id: str, fields: Record) -> None:
        number, record = self._take(video_id)
        now = self.account.tick()
        if self.switches.child_edits_bump_updated_at:
            record["updated_at"] = now
        self.library.keep(number, record | fields)

    def _new_child(self, table: str, video_id: str, position: int) -> Record:
        new_id = self.account.new_id
        if table == "subtitles":
            texts = {"description": "Untertitel", "language": "de", "file_name": "de.vtt"}
            files = {"file": "", "hls_file": ""}
            return {"id": new_id("subtitle"), "video_id": NO_MEDIA, **texts, **files}
        stamps = {"created_at": self.account.tick(), "updated_at": None}
        if table == "additional_materials":
            return {
                "id": new_id("material"),
                "video_id": video_id,
                "storage_id": new_id("storage"),
                "title": "Notes",
                "filename": "notes.txt",
                "filetype": "text/plain",
                "size": 321,
                "position": position,
                "deleted_at": None,
                **stamps,
            }
        return {
            "id": new_id("annotation"),
            "media_id": video_id,
            "video_id": None,
            "annotation_type": "text",
            "title": "Look",
            "link": "",
            "start_time": 100,
            "end_time": 900,
            "annotation_poster_id": None,
            **stamps,
        }

    def _process(
        self, record: Record, number: int, size: int | None = None, body: bytes | None = None
    ) -> None:
        """Give the record new assets, as processing of new media does."""
        now, new_id = self.account.tick(), self.account.new_id
        size = size or 100 + self.account.new_number() % 800
        uploaded = original(new_id("asset"), size, now, new_id("media"))
        if body is not None:
            self.account.uploads[uploaded["id"]] = body
            uploaded |= {"file_size": len(body), "md5": md5(body).hexdigest()}
        record["assets"] = [
            uploaded,
            *(rendition(n, new_id("asset"), 4_500_000_000 + number, now) for n in range(3)),
        ]
        record |= {"_renditions": "empty", "duration": 12.5 + number}


def of_id(rows: list[Record], row_id: str) -> Record:
    for row in rows:
        if row["id"] == row_id:
            return row
    raise KeyError(f"nothing has the id {row_id}")
