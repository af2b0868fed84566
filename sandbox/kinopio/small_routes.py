"""Routes about oneself, and about single records."""

from __future__ import annotations

from typing import Any

from sandbox.kinopio.access import Access, Refusal
from sandbox.kinopio.data import Row, Space
from sandbox.kinopio.people import public
from sandbox.service import Request

BATCH = 60
"""As many ids as one request may name."""


class SmallRoutes(Access):
    """The user's lists, public users, single cards and other children, tags, search."""

    def _own(self, request: Request, what: str) -> Any:
        """Routes about the signed-in user."""
        world, shapes = self.world, self.shapes
        listed = world.listed(hidden_too=self.settings["hidden_spaces"] == "listed")
        match what:
            case "spaces":
                return self._listing(listed)
            case "removed-spaces":
                return [shapes.listing_row(space) for space in world.removed_by_me()]
            case "hidden-spaces":
                found = [s for s in world.listed() if s.fields["isHidden"]]
            case "journal-spaces":
                found = [s for s in listed if s.fields["moonPhase"]]
            case "template-spaces":
                found = [s for s in listed if s.fields["isTemplate"]]
            case "group-spaces":
                found = [s for s in listed if s.fields["groupId"]] if shapes.sends_newer else []
            case "inbox-space":
                boxes = [s for s in listed if s.fields["name"] == "Inbox"]
                if not boxes:
                    raise Refusal(404)
                return shapes.space(max(boxes, key=lambda s: str(s.fields["updatedAt"])))
            case "favorite-spaces":
                return [
                    {**shapes.listing_row(world.spaces[space_id]), "isEdited": is_edited}
                    for space_id, is_edited in world.favorite_spaces.items()
                ]
            case "favorite-users":
                return shapes.people(world.favorite_users)
            case "favorite-colors":
                if self.settings["favorite_colors"] == "text":
                    return world.favorite_colors
                return [{"color": color} for color in world.favorite_colors]
            case "ai-images":
                limit = request.query.get("limit", "")
                default = int(self.settings["ai_images_default_limit"])
                return world.ai_images[: int(limit) if limit.isdigit() else default]
            case "tags":
                tags = [tag for space in listed for tag in self._sent_tags(space)]
                tags.sort(key=lambda tag: str(tag.get("updatedAt", "")), reverse=True)
                limit = request.query.get("limit", "")
                return tags[: int(limit) if limit.isdigit() else 5]
            case "notifications" | "notification":
                self._check_spelling(what, "notifications", "notification")
                return shapes.notifications()
            case _:
                raise Refusal(404)
        return [shapes.listing_row(space) for space in found]

    def _listing(self, listed: list[Space]) -> list[Any]:
        rows: list[Any] = [self.shapes.listing_row(space) for space in listed]
        self._shuffle(rows)
        if self.settings["listing_flaws"] == "duplicate_and_null" and rows:
            rows.insert(len(rows) // 2, None)
            rows.append(rows[0])
        return rows

    def _repair(self, request: Request, parts: list[str]) -> Any:
        """Single children: cards to those who may view, connections and boxes to anyone."""
        match parts:
            case ["card", "multiple"]:
                wanted = request.query.get("cardIds", "").split(",")[:BATCH]
                found = [
                    self.shapes.card(space.cards[card_id])
                    for card_id in wanted
                    for space in self._holding("cards", card_id)
                    if self._may(request, space)
                ]
                self._shuffle(found)
                return found
            case ["card", "by-tag-name", name]:
                self._sign_in(request)
                return [
                    self.shapes.card(space.cards[tag["cardId"]])
                    for space in self.world.listed()
                    for tag in space.tags.values()
                    if tag["name"] == name and tag["cardId"] in space.cards
                ]
            case ["card", "by-link-to-space", space_id]:
                self._sign_in(request)
                cards = [
                    (space, card)
                    for space in self.world.listed()
                    for card in space.live_cards()
                    if card.get("linkToSpaceId") == space_id
                ]
                spaces = {space.id: self.shapes.listing_row(space) for space, _ in cards}
                return {
                    "cards": [self.shapes.card(card) for _, card in cards],
                    "spaces": list(spaces.values()),
                }
            case ["card", card_id]:
                space = self._holder("cards", card_id)
                self._allow(request, space)
                return self.shapes.card(space.cards[card_id])
            case ["connection", child_id]:
                space = self._holder("connections", child_id)
                return self.shapes.connection(space.connections[child_id], space)
            case ["connection-type", child_id] if self.shapes.sends_types:
                return self._holder("connection_types", child_id).connection_types[child_id]
            case ["box", child_id]:
                return self.shapes.box(self._holder("boxes", child_id).boxes[child_id])
        raise Refusal(404)

    def _search(self, request: Request) -> list[Row]:
        try:
            query = request.json()["query"]
        except (ValueError, TypeError, KeyError):
            raise Refusal(400) from None
        return [
            self.shapes.card(card)
            for space in self.world.listed()
            for card in space.live_cards()
            if card.get("userId") == self.world.me["id"] and str(query) in card["name"]
        ]

    def _tags(self, rest: list[str]) -> list[Row]:
        tags = [tag for space in self.world.listed() for tag in self._sent_tags(space)]
        match rest:
            case ["by-card", card_id]:
                return [tag for tag in tags if tag["cardId"] == card_id]
            case [name]:
                return [tag for tag in tags if tag["name"] == name]
        raise Refusal(404)

    def _public_users(self, request: Request, rest: list[str]) -> Any:
        known = {**self.world.people, self.world.me["id"]: public(self.world.me)}
        match rest:
            case ["multiple"]:
                wanted = request.query.get("userIds", "").split(",")[:BATCH]
                return [known[user_id] for user_id in wanted if user_id in known]
            case ["explore-spaces", user_id]:
                return [
                    self.shapes.listing_row(space)
                    for space in self.world.listed()
                    if space.fields["showInExplore"] and space.owner_id == user_id
                ]
            case [user_id] if user_id in known:
                return known[user_id]
        raise Refusal(404)

    def _sent_tags(self, space: Space) -> list[Row]:
        return [self.shapes.tag(tag) for tag in space.tags.values()]
