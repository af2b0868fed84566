"""Dagster's history: quick to write, Dagster's own to read, and gone when it is deleted."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.test_utils import create_run_for_test

from pipelines.orchestration.run_retention import thin_out_runs
from pipelines.orchestration.storage import WarmEventLog
from tests.pipelines.conftest import ROOT

KEY = dg.AssetKey(["kinopio", "cards"])


@dg.asset(key=KEY, check_specs=[dg.AssetCheckSpec("fine", asset=KEY)])
def cards() -> dg.MaterializeResult:  # type: ignore[type-arg]
    """An asset with a check, whose process prints a line."""
    print("hello")
    return dg.MaterializeResult(
        metadata={"rows": 7}, check_results=[dg.AssetCheckResult(passed=True)]
    )


def opened(folder: Path, *, own: bool = False) -> dg.DagsterInstance:
    """The instance of dagster.yaml in a folder; with `own`, on Dagster's own storage."""
    values = yaml.safe_load((ROOT / "dagster.yaml").read_text().replace(" .dagster", f" {folder}"))
    if own:
        values["storage"] = {"sqlite": values["storage"]["custom"]["config"]}
    (folder / "dagster.yaml").write_text(yaml.safe_dump(values))
    return dg.DagsterInstance.from_config(str(folder))


def rows_of(instance: dg.DagsterInstance) -> list[object]:
    found = instance.fetch_materializations(KEY, limit=10).records
    return [
        r.asset_materialization.metadata["rows"].value for r in found if r.asset_materialization
    ]


@pytest.mark.parametrize("own_first", [False, True])
def test_each_storage_reads_what_the_other_wrote(tmp_path: Path, own_first: bool) -> None:
    """Whoever goes back to Dagster's own storage keeps the history, and the other way round."""
    with opened(tmp_path, own=own_first) as first:
        run = dg.materialize([cards], instance=first)
        events = [e.to_json() for e in first.all_logs(run.run_id)]
        assert isinstance(first.event_log_storage, WarmEventLog) is not own_first
    with opened(tmp_path, own=not own_first) as second:
        assert [e.to_json() for e in second.all_logs(run.run_id)] == events
        assert rows_of(second) == [7]
        dg.materialize([cards], instance=second)
    with opened(tmp_path, own=own_first) as third:
        assert rows_of(third) == [7, 7]


def test_a_page_that_watches_a_run_sees_its_events_as_they_come(tmp_path: Path) -> None:
    """Another process writes, this one is told; looking is no change that would be told."""
    with opened(tmp_path) as writer, opened(tmp_path) as page:
        run = create_run_for_test(writer, "sync")
        writer.report_engine_event("first", run)
        seen: list[str] = []

        def told(entry: dg.EventLogEntry, _: str) -> None:
            seen.append(entry.message)

        cursor = page.get_records_for_run(run.run_id).cursor
        page.watch_event_logs(run.run_id, cursor, told)
        try:
            for text in ("second", "third"):
                writer.report_engine_event(text, run)
                deadline = time.monotonic() + 10
                while text not in seen and time.monotonic() < deadline:
                    time.sleep(0.02)
                assert text in seen
            before = Path(page.event_log_storage.path_for_shard(run.run_id)).stat().st_mtime_ns  # type: ignore[attr-defined]
            page.all_logs(run.run_id)
            after = Path(page.event_log_storage.path_for_shard(run.run_id)).stat().st_mtime_ns  # type: ignore[attr-defined]
            assert before == after
        finally:
            page.end_watch_event_logs(run.run_id, told)


def test_two_runs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Accounts run side by side, and each event counts."""
    with opened(tmp_path) as one, opened(tmp_path) as other:
        runs = [create_run_for_test(i, "sync") for i in (one, other)]

        def write(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
            for number in range(60):
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(KEY, metadata={"rows": number})
                )
                instance.report_engine_event(f"event {number}", run)

        threads = [
            threading.Thread(target=write, args=pair)
            for pair in zip((one, other), runs, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(one.fetch_materializations(KEY, limit=500).records) == 120
        assert [len(other.all_logs(run.run_id)) for run in runs] == [60, 60]


def test_a_run_that_is_thinned_out_leaves_no_file(tmp_path: Path) -> None:
    """Hourly runs of years would fill the disk, a tenth of a megabyte each."""
    with opened(tmp_path) as instance:
        runs = [dg.materialize([cards], instance=instance).run_id for _ in range(3)]

        def files_of(run_id: str) -> list[Path]:
            return [p for p in tmp_path.rglob("*") if p.is_file() and run_id in str(p)]

        assert all(files_of(run_id) for run_id in runs)
        assert thin_out_runs(instance, datetime.now(UTC) + timedelta(days=5)) == 2
        assert [bool(files_of(run_id)) for run_id in runs] == [False, False, True]
        assert rows_of(instance)
        assert dg.materialize([cards], instance=instance).success
