"""What else can happen to the account, one action each."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from sandbox.core import action
from sandbox.kinescope.data import Item
from sandbox.kinescope.video_changes import VideoChanges, of_id


class Changes(VideoChanges):
    """The account and all that changes it; a record that is not there raises KeyError."""

    # Projects, playlists, live events and the small tables

    @action
    def add_record(self, table: str, **fields: Any) -> str:
        """One more record, like the first one of its table but for `fields`; returns its id.

        Tables: projects (`_catalog` is "vod" or "live"), folders, playlists, live_events, tags,
        players, privacy_domains, file_requests, moderators, webhooks.
        """
        records = self.account.records[table]
        key = "user_id" if table == "moderators" else "id"
        record = deepcopy(next(iter((*records.values(), *records.removed.values()))))
        record[key] = self.account.new_id(table)
        now = self.account.tick()
        if "created_at" in record:
            record |= {"created_at": now, "updated_at": None}
        if table == "playlists":
            record["privacy_share"] = {}
            self.account.playlist_items[record[key]] = []
        if table == "live_events":
            record |= {"streamkey": f"canary-stream-{now}", "restreams": [], "stream": None}
            self.account.event_videos[record[key]] = []
        records[record[key]] = record | fields
        return str(record[key])

    @action
    def edit_record(self, table: str, record_id: str, **fields: Any) -> None:
        """Change fields of a record; `updated_at` moves if it has one. ValueError for others."""
        record = self.account.records[table][record_id]
        if unknown := sorted(set(fields) - set(record)):
            raise ValueError(f"{table} have no {unknown}; they have {sorted(record)}")
        now = self.account.tick()
        record |= fields
        if "updated_at" in record:
            record["updated_at"] = now

    @action
    def remove_record(self, table: str, record_id: str) -> None:
        """A record is gone: a project with its folders and videos; of a folder the videos stay,
        with an id that leads nowhere, as do the recordings of a live event."""
        self.account.records[table].remove(record_id)
        self.account.tick()
        if table != "projects":
            return
        for folder in self.account.folders_of(record_id):
            self.account.records["folders"].remove(folder["id"])
        for number in list(self.library.order):
            if self.library.facts(number).project_id == record_id:
                self.library.remove(number)

    @action
    def archive_file_request(self, file_request_id: str) -> None:
        """It leaves the list of open ones for the list of archived ones."""
        self.edit_record("file_requests", file_request_id, archived_at=self.account.tick())

    @action
    def set_playlist(self, playlist_id: str, video_ids: Sequence[str]) -> None:
        """The playlist holds these videos in this order."""
        numbers = [self._number(video_id) for video_id in video_ids]
        items = [Item(position, number) for position, number in enumerate(numbers, start=1)]
        self.account.playlist_items[playlist_id] = items
        self.account.tick()

    # Streams and restreams change without a new `updated_at` of their event

    @action
    def start_stream(self, event_id: str) -> str:
        """A new stream begins; the event shows it in place of the one before."""
        event = self.account.records["live_events"][event_id]
        stream = self.account.make_stream(event_id, self.account.new_number())
        event["stream"] = stream | {"status": "live", "started_at": self.account.tick()}
        return str(stream["id"])

    @action
    def end_stream(self, event_id: str, video_id: str | None = None) -> None:
        """The stream is finished; its recording, if given, is a video of the event."""
        stream = self.account.records["live_events"][event_id]["stream"]
        stream |= {"status": "finished", "finished_at": self.account.tick()}
        if video_id is not None:
            self.account.event_videos[event_id].append(self._number(video_id))

    @action
    def add_restream(self, event_id: str) -> str:
        number, now = self.account.new_number(), self.account.tick()
        restream = self.account.make_restream(event_id, number, now)
        self.account.records["live_events"][event_id]["restreams"].append(restream)
        return str(restream["id"])

    @action
    def remove_restream(self, event_id: str, restream_id: str) -> None:
        restreams = self.account.records["live_events"][event_id]["restreams"]
        restreams.remove(of_id(restreams, restream_id))
        self.account.tick()

    # Figures

    @action
    def add_views(self, video_id: str, views: int = 5, day: str | None = None) -> None:
        """Views come in: into today's figures, or late into those of an earlier day."""
        on = date.fromisoformat(day) if day else self.today
        self.account.figures.add_views(on, video_id, views, self.zone)

    @action
    def add_usage(
        self, project_id: str, usage: int, product: str = "cdn", day: str | None = None
    ) -> None:
        """The bill of today, or late of an earlier day, grows."""
        on = date.fromisoformat(day) if day else self.today
        self.account.figures.add_usage(on, product, project_id, usage)
