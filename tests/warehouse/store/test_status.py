"""Freshness and completeness of tables, as the ledger and the tables tell them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from connectors.core.errors import BadCredential
from tests.kit.account import Bench
from warehouse.store.status import TableStatus, table_status
from warehouse.store.warehouse import Warehouse


def statuses(bench: Bench) -> dict[str, TableStatus]:
    with Warehouse(bench.warehouse).reading() as connection:
        tables = bench.account.connector.tables
        return table_status(connection, bench.service, bench.service, tables)


def test_a_failed_read_moves_neither_read_at_nor_proved_at_and_rows_stay_known(
    synced: Callable[..., Bench],
) -> None:
    bench = synced("kippt", size=5)
    before = statuses(bench)
    assert all(status.read_at == status.proved_at is not None for status in before.values())
    assert before["clips"].rows == len(bench.rows("clips")) > 0

    bench.stand_in.faults.add("status", status=401, times=1000)
    result = bench.sync()
    assert isinstance(result.error, BadCredential)
    after = statuses(bench)
    for name, status in after.items():
        assert (status.read_at, status.proved_at) == (before[name].read_at, before[name].proved_at)
        assert status.rows == before[name].rows
    assert result.tables["clips"]["rows"] == before["clips"].rows
    assert not after["clips"].complete
    assert "401" in after["clips"].reason
    assert bench.query("SELECT count(*) FROM _kollect.loads WHERE rows IS NULL") == [(0,)]


def test_the_view_in_the_warehouse_tells_the_same_as_the_function(
    synced: Callable[..., Bench],
) -> None:
    bench = synced("kippt", size=3)
    shown = bench.query(
        "SELECT table_name, read_at, proved_at, tried_at, complete, reason, rejected, deleted, "
        "run_id FROM _kollect.table_status"
    )
    told = {row[0]: TableStatus(row[0], 0, *row[1:]) for row in shown}
    assert told == {name: replace(status, rows=0) for name, status in statuses(bench).items()}


def test_a_table_that_was_never_loaded_has_no_times_and_no_rows(
    synced: Callable[..., Bench],
) -> None:
    bench = synced("kippt", size=3)
    with Warehouse(bench.warehouse).reading() as connection:
        found = table_status(connection, "kippt", "another", ["clips", "no_such_table"])
        unloaded = table_status(connection, "another", "another", ["annotations"])
    assert found == {
        "clips": TableStatus("clips", 0),
        "no_such_table": TableStatus("no_such_table", 0),
    }
    # A module that looks up the name among its variables would find this one.
    assert unloaded == {"annotations": TableStatus("annotations", 0)}
