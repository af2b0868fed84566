"""`kollect doctor` finds what is wrong and says what to do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sandbox import Fault
from tests.kit.account import Bench
from tests.kit.processes import kollect


def examined(bench: Bench, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and the findings by subject."""
    done = kollect(bench.folder, bench.box.environment(), "doctor", "--json", *words)
    shown = json.loads(done.stdout)
    return done.returncode, {each["subject"]: each for each in shown["findings"]}


def test_all_is_well_after_a_sync_and_a_backup(synced: Callable[..., Bench]) -> None:
    """Nothing is a problem; each thing that was looked at is named."""
    at = synced("kippt", size=4)
    assert kollect(at.folder, at.box.environment(), "backup").returncode == 0
    code, found = examined(at)
    assert code == 0, [each for each in found.values() if each["level"] == "problem"]
    for subject in ("versions", "settings", "disk", "data of kippt", "locks", "schedule",
                    "backups", "Dagster", "service of kippt"):  # fmt: skip
        assert subject in found, subject


def test_what_is_wrong_has_a_cure(synced: Callable[..., Bench]) -> None:
    """A refused key, no backup, and a `.env` that others may read."""
    at = synced("kippt", size=4)
    at.stand_in.faults.add(Fault("token_died", times=None))
    (at.folder / ".env").write_text("A=1\n")
    (at.folder / ".env").chmod(0o644)
    code, found = examined(at)
    assert code == 1
    problems = {name: each["cure"] for name, each in found.items() if each["level"] == "problem"}
    assert problems.keys() == {"service of kippt", "backups", ".env"}
    assert "KIPPT_API_TOKEN" in problems["service of kippt"]
    assert problems[".env"].startswith("chmod 600 ")
    offline, found = examined(at, "--offline")
    assert offline == 1
    assert "service of kippt" not in found


def test_the_clock_is_compared_with_that_of_the_service(synced: Callable[..., Bench]) -> None:
    """A service that is a month ahead means a wrong clock, unless its account says otherwise."""
    at = synced("kippt", size=3)
    at.stand_in.wall_clock = lambda: time.time() + 30 * 86_400
    code, found = examined(at)
    assert code == 1
    assert found["clock by kippt"]["level"] == "problem"
    assert "believe_date = false" in found["clock by kippt"]["cure"]
    at.stand_in.wall_clock = lambda: time.time() + 3600
    assert examined(at)[1]["clock by kippt"]["level"] == "note"
    at.configure(believe_date=False)
    assert "clock by kippt" not in examined(at)[1]
