"""What can happen to the things inside a space."""

from __future__ import annotations

from typing import Any

from sandbox.kinopio import items
from sandbox.kinopio.changes import SpaceChanges
from sandbox.kinopio.data import Row, Space


class ItemChanges(SpaceChanges):
    """Changes of cards, connections, connection types, boxes, tags, lists and lines."""

    def card_ids(self, space_id: str, removed: bool = False) -> list[str]:
        """The ids of a space's cards, either those in it or the soft-removed ones."""
        with self.lock:
            space = self._space(space_id)
            cards = space.removed_cards() if removed else space.live_cards()
            return [card["id"] for card in cards]

    def add_card(self, space_id: str, name: str) -> str:
        with self.lock:
            space = self._touch(space_id, cards_too=True)
            me, at = self.world.me["id"], self.world.stamp()
            number = len(space.cards)
            card = items.make_card(self.world.writer, space_id, number, me, at, name)
            space.cards[card["id"]] = card
            return str(card["id"])

    def edit_card(self, space_id: str, card_id: str, name: str) -> None:
        """New text. Empty text deletes the card for good at once."""
        with self.lock:
            if not name:
                self.delete_card(space_id, card_id)
                return
            card = self._card(space_id, card_id)
            at = self.world.stamp()
            card.update(name=name, nameUpdatedAt=at, nameUpdatedByUserId=self.world.me["id"])

    def move_card(self, space_id: str, card_id: str, x: float, y: float) -> None:
        """The card's `updatedAt` and the space's move; the contents' times do not."""
        with self.lock:
            card = self._touch(space_id).cards[card_id]
            self._at(card).update(x=x, y=y)

    def vote_card(self, space_id: str, card_id: str) -> None:
        with self.lock:
            card = self._card(space_id, card_id)
            card["counterValue"] = card.get("counterValue", 0) + 1

    def link_card(self, space_id: str, card_id: str, target_space_id: str) -> None:
        with self.lock:
            self._card(space_id, card_id)["linkToSpaceId"] = target_space_id

    def remove_card(self, space_id: str, card_id: str, *, leave_orphans: bool = False) -> None:
        """Soft removal; its connections and tags go for good, at once or (orphans) not yet."""
        with self.lock:
            self._card(space_id, card_id)["isRemoved"] = True
            if not leave_orphans:
                self._detach(space_id, card_id)

    def restore_card(self, space_id: str, card_id: str) -> None:
        with self.lock:
            self._card(space_id, card_id)["isRemoved"] = False

    def delete_card(self, space_id: str, card_id: str) -> None:
        """For good, from the space or from its removed cards: only absence shows it."""
        with self.lock:
            del self._touch(space_id, cards_too=True).cards[card_id]
            self._detach(space_id, card_id)

    def add_connection(self, space_id: str, start_id: str, end_id: str) -> str:
        """A line between two cards (or boxes), of the space's first connection type."""
        with self.lock:
            space = self._space(space_id)
            type_id = next(iter(space.connection_types), None) or self.add_connection_type(space_id)
            self._touch(space_id)
            me, at = self.world.me["id"], self.world.stamp()
            made = items.make_connection(
                self.world.writer, space_id, start_id, end_id, type_id, me, at, 1
            )
            space.connections[made["id"]] = made
            return str(made["id"])

    def add_connection_type(self, space_id: str) -> str:
        with self.lock:
            return self._add(space_id, "connection_types", items.make_connection_type, 9)

    def delete_connection_type(self, space_id: str, type_id: str) -> None:
        """For good, and its connections with it."""
        with self.lock:
            space = self._touch(space_id)
            del space.connection_types[type_id]
            space.connections = {
                key: row
                for key, row in space.connections.items()
                if row.get("connectionTypeId") != type_id
            }

    def add_box(self, space_id: str, number: int = 1) -> str:
        with self.lock:
            return self._add(space_id, "boxes", items.make_box, number)

    def edit_box(self, space_id: str, box_id: str, **values: Any) -> None:
        """Change a box; whether the space's `updatedAt` moves is a switch."""
        with self.lock:
            box = self._space(space_id).boxes[box_id]
            if self.settings["box_edits"] == "move_updated_at":
                self._touch(space_id)
            else:
                self.world.tick()
            self._at(box).update(values)

    def add_list(self, space_id: str, name: str = "To read") -> str:
        with self.lock:
            return self._add(space_id, "lists", items.make_list, name)

    def add_line(self, space_id: str, name: str = "Part two") -> str:
        with self.lock:
            return self._add(space_id, "lines", items.make_line, name)

    def add_tag(self, space_id: str, card_id: str, name: str, color: str = "#90ffff") -> str:
        """One more tag, and `[[name]]` in the card's text as the app writes it."""
        with self.lock:
            card = self._card(space_id, card_id)
            card["name"] = f"{card['name']} [[{name}]]"
            me, at = self.world.me["id"], self.world.stamp()
            tag = items.make_tag(self.world.writer, space_id, card_id, name, color, me, at)
            self._space(space_id).tags[tag["id"]] = tag
            return str(tag["id"])

    def recolor_tags(self, name: str, color: str) -> int:
        """The colour of all tags of that name in all spaces; how many there were."""
        with self.lock:
            count = 0
            for space in self.world.listed():
                tags = [tag for tag in space.tags.values() if tag["name"] == name]
                if tags:
                    self._touch(space.id)
                for tag in tags:
                    self._at(tag)["color"] = color
                count += len(tags)
            return count

    def edit_child(self, space_id: str, kind: str, child_id: str, **values: Any) -> None:
        """Change fields of a connection, type, tag, list or line (`kind` as the table)."""
        with self.lock:
            self._at(self._children(self._touch(space_id), kind)[child_id]).update(values)

    def delete_child(self, space_id: str, kind: str, child_id: str) -> None:
        """Take a connection, box, tag, list or line away for good (`kind` as the table)."""
        with self.lock:
            del self._children(self._touch(space_id), kind)[child_id]

    def child_ids(self, space_id: str, kind: str) -> list[str]:
        with self.lock:
            return list(self._children(self._space(space_id), kind))

    def draw(self, space_id: str) -> None:
        """One more stroke in the drawing."""
        with self.lock:
            space = self._touch(space_id)
            space.strokes.append(items.make_stroke(self.world.writer, self.world.me["id"]))

    def _card(self, space_id: str, card_id: str) -> Row:
        """A card that is being edited: its own time and all of the space's move."""
        if card_id not in self._space(space_id).cards:
            raise LookupError(f"no card {card_id!r} in space {space_id!r}")
        return self._at(self._touch(space_id, cards_too=True).cards[card_id])

    def _children(self, space: Space, kind: str) -> dict[str, Row]:
        kinds = {
            "boxes": space.boxes,
            "connections": space.connections,
            "connection_types": space.connection_types,
            "lines": space.lines,
            "lists": space.lists,
            "tags": space.tags,
        }
        if kind not in kinds:
            raise LookupError(f"no kind {kind!r} in a space, only {sorted(kinds)}")
        return kinds[kind]

    def _add(self, space_id: str, kind: str, make: Any, detail: Any) -> str:
        space = self._touch(space_id)
        me, at = self.world.me["id"], self.world.stamp()
        made = make(self.world.writer, space_id, me, at, detail)
        self._children(space, kind)[made["id"]] = made
        return str(made["id"])

    def _detach(self, space_id: str, card_id: str) -> None:
        """Delete what hangs on a card, which the service never restores."""
        space = self._space(space_id)
        for key, connection in list(space.connections.items()):
            if card_id in (connection["startItemId"], connection["endItemId"]):
                del space.connections[key]
        for key, tag in list(space.tags.items()):
            if tag["cardId"] == card_id:
                del space.tags[key]
