"""The read routes (page, section 5) that an export may need: who may ask, and what comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.core import Call, Refused, Route
from sandbox.kinopio.changes import Changes
from sandbox.kinopio.records import Row, Space
from sandbox.kinopio.shapes import Shapes

KinopioCall = Call[Changes]
BATCH = 60
"""As many ids as one request may name."""


def shapes(call: KinopioCall) -> Shapes:
    return Shapes(call.service.world, call.service.switches)


def only_if(switch: str, *positions: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A route that is 404 unless the switch stands in one of these positions."""

    def limited(answer: Callable[..., Any]) -> Callable[..., Any]:
        def asked(call: KinopioCall, **parts: str) -> Any:
            if getattr(call.service.switches, switch) not in positions:
                raise Refused(404)
            return answer(call, **parts)

        return asked

    return limited


def may(call: KinopioCall, space: Space, *, to_edit: bool = False) -> bool:
    """Whether the sender may view or edit: as a member, by a key, or since it is public."""
    fields, headers = space.fields, call.request.headers
    if headers.get("space-authorization") == fields["collaboratorKey"]:
        return True
    if call.caller and space.is_member and not space.access_is_lost:
        return space.is_editable or not to_edit
    is_reader = headers.get("read-only-authorization") == fields["readOnlyKey"]
    return not to_edit and (is_reader or fields["privacy"] in ("open", "closed"))


def find_space(call: KinopioCall, space_id: str, *, to_edit: bool = False) -> Space:
    """404 where it is unknown, 401 where the sender has not the right."""
    space = call.service.world.spaces.find(space_id)
    if not may(call, space, to_edit=to_edit):
        raise Refused(401)
    return space


def rows(call: KinopioCall, spaces: Iterable[Space]) -> list[Any]:
    return [shapes(call).listing_row(space) for space in spaces]


def up(call: KinopioCall) -> Row:
    return {"message": "the server is up"}


def user(call: KinopioCall) -> Row:
    me = dict(call.service.world.me)
    if call.service.switches.user_api_key == "absent":
        del me["apiKey"]
    return me


# Lists of spaces


def spaces(call: KinopioCall) -> list[Any]:
    """In another order at each answer."""
    world, switches = call.service.world, call.service.switches
    found = rows(call, (s for s in world.members() if not world.is_left_out(s, switches)))
    call.service.shuffle(found)
    if switches.listing_flaws == "duplicate_and_null" and found:
        found.insert(len(found) // 2, None)
        found.append(found[0])
    return found


def removed_spaces(call: KinopioCall) -> list[Any]:
    return rows(call, call.service.world.removed_by_me())


def hidden_spaces(call: KinopioCall) -> list[Any]:
    return rows(call, (s for s in call.service.world.members() if s.fields["isHidden"]))


def template_spaces(call: KinopioCall) -> list[Any]:
    return rows(call, (s for s in call.service.world.members() if s.fields["isTemplate"]))


def group_spaces(call: KinopioCall) -> list[Any]:
    """Those made by other members of one's groups."""
    world = call.service.world
    return rows(call, (space for space in world.members() if world.is_of_group(space)))


def groups(call: KinopioCall) -> list[Row]:
    return list(call.service.world.groups.values())


def favorite_spaces(call: KinopioCall) -> list[Row]:
    return [
        {**shapes(call).listing_row(call.service.world.spaces[space_id]), "isEdited": is_edited}
        for space_id, is_edited in call.service.world.favorite_spaces.items()
    ]


# Other lists


def favorite_users(call: KinopioCall) -> list[Row]:
    return shapes(call).people(call.service.world.favorite_users)


def favorite_colors(call: KinopioCall) -> list[Any]:
    colors = call.service.world.favorite_colors
    if call.service.switches.favorite_colors == "text":
        return list(colors)
    return [{"color": color} for color in colors]


def ai_images(call: KinopioCall) -> list[Row]:
    limit = call.query.get("limit", "")
    usual = call.service.switches.ai_images_default_limit
    return call.service.world.ai_images[: int(limit) if limit.isdecimal() else usual]


def notifications(call: KinopioCall) -> list[Row]:
    """The last fifty, newest first."""
    newest = call.service.world.notifications[-50:][::-1]
    return [shapes(call).notification(entry) for entry in newest]


def public_users(call: KinopioCall) -> list[Row]:
    return shapes(call).people(call.query.get("userIds", "").split(",")[:BATCH])


# Spaces


def space_batch(call: KinopioCall) -> list[Any]:
    """The spaces that the sender may view, in another order at each answer."""
    switches = call.service.switches
    wanted = [part for part in call.query.get("spaceIds", "").split(",") if part]
    if len(wanted) > BATCH and switches.batch_over_60 == "400":
        raise Refused(400)
    found: list[Any] = []
    for space_id in dict.fromkeys(wanted[:BATCH]):
        space = call.service.world.spaces.get(space_id)
        if space is not None and may(call, space):
            found.append(shapes(call).batch_row(space))
        elif switches.batch_missing == "empty":
            found.append({})
    call.service.shuffle(found)
    return found


def one_space(call: KinopioCall, space_id: str) -> Row:
    row = shapes(call).space(find_space(call, space_id))
    if not call.caller:  # keys are for members
        row.pop("collaboratorKey", None)
        row.pop("readOnlyKey", None)
    return row


def removed_cards(call: KinopioCall, space_id: str) -> list[Row]:
    space = find_space(call, space_id, to_edit=True)
    return [shapes(call).card(card) for card in space.removed_cards()]


documented = only_if("spelling", "documented", "both")
newer = only_if("spelling", "newer", "both")
newer_list = only_if("newer_lists", "served")
newer_era = only_if("era", "mixed", "2026")
not_dropped = only_if("dropped_routes", "served")

ROUTES = (
    Route("GET", "/", up, public=True),
    Route("GET", "/user", user),
    Route("GET", "/user/spaces", spaces),
    Route("GET", "/user/removed-spaces", removed_spaces),
    Route("GET", "/user/hidden-spaces", newer_list(hidden_spaces)),
    Route("GET", "/user/template-spaces", newer_list(template_spaces)),
    Route("GET", "/user/group-spaces", newer_list(group_spaces)),
    Route("GET", "/user/groups", newer_list(groups)),
    Route("GET", "/user/favorite-spaces", favorite_spaces),
    Route("GET", "/user/favorite-users", favorite_users),
    Route("GET", "/user/favorite-colors", favorite_colors),
    Route("GET", "/user/ai-images", not_dropped(ai_images)),
    Route("GET", "/user/public/multiple", public_users, public=True),
    Route("GET", "/notifications", documented(notifications)),
    Route("GET", "/notification", newer(notifications)),
    Route("GET", "/space/multiple", space_batch, public=True),
    Route("GET", "/space/{space_id}", one_space, public=True),
    Route("GET", "/space/{space_id}/removedCards", documented(removed_cards), public=True),
    Route("GET", "/space/{space_id}/removed-cards", newer(removed_cards), public=True),
)
