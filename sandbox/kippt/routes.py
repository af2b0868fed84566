"""The read routes (page, section 6): which records each gives, in which order and pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from sandbox.core import Call, Refused, Route, by_offset, whole_number
from sandbox.kippt.changes import Changes
from sandbox.kippt.records import Clip, ClipList, User
from sandbox.kippt.shapes import shape_of

KipptCall = Call[Changes]
Payload = dict[str, Any]


def page(call: KipptCall, rows: list[Any], render: Callable[[Any], Payload]) -> Payload:
    """The envelope of one page: 20 rows if not asked otherwise, 200 at most."""
    switches = call.service.switches
    refuse = switches.limit_above_200 == "refuse"
    found = by_offset(call.query, rows, usual=20, most=200, refuse_above=refuse)
    path = call.request.path.rstrip("/") + "/"
    kept = {name: call.query[name] for name in _kept(call.query, switches.next_keeps)}

    def place(offset: int) -> str:
        return f"{path}?{urlencode({'limit': found.size, 'offset': offset, **kept})}"

    meta: Payload = {
        "limit": found.size,
        "offset": found.offset,
        "next": place(found.offset + found.size) if found.has_more else None,
        "previous": place(max(0, found.offset - found.size)) if found.offset else None,
    }
    if switches.total_count:
        meta["total_count"] = found.total
    return {"meta": meta, "objects": [render(row) for row in found.rows]}


def _kept(query: Mapping[str, str], keeps: str) -> list[str]:
    """The parameters that the addresses of other pages repeat."""
    if keeps == "all":
        return [name for name in query if name not in ("limit", "offset")]
    return [name for name in ("q", "since", "url") if name in query and keeps == "filters"]


def clip_page(call: KipptCall, rows: list[Clip]) -> Payload:
    """Clips after the filters of clip routes."""
    rows = since(call, rows, "updated")
    if "url" in call.query:
        rows = [clip for clip in rows if clip.url == call.query["url"]]
    return page(call, latest_first(call, rows, "updated"), shape_of(call).clip)


def list_page(call: KipptCall, rows: list[ClipList]) -> Payload:
    return page(call, latest_first(call, rows, "updated"), shape_of(call).clip_list)


def user_page(call: KipptCall, rows: list[User]) -> Payload:
    return page(call, rows[::-1], shape_of(call).user)


def since(call: KipptCall, rows: list[Any], time: str) -> list[Any]:
    """The rows whose `time` is after `since` (or at it, by switch), if it is given."""
    if "since" not in call.query:
        return rows
    inclusive = call.service.switches.since_boundary == "inclusive"
    start = whole_number(call.query, "since", 0) - inclusive
    return [row for row in rows if getattr(row, time) > start]


def latest_first(call: KipptCall, rows: list[Any], time: str) -> list[Any]:
    """Rows by time descending, or in the order of their making by switch."""
    if call.service.switches.order == "insertion":
        return sorted(rows, key=lambda row: row.id)
    return sorted(rows, key=lambda row: (getattr(row, time), row.id), reverse=True)


# One record by the id or name in its address


def find_user(call: KipptCall, name: str) -> User:
    """A user by id, by user name, or oneself."""
    if name == "self":
        if call.caller is None:
            raise Refused(401)
        return call.service.world.me
    for user in call.service.world.users.values():
        if name in (str(user.id), user.username):
            return user
    raise Refused(404)


def find_list(call: KipptCall, name: str) -> ClipList:
    """A list by id; 401 where it is private and not shared."""
    found = call.service.world.lists.find(int(name) if name.isdecimal() else -1)
    if not found.open_to(call.caller):
        raise Refused(401)
    return found


def find_clip(call: KipptCall, name: str) -> Clip:
    """A clip by id: 404 when deleted, 401 when private and not shared."""
    found = call.service.world.clips.find(int(name) if name.isdecimal() else -1)
    if not found.open_to(call.caller):
        raise Refused(401)
    return found


# The routes


def account(call: KipptCall) -> Payload:
    row = shape_of(call).user(call.caller)
    if "api_token" in shape_of(call).include:
        row["api_token"] = call.service.credentials()["KIPPT_API_TOKEN"]
    return row


def liked_clips(call: KipptCall, name: str) -> Payload:
    return clip_page(call, call.service.world.likes_of(find_user(call, name)))


def followers(call: KipptCall, name: str) -> Payload:
    """Only the account's own neighbours are known; everybody else is followed by it at most."""
    who, world = find_user(call, name), call.service.world
    others = [world.me] if who in world.following else []
    return user_page(call, world.followers if who is world.me else others)


