"""How records look on the wire: eras of the payload, listing rows, numbers as text.

An era decides which fields are sent. `2023` is the form that the API page describes;
`2026` is the newest one seen; `mixed` (as in payloads of 2024 and 2025) sends the old
names and the new children together, with either pair of names for a connection's ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kinopio.records import Row, Space, World
from sandbox.kinopio.switches import KinopioSwitches

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

    def __init__(self, world: World, switches: KinopioSwitches) -> None:
        self.world = world
        self.switches = switches
        self.newer = switches.era != "2023"
        self.types = switches.era != "2026"

    def card(self, card: Row) -> Row:
        row = self._of_era(card, NEWER_CARD)
        if self.switches.positions == "whole":
            row |= {"x": round(row["x"]), "y": round(row["y"])}
        return self._numbers(row, NUMBERS_OF_CARDS_AS_TEXT)

    def connection(self, connection: Row, space: Space) -> Row:
        """Old: type and cards; 2026: items, its own name and colour, no type."""
        if not self.types:
            return _without(connection, {"connectionTypeId"})
        row = _without(connection, NEWER_CONNECTION)
        if not self.newer or space.number % 2 == 0:
            row["startCardId"] = row.pop("startItemId")
            row["endCardId"] = row.pop("endItemId")
        return row

    def space(self, space: Space) -> Row:
        """A space as `GET /space/:id` sends it, children included."""
        row = self._own_fields(space)
        inline = self.switches.removed_cards_inline
        cards = space.cards.values() if inline else space.live_cards()
        boxes = (self._of_era(box, NEWER_BOX) for box in space.boxes.values())
        row["cards"] = [self.card(card) for card in cards]
        row["connections"] = [self.connection(entry, space) for entry in space.connections.values()]
        row["boxes"] = [self._numbers(box, NUMBERS_AS_TEXT) for box in boxes]
        row["tags"] = [self._of_era(tag, NEWER_TAG) for tag in space.tags.values()]
        if self.types:
            row["connectionTypes"] = list(space.connection_types.values())
        if self.newer:
            row["lists"] = list(space.lists.values())
            row["lines"] = list(space.lines.values())
            row["drawingStrokes"] = space.strokes
        return row

    def listing_row(self, space: Space) -> Row:
        """A space as the listings send it: metadata only, unless the switch says full."""
        if self.switches.listing_rows == "full":
            return self.space(space)
        return self._metadata(space)

    def batch_row(self, space: Space) -> Row:
        """A space as `/space/multiple` sends it."""
        form = self.switches.batch_cards
        if form == "metadata":
            return self._metadata(space)
        return _without(self.space(space), {"cards"} if form == "no_cards" else set())

    def notification(self, entry: Row) -> Row:
        """With the card, space and user that still are."""
        row = dict(entry)
        space = self.world.spaces.get(entry["spaceId"] or "")
        if space is not None and entry["type"] != "addToGroup":
            row["space"] = _only(space.fields, "id", "name", "privacy", "background")
            if card := space.cards.get(entry.get("cardId", "")):
                row["card"] = _only(card, "id", "name")
        if user := self.world.user(entry["userId"]):
            row["user"] = _only(user, "id", "name", "color")
        return row

    def people(self, user_ids: Iterable[str]) -> list[Row]:
        """Those of these users that exist, in their public form."""
        return [user for user_id in user_ids if (user := self.world.user(user_id))]

    def _metadata(self, space: Space) -> Row:
        row = self._own_fields(space)
        return {name: row[name] for name in LISTING if name in row}

    def _own_fields(self, space: Space) -> Row:
        row = self._of_era(space.fields, NEWER_SPACE)
        if self.newer:
            row["isFavorite"] = space.id in self.world.favorite_spaces
        if self.switches.owner_field == "ownerUserId":
            row["ownerUserId"] = row.pop("userId")
        if self.switches.collaborator_key == "object":
            row["collaboratorKey"] = {"collaboratorKey": row["collaboratorKey"]}
        if not space.is_editable:
            del row["collaboratorKey"]
        row["users"] = [] if space.owner_id is None else self.people([space.owner_id])
        if space.has_full_owner and self.switches.full_owner:
            # As exports and imports had it: everything, and the date as a number.
            row["users"] = [{**self.world.me, "updatedAt": 1740819600000}]
        row["collaborators"] = self.people(space.collaborator_ids)
        return row

    def _of_era(self, record: Row, newer: set[str]) -> Row:
        return dict(record) if self.newer else _without(record, newer)

    def _numbers(self, row: Row, names: set[str]) -> Row:
        if self.switches.numbers == "int":
            return row
        texts = {name: str(row[name]) for name in names if row.get(name) is not None}
        return row | texts


def _without(row: Row, names: set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _only(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
