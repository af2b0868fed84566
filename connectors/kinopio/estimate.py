"""Kinopio: what a pass would cost, from its lists and what is kept (API page, section 8)."""

from __future__ import annotations

from connectors.core import Cost, Costing
from connectors.kinopio.endpoints import BATCH, REMOVED_SPACES, SPACE_LIST, SPECIAL_SPACES


def cost_of_spaces(costing: Costing) -> list[Cost]:
    """The lists, the changed spaces by 60, and the removed cards of each."""
    shown, removed = (
        [r for r in costing.look(resource) or [] if isinstance(r, dict) and r.get("id")]
        for resource in (SPACE_LIST, REMOVED_SPACES)
    )
    stored = {} if costing.full else costing.cursors("spaces")
    moved = [r for r in (*shown, *removed) if stored.get(r["id"]) != r.get("updatedAt")]
    lists = 2 + (len(SPECIAL_SPACES) if costing.full else 0)
    return [
        Cost("lists of spaces", lists, len(shown) + len(removed)),
        Cost("changed spaces", -(-len(moved) // BATCH), len(moved)),
        Cost("removed cards", len(moved)),
    ]


def cost_of_authors(costing: Costing) -> list[Cost]:
    """One request for 60 authors of cards who are not among the users yet."""
    users = {row[0] for row in costing.rows("users", ["id"])}
    authors = {row[0] for row in costing.rows("cards", ["user_id"])} - {None}
    return [Cost("authors of cards", -(-len(authors - users) // BATCH), at_least=not users)]
