"""How old a broken run may be for the next sync to go on with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.core.errors import WarehouseProblem
from pipelines.sync.account import sync_account
from pipelines.sync.stage import waiting_bytes
from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.processes import kollect

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ASKED_BEFORE = 10


@pytest.mark.parametrize(
    ("hours", "goes_on", "runs"),
    [
        pytest.param(0.1, True, 1, id="a few minutes: its pages are used"),
        pytest.param(3.0, True, 2, id="hours: its pages are used, then a fresh run follows"),
        pytest.param(-3.0, True, 1, id="the clock was set back: its pages are used"),
        pytest.param(30.0, False, 2, id="more than a day: everything is asked anew"),
    ],
)
def test_a_broken_run_is_gone_on_with_while_it_is_young(
    made: Callable[..., Bench],
    synced: Callable[..., Bench],
    hours: float,
    goes_on: bool,
    runs: int,
) -> None:
    """In each case the copy is true in the end, and each run has its line in the ledger."""
    kippt = made("kippt", max_in_flight=1)
    kippt.stand_in.faults.add(Fault("token_died", after=ASKED_BEFORE, times=None))
    assert kippt.sync(runtime=replace(kippt.runtime, now=lambda: NOW)).error is not None
    kippt.stand_in.faults.clear()
    before = kippt.stand_in.count()
    later = NOW + timedelta(hours=hours)
    result = kippt.sync(runtime=replace(kippt.runtime, now=lambda: later))
    assert result.status == "complete", (result.error, result.tables)
    kippt.assert_true()
    asked = kippt.stand_in.count() - before
    all_of_them = synced("kippt").first_sync_requests
    if runs == 1:
        assert asked == all_of_them - ASKED_BEFORE
    else:
        assert asked >= all_of_them - goes_on * ASKED_BEFORE
    assert any(news.kind == "resumed" for news in kippt.progress) is goes_on
    assert kippt.query("SELECT count(*) FROM _kollect.runs") == [(runs,)]


def test_a_run_that_grows_is_gone_on_with_for_days(
    made: Callable[..., Bench], synced: Callable[..., Bench]
) -> None:
    """A first sync that is broken off every twenty hours: no page is asked for twice."""
    kippt = made("kippt", max_in_flight=1)
    for day in range(3):
        kippt.stand_in.faults.add(Fault("token_died", after=ASKED_BEFORE - 1, times=None))
        now = NOW + timedelta(hours=20 * day)
        assert kippt.sync(runtime=replace(kippt.runtime, now=lambda now=now: now)).error is not None
        kippt.stand_in.faults.clear()
    asked = {entry.target for entry in kippt.stand_in.requests if entry.status == 200}
    before = kippt.stand_in.count()
    later = NOW + timedelta(hours=60)
    result = kippt.sync(runtime=replace(kippt.runtime, now=lambda: later))
    assert result.status == "complete", (result.error, result.tables)
    kippt.assert_true()
    resumed = [news.text for news in kippt.progress if news.kind == "resumed"]
    assert len(resumed) == 3
    assert len(asked) >= 2 * ASKED_BEFORE
    rest = synced("kippt").first_sync_requests - len(asked)
    first = [entry.target for entry in kippt.stand_in.requests[before : before + rest]]
    assert not set(first) & asked


def test_status_tells_of_staged_pages_only_where_the_next_sync_goes_on_with_them(
    made: Callable[..., Bench],
) -> None:
    """Not after a refused token or a refused clock, whose pages nobody can use."""
    kippt = made("kippt", max_in_flight=1)

    journal = kippt.folder / ".kollect" / "stage" / "kippt" / "pages.journal"
    kippt.stand_in.faults.add(Fault("token_died", after=1, times=None))
    assert kippt.sync().error is not None
    assert waiting_bytes(journal, datetime.now(UTC)) == 0
    kippt.stand_in.faults.clear()
    kippt.stand_in.wall_clock = lambda: datetime.now(UTC).timestamp()
    ahead = datetime.now(UTC) + timedelta(days=400)
    with pytest.raises(WarehouseProblem, match="the clock says"):
        sync_account(
            kippt.settings, kippt.account, runtime=replace(kippt.runtime, now=lambda: ahead)
        )
    assert waiting_bytes(journal, datetime.now(UTC)) == 0
    kippt.stand_in.faults.add(Fault("token_died", after=ASKED_BEFORE, times=None))
    assert kippt.sync().error is not None
    told = kollect(kippt.folder, kippt.box.environment(), "status").stdout
    assert "an interrupted sync has staged" in " ".join(told.split())


def test_accounts_whose_names_differ_by_case_alone_share_no_file(
    made: Callable[..., Bench],
) -> None:
    """Nor does one have a name that Windows keeps for a device: disks that know no case hold the
    stages, locks and rates of both."""
    kippt = made("kippt", max_in_flight=1, rate=[{"limit": 1000, "seconds": 1}])
    kippt.stand_in.faults.add(Fault("token_died", after=ASKED_BEFORE, times=None))
    for name in ("kippt", "Kippt", "KIPPT", "aux", "COM1"):
        sync_account(kippt.settings, replace(kippt.account, name=name), runtime=kippt.runtime)
    inside = list((kippt.folder / ".kollect").rglob("*"))
    files = [str(path) for path in inside if path.suffix in (".journal", ".lock", ".rate")]
    assert len({file.lower() for file in files}) == len(files) >= 5 * 3
    words = {path.name.lower().partition(".")[0].removeprefix("account-") for path in inside}
    assert not words & {"aux", "com1"}