def following(call: KipptCall, name: str) -> Payload:
    who, world = find_user(call, name), call.service.world
    others = [world.me] if who in world.followers else []
    return user_page(call, world.following if who is world.me else others)


def lists(call: KipptCall) -> Payload:
    return list_page(call, call.service.world.my_lists())


def followed_lists(call: KipptCall) -> Payload:
    """Linked in the documents, but without a page: by switch it is not there."""
    if not call.service.switches.lists_following:
        raise Refused(404)
    rows = call.service.world.followed_lists
    return list_page(call, [row for row in rows if row.open_to(call.caller)])


def one_list(call: KipptCall, list_id: str) -> Payload:
    return shape_of(call).clip_list(find_list(call, list_id))


def list_clips(call: KipptCall, list_id: str) -> Payload:
    """The clips of a list; where there are none at all, 404 by default."""
    rows = call.service.world.clips_of(find_list(call, list_id))
    if not rows and call.service.switches.empty_list == "404":
        raise Refused(404)
    return clip_page(call, rows)


def collaborators(call: KipptCall, list_id: str) -> Payload:
    found = find_list(call, list_id)
    if not call.service.switches.list_collaborators_route:
        raise Refused(404)
    return user_page(call, found.collaborators)


def clips(call: KipptCall) -> Payload:
    """All own clips in one stream; those of collaborators in own lists by switch."""
    world = call.service.world
    rows, me = world.my_clips(), world.me
    if call.service.switches.stream_holds_collaborators_clips:
        rows += [c for c in world.clips.values() if c.home.user is me and c.user is not me]
    return clip_page(call, rows)


def favorites(call: KipptCall) -> Payload:
    return clip_page(call, call.service.world.favorites_of(call.caller))


def clip(call: KipptCall, clip_id: str) -> Payload:
    return shape_of(call).clip(find_clip(call, clip_id))


def comments(call: KipptCall, clip_id: str) -> Payload:
    found = find_clip(call, clip_id)
    return page(call, found.comments[::-1], lambda row: shape_of(call).comment(found, row))


def likes(call: KipptCall, clip_id: str) -> Payload:
    return user_page(call, find_clip(call, clip_id).likes)


def notifications(call: KipptCall) -> Payload:
    rows = since(call, list(call.service.world.notifications.values()), "created")
    return page(call, latest_first(call, rows, "created"), shape_of(call).notification)


ROUTES = (
    Route("GET", "/account/", account),
    Route("GET", "/users/{name}/clips/likes/", liked_clips, public=True),
    Route("GET", "/users/{name}/followers/", followers, public=True),
    Route("GET", "/users/{name}/following/", following, public=True),
    Route("GET", "/lists/", lists),
    Route("GET", "/lists/following/", followed_lists),
    Route("GET", "/lists/{list_id}/", one_list, public=True),
    Route("GET", "/lists/{list_id}/clips/", list_clips, public=True),
    Route("GET", "/lists/{list_id}/collaborators/", collaborators, public=True),
    Route("GET", "/clips/", clips),
    Route("GET", "/clips/favorites/", favorites),
    Route("GET", "/clips/{clip_id}/", clip, public=True),
    Route("GET", "/clips/{clip_id}/comments/", comments, public=True),
    Route("GET", "/clips/{clip_id}/likes/", likes, public=True),
    Route("GET", "/notifications/", notifications),
)
