"""The page of `kollect report` as an asset that is written anew every night."""

# No postponed annotations here: Dagster reads the types of the contexts.
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from pipelines.orchestration.backup_report import KEY as BACKUP
from pipelines.orchestration.batches import account_keys
from pipelines.orchestration.checks import WARN, CheckResult, Outcome
from pipelines.orchestration.failures import failures_in_one_line
from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.runs import KIND_TAG, Job, asset_job
from pipelines.orchestration.sources import Project, owner

GROUP = "report"
JOB = "write_report"
KEY = dg.AssetKey([GROUP, "page"])
CHECK = "is_everything_safe"
WINDOWS = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(days=8), fail_window=timedelta(days=31)
)


def report_asset(project: Project) -> dg.AssetsDefinition:
    """The asset `report/page`: a sentence about every account, and where the page lies."""
    settings = project.settings
    made = "\n\nOver the made data of the sandbox." if project.is_sandbox else ""

    @dg.multi_asset(
        name="write_the_page",
        description="Writes the page of `kollect report`.",
        specs=[
            dg.AssetSpec(
                KEY,
                deps=[*account_keys(project.mine), BACKUP],
                description="Is everything safe, what changed this week, how does it grow? One "
                f"page that needs no network: the same as `kollect report`.{made}",
                group_name=GROUP,
                kinds={"report"},
                owners=[owner()],
                tags={KIND_TAG: "report"},
                skippable=True,
                code_version="1",
                freshness_policy=WINDOWS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(CHECK, asset=KEY, description="Is the data of every account safe?")
        ],
        pool=GROUP,
    )
    def write(context: dg.AssetExecutionContext) -> Iterator[Any]:
        from pipelines.report.write import write_report

        remember_process(context)
        with failures_in_one_line():
            place, facts = write_report(settings)
        told = [f"{a.name}: {a.status.verdict}, {a.status.reason}" for a in facts.accounts]
        context.log.info(f"wrote {place}")
        yield dg.MaterializeResult(
            KEY,
            {
                "accounts": dg.MetadataValue.md("\n".join(f"- {line}" for line in told)),
                "page": dg.MetadataValue.path(place),
                "link": dg.MetadataValue.url(place.as_uri()),
                "backups": dg.MetadataValue.json(dict(facts.backups)),
            },
        )
        names = ", ".join(each.name for each in facts.unsafe)
        reason = f"not safe: {names}" if names else "the data of every account is safe"
        outcome = Outcome(not names, reason)
        yield CheckResult(dg.AssetCheckKey(KEY, CHECK), WARN, outcome).for_run()

    return write


def report_job() -> Job:
    """Writes the page."""
    return asset_job(
        JOB,
        dg.AssetSelection.assets(KEY),
        "The page that says whether everything is safe: `kollect report`.",
        {KIND_TAG: "report"},
    )
