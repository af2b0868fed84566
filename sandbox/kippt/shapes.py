"""Payloads: how records are sent, in the form of 2013 or of 2012."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.core import Call, pick
from sandbox.kippt.changes import Changes
from sandbox.kippt.records import Clip, ClipList, Comment, Notification, User, World
from sandbox.kippt.switches import KipptSwitches

HOST = "https://kippt.example"


VERSION = re.compile(r"application/vnd\.kippt\.(\d{8})\+json")


@dataclass(frozen=True)
class Shape:
    """Who looks (None: somebody unknown), in which form, and what is to be embedded."""

    world: World
    switches: KipptSwitches
    viewer: User | None
    era: str
    include: frozenset[str]

    @property
    def short(self) -> bool:
        return self.era == "2012"

    def time(self, seconds: int) -> int | str:
        """An integer in 2013, decimal text in 2012."""
        return str(seconds) if self.short else seconds

    def user(self, user: User) -> dict[str, Any]:
        own = user is self.world.me
        profile = ("full_name", "bio", "website_url", "twitter", "github", "dribbble", "avatar_url")
        return {
            **pick(user, "id", "username", *profile, "is_pro"),
            "app_url": f"/{user.username}",
            "counts": {
                "follows": len(self.world.following) if own else user.follows,
                "followed_by": len(self.world.followers) if own else user.followed_by,
            },
            "resource_uri": user.uri,
        }

    def clip_list(self, row: ClipList) -> dict[str, Any]:
        """The feed address of a private list ends in a token (in 2012: holds one)."""
        owner = row.user.username
        common: dict[str, Any] = {
            **pick(row, "id", "title", "slug"),
            "rss_url": f"{HOST}/feed/{owner}/{row.token}/{row.slug}",
            "created": self.time(row.created),
            "updated": self.time(row.updated),
            "resource_uri": row.uri,
        }
        if self.short:
            return common
        token = f"/{row.token}" if row.is_private else ""
        return {
            **common,
            **pick(row, "app_url", "description", "is_private"),
            "rss_url": f"{HOST}/{owner}/{row.slug}/feed{token}",
            "user": self.user(row.user),
            "collaborators": self.some([self.user(user) for user in row.collaborators]),
        }

    def some(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """The true count, with no more than the newest few rows, newest first."""
        newest = rows[::-1][: self.switches.embedded_cap]
        return {"count": len(rows), "data": newest}

    def clip(self, clip: Clip) -> dict[str, Any]:
        common: dict[str, Any] = {
            "url_domain": urlsplit(clip.url).hostname,
            "updated": self.time(clip.updated),
            "title": clip.title,
            "url": clip.url,
            "notes": clip.notes,
            "created": self.time(clip.created),
            "list": self.clip_list(clip.home) if "list" in self.include else clip.home.uri,
            "id": clip.id,
            "resource_uri": clip.uri,
        }
        if self.short:
            return common | {"is_starred": clip in self.world.me.favorites}
        likes = self.some([self.user(user) for user in clip.likes])
        if clip.id % 5 == 0:
            del likes["data"]  # seen missing now and then, whatever the count
        row = common | {
            "type": clip.type,
            "via": self._via(clip),
            "user": self.user(clip.user),
            "comments": self.some([self.comment(clip, row) for row in clip.comments]),
            "likes": likes,
            "saves": self.some([self.user(user) for user in clip.saves]),
            "favicon_url": f"https://icons.example/?domain={urlsplit(clip.url).hostname}",
            "app_url": clip.app_url,
        }
        if self.viewer is not None:
            row["is_favorite"] = clip in self.viewer.favorites
        if "media" in self.include or self.switches.media_always:
            row["media"] = clip.media
        if clip.old:
            row |= {"is_starred": False, "is_read_later": False, "article": None}
        return row

    def _via(self, clip: Clip) -> Any:
        """The original, as an object where it is asked for and can still be read."""
        if clip.via_id is None:
            return None
        original = self.world.clips.get(clip.via_id)
        if "via" in self.include and original is not None and original.open_to(self.viewer):
            plain = Shape(self.world, self.switches, self.viewer, self.era, frozenset())
            return plain.clip(original)
        return f"/api/clips/{clip.via_id}/"

    def comment(self, clip: Clip, comment: Comment) -> dict[str, Any]:
        return {
            "id": comment.id,
            "body": comment.body,
            "created": self.time(comment.created),
            "user": self.user(comment.user),
            "resource_uri": f"{clip.uri}comments/{comment.id}/",
        }

    def notification(self, note: Notification) -> dict[str, Any]:
        """`clip` and `list` are addresses unless asked for; other parts come by kind."""
        row: dict[str, Any] = {
            "id": note.id,
            "type": note.type,
            "created": self.time(note.created),
            "is_seen": note.is_seen,
            "item_url": note.item_url,
            self.switches.notification_user_key: self.user(note.user),
            "resource_uri": f"/api/notifications/{note.id}/",
        }
        if note.clip is not None:
            there = note.clip.id in self.world.clips
            whole = there and "clip" in self.include
            row["clip"] = self.clip(note.clip) if whole else note.clip.uri
            if there and note.comment is not None and note.comment in note.clip.comments:
                row["comment"] = self.comment(note.clip, note.comment)
        if note.list is not None:
            row["list"] = self.clip_list(note.list) if "list" in self.include else note.list.uri
        if note.type == "clip_like":
            row["like"] = {"user": note.user.uri}
        return row


def shape_of(call: Call[Changes]) -> Shape:
    """The form that a request gets: its era, who asks, and what it wants embedded."""
    switches = call.service.switches
    era = switches.era
    version = VERSION.fullmatch(call.request.headers.get("content-type", ""))
    if version and version[1] < "2013" and switches.versions_change_payload:
        era = "2012"
    include = frozenset(call.query.get("include_data", "").split(","))
    return Shape(call.service.world, switches, call.caller, era, include)
