"""Kinescope: what the plans of a sync would cost."""

from __future__ import annotations

from collections.abc import Callable

from connectors.core import Cost, Costing, Resource
from connectors.kinescope.sync import FRESH_DAYS, WINDOW_DAYS


def cost_of_windows(resource: Resource) -> Callable[[Costing], list[Cost]]:
    """A request for each window of days: `history_days` at first, the last days later."""

    def cost(costing: Costing) -> list[Cost]:
        again = not costing.full and costing.cursors(resource.name)
        days = (FRESH_DAYS if again else costing.options["history_days"]) + 1
        return [Cost(resource.name, -(-days // WINDOW_DAYS))]

    return cost


def cost_of_invoices(costing: Costing) -> list[Cost]:
    """One for each that is named and new; in a full pass, for each that is named."""
    named = {str(number) for number in costing.options["invoices"]}
    known = set() if costing.full else {row[0] for row in costing.rows("invoices", ["id"])}
    return [Cost("invoices", len(named - known), len(named))]
