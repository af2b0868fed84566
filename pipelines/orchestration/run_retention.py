"""The job that keeps Dagster's own history small: old runs are thinned out."""

# No postponed annotations here: Dagster reads the types of the contexts.
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

KEEP_ALL_DAYS = 3
KEEP_DAILY_DAYS = 90
MOST_AT_ONCE = 5_000
OVER = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def upkeep_job() -> dg.JobDefinition:
    """Thins out the history of runs, so that the instance does not grow without end."""

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
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    return len(unwanted)


def superseded(runs: Mapping[str, tuple[str, datetime]], now: datetime) -> list[str]:
    """Run ids (of run id -> job and moment) of which a later one of the same day stands."""
    newest: dict[tuple[str, str], str] = {}
    for run_id, (job, moment) in sorted(runs.items(), key=lambda item: item[1][1]):
        newest[(job, moment.strftime("%Y-%m-%d"))] = run_id
    oldest = now - timedelta(days=KEEP_DAILY_DAYS)
    kept = {run_id for run_id in newest.values() if runs[run_id][1] >= oldest}
    return [run_id for run_id in runs if run_id not in kept]
