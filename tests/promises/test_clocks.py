"""A clock that cannot be right is refused before anything is written; one that was wrong is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.core.errors import WarehouseProblem
from pipelines.status import account_status
from pipelines.sync.account import sync_account
from pipelines.sync.result import AccountResult
from tests.kit.account import Bench, sampled
from warehouse.backup.write import write_backup
from warehouse.store.warehouse import Warehouse

LEDGER = "SELECT table_name, loaded_at, complete FROM _kollect.loads ORDER BY ALL"


def sync_at(bench: Bench, now: datetime, *, service_knows: bool = True) -> AccountResult:
    """A sync whose clock says `now`, while the service goes by the true time."""
    if service_knows:
        bench.stand_in.wall_clock = lambda: datetime.now(UTC).timestamp()
    runtime = replace(bench.runtime, now=lambda: now)
    return sync_account(bench.settings, bench.account, runtime=runtime)


@pytest.mark.parametrize("service", sampled("kippt"))
@pytest.mark.parametrize(
    "days",
    [pytest.param(400, id="ahead"), pytest.param(-400, id="behind", marks=pytest.mark.slow)],
)
def test_a_clock_that_the_service_contradicts_writes_nothing(
    made: Callable[..., Bench], synced: Callable[..., Bench], service: str, days: int
) -> None:
    """In a first sync and in a later one; with the right clock everything goes on."""
    at = made(service, size=3)
    wrong = datetime.now(UTC) + timedelta(days=days)
    with pytest.raises(WarehouseProblem, match="the clock says"):
        sync_at(at, wrong)
    assert not at.warehouse.exists()
    at = synced(service, size=3)
    before = at.query(LEDGER)
    at.world.change(3)
    with pytest.raises(WarehouseProblem, match="the clock says"):
        sync_at(at, wrong)
    assert at.query(LEDGER) == before
    assert at.sync(full=True).status == "complete"
    at.assert_true()


def test_after_a_run_with_a_wrong_clock_full_passes_come_again(made: Callable[..., Bench]) -> None:
    """A first sync 400 days ahead that nobody contradicted; then the right clock, and 8 days
    later a full pass is due."""
    kippt = made("kippt", size=6)
    ahead = datetime.now(UTC) + timedelta(days=400)
    assert kippt.sync(runtime=replace(kippt.runtime, now=lambda: ahead)).status == "complete"
    right = kippt.sync()
    assert right.status == "complete"
    assert any("an earlier run had a wrong clock" in message for message in right.messages)
    now = datetime.now(UTC) + timedelta(minutes=1)
    newest = "SELECT max(loaded_at) FROM _kollect.loads"
    assert kippt.query(newest)[0][0] < now
    assert len(kippt.rows("clips", at=now)) == len(kippt.rows("clips"))
    later = datetime.now(UTC) + timedelta(days=8)
    result = kippt.sync(runtime=replace(kippt.runtime, now=lambda: later))
    assert {row["mode"] for row in result.tables.values()} == {"full"}
    kippt.assert_true()


def test_a_load_from_the_future_is_no_proof_that_data_is_safe(synced: Callable[..., Bench]) -> None:
    """`status` says so before the next sync, and no backup is named by a clock that is behind."""
    kippt = synced("kippt", size=3)
    behind = datetime.now(UTC) - timedelta(days=30)
    with Warehouse(kippt.warehouse).reading() as connection:
        status = account_status(connection, kippt.settings, kippt.account, behind)
    assert status.verdict == "stale"
    assert "later than now" in status.reason
    assert set(status.attention) == set(status.tables)
    with pytest.raises(WarehouseProblem, match="but the last load was at"):
        write_backup(kippt.settings, key=None, now=lambda: behind)
    assert not list((kippt.folder / "backups").glob("2*"))


def test_a_service_whose_clock_is_years_away_is_read_where_its_account_says_so(
    made: Callable[..., Bench],
) -> None:
    kippt = made("kippt", size=3, believe_date=False)
    kippt.stand_in.wall_clock = lambda: 86_400.0
    assert sync_account(kippt.settings, kippt.account).status == "complete"
    kippt.stand_in.wall_clock = lambda: 9e9
    assert sync_account(kippt.settings, kippt.account).status == "complete"
    kippt.configure(believe_date=True)
    with pytest.raises(WarehouseProblem, match="believe_date = false"):
        sync_account(kippt.settings, kippt.account, full=True)
    kippt.assert_true()
