"""Many accounts in one run: one asset for a batch, and each account's failure its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import dagster as dg
import pytest

from pipelines.definitions import definitions
from pipelines.orchestration.batches import batches_of
from pipelines.orchestration.sources import Project, Source
from pipelines.settings.schedule import ScheduleSettings
from tests.kit.account import Bench


def project_of(bench: Bench, names: list[str], per_run: int) -> Project:
    """Accounts of these names, all of the same service."""
    accounts = {name: replace(bench.account, name=name) for name in names}
    settings = replace(
        bench.settings, accounts=accounts, schedule=ScheduleSettings(accounts_per_run=per_run)
    )
    sources = [Source(settings, a, n, number) for number, (n, a) in enumerate(accounts.items())]
    return Project(settings, sources)


@pytest.mark.parametrize(
    ("accounts", "per_run", "sizes"),
    [(49, 0, []), (50, 0, [25, 25]), (51, 0, [25, 25, 1]), (3, 1, []), (3, 2, [2, 1])],
)
def test_accounts_share_runs_from_50_on_or_as_the_settings_say(
    made: Callable[..., Bench], accounts: int, per_run: int, sizes: list[int]
) -> None:
    project = project_of(made("kippt"), [f"a{number}" for number in range(accounts)], per_run)
    assert [len(batch.sources) for batch in batches_of(project.sources)] == sizes


def test_a_batch_is_one_asset_and_one_failing_account_costs_no_other(
    made: Callable[..., Bench], instance: dg.DagsterInstance
) -> None:
    bench = made("kippt", size=3)
    project = project_of(bench, ["one", "two", "dead"], 3)
    dead = project.settings.accounts["dead"]
    wrong = replace(dead, credential={**dead.credential, "token": "wrong"})
    sources = [replace(s, account=wrong) if s.name == "dead" else s for s in project.sources]
    project = replace(project, sources=sources)
    defs = definitions(project)
    keys = defs.resolve_asset_graph().get_all_asset_keys()
    assert {key.to_user_string() for key in keys} == {
        "batches/batch_001",
        "backups/newest",
        "report/page",
    }
    assert {s.name for s in defs.schedules or ()} >= {
        "sync_batch_001",
        "full_pass_batch_001",
    }
    run = defs.resolve_job_def("sync_batch_001").execute_in_process(
        instance=instance, raise_on_error=False
    )
    assert not run.success
    (event,) = run.get_asset_materialization_events()
    table = event.materialization.metadata["accounts"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [(r.data["account"], r.data["status"]) for r in table.records] == [
        ("dead", "failed"), ("one", "complete"), ("two", "complete"),
    ]  # fmt: skip
    said = " ".join(
        entry.user_message + str(entry.dagster_event and entry.dagster_event.event_specific_data)
        for entry in instance.all_logs(run.run_id)
    )
    assert "1 of 3 accounts are not complete: dead: the service refuses" in said
    found = bench.query("SELECT _account, count(*) FROM kippt.lists GROUP BY ALL ORDER BY ALL")
    assert [name for name, _ in found] == ["one", "two"]
