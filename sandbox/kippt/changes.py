"""What can happen to the account while nobody watches, one action each.

Every action takes ids and moves the clock by one step. Comments, likes, saves and favourites
never touch a clip's `updated`, nor clips a list's (page, section 8).
"""

from __future__ import annotations

from typing import Any

from sandbox.core import Service, action, put, set_fields
from sandbox.kippt.data import build
from sandbox.kippt.records import User
from sandbox.kippt.switches import KipptSwitches


class Changes(Service):
    """The account's data and all that changes it."""

    name = "kippt"
    switch_class = KipptSwitches
    switches: KipptSwitches

    def build(self) -> None:
        self.world = build(self.seed, self.size)
        self.clock = self.world.clock
        self.tokens_given = 1
        self.throttling = 0
        self.retry_after: float | None = None

    # Clips and what hangs on them

    @action
    def add_clip(
        self,
        list_id: int | None = None,
        title: str = "A new page",
        url: str | None = None,
        user_id: int | None = None,
        **fields: Any,
    ) -> int:
        """A new clip, in the Inbox and by oneself if not said otherwise; returns its id."""
        row = self.world.lists[list_id] if list_id else self.world.inbox
        clip = self.world.make_clip(row, self._user(user_id), title, url)
        set_fields(clip, fields)
        return clip.id

    @action
    def add_note(self, notes: str = "Remember the milk") -> int:
        """A clip without an address of its own: the service makes one up."""
        clip = self.world.make_clip(self.world.inbox, self.world.me, "Note")
        clip.url = f"https://kippt.example/{self.world.me.username}/notes/{clip.id}"
        clip.type, clip.notes = "note", notes
        return clip.id

    @action
    def edit_clip(self, clip_id: int, **fields: Any) -> None:
        """Set plain fields (title, notes, url, type, via_id)."""
        clip = self.world.clips[clip_id]
        set_fields(clip, fields)
        clip.updated = self.world.tick()

    @action
    def edit_many(self, count: int, **fields: Any) -> list[int]:
        """Edit the first `count` own clips in one second: all get the same `updated`."""
        rows, now = self.world.my_clips()[:count], self.world.tick()
        for clip in rows:
            set_fields(clip, fields or {"notes": "sorted"})
            clip.updated = now
        return [clip.id for clip in rows]

    @action
    def move_clip(self, clip_id: int, list_id: int) -> None:
        """Put a clip into another list, which counts as an update of the clip."""
        clip = self.world.clips[clip_id]
        clip.home = self.world.lists[list_id]
        clip.updated = self.world.tick()

    @action
    def delete_clip(self, clip_id: int) -> None:
        """The clip is gone, without a tombstone."""
        self.world.clips.remove(clip_id)
        self.world.tick()

    @action
    def return_clip(self, clip_id: int) -> None:
        """A deleted clip comes back as it was: same id, same times."""
        self.world.clips.bring_back(clip_id)
        self.world.tick()

    @action
    def add_comment(self, clip_id: int, body: str = "Nice", user_id: int | None = None) -> int:
        return self.world.make_comment(self.world.clips[clip_id], self._user(user_id), body).id

    @action
    def delete_comment(self, comment_id: int) -> None:
        """Raises KeyError where there is no such comment."""
        for clip in self.world.clips.values():
            for row in clip.comments:
                if row.id == comment_id:
                    clip.comments.remove(row)
                    self.world.tick()
                    return
        raise KeyError(comment_id)

    @action
    def like_clip(self, clip_id: int, user_id: int | None = None, on: bool = True) -> None:
        """A user (oneself if not given) likes a clip, or no longer."""
        put(self.world.clips[clip_id].likes, self._user(user_id), on)
        self.world.tick()

    @action
    def save_clip(self, clip_id: int, user_id: int, on: bool = True) -> None:
        """A user saves somebody's clip for themselves, or deletes that copy."""
        put(self.world.clips[clip_id].saves, self._user(user_id), on)
        self.world.tick()

    @action
    def favorite_clip(self, clip_id: int, on: bool = True) -> None:
        """Make a clip one's favourite, or no longer."""
        put(self.world.me.favorites, self.world.clips[clip_id], on)
        self.world.tick()

    # Lists

    @action
    def add_list(self, title: str = "A new list", is_private: bool = True) -> int:
        return self.world.make_list(title, self.world.me, is_private, "").id

    @action
    def edit_list(self, list_id: int, **fields: Any) -> None:
        """Set plain fields (title, description, is_private); a new title gives a new slug."""
        row = self.world.lists[list_id]
        set_fields(row, fields)
        if "title" in fields and row is not self.world.inbox:
            row.slug = self.world.slug(row.title, row.user)
        row.updated = self.world.tick()

    @action
    def delete_list(self, list_id: int) -> None:
        """The list is gone; its clips too, or one's own to the Inbox, by switch.

        Raises ValueError for the Inbox.
        """
        row, inbox = self.world.lists[list_id], self.world.inbox
        if row is inbox:
            raise ValueError("the Inbox cannot be deleted")
        for clip in self.world.clips_of(row):
            if self.switches.delete_list == "to_inbox" and clip.user is self.world.me:
                self.move_clip(clip.id, inbox.id)
            else:
                self.delete_clip(clip.id)
        self.world.lists.remove(list_id)
        self.world.tick()

    @action
    def add_collaborator(self, list_id: int, user_id: int | None = None, on: bool = True) -> None:
        """A user (oneself if not given) joins a list or leaves it: a list of somebody else
        appears or vanishes so, with the clips in it."""
        put(self.world.lists[list_id].collaborators, self._user(user_id), on)
        self.world.tick()

    @action
    def follow_list(self, list_id: int, on: bool = True) -> None:
        put(self.world.followed_lists, self.world.lists[list_id], on)
        self.world.tick()

    # People and notifications

    @action
    def follow(self, user_id: int, on: bool = True) -> None:
        put(self.world.following, self.world.users[user_id], on)
        self.world.tick()

    @action
    def be_followed(self, user_id: int, on: bool = True) -> None:
        put(self.world.followers, self.world.users[user_id], on)
        self.world.tick()

    @action
    def edit_user(self, user_id: int, **fields: Any) -> None:
        """Set plain fields of anybody's profile; nothing tells when it was."""
        set_fields(self.world.users[user_id], fields)
        self.world.tick()

    @action
    def add_notification(self, kind: str, user_id: int, clip_id: int | None = None) -> int:
        """A notification, also of a kind that nobody knows yet; returns its id."""
        clip = self.world.clips[clip_id] if clip_id else None
        return self.world.make_notification(kind, self.world.users[user_id], clip).id

    @action
    def mark_notifications_seen(self) -> None:
        for note in self.world.notifications.values():
            note.is_seen = True
        self.world.tick()

    # The account itself

    @action
    def reset_token(self) -> None:
        """A new password and token, as in the account's settings: the old ones are 401."""
        self.tokens_given += 1

    @action
    def throttle_next(self, times: int = 1, retry_after: float | None = None) -> None:
        """The next requests are answered as when too many come."""
        self.throttling, self.retry_after = times, retry_after

    def _user(self, user_id: int | None) -> User:
        return self.world.me if user_id is None else self.world.users[user_id]
