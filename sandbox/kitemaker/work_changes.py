"""What can happen to work items and comments while nobody watches, one action each.

Every action takes ids and moves the clock by one step.
Fields are named as in the tables (`contents`, `closed_at`...).
"""

from __future__ import annotations

from typing import Any

from sandbox.core import Service, action, set_fields
from sandbox.kitemaker.data import build
from sandbox.kitemaker.records import (
    Comment,
    Initiative,
    Label,
    Record,
    Space,
    Status,
    User,
    WorkItem,
)
from sandbox.kitemaker.switches import KitemakerSwitches


class WorkChanges(Service):
    """The organisation's data, and changes of work items, their comments, labels and members."""

    name = "kitemaker"
    switch_class = KitemakerSwitches
    switches: KitemakerSwitches

    def build(self) -> None:
        self.world = build(self.seed, self.size)
        self.clock = self.world.clock
        self.failing = 0
        self.failing_partly = False

    @action
    def add_work_item(self, space_id: str | None = None, **fields: Any) -> str:
        """A new work item in the default column; returns its id."""
        spaces = self.world.spaces
        space = spaces[space_id] if space_id else next(iter(spaces.values()))
        item = self.world.make_work_item(space, "A new card", space.default_status)
        set_fields(item, fields)
        return item.id

    @action
    def edit_work_item(self, work_item_id: str, **fields: Any) -> None:
        """Set plain fields (title, description, effort, impact, sort...)."""
        item = self.world.work_items[work_item_id]
        set_fields(item, fields)
        self._touch(item)
        self.world.note_activity(item, "TITLE_CHANGED" if "title" in fields else "TODO_CHANGED")

    @action
    def edit_many(self, count: int, space_id: str | None = None, **fields: Any) -> list[str]:
        """Edit the first `count` work items in one moment: all get the same updated time."""
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

    @action
    def set_status(self, work_item_id: str, status_id: str) -> None:
        """Move a work item to another column of its space; DONE closes it, others open it."""
        item = self.world.work_items[work_item_id]
        item.status = by_id(item.space.statuses, status_id)
        self._touch(item)
        item.closed_at = item.updated_at if item.status.type == "DONE" else None
        self.world.note_activity(item, "STATUS_CHANGED", to=status_id)

    @action
    def archive_work_item(self, work_item_id: str) -> None:
        """Put a work item into the archive column, with its flag; the item stays readable."""
        item = self.world.work_items[work_item_id]
        item.status = item.space.archive
        self._touch(item)
        item.archived_at = item.updated_at

    @action
    def move_work_item(self, work_item_id: str, space_id: str) -> int:
        """Same id, another space, a new number (returned); labels stay behind."""
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
        if self.switches.move_bumps_work_item:
            item.updated_at = self.world.now()
        return item.number

    @action
    def delete_work_item(self, work_item_id: str) -> None:
        """The item and its comments are gone, without a tombstone; its number stays a hole."""
        item = self.world.work_items.remove(work_item_id)
        del item.space.items[item.number]
        self.world.tick()

    @action
    def return_work_item(self, work_item_id: str) -> None:
        """A deleted item comes back as it was: same id, number, comments and times."""
        item = self.world.work_items.bring_back(work_item_id)
        item.space.items[item.number] = item
        self.world.tick()

    @action
    def label_work_item(self, work_item_id: str, label_id: str, on: bool = True) -> None:
        """Put a label of the space on a work item, or take it off."""
        item = self.world.work_items[work_item_id]
        label = by_id(item.space.labels, label_id)
        item.labels = [other for other in item.labels if other is not label] + [label] * on
        self._touch(item)
        self.world.note_activity(item, "LABELS_CHANGED")

    @action
    def assign_work_item(self, work_item_id: str, user_id: str, on: bool = True) -> None:
        """Make a user a member of a work item, or no longer."""
        item = self.world.work_items[work_item_id]
        user: User = by_id(self.world.users, user_id)
        item.members = [other for other in item.members if other is not user] + [user] * on
        self._touch(item)
        self.world.note_activity(item, "MEMBERS_CHANGED")

    @action
    def add_comment(
        self, entity_id: str, body: str = "Me too", thread_id: str | None = None
    ) -> str:
        """Comment on a work item or initiative; returns the comment's id."""
        comment = self.world.make_comment(self._entity(entity_id), body, thread_id)
        self._after_comment(comment)
        return comment.id

    @action
    def edit_comment(self, comment_id: str, body: str) -> None:
        comment = by_id(self.world.comments(), comment_id)
        comment.body = body
        self._touch(comment)
        self._after_comment(comment)

    @action
    def delete_comment(self, comment_id: str) -> None:
        """The comment is gone; no recent list ever tells so."""
        comment = by_id(self.world.comments(), comment_id)
        comment.entity.comments.remove(comment)
        self.world.tick()
        self._after_comment(comment)

    def _entity(self, entity_id: str) -> WorkItem | Initiative:
        if entity_id in self.world.work_items:
            return self.world.work_items[entity_id]
        found: Initiative = by_id(list(self.world.initiatives.values()), entity_id)
        return found

    def _touch(self, record: Record) -> None:
        record.updated_at = self.world.tick()

    def _after_comment(self, comment: Comment) -> None:
        if self.switches.comment_bumps_work_item:
            comment.entity.updated_at = self.world.now()

    def _after_rename(self, named: Label | Status | Space) -> None:
        """A rename shows in the work items; whether it bumps them is a switch."""
        if self.switches.rename_bumps_work_item:
            for item in self.world.work_items.values():
                if named in (*item.labels, item.status, item.space):
                    item.updated_at = self.world.now()


def by_id(rows: list[Any], row_id: str) -> Any:
    """The row with this id; raises KeyError if there is none."""
    for row in rows:
        if row.id == row_id:
            return row
    raise KeyError(row_id)
