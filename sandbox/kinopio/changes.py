"""Everything that can happen to a Kinopio space or account while nobody syncs.

Every method takes the lock, moves the service's clock by one step and touches the times
that the service would touch: a card's edit moves all of them, the edit of a box or a
connection moves only the space's `updatedAt`, and so does a visit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sandbox.kinopio.account import add_notification, make_world
from sandbox.kinopio.data import Row, Space, World
from sandbox.kinopio.making import make_space
from sandbox.kinopio.words import slug
from sandbox.service import Request, Service


class SpaceChanges(Service):
    """The account, and what happens to whole spaces, people, favourites, notifications."""

    def __init__(
        self, *, size: int = 40, seed: int = 1, switches: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(size=size, seed=seed, switches=switches)
        self.lock = threading.RLock()
        self.world: World = make_world(seed, size)
        self.after_answer: list[Callable[[Request, int], None]] = []

    def space_ids(self, kind: str = "owned") -> list[str]:
        """Ids to call changes with: owned, shared, read_only, removed, foreign."""
        with self.lock:
            me = self.world.me["id"]
            listed = self.world.listed()
            kinds: dict[str, list[Space]] = {
                "owned": [s for s in listed if s.owner_id in (me, None)],
                "shared": [s for s in listed if s.owner_id not in (me, None) and s.is_editable],
                "read_only": [s for s in listed if not s.is_editable],
                "removed": self.world.removed_by_me(),
                "foreign": [s for s in self.world.spaces.values() if not s.is_member],
            }
            return [space.id for space in kinds[kind]]

    def user_ids(self) -> list[str]:
        """The ids of all other users."""
        return list(self.world.people)

    def jump_clock(self, seconds: float) -> None:
        """Times written from now on are moved, back too: then later is not greater."""
        with self.lock:
            self.world.now += timedelta(seconds=seconds)

    def add_space(self, name: str | None = None, role: str = "ordinary") -> str:
        """A new space with some cards; role as in `account.ROLES`, e.g. shared. Its id."""
        with self.lock:
            at = self.world.tick()
            space = make_space(self.world, role, len(self.world.spaces), name)
            space.fields.update(createdAt=at, updatedAt=at, editedAt=at)
            return space.id

    def rename_space(self, space_id: str, name: str) -> None:
        """Moves `updatedAt` but, being no card, not `editedAt`."""
        with self.lock:
            space = self._touch(space_id)
            space.fields.update(name=name, url=slug(name, space_id))

    def visit_space(self, space_id: str) -> None:
        """A person looks at it: `visits` and `updatedAt` move, nothing else."""
        with self.lock:
            is_unread = self.world.favorite_spaces.get(space_id)
            self._touch(space_id).fields["visits"] += 1
            if is_unread is not None:
                self.world.favorite_spaces[space_id] = is_unread

    def set_privacy(self, space_id: str, privacy: str) -> None:
        with self.lock:
            self._touch(space_id).fields["privacy"] = privacy

    def hide_space(self, space_id: str, hidden: bool = True) -> None:
        with self.lock:
            self._touch(space_id).fields["isHidden"] = hidden

    def remove_space(self, space_id: str) -> None:
        """Soft removal by oneself: from the list to the list of removed ones."""
        with self.lock:
            fields = self._touch(space_id).fields
            fields.update(isRemoved=True, removedByUserId=self.world.me["id"])

    def remove_space_by_collaborator(self, space_id: str) -> None:
        """Soft removal by someone else: in no list any more, yet its address answers."""
        with self.lock:
            remover = next(iter(self.world.people))
            self._touch(space_id).fields.update(isRemoved=True, removedByUserId=remover)

    def restore_space(self, space_id: str) -> None:
        with self.lock:
            self._touch(space_id).fields.update(isRemoved=False, removedByUserId=None)

    def delete_space(self, space_id: str) -> None:
        """For good: in no list, and 404 at its address."""
        with self.lock:
            self.world.tick()
            del self.world.spaces[space_id]
            self.world.favorite_spaces.pop(space_id, None)

    def lose_access(self, space_id: str) -> None:
        """No collaborator any more: out of the list, 401 at its address, not deleted."""
        with self.lock:
            space = self._touch(space_id)
            space.access_is_lost = True
            space.fields["privacy"] = "private"

    def regain_access(self, space_id: str) -> None:
        with self.lock:
            self._touch(space_id).access_is_lost = False

    def unlisted(self) -> dict[str, int]:
        """Spaces of this account that no list shows, with what their address answers.

        Only a copy that knew them before can still hold them; truth() leaves them out.
        """
        with self.lock:
            hidden_too = self.settings["hidden_spaces"] == "listed"
            shown = [*self.world.listed(hidden_too), *self.world.removed_by_me()]
            shown_ids = {space.id for space in shown}
            return {
                space.id: 401 if space.access_is_lost else 200
                for space in self.world.spaces.values()
                if space.is_member and space.id not in shown_ids
            }

    def add_collaborator(self, space_id: str, user_id: str) -> None:
        with self.lock:
            ids = self._touch(space_id).collaborator_ids
            if user_id not in ids:
                ids.append(user_id)

    def collaborator_ids(self, space_id: str) -> list[str]:
        with self.lock:
            return list(self._space(space_id).collaborator_ids)

    def remove_collaborator(self, space_id: str, user_id: str) -> None:
        with self.lock:
            self._touch(space_id).collaborator_ids.remove(user_id)

    def rename_user(self, user_id: str, name: str) -> None:
        """Moves the time of no space, although the name stands in their payloads."""
        with self.lock:
            self.world.tick()
            user = self.world.me if user_id == self.world.me["id"] else self.world.people[user_id]
            user["name"] = name

    def start_session(self) -> None:
        """One's own `updatedAt` moves without any change."""
        with self.lock:
            self.world.me["updatedAt"] = self.world.tick()

    def favorite_space(self, space_id: str, is_edited: bool = False) -> None:
        with self.lock:
            self.world.tick()
            self.world.favorite_spaces[space_id] = is_edited

    def unfavorite_space(self, space_id: str) -> None:
        with self.lock:
            self.world.tick()
            del self.world.favorite_spaces[space_id]

    def favorite_user(self, user_id: str) -> None:
        with self.lock:
            self.world.tick()
            if user_id not in self.world.favorite_users:
                self.world.favorite_users.append(user_id)

    def unfavorite_user(self, user_id: str) -> None:
        with self.lock:
            self.world.tick()
            self.world.favorite_users.remove(user_id)

    def favorite_color(self, color: str) -> None:
        with self.lock:
            self.world.tick()
            if color not in self.world.favorite_colors:
                self.world.favorite_colors.append(color)

    def unfavorite_color(self, color: str) -> None:
        with self.lock:
            self.world.tick()
            self.world.favorite_colors.remove(color)

    def add_notification(self, kind: str = "addCard", space_id: str | None = None) -> str:
        """A new one, about a space if given. The 51st pushes the oldest out of sight."""
        with self.lock:
            space = None if space_id is None else self.world.spaces[space_id]
            number = len(self.world.notifications)
            actor = list(self.world.people)[number % 6]
            return str(add_notification(self.world, kind, actor, space, self.world.tick())["id"])

    def read_notification(self, notification_id: str) -> None:
        with self.lock:
            at = self.world.tick()
            for entry in self.world.notifications:
                if entry["id"] == notification_id:
                    entry.update(isRead=True, updatedAt=at)

    def add_ai_image(self, prompt: str) -> str:
        """A new image, as newest; its url."""
        with self.lock:
            self.world.tick()
            url = f"https://cdn.kinopio.club/ai-images/{self.world.writer.new_id()}.png"
            self.world.ai_images.insert(0, {"url": url, "prompt": prompt})
            return url

    def _space(self, space_id: str) -> Space:
        if space_id not in self.world.spaces:
            raise LookupError(f"no space {space_id!r}")
        return self.world.spaces[space_id]

    def _touch(self, space_id: str, *, cards_too: bool = False) -> Space:
        """A change to a space: its times move as far as this kind of change moves them."""
        space = self._space(space_id)
        at = self.world.tick()
        space.fields.update(updatedAt=at, updateHash=self.world.writer.new_id())
        if cards_too:
            space.fields.update(editedAt=at, editedByUserId=self.world.me["id"])
        if space_id in self.world.favorite_spaces:
            self.world.favorite_spaces[space_id] = True
        return space

    def _at(self, row: Row) -> Row:
        """Stamp a child's own `updatedAt` with the time of the change just made."""
        row["updatedAt"] = self.world.stamp()
        return row
