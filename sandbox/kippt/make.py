"""How each kind of record comes into being; used for the first data and for later changes."""

from __future__ import annotations

import random
import re

from sandbox.kippt.model import Clip, ClipList, Comment, Notification, User, World


class Maker:
    """Makes records inside one world, with choices from one source of randomness."""

    KINDS = (
        "follow",
        "clip",
        "clip_mention",
        "clip_comment",
        "clip_comment_mention",
        "clip_like",
        "clip_save",
    )

    def __init__(self, world: World, rng: random.Random, seed: int) -> None:
        self.world = world
        self.rng = rng
        self.seed = seed

    def clip_list(
        self, title: str, user: User, is_private: bool, description: str | None
    ) -> ClipList:
        now = self.world.tick()
        row = ClipList(
            id=self.world.new_id(),
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
        self.world.lists[row.id] = row
        return row

    def slug(self, title: str, user: User) -> str:
        """A title in lower case and dashes, numbered where the user has it already."""
        plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "list"
        taken = {row.slug for row in self.world.lists.values() if row.user is user}
        numbered = (f"{plain}-{n}" for n in range(1, len(taken) + 2))
        return plain if plain not in taken else next(s for s in numbered if s not in taken)

    def clip(self, row: ClipList, user: User, title: str, url: str | None = None) -> Clip:
        now = self.world.tick()
        clip_id = self.world.new_id()
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
        self.world.clips[clip.id] = clip
        return clip

    def comment(self, clip: Clip, user: User, body: str) -> Comment:
        comment = Comment(id=self.world.new_id(), body=body, created=self.world.tick(), user=user)
        clip.comments.append(comment)
        return comment

    def notification(self, kind: str, user: User, clip: Clip | None) -> Notification:
        note = Notification(
            id=self.world.new_id(),
            type=kind,
            created=self.world.tick(),
            is_seen=False,
            item_url=f"/{user.username}" if clip is None else clip.app_url,
            user=user,
            clip=clip,
            list=clip.home if clip and kind == "clip" else None,
        )
        if clip and clip.comments and "comment" in kind:
            note.comment = clip.comments[-1]
        self.world.notifications[note.id] = note
        return note
