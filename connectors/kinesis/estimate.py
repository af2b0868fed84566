"""Kinesis API: what a pass would cost, from the first pages of its lists and what is kept."""

from __future__ import annotations

from collections.abc import Callable

from connectors.core import Cost, Costing, Resource


def cost_of_projects(projects: Resource, records: Resource) -> Callable[[Costing], list[Cost]]:
    """An estimate by the projects that a look shows and the rows kept so far."""

    def cost(costing: Costing) -> list[Cost]:
        count = projects.paging.total(costing.look(projects)) or costing.kept("projects")
        collections, kept = costing.kept("collections"), costing.kept("records")
        pages = collections + records.paging.requests(kept) - 1 if collections else count
        return [
            Cost("projects", projects.paging.requests(count), count),
            Cost("routes", count, costing.kept("routes")),
            Cost("collections", count, collections, at_least=not collections),
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
