"""What can happen to the account while nobody watches, one method each.

Every method takes ids, holds the lock while it works and moves the clock by one step.
Comments, likes, saves and favourites never touch a clip's `updated`, nor clips a list's.
"""

from __future__ import annotations

import random
from threading import RLock
from typing import Any

from sandbox.kippt.make import Maker
from sandbox.kippt.model import Clip, ClipList, User, World


class ClipChanges:
    """Changes of clips and of what hangs on them."""

    world: World
    maker: Maker
    lock: RLock
    settings: dict[str, Any]

    def add_clip(
        self,
        list_id: int | None = None,
        title: str = "A new page",
        url: str | None = None,
        user_id: int | None = None,
        **fields: Any,
    ) -> int:
        """A new clip, in the Inbox and by oneself if not said otherwise; returns its id."""
        with self.lock:
            row = self.world.lists[list_id] if list_id else self.world.inbox
            clip = self.maker.clip(row, self._user(user_id), title, url)
            self._set(clip, fields)
            return clip.id

    def add_note(self, notes: str = "Remember the milk") -> int:
        """A clip without an address of its own: the service makes one up."""
        with self.lock:
            clip = self.maker.clip(self.world.inbox, self.world.me, "Note")
            clip.url = f"https://kippt.example/{self.world.me.username}/notes/{clip.id}"
            clip.type, clip.notes = "note", notes
            return clip.id

    def edit_clip(self, clip_id: int, **fields: Any) -> None:
        """Set plain fields (title, notes, url, type, via_id)."""
        with self.lock:
            clip = self.world.clips[clip_id]
            self._set(clip, fields)
            clip.updated = self.world.tick()

    def edit_many(self, count: int, **fields: Any) -> list[int]:
        """Edit the first `count` own clips in one second: all get the same `updated`."""
        with self.lock:
            rows, now = self.world.my_clips()[:count], self.world.tick()
            for clip in rows:
                self._set(clip, fields or {"notes": "sorted"})
                clip.updated = now
            return [clip.id for clip in rows]

    def move_clip(self, clip_id: int, list_id: int) -> None:
        """Put a clip into another list, which counts as an update of the clip."""
        with self.lock:
            clip = self.world.clips[clip_id]
            clip.home = self.world.lists[list_id]
            clip.updated = self.world.tick()

    def delete_clip(self, clip_id: int) -> None:
        """The clip is gone, without a tombstone."""
        with self.lock:
            self.world.deleted_clips[clip_id] = self.world.clips.pop(clip_id)
            self.world.tick()

    def return_clip(self, clip_id: int) -> None:
        """A deleted clip comes back as it was: same id, same times."""
        with self.lock:
            self.world.clips[clip_id] = self.world.deleted_clips.pop(clip_id)
            self.world.tick()

    def add_comment(self, clip_id: int, body: str = "Nice", user_id: int | None = None) -> int:
        with self.lock:
            return self.maker.comment(self.world.clips[clip_id], self._user(user_id), body).id

    def delete_comment(self, comment_id: int) -> None:
        with self.lock:
            for clip in self.world.clips.values():
                for row in clip.comments:
                    if row.id == comment_id:
                        clip.comments.remove(row)
                        self.world.tick()
                        return
            raise KeyError(comment_id)

    def like_clip(self, clip_id: int, user_id: int | None = None, on: bool = True) -> None:
        """A user (oneself if not given) likes a clip, or no longer."""
        with self.lock:
            put(self.world.clips[clip_id].likes, self._user(user_id), on)
            self.world.tick()

    def save_clip(self, clip_id: int, user_id: int, on: bool = True) -> None:
        """A user saves somebody's clip for themselves, or deletes that copy."""
        with self.lock:
            put(self.world.clips[clip_id].saves, self._user(user_id), on)
            self.world.tick()

    def favorite_clip(self, clip_id: int, on: bool = True) -> None:
        """Make a clip one's favourite, or no longer."""
        with self.lock:
            put(self.world.me.favorites, self.world.clips[clip_id], on)
            self.world.tick()

    def hold_clock(self, on: bool = True) -> None:
        """While held, everything that happens has the same time."""
        with self.lock:
            self.world.clock_held = on

    def _user(self, user_id: int | None) -> User:
        return self.world.me if user_id is None else self.world.users[user_id]

    def _set(self, record: Clip | ClipList | User, fields: dict[str, Any]) -> None:
        """Set plain fields; raises ValueError for one that the record does not have."""
        for name, value in fields.items():
            old = getattr(record, name, record)
            if isinstance(old, list | dict | Clip | ClipList | User):
                raise ValueError(f"{type(record).__name__} has no plain field {name!r}")
            setattr(record, name, value)


