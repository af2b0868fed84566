"""The job that keeps Dagster's own history small: old runs are removed."""

# No postponed annotations here: Dagster reads the types of the contexts.
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from pipelines.orchestration.run_process import remember_process
from pipelines.orchestration.runs import KIND_TAG

JOB = "remove_old_runs"
KEEP_ALL_DAYS = 3
KEEP_DAILY_DAYS = 90
MOST_AT_ONCE = 5_000
OVER = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def retention_job() -> dg.JobDefinition:
    """Removes old runs, so that the instance does not grow without end."""

    @dg.op(
        name="remove_superseded_runs",
        description="Removes old runs. The last one of each day stays, and each job's newest.",
    )
    def remove(context: dg.OpExecutionContext) -> None:
        remember_process(context)
        removed = remove_old_runs(context.instance, datetime.now(UTC))
        context.log.info(f"removed {removed:,} old runs")

    @dg.job(
        name=JOB,
        description=f"Keeps every run of the last {KEEP_ALL_DAYS} days, then the last one of each "
        f"day and job for {KEEP_DAILY_DAYS} days, and each job's newest run whatever its age.",
        executor_def=dg.in_process_executor,
        tags={KIND_TAG: "run retention"},
    )
    def job() -> None:
        remove()

    return job


def remove_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Remove runs that are over and superseded; returns how many.

    The newest run of each job always stays, whatever its age.
    """
    before = now - timedelta(days=KEEP_ALL_DAYS)
    old = instance.get_run_records(
        dg.RunsFilter(statuses=OVER, created_before=before), limit=MOST_AT_ONCE
    )
    runs = {r.dagster_run.run_id: (r.dagster_run.job_name, r.create_timestamp) for r in old}
    unwanted = superseded(runs, now) - _newest_of_each_job(
        instance, {job for job, _ in runs.values()}
    )
    for run_id in unwanted:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    _remove_files(Path(instance.root_directory), unwanted)
    return len(unwanted)


def superseded(runs: Mapping[str, tuple[str, datetime]], now: datetime) -> set[str]:
    """Run ids (of run id -> job and moment) that a later run of the same day supersedes, and those
    that are older than `KEEP_DAILY_DAYS`."""
    newest: dict[tuple[str, str], str] = {}
    for run_id, (job, moment) in sorted(runs.items(), key=lambda item: item[1][1]):
        newest[(job, moment.strftime("%Y-%m-%d"))] = run_id
    oldest = now - timedelta(days=KEEP_DAILY_DAYS)
    kept = {run_id for run_id in newest.values() if _utc(runs[run_id][1]) >= oldest}
    return set(runs) - kept


def _newest_of_each_job(instance: dg.DagsterInstance, jobs: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for job in jobs:
        found |= {run.run_id for run in instance.get_runs(dg.RunsFilter(job_name=job), limit=1)}
    return found


def _remove_files(folder: Path, run_ids: set[str]) -> None:
    """Remove what Dagster's SQLite storage leaves of deleted runs: an emptied database for each."""
    for file in folder.rglob("*.db*"):
        if file.name.split(".")[0] in run_ids:
            file.unlink(missing_ok=True)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
