"""What one token sees of the organisation: the same for REST, GraphQL and the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest

from sandbox.core import Refused
from sandbox.kitemaker.records import (
    Actor,
    Application,
    Comment,
    Entity,
    Initiative,
    Integration,
    Label,
    Record,
    Space,
    User,
    WorkItem,
)
from sandbox.kitemaker.switches import KitemakerSwitches
from sandbox.kitemaker.world import World

RECENT_MOST = 50


def refused(status: int, code: str, message: str) -> Refused:
    """An error with the service's own code for it."""
    return Refused(status, message, code=code)


def bad_request(message: str) -> Refused:
    return refused(400, "BAD_REQUEST", message)


ISSUE_NOT_FOUND = ("ISSUE_NOT_FOUND", "Could not find the specified work item")
FORBIDDEN = ("FORBIDDEN", "You are not a member of this space")
SPACE_NOT_FOUND = ("SPACE_NOT_FOUND", "The specified space does not exist")
INITIATIVE_NOT_FOUND = ("INITIATIVE_NOT_FOUND", "Could not find the specified initiative")
FEEDBACK_NOT_FOUND = ("FEEDBACK_NOT_FOUND", "Could not find the specified feedback")
COMMENT_NOT_FOUND = ("COMMENT_NOT_FOUND", "Could not find the specified comment")
REVIEW_NOT_FOUND = ("CODE_REVIEW_REQUEST_NOT_FOUND", "No such code review request")


@dataclass(frozen=True)
class View:
    """The world through one token; `user` is None for an application token.

    A personal token sees public spaces and the private ones of its user, an application
    token public ones only. What is in an unseen space is seen nowhere.
    """

    world: World
    switches: KitemakerSwitches
    user: User | None

    def sees_space(self, space: Space) -> bool:
        if space.id not in self.world.spaces:
            return False
        return not space.private or self.user in space.insiders

    def sees(self, entity: Entity) -> bool:
        if isinstance(entity, WorkItem):
            return entity.id in self.world.work_items and self.sees_space(entity.space)
        return entity.number in self.world.initiatives

    def spaces(self) -> list[Space]:
        return [space for space in self.world.spaces.values() if self.sees_space(space)]

    def space(self, space_id: str) -> Space:
        """The seen space with this id; refuses with 404 otherwise, or 403 by switch."""
        space = self.world.spaces.get(space_id)
        if space is not None and self.sees_space(space):
            return space
        if space is not None and self.switches.hidden_space == "forbidden":
            raise refused(403, *FORBIDDEN)
        raise refused(404, *SPACE_NOT_FOUND)

    def space_by_key(self, key: str) -> Space:
        for space in self.spaces():
            if space.key == key:
                return space
        raise refused(404, *SPACE_NOT_FOUND)

    def work_item_by_number(self, key: str, number: int) -> WorkItem:
        """The work item that has this number now; numbers left by a move are not found."""
        try:
            return self.space_by_key(key).items[number]
        except (Refused, KeyError):
            raise refused(404, *ISSUE_NOT_FOUND) from None

    def work_items(self) -> list[WorkItem]:
        return [item for item in self.world.work_items.values() if self.sees_space(item.space)]

    def comments(self) -> list[Comment]:
        """Every comment of seen work items and of initiatives."""
        return [comment for comment in self.world.comments() if self.sees(comment.entity)]

    def labels(self, *, tags: bool) -> list[tuple[Label, Space | None]]:
        """Labels with their space; those of the organisation as far as initiatives show them,
        and with `tags` (which REST does not show) as far as feedback does."""
        rows: dict[str, tuple[Label, Space | None]] = {
            label.id: (label, space) for space in self.spaces() for label in space.labels
        }
        for initiative in self.world.initiatives.values():
            for label in self.initiative_labels(initiative):
                rows.setdefault(label.id, (label, None))
        for feedback in self.world.feedback.values() if tags else ():
            for label in feedback.tags:
                rows.setdefault(label.id, (label, None))
        return list(rows.values())

    def initiative_labels(self, initiative: Initiative) -> list[Label]:
        """An initiative's labels, without those of spaces that are not seen."""
        unseen = [space for space in self.world.spaces.values() if not self.sees_space(space)]
        hidden = {label.id for space in unseen for label in space.labels}
        return [label for label in initiative.labels if label.id not in hidden]

    def initiative_spaces(self, initiative: Initiative) -> list[Space]:
        return [space for space in initiative.spaces if self.sees_space(space)]

    def recent_work_items(self, space: Space, count: int) -> list[WorkItem]:
        """The last updated work items of a space, newest first."""
        items: Iterable[WorkItem] = space.items.values()
        if not self.switches.rest_lists_hold_archived:
            items = (item for item in items if not is_archived(item))
        return nlargest(count, items, key=last_update)

    def recent_comments(self, space: Space, count: int) -> list[Comment]:
        """The last updated comments on work items of a space, newest first."""
        comments = (comment for item in space.items.values() for comment in item.comments)
        return nlargest(count, comments, key=last_update)


def last_update(record: Record) -> tuple[str, str]:
    return record.updated_at, record.id


def is_archived(item: WorkItem) -> bool:
    return item.status.type == "ARCHIVED" or item.archived_at is not None


def actor_name(actor: Actor) -> str:
    """What stands for an actor: for users the name, or the user name where there is none."""
    if isinstance(actor, User):
        return actor.name or actor.username
    if isinstance(actor, Application):
        return actor.name
    if isinstance(actor, Integration):
        return actor.type
    return actor.external_name


ACTOR_TYPES = {
    "User": "user",
    "Application": "application",
    "Integration": "integration",
    "IntegrationUser": "integration_user",
}


def actor_type(actor: Actor) -> str:
    return ACTOR_TYPES[type(actor).__name__]
