"""What a sync would cost, from the declarations, the rows kept so far and a few looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.core.connector import Cost, Family
from connectors.core.errors import Skippable
from connectors.core.resources import ForEachChanged, ForEachParent, Resource
from connectors.http.config import Window
from connectors.paging import records_at
from pipelines.settings import Account
from pipelines.sync.probe import Asker

if TYPE_CHECKING:
    from pipelines.files.estimate import FilePlan


@dataclass(frozen=True)
class Estimate:
    """The steps of a sync and the least time that the rate allows for them."""

    costs: list[Cost]
    seconds: float
    full: bool
    files: FilePlan | None = None
    """For accounts with `files = true`."""

    @property
    def requests(self) -> int:
        return sum(cost.requests for cost in self.costs)

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "minutes": round(self.seconds / 60, 2),
            "rows": sum(cost.rows for cost in self.costs),
            "mode": "full" if self.full else "incremental",
            "steps": [
                {"step": c.step, "requests": c.requests, "rows": c.rows, "at_least": c.at_least}
                for c in self.costs
            ],
            **({"files": self.files.as_json()} if self.files else {}),
        }


def least_seconds(requests: int, windows: Iterable[Window]) -> float:
    """The shortest time in which so many requests may leave under every window."""
    return max(((requests - 1) // w.limit * w.seconds for w in windows if requests), default=0.0)


def estimate(account: Account, asker: Asker, tables: list[str] | None, *, full: bool) -> Estimate:
    """The cost of syncing these tables (all without any). Raises a KollectError."""
    wanted = set(account.tables) & set(tables or account.tables)
    families = account.connector.families_of(wanted)
    first = any(asker.known.first_time(family.name) for family in families)
    costs: list[Cost] = []
    for family in families:
        asker.full = full or asker.known.first_time(family.name)
        if family.full_only and not asker.full and tables is None:
            continue
        costs += family.cost(asker) if family.cost else _of_family(family, asker, wanted)
    files = None
    if account.files.wanted:
        from pipelines.files.estimate import plan_files

        names = [name for name in account.tables if name in wanted]
        files = plan_files(account, asker, names, full=full)
        if files is not None and files.links:
            costs.append(Cost("links of files", files.links, at_least=files.at_least))
    total = sum(cost.requests for cost in costs)
    return Estimate(costs, least_seconds(total, account.windows), full or first, files)


def _of_family(family: Family, asker: Asker, wanted: set[str]) -> list[Cost]:
    rows: dict[str, int] = {}
    costs: list[Cost] = []
    for resource in family.resources:
        if not any(found.table.name in wanted for found in resource.rows):
            continue
        if resource.each is None:
            cost = _of_listing(resource, asker)
        elif isinstance(resource.each, ForEachParent):
            parents = rows.get(resource.each.of, 0)
            cost = Cost(resource.name, parents)
        else:
            cost = Cost(resource.name, _due(resource, resource.each, asker, costs))
        rows[resource.name] = cost.rows
        costs.append(cost)
    return costs


def _of_listing(resource: Resource, asker: Asker) -> Cost:
    """By the total that the first page tells; else by the rows kept so far."""
    try:
        payload = asker.look(resource)
    except Skippable:
        return Cost(resource.name, 1)
    here = len(records_at(payload, resource.rows[0].at) or [])
    told = resource.paging.total(payload)
    kept = asker.kept(resource.rows[0].table.name)
    count = told if told is not None else max(here, kept)
    unsure = told is None and resource.paging.requests(here + 1) > 1
    return Cost(resource.name, resource.paging.requests(count), count, at_least=unsure)


def _due(resource: Resource, due: ForEachChanged, asker: Asker, costs: list[Cost]) -> int:
    """Rows that are due now, or all of them when none is known yet."""
    if asker.kept(due.table):
        columns = tuple(due.bind.values())
        return len(asker.known.due(resource.name, due.table, columns, due.again_days))
    declared = asker.known.connector.families_of([due.table])[0].resources[0]
    return _of_listing(declared, asker).rows
