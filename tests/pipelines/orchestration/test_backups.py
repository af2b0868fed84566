"""Backup, pruning and verify as Dagster runs them, and what the page then says of the backup."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.orchestration.alerts import failure_of, subjects_of
from pipelines.orchestration.backup_report import CHECK, KEY
from pipelines.orchestration.backups import backup_assets, backup_job, verify_job
from pipelines.orchestration.progress import StepLog
from pipelines.orchestration.sources import Project
from pipelines.settings import Settings
from tests.kit.account import Bench, bench
from warehouse.backup import list_backups, write_backup
from warehouse.backup.encrypt import new_key
from warehouse.progress import Step, size_text


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("backups"), "kinopio", size=3) as found:
        found.sync("favorite_colors")
        yield found


@pytest.fixture
def project(synced: Bench, project_of: Callable[[Bench], Project]) -> Project:
    return project_of(synced)


def run(
    project: Project, instance: dg.DagsterInstance, job: Callable[[], Any]
) -> dg.ExecuteInProcessResult:
    """The job of the definitions, in this process."""
    defs = dg.Definitions(
        assets=[backup_assets(project)], jobs=[job()], executor=dg.in_process_executor
    )
    made = defs.resolve_job_def(job().name)
    return made.execute_in_process(instance=instance, raise_on_error=False)


def figures_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def log_of(result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance) -> list[str]:
    return [entry.user_message for entry in instance.all_logs(result.run_id)]


def said_by(result: dg.ExecuteInProcessResult) -> str:
    failed = result.failure_data_for_node("write_and_verify_backup")
    assert failed is not None
    assert failed.user_failure_data is not None
    return failed.user_failure_data.description or ""


def damage(settings: Settings) -> str:
    """Change some bytes of the newest backup; returns the name of the file."""
    newest = list_backups(settings)[-1].path
    parquet = max(newest.rglob("*.parquet"), key=lambda p: p.stat().st_size)
    parquet.chmod(0o644)
    parquet.write_bytes(parquet.read_bytes()[:-9] + b"012345678")
    return parquet.name


def test_the_nightly_job_writes_a_backup_that_the_weekly_one_proves(
    project: Project, instance: dg.DagsterInstance
) -> None:
    """The asset shows its size and how to get it back; the check says what was read."""
    written = run(project, instance, backup_job)
    assert written.success
    (backup,) = list_backups(project.settings)
    figures = figures_of(written)
    assert figures["dagster/row_count"] == backup.rows > 0  # type: ignore[operator]
    assert figures["size"] == size_text(backup.bytes)
    assert figures["since the backup before"] == "this is the first"
    assert backup.name in figures["get it back with"]
    assert not written.get_asset_check_evaluations()
    proved = run(project, instance, verify_job)
    (check,) = proved.get_asset_check_evaluations()
    assert check.passed
    assert check.metadata["size"].value == size_text(backup.bytes)
    assert list_backups(project.settings)[-1].proof.startswith("full ")
    assert not proved.get_asset_materialization_events()


def test_damage_turns_the_weekly_job_red_and_is_told(
    project: Project, instance: dg.DagsterInstance
) -> None:
    """The run fails in one line, the check names each file, a person gets the same words."""
    run(project, instance, backup_job)
    name = damage(project.settings)
    result = run(project, instance, verify_job)
    assert not result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert name in str(check.metadata["what is damaged"].value)
    assert name in said_by(result)
    ended = instance.get_run_by_id(result.run_id)
    assert ended is not None
    assert name in failure_of(instance, ended)
    assert subjects_of(ended, {}) == ["verify"]


@pytest.mark.slow
def test_the_backup_after_a_damaged_one_is_whole_again(
    project: Project, instance: dg.DagsterInstance
) -> None:
    """Nothing damaged is taken over."""
    run(project, instance, backup_job)
    damage(project.settings)
    assert not run(project, instance, verify_job).success
    assert run(project, instance, backup_job).success
    assert run(project, instance, verify_job).success


def test_pruning_follows_the_rules_and_says_what_went(
    project: Project, instance: dg.DagsterInstance
) -> None:
    """The true names and counts are in the log and among the figures."""
    project = replace(project, settings=replace(project.settings, keep={"daily": 1}))
    earlier = datetime.now(UTC) - timedelta(hours=23)
    old = write_backup(project.settings, now=lambda: earlier).name
    result = run(project, instance, backup_job)
    assert result.success
    left = [each.name for each in list_backups(project.settings)]
    assert len(left) == 1 and old not in left
    figures = figures_of(result)
    assert (figures["backups kept"], figures["backups removed"]) == (1, 1)
    assert any(f"removed 1: {old}" in line for line in log_of(result, instance))
    again = run(project, instance, backup_job)
    assert again.success
    assert "0 rows added, 0 changed, 0 deleted" in figures_of(again)["since the backup before"]


def test_without_a_backup_the_weekly_job_says_what_to_do(
    project: Project, instance: dg.DagsterInstance
) -> None:
    """Red, since a verify that verified nothing proves nothing."""
    result = run(project, instance, verify_job)
    assert not result.success
    assert "kollect backup" in said_by(result)
    assert not project.settings.backup_dir.exists()


def test_without_a_warehouse_a_backup_by_hand_says_what_to_do(
    project: Project, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """The schedule skips such a night; whoever presses the button reads one line."""
    project = replace(
        project, settings=replace(project.settings, warehouse=tmp_path / "kollect.duckdb")
    )
    result = run(project, instance, backup_job)
    assert not result.success
    assert "kollect sync" in said_by(result)
    assert "\n" not in said_by(result)


def test_a_key_in_dotenv_encrypts_the_backups_of_dagster_too(
    project: Project, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """As `kollect backup` does; the key itself is in no event."""
    secret = tmp_path / "key"
    new_key(secret)
    text = next(x for x in secret.read_text().splitlines() if x.startswith("AGE-SECRET"))
    (tmp_path / ".env").write_text(f"KOLLECT_BACKUP_KEY={text}\n")
    project = replace(project, settings=replace(project.settings, file=tmp_path / "kollect.toml"))
    written = run(project, instance, backup_job)
    assert written.success
    assert figures_of(written)["encrypted"] is True
    assert list_backups(project.settings)[-1].encrypted
    proved = run(project, instance, verify_job)
    assert proved.success
    for result in (written, proved):
        shown = json.dumps([entry.to_json() for entry in instance.all_logs(result.run_id)])
        assert text not in shown
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")  # and with it the key is not to be read
    plain = run(project, instance, backup_job)
    assert "is encrypted, but no key is set" in said_by(plain)
    assert len(list_backups(project.settings)) == 1, "no plain backup beside the encrypted one"


def test_materializing_by_hand_writes_and_verifies(
    project: Project, instance: dg.DagsterInstance
) -> None:
    """One button: a new backup, and its proof."""
    result = dg.materialize([backup_assets(project)], instance=instance)
    assert [e.asset_key for e in result.get_asset_materialization_events()] == [KEY]
    assert [c.check_name for c in result.get_asset_check_evaluations()] == [CHECK]


def test_a_long_backup_says_a_line_every_few_seconds() -> None:
    """Steps are thinned out; problems come at once."""
    said: list[str] = []

    class Log:
        def info(self, text: str) -> None:
            said.append(text)

        warning = info

    now = [0.0]
    tell = StepLog(Log(), lambda: now[0])
    for number in range(120):
        now[0] += 1 / 8
        tell(Step("bytes", "reading", number, 200))
    assert said == ["reading (19 %)", "reading (39 %)", "reading (59 %)"]
    tell(Step("problem", "2026 is of no use"))
    assert said[-1] == "2026 is of no use"
