"""Backup, pruning and verify as Dagster runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg

from pipelines.dagster_upkeep import backup_job, verify_job
from tests.support import Bench


def test_the_nightly_job_writes_a_backup_that_the_weekly_one_proves(
    made: Callable[..., Bench], tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Damage turns the weekly job red with one line."""
    bench = made("kinopio", size=3)
    bench.sync("favorite_colors")
    settings = replace(bench.settings, backup_dir=tmp_path / "backups")
    assert backup_job(settings).execute_in_process(instance=instance).success
    backups = [p for p in settings.backup_dir.iterdir() if not p.name.startswith(".")]
    assert len(backups) == 1
    assert verify_job(settings).execute_in_process(instance=instance).success
    parquet = max(backups[0].rglob("*.parquet"), key=lambda p: p.stat().st_size)
    parquet.chmod(0o644)
    parquet.write_bytes(parquet.read_bytes()[:-9] + b"012345678")
    broken = verify_job(settings).execute_in_process(instance=instance, raise_on_error=False)
    assert not broken.success


def test_without_a_backup_the_weekly_job_says_what_to_do(
    made: Callable[..., Bench], tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Red, since a verify that verified nothing proves nothing."""
    settings = replace(made("kinopio", size=3).settings, backup_dir=tmp_path / "none")
    result = verify_job(settings).execute_in_process(instance=instance, raise_on_error=False)
    failed = result.failure_data_for_node("verify_backup")
    assert failed is not None
    assert failed.user_failure_data is not None
    assert "kollect backup" in (failed.user_failure_data.description or "")
