"""The records of an account and what finds them: a World of spaces, people and favourites."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core import Clock, Store
from sandbox.kinopio.people import private_values, public
from sandbox.kinopio.switches import KinopioSwitches
from sandbox.kinopio.words import Writer

Row = dict[str, Any]


def stamp(moment: datetime) -> str:
    """A moment as Kinopio writes it: UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass(eq=False)
class Space:
    """One space: its own fields, its children by id, and who may do what.

    Records hold every field of every era by the name that the service sends.
    """

    fields: Row
    owner_id: str | None
    collaborator_ids: list[str] = field(default_factory=list)
    is_member: bool = True
    """Whether it is in this account: owned, collaborated on, or of one's group."""
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
    silent_boxes: set[str] = field(default_factory=set)
    """Boxes that were edited since `updatedAt` moved last."""

    @property
    def id(self) -> str:
        return str(self.fields["id"])

    def live_cards(self) -> list[Row]:
        return [card for card in self.cards.values() if not card.get("isRemoved")]

    def removed_cards(self) -> list[Row]:
        return [card for card in self.cards.values() if card.get("isRemoved")]


class World:
    """All that one Kinopio account can see, and its clock."""

    def __init__(self, seed: int) -> None:
        self.writer = Writer(seed)
        self.clock = Clock(
            datetime(2025, 3, 1, 9, tzinfo=UTC), timedelta(seconds=1, milliseconds=1)
        )
        self.me: Row = {}
        self.people: dict[str, Row] = {}
        """All other users in their public form."""
        self.groups: dict[str, Row] = {}
        self.spaces: Store[str, Space] = Store()
        self.favorite_spaces: dict[str, bool] = {}
        """Space id -> whether it was edited since it was last looked at."""
        self.favorite_users: list[str] = []
        self.favorite_colors: list[str] = []
        self.ai_images: list[Row] = []
        self.notifications: list[Row] = []
        self._secrets: list[str] = []

    def tick(self) -> str:
        """Move the clock by one step; returns the new time."""
        return stamp(self.clock.tick())

    def now(self) -> str:
        """The time of the last change."""
        return stamp(self.clock.now)

    def ago(self, days: float) -> str:
        return stamp(self.clock.now - timedelta(days=days))

    def secret(self, label: str) -> str:
        """A new invented secret that a search for `canary-` finds."""
        value = f"canary-{label}-{len(self._secrets):05d}"
        self._secrets.append(value)
        return value

    def secrets(self) -> list[str]:
        return [*private_values(self.me), *self._secrets]

    def user(self, user_id: str | None) -> Row | None:
        """The public form of a user; None for one who is gone."""
        return public(self.me) if user_id == self.me["id"] else self.people.get(user_id or "")

    def members(self) -> list[Space]:
        """The spaces of this account that are neither removed nor lost."""
        return [
            space
            for space in self.spaces.values()
            if space.is_member and not space.access_is_lost and not space.fields["isRemoved"]
        ]

    def removed_by_me(self) -> list[Space]:
        return [
            space
            for space in self.spaces.values()
            if space.is_member
            and space.fields["isRemoved"]
            and space.fields["removedByUserId"] == self.me["id"]
        ]

    def is_of_group(self, space: Space) -> bool:
        """Whether another member of one of the account's groups made the space."""
        return space.fields["groupId"] in self.groups and space.owner_id != self.me["id"]

    def is_left_out(self, space: Space, switches: KinopioSwitches) -> bool:
        """Whether `/user/spaces` does not list this space, which only a list of its kind does."""
        kinds = (
            (switches.hidden_spaces, space.fields["isHidden"]),
            (switches.template_spaces, space.fields["isTemplate"]),
            (switches.group_spaces, self.is_of_group(space)),
        )
        return any(form == "left_out" and is_kind for form, is_kind in kinds)
