"""What Dagster loads: the accounts of the settings as assets, with jobs, schedules and alerts."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition,
)

from pipelines.alerts import alerts_sensor
from pipelines.assets import account_assets
from pipelines.dagster_places import Source, read_sources
from pipelines.dagster_views import GROUP, view_assets
from pipelines.schedules import account_jobs, account_schedules, upkeep


def definitions(sources: list[Source]) -> dg.Definitions:
    """Everything that Dagster needs to know of these accounts."""
    main = next((s for s in sources if s.sandbox), sources[0]).settings
    jobs, schedules = upkeep(main)
    all_jobs: list[dg.JobDefinition | UnresolvedAssetJobDefinition] = list(jobs)
    sensors: list[dg.SensorDefinition] = [alerts_sensor(sources, main)]
    for source in sources:
        of_account = account_jobs(source)
        all_jobs += of_account.values()
        schedules += account_schedules(source, of_account)
    views = view_assets(sources)
    if views is not None:
        sensors.append(
            dg.AutomationConditionSensorDefinition(
                "refresh_views",
                target=dg.AssetSelection.groups(GROUP),
                default_status=dg.DefaultSensorStatus.RUNNING,
                description="Makes the views again when a table below them changed.",
            )
        )
    return dg.Definitions(
        assets=[*(account_assets(source) for source in sources), *([views] if views else [])],
        jobs=all_jobs,
        schedules=schedules,
        sensors=sensors,
        # A process for each step would cost seconds before any work; see docs/running.md.
        executor=dg.in_process_executor,
    )


defs = definitions(read_sources())
