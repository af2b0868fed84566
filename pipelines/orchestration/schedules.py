"""Jobs and their schedules: each account's sync and full pass, backup, verify, run retention.

All run by default, in the person's time zone. A tick while the same account is still being read (or
waits in the queue) is skipped with that reason. A tick of an account without a credential starts a
run that fails and says what to set: nothing is left out in silence. After a time without power
Dagster makes up for the latest missed tick alone: one sync brings everything that several would
have. An account that was never synced does not wait for its minute: a sensor syncs it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import dagster as dg

from pipelines.orchestration.assets import op_of
from pipelines.orchestration.backups import backup_job, verify_job
from pipelines.orchestration.batches import Batch
from pipelines.orchestration.report_page import report_job
from pipelines.orchestration.retention import JOB as RETENTION_JOB
from pipelines.orchestration.retention import retention_job
from pipelines.orchestration.runs import ACCOUNT_TAG, KIND_TAG, UNDER_WAY, Job, asset_job
from pipelines.orchestration.sources import Source
from pipelines.settings import Settings
from pipelines.settings.schedule import ScheduleSettings, cron

RETENTION_CRON = "50 1 * * *"


def account_jobs(source: Source) -> dict[str, Job]:
    """`sync` and `full` of one account."""
    name = source.account.name
    return _sync_jobs(
        source.name,
        dg.AssetSelection.groups(source.name),
        op_of(source),
        f"What changed in {name}: `kollect sync {name}`.",
        f"Everything in {name} anew: `kollect sync {name} --full`. "
        "Finds what a service changes without saying so.",
    )


def batch_jobs(batch: Batch) -> dict[str, Job]:
    """`sync` and `full` of the accounts of a batch."""
    accounts = f"{len(batch.sources)} accounts"
    return _sync_jobs(
        batch.name,
        dg.AssetSelection.assets(batch.key),
        batch.op,
        f"What changed in {accounts}.",
        f"Everything in {accounts} anew. Finds what a service changes without saying so.",
    )


def _sync_jobs(
    name: str, selection: dg.AssetSelection, op: str, changed: str, everything: str
) -> dict[str, Job]:
    return {
        "sync": asset_job(
            f"sync_{name}", selection, changed, {ACCOUNT_TAG: name, KIND_TAG: "sync"}
        ),
        "full": asset_job(
            f"full_pass_{name}",
            selection,
            everything,
            {ACCOUNT_TAG: name, KIND_TAG: "full pass"},
            config={"ops": {op: {"config": {"full": True}}}},
        ),
    }


def sync_schedules(
    name: str, schedule: ScheduleSettings, position: int, jobs: dict[str, Job]
) -> list[dg.ScheduleDefinition]:
    """The schedules of an account or a batch, as far as the settings want them."""
    wanted = {"sync": schedule.sync, "full": schedule.full}
    return [
        _schedule(
            job,
            expression,
            schedule.timezone,
            _unless_under_way(name),
            "Skips while the same is being read already.",
        )
        for kind, job in jobs.items()
        if (expression := cron(wanted[kind], kind, position))
    ]


def first_sync(sources: Sequence[Source], jobs: Mapping[str, Job]) -> dg.SensorDefinition:
    """Starts the `sync` job (by name of source) of accounts that were never synced, once each."""

    @dg.sensor(
        name="first_sync",
        jobs=list(jobs.values()),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Syncs an account at once when it is new, instead of at its next minute.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        new = [
            source
            for source in sources
            if source.name in jobs
            and (source.sandbox or source.account.ready)
            and not context.instance.get_runs_count(dg.RunsFilter(tags={ACCOUNT_TAG: source.name}))
            and not source.syncs_so_far()
        ]
        if not new:
            return dg.SkipReason("every account with a credential was synced before")
        return [
            dg.RunRequest(run_key=f"first sync of {source.name}", job_name=jobs[source.name].name)
            for source in new
        ]

    return sensor


def settings_jobs(settings: Settings) -> tuple[list[Job], list[dg.ScheduleDefinition]]:
    """Nightly backup with pruning, weekly verify, nightly report, and thinning out old runs."""
    schedule = settings.schedule
    jobs: list[tuple[Job, str | None]] = [
        (backup_job(), cron(schedule.backup, "backup")),
        (verify_job(), cron(schedule.verify, "verify")),
        (report_job(), cron(schedule.report, "report")),
        (retention_job(), RETENTION_CRON),
    ]
    schedules = [
        _schedule(job, expression, schedule.timezone, _unless_same_job(job.name, settings))
        for job, expression in jobs
        if expression
    ]
    return [job for job, _ in jobs], schedules


def _schedule(
    job: Job,
    expression: str,
    timezone: str,
    decide: Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason],
    note: str = "",
) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=job.name,  # as the job that it starts
        job=job,
        cron_schedule=expression,
        execution_timezone=timezone,
        execution_fn=decide,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"{job.description or ''} {note}".strip(),
    )


def _unless_under_way(
    name: str,
) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]:
    def decide(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        filters = dg.RunsFilter(tags={ACCOUNT_TAG: name}, statuses=UNDER_WAY)
        if busy := context.instance.get_runs_count(filters):
            return dg.SkipReason(f"{busy} run of the same is waiting or under way")
        return dg.RunRequest()

    return decide


def _unless_same_job(
    job: str, settings: Settings
) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]:
    def decide(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        filters = dg.RunsFilter(job_name=job, statuses=UNDER_WAY)
        if context.instance.get_runs_count(filters):
            return dg.SkipReason("the last one is not over yet")
        if job != RETENTION_JOB and not settings.warehouse.exists():
            return dg.SkipReason("there is no warehouse yet; the first sync makes it")
        return dg.RunRequest()

    return decide
