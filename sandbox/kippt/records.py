"""The records of an invented Kippt account and of the people around it, and how they are made.

Times are Unix seconds, as the service counts them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core import Clock, Store

EPOCH = datetime(2025, 3, 3, 11, 6, 40, tzinfo=UTC)
STEP = timedelta(seconds=97)


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

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.clock = Clock(EPOCH, STEP)
        self._last_id = 7000
        self.users: Store[int, User] = Store()
        self.lists: Store[int, ClipList] = Store()
        self.clips: Store[int, Clip] = Store()
        self.following: list[User] = []
        self.followers: list[User] = []
        self.followed_lists: list[ClipList] = []
        """Newest last, all three of them."""
        self.notifications: Store[int, Notification] = Store()

    @property
    def me(self) -> User:
        """The account's own user."""
        return next(iter(self.users.values()))

    @property
    def inbox(self) -> ClipList:
        return next(row for row in self.my_lists() if row.slug == "inbox")

    def tick(self) -> int:
        """The time after one more step of the clock."""
        return int(self.clock.tick().timestamp())

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

    def make_list(
        self, title: str, user: User, is_private: bool, description: str | None
    ) -> ClipList:
        now = self.tick()
        row = ClipList(
            id=self.new_id(),
            title=title,
            slug=self.slug(title, user),
            description=description,
            is_private=is_private,
            user=user,
            created=now,
            updated=now,
            token="",
        )
        row.token = f"canary-kippt-feed-{self.seed:04x}{row.id:08x}"
        self.lists[row.id] = row
        return row

    def slug(self, title: str, user: User) -> str:
        """A title in lower case and dashes, numbered where the user has it already."""
        plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "list"
        taken = {row.slug for row in self.lists.values() if row.user is user}
        numbered = (f"{plain}-{n}" for n in range(1, len(taken) + 2))
        return plain if plain not in taken else next(s for s in numbered if s not in taken)

    def make_clip(self, row: ClipList, user: User, title: str, url: str | None = None) -> Clip:
        now = self.tick()
        clip_id = self.new_id()
        clip = Clip(
            id=clip_id,
            url=url or f"http://www.site{clip_id % 17}.example/p?id={clip_id}&x=ü#top",
            title=title,
            notes="",
            home=row,
            via_id=None,
            user=user,
            type="link",
            created=now,
            updated=now,
        )
        self.clips[clip.id] = clip
        return clip

    def make_comment(self, clip: Clip, user: User, body: str) -> Comment:
        comment = Comment(id=self.new_id(), body=body, created=self.tick(), user=user)
        clip.comments.append(comment)
        return comment

    def make_notification(self, kind: str, user: User, clip: Clip | None) -> Notification:
        note = Notification(
            id=self.new_id(),
            type=kind,
            created=self.tick(),
            is_seen=False,
            item_url=f"/{user.username}" if clip is None else clip.app_url,
            user=user,
            clip=clip,
            list=clip.home if clip and kind == "clip" else None,
        )
        if clip and clip.comments and "comment" in kind:
            note.comment = clip.comments[-1]
        self.notifications[note.id] = note
        return note
