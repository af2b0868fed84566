"""What can happen to work items and comments while nobody watches, one method each.

Every method takes ids, holds the lock while it works and moves the clock by one step.
Fields are named as in the tables (`contents`, `closed_at`...).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from threading import RLock
from typing import Any

from sandbox.kitemaker.make import Maker
from sandbox.kitemaker.model import (
    Comment,
    Entity,
    Initiative,
    Label,
    Record,
    Space,
    Status,
    User,
    WorkItem,
    World,
)


class WorkChanges:
    """Changes of work items, their comments, labels and members."""

    world: World
    maker: Maker
    lock: RLock
    settings: dict[str, Any]

    def add_work_item(self, space_id: str | None = None, **fields: Any) -> str:
        """A new work item in the default column; returns its id."""
        with self.lock:
            spaces = self.world.spaces
            space = spaces[space_id] if space_id else next(iter(spaces.values()))
            item = self.maker.work_item(space, "A new card", space.default_status)
            set_fields(item, fields)
            return item.id

    def edit_work_item(self, work_item_id: str, **fields: Any) -> None:
        """Set plain fields (title, description, effort, impact, sort...)."""
        with self.lock:
            item = self.world.work_items[work_item_id]
            set_fields(item, fields)
            self._touch(item)
            self.maker.activity(item, "TITLE_CHANGED" if "title" in fields else "TODO_CHANGED")

    def edit_many(self, count: int, space_id: str | None = None, **fields: Any) -> list[str]:
        """Edit the first `count` work items in one moment: all get the same updated time."""
        with self.lock:
            rows = [
                item
                for item in self.world.work_items.values()
                if space_id is None or item.space.id == space_id
            ][:count]
            now = self.world.tick()
            for item in rows:
                set_fields(item, fields or {"impact": "Large"})
                item.updated_at = now
            return [item.id for item in rows]

    def set_status(self, work_item_id: str, status_id: str) -> None:
        """Move a work item to another column of its space; DONE closes it, others open it."""
        with self.lock:
            item = self.world.work_items[work_item_id]
            item.status = by_id(item.space.statuses, status_id)
            self._touch(item)
            item.closed_at = item.updated_at if item.status.type == "DONE" else None
            self.maker.activity(item, "STATUS_CHANGED", to=status_id)

    def archive_work_item(self, work_item_id: str) -> None:
        """Put a work item into the archive column, with its flag; the item stays readable."""
        with self.lock:
            item = self.world.work_items[work_item_id]
            item.status = item.space.archive
            self._touch(item)
            item.archived_at = item.updated_at

    def restore_work_item(self, work_item_id: str) -> None:
        """Take a work item out of the archive, back to the default column."""
        with self.lock:
            item = self.world.work_items[work_item_id]
            item.status, item.archived_at = item.space.default_status, None
            self._touch(item)

    def move_work_item(self, work_item_id: str, space_id: str) -> int:
        """Same id, another space, a new number (returned); labels stay behind."""
        with self.lock:
            item, space = (
                self.world.work_items[work_item_id],
                self.world.spaces[space_id],
            )
            del item.space.items[item.number]
            space.last_number += 1
            item.space, item.number = space, space.last_number
            item.labels, item.status = [], space.default_status
            space.items[item.number] = item
            self.world.tick()
            if self.settings["move_bumps_work_item"]:
                item.updated_at = self.world.now()
            return item.number

    def delete_work_item(self, work_item_id: str) -> None:
        """The item and its comments are gone, without a tombstone; its number stays a hole."""
        with self.lock:
            item = self.world.work_items.pop(work_item_id)
            del item.space.items[item.number]
            self.world.deleted_work_items[item.id] = item
            self.world.tick()

    def return_work_item(self, work_item_id: str) -> None:
        """A deleted item comes back as it was: same id, number, comments and times."""
        with self.lock:
            item = self.world.deleted_work_items.pop(work_item_id)
            self.world.work_items[item.id] = item
            item.space.items[item.number] = item
            self.world.tick()

    def label_work_item(self, work_item_id: str, label_id: str, on: bool = True) -> None:
        """Put a label of the space on a work item, or take it off."""
        with self.lock:
            item = self.world.work_items[work_item_id]
            label = by_id(item.space.labels, label_id)
            item.labels = [other for other in item.labels if other is not label] + [label] * on
            self._touch(item)
            self.maker.activity(item, "LABELS_CHANGED")

    def assign_work_item(self, work_item_id: str, user_id: str, on: bool = True) -> None:
        """Make a user a member of a work item, or no longer."""
        with self.lock:
            item = self.world.work_items[work_item_id]
            user: User = by_id(self.world.users, user_id)
            item.members = [other for other in item.members if other is not user] + [user] * on
            self._touch(item)
            self.maker.activity(item, "MEMBERS_CHANGED")

    def add_comment(
        self, entity_id: str, body: str = "Me too", thread_id: str | None = None
    ) -> str:
        """Comment on a work item or initiative; returns the comment's id."""
        with self.lock:
            comment = self.maker.comment(self._entity(entity_id), body, thread_id)
            self._after_comment(comment)
            return comment.id

    def edit_comment(self, comment_id: str, body: str) -> None:
        with self.lock:
            comment = by_id(self.world.comments(), comment_id)
            comment.body = body
            self._touch(comment)
            self._after_comment(comment)

    def delete_comment(self, comment_id: str) -> None:
        """The comment is gone; no recent list ever tells so."""
        with self.lock:
            comment = by_id(self.world.comments(), comment_id)
            comment.entity.comments.remove(comment)
            self.world.tick()
            self._after_comment(comment)

    def hold_clock(self, on: bool = True) -> None:
        """While held, everything that happens has the same time to the millisecond."""
        with self.lock:
            self.world.clock_held = on

    def _entity(self, entity_id: str) -> WorkItem | Initiative:
        if entity_id in self.world.work_items:
            return self.world.work_items[entity_id]
        found: Initiative = by_id(list(self.world.initiatives.values()), entity_id)
        return found

    def _touch(self, record: Record) -> None:
        record.updated_at = self.world.tick()

    def _after_comment(self, comment: Comment) -> None:
        if self.settings["comment_bumps_work_item"]:
            comment.entity.updated_at = self.world.now()

    def _after_rename(self, named: Label | Status | Space) -> None:
        """A rename shows in the work items; whether it bumps them is a switch."""
        if self.settings["rename_bumps_work_item"]:
            for item in self.world.work_items.values():
                if named in (*item.labels, item.status, item.space):
                    item.updated_at = self.world.now()


def set_fields(record: Entity | Record, fields: Mapping[str, Any]) -> None:
    """Set plain fields; raises ValueError for one that the record does not have."""
    for name, value in fields.items():
        old = getattr(record, name, record)
        if isinstance(old, list | dict | Record):
            raise ValueError(f"{type(record).__name__} has no plain field {name!r}")
        setattr(record, name, value)


def by_id(rows: list[Any], row_id: str) -> Any:
    """The row with this id; raises KeyError if there is none."""
    for row in rows:
        if row.id == row_id:
            return row
    raise KeyError(row_id)


def pick(rng: random.Random, rows: list[Any]) -> Any:
    """Any of the rows, or None if there are none."""
    return rng.choice(rows) if rows else None
