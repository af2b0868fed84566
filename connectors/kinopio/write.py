"""Kinopio: how spaces and what lies in them are put back (API page, section 11).

A space that is gone is posted whole, with everything in it and under its own ids, since clients
make the ids here. What is gone from a space that is still there is posted piece by piece; what was
only removed comes back by the restore routes. Whoever restores becomes owner and author.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from connectors.core.schema import Table
from connectors.core.write import Restored, Row, Write, Writer
from connectors.kinopio.tables import (
    BOXES,
    CARDS,
    CONNECTION_TYPES,
    CONNECTIONS,
    LINES,
    LISTS,
    SPACES,
    TAGS,
)


def names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ID_LENGTH = 21
LONGEST_TEXT = 4000
"""Characters of a card: 2,000 by the API page of 2024, 4,000 by newer ones."""
PARTS = {
    "lists": "lists",
    "cards": "cards",
    "boxes": "boxes",
    "connection_types": "connectionTypes",
    "connections": "connections",
    "tags": "tags",
    "lines": "lines",
}
"""Table -> the field of a posted space that its records stand in."""
MADE_BY_THE_SERVICE = frozenset(
    names(
        "users collaborators spectators clients visits userId ownerUserId updatedAt editedAt "
        "editedByUserId updateHash collaboratorKey readOnlyKey isRemoved removedByUserId "
        "removedCards url showInExplore showInExploreUpdatedAt proposedShowInExplore previewImage "
        "previewThumbnailImage previewImagePrivate previewThumbnailImagePrivate cacheDate "
        "isFavorite group groupId addedToGroupByUserId linkToSpaceCollaboratorKey"
    )
)
"""Fields that are not sent: who it belongs to, what is counted, keys, and what only others see."""
REFERENCES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "start_item_id": (("cards", "boxes", "lists"), ("startItemId", "startCardId")),
    "end_item_id": (("cards", "boxes", "lists"), ("endItemId", "endCardId")),
    "connection_type_id": (("connection_types",), ("connectionTypeId",)),
    "card_id": (("cards",), ("cardId",)),
    "list_id": (("lists",), ("listId",)),
    "link_to_space_id": (("spaces",), ("linkToSpaceId",)),
    "link_to_card_id": (("cards",), ("linkToCardId",)),
}
"""Column -> the tables that its id may be of, and the fields that it is sent in. Connections have
their ends under two names, by the time of the payload."""
LINK = re.compile(r"(kinopio\.club/)([^\s?#()\[\]]+)")
NewId = Callable[[str, Any], Any]


def choose_id(row: Row, owner: str, is_own: bool) -> str:
    """The old id, since what had it is gone. Another one in another account, where the original
    may still exist, and for ids such as `1`, which all templates of the app share."""
    if is_own and len(row["id"]) == ID_LENGTH:
        return str(row["id"])
    name = f"{owner}\n{row.get('space_id', '')}\n{row['id']}"
    digest = blake2b(name.encode(), digest_size=16).digest()
    return urlsafe_b64encode(digest).decode()[:ID_LENGTH]


# Bodies


def posted(record: Restored, new_id: NewId | None = None) -> dict[str, Any]:
    """The record as the service once sent it, with the ids of now and less what it makes itself."""
    new_id = new_id or record.new_id
    body = {name: value for name, value in record.raw.items() if name not in MADE_BY_THE_SERVICE}
    body["id"] = record.row["id"]
    if "space_id" in record.row:
        body["spaceId"] = record.row["space_id"]
    for column, (tables, fields) in REFERENCES.items():
        if record.old.get(column) is not None:
            body |= dict.fromkeys(fields, moved(new_id, tables, record.old[column]))
    if record.old.get("card_id") is None and isinstance(body.get("name"), str):
        body["name"] = with_new_links(body["name"], new_id)
    return body


def moved(new_id: NewId, tables: Iterable[str], old: Any) -> Any:
    """The id of now of a record that is in one of these tables."""
    return next((new for table in tables if (new := new_id(table, old)) != old), old)


def with_new_links(text: str, new_id: NewId) -> str:
    """The text with links to spaces and cards leading to those of now: in an address, each part of
    the path ends with an id, first that of the space, then that of the card."""

    def link(found: re.Match[str]) -> str:
        parts = found[2].split("/")
        for place, table in enumerate(("spaces", "cards")[: len(parts)]):
            old = parts[place][-ID_LENGTH:]
            parts[place] = parts[place][:-ID_LENGTH] + str(new_id(table, old))
        return found[1] + "/".join(parts)

    return LINK.sub(link, text)


def whole_space(space: Restored) -> dict[str, Any]:
    """The space with all that lies in it, references among them included."""
    inside = {
        (table, child.old["id"]): child.row["id"]
        for table, children in space.children.items()
        for child in children
    }

    def new_id(table: str, old: Any) -> Any:
        return inside.get((table, old)) or space.new_id(table, old)

    body = {name: value for name, value in posted(space).items() if name not in PARTS.values()}
    body["name"] = body.get("name") or ""
    for table, field in PARTS.items():
        if table in space.children:
            body[field] = [posted(child, new_id) for child in space.children[table]]
    return body


def only_id(record: Restored) -> dict[str, Any]:
    """What the restore routes want: the record's id, and its space's."""
    named = {"id": record.row["id"]}
    return named | ({"spaceId": record.row["space_id"]} if "space_id" in record.row else {})


def changed(*columns: str) -> Callable[[Restored], dict[str, Any]]:
    """The body of a PATCH: the fields of these columns, as they were sent once."""

    def body(record: Restored) -> dict[str, Any]:
        fields = {field_of(record, name) for name in columns}
        sent = {name: value for name, value in posted(record).items() if name in fields}
        return sent | {"id": record.row["id"]}

    return body


def field_of(record: Restored, column: str) -> str:
    first, *words = column.split("_")
    field = first + "".join(word.capitalize() for word in words)
    names = REFERENCES.get(column, ((), (field,)))[1]
    return next((name for name in names if name in record.raw), field)


# What is compared


def absent(*columns: str) -> Callable[[Row], frozenset[str]]:
    """Fields that older payloads lack get the service's defaults."""
    return lambda row: frozenset(name for name in columns if row.get(name) is None)


