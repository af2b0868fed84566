"""The write routes (page, section 11): what a body needs, what it does, and how it is answered."""

from __future__ import annotations

from typing import Any

from sandbox.core import Refused, Response, Route
from sandbox.kippt.records import Clip, ClipList
from sandbox.kippt.routes import KipptCall, Payload, find_clip, find_list, find_user
from sandbox.kippt.shapes import shape_of

LIST_FIELDS = {"title": str, "description": str | None, "is_private": bool}
CLIP_FIELDS = {"url": str, "title": str, "notes": str | None}


def body_of(call: KipptCall) -> Payload:
    try:
        body = call.request.json()
    except ValueError:
        raise Refused(400, "No valid JSON.") from None
    if not isinstance(body, dict):
        raise Refused(400, "No valid JSON.")
    return body


def fields_of(body: Payload, known: dict[str, Any]) -> Payload:
    """The known fields of a body; 400 for a value of another type."""
    found = {name: value for name, value in body.items() if name in known}
    for name, value in found.items():
        if not isinstance(value, known[name]):
            raise Refused(400, f"Invalid {name}.")
    return found


def own_list(call: KipptCall, list_id: str, *, to_add: bool = False) -> ClipList:
    """A list that one may change: an own one, or to add to, one that is shared with oneself."""
    found = find_list(call, list_id)
    if found.user is not call.caller and not (to_add and call.caller in found.collaborators):
        raise Refused(401)
    return found


def own_clip(call: KipptCall, clip_id: str) -> Clip:
    found = find_clip(call, clip_id)
    if found.user is not call.caller:
        raise Refused(401)
    return found


def id_in(value: Any) -> str:
    """The id in an address such as `/api/lists/13/`, or the id itself."""
    return str(value).rstrip("/").rsplit("/", 1)[-1]


def created(payload: Payload) -> Response:
    return Response.of_json(payload, 201)


def create_list(call: KipptCall) -> Response:
    fields = fields_of(body_of(call), LIST_FIELDS)
    if not fields.get("title"):
        raise Refused(400, "No title.")
    made = call.service.add_list(fields.pop("title"), fields.pop("is_private", False))
    row = call.service.world.lists[made]
    row.description = fields.get("description", "")
    return created(shape_of(call).clip_list(row))


def edit_list(call: KipptCall, list_id: str) -> Payload:
    row = own_list(call, list_id)
    call.service.edit_list(row.id, **fields_of(body_of(call), LIST_FIELDS))
    return shape_of(call).clip_list(row)


def delete_list(call: KipptCall, list_id: str) -> Response:
    row = own_list(call, list_id)
    if row is call.service.world.inbox:
        raise Refused(400, "The Inbox cannot be deleted.")
    call.service.delete_list(row.id)
    return Response(204)


def create_clip(call: KipptCall) -> Response:
    """A link, or where notes come without an address, a note."""
    body = body_of(call)
    fields = fields_of(body, CLIP_FIELDS)
    home = own_list(call, id_in(body["list"]), to_add=True) if body.get("list") else None
    if "url" not in fields and not fields.get("notes"):
        raise Refused(400, "No url.")
    service, url = call.service, fields.pop("url", None)
    once = service.switches.duplicate_url == "refuse"
    if once and any(clip.url == url for clip in service.world.my_clips()):
        raise Refused(400, "You have already saved this url.")
    if url is None:
        made = service.world.clips[service.add_note(fields["notes"])]
        made.home = home or made.home
    else:
        made = service.world.clips[service.add_clip(home.id if home else None, url=url)]
    for name, value in fields.items():
        setattr(made, name, value)
    if body.get("via"):
        made.via_id = int(id_in(body["via"]))
    return created(shape_of(call).clip(made))


def edit_clip(call: KipptCall, clip_id: str) -> Payload:
    clip, body = own_clip(call, clip_id), body_of(call)
    if body.get("list"):
        call.service.move_clip(clip.id, own_list(call, id_in(body["list"]), to_add=True).id)
    call.service.edit_clip(clip.id, **fields_of(body, CLIP_FIELDS))
    return shape_of(call).clip(clip)


def delete_clip(call: KipptCall, clip_id: str) -> Response:
    call.service.delete_clip(own_clip(call, clip_id).id)
    return Response(204)


def favorite(call: KipptCall, clip_id: str) -> Payload:
    on = call.request.method == "POST"
    call.service.favorite_clip(find_clip(call, clip_id).id, on=on)
    return {"is_favorite": on}


def like(call: KipptCall, clip_id: str) -> Payload:
    """400 for an own clip, and for taking back a like that is not there."""
    clip, on = find_clip(call, clip_id), call.request.method == "POST"
    if clip.user is call.caller or (not on and call.caller not in clip.likes):
        raise Refused(400)
    call.service.like_clip(clip.id, on=on)
    return {}


def create_comment(call: KipptCall, clip_id: str) -> Response:
    clip, body = find_clip(call, clip_id), body_of(call).get("body")
    if not isinstance(body, str) or not body:
        raise Refused(400, "No body.")
    made = call.service.add_comment(clip.id, body)
    (row,) = [comment for comment in clip.comments if comment.id == made]
    return created(shape_of(call).comment(clip, row))


def delete_comment(call: KipptCall, clip_id: str, comment_id: str) -> Response:
    for row in find_clip(call, clip_id).comments:
        if str(row.id) == comment_id:
            if row.user is not call.caller:
                raise Refused(400)
            call.service.delete_comment(row.id)
            return Response(204)
    raise Refused(404)


def wants_to_follow(call: KipptCall) -> bool:
    wish = body_of(call).get("action")
    if wish not in ("follow", "unfollow"):
        raise Refused(400)
    return bool(wish == "follow")


def follow_user(call: KipptCall, name: str) -> Payload:
    on = wants_to_follow(call)
    call.service.follow(find_user(call, name).id, on=on)
    return {"following": on}


def follow_list(call: KipptCall, list_id: str) -> Payload:
    on = wants_to_follow(call)
    call.service.follow_list(find_list(call, list_id).id, on=on)
    return {"following": on}


def see_notifications(call: KipptCall) -> Payload:
    if body_of(call).get("action") != "mark_seen":
        raise Refused(400)
    call.service.mark_notifications_seen()
    return {}


ROUTES = (
    Route("POST", "/lists/", create_list),
    Route("PUT", "/lists/{list_id}/", edit_list),
    Route("DELETE", "/lists/{list_id}/", delete_list),
    Route("POST", "/lists/{list_id}/relationship/", follow_list),
    Route("POST", "/clips/", create_clip),
    Route("PUT", "/clips/{clip_id}/", edit_clip),
    Route("DELETE", "/clips/{clip_id}/", delete_clip),
    Route("POST", "/clips/{clip_id}/favorite/", favorite),
    Route("DELETE", "/clips/{clip_id}/favorite/", favorite),
    Route("POST", "/clips/{clip_id}/likes/", like),
    Route("DELETE", "/clips/{clip_id}/likes/", like),
    Route("POST", "/clips/{clip_id}/comments/", create_comment),
    Route("DELETE", "/clips/{clip_id}/comments/{comment_id}/", delete_comment),
    Route("POST", "/users/{name}/relationship/", follow_user),
    Route("POST", "/notifications/", see_notifications),
)
