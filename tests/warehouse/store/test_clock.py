"""A clock that cannot be right is refused; once a service agrees, wrong times are set right."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import WarehouseProblem
from connectors.core.evidence import Evidence
from tests.kit.loading import START, Loading
from tests.warehouse.load.test_sources import ADA, OTHER_ADA, PAPER, listed, news
from warehouse.store.clock import check_clock
from warehouse.store.status import table_status

FUTURE = START + timedelta(days=365 * 75)
YEAR = timedelta(days=365)
TODAY = START + timedelta(days=3)


def check(loading: Loading, now: datetime, service_date: datetime | None = None) -> str:
    return check_clock(
        loading.warehouse, loading.engine.cursor(), now=now, service_date=service_date
    )


def with_a_load_from_the_future(loading: Loading) -> None:
    """A load at its time, one with a clock 75 years ahead, and a rename in it."""
    loading.load(*listed(ADA))
    loading.now = FUTURE
    loading.load(*listed(OTHER_ADA))
    loading.load(*news({"id": "9", "name": "Grace"}))


def latest(loading: Loading, column: str, table: str) -> Any:
    return loading.query(f"SELECT max({column}) FROM {table}")[0][0]


def test_until_times_are_set_right_the_rows_as_of_now_are_the_current_ones(tmp_path: Path) -> None:
    """What a load dated 75 years ahead wrote counts as known now, and as unknown before."""
    with Loading(tmp_path, PAPER) as loading:
        with_a_load_from_the_future(loading)
        at = "SELECT id, name FROM paper.people_at({}) ORDER BY id"
        current = loading.query("SELECT id, name FROM paper.people ORDER BY id")
        assert len(current) == 2
        for ts in ("now()", "now() + INTERVAL 1 DAY", f"TIMESTAMPTZ '{FUTURE + YEAR}'"):
            assert loading.query(at.format(ts)) == current
        (before,) = loading.query(at.format("now() - INTERVAL 1 SECOND"))
        assert before not in current


def test_a_clock_that_the_service_contradicts_is_refused(tmp_path: Path) -> None:
    with Loading(tmp_path, PAPER) as loading:
        for wrong in (FUTURE, START - timedelta(days=365 * 20)):
            with pytest.raises(WarehouseProblem, match=r"clock says .* the service 2024-01-01"):
                check(loading, wrong, service_date=START)
        assert check(loading, START + timedelta(hours=20), service_date=START) == ""


def test_a_clock_before_the_last_load_is_refused_where_no_service_says_the_time(
    tmp_path: Path,
) -> None:
    with Loading(tmp_path, PAPER) as loading:
        loading.load(*listed(ADA))
        assert check(loading, START - timedelta(hours=20)) == ""
        with pytest.raises(WarehouseProblem, match="the last load was at 2024-01-01 00:00"):
            check(loading, START - timedelta(days=2))


def test_a_load_with_a_clock_before_the_last_one_is_refused_and_writes_nothing(
    tmp_path: Path,
) -> None:
    with Loading(tmp_path, PAPER) as loading:
        with_a_load_from_the_future(loading)
        before = loading.query("SELECT * FROM _kollect.loads ORDER BY ALL")
        loading.now = TODAY
        with pytest.raises(WarehouseProblem, match="the last load was at 2098"):
            loading.load(*listed(ADA))
        assert loading.query("SELECT * FROM _kollect.loads ORDER BY ALL") == before


def test_after_a_run_with_a_future_clock_everything_goes_on_from_what_is_possible(
    tmp_path: Path,
) -> None:
    with Loading(tmp_path, PAPER) as loading:
        with_a_load_from_the_future(loading)
        loading.now = TODAY
        message = check(loading, TODAY, service_date=TODAY)
        assert "an earlier run had a wrong clock (2098-" in message
        assert check(loading, TODAY, service_date=TODAY) == ""
        for column, table in (
            ("_valid_from", "paper.people"), ("_first_seen_at", "paper.people"),
            ("_valid_to", "paper.people_history"), ("loaded_at", "_kollect.loads"),
            ("set_at", "_kollect.state"), ("TRY_CAST(value AS TIMESTAMPTZ)", "_kollect.state"),
        ):  # fmt: skip
            assert TODAY - timedelta(seconds=1) < latest(loading, column, table) < TODAY

        assert loading.load(*listed(ADA))["people"]["updated"] == 1
        assert latest(loading, "_valid_from", "paper.people") == TODAY
        at = "SELECT name FROM paper.people_at(?) WHERE id = '1'"
        assert loading.query(at, START + timedelta(hours=1)) == [("Ada",)]
        assert loading.query(at, TODAY - timedelta(microseconds=1)) == [("A. L.",)]
        assert loading.query(at, TODAY) == [("Ada",)]
        assert loading.query(
            "SELECT count(*) FROM paper.people_history WHERE _valid_to <= _valid_from"
        ) == [(0,)]
        loading.warehouse.publish()
        with loading.warehouse.reading() as connection:
            assert table_status(connection, "paper", "one", ["people"])["people"].read_at == TODAY


def test_rows_that_are_due_again_go_by_the_runs_clock(tmp_path: Path) -> None:
    """Not by the computer's clock, as SQL's own functions would."""
    with Loading(tmp_path, PAPER) as loading:
        assert loading.known.due("letters", "people", ["id"], 30) == []
        loading.load(*listed(ADA))
        ((scope, content, _),) = loading.known.due("letters", "people", ["id"], 30)
        family = loading.family("list")
        evidence = Evidence(family.resources)
        evidence.visited("letters", scope, content)
        loading.load("list", [], evidence=evidence)
        assert loading.known.due("letters", "people", ["id"], 30) == []
        loading.now += timedelta(days=61)
        assert [row[0] for row in loading.known.due("letters", "people", ["id"], 30)] == ["1"]


def test_the_order_of_loads_is_kept_where_a_clock_was_set_back_a_little(tmp_path: Path) -> None:
    with Loading(tmp_path, PAPER) as loading:
        loading.load(*listed(ADA))
        loading.now = START - timedelta(hours=3)
        loading.load(*listed(OTHER_ADA))
        assert latest(loading, "_valid_from", "paper.people") == START + timedelta(microseconds=1)
