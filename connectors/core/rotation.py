"""Which parents are asked for in this run, where one run asks for so many at most."""

from __future__ import annotations

from typing import Any

from connectors.core.evidence import Evidence
from connectors.core.known import KnownRows
from connectors.core.resources import ForEachChanged, Resource


def next_in_turn(
    known: KnownRows, evidence: Evidence, resource: Resource, each: ForEachChanged, again_days: int
) -> list[tuple[str, str, tuple[Any, ...]]]:
    """The parents whose turn it is: (scope, content, values).

    Those first that changed or were never asked for. The tables are not complete as long as some
    of these go on waiting.
    """
    waiting = known.waiting(resource.name, each.table)
    rows = known.due(
        resource.name,
        each.table,
        tuple(each.bind.values()),
        again_days,
        most=each.per_run,
        oldest_first=True,
    )
    if waiting > len(rows):
        text = f"{waiting - len(rows):,} {each.table} wait to be asked for: one sync asks for "
        text += f"{each.per_run:,}" + (f" (setting {each.setting})" if each.setting else "")
        evidence.lack_rows(resource, text)
    return rows
