"""Pruning: rules, never the newest good one, never while something else is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import AccountBusy
from tests.kit.backup import NOON, Place
from warehouse.backup import list_backups, prune_backups, verify_backup
from warehouse.backup.archive import Archive
from warehouse.backup.encrypt import new_key
from warehouse.backup.prune import Candidate, reasons_to_keep
from warehouse.progress import Step


def daily(count: int, start: datetime = NOON) -> list[Candidate]:
    times = [start + timedelta(days=day) for day in range(count)]
    return [Candidate(at.strftime("%Y-%m-%d"), at) for at in times]


def test_the_last_of_each_day_week_and_month_stays() -> None:
    """A year of daily backups with 7, 4 and 12."""
    kept = reasons_to_keep(daily(365), {"daily": 7, "weekly": 4, "monthly": 12})
    last = (NOON + timedelta(days=364)).date()
    days = {(last - timedelta(days=n)).isoformat() for n in range(7)}
    assert days <= set(kept)
    assert len(kept) == 7 + 3 + 11, "the newest fills a place of each rule"
    assert {"2026-03-31", "2026-04-30", "2027-01-31"} <= set(kept)
    assert all(datetime.fromisoformat(n).isoweekday() == 7 for n, why in kept.items()
               if why == ["weekly 2"])  # fmt: skip


def test_a_pause_in_backups_prunes_nothing() -> None:
    """Days without a backup do not count."""
    candidates = daily(5)
    assert set(reasons_to_keep(candidates, {"daily": 5})) == {c.name for c in candidates}


def test_several_on_one_day_leave_the_last() -> None:
    """And the newest of all in any case."""
    times = [NOON + timedelta(hours=n) for n in range(6)]
    candidates = [Candidate(at.isoformat(), at) for at in times]
    assert set(reasons_to_keep(candidates, {"daily": 3})) == {times[-1].isoformat()}
    assert set(reasons_to_keep(candidates, {})) == {times[-1].isoformat()}


def test_damaged_ones_fill_no_place_and_go_only_after_a_good_one() -> None:
    """Otherwise damage that all of them share could remove them all."""
    a, b, c, d = daily(4)
    bad = [Candidate(x.name, x.made_at, damaged=True) for x in (a, b, c, d)]
    assert len(reasons_to_keep(bad, {"daily": 1})) == 4
    good = Candidate(c.name, c.made_at, proved=True)
    kept = reasons_to_keep([bad[0], bad[1], good, bad[3]], {"daily": 1})
    assert set(kept) == {c.name, d.name}
    unreadable = Candidate(a.name, a.made_at, readable=False)
    assert a.name in reasons_to_keep([unreadable, b, good], {"daily": 1})


@given(
    st.lists(st.tuples(st.integers(0, 900), st.booleans(), st.booleans()), max_size=40),
    st.fixed_dictionaries({}, optional={
        "daily": st.integers(0, 9), "weekly": st.integers(0, 9), "monthly": st.integers(0, 9)}),
)  # fmt: skip
def test_whatever_the_rules_the_newest_good_one_stays(
    backups: list[tuple[int, bool, bool]], keep: dict[str, int]
) -> None:
    """The newest, the newest proved, and as many as the rules ask for."""
    candidates = [
        Candidate(f"{hours:04}-{n}", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours),
                  proved and not damaged, damaged)
        for n, (hours, proved, damaged) in enumerate(sorted(backups))
    ]  # fmt: skip
    kept = reasons_to_keep(candidates, keep)
    good = [c for c in candidates if not c.damaged]
    assert not candidates or candidates[-1].name in kept
    assert not good or good[-1].name in kept
    proved = [c for c in good if c.proved]
    assert not proved or proved[-1].name in kept
    days = {c.made_at.date() for c in good}
    kept_days = {c.made_at.date() for c in good if c.name in kept}
    assert len(kept_days) >= min(len(days), keep.get("daily", 0))


def test_prune_removes_by_rule_and_says_what_is_free_again(place: Place) -> None:
    """What remains is whole, whatever it shared with the removed ones."""
    for day in range(4):
        place.time = NOON + timedelta(days=day)
        place.change(f"UPDATE demo.things SET name = 'day {day}', _content = md5('{day}')::UUID")
        place.backup()
    verify_backup(place.backup_dir / "2026-03-02T12-00-00Z", key=None)
    place.keep = {"daily": 1}
    wish = prune_backups(place, dry_run=True)
    assert wish.removed == ["2026-03-01T12-00-00Z", "2026-03-03T12-00-00Z"]
    assert len(list_backups(place, key=None)) == 4
    before = _bytes(place.backup_dir)
    done = prune_backups(place)
    assert (done.removed, done.freed_bytes) == (wish.removed, wish.freed_bytes)
    assert before - _bytes(place.backup_dir) == done.freed_bytes
    assert done.kept["2026-03-02T12-00-00Z"] == ["newest proved"]
    left = list_backups(place, key=None)
    assert [b.name for b in left] == ["2026-03-02T12-00-00Z", "2026-03-04T12-00-00Z"]
    assert prune_backups(place).removed == []
    assert all(verify_backup(b.path, "rebuild", key=None).good for b in left)


def _bytes(folder: Path) -> int:
    seen = {(s.st_dev, s.st_ino): s.st_size for f in folder.rglob("*")
            if ".kollect" not in f.parts and f.is_file() for s in [f.stat()]}  # fmt: skip
    return sum(seen.values())


HOLDING = """
import sys, time
from pathlib import Path
from warehouse.backup.archive import Archive
archive = Archive(Path(sys.argv[1]))
with archive.writing() if sys.argv[2] == "writing" else archive.reading(sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("what", ["writing", "2026-03-01T12-00-00Z"])
def test_nothing_is_removed_while_another_process_is_at_work(place: Place, what: str) -> None:
    """A backup, a verify or a restore; a process that was killed is no hindrance."""
    for _ in range(3):
        place.backup()
    place.keep = {}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(place.backup_dir), what],
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(AccountBusy, match=f"process {holder.pid}"):
        prune_backups(place)
    assert len(Archive(place.backup_dir).names()) == 3
    if what != "writing":
        # Reading is no reason for others not to read.
        assert verify_backup(place.backup_dir / what, key=None, wait_seconds=0).good
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    # What was verified above stays as the newest proved.
    assert len(prune_backups(place).removed) == (2 if what == "writing" else 1)
    assert not list((place.backup_dir / ".kollect" / "locks").glob("use-*"))