def refuse_card(row: Row, _: str) -> str:
    if not row["name"]:
        return "a card without text, which the service deletes at once"
    if len(row["name"]) > LONGEST_TEXT:
        return f"a text of more than {LONGEST_TEXT:,} characters"
    return ""


def is_removed(row: Row) -> bool:
    return bool(row["is_removed"])


def of_space(
    table: Table, path: str, columns: str, loses: str = "times, who made it", **more: Any
) -> Writer:
    """The writer of what lies in spaces; without a path, it only comes inside of a whole space."""
    restores = names(columns)
    calls: Mapping[str, Write] = {}
    if path:
        calls = {
            "create": Write("POST", path, posted, repeatable=False),
            "update": Write("PATCH", path, changed(*restores), repeatable=True),
        }
    return Writer(
        table,
        restores=restores,
        loses=loses,
        choose_id=choose_id,
        made_up=absent(*restores),
        refers={name: REFERENCES[name][0] for name in restores if name in REFERENCES},
        **{**calls, **more},
    )


SPACE_COLUMNS = names(
    "name privacy background background_tint background_gradient background_is_gradient "
    "default_card_max_width is_hidden is_template moon_phase note drawing_strokes"
)
WRITERS = (
    Writer(
        SPACES,
        restores=SPACE_COLUMNS,
        loses="times, collaborators, visits, invitations and their keys, its place in Explore and "
        "in a group; whoever restores it is its owner",
        create=Write("POST", "/space", whole_space),
        choose_id=choose_id,
        update=Write("PATCH", "/space", changed(*SPACE_COLUMNS), repeatable=True),
        undelete=Write(
            "PATCH",
            "/space/restore",
            only_id,
            fallback_path="/space/restore/{id}",
            repeatable=True,
        ),
        removed=is_removed,
        made_up=absent(*SPACE_COLUMNS),
        carries=tuple(PARTS),
        order=("created_at", "id"),
    ),
    of_space(
        LISTS, "/list", "name color x y z resize_width height frame_id is_collapsed", update=None
    ),
    of_space(
        CARDS,
        "/card",
        "name x y z resize_width tilt frame_id background_color counter_is_visible "
        "code_block_language is_locked is_comment should_hide_url_preview_image "
        "should_hide_url_preview_info url_preview_is_visible list_id list_position_index",
        "times, who made it, keys in invitations; a card in a space that is still there is marked "
        "as made by a program, and one that was only removed lost its connections and tags",
        undelete=Write("PATCH", "/card/restore", only_id, repeatable=True),
        removed=is_removed,
        refuses=refuse_card,
        costs="a free account may create 100 cards in all",
        order=("created_at", "id"),
    ),
    of_space(
        BOXES,
        "/box",
        "name color fill x y resize_width resize_height info_width info_height is_locked",
    ),
    of_space(CONNECTION_TYPES, "/connection-type", "name color"),
    of_space(
        CONNECTIONS,
        "/connection",
        "connection_type_id start_item_id end_item_id path control_point label_is_visible "
        "label_relative_position_x label_relative_position_y direction_is_visible",
    ),
    of_space(
        TAGS,
        "",
        "name color card_id",
        "times; one of a card in a space that is still there comes back with the card's text only",
        twin=lambda row: (row["space_id"], row["card_id"], row["name"]),
    ),
    of_space(LINES, "", "name color y", "times; in a space that is still there, all of it"),
)
