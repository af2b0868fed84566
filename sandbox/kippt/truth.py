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
- `followed_lists` has rows where the switch serves their route.
- In the form of 2012 the fields and tables that its short records lack are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.core import Row, Tables, blob, lagging, pick, true_file
from sandbox.kippt.records import Clip, ClipList, User, World
from sandbox.kippt.switches import KipptSwitches

PICTURES = "https://pictures.example"


def tables(world: World, switches: KipptSwitches) -> Tables:
    """All tables that the account can see now."""
    short = switches.era == "2012"
    clips, lists = world.copied_clips(), world.my_lists()
    favorites = world.favorites_of(world.me)
    starred = set(favorites)
    found: Tables = {
        "lists": [_list(row, short) for row in lists],
        "clips": [_clip(row, short, row in starred) for row in clips],
        "favorites": [{"clip_id": row.id} for row in favorites],
        "follows": [
            {"direction": direction, "user_id": user.id}
            for direction, users in (("follower", world.followers), ("following", world.following))
            for user in users
        ],
        "followed_lists": [_list(row, short) for row in followed_lists(world, switches)],
        "notifications": _notifications(world),
    }
    if short:
        return found
    return found | {
        "users": [_user(user) for user in _seen(world, switches, clips, lists)],
        "list_collaborators": [
            {"list_id": row.id, "user_id": user.id}
            for row in lists
            for user in _collaborators(switches, row)
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
            for user in _newest(switches, clip.saves)
        ],
    }


def followed_lists(world: World, switches: KipptSwitches) -> list[ClipList]:
    """Lists of others that one follows; none where the route is not served."""
    served = world.followed_lists if switches.lists_following else []
    return [row for row in served if row.open_to(world.me)]


def text(seconds: int) -> str:
    """Unix seconds as ISO 8601 text in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def after_increment(before: Tables, now: Tables) -> Tables:
    """Not all that changed shows in an incremental pass (page, section 8).

    Lists and favourites are read whole each time. A clip shows with all that hangs on it when its
    `updated` is later than all that were known; comments, likes, saves and deletes alone move no
    `updated`, and profiles, followers and notifications are not part of the plan.
    """
    newest = max((row["updated"] for row in before["clips"]), default="")
    lists = {row["id"] for row in now["lists"]}
    listed = {row["id"] for row in now["clips"] if row["list_id"] in lists}
    shown = {row["id"] for row in now["clips"] if row["updated"] > newest} & listed

    def table(name: str, *key: str, clip: str = "") -> list[Row]:
        return lagging(before[name], now[name], key, lambda row: bool(clip) and row[clip] in shown)

    slow = {
        "clips": table("clips", "id", clip="id"),
        "follows": table("follows", "direction", "user_id"),
        "followed_lists": table("followed_lists", "id"),
        "notifications": table("notifications", "id"),
    }
    if "users" in now:
        slow |= {
            "users": table("users", "id"),
            "comments": table("comments", "id", clip="clip_id"),
            "clip_likes": table("clip_likes", "clip_id", "user_id", clip="clip_id"),
            "clip_saves": table("clip_saves", "clip_id", "user_id", clip="clip_id"),
        }
    return now | slow


def files(world: World, tables: Tables) -> list[dict[str, Any]]:
    """The original image of each clip of a copy, and the picture of each user in it."""
    found = []
    for row in tables["clips"]:
        images = (world.clips[row["id"]].media or {}).get("images")
        if images:
            found.append(_file("clips", row["id"], "media", images["original"]["url"]))
    for row in tables.get("users", ()):
        found.append(_file("users", row["id"], "avatar_url", row["avatar_url"]))
    return found


def _file(table: str, key: int, field: str, address: str) -> dict[str, Any]:
    return true_file(table, key, field, blob(address.removeprefix(PICTURES)))


def _newest(switches: KipptSwitches, users: list[User]) -> list[User]:
    return users[::-1][: switches.embedded_cap]


def _collaborators(switches: KipptSwitches, row: ClipList) -> list[User]:
    if switches.list_collaborators_route:
        return row.collaborators
    return _newest(switches, row.collaborators)


def _seen(
    world: World, switches: KipptSwitches, clips: Iterable[Clip], lists: Iterable[ClipList]
) -> list[User]:
    """Everybody in any payload, once."""
    seen = {world.me, *world.followers, *world.following}
    seen.update(note.user for note in world.notifications.values())
    seen.update(row.user for row in followed_lists(world, switches))
    for row in lists:
        seen.update((row.user, *_collaborators(switches, row)))
    for clip in clips:
        seen.update((clip.user, *clip.likes, *_newest(switches, clip.saves)))
        seen.update(comment.user for comment in clip.comments)
    return [user for user in world.users.values() if user in seen]


def _user(user: User) -> Row:
    profile = ("full_name", "bio", "website_url", "twitter", "github", "dribbble", "avatar_url")
    row = pick(user, "id", "username", *profile, "is_pro")
    return row | {"app_url": f"/{user.username}", "resource_uri": user.uri}


def _times(row: Clip | ClipList) -> Row:
    return {
        "created": text(row.created),
        "updated": text(row.updated),
        "resource_uri": row.uri,
    }


def _list(row: ClipList, short: bool) -> Row:
    common = pick(row, "id", "title", "slug") | _times(row)
    if short:
        return common
    return {
        **common,
        **pick(row, "description", "is_private", "app_url"),
        "user_id": row.user.id,
        "collaborators_count": len(row.collaborators),
    }


def _clip(clip: Clip, short: bool, is_favorite: bool) -> Row:
    domain = urlsplit(clip.url).hostname
    common = pick(clip, "id", "url", "title", "notes") | _times(clip)
    common |= {"url_domain": domain, "list_id": clip.home.id}
    if short:
        return common
    return {
        **common,
        **pick(clip, "via_id", "type"),
        "user_id": clip.user.id,
        "is_favorite": is_favorite,
        "favicon_url": f"https://icons.example/?domain={domain}",
        "comments_count": len(clip.comments),
        "likes_count": len(clip.likes),
        "saves_count": len(clip.saves),
    }


def _notifications(world: World) -> list[Row]:
    return [
        {
            **pick(note, "id", "type", "is_seen", "item_url"),
            "created": text(note.created),
            "user_id": note.user.id,
            "clip_id": note.clip and note.clip.id,
            "list_id": note.list and note.list.id,
            "resource_uri": f"/api/notifications/{note.id}/",
        }
        for note in world.notifications.values()
    ]
