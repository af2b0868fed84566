"""Jobs, and which accounts or groups the runs of Dagster are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

ACCOUNT_TAG = "kollect/account"
KIND_TAG = "kollect/kind"
UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

Job = Any
"""A job. Dagster does not export the type of those that `define_asset_job` returns."""


def asset_job(
    name: str,
    selection: dg.AssetSelection,
    description: str,
    tags: Mapping[str, str],
    config: Mapping[str, Any] | None = None,
) -> Job:
    """A job in one process: a table is too little work for a process of its own."""
    return dg.define_asset_job(
        name,
        selection,
        config=dict(config) if config else None,
        description=description,
        tags=tags,
        executor_def=dg.in_process_executor,
    )


def groups_of(run: dg.DagsterRun) -> set[str]:
    """The first parts of the keys that a run makes or checks; of a job, its account."""
    if account := run.tags.get(ACCOUNT_TAG):
        return {account}
    made = {key.path[0] for key in run.asset_selection or ()}
    checked = {check.asset_key.path[0] for check in run.asset_check_selection or ()}
    return made | checked


def under_way(instance: dg.DagsterInstance) -> set[str]:
    """The accounts (by the name of their source) and groups that runs wait for or work on."""
    found: set[str] = set()
    for run in instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)):
        found |= groups_of(run)
    return found
