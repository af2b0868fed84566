"""What can happen to the things inside a space.

Every change moves the clock by one step, and those times of the space that the service would
move (page, sections 6.1 and 12): a card's edit moves all of them, everything else `updatedAt`.
"""

from __future__ import annotations

from typing import Any

from sandbox.core import Service, action
from sandbox.kinopio.data import build
from sandbox.kinopio.items import Maker
from sandbox.kinopio.records import Row, Space
from sandbox.kinopio.switches import KinopioSwitches

KINDS = ("boxes", "connections", "connection_types", "lines", "lists", "tags")


class ItemChanges(Service):
    """The account's data, and changes of cards and all else in spaces."""

    name = "kinopio"
    switch_class = KinopioSwitches
    switches: KinopioSwitches

    def build(self) -> None:
        self.world = build(self.seed, self.size)
        self.clock = self.world.clock

    def card_ids(self, space_id: str, removed: bool = False) -> list[str]:
        """The ids of a space's cards, either those in it or the soft-removed ones."""
        space = self.world.spaces[space_id]
        return [c["id"] for c in (space.removed_cards() if removed else space.live_cards())]

    def child_ids(self, space_id: str, kind: str) -> list[str]:
        """The ids of a space's records of one of the other `KINDS`."""
        return list(self._children(self.world.spaces[space_id], kind))

    @action
    def add_card(self, space_id: str, name: str, user_id: str | None = None) -> str:
        """A new card by a user, oneself if not given."""
        space = self.touch(space_id, cards_too=True)
        card = self._maker(space_id, user_id).card(len(space.cards), name)
        space.cards[card["id"]] = card
        return str(card["id"])

    @action
    def edit_card(self, space_id: str, card_id: str, name: str) -> None:
        """New text. Empty text deletes the card for good at once."""
        if not name:
            self.delete_card(space_id, card_id)
            return
        card = self.touch_card(space_id, card_id)
        card.update(name=name, nameUpdatedAt=self.world.now())
        card["nameUpdatedByUserId"] = self.world.me["id"]

    @action
    def move_card(self, space_id: str, card_id: str, x: float, y: float) -> None:
        """The card's `updatedAt` and the space's move; the contents' times do not."""
        card = self.touch(space_id).cards[card_id]
        card.update(x=x, y=y, updatedAt=self.world.now())

    @action
    def remove_card(self, space_id: str, card_id: str, *, leave_orphans: bool = False) -> None:
        """Soft removal; its connections and tags go for good, at once or (orphans) not yet."""
        self.touch_card(space_id, card_id)["isRemoved"] = True
        if not leave_orphans:
            self._detach(space_id, card_id)

    @action
    def restore_card(self, space_id: str, card_id: str) -> None:
        self.touch_card(space_id, card_id)["isRemoved"] = False

    @action
    def delete_card(self, space_id: str, card_id: str) -> None:
        """For good, from the space or from its removed cards: only absence shows it."""
        del self.touch(space_id, cards_too=True).cards[card_id]
        self._detach(space_id, card_id)

    @action
    def add_connection(self, space_id: str, start_id: str, end_id: str) -> str:
        """A line between two cards (or boxes), of the space's first connection type."""
        types = self.world.spaces[space_id].connection_types
        type_id = next(iter(types), None) or self.add_connection_type(space_id)
        made = self._maker(space_id).connection(start_id, end_id, type_id, 1)
        return self.add_child(space_id, "connections", made)

    @action
    def add_connection_type(self, space_id: str) -> str:
        return self.add_child(
            space_id, "connection_types", self._maker(space_id).connection_type(9)
        )

    @action
    def delete_connection_type(self, space_id: str, type_id: str) -> None:
        """For good, and its connections with it."""
        space = self.touch(space_id)
        del space.connection_types[type_id]
        for key, line in list(space.connections.items()):
            if line.get("connectionTypeId") == type_id:
                del space.connections[key]

    @action
    def add_box(self, space_id: str, number: int = 1) -> str:
        return self.add_child(space_id, "boxes", self._maker(space_id).box(number))

    @action
    def edit_box(self, space_id: str, box_id: str, **values: Any) -> None:
        """Change a box; whether the space's `updatedAt` moves is a switch."""
        space = self.world.spaces[space_id]
        if self.switches.box_edits == "move_updated_at":
            self.touch(space_id)
        else:
            self.world.tick()
            space.silent_boxes.add(box_id)
        space.boxes[box_id].update(values, updatedAt=self.world.now())

    @action
    def add_list(self, space_id: str, name: str = "To read") -> str:
        return self.add_child(space_id, "lists", self._maker(space_id).card_list(name))

    @action
    def add_line(self, space_id: str, name: str = "Part two") -> str:
        return self.add_child(space_id, "lines", self._maker(space_id).line(name))

    @action
    def add_tag(self, space_id: str, card_id: str, name: str, color: str = "#90ffff") -> str:
        """One more tag, and `[[name]]` in the card's text as the app writes it."""
        self.touch_card(space_id, card_id)["name"] += f" [[{name}]]"
        return self.add_child(space_id, "tags", self._maker(space_id).tag(card_id, name, color))

    @action
    def recolor_tags(self, name: str, color: str) -> int:
        """The colour of all tags of that name in all spaces; how many there were."""
        found = [
            (space.id, tag_id)
            for space in self.world.members()
            for tag_id, tag in space.tags.items()
            if tag["name"] == name
        ]
        for space_id, tag_id in found:
            self.edit_child(space_id, "tags", tag_id, color=color)
        return len(found)

    @action
    def edit_child(self, space_id: str, kind: str, child_id: str, **values: Any) -> None:
        """Change fields of a connection, type, tag, list or line (`kind` as the table)."""
        child = self._children(self.touch(space_id), kind)[child_id]
        child.update(values, updatedAt=self.world.now())

    @action
    def delete_child(self, space_id: str, kind: str, child_id: str) -> None:
        """Take a connection, box, tag, list or line away for good (`kind` as the table)."""
        del self._children(self.touch(space_id), kind)[child_id]

    @action
    def draw(self, space_id: str) -> None:
        """One more stroke in the drawing."""
        self.touch(space_id).strokes.append(self._maker(space_id).stroke())

    def touch(self, space_id: str, *, cards_too: bool = False) -> Space:
        """A change to a space: its times move as far as this kind of change moves them."""
        space, at = self.world.spaces[space_id], self.world.tick()
        space.silent_boxes.clear()
        space.fields.update(updatedAt=at, updateHash=self.world.writer.new_id())
        if cards_too:
            space.fields.update(editedAt=at, editedByUserId=self.world.me["id"])
        if space_id in self.world.favorite_spaces:
            self.world.favorite_spaces[space_id] = True
        return space

    def _maker(self, space_id: str, user_id: str | None = None) -> Maker:
        user = user_id or self.world.me["id"]
        return Maker(self.world.writer, space_id, user, self.world.now())

    def touch_card(self, space_id: str, card_id: str) -> Row:
        """A card that is being edited: its own time and all of the space's move."""
        card = self.world.spaces[space_id].cards[card_id]
        self.touch(space_id, cards_too=True)
        card["updatedAt"] = self.world.now()
        return card

    def _children(self, space: Space, kind: str) -> dict[str, Row]:
        if kind not in KINDS:
            raise LookupError(f"no kind {kind!r} in a space, only {KINDS}")
        found: dict[str, Row] = getattr(space, kind)
        return found

    def add_child(self, space_id: str, kind: str, made: Row) -> str:
        space = self.touch(space_id)
        made.update(createdAt=self.world.now(), updatedAt=self.world.now())
        self._children(space, kind)[made["id"]] = made
        return str(made["id"])

    def _detach(self, space_id: str, card_id: str) -> None:
        """Delete what hangs on a card, which the service never restores."""
        space = self.world.spaces[space_id]
        for key, line in list(space.connections.items()):
            if card_id in (line["startItemId"], line["endItemId"]):
                del space.connections[key]
        for key, tag in list(space.tags.items()):
            if tag["cardId"] == card_id:
                del space.tags[key]
