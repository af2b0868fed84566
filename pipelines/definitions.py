"""What Dagster loads: the accounts of the settings as assets, with jobs, schedules and alerts."""

from __future__ import annotations

import dagster as dg

from pipelines.orchestration.alerts import alerts_sensor
from pipelines.orchestration.assets import account_assets
from pipelines.orchestration.backups import backup_assets
from pipelines.orchestration.derived_views import GROUP, view_assets
from pipelines.orchestration.schedules import account_jobs, account_schedules, first_sync, upkeep
from pipelines.orchestration.sources import Source, read_sources


def definitions(sources: list[Source]) -> dg.Definitions:
    """Everything that Dagster needs to know of these accounts."""
    main = next((s for s in sources if s.sandbox), sources[0])
    jobs, schedules = upkeep(main.settings)
    sensors: list[dg.SensorDefinition] = [alerts_sensor(sources, main.settings)]
    syncs = {}
    for source in sources:
        of_account = account_jobs(source)
        jobs += of_account.values()
        schedules += account_schedules(source, of_account)
        if source.settings.schedule.sync != "never":
            syncs[source.name] = of_account["sync"]
    if syncs:
        sensors.append(first_sync(sources, syncs))
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
    accounts = [account_assets(source) for source in sources]
    return dg.Definitions(
        assets=[*accounts, *([views] if views else []), backup_assets(main)],
        jobs=jobs,
        schedules=schedules,
        sensors=sensors,
        # A process for each step would cost seconds before any work; see docs/running.md.
        executor=dg.in_process_executor,
    )


defs = definitions(read_sources())
