"""Whole syncs with `[scale] control`: leases, the fence within the load, and nothing without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import AccountBusy
from pipelines.sync.result import Progress
from pipelines.sync.runtime import Runtime
from tests.kit.account import Bench

ROOT = Path(__file__).parents[2]


def scaled(bench: Bench, address: str) -> Bench:
    """The bench with a control database in its settings."""
    text = bench.settings_file.read_text()
    bench.settings_file.write_text(f'{text}\n[scale]\ncontrol = "{address}"\n')
    return bench


def test_a_sync_with_a_control_database_equals_the_truth(
    made: Callable[..., Bench], address: str, machine: Callable[..., Any]
) -> None:
    """Rows as without it; the budget is a row of the database, and no lease stays."""
    bench = scaled(made("kippt", rate=[{"limit": 500, "seconds": 1}]), address)
    assert bench.sync().status == "complete"
    bench.assert_true()
    assert not list((bench.folder / ".kollect").glob("rates/*"))
    database = machine().database
    booked = database.execute("SELECT name, cardinality(times) FROM kollect.rates").fetchall()
    assert booked[0][0] == "kippt" and booked[0][1] >= bench.stand_in.count() > 0
    held = database.execute("SELECT name, holder FROM kollect.leases").fetchall()
    assert held == [("account kippt", "")]


def test_an_account_that_another_machine_syncs_is_busy(
    made: Callable[..., Bench], address: str, machine: Callable[..., Any]
) -> None:
    """The other machine shares no file with this one."""
    bench = scaled(made("kippt"), address)
    with (
        machine().lease("account kippt", timeout_seconds=0),
        pytest.raises(AccountBusy, match="is being synced by process"),
    ):
        bench.sync(runtime=Runtime(account_wait_seconds=0.0))
    assert bench.stand_in.count() == 0


def test_a_sync_whose_account_was_taken_over_commits_no_row(
    made: Callable[..., Bench], address: str, machine: Callable[..., Any]
) -> None:
    """The token is checked within the transaction of the load; the next sync is whole."""
    bench = scaled(made("kippt"), address)
    taken: list[Any] = []

    def take_over(progress: Progress) -> None:
        if progress.kind == "request" and bench.stand_in.count() >= 2 and not taken:
            thief = machine(lease_seconds=0.0)
            taken.append(thief.lease("account kippt", timeout_seconds=5))
            taken[0].__enter__()

    with pytest.raises(AccountBusy, match="account kippt was taken over by process"):
        bench.sync(runtime=Runtime(progress=take_over))
    assert not bench.warehouse.exists()
    taken[0].__exit__(None, None, None)
    assert bench.sync().status == "complete"
    bench.assert_true()


def test_without_the_block_nothing_of_it_is_imported(tmp_path: Path) -> None:
    """Neither its packages nor its modules, by a command that reads settings and opens a sync."""
    program = (
        "import sys, pipelines.cli.sync, pipelines.cli.query, pipelines.sync.probe\n"
        "import pipelines.settings\n"
        "pipelines.settings.read_settings()\n"
        "found = [n for n in sys.modules if n.split('.')[0] in ('psycopg', 'obstore')"
        " or '.scale.' in n]\n"
        "sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
