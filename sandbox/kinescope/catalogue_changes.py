"""What can happen to projects, playlists, live events, figures and the small tables."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.live import make_restream, make_stream
from sandbox.kinescope.state import Item, State

SMALL = ("players", "tags", "privacy_domains", "file_requests", "moderators", "webhooks")
DATED = ("projects", "folders", "events", "file_requests")
"""Tables whose records have an `updated_at`."""


class CatalogueChanges(State):
    """The changes beside videos; all raise KeyError for a record that is not there."""

    def add_project(self, name: str = "New project", *, live: bool = False) -> str:
        with self.lock:
            project_id = self.new_id("project")
            made = next(iter(self.tables["projects"].values()))
            new = {"id": project_id, "name": name, "created_at": self.tick(), "updated_at": None}
            self.tables["projects"][project_id] = {**made, **new}
            if live:
                self.catalogue.live_project_ids.add(project_id)
            return project_id

    def remove_project(self, project_id: str) -> None:
        """The project is gone with its folders and its videos."""
        with self.lock:
            self._record("projects", project_id)
            for folder in self.folders_of(project_id):
                del self.tables["folders"][folder["id"]]
            for number in list(self.library.order):
                if self.library.facts(number).project_id == project_id:
                    self.library.remove(number)
            del self.tables["projects"][project_id]
            self.catalogue.drm.pop(project_id, None)
            self.tick()

    def add_folder(
        self, project_id: str, name: str = "New folder", parent_id: str | None = None
    ) -> str:
        with self.lock:
            self._record("projects", project_id)
            folder_id = self.new_id("folder")
            self.tables["folders"][folder_id] = {
                "id": folder_id,
                "name": name,
                "project_id": project_id,
                "parent_id": parent_id,
                "size": 0,
                "items_count": 0,
                "created_at": self.tick(),
                "updated_at": None,
                "deleted_at": None,
            }
            return folder_id

    def remove_folder(self, folder_id: str) -> None:
        """The folder is gone; its videos and folders keep an id that leads nowhere."""
        self.remove_record("folders", folder_id)

    def add_playlist(self, name: str = "New playlist", video_ids: list[str] | None = None) -> str:
        with self.lock:
            playlist_id = self.new_id("playlist")
            made = next(iter(self.tables["playlists"].values()))
            new = {"id": playlist_id, "name": name, "privacy_share": {}}
            self.tables["playlists"][playlist_id] = {**made, **new}
            self.playlist_items[playlist_id] = []
            self.tick()
            for video_id in video_ids or []:
                self.add_playlist_item(playlist_id, video_id)
            return playlist_id

    def remove_playlist(self, playlist_id: str) -> None:
        with self.lock:
            self.remove_record("playlists", playlist_id)
            del self.playlist_items[playlist_id]

    def add_playlist_item(self, playlist_id: str, video_id: str) -> None:
        """The video comes last in the playlist."""
        with self.lock:
            items = self.playlist_items[playlist_id]
            last = max((item.position for item in items), default=0)
            items.append(Item(last + 1, self._video(video_id)))
            self.tick()

    def move_playlist_item(self, playlist_id: str, video_id: str, position: int) -> None:
        """The video goes to this position; all positions are counted anew from 1."""
        with self.lock:
            moved = self._video(video_id)
            numbers = [item.number for item in sorted(self.playlist_items[playlist_id])]
            if moved not in numbers:
                raise KeyError(f"{video_id} is not in the playlist {playlist_id}")
            numbers.remove(moved)
            numbers.insert(position - 1, moved)
            items = [Item(place, number) for place, number in enumerate(numbers, start=1)]
            self.playlist_items[playlist_id] = items
            self.tick()

    def remove_playlist_item(self, playlist_id: str, video_id: str) -> None:
        """The video leaves the playlist; the other positions stay, with a gap."""
        with self.lock:
            number = self._video(video_id)
            items = self.playlist_items[playlist_id]
            self.playlist_items[playlist_id] = [item for item in items if item.number != number]
            self.tick()

    def edit_record(self, table: str, record_id: str, **fields: Any) -> None:
        """Change fields of a record of any table but videos; `updated_at` moves if it has one.

        Tables: projects, folders, playlists, events, players, tags, privacy_domains,
        file_requests, moderators, webhooks.
        """
        with self.lock:
            record = self._record(table, record_id)
            if unknown := sorted(set(fields) - set(record)):
                raise ValueError(f"{table} have no {unknown}; they have {sorted(record)}")
            now = self.tick()
            changed = {**record, **fields}
            if table in DATED:
                changed["updated_at"] = now
            self.tables[table][record_id] = changed

    def add_record(self, table: str, **fields: Any) -> str:
        """One more record of a small table, like its first one but for `fields`."""
        if table not in SMALL:
            raise ValueError(f"only for {SMALL}")
        with self.lock:
            key = "user_id" if table == "moderators" else "id"
            record_id = self.new_id("user" if table == "moderators" else table)
            made = next(iter(self.tables[table].values()))
            new: Record = {key: record_id}
            if "created_at" in made:
                new |= {"created_at": self.tick(), "updated_at": None}
            self.tables[table][record_id] = {**made, **new, **fields}
            return record_id

    def remove_record(self, table: str, record_id: str) -> None:
        """A record of any table but videos is gone."""
        with self.lock:
            self._record(table, record_id)
            del self.tables[table][record_id]
            self.tick()

    def archive_file_request(self, file_request_id: str) -> None:
        """It leaves the list of open ones for the list of archived ones."""
        self.edit_record("file_requests", file_request_id, archived_at=self.tick())

    def add_event(self, name: str = "New event") -> str:
        with self.lock:
            event_id = self.new_id("event")
            made = next(iter(self.tables["events"].values()))
            self.tables["events"][event_id] = {
                **made,
                "id": event_id,
                "name": name,
                "streamkey": f"canary-stream-{event_id}",
                "restreams": [],
                "stream": None,
                "created_at": self.tick(),
                "updated_at": None,
            }
            self.event_videos[event_id] = []
            return event_id

    def remove_event(self, event_id: str) -> None:
        """The event is gone; its recordings stay as videos."""
        with self.lock:
            self.remove_record("events", event_id)
            del self.event_videos[event_id]

    def start_stream(self, event_id: str) -> str:
        """A new stream begins; the event shows it in place of the one before."""
        with self.lock:
            stream = make_stream(self.catalogue, event_id, self.new_number())
            stream |= {"status": "live", "started_at": self.tick()}
            self._event_becomes(event_id, {"stream": stream})
            return str(stream["id"])

    def end_stream(self, event_id: str, video_id: str | None = None) -> None:
        """The stream is finished; its recording, if given, is a video of the event."""
        with self.lock:
            stream = self._record("events", event_id)["stream"]
            if stream is None:
                raise KeyError(f"no stream in the event {event_id}")
            finished = {**stream, "status": "finished", "finished_at": self.tick()}
            self._event_becomes(event_id, {"stream": finished})
            if video_id is not None:
                self.event_videos[event_id].append(self._video(video_id))

    def add_restream(self, event_id: str) -> str:
        with self.lock:
            number = self.new_number()
            restream = make_restream(self.catalogue, event_id, number, self.tick())
            restreams = self._record("events", event_id)["restreams"]
            self._event_becomes(event_id, {"restreams": [*restreams, restream]})
            return str(restream["id"])

    def edit_restream(self, event_id: str, restream_id: str, **fields: Any) -> None:
        with self.lock:
            fields["updated_at"] = self.tick()
            restreams = [
                {**one, **fields} if one["id"] == restream_id else one
                for one in self._record("events", event_id)["restreams"]
            ]
            self._event_becomes(event_id, {"restreams": restreams})

    def remove_restream(self, event_id: str, restream_id: str) -> None:
        with self.lock:
            before = self._record("events", event_id)["restreams"]
            left = [one for one in before if one["id"] != restream_id]
            self._event_becomes(event_id, {"restreams": left})

    def add_views(self, video_id: str, views: int = 5, day: str | None = None) -> None:
        """Views come in: into today's figures, or late into those of an earlier day."""
        with self.lock:
            on = date.fromisoformat(day) if day else self.today
            self.figures.add_views(on, video_id, views, self.zone)

    def add_usage(
        self, project_id: str, usage: int, product: str = "cdn", day: str | None = None
    ) -> None:
        """The bill of today, or late of an earlier day, grows."""
        with self.lock:
            on = date.fromisoformat(day) if day else self.today
            self.figures.add_usage(on, product, project_id, usage)

    def pass_day(self) -> str:
        """The next day begins for analytics and billing; older data stay."""
        with self.lock:
            return str(self.figures.pass_day())

    def _event_becomes(self, event_id: str, fields: Record) -> None:
        """Streams and restreams change without a new `updated_at` of their event."""
        record = self._record("events", event_id)
        self.tables["events"][event_id] = {**record, **fields}

    def _record(self, table: str, record_id: str) -> Record:
        found = self.tables[table].get(record_id)
        if found is None:
            raise KeyError(f"no {record_id} in {table}")
        return found

    def _video(self, video_id: str) -> int:
        number = self.library.find(video_id)
        if number is None:
            raise KeyError(f"no video {video_id}")
        return number
