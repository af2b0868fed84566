"""dagster.yaml: where things are kept, what runs beside what, and who notices a dead process."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import yaml

from tests.pipelines.conftest import ROOT


def test_everything_is_kept_in_one_hidden_folder(configured: dg.DagsterInstance) -> None:
    """The folder of the settings stays clean."""
    configured.get_runs()
    configured.all_instigator_state()
    home = Path(configured.root_directory)
    assert home.name == ".dagster"
    assert (home / "storage").is_dir()
    assert [place.name for place in home.parent.iterdir()] == [".dagster"]


def test_nothing_is_sent_to_anybody(configured: dg.DagsterInstance) -> None:
    """No telemetry, no newsletter."""
    assert configured.telemetry_enabled is False
    assert configured.nux_enabled is False


def test_an_account_runs_once_and_accounts_run_side_by_side(
    configured: dg.DagsterInstance,
) -> None:
    """A second run waits in the queue and holds nothing meanwhile."""
    settings = configured.get_concurrency_config()
    assert settings.pool_config.default_pool_limit == 1
    assert str(settings.pool_config.pool_granularity).endswith("RUN")
    assert settings.run_queue_config is not None
    assert settings.run_queue_config.max_concurrent_runs >= 5


def test_crashed_workers_are_noticed_and_only_they_are_retried(
    configured: dg.DagsterInstance,
) -> None:
    """A refused key is not asked again and again."""
    assert configured.run_monitoring_enabled
    assert configured.run_retries_enabled
    assert configured.run_retries_retry_on_asset_or_op_failure is False


def test_ticks_do_not_pile_up() -> None:
    """A sensor that looks twice a minute would fill the disk."""
    values = yaml.safe_load((ROOT / "dagster.yaml").read_text())["retention"]
    assert set(values) == {"schedule", "sensor", "auto_materialize"}
    for kind, kept in values.items():
        assert all(0 < days <= 90 for days in kept["purge_after_days"].values()), kind


def test_freshness_is_switched_on() -> None:
    """Policies are shown as such."""
    assert "freshness:\n  enabled: true" in (ROOT / "dagster.yaml").read_text()


def test_no_private_part_of_dagster_is_named() -> None:
    """Neither imports nor settings: an upgrade within Dagster 1 breaks nothing of ours."""
    private = re.compile(r"\bdagster\w*\._\w+")
    places = [ROOT / "dagster.yaml", *(ROOT / "pipelines").rglob("*.py")]
    places += [*(ROOT / "tests").rglob("*.py"), *(ROOT / "deploy").iterdir()]
    found = [str(p.relative_to(ROOT)) for p in places if private.search(p.read_text())]
    assert found == []
