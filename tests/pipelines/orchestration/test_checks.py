"""Each check fails when what it proves is broken, says how, and passes otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from connectors.kinopio.tables import CARDS, SPACE_COLLABORATORS, SPACES
from pipelines.orchestration.checks import TableState
from pipelines.orchestration.sources import Source
from pipelines.orchestration.summary import check_account
from pipelines.orchestration.table_checks import CHECKS, check_table
from pipelines.status import AccountStatus
from tests.kit import first_syncs
from tests.kit.account import Bench
from warehouse.store.inspection import latest_loads
from warehouse.store.status import TableStatus, table_status
from warehouse.store.warehouse import Warehouse

Checked = dict[str, dg.AssetCheckResult]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("checks")
    with first_syncs.synced(folder, "kinopio", size=3) as found:
        yield found


@pytest.fixture
def check(synced: Bench, tmp_path: Path) -> Callable[..., Checked]:
    """Breaks a copy of the warehouse with SQL and returns the results by check."""

    def after(sql: str, table: str = "cards", now: datetime | None = None) -> Checked:
        copy = tmp_path / "kollect.duckdb"
        shutil.copyfile(synced.warehouse, copy)
        with duckdb.connect(str(copy)) as connection:
            connection.execute(sql or "SELECT 1")
        source = Source(synced.settings, synced.account, "kinopio", 0)
        declared = synced.account.connector.tables[table]
        with Warehouse(copy).reading() as connection:
            load = latest_loads(connection, "kinopio").get(table, {})
            status = table_status(connection, "kinopio", "kinopio", [table])[table]
            moment = now or datetime.now(UTC)
            state = TableState(connection, source, declared, status, load, moment)
            return {result.key.name: result.for_run() for result in check_table(state)}

    return after


def test_an_undisturbed_copy_passes(check: Callable[..., Checked], synced: Bench) -> None:
    """Nothing cries wolf."""
    newest = max(row["created_at"] for row in synced.rows("cards").values())
    recent = f"SET loaded_at = TIMESTAMPTZ '{newest}'"
    results = check(f"UPDATE _kollect.loads {recent}", now=newest + timedelta(hours=1))
    assert {name for name, result in results.items() if not result.passed} == set()
    assert set(results) == {check.name for check in CHECKS}


def test_a_repeated_key_is_an_error(check: Callable[..., Checked]) -> None:
    """Two rows under one key would spread into everything that counts them."""
    result = check("INSERT INTO kinopio.cards SELECT * FROM kinopio.cards LIMIT 1")[
        "is_every_key_unique"
    ]
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert "2 rows share a key" in (result.description or "")


def test_a_key_without_a_part_is_an_error(check: Callable[..., Checked]) -> None:
    """A NULL in a key is as bad as a repeated one."""
    first = "(SELECT min(rowid) FROM kinopio.cards)"
    sql = f"UPDATE kinopio.cards SET space_id = NULL WHERE rowid = {first}"
    assert "1 lack a part" in (check(sql)["is_every_key_unique"].description or "")


def test_another_accounts_rows_do_not_count(check: Callable[..., Checked]) -> None:
    """Two accounts may hold the same shared record."""
    sql = "INSERT INTO kinopio.cards SELECT * REPLACE ('other' AS _account) FROM kinopio.cards"
    assert check(sql)["is_every_key_unique"].passed


def test_an_unproved_load_is_an_error_with_its_reason(check: Callable[..., Checked]) -> None:
    """Completeness is what the copy is for."""
    sql = "UPDATE _kollect.loads SET complete = false, reason = 'page 3 never came'"
    result = check(sql)["is_everything_here"]
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert result.description == "page 3 never came (never proved complete)"


def test_a_table_that_is_read_in_turns_is_a_warning_and_no_problem(
    check: Callable[..., Checked], synced: Bench
) -> None:
    """Nothing failed, later syncs read the rest; with any other reason beside it, it is an error."""
    turns = "cards: 40 spaces wait to be asked for: one sync asks for 20"
    for reason, severity in (
        (turns, dg.AssetCheckSeverity.WARN),
        (f"{turns}; cards: page 3 never came", dg.AssetCheckSeverity.ERROR),
    ):
        sql = f"UPDATE _kollect.loads SET complete = false, reason = '{reason}'"
        result = check(sql)["is_everything_here"]
        assert (result.passed, result.severity) == (False, severity)
        status = AccountStatus(
            {"cards": TableStatus("cards", 1, *[datetime.now(UTC)] * 3, False, reason)},
            {"cards": timedelta(days=2)},
            datetime.now(UTC),
        )
        assert status.verdict == "incomplete"
        source = Source(synced.settings, synced.account, "kinopio", 0)
        (safe, *_) = check_account(source, status)
        assert (safe.outcome.passed, safe.for_run().severity) == (False, severity)
        assert bool(status.troubled) == (severity == dg.AssetCheckSeverity.ERROR)


def test_a_failed_read_keeps_the_date_of_the_last_proof(check: Callable[..., Checked]) -> None:
    """A dead key proves nothing: the check fails, and says since when the copy is unproved."""
    sql = (
        "INSERT INTO _kollect.loads BY NAME SELECT * REPLACE ('later' AS run_id, false AS complete, "
        "NULL AS rows, 'the key is refused' AS error, 'the key is refused' AS reason, "
        "loaded_at + INTERVAL 1 HOUR AS loaded_at) FROM _kollect.loads"
    )
    result = check(sql)["is_everything_here"]
    assert not result.passed
    assert (result.description or "").startswith("the key is refused (last proved complete 20")


def test_a_proof_of_long_ago_is_no_proof(check: Callable[..., Checked]) -> None:
    """Hourly syncs that stopped: after 25 hours the copy counts as unproved."""
    late = check("", now=datetime.now(UTC) + timedelta(hours=26))["is_everything_here"]
    assert not late.passed
    assert "the schedule allows 25 hours" in (late.description or "")
    assert check("", now=datetime.now(UTC) + timedelta(hours=20))["is_everything_here"].passed


def test_no_check_is_named_as_if_it_had_passed() -> None:
    """The page shows the text of a check also beside a red cross: it is a question."""
    assert all(check.meaning.endswith("?") for check in CHECKS)


def test_a_table_that_was_never_loaded_says_so(check: Callable[..., Checked]) -> None:
    """No row in the ledger is no proof."""
    result = check("DELETE FROM _kollect.loads")["is_everything_here"]
    assert (result.passed, result.description) == (False, "it was never synced")


def test_rejects_are_a_warning_that_names_column_and_reason(check: Callable[..., Checked]) -> None:
    """What does not fit is shown by column, never by value."""
    sql = """
        UPDATE _kollect.loads SET rejected = 2;
        INSERT INTO _kollect.rejects (run_id, account, service, table_name, column_name, reason,
            value) SELECT run_id, 'kinopio', 'kinopio', 'cards', 'x', 'no number | <b>', 'private'
            FROM _kollect.loads WHERE table_name = 'cards';
    """
    result = check(sql)["does_every_value_fit"]
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    shown = str(result.metadata["why"].value)
    assert "| x | no number \\| &lt;b> | 1 |" in shown
    assert "private" not in shown


def test_a_missing_parent_is_a_warning_with_the_share(check: Callable[..., Checked]) -> None:
    """Children of nothing are counted against what the service allows."""
    result = check("DELETE FROM kinopio.spaces")["are_all_parents_here"]
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert "(allowed: 0%)" in (result.description or "")
    assert check("", "space_collaborators")["are_all_parents_here"].passed
    assert {r.table for r in SPACE_COLLABORATORS.parents} == {"spaces", "users"}


def test_many_rows_gone_at_once_is_a_warning(check: Callable[..., Checked]) -> None:
    """A drop is compared with the load before, and small tables may shrink."""
    before = (
        "INSERT INTO _kollect.loads BY NAME SELECT * REPLACE ('earlier' AS run_id, {rows} AS rows, "
        "loaded_at - INTERVAL 1 HOUR AS loaded_at) FROM _kollect.loads WHERE table_name = 'cards'"
    )
    result = check(before.format(rows=100_000))["are_most_rows_still_here"]
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert "kinopio.cards_history" in (result.description or "")
    assert check(before.format(rows="rows + 10"))["are_most_rows_still_here"].passed
    assert check(before.format(rows="NULL"))["are_most_rows_still_here"].passed


def test_a_pause_is_judged_by_the_tables_own_rhythm(
    check: Callable[..., Checked], synced: Bench
) -> None:
    """Quiet is only unusual for who was never quiet for so long."""
    newest = max(row["created_at"] for row in synced.rows("cards").values())
    assert check("", now=newest + timedelta(days=13))["do_new_records_arrive"].passed
    late = check("", now=newest + timedelta(days=3000))["do_new_records_arrive"]
    assert not late.passed
    assert late.severity == dg.AssetCheckSeverity.WARN
    rare = (
        f"UPDATE kinopio.cards SET created_at = TIMESTAMPTZ '{newest}' "
        "- to_days(120 * rowid::INTEGER)"
    )
    assert check(rare, now=newest + timedelta(days=300))["do_new_records_arrive"].passed


def test_an_empty_table_passes(check: Callable[..., Checked]) -> None:
    """Nothing is not wrong."""
    results = check("DELETE FROM kinopio.cards")
    assert all(
        results[n].passed
        for n in ("is_every_key_unique", "are_all_parents_here", "do_new_records_arrive")
    )


def test_checks_are_only_declared_where_they_can_tell_something() -> None:
    """A table without parents or times has no check that always passes."""
    wanted = {check.name: check.applies for check in CHECKS}
    assert wanted["are_all_parents_here"](CARDS)
    assert not wanted["are_all_parents_here"](SPACES)
    assert not wanted["do_new_records_arrive"](SPACE_COLLABORATORS)
