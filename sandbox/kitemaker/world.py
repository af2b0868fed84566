"""Everything that the organisation has, and how each kind of record comes into being."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sandbox.core import Clock, Store
from sandbox.kitemaker.records import (
    Activity,
    Actor,
    Application,
    Birth,
    CodeReview,
    Comment,
    Company,
    Entity,
    Feedback,
    Initiative,
    Insight,
    Integration,
    IntegrationUser,
    Label,
    Organization,
    Person,
    Roadmap,
    RoadmapColumn,
    Space,
    Status,
    User,
    WorkItem,
)

EPOCH = datetime(2025, 3, 3, 9, 0, 0, 127_000, tzinfo=UTC)
STEP = timedelta(seconds=61, milliseconds=7)


class World:
    """The organisation's records, their clock, and the source of ids and of choices."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.clock = Clock(EPOCH, STEP)
        self._made = 0
        self.organization = Organization(**self.born(), name="Acme & Søn", slug="acme")
        self.users: list[User] = []
        self.integrations: list[Integration] = []
        self.integration_users: list[IntegrationUser] = []
        self.applications: list[Application] = []
        self.spaces: dict[str, Space] = {}
        self.general_labels: list[Label] = []
        """Labels of the organisation, listed under no space."""
        self.work_items: Store[str, WorkItem] = Store()
        self.code_reviews: dict[str, CodeReview] = {}
        """By address."""
        self.initiatives: dict[int, Initiative] = {}
        self.last_initiative = 0
        self.roadmaps: list[Roadmap] = []
        self.feedback: dict[int, Feedback] = {}
        self.last_feedback = 0
        self.people: list[Person] = []
        self.companies: list[Company] = []

    def now(self) -> str:
        """ISO 8601 with milliseconds, which sorts as time does."""
        return self.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def tick(self) -> str:
        """The time after one more step of the clock."""
        self.clock.tick()
        return self.now()

    def new_id(self) -> str:
        """Sixteen hexadecimal characters, never the same twice; most sort as they were made.

        Some consist of digits only, or of digits around one "e", and so look like numbers.
        """
        self._made += 1
        if self._made % 10 == 7:
            return f"2600{self._made:012d}"
        if self._made % 10 == 9:
            return f"2800e{self._made:011d}"
        return f"{int(self.clock.now.timestamp() * 1000):011x}{self._made % 0x100000:05x}"

    def born(self) -> Birth:
        """The fields that every new record starts with, as arguments."""
        at = self.tick()
        return {"id": self.new_id(), "created_at": at, "updated_at": at}

    def comments(self) -> list[Comment]:
        """All comments of work items and initiatives."""
        entities: list[Entity] = [*self.work_items.values(), *self.initiatives.values()]
        return [comment for entity in entities for comment in entity.comments]

    def someone(self) -> Actor:
        """An actor; mostly a user, sometimes one of the other three kinds."""
        others: list[Actor] = [
            *self.applications,
            *self.integrations,
            *self.integration_users,
        ]
        users: list[Actor] = list(self.users)
        return self.rng.choice(users * 2 + others)

    def make_work_item(self, space: Space, title: str, status: Status) -> WorkItem:
        space.last_number += 1
        item = WorkItem(
            **self.born(),
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
        self.work_items[item.id] = item
        self.note_activity(item, "CREATED")
        return item

    def make_initiative(self, title: str) -> Initiative:
        self.last_initiative += 1
        initiative = Initiative(
            **self.born(),
            number=self.last_initiative,
            title=title,
            description="",
            actor=self.someone(),
            color="purple",
        )
        self.initiatives[initiative.number] = initiative
        self.note_activity(initiative, "CREATED")
        return initiative

    def make_feedback(self, title: str) -> Feedback:
        self.last_feedback += 1
        feedback = Feedback(
            **self.born(),
            number=self.last_feedback,
            actor=self.someone(),
            title=title,
            contents="",
            company=None,
            person=None,
        )
        self.feedback[feedback.number] = feedback
        return feedback

    def make_insight(self, feedback: Feedback, contents: str) -> Insight:
        insight = Insight(**self.born(), actor=self.someone(), contents=contents)
        feedback.insights.append(insight)
        return insight

    def make_comment(
        self, entity: WorkItem | Initiative, body: str, thread_id: str | None = None
    ) -> Comment:
        """A comment; every third one answers in the newest thread where there is one."""
        threads = [comment.thread_id for comment in entity.comments]
        if thread_id is None and threads and len(threads) % 3:
            thread_id = threads[-1]
        comment = Comment(
            **self.born(),
            actor=self.someone(),
            body=body,
            thread_id=thread_id or self.new_id(),
            reply=thread_id in threads,
            entity=entity,
        )
        entity.comments.append(comment)
        return comment

    def note_activity(self, entity: Entity, kind: str, **details: object) -> None:
        """Note in the entity's log what was done; costs no time."""
        if not isinstance(entity, WorkItem | Initiative):
            return
        now = self.now()
        entity.activities.append(
            Activity(
                id=self.new_id(),
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

    def make_code_review(self, item: WorkItem, number: int, state: str) -> CodeReview:
        """A pull request for a work item; only the item's activities tell its address."""
        url = f"https://code.example/acme/app/pull/{number}"
        review = CodeReview(
            **self.born(),
            code_review_type="GITHUB",
            state=state,
            details={"number": str(number), "url": url, "title": f"Mend {item.title}"},
            links=[{"name": "Preview", "url": f"https://preview.example/{number}"}][: number % 2],
            work_items=[item],
        )
        self.code_reviews[url] = review
        self.note_activity(item, "CODE_REVIEW_REQUEST_ADDED", url=url)
        return review
