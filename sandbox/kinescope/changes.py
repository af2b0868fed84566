"""What else can happen to the account, one action each, and random rounds of all of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from sandbox.core import action
from sandbox.kinescope.data import Item
from sandbox.kinescope.video_changes import CHILDREN, VideoChanges, of_id

UNFINISHED = ("pending", "uploading", "pre-processing", "processing")


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

    # A random round

    def round(self, rng: random.Random, seed: int) -> list[str]:
        return [
            *self._round_of_videos(rng, seed),
            *self._round_of_parts(rng),
            *self._round_of_records(rng, seed),
            *self._round_of_live(rng),
        ]

    def _round_of_videos(self, rng: random.Random, seed: int) -> list[str]:
        project_id = rng.choice(list(self.account.records["projects"]))
        new = self.add_video(f"New {seed} 🆕", project_id)
        late = self.add_video("Late arrival", created_seconds_ago=200.0)
        edited, moved, replaced = (self._any_video(rng) for _ in range(3))
        self.edit_video(edited, title=f'Edited {seed} "again"', tags=["edited"])
        self.move_video(moved, project_id)
        self.replace_media(replaced)
        told = [
            f"video {new} was added to project {project_id}",
            f"video {late} appeared later than it was made",
            f"video {edited} was edited",
            f"video {moved} moved to project {project_id}",
            f"video {replaced} got other media",
        ]
        for number in self.library.order:
            if self.library.facts(number).status in UNFINISHED:
                processed = self.library.id(number)
                self.set_status(processed, "done")
                told.append(f"video {processed} was processed, silently")
                break
        if self.library.removed:
            returned = self.library.id(rng.choice(sorted(self.library.removed)))
            self.restore_video(returned)
            told.append(f"video {returned} returned")
        for _ in range(2 if len(self.library.order) > 10 else 0):
            deleted = self._any_video(rng)
            self.delete_video(deleted)
            told.append(f"video {deleted} was deleted")
        return told

    def _round_of_parts(self, rng: random.Random) -> list[str]:
        video_id = self._any_video(rng)
        self.set_chapters(video_id, [(0, "Start"), (5_000, "Ende 🏁")])
        told = [f"video {video_id} got two chapters"]
        for table in CHILDREN:
            video_id = self._any_video(rng)
            told.append(f"{self.add_child(video_id, table)} of {table} was added to {video_id}")
        video_id = self._any_video(rng)
        told.append(f"poster {self.add_poster(video_id)} replaced that of {video_id}")
        for number in self.library.order:
            annotations = self.library.record(number)["_annotations"]
            if len(annotations) > 1:
                video_id, first, last = self.library.id(number), annotations[0], annotations[-1]
                self.edit_child(video_id, "annotations", first["id"], title="edited ✏️")
                self.remove_child(video_id, "annotations", last["id"])
                told.append(f"annotation {first['id']} was edited, {last['id']} removed")
                break
        return told

    def _round_of_records(self, rng: random.Random, seed: int) -> list[str]:
        records = self.account.records
        project_id = rng.choice(list(records["projects"]))
        self.edit_record("projects", project_id, name=f"Project {seed}")
        new_folder = self.add_record("folders", project_id=project_id, name="New", parent_id=None)
        folder_id = rng.choice(list(records["folders"]))
        self.remove_record("folders", folder_id)
        tag_id = self.add_record("tags", tag=f"tag of {seed}")
        request_id = rng.choice(list(records["file_requests"]))
        self.archive_file_request(request_id)
        playlist_id = self.add_record("playlists", name=f"List {seed}")
        self.set_playlist(playlist_id, [self._any_video(rng)])
        told = [
            f"project {project_id} was renamed",
            f"folder {new_folder} was added to {project_id}",
            f"folder {folder_id} was removed",
            f"tag {tag_id} was added",
            f"file request {request_id} was archived",
            f"playlist {playlist_id} was added with a video",
        ]
        for other, items in self.account.playlist_items.items():
            shown = [self.library.id(i.number) for i in items if i.number in self.library]
            if len(shown) > 2:
                self.set_playlist(other, [shown[-1], *shown[1:-1]])
                told.append(f"playlist {other} was put in another order and lost a video")
                break
        video_id = self._any_video(rng)
        self.add_views(video_id, 1 + seed % 7)
        self.add_usage(project_id, 1_000_000)
        return [*told, f"video {video_id} was watched today, project {project_id} paid for it"]

    def _round_of_live(self, rng: random.Random) -> list[str]:
        event_id = rng.choice(list(self.account.records["live_events"]))
        self.edit_record("live_events", event_id, name="Event, edited")
        stream_id = self.start_stream(event_id)
        recording = self.add_video("Recording", status="processing")
        self.end_stream(event_id, recording)
        restream_id = self.add_restream(event_id)
        return [
            f"event {event_id} was edited",
            f"stream {stream_id} of {event_id} began and ended; {recording} is its recording",
            f"restream {restream_id} was added to {event_id}",
        ]

    def _any_video(self, rng: random.Random) -> str:
        return self.library.id(self.library.order[rng.randrange(len(self.library.order))])
