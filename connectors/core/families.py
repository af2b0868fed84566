"""Reading a family as declared: its plan, or its resources in order, each for its parents."""

from __future__ import annotations

from typing import Any

from connectors.core.evidence import Evidence
from connectors.core.reader import Listing, Reader
from connectors.core.resources import ForEachChanged, ForEachParent, Resource
from connectors.core.schema import Record
from connectors.paging import get_path


def read_family(reader: Reader) -> Evidence:
    """Read a family as declared: its plan, or its resources in order, each for its parents."""
    if reader.family.plan is not None:
        reader.family.plan(reader)
        return reader.outcome
    resources = list(reader.family.resources)
    needed = {r.each.of for r in resources if isinstance(r.each, ForEachParent) and reader.wants(r)}
    read: dict[str, list[Listing]] = {}
    for resource in resources:
        if not (reader.wants(resource) or resource.name in needed):
            continue
        collect = resource.name in needed
        if resource.each is None:
            read[resource.name] = [reader.read(resource, collect=collect)]
        elif isinstance(resource.each, ForEachChanged):
            _read_due(reader, resource, resource.each)
        else:
            parents = [r for listing in read.get(resource.each.of, []) for r in listing.records]
            binds = each_bind(reader, resource.each, parents)
            read[resource.name] = reader.read_each(resource, binds, collect=collect)
            if not all(listing.proof.complete for listing in read.get(resource.each.of, [])):
                reader.outcome.fail_rows(resource, "its parents were not read completely")
    return reader.outcome


def each_bind(reader: Reader, each: ForEachParent, parents: list[Record]) -> list[dict[str, Any]]:
    """The bindings for a list of parents: chosen, without repeats, in batches where declared."""
    chosen = each.where(reader, parents) if each.where is not None else parents
    binds: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in chosen:
        values = {name: get_path(record, source) for name, source in each.bind.items()}
        if None not in values.values():
            binds.setdefault(tuple(values.values()), values)
    single = list(binds.values())
    if each.batch == 1:
        return single
    return [
        {name: ",".join(str(bind[name]) for bind in group) for name in each.bind}
        for group in (single[i : i + each.batch] for i in range(0, len(single), each.batch))
    ]


def _read_due(reader: Reader, resource: Resource, due: ForEachChanged) -> None:
    again_days = 0 if reader.full else due.again_days
    rows = reader.known.due(resource.name, due.table, tuple(due.bind.values()), again_days)
    binds = [dict(zip(due.bind, values, strict=True)) for _, _, values in rows]
    for (scope, content, _), listing in zip(rows, reader.read_each(resource, binds), strict=True):
        if listing.proof.complete:
            reader.outcome.visited(resource.name, scope, content)
    if not rows:
        for kept in resource.rows:
            reader.outcome.note(kept.table.name, "no parent changed")
