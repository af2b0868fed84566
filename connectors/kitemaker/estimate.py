"""Kitemaker: what a pass would cost, from what is kept (API page, section 10)."""

from __future__ import annotations

import math
from collections import Counter

from connectors.core import Cost, Costing
from connectors.kitemaker.endpoints import (
    FEEDBACK,
    INITIATIVES,
    MOST,
    ORGANIZATION,
    REST_SPACES,
    WORK_ITEMS,
)
from connectors.kitemaker.queries import MOST_AT_ONCE
from connectors.kitemaker.sync.code_reviews import OPEN
from connectors.kitemaker.sync.probing import MARGIN
from connectors.kitemaker.transport import Transport
from connectors.paging import records_at


def cost_of_work(asker: Costing) -> list[Cost]:
    """The organization, then pages, numbers or recent lists of each space."""
    transport = Transport.of(asker.options)
    spaces = [row[0] for row in asker.rows("spaces", ["id"])]
    unsure = not spaces
    if unsure:
        listing = ORGANIZATION if transport.graphql else REST_SPACES
        path = "data.organization.spaces" if transport.graphql else ""
        spaces = [row["id"] for row in records_at(asker.look(listing), path) or ()]
    held: Counter[str] = Counter()
    top: Counter[str] = Counter()
    for space_id, number in asker.rows("work_items", ["space_id", "number"]):
        held[space_id] += 1
        top[space_id] = max(top[space_id], number or 0)
    rows = held.total()
    if transport.graphql and (asker.full or not transport.rest):
        pages = sum(WORK_ITEMS.paging.requests(held[space]) for space in spaces)
        return [Cost("organization", 1), Cost("work_items", pages, rows, at_least=unsure)]
    recents = Cost("recent lists", 2 * len(spaces))
    if not asker.full:
        if transport.graphql:  # an empty space is read whole
            recents = Cost("recent lists", sum(2 if held[space] else 1 for space in spaces))
        large = sum(held[space] >= MOST for space in spaces)
        return [Cost("spaces", 1), recents, Cost("lists of work items", large)]
    numbers = sum(top[space] + MARGIN for space in spaces)
    return [
        Cost("organization and spaces", 2),
        Cost("statuses, labels and lists of work items", 3 * len(spaces)),
        recents,
        Cost("work items by number", numbers, rows, at_least=unsure),
    ]


def cost_of_initiatives(asker: Costing) -> list[Cost]:
    """Pages and roadmaps, or numbers."""
    if not Transport.of(asker.options).graphql:
        return [_numbers(asker, "initiatives")]
    rows = asker.kept("initiatives")
    cost = Cost("initiatives", INITIATIVES.paging.requests(rows), rows, at_least=not rows)
    return [Cost("roadmaps", 1), cost] if asker.full else [cost]


def cost_of_feedback(asker: Costing) -> list[Cost]:
    """Pages, people and companies, or numbers."""
    if not Transport.of(asker.options).graphql:
        return [_numbers(asker, "feedback")]
    rows = asker.kept("feedback")
    cost = Cost("feedback", FEEDBACK.paging.requests(rows), rows, at_least=not rows)
    return [Cost("people and companies", 2), cost] if asker.full else [cost]


def cost_of_code_reviews(asker: Costing) -> list[Cost]:
    """Those on record, of which a cheap pass asks for the open ones; new ones come on top."""
    if not Transport.of(asker.options).graphql:
        return []
    states = [state for (state,) in asker.rows("code_reviews", ["state"])]
    asked = len(states) if asker.full else states.count(OPEN)
    requests = math.ceil(asked / MOST_AT_ONCE)
    return [Cost("code reviews", requests, len(states), at_least=True)]


def _numbers(asker: Costing, table: str) -> Cost:
    numbers = [row[0] or 0 for row in asker.rows(table, ["number"])]
    asked = max(numbers, default=0) if asker.full else len(numbers)
    return Cost(f"{table} by number", asked + MARGIN, len(numbers), at_least=not numbers)
