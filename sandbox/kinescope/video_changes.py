"""What can happen to a video and to what hangs on it; each method is one event."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import md5
from typing import Any

from sandbox.kinescope import moments
from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.links import lines
from sandbox.kinescope.state import CLOCK_STEP, State
from sandbox.kinescope.video_children import NO_MEDIA, RENDITIONS

EDITABLE = {
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
}


class VideoChanges(State):
    """The changes of videos; all raise KeyError for a video or child that is not there."""

    def add_video(
        self,
        title: str = "New video",
        project_id: str | None = None,
        folder_id: str | None = None,
        status: str = "done",
        created_seconds_ago: float = 0.0,
    ) -> str:
        """A new video; returns its id. It may appear long after its `created_at`."""
        with self.lock:
            self.tick()
            created_at = self._clock - round(created_seconds_ago * moments.SECOND)
            number = self.library.add(created_at)
            record = self.library.record(number)
            record |= {
                "project_id": project_id or record["project_id"],
                "folder_id": folder_id if project_id or folder_id else record["folder_id"],
                "title": title,
                "status": status,
                "created_at": moments.text(created_at),
                "updated_at": None,
            }
            # It begins bare: nothing may hang on it that is older than itself.
            record |= {"poster": None, "subtitles": [], "additional_materials": []}
            record |= {"assets": [], "duration": 0, "chapters": {"items": [], "enabled": False}}
            if status == "done":
                self._process(record, number)
            self.library.keep_annotations(number, [])
            self.library.keep_inactive_posters(number, [])
            self.library.keep(number, record)
            return str(record["id"])

    def edit_video(self, video_id: str, **fields: Any) -> None:
        """Change plain fields, as PATCH does; `updated_at` moves."""
        if unknown := sorted(set(fields) - EDITABLE):
            raise ValueError(f"no such fields to edit: {unknown}; there are {sorted(EDITABLE)}")
        self._edit(video_id, fields)

    def move_video(self, video_id: str, project_id: str, folder_id: str | None = None) -> None:
        """Put a video elsewhere; `updated_at` moves."""
        self._edit(video_id, {"project_id": project_id, "folder_id": folder_id})

    def replace_media(self, video_id: str, size: int | None = None) -> None:
        """Other media under the same id: new assets and duration, a higher version.

        `size` is that of the original in bytes; without it, some hundred.
        """
        with self.lock:
            number, record = self._take(video_id)
            record["version"] += 1
            self._process(record, number, size)
            record["updated_at"] = self.tick()
            self.library.keep(number, record)

    def set_status(self, video_id: str, status: str) -> None:
        """The media's state changes by itself: `updated_at` stays (page, section 9, rule 8)."""
        with self.lock:
            number, record = self._take(video_id)
            record["status"] = status
            record["progress"] = 50 if status == "processing" else 0
            if status == "done" and not record["assets"]:
                self._process(record, number)
            self.tick()
            self.library.keep(number, record)

    def delete_video(self, video_id: str) -> None:
        """The video is in no list, its address gives 404404; it may be restored."""
        with self.lock:
            self.tick()
            self.library.remove(self._number(video_id))

    def restore_video(self, video_id: str) -> None:
        """A deleted video is back under its id, with all that it had."""
        with self.lock:
            number = self.ids.number("video", video_id)
            if number is None or number not in self.library.removed():
                raise KeyError(f"no deleted video {video_id}")
            self.tick()
            self.library.restore(number)

    def set_chapters(self, video_id: str, chapters: Sequence[tuple[int, str]]) -> None:
        """Replace all chapters by these (milliseconds, title)."""
        items = [{"time": at, "title": title} for at, title in chapters]
        self._edit_child(video_id, {"chapters": {"items": items, "enabled": bool(items)}})

    def add_subtitle(self, video_id: str, language: str = "de") -> str:
        with self.lock:
            subtitle = {
                "id": self.new_id("subtitle"),
                "video_id": NO_MEDIA,
                "description": "Untertitel",
                "language": language,
                "file": "",
                "file_name": f"{language}.vtt",
                "hls_file": "",
            }
            _, record = self._take(video_id)
            self._edit_child(video_id, {"subtitles": [*record["subtitles"], subtitle]})
            return str(subtitle["id"])

    def edit_subtitle(self, video_id: str, subtitle_id: str, **fields: Any) -> None:
        self._edit_in(video_id, "subtitles", subtitle_id, fields)

    def remove_subtitle(self, video_id: str, subtitle_id: str) -> None:
        self._edit_in(video_id, "subtitles", subtitle_id, None)

    def add_material(self, video_id: str, title: str = "Notes") -> str:
        with self.lock:
            number, record = self._take(video_id)
            materials = record["additional_materials"]
            material = {
                "id": self.new_id("material"),
                "video_id": video_id,
                "storage_id": self.new_id("storage"),
                "title": title,
                "filename": "notes.txt",
                "filetype": "text/plain",
                "size": 321,
                "position": len(materials) + 1,
                "created_at": self.tick(),
                "updated_at": None,
                "deleted_at": None,
            }
            self.added_materials[str(material["id"])] = number
            self._edit_child(video_id, {"additional_materials": [*materials, material]})
            return str(material["id"])

    def edit_material(self, video_id: str, material_id: str, **fields: Any) -> None:
        fields["updated_at"] = self.tick()
        self._edit_in(video_id, "additional_materials", material_id, fields)

    def remove_material(self, video_id: str, material_id: str) -> None:
        self._edit_in(video_id, "additional_materials", material_id, None)

    def add_poster(self, video_id: str) -> str:
        """A new poster becomes the active one; the one before stays as inactive."""
        with self.lock:
            number, record = self._take(video_id)
            poster: Record = {"id": self.new_id("poster"), "media_id": None, "status": "done"}
            poster["active"] = True
            before = record["poster"]
            if before is not None:
                inactive = [*self.library.inactive_posters(number), {**before, "active": False}]
                self.library.keep_inactive_posters(number, inactive)
            self._edit_child(video_id, {"poster": poster})
            return str(poster["id"])

    def remove_poster(self, video_id: str, poster_id: str) -> None:
        """The active poster or an inactive one is gone; none takes its place."""
        with self.lock:
            number, record = self._take(video_id)
            if record["poster"] is not None and record["poster"]["id"] == poster_id:
                self._edit_child(video_id, {"poster": None})
                return
            left = _changed(self.library.inactive_posters(number), poster_id, None)
            self.library.keep_inactive_posters(number, left)
            self._edit_child(video_id, {})

    def add_annotation(
        self, video_id: str, title: str = "Look", linked_video_id: str | None = None
    ) -> str:
        with self.lock:
            annotation = {
                "id": self.new_id("annotation"),
                "media_id": video_id,
                "video_id": linked_video_id,
                "annotation_type": "video" if linked_video_id else "text",
                "title": title,
                "link": "",
                "start_time": 100,
                "end_time": 900,
                "annotation_poster_id": None,
                "created_at": self.tick(),
                "updated_at": None,
            }
            number = self._number(video_id)
            self._keep_annotations(number, [*self.library.annotations(number), annotation])
            return str(annotation["id"])

    def edit_annotation(self, video_id: str, annotation_id: str, **fields: Any) -> None:
        with self.lock:
            number = self._number(video_id)
            fields["updated_at"] = self.tick()
            found = self.library.annotations(number)
            self._keep_annotations(number, _changed(found, annotation_id, fields))

    def remove_annotation(self, video_id: str, annotation_id: str) -> None:
        with self.lock:
            number = self._number(video_id)
            found = self.library.annotations(number)
            self._keep_annotations(number, _changed(found, annotation_id, None))

    def _number(self, video_id: str) -> int:
        number = self.library.find(video_id)
        if number is None:
            raise KeyError(f"no video {video_id}")
        return number

    def _take(self, video_id: str) -> tuple[int, Record]:
        number = self._number(video_id)
        return number, self.library.record(number)

    def _edit(self, video_id: str, fields: Record) -> None:
        with self.lock:
            number, record = self._take(video_id)
            record |= fields
            record["updated_at"] = self.tick()
            self.library.keep(number, record)

    def _edit_child(self, video_id: str, fields: Record) -> None:
        """Change what hangs on a video; a switch says whether its `updated_at` moves."""
        with self.lock:
            number, record = self._take(video_id)
            record |= fields
            now = self.tick()
            if self.settings["child_edits_bump_updated_at"]:
                record["updated_at"] = now
            self.library.keep(number, record)

    def _edit_in(self, video_id: str, child: str, child_id: str, fields: Record | None) -> None:
        with self.lock:
            _, record = self._take(video_id)
            self._edit_child(video_id, {child: _changed(record[child], child_id, fields)})

    def _keep_annotations(self, number: int, annotations: list[Record]) -> None:
        self.library.keep_annotations(number, annotations)
        self._edit_child(self.library.id(number), {})

    def _process(self, record: Record, number: int, original_size: int | None = None) -> None:
        """Give the record new assets, as processing of new media does."""
        asset_id = self.new_id("asset")
        size = original_size or 100 + self.new_number() % 800
        now = moments.text(self._clock + CLOCK_STEP)
        original: Record = {
            "id": asset_id,
            "video_id": self.new_id("media"),
            "original_name": "original",
            "file_size": size,
            "md5": md5(lines(asset_id, size)).hexdigest(),
            "filetype": "mp4",
            "quality": "original",
            "resolution": "1920x1080",
            "created_at": now,
        }
        renditions: list[Record] = [
            {
                "id": self.new_id("asset"),
                "video_id": NO_MEDIA,
                "original_name": f"{quality}.mp4",
                "file_size": 4_500_000_000 + number,
                "filetype": "mp4",
                "quality": quality,
                "resolution": resolution,
                "created_at": now,
            }
            for quality, resolution in RENDITIONS[:3]
        ]
        record["assets"] = [original, *renditions]
        record["_renditions"] = "empty"
        record["duration"] = 12.5 + number


def _changed(rows: list[Record], row_id: str, fields: Record | None) -> list[Record]:
    """The rows with one edited, or without it where `fields` is None."""
    if all(row["id"] != row_id for row in rows):
        raise KeyError(f"nothing has the id {row_id}")
    if fields is None:
        return [row for row in rows if row["id"] != row_id]
    return [{**row, **fields} if row["id"] == row_id else row for row in rows]
