"""Payloads: records as the API shows them, with links, and in the forms that switches choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.core import Call
from sandbox.kinescope.changes import Changes
from sandbox.kinescope.data import Account
from sandbox.kinescope.switches import KinescopeSwitches
from sandbox.kinescope.video_parts import Record

FILES = "https://cdn.invalid"
"""Storage and delivery network in one; a FileHost serves it."""
SIGNATURE = "CANARYsign"
"""Every signature begins so; a copy that holds this text holds a live link."""
SIGNED_SECONDS = 1800
STORAGE_SECONDS = 3600
ONLY_WIDE = (
    "privacy_type",
    "privacy_domains",
    "player_id",
    "favorite",
    "size",
    "items_count",
    "encrypted",
)
ONLY_WIDE_FOLDER = ("parent_id", "size", "items_count")


def plain(record: Record) -> Record:
    """The record as it is, less what is never shown."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


@dataclass(frozen=True)
class Shape:
    """How one answer shows records: `reads` and the clock make each signature new."""

    account: Account
    switches: KinescopeSwitches
    reads: int

    def signed(self, path: str) -> str:
        """A link of the delivery network, good for half an hour."""
        return f"{FILES}{path}?expires={self._until(SIGNED_SECONDS)}&sign={self._signature}"

    def stored(self, path: str) -> str:
        """A link of the object storage, good for an hour."""
        until = f"X-Amz-Expires={STORAGE_SECONDS}&expires={self._until(STORAGE_SECONDS)}"
        return f"{FILES}{path}?{until}&X-Amz-Signature={self._signature}"

    @property
    def _signature(self) -> str:
        return f"{SIGNATURE}{self.reads:06d}"

    def _until(self, seconds: int) -> int:
        return int(self.account.clock.now.timestamp()) + seconds + self.reads % 60

    def video(self, number: int, *, in_list: bool = True) -> Record:
        """A video as a list or its own address shows it: the order of assets differs between
        the two, as recorded (page, section 7)."""
        record = self.account.library.record(number)
        form = record.pop("_renditions")
        del record["_annotations"], record["_posters"]
        assets = [self._asset(asset, form, number) for asset in record["assets"]]
        record["assets"] = assets if in_list else assets[::-1]
        if record["poster"] is not None:
            record["poster"] = self.poster(record["id"], record["poster"])
        record["subtitles"] = [self._subtitle(subtitle) for subtitle in record["subtitles"]]
        if not record["additional_materials"]:
            nulls = self.switches.no_materials
            is_null = nulls == "null" or (in_list and nulls == "null in lists")
            record["additional_materials"] = None if is_null else []
        if self.switches.audio_tracks:
            track = {"id": f"audio-{number}", "file_size": 300}
            link = self.stored(f"/files/assets/audio-{number}/300")
            record["audio_tracks"] = [{**track, "download_link": link}]
        return record

    def _asset(self, asset: Record, form: str, number: int) -> Record:
        """Signed links for an original; for a rendition unsigned ones, an empty one or none."""
        path = f"/files/assets/{asset['id']}/{asset['file_size']}"
        if asset["quality"] == "original":
            links = {"url": self.signed(path)}
            if number % 4 == 1:
                links["download_link"] = self.stored(path)
            return asset | links
        if form == "open":
            link = f"{FILES}{path}"
            return asset | {"url": link, "download_link": f"{link}?filename={number}.mp4"}
        return asset | ({"download_link": ""} if form == "empty" else {})

    def _subtitle(self, subtitle: Record) -> Record:
        return {**subtitle, "url": self.signed(f"/files/subtitles/{subtitle['id']}.vtt")}

    def poster(self, folder: str, poster: Record) -> Record:
        """A poster with its four links, which are unsigned in all samples."""
        path = f"{FILES}/files/posters/{folder}"
        sizes = ("original", "md", "sm", "xs")
        return poster | {size: f"{path}/{size}/{poster['id']}.png" for size in sizes}

    def annotation(self, annotation: Record) -> Record:
        """An annotation as lists show it: its type is empty there, by switch."""
        shown = dict(annotation)
        if self.switches.annotation_type_in_list == "empty":
            shown["annotation_type"] = ""
        poster_id = annotation["annotation_poster_id"]
        if poster_id is not None:
            shown["poster_url"] = self.signed(f"/files/posters/annotations/{poster_id}.png")
        return shown

    def project(self, project: Record) -> Record:
        """A project with its folders; its size grows with every change of any video."""
        folders = [self.folder(folder) for folder in self.account.folders_of(project["id"])]
        size = project["size"] + self.account.library.version
        shown = plain(project) | {"folders": folders, "size": size}
        if self.switches.project_form == "narrow":
            return {name: value for name, value in shown.items() if name not in ONLY_WIDE}
        return shown

    def folder(self, folder: Record) -> Record:
        if self.switches.project_form == "narrow":
            return {name: value for name, value in folder.items() if name not in ONLY_WIDE_FOLDER}
        return {**folder, "size": folder["size"] + self.account.library.version}

    def live_event(self, event: Record, *, in_list: bool = True) -> Record:
        """A live event with its stream, restreams and poster."""
        shown = {**event, "poster": self.poster("live", event["poster"])}
        if in_list and self.switches.restreams_in_event_list == "empty":
            shown["restreams"] = []
        return shown

    def playlist_item(self, item: tuple[int, int]) -> Record:
        """A video of a playlist with its position."""
        position, number = item
        record = self.account.library.record(number)
        fields = ("status", "title", "description", "duration", "created_at", "updated_at")
        shown: dict[str, Any] = {"id": record["id"], "position": position}
        return shown | {name: record[name] for name in fields}


def shape_of(call: Call[Changes]) -> Shape:
    """The form of one answer."""
    return Shape(call.service.account, call.service.switches, call.service.answered)
