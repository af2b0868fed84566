"""Shows in Dagster what the command line did, from the ledger.

A sensor looks twice a minute at the syncs that ended, at the verdict of each account and at the
newest backup, and reports what no run of Dagster's has shown: loads, check results, backups and
their proofs. Its cursor remembers what was reported, so that nothing is reported twice.
"""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime

import dagster as dg
import msgspec

from connectors.core.errors import KollectError
from pipelines.orchestration.backup_report import (
    GROUP,
    backup_event,
    newest_backup,
    proof_mark,
    proof_result,
)
from pipelines.orchestration.report import AccountReport
from pipelines.orchestration.reported import NEWEST, is_shown, unreported
from pipelines.orchestration.runs import under_way
from pipelines.orchestration.sources import Project, Source
from pipelines.orchestration.table_checks import COMPLETE
from warehouse.store.finished_runs import finished_runs
from warehouse.store.warehouse import Warehouse

MOST_SECONDS = 15.0
"""A tick takes on no further account after so long; the next tick goes on with it."""

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


class Reported(msgspec.Struct):
    """What this sensor has reported so far; its cursor."""

    syncs: dict[str, list[str]] = {}
    """Account -> the marks of its newest syncs."""
    checks: dict[str, list[str]] = {}
    """Account -> the results of its summary's checks."""
    late: dict[str, list[str]] = {}
    """Account -> the tables that were late."""
    backup: str = ""
    proof: str = ""


def read_cursor(text: str | None) -> Reported:
    """The cursor's content; an empty one where there is none, or one of another version."""
    try:
        return msgspec.json.decode(text or "{}", type=Reported)
    except msgspec.MsgspecError:
        return Reported()


def ledger_sensor(project: Project) -> dg.SensorDefinition:
    """The sensor that reports from the ledger."""

    @dg.sensor(
        name="report_from_ledger",
        description="Shows syncs, backups and proofs of the command line as if Dagster had made "
        "them.",
        minimum_interval_seconds=20,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        reported = read_cursor(context.cursor)
        events = new_events(project, context.instance, reported, datetime.now(UTC))
        return dg.SensorResult(
            skip_reason=f"{len(events)} events reported" if events else "nothing new",
            asset_events=events,
            cursor=msgspec.json.encode(reported).decode(),
        )

    return sensor


def new_events(
    project: Project, instance: dg.DagsterInstance, reported: Reported, now: datetime
) -> list[Event]:
    """What is to be reported now; `reported` is brought up to date."""
    busy = under_way(instance)
    deadline = time.monotonic() + MOST_SECONDS
    events: list[Event] = []
    for source in project.sources:
        if time.monotonic() > deadline or {source.name, source.account.name} & busy:
            continue
        with contextlib.suppress(KollectError):  # it cannot be read just now: the next tick will
            events += _account_events(source, instance, reported, now)
    if GROUP not in busy:
        events += _backup_events(project, instance, reported, now)
    return events


def _account_events(
    source: Source, instance: dg.DagsterInstance, reported: Reported, now: datetime
) -> list[Event]:
    name = source.account.name
    if not source.settings.warehouse.exists():
        return []
    with Warehouse(source.settings.warehouse).newest() as connection:
        ends = finished_runs(connection, NEWEST).get(name, [])
        seen = set(reported.syncs.get(name, ()))
        runs = unreported(instance, source, [run for run in ends if run.mark not in seen])
        report = AccountReport(connection, source, now)
        late = report.status.late
        events: list[Event] = []
        if runs:  # also the checks of tables that they tried to read in vain
            events += report.loads(runs)
            events += [r.without_run() for r in report.checks(report.tables_of(runs))]
        # A table becomes late without any sync, only because time passes.
        newly_late = [table for table in late if table not in reported.late.get(name, ())]
        events += [r.without_run() for r in report.checks(newly_late) if r.key.name == COMPLETE]
        results = [result.without_run() for result in report.account_checks()]
        outcome = [f"{result.passed} {result.description}" for result in results]
        if runs or outcome != reported.checks.get(name):
            events += [report.summary(), *results]
    reported.syncs[name] = [run.mark for run in ends]
    reported.late[name] = late
    reported.checks[name] = outcome
    return events


def _backup_events(
    project: Project, instance: dg.DagsterInstance, reported: Reported, now: datetime
) -> list[Event]:
    try:
        newest = newest_backup(project.settings)
    except KollectError:  # the run of the verify job reports it
        return []
    if newest is None:
        return []
    events: list[Event] = []
    if newest.name != reported.backup:
        if not is_shown(instance, f"backup {newest.name}"):
            events.append(backup_event(project, newest, now))
        reported.backup = newest.name
    proof = proof_mark(newest)
    if proof and proof != reported.proof:
        if not is_shown(instance, proof):
            events.append(proof_result(newest).without_run())
        reported.proof = proof
    return events
