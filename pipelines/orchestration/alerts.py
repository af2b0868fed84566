"""Sends one message when something goes wrong, and one more when it is over.

Problems are found in the ledger and in the backups, whoever synced or wrote them, and in failed
runs of Dagster's that the ledger does not know. Dagster's own `run_failure_sensor` sends a message
for every failed run and none when it is over: hourly syncs of a service that is down for a day
would be 24 messages.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from connectors.http.redact import safe_text
from pipelines.orchestration.alert_state import AlertState, RunFailure
from pipelines.orchestration.backup_report import GROUP, KEY, known_variables
from pipelines.orchestration.notify import channels_of, notify
from pipelines.orchestration.problems import current_problems
from pipelines.orchestration.runs import ACCOUNT_TAG, groups_of
from pipelines.orchestration.sources import Project
from pipelines.orchestration.sync_alerts import mark_watched
from pipelines.report.write import write_report
from pipelines.settings import Settings
from warehouse.progress import counted

WILL_RETRY = "dagster/will_retry"
LOOK_BACK = timedelta(days=2)
"""The first tick of the sensor looks at the runs of this time."""
GRACE_SECONDS = 300.0
"""Nothing counts as late for this time after a start: the schedules catch up first."""
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


def alerts_sensor(project: Project) -> dg.SensorDefinition:
    """The sensor that sends messages; it runs by default, also where only the log is set."""
    started = time.monotonic()
    names = channel_names(project.settings)

    @dg.sensor(
        name="tell_about_problems",
        description="Tells once when something goes wrong and once when it is over: in "
        f"{', '.join(['the log of this sensor', *names])}.",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        mark_watched(project.settings.warehouse)
        state = AlertState.read(context.cursor)
        secrets = secrets_of(project)
        settled = time.monotonic() - started > GRACE_SECONDS
        note_runs(context.instance, state, project, secrets)
        wrong = current_problems(project, context.instance, state, settled=settled)
        state.update(
            {subject: safe_text(text, secrets) for subject, text in wrong.items()},
            datetime.now(UTC),
        )
        sent = send_pending(state, project.settings, secrets, context.log)
        context.update_cursor(state.write())
        count = sum(1 for problem in state.problems.values() if not problem.over)
        open_now = counted(count, "open problem") if count else "all is well"
        return dg.SkipReason("; ".join(sent) or open_now)

    return sensor


def channel_names(settings: Settings) -> list[str]:
    """The channels that [alerts] sets, whether or not their addresses can be found."""
    alerts = settings.alerts
    set_ = {"command": alerts.command, "webhook": alerts.webhook_env, "apprise": alerts.apprise_env}
    return [name for name, value in set_.items() if value]


def secrets_of(project: Project) -> list[str]:
    """Every value that no message may hold."""
    values = [v for s in project.sources for v in s.account.credential.values()]
    return [value for value in values if len(value) > 5]


# -- runs of Dagster's ----------------------------------------------------------------------------


def note_runs(
    instance: dg.DagsterInstance, state: AlertState, project: Project, secrets: list[str]
) -> None:
    """Note in the state how the runs since the last look ended, by subject."""
    after = datetime.now(UTC) - LOOK_BACK
    if state.runs_until:
        after = datetime.fromisoformat(state.runs_until)
    names = {n: s.account.name for s in project.sources for n in (s.name, s.account.name)}
    records = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_after=after),
        order_by="update_timestamp",
        ascending=True,
        limit=200,
    )
    for record in records:
        run = record.dagster_run
        moment = record.update_timestamp.replace(tzinfo=record.update_timestamp.tzinfo or UTC)
        after = max(after, moment)
        if run.tags.get(WILL_RETRY) == "true":
            continue
        failed = run.status == dg.DagsterRunStatus.FAILURE
        text = safe_text(failure_of(instance, run), secrets) if failed else ""
        for subject in subjects_of(run, names):
            if failed:
                ended = datetime.fromtimestamp(record.end_time or moment.timestamp(), UTC)
                state.failures[subject] = RunFailure(text, ended.isoformat())
            else:
                state.failures.pop(subject, None)
    state.runs_until = after.isoformat()


def subjects_of(run: dg.DagsterRun, names: Mapping[str, str]) -> list[str]:
    """What a run is about: its accounts, the backup, else its job."""
    groups = groups_of(run)
    if GROUP in groups:
        # Damage that a verification found is not over because another backup was written.
        return ["backup" if KEY in (run.asset_selection or ()) else "verify"]
    accounts = sorted({names.get(group, group) for group in groups})
    if ACCOUNT_TAG in run.tags or accounts:
        return accounts
    return [run.job_name]


def failure_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Why a run failed: the error of its first failed step, else Dagster's message."""
    for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
        for entry in instance.all_logs(run.run_id, of_type=kind):
            event = entry.dagster_event
            if event is None:
                continue
            text = event.message or ""
            if kind is dg.DagsterEventType.STEP_FAILURE:
                failed = event.step_failure_data
                if failed.user_failure_data and failed.user_failure_data.description:
                    text = failed.user_failure_data.description
                elif failed.error is not None:
                    inner = failed.error.cause or failed.error
                    text = inner.message.strip().splitlines()[0]
            if text:
                return f"{text}\nRun {run.run_id[:8]} of {run.job_name}."
    return f"run {run.run_id[:8]} of {run.job_name} failed and gave no reason"


# -- messages -------------------------------------------------------------------------------------


def send_pending(state: AlertState, settings: Settings, secrets: list[str], log: Any) -> list[str]:
    """Send the messages that are due, through every channel; returns a sentence for each."""
    pending = state.pending()
    if not pending:
        return []
    channels = channels_of(
        settings.alerts, known_variables(settings), lambda: write_report(settings)[0]
    )
    sent: list[str] = []
    for subject, problem in pending.items():
        if problem.tries == 0 and problem.over:
            log.info(f"{subject} is fine again; the problem began {problem.since}")
        elif problem.tries == 0:
            log.error(f"{subject} has a problem: {problem.text}")
        word = "over" if problem.over else "problem"
        failed = state.send(subject, lambda message: notify(message, channels, secrets))
        for channel, reason in failed.items():
            log.warning(f"{channel} failed and will be tried again: {reason}")
        used = ["log", *(name for name in channels.names if name not in failed)]
        sent.append(f"{subject}: {word}, sent to {', '.join(used)}")
    return sent
