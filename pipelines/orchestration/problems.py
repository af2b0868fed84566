"""Today's problems: of accounts (from the ledger), of backups, and of runs that failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from connectors.core.errors import KollectError
from pipelines.orchestration.alert_state import AlertState, RunFailure
from pipelines.orchestration.backup_report import GROUP, list_all
from pipelines.orchestration.freshness import backup_windows
from pipelines.orchestration.retention import JOB as RETENTION_JOB
from pipelines.orchestration.runs import under_way
from pipelines.orchestration.sources import Project, Source
from pipelines.orchestration.summary import missing_credential
from pipelines.status import AccountStatus, account_status, age_in_words
from warehouse.store.finished_runs import finished_runs
from warehouse.store.warehouse import Warehouse

OTHER_SUBJECTS = ("backup", "verify", "views", "report", RETENTION_JOB)
"""What the failure of a run can be about, besides an account."""
MOST_NAMED = 10
"""So many tables are named in a message; the others are counted."""


def current_problems(
    project: Project, instance: dg.DagsterInstance, state: AlertState, *, settled: bool
) -> dict[str, str]:
    """Subject (an account, the backups, a job) -> its problem in words.

    `settled` is False shortly after a start: what is late then may be about to be synced.
    """
    now = datetime.now(UTC)
    busy = under_way(instance)
    wrong: dict[str, str] = {}
    for source in project.sources:
        name = source.account.name
        waiting = not settled or bool({name, source.name} & busy)
        try:
            text = account_problem(source, now, ignore_late=waiting)
            if name in state.failures and _synced_since(source, state.failures[name].at):
                del state.failures[name]
        except KollectError:  # the warehouse cannot be read just now: nothing begins or ends
            known = state.problems.get(name)
            text = known.text if known and not known.over else ""
        failure = state.failures.get(name)
        if failure and not text:
            text = failure.text
        if text:
            wrong[name] = text
    wrong |= _backup_problems(project, state, now, ignore_late=not settled or GROUP in busy)
    accounts = {source.account.name for source in project.sources}
    for subject, failure in list(state.failures.items()):
        if subject in OTHER_SUBJECTS:
            wrong.setdefault(subject, failure.text)
        elif subject not in accounts:
            del state.failures[subject]  # an account that was taken out of the settings
    return wrong


def account_problem(source: Source, now: datetime, *, ignore_late: bool = False) -> str:
    """The problem of an account, from the ledger; empty where it has none."""
    account = source.account
    if not (source.sandbox or account.ready):
        return missing_credential(source)
    if not source.settings.warehouse.exists():
        return ""
    with Warehouse(source.settings.warehouse).newest() as connection:
        status = account_status(connection, source.settings, account, now)
        ends = finished_runs(connection, newest=1).get(account.name, [])
    if not ends:
        return ""  # never synced: the first sync is about to begin
    if ends[0].error:
        return ends[0].error
    if status.troubled:
        return _troubled(status)
    return status.reason if status.late and not ignore_late else ""


def _troubled(status: AccountStatus) -> str:
    count = len(status.troubled)
    named = status.troubled[:MOST_NAMED]
    title = "1 table is" if count == 1 else f"{count} tables are"
    lines = [f"{name}: {status.tables[name].reason}" for name in named]
    more = [f"and {count - len(named)} more"] if count > len(named) else []
    return "\n".join([f"{title} not proved complete", *lines, *more])


def _synced_since(source: Source, moment: str) -> bool:
    """Whether the ledger has a sync of the account that ended after a run failed."""
    ends = source.finished_runs(newest=1)
    return bool(ends) and ends[0].finished_at > datetime.fromisoformat(moment)


def _backup_problems(
    project: Project, state: AlertState, now: datetime, *, ignore_late: bool
) -> dict[str, str]:
    """Problems that the backups show; a later backup ends the failure of an earlier run."""
    settings = project.settings
    if not settings.warehouse.exists():
        return {}
    try:
        found = list_all(settings)
    except KollectError as error:
        return {"backup": str(error)}
    wrong: dict[str, str] = {}
    verified = [(proof, backup) for backup in found for proof in _verifications(backup)]
    if verified:
        proof, backup = max(verified, key=lambda each: each[0].at)
        if not proof.good:
            wrong["verify"] = f"the backup {backup.name} is damaged, seen {proof.minute}"
        elif _is_later(proof.at, state.failures.get("verify")):
            del state.failures["verify"]
    if found:
        newest = found[-1]
        age, late = now - newest.made_at, backup_windows(settings).fail
        if newest.problem:
            wrong["backup"] = f"the newest backup {newest.name} cannot be read: {newest.problem}"
        elif age > late and settings.schedule.backup != "never" and not ignore_late:
            wrong["backup"] = f"the newest backup is {age_in_words(age)} old"
        if _is_later(newest.made_at.isoformat(), state.failures.get("backup")):
            del state.failures["backup"]
    return wrong


def _verifications(backup: Any) -> list[Any]:
    proofs = backup.proofs
    return [proof for proof in (proofs.full, proofs.rebuild, proofs.last_bad) if proof is not None]


def _is_later(moment: str, failure: RunFailure | None) -> bool:
    if failure is None:
        return False
    return datetime.fromisoformat(moment) > datetime.fromisoformat(failure.at)
