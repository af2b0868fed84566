"""The made account: a World of spaces, people, favourites and notifications."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.kinopio.people import private_values, public
from sandbox.kinopio.words import Writer

EPOCH = datetime(2025, 3, 1, 9, 0, 0, tzinfo=UTC)
STEP = timedelta(seconds=1, milliseconds=1)
"""How far the service's clock moves with each change."""

Row = dict[str, Any]


def stamp(moment: datetime) -> str:
    """A moment as Kinopio writes it: UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass
class Space:
    """One space: its own fields as sent, its children by id, and who may do what."""

    fields: Row
    owner_id: str | None
    collaborator_ids: list[str] = field(default_factory=list)
    is_member: bool = True
    """Whether it is in this account: owned, or collaborated on."""
    is_editable: bool = True
    access_is_lost: bool = False
    has_full_owner: bool = False
    """Whether `users[0]` is one's own user with all private fields."""
    number: int = 0
    cards: dict[str, Row] = field(default_factory=dict)
    connections: dict[str, Row] = field(default_factory=dict)
    connection_types: dict[str, Row] = field(default_factory=dict)
    boxes: dict[str, Row] = field(default_factory=dict)
    tags: dict[str, Row] = field(default_factory=dict)
    lists: dict[str, Row] = field(default_factory=dict)
    lines: dict[str, Row] = field(default_factory=dict)
    strokes: list[list[Row]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.fields["id"])

    @property
    def is_removed(self) -> bool:
        return bool(self.fields["isRemoved"])

    def live_cards(self) -> list[Row]:
        return [card for card in self.cards.values() if not card.get("isRemoved")]

    def removed_cards(self) -> list[Row]:
        return [card for card in self.cards.values() if card.get("isRemoved")]


class World:
    """All that one Kinopio account can see, and its clock."""

    def __init__(self, seed: int) -> None:
        self.writer = Writer(seed)
        self.now = EPOCH
        self.me: Row = {}
        self.people: dict[str, Row] = {}
        self.spaces: dict[str, Space] = {}
        self.favorite_spaces: dict[str, bool] = {}
        """Space id -> whether it was edited since it was last looked at."""
        self.favorite_users: list[str] = []
        self.favorite_colors: list[str] = []
        self.ai_images: list[Row] = []
        self.notifications: list[Row] = []
        self._secrets: list[str] = []

    def tick(self) -> str:
        """Move the clock by one step; returns the new time."""
        self.now += STEP
        return stamp(self.now)

    def stamp(self) -> str:
        """The time of the last change."""
        return stamp(self.now)

    def ago(self, days: float) -> str:
        return stamp(self.now - timedelta(days=days))

    def secret(self, label: str) -> str:
        """A new invented secret that a search for `canary-` finds."""
        value = f"canary-{label}-{len(self._secrets):05d}"
        self._secrets.append(value)
        return value

    def secrets(self) -> list[str]:
        return [*private_values(self.me), *self._secrets]

    def user(self, user_id: str) -> Row:
        """The public form of any user that exists; raises KeyError for one who is gone."""
        return public(self.me) if user_id == self.me["id"] else self.people[user_id]

    def listed(self, hidden_too: bool = True) -> list[Space]:
        """What `/user/spaces` lists, in no order that means anything."""
        return [
            space
            for space in self.spaces.values()
            if space.is_member
            and not space.access_is_lost
            and not space.is_removed
            and (hidden_too or not space.fields["isHidden"])
        ]

    def removed_by_me(self) -> list[Space]:
        """What `/user/removed-spaces` lists."""
        return [
            space
            for space in self.spaces.values()
            if space.is_removed
            and space.is_member
            and space.fields["removedByUserId"] == self.me["id"]
        ]
