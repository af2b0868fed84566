"""What Dagster loads: the accounts of the settings as assets, with jobs, schedules and sensors."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg

from pipelines.machine import make_files_private
from pipelines.orchestration.alerts import alerts_sensor
from pipelines.orchestration.assets import account_assets
from pipelines.orchestration.backups import backup_assets
from pipelines.orchestration.batches import batch_asset, batches_of
from pipelines.orchestration.ledger import ledger_sensor
from pipelines.orchestration.report_page import report_asset
from pipelines.orchestration.restores import restore_job
from pipelines.orchestration.run_process import lost_runs_sensor
from pipelines.orchestration.schedules import (
    account_jobs,
    batch_jobs,
    first_sync,
    settings_jobs,
    sync_schedules,
)
from pipelines.orchestration.sources import Project, read_project
from pipelines.orchestration.views import GROUP, view_assets


def definitions(project: Project) -> dg.Definitions:
    """Everything that Dagster needs to know of these accounts."""
    jobs, schedules = settings_jobs(project.settings)
    jobs.append(restore_job(project))
    batches = batches_of(project.sources)
    batched = {source.name for batch in batches for source in batch.sources}
    alone = [source for source in project.sources if source.name not in batched]
    # Those of a batch have no assets of their own that the ledger could be shown on.
    shown = replace(project, sources=alone)
    sensors = [lost_runs_sensor(), ledger_sensor(shown), alerts_sensor(project)]
    for batch in batches:
        of_batch = batch_jobs(batch)
        jobs += of_batch.values()
        schedules += sync_schedules(batch.name, batch.settings.schedule, batch.position, of_batch)
    syncs = {}
    for source in alone:
        of_account = account_jobs(source)
        jobs += of_account.values()
        schedules += sync_schedules(
            source.name, source.settings.schedule, source.position, of_account
        )
        if source.settings.schedule.sync != "never":
            syncs[source.name] = of_account["sync"]
    if syncs:
        sensors.append(first_sync(alone, syncs))
    views = view_assets(shown)
    if views is not None:
        sensors.append(
            dg.AutomationConditionSensorDefinition(
                "refresh_views",
                target=dg.AssetSelection.groups(GROUP),
                default_status=dg.DefaultSensorStatus.RUNNING,
                description="Makes the views again when a table below them changed.",
            )
        )
    accounts = [account_assets(source) for source in alone]
    accounts += [batch_asset(batch) for batch in batches]
    of_warehouse = [*([views] if views else []), backup_assets(project), report_asset(project)]
    return dg.Definitions(
        assets=[*accounts, *of_warehouse],
        jobs=jobs,
        schedules=schedules,
        sensors=sensors,
        # A process for each step would cost seconds before any work; see docs/running.md.
        executor=dg.in_process_executor,
    )


make_files_private()
defs = definitions(read_project())
