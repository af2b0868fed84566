"""What a record becomes that a client writes: which fields it may set, and what the service adds.

Each kind of record has its defaults, and these are all the fields that a client may set; the
service ignores others. It keeps an id that the client made, makes the caller the author, and
gives times of its own (API page, section 11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.core import Refused
from sandbox.kinopio.changes import Changes
from sandbox.kinopio.items import USUAL_CARD
from sandbox.kinopio.records import Row, Space
from sandbox.kinopio.words import slug

FREE_CARDS = 100
"""As many cards as an account may create that is not upgraded."""


@dataclass(frozen=True)
class Kind:
    """What one kind of record in a space needs and may have."""

    table: str
    """Where a Space holds it."""
    defaults: Row
    required: tuple[str, ...] = ()
    other_names: dict[str, str] = field(default_factory=dict)
    """Names of another era -> those of the store."""


KINDS = {
    "cards": Kind(
        "cards",
        USUAL_CARD
        | {"x": 0, "y": 0, "z": 0, "name": "", "frameId": None, "isLocked": False}
        | {"isComment": False, "isTodo": False, "isCreatedThroughPublicApi": False}
        | {"backgroundColor": None, "resizeWidth": None, "counterIsVisible": False}
        | {"counterValue": 0, "tilt": 0, "width": 76, "atUserMentions": [], "atDateMentions": []}
        | {"nameUpdatedAt": None, "distanceFromOrigin": 0},
        required=("name",),
    ),
    "connections": Kind(
        "connections",
        {"startItemId": None, "endItemId": None, "connectionTypeId": None, "path": None}
        | {"labelIsVisible": False, "labelRelativePositionX": 0.5, "labelRelativePositionY": 0.5}
        | {"directionIsVisible": False, "controlPoint": None, "name": "", "color": "#ffc1f3"}
        | {"nameUpdatedByUserId": None},
        other_names={"startCardId": "startItemId", "endCardId": "endItemId"},
    ),
    "connectionTypes": Kind("connection_types", {"name": "Connection Type", "color": "#ffc1f3"}),
    "boxes": Kind(
        "boxes",
        {"name": "", "x": 0, "y": 0, "resizeWidth": 224, "resizeHeight": 105, "color": "#ffc1f3"}
        | {"fill": "filled", "isLocked": False, "infoWidth": None, "infoHeight": None}
        | {"z": 0, "background": None, "backgroundIsStretch": False, "isTodo": False}
        | {"headerFontId": 0, "headerFontSize": "s"},
    ),
    "tags": Kind("tags", {"name": "", "color": "#90ffff", "cardId": None}, ("name", "cardId")),
    "lists": Kind(
        "lists",
        {"name": "", "color": "#ffc1f3", "x": 0, "y": 0, "z": 0, "resizeWidth": 206}
        | {"height": 206, "frameId": 0, "isCollapsed": False, "shouldUpdateList": False},
    ),
    "lines": Kind("lines", {"name": "", "color": "#ffc1f3", "y": 0}),
}
"""Name in a posted space -> kind; in the order in which one refers to another."""
NEWER = ("lists", "lines", "drawingStrokes")
SPACE = {
    "name": "",
    "privacy": "private",
    "background": "",
    "backgroundTint": "",
    "backgroundIsGradient": False,
    "backgroundGradient": None,
    "defaultCardMaxWidth": 200,
    "isHidden": False,
    "isTemplate": False,
    "moonPhase": "",
    "originSpaceId": "",
    "showInExplore": False,
    "note": "",
}
"""The fields of a space that a client may set."""


def new_space(service: Changes, body: Any) -> Space:
    """A space of the caller with everything that the body has in it; it is in the store then."""
    world, writer = service.world, service.world.writer
    fields = _taken_over(body, SPACE, ("name",))
    space_id = new_id(service, body, world.spaces)
    at, me = world.tick(), world.me["id"]
    space = Space(
        {
            **fields,
            "id": space_id,
            "url": slug(str(fields["name"]), space_id),
            "userId": me,
            "createdAt": _birth(service, body, at),
            "updatedAt": at,
            "editedAt": at,
            "editedByUserId": me,
            "updateHash": writer.new_id(),
            "isRemoved": False,
            "removedByUserId": None,
            "isFromTweet": False,
            "isRestrictedByModerator": False,
            "showInExploreUpdatedAt": at if fields["showInExplore"] else None,
            "proposedShowInExplore": False,
            "visits": 0,
            "previewImage": None,
            "previewThumbnailImage": None,
            "collaboratorKey": world.secret("edit-key"),
            "readOnlyKey": world.secret("read-key"),
            "removedCards": [],
            "spectators": [],
            "clients": [],
            "cacheDate": 1740819600000,
            "group": None,
            "groupId": None,
            "addedToGroupByUserId": None,
            "drawingImage": "",
            "previewImagePrivate": None,
            "previewThumbnailImagePrivate": None,
        },
        me,
        number=len(world.spaces),
    )
    _add_contents(service, space, body)
    count_cards(service, len(space.cards))
    world.spaces[space_id] = space
    return space


def _add_contents(service: Changes, space: Space, body: Row) -> None:
    takes_newer = service.switches.era != "2023" and service.switches.posted_children == "all"
    for name, kind in KINDS.items():
        records = body.get(name) or []
        if not isinstance(records, list):
            raise Refused(400)
        if name in NEWER and not takes_newer:
            continue
        for part in records:
            record = new_record(service, space, name, part)
            getattr(space, kind.table)[record["id"]] = record
    if takes_newer:
        space.strokes = list(body.get("drawingStrokes") or [])


def new_record(service: Changes, space: Space, name: str, body: Any) -> Row:
    """A record of a kind (by its name in a posted space) of the caller; not yet in the space."""
    world, kind = service.world, KINDS[name]
    if not isinstance(body, dict):
        raise Refused(400)
    body = {kind.other_names.get(key, key): value for key, value in body.items()}
    fields = _taken_over(body, kind.defaults, kind.required)
    others = (getattr(other, kind.table) for other in (*world.spaces.values(), space))
    record_id = new_id(service, body, *others)
    me, at = world.me["id"], world.now()
    record: Row = {"id": record_id, "spaceId": space.id, "userId": me, **fields}
    record |= {"createdAt": _birth(service, body, at), "updatedAt": at}
    if name == "cards":
        check_text(service, fields["name"])
        record |= {"nameUpdatedAt": at, "nameUpdatedByUserId": me}
    return record


def tag_by_text(service: Changes, space: Space, card: Row) -> None:
    """The tags that `[[name]]` in a card's text stands for (that this makes them is inferred)."""
    for name in dict.fromkeys(re.findall(r"\[\[([^\[\]]+)\]\]", card["name"])):
        tag = new_record(service, space, "tags", {"name": name, "cardId": card["id"]})
        same = (t for s in service.world.members() for t in s.tags.values() if t["name"] == name)
        tag["color"] = next((known["color"] for known in same), tag["color"])
        space.tags[tag["id"]] = tag


