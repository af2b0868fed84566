"""A backup is of one moment, and one that was killed is none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb

from tests.kit.backup import Place, everything
from warehouse.backup import list_backups, restore_backup, verify_backup
from warehouse.progress import Step

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.kit.backup import Place
seen = 0
def on_step(step):
    global seen
    seen += 1
    if seen == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
place = Place(Path(sys.argv[1]))
real = {name: getattr(os, name) for name in ("rename", "fsync", "link")}
def counted(name):
    def call(*words, **more):
        on_step(None)
        return real[name](*words, **more)
    return call
for name in real:
    setattr(os, name, counted(name))
place.backup(on_step=on_step)
print(seen)
"""


def test_a_sync_that_publishes_meanwhile_changes_nothing(place: Place, tmp_path: Path) -> None:
    """The state of the beginning is held to the end."""
    before = everything(place.warehouse)
    newer = tmp_path / "newer.duckdb"
    shutil.copy(place.warehouse, newer)
    with duckdb.connect(str(newer)) as connection:
        connection.execute("DELETE FROM demo.things")
    published: list[bool] = []

    def on_step(step: Step) -> None:
        if step.kind == "step" and not published:
            os.replace(newer, place.warehouse)
            published.append(True)

    backup = place.backup(on_step=on_step)
    assert published
    assert everything(place.warehouse) != before
    restored = restore_backup(backup, tmp_path / "restored.duckdb", key=None).to
    assert everything(restored) == before


def test_a_person_who_keeps_the_file_open_is_no_hindrance(place: Place, tmp_path: Path) -> None:
    """The writer's file is copied between two loads where the published one cannot be read."""
    before = everything(place.warehouse)
    writer = place.folder / ".kollect" / "writer" / "kollect.duckdb"
    writer.parent.mkdir(parents=True)
    shutil.copy(place.warehouse, writer)
    holder = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys, time\nc = duckdb.connect(sys.argv[1])\n"
         "print('open', flush=True)\ntime.sleep(60)", str(place.warehouse)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        told: list[Step] = []
        backup = place.backup(on_step=told.append)
        assert any("open for writing" in step.text for step in told)
    finally:
        holder.kill()
        holder.communicate()
    restored = restore_backup(backup, tmp_path / "restored.duckdb", key=None).to
    assert everything(restored) == before


def test_a_killed_backup_never_looks_like_one(place: Place) -> None:
    """Killed at any of its steps: nothing new in the list, and the next backup is whole."""
    first = place.backup()
    place.change(
        "UPDATE demo.things SET name = 'changed', _content = md5('7')::UUID WHERE id = '7'"
    )
    moments = (1, 8, 12, 15, 17)
    for moment in moments:
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(place.folder), str(moment)],
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."},
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
        names = [each.name for each in list_backups(place, key=None)]
        for name in names:
            assert verify_backup(place.backup_dir / name, key=None).good
        assert first.name in names
    left = len(names)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(place.folder), "100000"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    assert int(done.stdout) >= moments[-1], "kill at later moments too"
    found = list_backups(place, key=None)
    assert len(found) == left + 1
    assert not [e for e in place.backup_dir.iterdir() if e.name.startswith((".partial", ".rem"))]
    assert not list((place.folder / ".kollect" / "scratch").iterdir())


def test_two_backups_at_once_come_one_after_the_other(place: Place) -> None:
    """The second waits for the first."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.kit.backup import Place\n"
        "print(Place(Path(sys.argv[1])).backup())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(place.folder)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."},
        )
        for _ in range(2)
    ]  # fmt: skip
    places = {Path(each.communicate()[0].strip()) for each in started}
    assert len(places) == 2
    assert all(verify_backup(each, key=None).good for each in places)


def test_time_comes_from_the_clock_that_is_given(place: Place) -> None:
    """Names are UTC times, and equal seconds are told apart."""
    names = [place.backup().name for _ in range(3)]
    assert names == [
        "2026-03-01T12-00-00Z",
        "2026-03-01T12-00-00Z-2",
        "2026-03-01T12-00-00Z-3",
    ]
    assert [each.name for each in list_backups(place, key=None, now=place.now)] == names


def test_no_scratch_is_left_beside_the_warehouse(place: Place) -> None:
    """Plain copies live only as long as the backup is written."""
    place.backup()
    assert not list((place.folder / ".kollect" / "scratch").iterdir())
