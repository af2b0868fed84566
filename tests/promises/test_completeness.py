"""Every load says how complete it is and why; status, ledger and exit code say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.processes import kollect


def marked(bench: Bench) -> datetime | None:
    """When the last full pass was, by the cursor that the rhythm goes by."""
    rows = bench.query("SELECT value FROM _kollect.state WHERE kind = 'full_pass'")
    return datetime.fromisoformat(rows[0][0]) if rows else None


def test_each_table_says_what_proves_it(made: Callable[..., Bench]) -> None:
    """A complete table names its proof in the ledger; none is complete without one."""
    kinescope = made("kinescope", switches={"bare_lists": "paged"})
    result = kinescope.sync("tags", "players", "playlists")
    rows = kinescope.query("SELECT table_name, complete, proof, reason FROM _kollect.loads")
    assert {row[0] for row in rows} == set(result.tables)
    assert all(complete and proof and not reason for _, complete, proof, reason in rows)
    assert {name: row["proof"] for name, row in result.tables.items()} == {
        row[0]: row[2] for row in rows
    }


def test_a_table_that_fails_is_named_and_the_others_land(made: Callable[..., Bench]) -> None:
    """The sync is `partial`, the ledger holds the reason, the other tables are complete."""
    kinescope = made("kinescope")
    kinescope.stand_in.faults.add(Fault("forbidden", match="/v1/tags", times=None))
    result = kinescope.sync("tags", "players")
    assert result.status == "partial"
    assert result.tables["players"]["complete"]
    assert not result.tables["tags"]["complete"]
    ledger = dict(kinescope.query("SELECT table_name, reason FROM _kollect.loads"))
    assert ledger["players"] is None
    assert ledger["tags"] and "tags" in ledger["tags"]
    assert kinescope.query("SELECT status FROM _kollect.runs") == [("partial",)]


def test_a_full_pass_follows_in_its_rhythm(made: Callable[..., Bench]) -> None:
    """After so many days a sync is a full pass by itself, and sees what cheap ones cannot."""
    kinopio = made("kinopio", full_every_days=7, include=["favorite_colors", "notifications"])
    begin = datetime.now(UTC)

    def sync_at(days: float, *tables: str, full: bool = False) -> set[str]:
        runtime = replace(kinopio.runtime, now=lambda: begin + timedelta(days=days))
        result = kinopio.sync(*tables, full=full, runtime=runtime)
        assert result.error is None
        return {row["mode"] for row in result.tables.values()}

    assert sync_at(0) == {"full"}
    assert marked(kinopio) == begin
    assert sync_at(1) == {"incremental"}
    assert sync_at(6, "notifications", full=True) == {"full"}
    assert marked(kinopio) == begin, "a full pass of one table is none of the account"
    assert sync_at(8) == {"full"}
    assert marked(kinopio) == begin + timedelta(days=8)
    assert sync_at(9) == {"incremental"}


def test_an_account_whose_first_pass_broke_off_catches_up(made: Callable[..., Bench]) -> None:
    """A full pass that an error ended counts for nothing; the next run is one again."""
    kinopio = made("kinopio", include=["favorite_colors", "notifications"])
    kinopio.stand_in.faults.add(Fault("token_died", match="/notification", times=None))
    assert kinopio.sync().error is not None
    assert marked(kinopio) is None
    kinopio.stand_in.faults.clear()
    later = replace(kinopio.runtime, now=lambda: datetime.now(UTC) + timedelta(days=2))
    result = kinopio.sync(runtime=later)
    assert {row["mode"] for row in result.tables.values()} == {"full"}
    assert marked(kinopio) is not None


def test_a_full_pass_that_broke_off_is_taken_up_by_the_next_sync(
    made: Callable[..., Bench],
) -> None:
    """Also when its staged pages are too old to go on with, and for what only full passes read;
    what did not break off is read as ever."""
    kinopio = made("kinopio", include=["ai_images", "favorite_colors", "groups"])
    begin = datetime.now(UTC)

    def sync_at(days: float, *, full: bool = False) -> dict[str, Any]:
        runtime = replace(kinopio.runtime, now=lambda: begin + timedelta(days=days))
        return kinopio.sync(full=full, runtime=runtime).tables

    assert all(row["complete"] for row in sync_at(0).values())
    kinopio.stand_in.faults.add("status", status=500, match="/user/groups", times=None)
    broken = sync_at(1, full=True)
    assert kinopio.stand_in.faults.fired() and not broken["groups"]["complete"]
    kinopio.stand_in.faults.clear()
    after = sync_at(3)
    assert {name: (row["mode"], row["complete"]) for name, row in after.items()} == {
        "favorite_colors": ("incremental", True),
        "groups": ("full", True),
    }
    assert sync_at(4).keys() == {"favorite_colors"}


def test_a_full_pass_that_could_not_begin_is_taken_up_by_the_next_sync(
    made: Callable[..., Bench],
) -> None:
    """The key is refused at the first request; with a good one all is read whole."""
    kinopio = made("kinopio", include=["ai_images", "favorite_colors"])
    assert kinopio.sync().error is None
    kinopio.stand_in.faults.add("token_died", times=None)
    refused = kinopio.sync(full=True).tables
    assert kinopio.stand_in.faults.fired()
    assert not any(row["complete"] for row in refused.values())
    kinopio.stand_in.faults.clear()
    found = kinopio.sync().tables
    assert {name: (row["mode"], row["complete"]) for name, row in found.items()} == {
        "ai_images": ("full", True),
        "favorite_colors": ("full", True),
    }
    assert kinopio.sync().tables.keys() == {"favorite_colors"}


@pytest.mark.slow
def test_status_and_exit_codes_say_what_is_proved(made: Callable[..., Bench]) -> None:
    """Real commands: `sync` and `status` end with 0 where all is complete; with 1 where one table
    is not, which both name with the reason, while the others stand as complete."""
    kinescope = made("kinescope", include=["tags", "players"])
    environment = kinescope.box.environment()

    def run(*words: str) -> tuple[int, str, str]:
        ended = kollect(kinescope.folder, environment, *words)
        return ended.returncode, ended.stdout, ended.stderr

    assert run("sync")[0] == 0
    code, told, _ = run("status", "--json")
    tables = json.loads(told)["accounts"]["kinescope"]["tables"]
    assert code == 0 and tables.keys() == {"tags", "players"}
    assert all(table["complete"] and table["proved_at"] for table in tables.values())
    kinescope.stand_in.faults.add("forbidden", match="/v1/tags", times=None)
    code, told, errors = run("sync")
    assert kinescope.stand_in.faults.fired()
    assert code == 1 and "tags" in told + errors and "Traceback" not in errors
    code, told, _ = run("status", "--json")
    tables = json.loads(told)["accounts"]["kinescope"]["tables"]
    assert code == 1 and not tables["tags"]["complete"] and "tags" in tables["tags"]["reason"]
    assert tables["players"]["complete"]


def test_a_family_that_is_read_again_counts_its_requests_once(made: Callable[..., Bench]) -> None:
    """The key dies in the middle of a family; the run goes on later: the ledger counts each
    request and each new row once, and why it first failed is no reason any more."""
    kinopio = made("kinopio", include=["favorite_spaces", "favorite_users", "favorite_colors"])
    kinopio.stand_in.faults.add("token_died", match="/user/favorite-colors", times=None)
    assert kinopio.sync().error is not None
    sql = "SELECT table_name, requests, inserted, complete, reason FROM _kollect.loads"
    broken = {row[0]: row[1:] for row in kinopio.query(sql)}
    assert broken["favorite_spaces"][0] == 2 and not broken["favorite_spaces"][2]
    kinopio.stand_in.faults.clear()
    assert kinopio.sync().status == "complete"
    found = {row[0]: row[1:] for row in kinopio.query(sql)}
    assert found.keys() >= {"favorite_spaces", "favorite_users", "favorite_colors"}
    for table in ("favorite_spaces", "favorite_users", "favorite_colors"):
        assert found[table] == (3, len(kinopio.rows(table)), True, None), (table, found[table])
