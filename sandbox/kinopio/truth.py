"""The tables of a complete copy of a Kinopio account, from what the service would send.

Left out everywhere: secrets, what counts visits or moves without an edit (`visits`,
`updatedAt`, `editedAt` and `updateHash` of a space, its preview images), what only the app
needs, arrays that are tables, `isFavorite` (a favourite mark moves no time of the space and
is a table of its own). Left out of single rows: texts that hold a secret, since a
copy may word its redaction as it likes, and fields that the payload does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from typing import Any

from sandbox.kinopio.data import Row, Space, World
from sandbox.kinopio.people import PUBLIC
from sandbox.kinopio.shapes import Shapes

SPACE_LEAVES_OUT = {
    "visits", "updatedAt", "editedAt", "updateHash", "previewImage", "previewThumbnailImage",
    "previewImagePrivate", "previewThumbnailImagePrivate", "collaboratorKey", "readOnlyKey",
    "spectators", "clients", "cacheDate", "removedCards", "users", "collaborators", "cards",
    "connections", "connectionTypes", "boxes", "tags", "lists", "lines", "group",
    "isFavorite",
}  # fmt: skip
CARD_LEAVES_OUT = {
    "distanceFromOrigin", "type", "frameName", "prevWidth", "prevHeight", "spaceId",
    "linkToSpaceCollaboratorKey", "urlPreviewEmbedHtml",
}  # fmt: skip
CHILD_LEAVES_OUT = {
    "distanceFromOrigin", "spaceId", "startCardId", "endCardId", "startItemId", "endItemId",
}  # fmt: skip
FAVORITE_SPACE = ("id", "name", "privacy", "isEdited", "isRemoved", "createdAt", "url")
SELF = re.compile(
    r"id|name|color|description|website|createdAt|cardsCreatedCount|is[A-Z]\w+|last[A-Z]\w+"
    r"|default[A-Z]\w+|filter[A-Z]\w+|should[A-Z]\w+|show[A-Z]\w+|dialogSpaceFilters"
    r"|newSpacesAreBlank|panSpeedIsFast|outsideSpaceBackgroundIsStatic|weatherUnitIsCelcius"
    r"|studentDiscountIsAvailable|creditsEarned|creditsUsed|emailIsVerified"
)
"""The fields of one's own user that may be stored."""
SECRET = re.compile(r"canary-", re.IGNORECASE)


def truth(
    world: World, shapes: Shapes, *, hidden_are_listed: bool, has_images: bool
) -> dict[str, list[dict[str, Any]]]:
    """Table name -> rows; see the module's words for what is left out."""
    spaces = [*world.listed(hidden_are_listed), *world.removed_by_me()]
    tables: dict[str, list[Row]] = {
        "users": _users(world, shapes, spaces),
        "spaces": [],
        "space_collaborators": [],
        "cards": [],
        "connections": [],
        "connection_types": [],
        "boxes": [],
        "tags": [],
        "lists": [],
        "lines": [],
        "notifications": [_notification(entry) for entry in shapes.notifications()],
        "favorite_spaces": _favorite_spaces(world),
        "favorite_users": [_row(world.user(user_id)) for user_id in world.favorite_users],
        "favorite_colors": [{"color": color} for color in world.favorite_colors],
        "ai_images": [_row(image) for image in world.ai_images] if has_images else [],
    }
    for space in spaces:
        sent = shapes.space(space)
        tables["spaces"].append(_row(sent, SPACE_LEAVES_OUT))
        tables["space_collaborators"] += [
            {"space_id": space.id, "user_id": user_id} for user_id in space.collaborator_ids
        ]
        cards = {card["id"]: card for card in sent["cards"]}
        if space.is_editable:
            cards.update((card["id"], shapes.card(card)) for card in space.removed_cards())
        tables["cards"] += _children(space, cards.values(), CARD_LEAVES_OUT)
        tables["connections"] += [_connection(space, entry) for entry in sent["connections"]]
        for name in ("boxes", "tags", "lists", "lines"):
            tables[name] += _children(space, sent.get(name, []))
        tables["connection_types"] += _children(space, sent.get("connectionTypes", []))
    return tables


def _children(
    space: Space, records: Iterable[Row], leaves_out: Set[str] = CHILD_LEAVES_OUT
) -> list[Row]:
    return [{"space_id": space.id, **_row(record, leaves_out)} for record in records]


def _connection(space: Space, record: Row) -> Row:
    return {
        "space_id": space.id,
        **_row(record, CHILD_LEAVES_OUT),
        "start_item_id": record.get("startItemId", record.get("startCardId")),
        "end_item_id": record.get("endItemId", record.get("endCardId")),
    }


def _notification(sent: Row) -> Row:
    row = _row(sent, {"card", "space", "user"})
    for name in ("card", "space", "user"):
        row.update(_row({f"{name}_{key}": value for key, value in sent.get(name, {}).items()}))
    return row


def _favorite_spaces(world: World) -> list[Row]:
    rows = []
    for space_id, is_edited in world.favorite_spaces.items():
        fields = {**world.spaces[space_id].fields, "isEdited": is_edited}
        rows.append(_row({name: fields[name] for name in FAVORITE_SPACE}))
    return rows


def _users(world: World, shapes: Shapes, spaces: list[Space]) -> list[Row]:
    """Oneself with preferences, everyone seen in public form, and those seen only as the
    actor of a notification with just id, name and colour."""
    me = {name: value for name, value in world.me.items() if SELF.fullmatch(name)}
    rows = {me["id"]: _row(me)}
    for entry in shapes.notifications():
        if "user" in entry:
            rows.setdefault(entry["user"]["id"], _row(entry["user"]))
    seen = list(world.favorite_users)
    for space in [*spaces, *(world.spaces[space_id] for space_id in world.favorite_spaces)]:
        seen += [] if space.owner_id is None else [space.owner_id]
    for space in spaces:
        seen += space.collaborator_ids
    for user_id in seen:
        if user_id != me["id"]:
            person = world.people[user_id]
            rows[user_id] = _row({name: person[name] for name in PUBLIC})
    return list(rows.values())


def _row(record: Row, leaves_out: Set[str] = frozenset()) -> Row:
    return {
        snake_case(name): value
        for name, value in record.items()
        if name not in leaves_out and not (isinstance(value, str) and SECRET.search(value))
    }


def snake_case(name: str) -> str:
    """startItemId -> start_item_id; createdAt -> created_at; isAI -> is_ai."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return _CASES.setdefault(name, words.lower())


_CASES: dict[str, str] = {}
