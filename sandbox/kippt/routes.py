"""The read routes; each gives a record or a listing, or raises Refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from sandbox.kippt.listing import (
    NO_ACCESS,
    NOT_FOUND,
    Listing,
    Refused,
    latest_first,
    since,
)
from sandbox.kippt.model import Clip, ClipList, User
from sandbox.kippt.records import Shape

Found = dict[str, Any] | Listing
Query = dict[str, str]


def find(shape: Shape, path: str, query: Query) -> Found:
    """What a GET of this path gives; the path begins and ends with a slash."""
    for pattern, needs_account, route in ROUTES:
        match = re.fullmatch(pattern, path)
        if match is None:
            continue
        if needs_account and shape.viewer is None:
            raise Refused(*NO_ACCESS)
        names = (name and unquote(name) for name in match.groups())
        return route(shape, query, *names)
    raise Refused(*NOT_FOUND)


def _me(shape: Shape) -> User:
    assert shape.viewer is not None, "the route needs an account"
    return shape.viewer


def _user(shape: Shape, name: str) -> User:
    """A user by id, by user name, or oneself."""
    if name == "self":
        if shape.viewer is None:
            raise Refused(*NO_ACCESS)
        return shape.viewer
    for user in shape.world.users.values():
        if name in (str(user.id), user.username):
            return user
    raise Refused(*NOT_FOUND)


def _list(shape: Shape, name: str) -> ClipList:
    """A list by id; 401 where it is private and not shared."""
    found = shape.world.lists.get(int(name)) if name.isdecimal() else None
    if found is None:
        raise Refused(*NOT_FOUND)
    if not found.open_to(shape.viewer):
        raise Refused(*NO_ACCESS)
    return found


def _clip(shape: Shape, name: str) -> Clip:
    """A clip by id: 404 when deleted, 401 when private and not shared."""
    found = shape.world.clips.get(int(name))
    if found is None:
        raise Refused(*NOT_FOUND)
    if not found.open_to(shape.viewer):
        raise Refused(*NO_ACCESS)
    return found


def _clips(shape: Shape, query: Query, rows: list[Clip]) -> Listing:
    """Clips after the filters of clip routes."""
    rows = since(rows, "updated", query, shape.settings)
    if "url" in query:
        rows = [clip for clip in rows if clip.url == query["url"]]
    return Listing(latest_first(rows, "updated", shape.settings), shape.clip)


def _public(rows: list[Clip]) -> list[Clip]:
    return [clip for clip in rows if not clip.home.is_private]


def _users(shape: Shape, rows: list[User]) -> Listing:
    return Listing(rows[::-1], shape.user)


def account(shape: Shape, query: Query) -> Found:
    row = shape.user(_me(shape))
    if "api_token" in shape.include:
        row["api_token"] = shape.settings["api_token"]
    return row


def user(shape: Shape, query: Query, name: str) -> Found:
    return shape.user(_user(shape, name))


def user_search(shape: Shape, query: Query) -> Found:
    wanted = _wanted(query)
    users = shape.world.users.values()
    rows = [u for u in users if wanted in f"{u.username} {u.full_name}".lower()]
    return Listing(rows, shape.user, more_meta={"query": query["q"]})


def user_clips(shape: Shape, query: Query, name: str, kind: str | None) -> Found:
    """Public clips that a user made, likes or favours; favourites can be hidden."""
    world, who = shape.world, _user(shape, name)
    if kind == "likes/":
        return _clips(shape, query, world.likes_of(who))
    if kind == "favorites/":
        hidden = who.hides_favorites and who is not shape.viewer
        return _clips(shape, query, [] if hidden else _public(world.favorites_of(who)))
    return _clips(shape, query, _public([c for c in world.clips.values() if c.user is who]))


def user_lists(shape: Shape, query: Query, name: str) -> Found:
    who = _user(shape, name)
    lists = shape.world.lists.values()
    rows = [row for row in lists if row.user is who and not row.is_private]
    return Listing(latest_first(rows, "updated", shape.settings), shape.clip_list)


def user_list(shape: Shape, query: Query, name: str, list_name: str) -> Found:
    who = _user(shape, name)
    for row in shape.world.lists.values():
        if row.user is who and not row.is_private and list_name in (str(row.id), row.slug):
            return shape.clip_list(row)
    raise Refused(*NOT_FOUND)


def followers(shape: Shape, query: Query, name: str) -> Found:
    """Only the account's own neighbours are known; everybody else is followed by it at most."""
    who, me = _user(shape, name), shape.world.me
    others = [me] if who in shape.world.following else []
    return _users(shape, shape.world.followers if who is me else others)


def following(shape: Shape, query: Query, name: str) -> Found:
    who, me = _user(shape, name), shape.world.me
    others = [me] if who in shape.world.followers else []
    return _users(shape, shape.world.following if who is me else others)


def user_relationship(shape: Shape, query: Query, name: str) -> Found:
    who = _user(shape, name)
    if who is _me(shape):
        raise Refused(400, "You cannot follow yourself.")
    return {"following": who in shape.world.following}


