"""The rows of a complete copy of the account, table by table, in the names of the copy.

Left out: secrets, what counts visits or moves without an edit (`visits`, `updatedAt`,
`editedAt` and `updateHash` of a space, its preview images), what only the app needs, and
`isFavorite` (a favourite mark moves no time of the space and is a table of its own). Left out of
single rows: texts that hold a secret, since a copy may word its redaction as it likes, and
fields that the record does not have.

- `users` holds oneself, everybody in a payload, and the authors of cards.
- `spaces` are those in any list that is served; `groups` are those of `/user/groups`, where it
  is served.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from sandbox.core import Row, Tables, blob, lagging, true_file
from sandbox.kinopio import columns
from sandbox.kinopio.people import PRIVATE
from sandbox.kinopio.records import Space, World
from sandbox.kinopio.switches import KinopioSwitches

UPLOAD = re.compile(r"https://(?:cdn|files)\.kinopio\.club/\S+\.(?:png|jpg|pdf)")
WITH_FILES = (
    ("cards", ("space_id", "id"), "name"),
    ("cards", ("space_id", "id"), "url_preview_image"),
    ("spaces", ("id",), "drawing_image"),
    ("ai_images", ("url",), "url"),
)


def tables(world: World, switches: KinopioSwitches) -> Tables:
    """All tables that the account can see now."""
    shown, newer = shown_spaces(world, switches), switches.era != "2023"
    notified = [_notification(world, entry) for entry in world.notifications[-50:]]
    found: Tables = {
        "spaces": [_space(space, newer) for space in shown],
        "space_collaborators": [
            {"space_id": space.id, "user_id": user_id}
            for space in shown
            for user_id in space.collaborator_ids
            if world.user(user_id)
        ],
        "users": _users(world, shown, notified),
        "groups": [
            _row(group, columns.GROUP)
            for group in world.groups.values()
            if switches.newer_lists == "served"
        ],
        "notifications": notified,
        "favorite_spaces": [
            _row(world.spaces[space_id].fields | {"isEdited": is_edited}, columns.FAVORITE_SPACE)
            for space_id, is_edited in world.favorite_spaces.items()
        ],
        "favorite_users": _people(world, world.favorite_users),
        "favorite_colors": [{"color": color} for color in world.favorite_colors],
        "ai_images": list(world.ai_images) if switches.dropped_routes == "served" else [],
    }
    return found | _children(shown, switches)


def shown_spaces(world: World, switches: KinopioSwitches) -> list[Space]:
    """The spaces in any list: special kinds have lists of their own, where these are served."""
    listed = [
        space
        for space in world.members()
        if switches.newer_lists == "served" or not world.is_left_out(space, switches)
    ]
    return listed + world.removed_by_me()


def after_increment(before: Tables, now: Tables, silent_boxes: Collection[str]) -> Tables:
    """A space shows with all in it when its `updatedAt` moved (page, section 7), which an edit of
    a box need not do; users that were known and AI images are not part of the plan (section 8)."""
    known = {row["id"] for row in before["users"]}
    return now | {
        "users": lagging(before["users"], now["users"], ("id",), lambda r: r["id"] not in known),
        "ai_images": lagging(before["ai_images"], now["ai_images"], ("url",), lambda row: False),
        "boxes": lagging(
            before["boxes"],
            now["boxes"],
            ("space_id", "id"),
            lambda row: f"{row['space_id']}/{row['id']}" not in silent_boxes,
        ),
    }


def files(tables: Tables) -> list[dict[str, Any]]:
    """Every upload that a record of the copy names, each once."""
    found = {}
    for table, key, field in WITH_FILES:
        for row in tables[table]:
            record_key = tuple(row[name] for name in key)
            for address in UPLOAD.findall(str(row.get(field) or "")):
                body = blob(stored_path(address))
                found[table, record_key, field, address] = true_file(table, record_key, field, body)
    return list(found.values())


def stored_path(address: str) -> str:
    """Where a FileHost has the upload of an address."""
    host, _, path = address.removeprefix("https://").partition("/")
    return f"/{'cdn' if host.startswith('cdn') else 'older'}/{path}"


def _space(space: Space, newer: bool) -> Row:
    row = _row(space.fields, columns.SPACE + columns.NEWER_SPACE if newer else columns.SPACE)
    return row | {"drawing_strokes": space.strokes} if newer else row


def _children(shown: Iterable[Space], switches: KinopioSwitches) -> Tables:
    """What lies in the spaces; of removed cards those that one may edit."""
    found = {
        table: [
            {"space_id": space.id, **_row(record, names)}
            for space in shown
            for record in getattr(space, table).values()
            if names and (space.is_editable or not record.get("isRemoved"))
        ]
        for table, names in columns.of_children(switches).items()
    }
    if switches.positions == "whole":
        for row in found["cards"]:
            row |= {"x": round(row["x"]), "y": round(row["y"])}
    return found


def _notification(world: World, entry: Row) -> Row:
    """With what it tells of the card, space and user that still are."""
    row = _row(entry, columns.NOTIFICATION)
    space = world.spaces.get(entry["spaceId"] or "")
    if space is not None and entry["type"] != "addToGroup":
        row |= {f"space_{name}": space.fields[name] for name in ("name", "privacy", "background")}
        card = space.cards.get(entry.get("cardId", ""))
        if card is not None and not _is_secret(card["name"]):
            row["card_name"] = card["name"]
    if user := world.user(entry["userId"]):
        row |= {"user_name": user["name"], "user_color": user["color"]}
    return row


def _users(world: World, shown: Iterable[Space], notified: Iterable[Row]) -> list[Row]:
    """Oneself with preferences; everybody else in public form, or with name and colour alone who
    is seen in a notification only."""
    unseen = {*PRIVATE, "apiKey", "updatedAt"}
    me = {snake_case(name): value for name, value in world.me.items() if name not in unseen}
    rows = {me["id"]: me}
    for entry in notified:
        if "user_name" in entry:
            names = {"name": entry["user_name"], "color": entry["user_color"]}
            rows.setdefault(entry["user_id"], {"id": entry["user_id"], **names})
    seen = [*world.favorite_users, *(world.spaces[i].owner_id for i in world.favorite_spaces)]
    for space in shown:
        seen += [space.owner_id, *space.collaborator_ids]
        seen += [card.get("userId") for card in space.cards.values()]
    others = [user_id for user_id in dict.fromkeys(seen) if user_id != me["id"]]
    rows |= {row["id"]: row for row in _people(world, others)}
    return list(rows.values())


def _people(world: World, user_ids: Iterable[str | None]) -> list[Row]:
    """The public form of those that exist."""
    return [_row(user, columns.USER) for user_id in user_ids if (user := world.user(user_id))]


def _row(record: Row, names: Collection[str]) -> Row:
    return {
        name: value
        for field, value in record.items()
        if (name := snake_case(field)) in names and not _is_secret(value)
    }


def _is_secret(value: Any) -> bool:
    return isinstance(value, str) and "canary-" in value


def snake_case(name: str) -> str:
    """startItemId -> start_item_id; createdAt -> created_at; isAI -> is_ai."""
    if name not in _CASES:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
        _CASES[name] = words.lower()
    return _CASES[name]


_CASES: dict[str, str] = {}
