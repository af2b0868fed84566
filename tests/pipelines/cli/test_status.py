"""`kollect status` tells when data was last really read and last proved, whatever was tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.sentences import account_sentence
from pipelines.status import AccountStatus, proof_window
from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.processes import kollect
from warehouse.store.status import TableStatus

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WINDOW = timedelta(days=2)


def status_of(bench: Bench) -> tuple[int, dict[str, Any]]:
    """The exit status and the object of `kollect status --json`."""
    assert bench.settings
    done = kollect(bench.folder, bench.box.environment(), "status", "--json")
    return done.returncode, json.loads(done.stdout)


def test_status_has_the_shape_that_scripts_rely_on(made: Callable[..., Bench]) -> None:
    """Verdict, reason and times of the account, figures of each table, the newest backup."""
    at = made("kippt", size=4)
    code, never = status_of(at)
    assert code == 1
    assert never["accounts"]["kippt"]["verdict"] == "never"
    assert never["accounts"]["kippt"]["proved_at"] is None
    assert never["backups"] == {"newest": None, "verified_at": None, "rebuilt_at": None}
    assert at.sync().status == "complete"
    environ = at.box.environment()
    assert kollect(at.folder, environ, "backup").returncode == 0
    assert kollect(at.folder, environ, "verify", "--rebuild").returncode == 0
    code, shown = status_of(at)
    account = shown["accounts"]["kippt"]
    assert code == 0
    assert set(account) == {"verdict", "reason", "read_at", "proved_at", "tables"}
    assert account["verdict"] == "safe"
    assert set(account["tables"]) == set(at.account.tables)
    for table, row in account["tables"].items():
        assert set(row) == {"rows", "read_at", "proved_at", "complete", "reason", "rejected"}
        assert (row["rows"], row["complete"]) == (len(at.rows(table)), True)
        assert datetime.fromisoformat(row["proved_at"]).tzinfo is not None
    assert all(datetime.fromisoformat(shown["backups"][name]) for name in shown["backups"])


def test_a_dead_key_refreshes_nothing_and_hides_no_row(synced: Callable[..., Bench]) -> None:
    """The times and the rows are those of the last real read; the reason is the key."""
    at = synced("kinopio", size=4)
    _, before = status_of(at)
    at.stand_in.faults.add(Fault("token_died", times=None))
    assert at.sync().error is not None
    code, after = status_of(at)
    was, found = (shown["accounts"]["kinopio"] for shown in (before, after))
    assert (code, found["verdict"]) == (1, "incomplete")
    assert "KINOPIO_API_KEY" in found["reason"]
    for name in ("read_at", "proved_at"):
        assert found[name] == was[name]
        assert [t[name] for t in found["tables"].values()] == [
            t[name] for t in was["tables"].values()
        ]
    assert [t["rows"] for t in found["tables"].values()] == [
        t["rows"] for t in was["tables"].values()
    ]
    check_what_people_see(at)
    wrong = kollect(at.folder, at.box.environment(), "status", "kinopo")
    assert (wrong.returncode, "did you mean 'kinopio'?" in wrong.stderr) == (2, True)


def check_what_people_see(at: Bench) -> None:
    """Ten seconds suffice at 80 columns: a sentence with the cure first, told once; no name is
    cut, and `--all` shows every table."""
    environ = {**at.box.environment(), "COLUMNS": "80"}
    shown = kollect(at.folder, environ, "status").stdout
    assert shown.startswith("kinopio: incomplete, ")
    assert len(shown.splitlines()) < 16
    assert " ".join(shown.split()).count("Put a working credential into KINOPIO_API_KEY") == 1
    everything = kollect(at.folder, environ, "status", "--all").stdout
    assert all(len(line) <= 80 for line in everything.splitlines())
    listed = {line.split()[0] for line in everything.splitlines() if line.split()}
    assert set(at.account.tables) <= listed
    assert " ".join(everything.split()).count("Put a working credential") == 2


def table(proved_days: float | None, **more: Any) -> TableStatus:
    proved = None if proved_days is None else NOW - timedelta(days=proved_days)
    values = {"read_at": proved, "proved_at": proved, "tried_at": proved, "complete": True, **more}
    return TableStatus("t", 5, **values)


@pytest.mark.parametrize(
    ("tables", "verdict", "words"),
    [
        ([table(None, complete=False)] * 2, "never", "never synced"),
        ([table(1), table(1.9)], "safe", "all 2 tables"),
        ([table(1), table(2.1)], "stale", "b is last proved complete 2 days ago"),
        ([table(1), table(1, complete=False, reason="cut")], "incomplete", "b is not proved"),
        ([table(1), table(None, tried_at=NOW, complete=False)], "incomplete", "b is not proved"),
        ([table(1), table(None, complete=False)], "incomplete", "b is not synced yet"),
        ([table(3, complete=False, tried_at=NOW, reason="no key")] * 2, "stale", "no key"),
    ],
)
def test_the_verdict_counts_from_the_last_proof(
    tables: list[TableStatus], verdict: str, words: str
) -> None:
    """safe, stale, incomplete or never, with one sentence that says why."""
    names = dict(zip("ab", tables, strict=True))
    found = AccountStatus(names, dict.fromkeys(names, WINDOW), NOW)
    assert found.verdict == verdict
    assert words in found.reason


def test_tables_of_full_passes_may_be_older(made: Callable[..., Bench]) -> None:
    """Follows are read by the weekly full pass alone, clips by each hourly sync."""
    at = made("kippt", size=4)
    windows = [proof_window(at.settings, at.account, name) for name in ("clips", "follows")]
    assert windows == [timedelta(hours=25), timedelta(days=14)]


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ([table(0.5), table(0.5)], "k: safe, proved 12 hours ago, 2 tables, 10 rows"),
        ([table(0.5), table(1.9)], "k: safe, proved 12 hours ago, every table within 2 days, "),
        ([table(None, complete=False)], "k: never synced; run `kollect sync k`"),
        ([table(1), table(3, complete=False, reason="k: no key")],
         "k: stale, b last proved 3 days ago: no key"),
        ([table(1, complete=False, reason="cut")] * 2,
         "k: incomplete, all 2 tables last proved 1 day ago: cut"),
        ([table(1)] + [table(1, complete=False)] * 4,
         "k: incomplete, 4 tables of 5 last proved 1 day ago; run `kollect sync k`"),
        ([table(None, complete=False, tried_at=NOW, reason="no way in")] * 2,
         "k: never read: no way in"),
    ],
)  # fmt: skip
def test_an_account_is_one_sentence(tables: list[TableStatus], sentence: str) -> None:
    """The verdict, since when, why, and what to do where no reason says it."""
    names = dict(zip("abcde", tables, strict=False))
    found = AccountStatus(names, dict.fromkeys(names, WINDOW), NOW)
    assert account_sentence("k", found, NOW).startswith(sentence)
