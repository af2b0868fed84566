"""What the stand-in keeps: records as plain objects, children inside their parents.

Parents hold their children, so renaming or deleting a parent carries them along, as the
service does; the parent's id is in no child and comes from where the child is found.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CALLER = 0
"""The number of the user that the credentials belong to: 0, which is false in Python."""

API_URL = "https://api.kinesis.example"
"""What MEDIA values begin with; the service's own setting, not where it listens."""


@dataclass
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


@dataclass
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


@dataclass
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

    @property
    def rtype(self) -> str:
        """What the service derives for a value that it has stored."""
        if self.array or self.kind == "ENUM":
            return "ARRAY"
        own = {
            "INTEGER": "INTEGER",
            "FLOAT": "FLOAT",
            "BOOLEAN": "BOOLEAN",
            "CUSTOM": "OTHER",
        }
        return own.get(self.kind, "STRING")


@dataclass
class CustomStructure:
    """A named group of structures."""

    id: str
    name: str
    description: str
    structures: list[Structure]


@dataclass
class Record:
    """One data record. A structure without an entry has no stored value at all."""

    data_id: str
    published: bool
    values: dict[str, str]
    custom_values: dict[str, dict[str, str]]


@dataclass
class Collection:
    id: str
    name: str
    description: str
    structures: list[Structure]
    custom_structures: list[CustomStructure]
    records: list[Record] = field(default_factory=list)


@dataclass
class Route:
    """A route that a person built in the service; `program` is the text form of it."""

    route_id: str
    route_path: str
    auth_jwt: dict[str, Any] | None
    body: list[dict[str, str]]
    params: dict[str, Any] | None
    flow: dict[str, list[dict[str, Any]]]
    program: str


@dataclass
class Project:
    """`members` are user numbers; they may repeat and may name users who are gone."""

    id: str
    name: str
    description: str
    api_path: str
    members: list[int]
    collections: list[Collection] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)


@dataclass
class Media:
    """`name` is the older form's path, `path` the current form's."""

    id: str
    name: str
    path: str
    file_type: str
    file_size: int
    security: str
    access_token: str


@dataclass
class Event:
    """`description` names users as `usr[{number}]`; the ids of the profile replace that."""

    id: str
    event_type: str
    description: str
    timestamp: str
    redirect: str


def moment_text(moment: int) -> str:
    """Nanoseconds since 1970 in the service's words: no fraction, or 3, 6 or 9 digits."""
    seconds, fraction = divmod(moment, 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    digits = f"{fraction:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}{'.' if digits else ''}{digits} UTC"


@dataclass
class Store:
    """Everything that the service keeps; lists are in the order of insertion."""

    seed: int
    users: list[User] = field(default_factory=list)
    configs: dict[str, str] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    medias: list[Media] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Path below the origin -> the name that decides the picture's bytes."""
    secrets: dict[str, None] = field(default_factory=dict)
    grown_fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Resource -> fields that every record of it shows beside the documented ones."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.next_user = 0
        self.clock = 1_740_816_000 * 10**9
        """The service's inner clock: nanoseconds since 1970, at first 2025-03-01."""

    def tick(self) -> int:
        """The next moment of the inner clock: some 37 s later, at varied precision."""
        self.clock += 37_123_456_789
        coarse = (1, 1, 1000, 1, 1_000_000, 1, 10**9)[self.clock // 1000 % 7]
        return self.clock - self.clock % coarse

    def log(self, event_type: str, description: str, redirect: str = "") -> Event:
        """Write an event, as the service does for most of what people do."""
        name = self.groups(16, 17, 16, 20, 19, 3)
        event = Event(name, event_type, description, moment_text(self.tick()), redirect)
        self.events.append(event)
        return event

    def groups(self, *lengths: int) -> str:
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
