"""Telling the person when something goes wrong, once, and once more when it is over.

A sensor looks at every run that ended since it looked last. A subject (an account, the backup)
has a problem when its newest run failed, or ended with a check that failed as an error. What was
told is written down beside the warehouse, so that a restart repeats nothing, and what could not
be told is tried again. Dagster's own `run_failure_sensor` tells each failed run and never says
that it is over: hourly syncs of a service that is down for a day would be 24 alarms.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from connectors.http.redact import safe_text
from pipelines.orchestration.backups import GROUP
from pipelines.orchestration.notify import Channels, Message, channels_of, notify
from pipelines.orchestration.schedules import ACCOUNT_TAG
from pipelines.orchestration.sources import Source, known_values
from pipelines.settings import Settings

WILL_RETRY = "dagster/will_retry"
LOOK_BACK = timedelta(days=2)
"""At its first look, the sensor goes so far back."""
TRIES = 20
"""A message that cannot be told so often in a row is left to the log."""
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


@dataclass
class Problem:
    """Something that is wrong now, or a message about it that is still to be told."""

    text: str
    since: str
    told: bool = False
    over: bool = False
    tries: int = 0


@dataclass
class Book:
    """What is wrong and what was told; survives restarts."""

    file: Path
    problems: dict[str, Problem] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Book:
        """The book in a file; an empty one where there is none or none that can be read."""
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            problems = {subject: Problem(**value) for subject, value in values.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            problems = {}
        return cls(file, problems)

    def write(self) -> None:
        """Replace the file, all at once."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        beside = self.file.with_suffix(".new")
        values = {subject: asdict(problem) for subject, problem in self.problems.items()}
        beside.write_text(json.dumps(values, indent=2), encoding="utf-8")
        os.replace(beside, self.file)

    def saw(self, subject: str, text: str, when: datetime) -> None:
        """A run of the subject ended: with a problem (`text`), or well (no text)."""
        known = self.problems.get(subject)
        if text:
            if known is None or known.over:
                # A problem that comes back before its end could be told is still the old one.
                told = known is not None and known.over and not known.told
                since = known.since if told and known else f"{when:%Y-%m-%d %H:%M} UTC"
                self.problems[subject] = Problem(text, since, told=told)
            else:
                known.text = text
        elif known is not None and not known.over:
            if known.told:
                self.problems[subject] = Problem(known.text, known.since, over=True)
            else:
                del self.problems[subject]  # over before anybody could be told

    def pending(self) -> dict[str, Problem]:
        """What is still to be told."""
        return {s: p for s, p in self.problems.items() if not p.told and p.tries < TRIES}

    def tell(self, subject: str, deed: Callable[[Message], dict[str, str]]) -> dict[str, str]:
        """Tell one of them; returns what went wrong, by way."""
        problem = self.problems[subject]
        failed = deed(Message(subject, problem.over, problem.text, problem.since))
        problem.tries += 1
        problem.told = not failed
        if problem.over and (problem.told or problem.tries >= TRIES):
            del self.problems[subject]
        return failed


