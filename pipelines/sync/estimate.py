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
from pipelines.sync.identity import IDENTITY
from pipelines.sync.probe import Probe

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

    @property
    def about(self) -> bool:
        """Whether some step may need more requests: the service does not tell how many."""
        return any(cost.at_least for cost in self.costs)

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "about": self.about,
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


def estimate(account: Account, probe: Probe, tables: list[str] | None, *, full: bool) -> Estimate:
    """The cost of syncing these tables (all without any). Raises a KollectError."""
    wanted = set(account.tables) & set(tables or account.tables)
    families = account.connector.families_of(wanted)
    first = any(probe.known.first_time(family.name) for family in families)
    costs = _identity_cost(account, probe)
    for family in families:
        probe.full = full or probe.known.owes_full_pass(family.name)
        if family.full_only and not probe.full and tables is None:
            continue
        costs += family.cost(probe) if family.cost else _of_family(family, probe, wanted)
    files = None
    if account.files.wanted:
        from pipelines.files.estimate import plan_files

        names = [name for name in account.tables if name in wanted]
        files = plan_files(account, probe, names, full=full)
        if files is not None and files.links:
            costs.append(Cost("links of files", files.links, at_least=files.at_least))
    total = sum(cost.requests for cost in costs)
    return Estimate(costs, least_seconds(total, account.windows), full or first, files)


def _identity_cost(account: Account, probe: Probe) -> list[Cost]:
    """The request that tells whose data it is, before anything is remembered; free where the
    sync needs its answer anyway."""
    connector = account.connector
    read_anyway = {resource.name for family in connector.families for resource in family.resources}
    asks = connector.identity_asks[:1]
    if probe.known.state(IDENTITY) or all(ask.name in read_anyway for ask in asks):
        return []
    return [Cost("whose data it is", 1)]


def _of_family(family: Family, probe: Probe, wanted: set[str]) -> list[Cost]:
    rows: dict[str, int] = {}
    costs: list[Cost] = []
    for resource in family.resources:
        if not any(found.table.name in wanted for found in resource.rows):
            continue
        if resource.each is None:
            cost = _of_listing(resource, probe)
        elif isinstance(resource.each, ForEachParent):
            parents = rows.get(resource.each.of, 0)
            cost = Cost(resource.name, parents)
        else:
            cost = Cost(resource.name, _due(resource, resource.each, probe))
        rows[resource.name] = cost.rows
        costs.append(cost)
    return costs


def _of_listing(resource: Resource, probe: Probe) -> Cost:
    """By the total that the first page tells; else by the rows kept so far."""
    try:
        payload = probe.look(resource)
    except Skippable:
        return Cost(resource.name, 1)
    here = len(records_at(payload, resource.rows[0].at) or [])
    told = resource.paging.total(payload)
    kept = probe.kept(resource.rows[0].table.name)
    count = told if told is not None else max(here, kept)
    unsure = told is None and resource.paging.requests(here + 1) > 1
    return Cost(resource.name, resource.paging.requests(count), count, at_least=unsure)


def _due(resource: Resource, due: ForEachChanged, probe: Probe) -> int:
    """Rows that are due now, or all of them when none is known yet."""
    if not probe.kept(due.table):
        declared = probe.known.connector.families_of([due.table])[0].resources[0]
        found = _of_listing(declared, probe).rows
    elif probe.full:
        found = probe.kept(due.table)
    else:
        columns = tuple(due.bind.values())
        found = len(probe.known.due(resource.name, due.table, columns, due.again_days))
    return min(found, due.per_run or found)
