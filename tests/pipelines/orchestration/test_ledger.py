"""The ledger is the one truth: what the command line did shows in Dagster, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import dagster as dg
import pytest

from pipelines.orchestration.assets import account_assets
from pipelines.orchestration.backup_report import CHECK_KEY, KEY
from pipelines.orchestration.backups import backup_assets
from pipelines.orchestration.ledger import Event, Reported, ledger_sensor, new_events
from pipelines.orchestration.sources import Project, Source
from pipelines.sync.account import sync_account
from sandbox.core.faults import Fault
from tests.kit import first_syncs
from tests.kit.account import Bench
from warehouse.backup import verify_backup, write_backup

TABLES = ["spaces", "cards", "favorite_colors", "ai_images"]


@dataclass
class Shown:
    """An account that only the command line syncs, and the reports of the sensor about it."""

    bench: Bench
    project: Project
    instance: dg.DagsterInstance
    reported: Reported = field(default_factory=Reported)

    def events(self, later: timedelta = timedelta()) -> list[Event]:
        """What the sensor reports now, or later."""
        now = datetime.now(UTC) + later
        return new_events(self.project, self.instance, self.reported, now)

    @property
    def source(self) -> Source:
        return self.project.sources[0]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("ledger")
    with first_syncs.synced(folder, "kinopio", size=3, include=TABLES) as found:
        yield found


@pytest.fixture
def shown(
    synced: Bench, instance: dg.DagsterInstance, project_of: Callable[[Bench], Project]
) -> Shown:
    return Shown(synced, project_of(synced), instance)


def told(events: list[Event]) -> Mapping[str, dg.MetadataValue]:
    """The metadata of the summary that the page of the asset shows."""
    found = [e for e in events if isinstance(e, dg.AssetMaterialization)]
    return next(e.metadata for e in found if e.asset_key.path[-1] == "summary")


def materialized(events: list[Event]) -> set[str]:
    return {e.asset_key.path[-1] for e in events if isinstance(e, dg.AssetMaterialization)}


def evaluations(events: list[Event]) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    found = [e for e in events if isinstance(e, dg.AssetCheckEvaluation)]
    return {(e.asset_key.path[-1], e.check_name): e for e in found}


def test_a_sync_of_the_command_line_shows_with_all_its_checks(shown: Shown) -> None:
    """Every table is materialized and proved, and the summary calls the account safe; once."""
    events = shown.events()
    assert materialized(events) == {*shown.source.tables, "summary"}
    checks = evaluations(events)
    assert all(checks[table, "is_everything_here"].passed for table in shown.source.tables)
    assert checks["summary", "is_the_data_safe"].passed
    cards = next(e for e in events if e.asset_key == shown.source.key("cards"))
    assert isinstance(cards, dg.AssetMaterialization)
    assert cards.metadata["dagster/row_count"].value == len(shown.bench.rows("cards"))
    assert shown.events() == []


def test_dagster_keeps_the_reports_as_its_own_events(shown: Shown) -> None:
    """Through the sensor, as the daemon runs it: a materialized asset with passed checks."""
    sensor = ledger_sensor(shown.project)
    defs = dg.Definitions(assets=[account_assets(shown.source)], sensors=[sensor])
    context = dg.build_sensor_context(shown.instance, definitions=defs)
    tick = sensor.evaluate_tick(context)
    for event in tick.asset_events:
        shown.instance.report_runless_asset_event(event)
    for table in shown.source.tables:
        assert shown.instance.get_latest_materialization_event(shown.source.key(table)), table
    again = dg.build_sensor_context(shown.instance, cursor=tick.cursor, definitions=defs)
    assert sensor.evaluate_tick(again).asset_events == []


def test_a_clean_full_pass_turns_red_checks_green(shown: Shown) -> None:
    """A check that failed after a bad sync follows the next good one of the command line."""
    faults = shown.bench.stand_in.faults
    shown.events()
    faults.add(Fault("forbidden", match="/user/favorite-colors", times=None))
    assert shown.bench.sync(full=True).status == "partial"
    assert faults.fired("forbidden") > 0
    faults.clear()
    red = shown.events()
    assert "favorite_colors" not in materialized(red)
    assert not evaluations(red)["favorite_colors", "is_everything_here"].passed
    assert evaluations(red)["summary", "is_the_data_safe"].metadata["verdict"].value == "incomplete"
    assert shown.bench.sync(full=True).status == "complete"
    green = shown.events()
    assert "favorite_colors" in materialized(green)
    assert evaluations(green)["favorite_colors", "is_everything_here"].passed
    assert evaluations(green)["summary", "is_the_data_safe"].passed


def test_a_run_of_dagster_is_not_reported_a_second_time(shown: Shown) -> None:
    """Its own events are enough, also when several syncs ended in it."""
    shown.events()
    assert dg.materialize([account_assets(shown.source)], instance=shown.instance).success
    assert shown.events() == []


def test_an_account_that_dagster_reads_at_the_moment_is_left_alone(shown: Shown) -> None:
    """The run reports its syncs itself when it is through."""
    job = dg.define_asset_job("sync_kinopio", tags={"kollect/account": "kinopio"})
    defs = dg.Definitions(assets=[account_assets(shown.source)], jobs=[job])
    run = shown.instance.create_run_for_job(
        defs.resolve_job_def("sync_kinopio"), status=dg.DagsterRunStatus.STARTED,
        tags={"kollect/account": "kinopio"},
    )  # fmt: skip
    assert shown.events() == []
    shown.instance.delete_run(run.run_id)
    assert shown.events()


def test_a_dead_key_materializes_nothing_and_turns_every_table_red(shown: Shown) -> None:
    """A failed read moves no date: the checks say since when nothing was proved, and why."""
    shown.events()
    dead = replace(shown.bench.account, credential=MappingProxyType({"token": "dead-4711"}))
    sync_account(shown.bench.settings, dead)
    events = shown.events()
    assert materialized(events) == {"summary"}
    verdict = told(events)
    assert verdict["verdict"].value == "incomplete"
    assert "refuses the credential" in str(verdict["needs attention"].value)
    checks = evaluations(events)
    for table in set(TABLES) - {"ai_images"}:  # full passes alone read those
        assert not checks[table, "is_everything_here"].passed, table
        assert "last proved complete 20" in (checks[table, "is_everything_here"].description or "")
    assert not checks["summary", "is_the_data_safe"].passed
    assert not any("dead-4711" in str(event) for event in events)
    shown.bench.sync()


def test_time_alone_makes_an_account_stale(shown: Shown) -> None:
    """Hourly syncs that stopped: a day later every table that they read fails, reported once."""
    shown.events()
    stale = evaluations(shown.events(timedelta(hours=30)))
    assert "last proved complete" in (stale["cards", "is_everything_here"].description or "")
    assert not stale["cards", "is_everything_here"].passed
    assert stale["summary", "is_the_data_safe"].metadata["verdict"].value == "stale"
    assert shown.events(timedelta(hours=30)) == []


def test_what_was_proved_long_ago_never_counts_as_fresh(shown: Shown) -> None:
    """Dagster counts from the report: an old load is an observation, not a materialization."""
    events = shown.events(timedelta(days=30))
    assert materialized(events) == {"summary"}
    observed = {e.asset_key.path[-1] for e in events if isinstance(e, dg.AssetObservation)}
    assert observed == set(shown.source.tables)


def test_backups_and_proofs_of_the_command_line_show_once(shown: Shown) -> None:
    """Written, then verified; those that Dagster makes are not repeated."""
    shown.events()
    place = write_backup(shown.project.settings)
    (written,) = shown.events()
    assert isinstance(written, dg.AssetMaterialization)
    assert written.asset_key == KEY
    assert place.name in str(written.metadata["get it back with"].value)
    verify_backup(place)
    (proved,) = shown.events()
    assert isinstance(proved, dg.AssetCheckEvaluation)
    assert (proved.asset_check_key, proved.passed) == (CHECK_KEY, True)
    assert dg.materialize([backup_assets(shown.project)], instance=shown.instance).success
    assert shown.events() == []