def alerts_sensor(sources: Sequence[Source], settings: Settings) -> dg.SensorDefinition:
    """The sensor that tells; runs by default, also where nothing but the log is set."""
    by = channels_of(settings.alerts, known_values(settings))
    secrets = [value for s in sources for value in s.account.credential.values() if len(value) > 5]
    where = ", ".join(["the log of this sensor", *by.names])

    @dg.sensor(
        name="tell_about_problems",
        description=f"Tells once when something goes wrong and once when it is over: in {where}.",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        file = settings.warehouse.parent / ".kollect" / "alerts.json"
        book = Book.read(file)
        subjects = {n: s.account.name for s in sources for n in (s.name, s.label)}
        context.update_cursor(look(context.instance, context.cursor, book, subjects, secrets))
        said = announce(book, by, secrets, context.log)
        if said or file.exists():
            book.write()
        open_now = sum(1 for p in book.problems.values() if not p.over)
        return dg.SkipReason(
            "; ".join(said) or f"{open_now} open problems" if open_now or said else "all is well"
        )

    return sensor


def look(
    instance: dg.DagsterInstance,
    cursor: str | None,
    book: Book,
    subjects: dict[str, str],
    secrets: list[str],
) -> str:
    """Note in the book what the runs since the cursor ended with; returns the next cursor."""
    after = datetime.fromisoformat(cursor) if cursor else datetime.now(UTC) - LOOK_BACK
    records = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_after=after), order_by="update_timestamp",
        ascending=True, limit=200,
    )  # fmt: skip
    for record in records:
        run = record.dagster_run
        moment = record.update_timestamp.replace(tzinfo=record.update_timestamp.tzinfo or UTC)
        after = max(after, moment)
        if run.tags.get(WILL_RETRY) == "true":
            continue
        text = safe_text(problem_of(instance, run), secrets)
        by_hand = ACCOUNT_TAG not in run.tags
        for subject in subjects_of(run, subjects):
            # Some tables that someone chose, and that went well, prove nothing of the others.
            if text or not by_hand or subject not in subjects.values():
                book.saw(subject, text, moment)
    return after.isoformat()


def announce(book: Book, by: Channels, secrets: list[str], log: Any) -> list[str]:
    """Tell what is to be told; returns sentences on what was done."""
    said: list[str] = []
    for subject, problem in book.pending().items():
        text = safe_text(problem.text, secrets)
        if problem.tries == 0 and problem.over:
            log.info(f"{subject} is fine again; the problem began {problem.since}")
        elif problem.tries == 0:
            log.error(f"{subject} has a problem: {text}")
        failed = book.tell(subject, lambda message: notify(message, by, secrets))
        for way, reason in failed.items():
            log.warning(f"could not tell by {way}, will try again: {reason}")
        ways_used = [name for name in by.names if name not in failed]
        word = "over" if problem.over else "problem"
        said.append(f"{subject}: {word}, told by {', '.join(['log', *ways_used])}")
    return said


def subjects_of(run: dg.DagsterRun, subjects: dict[str, str]) -> list[str]:
    """What a run is about: its accounts, else its job."""
    if account := run.tags.get(ACCOUNT_TAG):
        return [subjects.get(account, account)]
    made = {key.path[0] for key in run.asset_selection or ()}
    judged = {check.asset_key.path[0] for check in run.asset_check_selection or ()}
    # Damage that a verify found is not over because another backup was written.
    backups = {"backup" if GROUP in made else "verify"} if GROUP in made | judged else set()
    named = {subjects.get(key, key) for key in (made | judged) - {GROUP}}
    return sorted(backups | named) or [run.job_name]


def problem_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """What is wrong after a run, in plain words; empty where nothing is."""
    if run.status == dg.DagsterRunStatus.FAILURE:
        return f"{_failure(instance, run)}\nRun {run.run_id[:8]} of {run.job_name}."
    events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    wrong: list[str] = []
    for event in events:
        if event.dagster_event is None:
            continue
        found = event.dagster_event.asset_check_evaluation_data
        if not found.passed and found.severity == dg.AssetCheckSeverity.ERROR:
            wrong.append(f"{found.asset_key.path[-1]}: {found.description or found.check_name}")
    if not wrong:
        return ""
    more = f"\nand {len(wrong) - 10} more" if len(wrong) > 10 else ""
    tables = "1 table is" if len(wrong) == 1 else f"{len(wrong)} tables are"
    return "\n".join([f"{tables} not proved to be whole", *wrong[:10]]) + more


def _failure(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The first step's own words, else what Dagster says of the run."""
    for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
        for event in instance.all_logs(run.run_id, of_type=kind):
            happened = event.dagster_event
            if happened is None:
                continue
            if kind is dg.DagsterEventType.STEP_FAILURE:
                failed = happened.step_failure_data
                if failed.user_failure_data and failed.user_failure_data.description:
                    return failed.user_failure_data.description
                if failed.error is not None:
                    inner = failed.error.cause or failed.error
                    return inner.message.strip().splitlines()[0]
            elif happened.message:
                return happened.message
    return "the run failed without saying why"
