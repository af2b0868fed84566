"""Jobs that keep things safe and small: backup and pruning, verify, thinning out old runs."""

# No postponed annotations here: Dagster reads the types of the contexts.
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.settings import Settings

KEEP_ALL_DAYS = 3
KEEP_DAILY_DAYS = 90
MOST_AT_ONCE = 5_000
WAIT_SECONDS = 600.0
"""Pruning waits so long for a backup, a verify or a restore that runs."""
OVER = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def backup_job(settings: Settings) -> dg.JobDefinition:
    """Writes a backup, then removes old ones by the keep rules."""

    @dg.op(name="write_backup", description="A backup of all tables that proves itself.")
    def write(context: dg.OpExecutionContext) -> str:
        from pipelines.dagster_report import in_words
        from warehouse.backup import write_backup

        started = time.monotonic()
        with in_words():
            place = write_backup(settings)
        context.add_output_metadata(
            {"backup": place.name, "seconds": round(time.monotonic() - started, 2)}
        )
        context.log.info(f"wrote {place.name}")
        return str(place.name)

    @dg.op(name="prune_backups", description="Removes backups by the keep rules.")
    def prune(context: dg.OpExecutionContext, newest: str) -> None:
        from pipelines.dagster_report import in_words
        from warehouse.backup import prune_backups

        with in_words():
            pruned = prune_backups(settings, wait_seconds=WAIT_SECONDS)
        context.log.info(f"kept {newest}; removed {', '.join(pruned.removed) or 'none'}")

    @dg.job(
        name="backup",
        description="A backup of everything, then pruning: `kollect backup`, `kollect prune`.",
        executor_def=dg.in_process_executor,
        tags={"kollect/kind": "backup"},
    )
    def backup() -> None:
        prune(write())

    return backup


def verify_job(settings: Settings) -> dg.JobDefinition:
    """Reads every byte of the newest backup and proves it."""

    @dg.op(name="verify_backup", description="Every byte of the newest backup is as written.")
    def verify(context: dg.OpExecutionContext) -> None:
        from pipelines.dagster_report import in_words
        from warehouse.backup import list_backups, verify_backup

        with in_words():
            found = list_backups(settings)
        if not found:
            raise dg.Failure(
                "there is no backup to verify. Run the job `backup`, or `kollect backup`",
                allow_retries=False,
            )
        started = time.monotonic()
        with in_words():
            verify_backup(found[-1].path, depth="full")
        context.log.info(f"{found[-1].name} is whole ({time.monotonic() - started:.1f} s)")

    @dg.job(
        name="verify",
        description="Proves the newest backup, byte by byte: `kollect verify`.",
        executor_def=dg.in_process_executor,
        tags={"kollect/kind": "verify"},
    )
    def job() -> None:
        verify()

    return job


def upkeep_job(settings: Settings) -> dg.JobDefinition:
    """Thins out the history of runs, so that the instance does not grow without end."""
    del settings

    @dg.op(name="thin_out_runs", description="Removes old runs; one a day and job is kept.")
    def thin(context: dg.OpExecutionContext) -> None:
        removed = thin_out_runs(context.instance, datetime.now(UTC))
        context.log.info(f"removed {removed:,} old runs")

    @dg.job(
        name="upkeep",
        description=f"Keeps every run of the last {KEEP_ALL_DAYS} days, then the last one of each "
        f"day and job for {KEEP_DAILY_DAYS} days.",
        executor_def=dg.in_process_executor,
        tags={"kollect/kind": "upkeep"},
    )
    def job() -> None:
        thin()

    return job


def thin_out_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Remove runs that are over and superseded; returns how many.

    The newest run of a job always stays, whatever its age.
    """
    before = now - timedelta(days=KEEP_ALL_DAYS)
    records = instance.get_run_records(
        dg.RunsFilter(statuses=OVER, created_before=before), limit=MOST_AT_ONCE
    )
    moments = {r.dagster_run.run_id: (r.dagster_run.job_name, r.create_timestamp) for r in records}
    unwanted = superseded(moments, now)
    for run_id in unwanted:
        instance.delete_run(run_id)
    return len(unwanted)


def superseded(runs: Mapping[str, tuple[str, datetime]], now: datetime) -> list[str]:
    """Run ids (of run id -> job and moment) of which a later one of the same day stands."""
    newest: dict[tuple[str, str], str] = {}
    for run_id, (job, moment) in sorted(runs.items(), key=lambda item: item[1][1]):
        newest[(job, moment.strftime("%Y-%m-%d"))] = run_id
    oldest = now - timedelta(days=KEEP_DAILY_DAYS)
    kept = {run_id for run_id in newest.values() if runs[run_id][1] >= oldest}
    return [run_id for run_id in runs if run_id not in kept]
