"""Routes that need no key: everyone's spaces, feeds, service news."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kinopio.data import Space, World
from sandbox.kinopio.shapes import Shapes


def feed(space: Space) -> dict[str, Any]:
    """The feed of one space, newest cards first."""
    cards = sorted(space.live_cards(), key=lambda card: str(card.get("updatedAt")), reverse=True)
    items = [{"id": card["id"], "title": card["name"][:80]} for card in cards[:20]]
    return _feed(str(space.fields["name"]), items)


def _feed(title: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items}


def _public(world: World, shapes: Shapes, sort: str) -> list[dict[str, Any]]:
    """Open and closed spaces of anyone, without the rights of any key."""
    spaces = [
        space
        for space in world.spaces.values()
        if space.fields["privacy"] != "private" and not space.is_removed
    ]
    spaces.sort(key=lambda space: str(space.fields[sort] or ""), reverse=True)
    rows = [shapes.listing_row(space) for space in spaces]
    for row in rows:
        row.pop("collaboratorKey", None)
    return rows


def _explored(world: World, shapes: Shapes) -> list[dict[str, Any]]:
    rows = _public(world, shapes, "showInExploreUpdatedAt")
    return [row for row in rows if row["showInExplore"]]


def _everyones(world: World, shapes: Shapes) -> list[dict[str, Any]]:
    return _public(world, shapes, "createdAt")


def _titles(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": row["id"], "title": row["name"]} for row in rows]


ROUTES: dict[str, Callable[[World, Shapes], Any]] = {
    "/": lambda world, shapes: {"message": "the server is up"},
    "/journal-daily-prompt": lambda world, shapes: {"name": "What grew today?", "dateImage": ""},
    "/meta/date": lambda world, shapes: {"date": world.stamp(), "timezone": "UTC"},
    "/meta/new-stuff": lambda world, shapes: [{"id": "91", "title": "Lists"}],
    "/services/community-backgrounds": lambda world, shapes: [],
    "/space/everyones-spaces": _everyones,
    "/space/everyones-spaces/feed.json": lambda world, shapes: _feed(
        "Everyone", _titles(_everyones(world, shapes))
    ),
    "/space/explore-spaces": _explored,
    "/space/explore-spaces/feed.json": lambda world, shapes: _feed(
        "Explore", _titles(_explored(world, shapes))
    ),
    "/space/live-spaces": lambda world, shapes: [],
}
