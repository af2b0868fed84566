"""A person is told once per problem and once when it is over, whoever found or ended it."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg
import pytest

from pipelines.orchestration.alert_state import AlertState, Problem
from pipelines.orchestration.alerts import (
    WILL_RETRY,
    alerts_sensor,
    failure_of,
    note_runs,
    send_pending,
    subjects_of,
)
from pipelines.orchestration.backup_report import CHECK_KEY, KEY
from pipelines.orchestration.notify import Message
from pipelines.orchestration.problems import account_problem, current_problems
from pipelines.orchestration.runs import ACCOUNT_TAG
from pipelines.orchestration.sources import Project, read_project
from pipelines.sync.account import sync_account
from sandbox.core.faults import Fault
from tests.kit import first_syncs
from tests.kit.account import Bench
from tests.pipelines.conftest import NOTHING
from warehouse.backup import list_backups, verify_backup, write_backup
from warehouse.store.warehouse import Warehouse

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


# -- once, and once when it is over ---------------------------------------------------------------


def test_a_lasting_problem_is_told_once_and_its_end_once() -> None:
    """24 failed hours are one message; the 25th, good one is the all-clear. Restarts included."""
    told: list[tuple[bool, str]] = []

    def send(message: Message) -> dict[str, str]:
        told.append((message.over, message.text))
        return {}

    cursor: str | None = None
    for hour in range(26):
        state = AlertState.read(cursor)
        state.update({"kinopio": f"down {hour}"} if hour < 24 else {}, NOON)
        for subject in list(state.pending()):
            state.send(subject, send)
        cursor = state.write()
    assert told == [(False, "down 0"), (True, "down 23")]
    assert AlertState.read(cursor).problems == {}


def test_what_could_not_be_told_is_tried_again() -> None:
    """A mail server may be down at the same time."""
    state = AlertState()
    answers = [{"apprise": "no route"}, {}]
    for _ in range(2):
        state.update({"kinopio": "down"}, NOON)
        for subject in list(state.pending()):
            state.send(subject, lambda _: answers.pop(0))
    assert answers == []
    assert not state.pending()


def test_a_problem_that_is_over_before_anybody_knew_is_not_told() -> None:
    """No all-clear without an alarm."""
    state = AlertState()
    state.update({"kinopio": "down"}, NOON)
    state.update({}, NOON)
    assert not state.pending()


def test_a_problem_that_returns_before_its_end_was_told_is_still_the_old_one() -> None:
    """Neither an end nor a second beginning is told."""
    state = AlertState({"kinopio": Problem("down", "10:00", told=True)})
    state.update({}, NOON)
    state.update({"kinopio": "down again"}, NOON)
    assert not state.pending()
    assert state.problems["kinopio"].since == "10:00"


@pytest.mark.parametrize(
    "cursor", ['{"problems": {"kinopio"', '{"problems": {"kinopio": {"x": 1}}}']
)
def test_a_cursor_that_cannot_be_read_begins_anew(cursor: str) -> None:
    """A message too many is better than none."""
    assert AlertState.read(cursor).problems == {}


# -- what is wrong --------------------------------------------------------------------------------

TABLES = ["spaces", "cards", "favorite_colors", "ai_images"]


@dataclass
class Watched:
    """An account that the command line syncs, and what would be told about it."""

    bench: Bench
    project: Project
    instance: dg.DagsterInstance
    state: AlertState = field(default_factory=AlertState)

    def wrong(self) -> dict[str, str]:
        return current_problems(self.project, self.instance, self.state, settled=True)

    def told(self) -> list[str]:
        """What a tick of the sensor tells now."""
        self.state.update(self.wrong(), datetime.now(UTC))
        return send_pending(self.state, self.project.settings, [], logging.getLogger("test"))


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("alerts")
    with first_syncs.synced(folder, "kinopio", size=3, include=TABLES) as found:
        yield found


@pytest.fixture
def watched(
    synced: Bench, instance: dg.DagsterInstance, project_of: Callable[[Bench], Project]
) -> Watched:
    return Watched(synced, project_of(synced), instance)


def test_syncs_of_the_command_line_are_told_and_end_what_they_mend(watched: Watched) -> None:
    """A refused table is one message; a good sync by hand is the all-clear."""
    assert watched.told() == []
    faults = watched.bench.stand_in.faults
    faults.add(Fault("forbidden", match="/user/favorite-colors", times=None))
    watched.bench.sync(full=True)
    watched.bench.sync(full=True)
    assert faults.fired("forbidden") > 0
    faults.clear()
    assert "favorite_colors" in watched.wrong()["kinopio"]
    assert watched.told() == ["kinopio: problem, sent to log"]
    assert watched.told() == []
    watched.bench.sync("cards")
    assert watched.told() == [], "a sync of another table proves nothing of this one"
    watched.bench.sync(full=True)
    assert watched.told() == ["kinopio: over, sent to log"]


def test_a_dead_key_is_told_in_the_words_of_the_error(watched: Watched) -> None:
    """One line that says what to do, not one for each table."""
    dead = replace(watched.bench.account, credential=MappingProxyType({"token": "dead-4711"}))
    sync_account(watched.bench.settings, dead)
    assert "KINOPIO_API_KEY" in watched.wrong()["kinopio"]
    assert "\n" not in watched.wrong()["kinopio"]
    watched.bench.sync()
    assert watched.wrong() == {}


def test_an_account_without_credential_is_told_with_its_variable(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Also before its first sync: nothing is left out in silence."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    project = read_project(tmp_path, NOTHING)
    context = dg.build_sensor_context(instance)
    tick = alerts_sensor(project).evaluate_tick(context)
    assert "kinopio: problem" in (tick.skip_message or "")
    assert "KINOPIO_API_KEY" in (tick.cursor or "")


def test_a_warehouse_that_cannot_be_read_begins_and_ends_nothing(watched: Watched) -> None:
    """Somebody has it open for writing, kollect's own copy too: what was wrong stays so, what was
    well too."""
    watched.state.update({"kinopio": "down"}, NOON)
    elsewhere = (
        "import duckdb, sys; c = [duckdb.connect(file) for file in sys.argv[1:]]; "
        "print('open', flush=True); input()"
    )
    file = watched.bench.warehouse
    with subprocess.Popen(
        [sys.executable, "-c", elsewhere, str(file), str(Warehouse(file).writer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert watched.wrong() == {"kinopio": "down"}
        watched.state.problems.clear()
        assert watched.wrong() == {}
        other.communicate("\n")


def test_syncs_that_stopped_are_told_after_a_day(watched: Watched) -> None:
    """A schedule that does not run at all fails nowhere: the age of the proofs shows it."""
    source = watched.project.sources[0]
    late = datetime.now(UTC) + timedelta(hours=30)
    assert "last proved complete" in account_problem(source, late)
    assert account_problem(source, late, ignore_late=True) == ""


def test_a_damaged_backup_is_told_until_a_later_verification_is_good(watched: Watched) -> None:
    """Writing another backup does not end it; the verification of that one does."""
    settings = watched.project.settings
    place = write_backup(settings)
    parquet = max(place.rglob("*.parquet"), key=lambda p: p.stat().st_size)
    parquet.chmod(0o644)
    parquet.write_bytes(parquet.read_bytes()[:-9] + b"012345678")
    verify_backup(place, depth="full", raise_damage=False)
    assert "is damaged" in watched.wrong()["verify"]
    second = write_backup(settings)
    assert "verify" in watched.wrong()
    verify_backup(second, depth="full", raise_damage=False)
    assert "verify" not in watched.wrong()
    assert len(list_backups(settings)) == 2


# -- runs of Dagster's ----------------------------------------------------------------------------


def one_run(instance: dg.DagsterInstance, outcome: str, **tags: str) -> dg.DagsterRun:
    """A run of one asset that ends well, or not."""
    key = dg.AssetKey(["kinopio", "cards"])

    def cards() -> Any:
        if outcome == "fail":
            raise dg.Failure("kinopio: the key abc-secret is refused. Make a new one.")
        if outcome == "crash":
            raise ZeroDivisionError("abc-secret by zero")
        return dg.MaterializeResult()

    cards.__annotations__.clear()
    result = dg.materialize(
        [dg.asset(key=key)(cards)],
        instance=instance,
        raise_on_error=False,
        tags={ACCOUNT_TAG: "kinopio", **tags},
    )
    return result.dagster_run


def test_a_run_that_failed_without_the_ledger_knowing_is_told(watched: Watched) -> None:
    """A crash leaves no sync in the ledger; the next sync, by whoever, ends it."""
    one_run(watched.instance, "crash")
    note_runs(watched.instance, watched.state, watched.project, ["abc-secret"])
    text = watched.wrong()["kinopio"]
    assert text.startswith("ZeroDivisionError: *** by zero")
    assert "abc-secret" not in watched.state.write()
    watched.bench.sync()
    assert watched.wrong() == {}


def test_a_good_run_ends_the_failure_of_the_one_before(watched: Watched) -> None:
    """No look at the same run twice."""
    for outcome in ("fail", "good"):
        one_run(watched.instance, outcome)
        note_runs(watched.instance, watched.state, watched.project, [])
    assert watched.state.failures == {}


def test_an_account_that_was_taken_out_has_no_problem(watched: Watched) -> None:
    """Its last failed run is told no more; that of another job is."""
    one_run(watched.instance, "fail", **{ACCOUNT_TAG: "gone"})
    note_runs(watched.instance, watched.state, watched.project, [])
    watched.state.failures["remove_old_runs"] = watched.state.failures["gone"]
    assert set(watched.wrong()) == {"remove_old_runs"}


def test_a_run_that_dagster_starts_again_by_itself_is_not_told_yet(watched: Watched) -> None:
    """The outcome of its retry counts."""
    one_run(watched.instance, "fail", **{WILL_RETRY: "true"})
    note_runs(watched.instance, watched.state, watched.project, [])
    assert watched.state.failures == {}


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("fail", "kinopio: the key abc-secret is refused. Make a new one."),
        ("crash", "ZeroDivisionError: abc-secret by zero"),
    ],
)
def test_a_failure_is_told_in_its_first_line(
    instance: dg.DagsterInstance, outcome: str, text: str
) -> None:
    """No stack of code, but which run it was."""
    run = one_run(instance, outcome)
    lines = failure_of(instance, run).splitlines()
    assert lines[0] == text
    assert lines[1].startswith(f"Run {run.run_id[:8]} of ")


def test_a_run_is_about_its_accounts_the_backup_or_its_job() -> None:
    """By tag, by the assets that were chosen by hand, else by the job."""
    names = {"a": "A"}
    assert subjects_of(dg.DagsterRun("sync_a", tags={ACCOUNT_TAG: "a"}), names) == ["A"]
    cards = frozenset({dg.AssetKey(["a", "cards"])})
    assert subjects_of(dg.DagsterRun("__ASSET_JOB", asset_selection=cards), names) == ["A"]
    newest = frozenset({KEY})
    assert subjects_of(dg.DagsterRun("backup", asset_selection=newest), {}) == ["backup"]
    check = frozenset({CHECK_KEY})
    assert subjects_of(dg.DagsterRun("verify", asset_check_selection=check), {}) == ["verify"]
    assert subjects_of(dg.DagsterRun("remove_old_runs"), {}) == ["remove_old_runs"]
