"""How records look on the wire: eras of the payload, listing rows, numbers as text.

An era decides which fields are sent. `2023` is the form that the API page describes;
`2026` is the newest one seen; `mixed` (as in payloads of 2024 and 2025) sends the old
names and the new children together, with either pair of names for a connection's ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.kinopio.data import Row, Space, World

NEWER_SPACE = {
    "isFavorite", "note", "group", "groupId", "addedToGroupByUserId", "drawingImage",
    "previewImagePrivate", "previewThumbnailImagePrivate",
}  # fmt: skip
NEWER_CARD = {
    "listId", "listPositionIndex", "isTodo", "urlIsVisible", "maxWidth", "headerFontId",
    "headerFontSize", "videoIsPaused", "urlPreviewIframeUrl", "atUserMentions",
    "atDateMentions",
}  # fmt: skip
NEWER_CONNECTION = {"name", "color", "nameUpdatedByUserId"}
NEWER_BOX = {"z", "background", "backgroundIsStretch", "isTodo", "headerFontId", "headerFontSize"}
NEWER_TAG = {"userId"}
LISTING = (
    "id", "name", "privacy", "url", "userId", "ownerUserId", "createdAt", "updatedAt",
    "editedAt", "editedByUserId", "updateHash", "isRemoved", "removedByUserId", "isHidden",
    "isTemplate", "showInExplore", "moonPhase", "visits", "background", "previewImage",
    "previewThumbnailImage", "collaboratorKey", "isFavorite", "groupId", "users",
    "collaborators",
)  # fmt: skip
NUMBERS_AS_TEXT = {
    "frameId", "width", "height", "x", "y", "resizeWidth", "resizeHeight", "infoWidth",
    "infoHeight",
}  # fmt: skip
NUMBERS_OF_CARDS_AS_TEXT = {"frameId", "width", "height"}


class Shapes:
    """Renders the world's records as the switches say."""

    def __init__(self, world: World, settings: Mapping[str, Any]) -> None:
        self._world = world
        self._settings = settings

    @property
    def sends_newer(self) -> bool:
        return bool(self._settings["era"] != "2023")

    @property
    def sends_types(self) -> bool:
        return bool(self._settings["era"] != "2026")

    def card(self, card: Row) -> Row:
        row = card if self.sends_newer else _without(card, NEWER_CARD)
        if self._settings["positions"] == "whole":
            row = {**row, "x": round(row["x"]), "y": round(row["y"])}
        return self._numbers(row, NUMBERS_OF_CARDS_AS_TEXT)

    def connection(self, connection: Row, space: Space) -> Row:
        """Old: type and cards; 2026: items, its own name and colour, no type."""
        if not self.sends_types:
            return _without(connection, {"connectionTypeId"})
        row = _without(connection, NEWER_CONNECTION)
        if self._settings["era"] == "2023" or space.number % 2 == 0:
            row["startCardId"] = row.pop("startItemId")
            row["endCardId"] = row.pop("endItemId")
        return row

    def box(self, box: Row) -> Row:
        row = box if self.sends_newer else _without(box, NEWER_BOX)
        return self._numbers(row, NUMBERS_AS_TEXT)

    def tag(self, tag: Row) -> Row:
        return tag if self.sends_newer else _without(tag, NEWER_TAG)

    def space(self, space: Space) -> Row:
        """A space as `GET /space/:id` sends it, children included."""
        row = self._own_fields(space)
        inline = self._settings["removed_cards_inline"]
        cards = space.cards.values() if inline else space.live_cards()
        row["cards"] = [self.card(card) for card in cards]
        row["connections"] = [self.connection(entry, space) for entry in space.connections.values()]
        if self.sends_types:
            row["connectionTypes"] = list(space.connection_types.values())
        row["boxes"] = [self.box(box) for box in space.boxes.values()]
        row["tags"] = [self.tag(tag) for tag in space.tags.values()]
        if self.sends_newer:
            row["lists"] = list(space.lists.values())
            row["lines"] = list(space.lines.values())
            row["drawingStrokes"] = space.strokes
        return row

    def listing_row(self, space: Space) -> Row:
        """A space as the listings send it: metadata only, unless the switch says full."""
        if self._settings["listing_rows"] == "full":
            return self.space(space)
        row = self._own_fields(space)
        return {name: row[name] for name in LISTING if name in row}

    def batch_row(self, space: Space) -> Row:
        """A space as `/space/multiple` sends it."""
        form = self._settings["batch_cards"]
        if form == "metadata":
            row = self._own_fields(space)
            return {name: row[name] for name in LISTING if name in row}
        row = self.space(space)
        return _without(row, {"cards"}) if form == "no_cards" else row

    def notifications(self) -> list[Row]:
        """The last fifty, newest first, each with the card, space and user that still are."""
        return [self._notification(entry) for entry in self._world.notifications[-50:][::-1]]

    def _notification(self, entry: Row) -> Row:
        row = dict(entry)
        space = self._world.spaces.get(entry["spaceId"] or "")
        if space is not None and entry["type"] != "addToGroup":
            keys = ("id", "name", "privacy", "background")
            row["space"] = {key: space.fields[key] for key in keys}
            card = space.cards.get(entry.get("cardId", ""))
            if card is not None:
                row["card"] = {"id": card["id"], "name": card["name"]}
        if entry["userId"] is not None:
            user = self._world.user(entry["userId"])
            row["user"] = {key: user[key] for key in ("id", "name", "color")}
        return row

    def people(self, user_ids: Iterable[str]) -> list[Row]:
        return [self._world.user(user_id) for user_id in user_ids]

    def _own_fields(self, space: Space) -> Row:
        fields = space.fields if self.sends_newer else _without(space.fields, NEWER_SPACE)
        row = dict(fields)
        if self.sends_newer:
            row["isFavorite"] = space.id in self._world.favorite_spaces
        if self._settings["owner_field"] == "ownerUserId":
            row["ownerUserId"] = row.pop("userId")
        if self._settings["collaborator_key"] == "object":
            row["collaboratorKey"] = {"collaboratorKey": row["collaboratorKey"]}
        if not space.is_editable:
            del row["collaboratorKey"]
        owner = [] if space.owner_id is None else self.people([space.owner_id])
        if space.has_full_owner and self._settings["full_owner"]:
            # As exports and imports had it: everything, and the date as a number.
            owner = [{**self._world.me, "updatedAt": 1740819600000}]
        row["users"] = owner
        row["collaborators"] = self.people(space.collaborator_ids)
        return row

    def _numbers(self, row: Row, names: set[str]) -> Row:
        if self._settings["numbers"] == "int":
            return row
        return {
            name: str(value) if name in names and value is not None else value
            for name, value in row.items()
        }


def _without(row: Row, names: set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}