def test_what_cannot_be_read_is_not_removed(place: Place) -> None:
    """It may be another kollect's, or be mended."""
    first = place.backup()
    for _ in range(2):
        place.backup()
    (first / "manifest.json").unlink()
    place.keep = {}
    assert prune_backups(place).removed == ["2026-03-01T12-00-00Z-2"]
    assert first.exists()


def test_a_clock_that_ran_ahead_does_not_cost_the_newest_backup(place: Place) -> None:
    """A backup dated 400 days ahead is the oldest as soon as a later one is dated right."""
    place.backup()
    place.time = NOON + timedelta(days=400)
    ahead = place.backup().name
    place.time = NOON + timedelta(hours=1)
    told: list[Step] = []
    place.change("UPDATE demo.things SET name = 'after'")
    place.backup(on_step=told.append)
    assert any(ahead in step.text and "clock" in step.text for step in told)
    place.time = NOON + timedelta(hours=2)
    newest = place.backup()
    archive = Archive(place.backup_dir)
    assert archive.names()[0] == ahead
    assert archive.find("newest") == newest
    assert list_backups(place, key=None, now=place.now)[-1].path == newest
    place.keep = {"daily": 1}
    assert ahead in prune_backups(place).removed
    assert archive.names() == [newest.name]


def test_years_later_the_wrong_date_is_still_known(place: Place) -> None:
    """Backups note it, encrypted ones too, so no clock is asked when they are put in order."""
    key = new_key(place.folder / "key.txt")
    place.time = NOON + timedelta(days=400)
    ahead = place.backup(key=key).name
    place.time = NOON
    for days in (0, 1, 399):
        place.time = NOON + timedelta(days=days)
        newest = place.backup(key=key)
        place.keep = {"daily": 2}
        prune_backups(place)
    place.time = NOON + timedelta(days=401)
    assert Archive(place.backup_dir).names()[-1] == newest.name
    assert ahead not in Archive(place.backup_dir).names()


def test_no_folder_nothing_to_prune(tmp_path: Path) -> None:
    """And none is made."""
    place = Place(tmp_path / "nowhere")
    assert prune_backups(place).removed == []
    assert not place.folder.exists()