def patched(kind: Kind, body: Row) -> Row:
    """The fields that a PATCH with this body changes."""
    named = {kind.other_names.get(key, key): value for key, value in body.items()}
    return {name: value for name, value in named.items() if name in kind.defaults}


def check_text(service: Changes, text: Any) -> None:
    """A card's text has a limit (2,000 characters by the page, 4,000 by newer ones)."""
    if not isinstance(text, str) or len(text) > service.switches.card_text_limit:
        raise Refused(400)


def count_cards(service: Changes, number: int) -> None:
    """A free account stops at some number of created cards (the status is invented)."""
    me = service.world.me
    if service.switches.account == "free" and me["cardsCreatedCount"] + number > FREE_CARDS:
        raise Refused(400, "upgrade for more cards")
    me["cardsCreatedCount"] += number


def new_id(service: Changes, body: Row, *stores: Any) -> str:
    """The id that the client made, or one of the service's; refused where something has it."""
    given = body.get("id")
    if given is None:
        return service.world.writer.new_id()
    if not isinstance(given, str) or not given or any(given in store for store in stores):
        raise Refused(400)
    return given


def _taken_over(body: Any, defaults: Row, required: tuple[str, ...]) -> Row:
    if not isinstance(body, dict) or any(not isinstance(body.get(n), str) for n in required):
        raise Refused(400)
    return {name: body.get(name, value) for name, value in defaults.items()}


def _birth(service: Changes, body: Row, at: str) -> str:
    """`createdAt`: no source says whether the service keeps one that is sent."""
    kept = service.switches.posted_times == "kept" and isinstance(body.get("createdAt"), str)
    return str(body["createdAt"]) if kept else at