def lists(shape: Shape, query: Query) -> Found:
    rows = latest_first(shape.world.my_lists(), "updated", shape.settings)
    return Listing(rows, shape.clip_list)


def followed_lists(shape: Shape, query: Query) -> Found:
    """Linked in the documents, but without a page: by switch it is not there."""
    if not shape.settings["lists_following"]:
        raise Refused(*NOT_FOUND)
    return Listing(_followed_lists(shape), shape.clip_list)


def _followed_lists(shape: Shape) -> list[ClipList]:
    lists = shape.world.lists.values()
    return [row for row in lists if row.user in shape.world.following and not row.is_private]


def one_list(shape: Shape, query: Query, name: str) -> Found:
    return shape.clip_list(_list(shape, name))


def list_clips(shape: Shape, query: Query, name: str) -> Found:
    """The clips of a list; where there are none at all, 404 by default."""
    rows = shape.world.clips_of(_list(shape, name))
    if not rows and shape.settings["empty_list"] == "404":
        raise Refused(*NOT_FOUND)
    return _clips(shape, query, rows)


def collaborators(shape: Shape, query: Query, name: str) -> Found:
    found = _list(shape, name)
    if not shape.settings["list_collaborators_route"]:
        raise Refused(*NOT_FOUND)
    return _users(shape, found.collaborators)


def list_relationship(shape: Shape, query: Query, name: str) -> Found:
    return {"following": _list(shape, name) in _followed_lists(shape)}


def clips(shape: Shape, query: Query) -> Found:
    """All own clips in one stream; those of collaborators in own lists by switch."""
    world, me = shape.world, _me(shape)
    rows = world.my_clips()
    if shape.settings["stream_holds_collaborators_clips"]:
        rows += [c for c in world.clips.values() if c.home.user is me and c.user is not me]
    return _clips(shape, query, rows)


def clip(shape: Shape, query: Query, name: str) -> Found:
    return shape.clip(_clip(shape, name))


def favorites(shape: Shape, query: Query) -> Found:
    return _clips(shape, query, shape.world.favorites_of(_me(shape)))


def feed(shape: Shape, query: Query) -> Found:
    """Public clips of those one follows; its next page is said to be elsewhere."""
    everything = _public(list(shape.world.clips.values()))
    rows = [row for row in everything if row.user in shape.world.following]
    listing = _clips(shape, query, rows)
    return Listing(listing.rows, listing.render, next_path="/api/clips/", shows_total=False)


def clip_search(shape: Shape, query: Query) -> Found:
    wanted = _wanted(query)
    rows = [
        row
        for row in shape.world.my_clips()
        if wanted in f"{row.title} {row.notes} {row.url}".lower()
    ]
    return _clips(shape, query, rows)


def comments(shape: Shape, query: Query, name: str) -> Found:
    found = _clip(shape, name)
    return Listing(found.comments[::-1], lambda row: shape.comment(found, row))


def comment(shape: Shape, query: Query, name: str, comment_id: str) -> Found:
    found = _clip(shape, name)
    for row in found.comments:
        if row.id == int(comment_id):
            return shape.comment(found, row)
    raise Refused(*NOT_FOUND)


def likes(shape: Shape, query: Query, name: str) -> Found:
    return _users(shape, _clip(shape, name).likes)


def notifications(shape: Shape, query: Query) -> Found:
    rows = since(list(shape.world.notifications.values()), "created", query, shape.settings)
    return Listing(latest_first(rows, "created", shape.settings), shape.notification)


def _wanted(query: Query) -> str:
    if not query.get("q"):
        raise Refused(400, "q is missing.")
    return query["q"].lower()


ROUTES: list[tuple[str, bool, Callable[..., Found]]] = [
    ("/api/account/", True, account),
    ("/api/users/search/", True, user_search),
    ("/api/users/([^/]+)/", False, user),
    ("/api/users/([^/]+)/clips/(favorites/|likes/)?", False, user_clips),
    ("/api/users/([^/]+)/lists/", False, user_lists),
    ("/api/users/([^/]+)/lists/([^/]+)/", False, user_list),
    ("/api/users/([^/]+)/followers/", False, followers),
    ("/api/users/([^/]+)/following/", False, following),
    ("/api/users/([^/]+)/relationship/", True, user_relationship),
    ("/api/lists/", True, lists),
    ("/api/lists/following/", True, followed_lists),
    ("/api/lists/([^/]+)/", False, one_list),
    ("/api/lists/([^/]+)/clips/", False, list_clips),
    ("/api/lists/([^/]+)/collaborators/", False, collaborators),
    ("/api/lists/([^/]+)/relationship/", True, list_relationship),
    ("/api/clips/", True, clips),
    ("/api/clips/favorites/", True, favorites),
    ("/api/clips/feed/", True, feed),
    ("/api/clips/search/", True, clip_search),
    ("/api/search/clips/", True, clip_search),
    ("/api/clips/([0-9]+)/", False, clip),
    ("/api/clips/([0-9]+)/comments/", False, comments),
    ("/api/clips/([0-9]+)/comments/([0-9]+)/", False, comment),
    ("/api/clips/([0-9]+)/likes/", False, likes),
    ("/api/notifications/", True, notifications),
]
