"""The records of an invented Kitemaker organisation.

Attributes carry the GraphQL field names in snake_case, so that most fields need no resolver;
times are ISO 8601 text with milliseconds, which sorts as time does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict


class Birth(TypedDict):
    """The fields that every new record starts with."""

    id: str
    created_at: str
    updated_at: str


@dataclass(eq=False, repr=False, kw_only=True)
class Record:
    """What every record has."""

    id: str
    created_at: str
    updated_at: str


@dataclass(eq=False, repr=False, kw_only=True)
class Organization(Record):
    name: str
    slug: str


@dataclass(eq=False, repr=False, kw_only=True)
class User(Record):
    username: str
    name: str | None
    avatar: str | None
    guest: bool = False
    deactivated: bool = False


@dataclass(eq=False, repr=False, kw_only=True)
class Integration(Record):
    type: str
    domain: str | None


@dataclass(eq=False, repr=False, kw_only=True)
class IntegrationUser(Record):
    type: str
    domain: str | None
    external_id: str
    external_name: str


@dataclass(eq=False, repr=False, kw_only=True)
class Application(Record):
    name: str


Actor = User | Integration | IntegrationUser | Application


@dataclass(eq=False, repr=False, kw_only=True)
class Label(Record):
    name: str
    color: str


@dataclass(eq=False, repr=False, kw_only=True)
class Status(Record):
    name: str
    type: str
    default: bool


@dataclass(eq=False, repr=False, kw_only=True)
class Space(Record):
    key: str
    name: str
    slug: str
    private: bool
    insiders: list[User]
    labels: list[Label] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    items: dict[int, WorkItem] = field(default_factory=dict)
    last_number: int = 0
    """The greatest number ever used here; numbers are never used again."""

    @property
    def members(self) -> list[User] | None:
        """Null for public spaces."""
        return self.insiders if self.private else None

    @property
    def default_status(self) -> Status:
        return next(status for status in self.statuses if status.default)

    @property
    def archive(self) -> Status:
        return next(status for status in self.statuses if status.type == "ARCHIVED")


@dataclass(eq=False, repr=False, kw_only=True)
class Comment(Record):
    actor: Actor
    body: str
    thread_id: str
    reply: bool
    entity: WorkItem | Initiative


@dataclass(eq=False, repr=False, kw_only=True)
class Activity(Record):
    type: str
    actor: Actor
    details: dict[str, Any]
    entity: WorkItem | Initiative


@dataclass(eq=False, repr=False, kw_only=True)
class Entity(Record):
    """What work items and initiatives have in common."""

    number: int
    title: str
    description: str
    actor: Actor
    members: list[User] = field(default_factory=list)
    watchers: list[User] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    effort: str | None = None
    impact: str | None = None
    archived_at: str | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class WorkItem(Entity):
    status: Status
    sort: str
    space: Space
    initiatives: list[Initiative] = field(default_factory=list)
    closed_at: str | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class Initiative(Entity):
    color: str
    work_items: list[WorkItem] = field(default_factory=list)
    spaces: list[Space] = field(default_factory=list)
    roadmap_columns: list[RoadmapColumn] = field(default_factory=list)


@dataclass(eq=False, repr=False, kw_only=True)
class Roadmap(Record):
    name: str
    color: str
    columns: list[RoadmapColumn] = field(default_factory=list)


@dataclass(eq=False, repr=False, kw_only=True)
class RoadmapColumn(Record):
    name: str
    roadmap: Roadmap
    column_type: str
    initiatives: list[Initiative] = field(default_factory=list)


@dataclass(eq=False, repr=False, kw_only=True)
class Company(Record):
    name: str
    domain: str | None


@dataclass(eq=False, repr=False, kw_only=True)
class Person(Record):
    name: str
    email: str | None
    company: Company | None
    external_id: str | None


@dataclass(eq=False, repr=False, kw_only=True)
class Insight(Record):
    actor: Actor
    contents: str
    linked: list[WorkItem | Initiative] = field(default_factory=list)


@dataclass(eq=False, repr=False, kw_only=True)
class Feedback(Record):
    number: int
    actor: Actor
    title: str
    contents: str
    company: Company | None
    person: Person | None
    owners: list[User] = field(default_factory=list)
    tags: list[Label] = field(default_factory=list)
    insights: list[Insight] = field(default_factory=list)
    processed: bool = False
    processed_at: str | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class CodeReview(Record):
    """A pull or merge request elsewhere; known by its address only."""

    code_review_type: str
    state: str
    details: dict[str, str]
    links: list[dict[str, str]]
    work_items: list[WorkItem] = field(default_factory=list)
