"""Kinesis API: what a pass would cost, from the first pages of its lists and what is kept."""

from __future__ import annotations

from collections.abc import Callable

from connectors.core import Cost, Costing, Resource
from connectors.kinesis.normalize import rows_of

LOOKED_INTO = 10
"""So many projects are looked into before the first sync, to reckon how many collections come."""


def cost_of_projects(
    projects: Resource, collections: Resource, records: Resource
) -> Callable[[Costing], list[Cost]]:
    """An estimate by the rows kept so far; before any, by a look at the first projects."""

    def cost(costing: Costing) -> list[Cost]:
        shown = rows_of(costing.look(projects), "projects") or []
        count = projects.paging.total(costing.look(projects)) or max(
            len(shown), costing.kept("projects")
        )
        within, kept = costing.kept("collections"), costing.kept("records")
        known = bool(within)
        if not known:
            looked = [row["id"] for row in shown if isinstance(row, dict) and "id" in row]
            found = [
                len(rows_of(costing.look(collections, {"project_id": one}), "collections") or [])
                for one in looked[:LOOKED_INTO]
            ]
            within = round(sum(found) * count / len(found)) if found else count
        pages = within + records.paging.requests(kept) - 1
        return [
            Cost("projects", projects.paging.requests(count), count),
            Cost("routes", count, costing.kept("routes")),
            Cost("collections", count, within, at_least=not known),
            Cost("records", pages, kept, at_least=True),
        ]

    return cost


def cost_of_events(events: Resource) -> Callable[[Costing], list[Cost]]:
    """An estimate: all pages at first and in full passes, else those at the end."""

    def cost(costing: Costing) -> list[Cost]:
        count = events.paging.total(costing.look(events)) or costing.kept("events")
        pages = events.paging.requests(count)
        return [Cost("events", pages if costing.full else min(pages, 2), count)]

    return cost
