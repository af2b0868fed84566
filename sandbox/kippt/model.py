"""The records of an invented Kippt account and of the people around it.

Times are Unix seconds, as the service counts them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

EPOCH = 1_741_000_000
STEP = 97


@dataclass(eq=False, repr=False, kw_only=True)
class User:
    id: int
    username: str
    full_name: str | None
    bio: str | None
    website_url: str | None
    twitter: str | None
    github: str | None
    dribbble: str | None
    is_pro: bool
    avatar_url: str
    follows: int
    followed_by: int
    favorites: list[Clip] = field(default_factory=list)
    """Newest last."""
    hides_favorites: bool = False

    @property
    def uri(self) -> str:
        return f"/api/users/{self.id}/"


@dataclass(eq=False, repr=False, kw_only=True)
class ClipList:
    id: int
    title: str
    slug: str
    description: str | None
    is_private: bool
    user: User
    created: int
    updated: int
    token: str
    """What the feed address of a private list ends in."""
    collaborators: list[User] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"/api/lists/{self.id}/"

    @property
    def app_url(self) -> str:
        return "/inbox" if self.slug == "inbox" else f"/{self.user.username}/{self.slug}"

    def open_to(self, user: User | None) -> bool:
        return not self.is_private or user is self.user or user in self.collaborators


@dataclass(eq=False, repr=False, kw_only=True)
class Comment:
    id: int
    body: str
    created: int
    user: User


@dataclass(eq=False, repr=False, kw_only=True)
class Clip:
    id: int
    url: str
    title: str
    notes: str | None
    home: ClipList
    """The list that it is in."""
    via_id: int | None
    user: User
    type: str | None
    created: int
    updated: int
    media: dict[str, Any] | None = None
    comments: list[Comment] = field(default_factory=list)
    likes: list[User] = field(default_factory=list)
    saves: list[User] = field(default_factory=list)
    """Comments, likes and saves: newest last."""
    old: bool = False
    """Made before the star became the favourite; shows the older fields too."""

    @property
    def uri(self) -> str:
        return f"/api/clips/{self.id}/"

    @property
    def app_url(self) -> str:
        return f"/{self.home.user.username}/{self.home.slug}/clips/{self.id}"

    def open_to(self, user: User | None) -> bool:
        """Whether this user (None: somebody unknown) may read the clip."""
        return self.home.open_to(user) or (user is not None and user is self.user)


@dataclass(eq=False, repr=False, kw_only=True)
class Notification:
    id: int
    type: str
    created: int
    is_seen: bool
    item_url: str
    """Where the web page led when it was made."""
    user: User
    clip: Clip | None = None
    list: ClipList | None = None
    comment: Comment | None = None


class World:
    """Everything there is, with its clock and its source of ids."""

    def __init__(self) -> None:
        self.clock = EPOCH
        self.clock_held = False
        self._last_id = 7000
        self.users: dict[int, User] = {}
        self.lists: dict[int, ClipList] = {}
        self.clips: dict[int, Clip] = {}
        self.deleted_clips: dict[int, Clip] = {}
        self.following: list[User] = []
        self.followers: list[User] = []
        """Newest last, both of them."""
        self.notifications: dict[int, Notification] = {}

    @property
    def me(self) -> User:
        """The account's own user."""
        return next(iter(self.users.values()))

    @property
    def inbox(self) -> ClipList:
        return next(row for row in self.my_lists() if row.slug == "inbox")

    def tick(self) -> int:
        """The time after one more step; the same time again while the clock is held."""
        if not self.clock_held:
            self.clock += STEP
        return self.clock

    def new_id(self) -> int:
        self._last_id += 3
        return self._last_id

    def my_lists(self) -> list[ClipList]:
        """The account's own lists and those of others in which it collaborates."""
        me = self.me
        return [row for row in self.lists.values() if row.user is me or me in row.collaborators]

    def my_clips(self) -> list[Clip]:
        """The clips that the account made, wherever they are."""
        me = self.me
        return [clip for clip in self.clips.values() if clip.user is me]

    def clips_of(self, row: ClipList) -> list[Clip]:
        return [clip for clip in self.clips.values() if clip.home is row]

    def favorites_of(self, user: User) -> list[Clip]:
        """The favourites that still exist and that the user may still read."""
        return [c for c in user.favorites if c.id in self.clips and c.open_to(user)]

    def likes_of(self, user: User) -> list[Clip]:
        """The public clips that a user likes; likes of private ones are listed nowhere."""
        clips = self.clips.values()
        return [clip for clip in clips if not clip.home.is_private and user in clip.likes]

    def copied_clips(self) -> list[Clip]:
        """Every clip that comes whole in one of the listings which a full reading needs:
        own clips, clips in lists that one shares, favourites, and own likes."""
        lists = set(self.my_lists())
        found = {clip.id: clip for clip in self.my_clips()}
        found |= {clip.id: clip for clip in self.clips.values() if clip.home in lists}
        found |= {clip.id: clip for clip in self.favorites_of(self.me)}
        found |= {clip.id: clip for clip in self.likes_of(self.me)}
        return list(found.values())
