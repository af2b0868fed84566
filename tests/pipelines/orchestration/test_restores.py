"""A restore into a service as a job of Dagster: the plan before anything is written, the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.orchestration.restores import OP, restore_job
from pipelines.orchestration.sources import Project, Source
from tests.kit.give_back import Restoring, backed_up


@pytest.fixture
def restoring(tmp_path: Path) -> Iterator[Restoring]:
    with backed_up(tmp_path, "kippt") as made:
        yield made


def run(
    restoring: Restoring, instance: dg.DagsterInstance, **config: Any
) -> dg.ExecuteInProcessResult:
    bench = restoring.bench
    project = Project(bench.settings, [Source(bench.settings, bench.account, "kippt", 0)])
    return restore_job(project).execute_in_process(
        instance=instance, raise_on_error=False, run_config={"ops": {OP: {"config": config}}}
    )


def shown(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> dict[str, Any]:
    """What the only event of this kind shows."""
    (event,) = [event for event in result.all_events if event.event_type is kind]
    data: Any = event.event_specific_data
    found = getattr(data, "materialization", None) or data.asset_observation
    assert found.asset_key.path == ["kippt", "restores"]
    return {name: value.value for name, value in found.metadata.items()}


def test_the_job_shows_a_plan_and_with_apply_writes_and_shows_the_report(
    restoring: Restoring, instance: dg.DagsterInstance
) -> None:
    restoring.lose("part")
    planned = run(restoring, instance, into="kippt")
    assert planned.success
    assert restoring.writes() == 0
    plan = shown(planned, dg.DagsterEventType.ASSET_OBSERVATION)
    assert plan["requests"] > 0
    assert "clips" in plan["tables"]
    assert "its id" in plan["what of records does not come back"]
    assert not planned.get_asset_materialization_events()
    done = run(restoring, instance, into="kippt", apply=True)
    assert done.success
    assert restoring.writes() == plan["requests"]
    report = shown(done, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert "found in the service afterwards" in report["outcome"]
    assert Path(report["page"]).read_text().startswith("<!doctype html>")


def test_a_wrong_account_fails_in_one_line_that_names_the_accounts(
    restoring: Restoring, instance: dg.DagsterInstance
) -> None:
    result = run(restoring, instance, into="kipt", apply=True)
    assert not result.success
    failed = result.failure_data_for_node(OP)
    assert failed is not None
    assert failed.user_failure_data is not None
    assert "no account kipt; did you mean 'kippt'?" in (failed.user_failure_data.description or "")
    assert restoring.writes() == 0
