"""What the stand-in keeps: records as plain objects, children inside their parents.

Parents hold their children, so renaming or deleting a parent carries them along, as the
service does; the parent's id is in no child and comes from where the child is found.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sandbox.core import Clock

CALLER = 0
"""The number of the user that the credentials belong to: 0, which is false in Python."""
API_URL = "https://api.kinesis.example"
"""What MEDIA values begin with; the service's own setting, not where it listens."""

T = TypeVar("T")


@dataclass(eq=False)
class User:
    """A person; `number` is the id in the integer profile and the root of the other one."""

    number: int
    first_name: str
    last_name: str
    username: str
    email: str
    role: str
    login_password: str
    password_hash: str
    reset_token: str = ""
    bio: str = ""
    profile_picture: str = ""
    is_public: bool = False
    links: list[Any] = field(default_factory=list)


@dataclass(eq=False)
class Constraint:
    """Bounds of one property of one component."""

    component_name: str
    property_name: str
    is_alphabetic: bool
    is_numeric: bool
    min: int
    max: int
    not_allowed: list[str]
    additional_allowed: list[str]


@dataclass(eq=False)
class Structure:
    """One field of a collection (or of a custom structure)."""

    id: str
    name: str
    description: str
    stype: str | dict[str, str]
    default_val: str
    min: int
    max: int
    encrypted: bool
    unique: bool
    regex_pattern: str
    array: bool
    required: bool

    @property
    def secret(self) -> bool:
        """Whether values of it, its default included, must never be kept."""
        return self.stype == "PASSWORD" or self.encrypted

    @property
    def kind(self) -> str:
        return self.stype if isinstance(self.stype, str) else "CUSTOM"


@dataclass(eq=False)
class CustomStructure:
    """A named group of structures."""

    id: str
    name: str
    description: str
    structures: list[Structure]


@dataclass(eq=False)
class Record:
    """One data record. A structure without an entry has no stored value at all."""

    data_id: str
    published: bool
    values: dict[str, str]
    custom_values: dict[str, dict[str, str]]


@dataclass(eq=False)
class Collection:
    id: str
    name: str
    description: str
    structures: list[Structure]
    custom_structures: list[CustomStructure] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


@dataclass(eq=False)
class Route:
    """A route that a person built in the service."""

    route_id: str
    route_path: str
    auth_jwt: dict[str, Any] | None
    body: list[dict[str, str]]
    params: dict[str, Any] | None
    flow: dict[str, list[dict[str, Any]]]


@dataclass(eq=False)
class Project:
    """`members` are user numbers; they may repeat and may name users who are gone."""

    id: str
    name: str
    description: str
    api_path: str
    members: list[int]
    collections: list[Collection] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)


@dataclass(eq=False)
class Media:
    """`name` is the older form's path, `path` the current form's."""

    id: str
    name: str
    path: str
    file_type: str
    file_size: int
    security: str
    access_token: str


@dataclass(eq=False)
class Event:
    """`description` names users as `usr[{number}]`; the ids of the profile replace that."""

    id: str
    event_type: str
    description: str
    timestamp: str
    redirect: str


class Store:
    """Everything that the service keeps; lists are in the order of insertion."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.clock = Clock(datetime(2025, 3, 1, 8, tzinfo=UTC), timedelta(seconds=37.123456))
        self.users: list[User] = []
        self.configs: dict[str, str] = {}
        self.constraints: list[Constraint] = []
        self.projects: list[Project] = []
        self.medias: list[Media] = []
        self.events: list[Event] = []
        self.tickets: list[dict[str, Any]] = []
        self.snippets: list[dict[str, Any]] = []
        self.redirects: list[dict[str, Any]] = []
        self.files: dict[str, str] = {}
        """Path below the origin -> the name that decides the file's bytes."""
        self.secrets: dict[str, None] = {}
        self.grown_fields: dict[str, dict[str, Any]] = {}
        """Resource -> fields that every record of it shows beside the documented ones."""
        self.next_user = 0
        self._logged = 0

    def log(self, event_type: str, description: str, redirect: str = "") -> Event:
        """Write an event, as the service does for most of what people do."""
        self._logged += 1
        moment = moment_text(self.clock.tick(), self._logged)
        event = Event(self.id_of(16, 17, 16, 20, 19, 3), event_type, description, moment, redirect)
        self.events.append(event)
        return event

    def id_of(self, *lengths: int) -> str:
        """A new id of dash-separated groups of letters and digits."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "-".join("".join(self.random.choices(letters, k=length)) for length in lengths)

    def secret(self, kind: str) -> str:
        """A new secret that a search finds by its beginning."""
        value = f"canary-{kind}-{len(self.secrets):05d}-{self.random.getrandbits(32):08x}"
        self.secrets[value] = None
        return value

    def uuid_of(self, number: int) -> str:
        """The id of a user in the profile with UUIDs; the same for good."""
        bits = random.Random(f"{self.seed}/{number}").getrandbits(128)
        return str(uuid.UUID(int=bits, version=4))

    def project(self, project_id: str) -> Project:
        return named(self.projects, project_id)

    def collection(self, project_id: str, collection_id: str) -> Collection:
        return named(self.project(project_id).collections, collection_id)

    def collections(self) -> Iterator[tuple[Project, Collection]]:
        """All collections, each with its project."""
        for project in self.projects:
            for collection in project.collections:
                yield project, collection


def named(things: Iterable[T], wanted: str, name: str = "id") -> T:
    """The thing with this id; raises KeyError where there is none."""
    for thing in things:
        if getattr(thing, name) == wanted:
            return thing
    raise KeyError(f"nothing has the {name} {wanted!r}")


def moment_text(moment: datetime, number: int) -> str:
    """A time in the service's words: no fraction, or 3, 6 or 9 digits, by the event's number."""
    digits = f"{moment.microsecond:06d}{number * 789 % 1000:03d}"
    digits = digits[: (9, 9, 6, 9, 3, 9, 0)[number % 7]]
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' if digits else ''}{digits} UTC"
