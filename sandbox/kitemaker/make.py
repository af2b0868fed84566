"""How each kind of record comes into being; used for the first data and for later changes."""

from __future__ import annotations

import random

from sandbox.kitemaker.model import (
    Activity,
    Actor,
    Comment,
    Entity,
    Feedback,
    Initiative,
    Insight,
    RoadmapColumn,
    Space,
    Status,
    User,
    WorkItem,
    World,
)


class Maker:
    """Makes records inside one world, with choices from one source of randomness."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng

    def someone(self) -> Actor:
        """An actor; mostly a user, sometimes one of the other three kinds."""
        world = self.world
        others: list[Actor] = [
            *world.applications,
            *world.integrations,
            *world.integration_users,
        ]
        users: list[Actor] = list(world.users)
        return self.rng.choice(users * 2 + others)

    def user(self) -> User:
        return self.rng.choice([user for user in self.world.users if not user.deactivated])

    def work_item(self, space: Space, title: str, status: Status) -> WorkItem:
        space.last_number += 1
        item = WorkItem(
            **self.world.born(),
            number=space.last_number,
            title=title,
            description="",
            actor=self.someone(),
            status=status,
            sort=f"{0xFFFFF - space.last_number:05x}V",
            space=space,
        )
        if status.type == "DONE":
            item.closed_at = item.updated_at
        space.items[item.number] = item
        self.world.work_items[item.id] = item
        self.activity(item, "CREATED")
        return item

    def initiative(self, title: str) -> Initiative:
        self.world.last_initiative += 1
        initiative = Initiative(
            **self.world.born(),
            number=self.world.last_initiative,
            title=title,
            description="",
            actor=self.someone(),
            color="purple",
        )
        self.world.initiatives[initiative.number] = initiative
        self.activity(initiative, "CREATED")
        return initiative

    def feedback(self, title: str) -> Feedback:
        self.world.last_feedback += 1
        feedback = Feedback(
            **self.world.born(),
            number=self.world.last_feedback,
            actor=self.someone(),
            title=title,
            contents="",
            company=None,
            person=None,
        )
        self.world.feedback[feedback.number] = feedback
        return feedback

    def insight(self, feedback: Feedback, contents: str) -> Insight:
        insight = Insight(**self.world.born(), actor=self.someone(), contents=contents)
        feedback.insights.append(insight)
        return insight

    def comment(
        self, entity: WorkItem | Initiative, body: str, thread_id: str | None = None
    ) -> Comment:
        """A comment; every third one answers in the newest thread where there is one."""
        threads = [comment.thread_id for comment in entity.comments]
        if thread_id is None and threads and len(threads) % 3:
            thread_id = threads[-1]
        comment = Comment(
            **self.world.born(),
            actor=self.someone(),
            body=body,
            thread_id=thread_id or self.world.new_id(),
            reply=thread_id in threads,
            entity=entity,
        )
        entity.comments.append(comment)
        return comment

    def activity(self, entity: Entity, kind: str, **details: object) -> None:
        """Note in the entity's log what was done; costs no time."""
        if not isinstance(entity, WorkItem | Initiative):
            return
        now = self.world.now()
        entity.activities.append(
            Activity(
                id=self.world.new_id(),
                created_at=now,
                updated_at=now,
                type=kind,
                actor=entity.actor,
                details=dict(details),
                entity=entity,
            )
        )

    def place(self, initiative: Initiative, column: RoadmapColumn) -> None:
        """Put an initiative into a column of a roadmap."""
        column.initiatives.append(initiative)
        initiative.roadmap_columns.append(column)

    def join(self, item: WorkItem, initiative: Initiative) -> None:
        """Make a work item part of an initiative."""
        if initiative not in item.initiatives:
            item.initiatives.append(initiative)
            initiative.work_items.append(item)
