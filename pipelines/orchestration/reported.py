"""Which syncs and backups a run of Dagster's has shown, so that no sensor shows them again.

The run that shows a sync carries its mark as a tag. A run that was killed before it could show
anything carries none, and so its sync is reported from the ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import dagster as dg

from pipelines.orchestration.sources import Source
from warehouse.store.finished_runs import FinishedRun

NEWEST = 10
"""So many of the newest syncs of an account are looked at; older ones are superseded."""


def known_ends(source: Source) -> set[str]:
    """The marks of the newest syncs of an account that ended so far."""
    return {run.mark for run in source.finished_runs(NEWEST)}


def mark_reported(
    context: dg.AssetExecutionContext, source: Source, runs: Iterable[FinishedRun]
) -> None:
    """Note that this run of Dagster's has shown these syncs."""
    mark_shown(context, {f"{source.account.name} {run.mark}" for run in runs})


def mark_shown(context: dg.AssetExecutionContext, marks: Iterable[str]) -> None:
    """Note that this run of Dagster's has shown the syncs, backups or proofs of these marks."""
    tags = {_tag(mark): "shown" for mark in marks}
    if tags:
        context.instance.add_run_tags(context.run.run_id, tags)


def unreported(
    instance: dg.DagsterInstance, source: Source, runs: Sequence[FinishedRun]
) -> list[FinishedRun]:
    """Those of these syncs that no run of Dagster's has shown."""
    return [run for run in runs if not is_shown(instance, f"{source.account.name} {run.mark}")]


def is_shown(instance: dg.DagsterInstance, mark: str) -> bool:
    """Whether a run of Dagster's has shown what this mark stands for."""
    return instance.get_runs_count(dg.RunsFilter(tags={_tag(mark): "shown"})) > 0


def _tag(mark: str) -> str:
    # Dagster's page does not show tags with this prefix.
    return f".dagster/kollect_{hashlib.sha256(mark.encode()).hexdigest()[:32]}"
