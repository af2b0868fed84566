"""Files as a part of a sync: fetched once, kept when gone, named when they cannot be had."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from sandbox import Request
from tests.kit.file_scene import FileBench
from tests.kit.written import everything_below
from warehouse.backup import restore_backup, write_backup

Shelf = Callable[..., FileBench]
ROOT = Path(__file__).parents[3]
ASSETS = ["videos", "video_assets"]


def one_video(shelf: Shelf, **more: object) -> tuple[FileBench, str]:
    """A workspace with few videos; the id of one that has an original."""
    bench = shelf("kinescope", loaded=True, size=3, include=ASSETS, **more)
    return bench, bench.world.library.record(0)["id"]


def command(bench: FileBench, *one_line: str) -> subprocess.Popen[str]:
    """`kollect` in a process of its own."""
    bench.settings  # noqa: B018  (reading them writes kollect.toml)
    file = str(bench.folder / "kollect.toml")
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", "--config", file, *one_line],
        cwd=ROOT,
        env={**os.environ, **bench.box.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_download_goes_on_where_it_was(shelf: Shelf) -> None:
    """`kill -9` in the middle of a file: the next sync asks for the rest of its bytes alone, and
    not for files that came whole before, although no transaction had put them on record."""
    size = 2_000_000
    bench, video = one_video(shelf)
    bench.world.replace_media(video, size=size)
    asset = bench.world.library.record(0)["assets"][0]["id"]
    fault = bench.place.faults.add("slow_body", match=asset, bytes_per_second=600_000)
    process = command(bench, "sync")
    part = None
    for _ in range(600):
        part = next((p for p in bench.parts() if p.stat().st_size > 500_000), None)
        if part is not None or process.poll() is not None:
            break
        time.sleep(0.02)
    assert part is not None, process.communicate()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert fault.fired == 1
    here = part.stat().st_size
    assert here < size
    receipts = [json.loads(p.read_text()) for p in bench.parts() if p.suffix == ".json"]
    whole = [receipt for receipt in receipts if receipt["sha256"] in bench.stored()]
    assert len(whole) == 2, "they came, and are on no record yet"
    bench.place.faults.clear()
    assert bench.sync().status == "complete"
    bench.assert_files_true()
    visit = next(v for v in reversed(bench.host.visits) if asset in v.path)
    assert (visit.range, visit.status, visit.bytes) == (f"bytes={here}-", 206, size - here)
    assert bench.place.bytes_sent < size + 150_000, "less than two chunks were lost on the way"
    assert len(bench.host.visits) == 4, "each file once, and the rest of one"
    assert bench.parts() == []


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_undisturbed(shelf: Shelf) -> None:
    """Eight times at moments of chance: the files and their rows are those of a calm sync."""
    bench = shelf("kinescope")
    bench.place.faults.add("slow_body", match="assets", times=None, bytes_per_second=2_000)
    chance = random.Random(5)
    killed = 0
    for _ in range(8):
        enough = len(bench.host.visits) + chance.randint(1, 3)
        process = command(bench, "sync")
        while process.poll() is None and len(bench.host.visits) < enough:
            time.sleep(0.005)
        time.sleep(0.2 * chance.random())
        killed += process.poll() is None
        process.kill()
        process.communicate()
    assert killed >= 4
    bench.place.faults.clear()
    assert bench.sync().status == "complete"
    bench.assert_files_true()
    assert bench.statuses() == {"stored": len(bench.world.true_files())}
    assert bench.parts() == []


def test_an_expired_link_is_asked_for_again_once(shelf: Shelf) -> None:
    """The link was good when it was given, and dead when it was used."""
    bench, video = one_video(shelf, file_parallel=1)
    address = f"/v1/videos/{video}"
    asked: list[int] = []

    def expire(request: Request, number: int) -> None:
        if request.path == address:
            asked.append(number)
            if len(asked) == 1:
                bench.world.jump_clock(7200)

    bench.world.after_answer.append(expire)
    result = bench.sync()
    assert result.status == "complete", result.trouble
    assert len(asked) == 2
    assert [v.status for v in bench.host.visits if v.status == 403] == [403]
    bench.assert_files_true()


def test_a_link_that_is_refused_twice_is_a_failure_with_a_reason(shelf: Shelf) -> None:
    """The account is partial, the other files are here, and the next sync tries again."""
    bench, _ = one_video(shelf)
    place = f"kinescope/files/assets/{bench.world.library.record(0)['assets'][0]['id']}"
    size = bench.world.library.record(0)["assets"][0]["file_size"]
    bench.host.refusals[f"{place}/{size}"] = 403
    result = bench.sync()
    assert result.status == "partial"
    assert result.files is not None
    assert (result.files.failed, result.files.fetched) == (1, 2)
    assert "refuses it (403)" in result.trouble
    assert [row["reason"] for row in bench.ledger("status = 'failed'")] == [
        "its host refuses it (403)"
    ]
    (run,) = bench.query("SELECT status, error FROM _kollect.runs ORDER BY started_at DESC LIMIT 1")
    assert run[0] == "partial"
    assert "403" in run[1]
    bench.host.refusals.clear()
    again = bench.sync()
    assert (again.status, again.files and again.files.fetched) == ("complete", 1)
    bench.assert_files_true()


def test_a_file_that_is_not_what_the_service_says_is_not_kept(shelf: Shelf) -> None:
    """Its MD5 or its size differ: named, nothing of it in the store."""
    bench, _ = one_video(shelf)
    asset = bench.world.library.record(1)["assets"][0]
    place = f"kinescope/files/assets/{asset['id']}/{asset['file_size']}"
    bench.host.changed[place] = b"x" * asset["file_size"]
    result = bench.sync()
    assert result.status == "partial"
    assert [r["reason"] for r in bench.ledger("status = 'failed'")] == [
        "its MD5 is not the one that the service gives"
    ]
    assert b"x" * asset["file_size"] not in bench.stored().values()
    assert sum(v.path.endswith(f"/{asset['file_size']}") and asset["id"] in v.path
               for v in bench.host.visits) == 2  # fmt: skip


def test_a_sync_of_one_table_leaves_parts_of_others_alone(shelf: Shelf) -> None:
    """What broke off goes on when its own table is synced again."""
    bench = shelf("kinescope", size=20)
    material = next(f for f in bench.world.true_files() if f["table"] == "additional_materials")
    bench.place.faults.add("short_body", match=material["record_key"], times=None)
    assert bench.sync("videos").status == "partial"
    (part,) = [file for file in bench.parts() if file.suffix == ".part"]
    here = part.stat().st_size
    assert 0 < here < material["bytes"]
    assert bench.sync("annotations").status == "complete"
    assert part.stat().st_size == here
    bench.place.faults.clear()
    assert bench.sync("videos").status == "complete"
    assert bench.host.visits[-1].range == f"bytes={here}-"


def test_hosts_and_sizes_that_are_not_wanted_are_named_and_no_failure(shelf: Shelf) -> None:
    """Nothing is asked of such a host; what a setting left out comes when it is changed."""
    bench, _ = one_video(shelf, file_hosts=["cdn.example.org"])
    result = bench.sync()
    assert result.status == "complete"
    assert bench.host.visits == []
    assert {r["reason"] for r in bench.ledger()} == {"127.0.0.1 is not among file_hosts"}
    files = [row for row in bench.world.true_files() if row["table"] == "video_assets"]
    sizes = sorted(row["bytes"] for row in files)
    toml = (bench.folder / "kollect.toml").read_text().splitlines()
    own = [line for line in toml if not line.startswith("file_hosts")]
    at = own.index("files = true")
    limited = [*own[:at], f"max_file_bytes = {sizes[0]}", *own[at:]]
    (bench.folder / "kollect.toml").write_text("\n".join(limited))
    second = bench.sync()
    assert second.status == "complete"
    assert bench.statuses() == {"stored": 1, "skipped": 2}
    assert f"max_file_bytes ({sizes[0]:,})" in bench.ledger("status = 'skipped'")[0]["reason"]
    assert len(bench.host.visits) == 1, "the service says their sizes: no request is needed"
    (bench.folder / "kollect.toml").write_text("\n".join(own))
    assert bench.sync().status == "complete"
    assert bench.statuses() == {"stored": 3}


def test_a_file_that_is_gone_at_the_service_is_kept(shelf: Shelf) -> None:
    """Its row says so; if the record returns, the file is there without a request."""
    bench, video = one_video(shelf)
    bench.sync()
    had = bench.stored()
    bench.world.delete_video(video)
    result = bench.sync(full=True)
    assert result.status == "complete"
    (gone,) = bench.ledger("status = 'gone'")
    assert gone["sha256"] in had
    assert "kept" in gone["reason"]
    assert bench.stored() == had
    visits = len(bench.host.visits)
    bench.world.restore_video(video)
    assert bench.sync(full=True).status == "complete"
    assert bench.statuses() == {"stored": 3}
    assert len(bench.host.visits) == visits


@pytest.mark.slow
def test_a_replaced_file_comes_beside_the_one_before(shelf: Shelf) -> None:
    """Both are kept, and the row of each says which is which."""
    bench = shelf("kinopio", size=4, include=["spaces"])
    bench.sync()
    space = next(s for s in bench.world.world.spaces.values() if s.fields["drawingImage"])
    space.fields["drawingImage"] = "https://cdn.kinopio.club/new/drawing.png"
    space.fields["updatedAt"] = "2027-01-01T00:00:00.000Z"
    assert bench.sync().status == "complete"
    rows = bench.ledger(f"table_name = 'spaces' AND record_key = '{space.id}'")
    assert sorted(row["status"] for row in rows) == ["gone", "stored"]
    assert len({row["sha256"] for row in rows} & set(bench.stored())) == 2
    bench.assert_files_true()


@pytest.mark.slow
def test_a_file_that_never_was_is_gone_and_seldom_asked_for(shelf: Shelf) -> None:
    """404 is no failure; only a full pass looks again."""
    bench = shelf("kinesis", loaded=True, include=["media"])
    lost = bench.world.store.medias[0]
    bench.world.lose_file(lost.id)
    assert bench.sync().status == "complete"
    gone = {row["record_key"] for row in bench.ledger("status = 'gone'")}
    assert lost.id in gone
    asked = bench.stand_in.count("/public/")
    assert bench.sync().status == "complete"
    assert bench.stand_in.count("/public/") == asked
    bench.sync(full=True)
    assert bench.stand_in.count("/public/") > asked
    assert bench.world.tokens_sent_to_files == 0


def test_a_warehouse_of_an_earlier_kollect_gets_the_ledger_of_today(shelf: Shelf) -> None:
    """It had an empty table of another form."""
    bench, _ = one_video(shelf)
    with duckdb.connect(str(bench.folder / ".kollect" / "writer" / "kollect.duckdb")) as writer:
        writer.execute("DROP TABLE _kollect.files")
        writer.execute("CREATE TABLE _kollect.files (account VARCHAR, url VARCHAR)")
    assert bench.sync().status == "complete"
    assert bench.statuses() == {"stored": 3}


def test_a_backup_brings_files_back(shelf: Shelf) -> None:
    """Also those that are gone at the service; after a restore no sync fetches anything."""
    bench, video = one_video(shelf)
    bench.sync()
    bench.world.delete_video(video)
    bench.sync(full=True)
    had, rows = bench.stored(), bench.ledger()
    backup = write_backup(bench.settings, key=None)
    for file in sorted(bench.store.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    bench.warehouse.unlink()
    restore_backup(backup, bench.warehouse, key=None)
    assert bench.stored() == had
    assert bench.ledger() == rows
    visits = len(bench.host.visits)
    assert bench.sync().status == "complete"
    assert len(bench.host.visits) == visits


@pytest.mark.slow
def test_a_lost_state_folder_costs_no_file(shelf: Shelf) -> None:
    """Files are not in `.kollect/`; a lost file is fetched again."""
    bench, _ = one_video(shelf)
    bench.sync()
    shutil.rmtree(bench.folder / ".kollect")
    visits = len(bench.host.visits)
    bench.sync()
    assert len(bench.host.visits) == visits
    lost = next(file for file in bench.store.rglob("*") if file.is_file())
    lost.unlink()
    result = bench.sync()
    assert (result.status, len(bench.host.visits)) == ("complete", visits + 1)
    bench.assert_files_true()


def test_no_signed_link_is_written_or_said(shelf: Shelf) -> None:
    """Not in the ledger, the store, the stage of a broken run, events, errors; nor any token."""
    bench = shelf("kinescope", size=12, include=[*ASSETS, "subtitles"])
    assets = [bench.world.library.record(n)["assets"] for n in (0, 1)]
    for name in (f"{a[0]['id']}/{a[0]['file_size']}" for a in assets):
        bench.host.refusals[f"kinescope/files/assets/{name}"] = 403
    fault = bench.place.faults.add("short_body", match="subtitles", times=1)
    result = bench.sync()
    assert result.status == "partial"
    assert fault.fired == 1
    told = "\n".join(f"{p.text} {p.fields}" for p in bench.progress)
    everything = everything_below(bench.folder) + f"{result}{result.trouble}{told}".encode()
    assert [s for s in bench.world.secrets() if s.encode() in everything] == []
    assert f"127.0.0.1:{bench.place.port}/kinescope/files/assets".encode() not in everything


def test_a_private_file_is_opened_by_a_link_that_is_written_nowhere(shelf: Shelf) -> None:
    """Kinesis puts a token of the file's own into the address."""
    bench = shelf("kinesis", loaded=True, switches={"media_fields": "current"}, include=["media"])
    assert bench.sync().status == "complete"
    private = [media for media in bench.world.store.medias if media.access_token]
    assert private
    assert bench.stand_in.count("/media/stream") == len(private)
    everything = everything_below(bench.folder)
    assert [m.id for m in private if m.access_token.encode() in everything] == []
    assert bench.world.tokens_sent_to_files == 0


@pytest.mark.slow
def test_files_on_the_services_own_host_keep_its_rate(shelf: Shelf) -> None:
    """The referee counts them like any request."""
    rate = [{"limit": 10, "seconds": 1}]
    bench = shelf("kinesis", loaded=True, include=["media"], rate=rate)
    bench.stand_in.referee.on = True
    result = bench.sync()
    assert result.status == "complete"
    assert result.files is not None
    assert result.files.fetched > 5
    assert bench.stand_in.referee.violations == []


def test_parallel_and_bandwidth_are_settings(shelf: Shelf) -> None:
    """One file after the other, and pauses for as many bytes as came."""
    slept: list[float] = []
    bench, video = one_video(shelf, file_parallel=1, file_bytes_per_second=100_000)
    bench.world.replace_media(video, size=300_000)
    bench.place.latency_seconds = 0.05
    assert bench.sync(runtime=replace(bench.runtime, sleep=slept.append)).status == "complete"
    arrivals = [entry.time for entry in bench.place.requests]
    assert len(arrivals) == 3
    gaps = [late - early for early, late in pairwise(arrivals)]
    assert min(gaps) >= 0.05
    assert sum(slept) > 0
    assert max(slept) > 2.0, "300,000 bytes at 100,000 a second"
