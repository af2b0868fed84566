"""Reading a family as declared: its plan, or its resources in order, each for its parents."""

from __future__ import annotations

from typing import Any

from connectors.core.evidence import Outcome
from connectors.core.reader import Listing, Walk
from connectors.core.resources import Due, Each, Resource
from connectors.core.schema import Record
from connectors.paging import dig


def read_family(walk: Walk) -> Outcome:
    """Read a family as declared: its plan, or its resources in order, each for its parents."""
    if walk.family.plan is not None:
        walk.family.plan(walk)
        return walk.outcome
    resources = list(walk.family.resources)
    needed = {r.each.of for r in resources if isinstance(r.each, Each) and walk.wants(r)}
    read: dict[str, list[Listing]] = {}
    for resource in resources:
        if not (walk.wants(resource) or resource.name in needed):
            continue
        collect = resource.name in needed
        if resource.each is None:
            read[resource.name] = [walk.read(resource, collect=collect)]
        elif isinstance(resource.each, Due):
            _read_due(walk, resource, resource.each)
        else:
            parents = [r for listing in read.get(resource.each.of, []) for r in listing.records]
            binds = each_bind(walk, resource.each, parents)
            read[resource.name] = walk.read_each(resource, binds, collect=collect)
            if not all(listing.proof.complete for listing in read.get(resource.each.of, [])):
                walk.outcome.fail_rows(resource, "its parents were not read completely")
    return walk.outcome


def each_bind(walk: Walk, each: Each, parents: list[Record]) -> list[dict[str, Any]]:
    """The bindings for a list of parents: chosen, without repeats, in batches where declared."""
    chosen = each.where(walk, parents) if each.where is not None else parents
    binds: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in chosen:
        values = {name: dig(record, source) for name, source in each.bind.items()}
        if None not in values.values():
            binds.setdefault(tuple(values.values()), values)
    single = list(binds.values())
    if each.batch == 1:
        return single
    return [
        {name: ",".join(str(bind[name]) for bind in group) for name in each.bind}
        for group in (single[i : i + each.batch] for i in range(0, len(single), each.batch))
    ]


def _read_due(walk: Walk, resource: Resource, due: Due) -> None:
    again_days = 0 if walk.full else due.again_days
    rows = walk.known.due(resource.name, due.table, tuple(due.bind.values()), again_days)
    binds = [dict(zip(due.bind, values, strict=True)) for _, _, values in rows]
    for (scope, content, _), listing in zip(rows, walk.read_each(resource, binds), strict=True):
        if listing.proof.complete:
            walk.outcome.visited(resource.name, scope, content)
    if not rows:
        for kept in resource.rows:
            walk.outcome.note(kept.table.name, "no parent changed")
