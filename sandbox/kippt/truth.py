"""The rows of a complete copy, table by table, in the names of the copy.

- `clips` holds every clip that comes whole in a listing that a full reading needs: own
  clips, clips in lists that one owns or shares, favourites, and own likes. `comments`,
  `clip_likes` and `clip_saves` are those of these clips.
- `clip_saves` and `list_collaborators` hold what the embedded, capped data shows, since no
  route has the rest (collaborators: all, where the switch serves their own route).
- `users` holds oneself and everybody embedded in these records, in notifications, or
  among followers and followed.
- Left out: `counts`, a clip's `app_url` and `media`, feed addresses, and older fields
  (`article`, `is_starred`, `is_read_later`): volatile, heavy, secret or not always there.
- In the form of 2012 the fields and tables that its short records lack are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.kippt.model import Clip, ClipList, User
from sandbox.kippt.records import Shape

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def tables(shape: Shape) -> Tables:
    """All tables that the account can see now."""
    world = shape.world
    clips, lists = world.copied_clips(), world.my_lists()
    favorites = world.favorites_of(world.me)
    starred = set(favorites)
    found: Tables = {
        "lists": [_list(row, shape.short) for row in lists],
        "clips": [_clip(row, shape.short, row in starred) for row in clips],
        "favorites": [{"clip_id": row.id} for row in favorites],
        "follows": [
            {"direction": direction, "user_id": user.id}
            for direction, users in (("follower", world.followers), ("following", world.following))
            for user in users
        ],
        "notifications": _notifications(shape),
    }
    if shape.short:
        return found
    return found | {
        "users": [_user(user) for user in _seen(shape, clips, lists)],
        "list_collaborators": [
            {"list_id": row.id, "user_id": user.id}
            for row in lists
            for user in _collaborators(shape, row)
        ],
        "comments": [
            {
                "id": row.id,
                "clip_id": clip.id,
                "body": row.body,
                "created": text(row.created),
                "user_id": row.user.id,
                "resource_uri": f"{clip.uri}comments/{row.id}/",
            }
            for clip in clips
            for row in clip.comments
        ],
        "clip_likes": [
            {"clip_id": clip.id, "user_id": user.id} for clip in clips for user in clip.likes
        ],
        "clip_saves": [
            {"clip_id": clip.id, "user_id": user.id}
            for clip in clips
            for user in _newest(shape, clip.saves)
        ],
    }


def text(seconds: int) -> str:
    """Unix seconds as ISO 8601 text in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _newest(shape: Shape, users: list[User]) -> list[User]:
    return users[::-1][: shape.settings["embedded_cap"]]


def _collaborators(shape: Shape, row: ClipList) -> list[User]:
    if shape.settings["list_collaborators_route"]:
        return row.collaborators
    return _newest(shape, row.collaborators)


def _seen(shape: Shape, clips: Iterable[Clip], lists: Iterable[ClipList]) -> list[User]:
    """Everybody in any payload, once."""
    world = shape.world
    seen = {world.me, *world.followers, *world.following}
    seen.update(note.user for note in world.notifications.values())
    for row in lists:
        seen.update((row.user, *_collaborators(shape, row)))
    for clip in clips:
        seen.update((clip.user, *clip.likes, *_newest(shape, clip.saves)))
        seen.update(comment.user for comment in clip.comments)
    return [user for user in world.users.values() if user in seen]


def _user(user: User) -> Row:
    return {
        "id": user.id,
        "username": user.username,
        "full_name": user.full_name,
        "bio": user.bio,
        "website_url": user.website_url,
        "twitter": user.twitter,
        "github": user.github,
        "dribbble": user.dribbble,
        "is_pro": user.is_pro,
        "avatar_url": user.avatar_url,
        "app_url": f"/{user.username}",
        "resource_uri": user.uri,
    }


def _list(row: ClipList, short: bool) -> Row:
    common = {
        "id": row.id,
        "title": row.title,
        "slug": row.slug,
        "created": text(row.created),
        "updated": text(row.updated),
        "resource_uri": row.uri,
    }
    if short:
        return common
    return common | {
        "description": row.description,
        "is_private": row.is_private,
        "user_id": row.user.id,
        "app_url": row.app_url,
        "collaborators_count": len(row.collaborators),
    }


def _clip(clip: Clip, short: bool, is_favorite: bool) -> Row:
    domain = urlsplit(clip.url).hostname
    common = {
        "id": clip.id,
        "url": clip.url,
        "url_domain": domain,
        "title": clip.title,
        "notes": clip.notes,
        "list_id": clip.home.id,
        "created": text(clip.created),
        "updated": text(clip.updated),
        "resource_uri": clip.uri,
    }
    if short:
        return common
    return common | {
        "via_id": clip.via_id,
        "user_id": clip.user.id,
        "type": clip.type,
        "is_favorite": is_favorite,
        "favicon_url": f"https://icons.example/?domain={domain}",
        "comments_count": len(clip.comments),
        "likes_count": len(clip.likes),
        "saves_count": len(clip.saves),
    }


def _notifications(shape: Shape) -> list[Row]:
    return [
        {
            "id": note.id,
            "type": note.type,
            "created": text(note.created),
            "is_seen": note.is_seen,
            "item_url": note.item_url,
            "user_id": note.user.id,
            "clip_id": note.clip and note.clip.id,
            "list_id": note.list and note.list.id,
            "resource_uri": f"/api/notifications/{note.id}/",
        }
        for note in shape.world.notifications.values()
    ]
