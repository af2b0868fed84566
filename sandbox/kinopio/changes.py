"""What can happen to spaces, people, favourites and notifications while nobody watches."""

from __future__ import annotations

import random
from typing import Any

from sandbox.core import action, put
from sandbox.kinopio import data
from sandbox.kinopio.item_changes import ItemChanges
from sandbox.kinopio.people import make_friend
from sandbox.kinopio.spaces import make_space
from sandbox.kinopio.words import slug


class Changes(ItemChanges):
    """All changes of the account."""

    def build(self) -> None:
        super().build()
        self._shuffles = 0

    def space_ids(self, kind: str = "owned") -> list[str]:
        """Ids to call changes with: owned, shared, read_only, removed, foreign."""
        me, members = self.world.me["id"], self.world.members()
        kinds = {
            "owned": [s for s in members if s.owner_id in (me, None)],
            "shared": [s for s in members if s.owner_id not in (me, None) and s.is_editable],
            "read_only": [s for s in members if not s.is_editable],
            "removed": self.world.removed_by_me(),
            "foreign": [s for s in self.world.spaces.values() if not s.is_member],
        }
        return [space.id for space in kinds[kind]]

    def user_ids(self) -> list[str]:
        """The ids of all other users."""
        return list(self.world.people)

    def shuffle(self, rows: list[Any]) -> None:
        """Another order at each answer, yet the same in each run."""
        self._shuffles += 1
        random.Random(f"{self.seed} {self._shuffles}").shuffle(rows)

    # Spaces

    @action
    def add_space(self, name: str | None = None, role: str = "ordinary") -> str:
        """A new space with some cards; role as in `data.ROLES`, e.g. shared. Its id."""
        at = self.world.tick()
        space = make_space(self.world, role, len(self.world.spaces), name)
        space.fields.update(createdAt=at, updatedAt=at, editedAt=at)
        return space.id

    @action
    def rename_space(self, space_id: str, name: str) -> None:
        """Moves `updatedAt` but, being no card, not `editedAt`."""
        self.touch(space_id).fields.update(name=name, url=slug(name, space_id))

    @action
    def visit_space(self, space_id: str) -> None:
        """A person looks at it: `visits` and `updatedAt` move, nothing else."""
        favorites = dict(self.world.favorite_spaces)
        self.touch(space_id).fields["visits"] += 1
        self.world.favorite_spaces = favorites

    @action
    def hide_space(self, space_id: str, hidden: bool = True) -> None:
        self.touch(space_id).fields["isHidden"] = hidden

    @action
    def remove_space(self, space_id: str) -> None:
        """Soft removal by oneself: from the list to the list of removed ones."""
        self.touch(space_id).fields.update(isRemoved=True, removedByUserId=self.world.me["id"])

    @action
    def remove_space_by_collaborator(self, space_id: str) -> None:
        """Soft removal by someone else: in no list any more, yet its address answers."""
        remover = next(iter(self.world.people))
        self.touch(space_id).fields.update(isRemoved=True, removedByUserId=remover)

    @action
    def restore_space(self, space_id: str) -> None:
        self.touch(space_id).fields.update(isRemoved=False, removedByUserId=None)

    @action
    def delete_space(self, space_id: str) -> None:
        """For good: in no list, and 404 at its address."""
        self.world.tick()
        self.world.spaces.remove(space_id)
        self.world.favorite_spaces.pop(space_id, None)

    @action
    def lose_access(self, space_id: str) -> None:
        """No collaborator any more: out of the list, 401 at its address, not deleted."""
        space = self.touch(space_id)
        space.access_is_lost = True
        space.fields["privacy"] = "private"

    @action
    def regain_access(self, space_id: str) -> None:
        self.touch(space_id).access_is_lost = False

    # People and groups

    @action
    def add_person(self, name: str = "zoe-new") -> str:
        """Somebody who is in no space, no group and no favourites; their id."""
        person = make_friend(self.world.writer, name, None)
        self.world.people[person["id"]] = person
        return str(person["id"])

    @action
    def add_collaborator(self, space_id: str, user_id: str) -> None:
        put(self.touch(space_id).collaborator_ids, user_id, True)

    @action
    def remove_collaborator(self, space_id: str, user_id: str) -> None:
        put(self.touch(space_id).collaborator_ids, user_id, False)

    @action
    def rename_user(self, user_id: str, name: str) -> None:
        """Moves the time of no space, although the name stands in their payloads."""
        self.world.tick()
        user = self.world.me if user_id == self.world.me["id"] else self.world.people[user_id]
        user["name"] = name

    # Favourites, images and notifications

    @action
    def favorite_space(self, space_id: str, is_edited: bool = False) -> None:
        self.world.tick()
        self.world.favorite_spaces[space_id] = is_edited

    @action
    def unfavorite_space(self, space_id: str) -> None:
        self.world.tick()
        del self.world.favorite_spaces[space_id]

    @action
    def favorite_user(self, user_id: str, on: bool = True) -> None:
        self.world.tick()
        put(self.world.favorite_users, user_id, on)

    @action
    def favorite_color(self, color: str, on: bool = True) -> None:
        self.world.tick()
        put(self.world.favorite_colors, color, on)

    @action
    def add_ai_image(self, prompt: str) -> str:
        """A new image, as newest; its address."""
        self.world.tick()
        return data.add_ai_image(self.world, prompt)

    @action
    def add_notification(self, kind: str = "addCard", space_id: str | None = None) -> str:
        """A new one, about a space if given. The 51st pushes the oldest out of sight."""
        space = None if space_id is None else self.world.spaces[space_id]
        actor = list(self.world.people)[len(self.world.notifications) % 6]
        return data.add_notification(self.world, kind, actor, space, self.world.tick())

    @action
    def read_notification(self, notification_id: str) -> None:
        at = self.world.tick()
        for entry in self.world.notifications:
            if entry["id"] == notification_id:
                entry.update(isRead=True, updatedAt=at)