class Changes(ClipChanges):
    """All changes, and `change` which makes a random round of them."""

    def add_list(self, title: str = "A new list", is_private: bool = True) -> int:
        with self.lock:
            return self.maker.clip_list(title, self.world.me, is_private, "").id

    def edit_list(self, list_id: int, **fields: Any) -> None:
        """Set plain fields (title, description, is_private); a new title gives a new slug."""
        with self.lock:
            row = self.world.lists[list_id]
            self._set(row, fields)
            if "title" in fields and row is not self.world.inbox:
                row.slug = self.maker.slug(row.title, row.user)
            row.updated = self.world.tick()

    def delete_list(self, list_id: int) -> None:
        """The list is gone; its clips too, or one's own to the Inbox, by switch.

        Raises ValueError for the Inbox.
        """
        with self.lock:
            row, inbox = self.world.lists[list_id], self.world.inbox
            if row is inbox:
                raise ValueError("the Inbox cannot be deleted")
            for clip in self.world.clips_of(row):
                if self.settings["delete_list"] == "to_inbox" and clip.user is self.world.me:
                    self.move_clip(clip.id, inbox.id)
                else:
                    self.delete_clip(clip.id)
            del self.world.lists[list_id]
            self.world.tick()

    def add_collaborator(self, list_id: int, user_id: int | None = None, on: bool = True) -> None:
        """A user (oneself if not given) joins a list or leaves it: a list of somebody else
        appears or vanishes so, with the clips in it."""
        with self.lock:
            put(self.world.lists[list_id].collaborators, self._user(user_id), on)
            self.world.tick()

    def follow(self, user_id: int, on: bool = True) -> None:
        with self.lock:
            put(self.world.following, self.world.users[user_id], on)
            self.world.tick()

    def be_followed(self, user_id: int, on: bool = True) -> None:
        with self.lock:
            put(self.world.followers, self.world.users[user_id], on)
            self.world.tick()

    def edit_user(self, user_id: int, **fields: Any) -> None:
        """Set plain fields of anybody's profile; nothing tells when it was."""
        with self.lock:
            self._set(self.world.users[user_id], fields)
            self.world.tick()

    def add_notification(self, kind: str, user_id: int, clip_id: int | None = None) -> int:
        """A notification, also of a kind that nobody knows yet; returns its id."""
        with self.lock:
            clip = self.world.clips[clip_id] if clip_id else None
            return self.maker.notification(kind, self.world.users[user_id], clip).id

    def mark_notifications_seen(self) -> None:
        with self.lock:
            for note in self.world.notifications.values():
                note.is_seen = True
            self.world.tick()

    def change(self, seed: int) -> list[str]:
        """A random round that touches clips, lists and neighbours."""
        with self.lock:
            rng = random.Random(f"kippt change {seed}")
            world, done = self.world, []
            own = [row for row in world.my_lists() if row.user is world.me]
            users = list(world.users.values())[1:]
            done.append(f"added clip {self.add_clip(rng.choice(own).id, f'Page {seed} ✨')}")
            done.append(f"added note {self.add_note(f'note {seed}')}")
            for name in ("edit", "move", "delete", "comment on", "like", "save", "favour"):
                clip = rng.choice(world.my_clips())
                self._do(name, clip, rng)
                done.append(f"{name} clip {clip.id}")
            if world.deleted_clips and rng.random() < 0.3:
                back = rng.choice(list(world.deleted_clips))
                self.return_clip(back)
                done.append(f"brought clip {back} back")
            shared = rng.choice([row for row in world.my_lists() if row.user is not world.me])
            other = self.add_clip(shared.id, "From a friend", user_id=shared.user.id)
            done.append(f"somebody added clip {other} to shared list {shared.id}")
            done.append(f"edited {len(self.edit_many(3))} clips in one second")
            if comments := [row.id for clip in world.my_clips() for row in clip.comments]:
                self.delete_comment(rng.choice(comments))
                done.append("deleted a comment")
            done.append(f"added list {self.add_list(f'List {seed}', rng.random() < 0.5)}")
            renamed = rng.choice(own[1:])
            self.edit_list(renamed.id, title=f"Renamed {seed}", description=None)
            done.append(f"renamed list {renamed.id}")
            for deed in (self.follow, self.be_followed):
                deed(rng.choice(users).id, rng.random() < 0.6)
            self.edit_user(rng.choice(users).id, bio=f"Since {seed} 🎈")
            self.add_notification("follow", rng.choice(users).id)
            done += ["changed who follows whom", "edited a profile", "added a notification"]
            return done

    def _do(self, name: str, clip: Clip, rng: random.Random) -> None:
        world = self.world
        others = [user.id for user in world.users.values() if user is not clip.user]
        if name == "edit":
            self.edit_clip(clip.id, title=f"Edited {rng.random()}", notes="")
        elif name == "move":
            own = [row.id for row in world.my_lists() if row.user is world.me]
            self.move_clip(clip.id, rng.choice(own))
        elif name == "delete":
            if len(world.my_clips()) > 1:
                self.delete_clip(clip.id)
        elif name == "comment on":
            self.add_comment(clip.id, f"Remark {rng.random()}", rng.choice(others))
        elif name == "like":
            self.like_clip(clip.id, rng.choice(others), rng.random() < 0.7)
        elif name == "save":
            self.save_clip(clip.id, rng.choice(others))
        else:
            self.favorite_clip(clip.id, on=clip not in world.me.favorites)


def put(rows: list[Any], row: Any, on: bool) -> None:
    """Put a row last in the list, or take it out; once is enough."""
    if row in rows:
        rows.remove(row)
    if on:
        rows.append(row)
