"""Exactly once: killed at any write, with a torn last file, a full disk or a closed folder, the
next sync ends as an undisturbed one would have."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors import SERVICES
from connectors.core.errors import WarehouseProblem
from tests.kit.killed import LOST, Order
from tests.kit.payloads import recorded
from tests.kit.processes import Elsewhere
from tests.kit.scene import Scene, scratch_of

SAMPLE = (
    "after pwrite pages.journal",
    "after commit",
    "after replace kollect.duckdb",
    "before unlink pages.journal",
)
MORE = (
    *SAMPLE,
    "before commit",
    "before checkpoint",
    "after fsync .kollect.duckdb.copying",
    "before replace kollect.duckdb.published.json",
)
EACH = [
    name if name == "kippt" else pytest.param(name, marks=pytest.mark.slow) for name in SERVICES
]
"""Every service; all but one only in `make test-all`."""
Set = Callable[..., Scene]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as processes:
        yield processes


@pytest.fixture(scope="module")
def set_scene(elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Set]:
    """Sets scenes and keeps them for the module: a calm sync costs as much as a case."""
    scenes: dict[tuple[str, bool, int], Scene] = {}

    def setting(service: str, *, first: bool, in_flight: int = 1) -> Scene:
        kind = (service, first, in_flight)
        if kind not in scenes:
            folder = tmp_path_factory.mktemp(service)
            scenes[kind] = Scene.set(folder, service, elsewhere, first=first, in_flight=in_flight)
        return scenes[kind]

    yield setting
    for scene in scenes.values():
        scene.close()


@pytest.mark.parametrize("in_flight", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_killed_at_the_writes_that_matter_the_next_sync_asks_for_no_page_twice(
    set_scene: Set, in_flight: int
) -> None:
    """Rows, history, cursors and counts are those of a calm sync, and no staged page is asked
    for again: after a staged page, after a commit, while publishing, and at the very end."""
    scene = set_scene("kippt", first=False, in_flight=in_flight)
    problems = [p for n in scene.named(*SAMPLE) for p in scene.die_and_recover(n, "nothing")]
    assert not problems, "\n".join(problems)
    assert scene.spilled, "killed syncs leave scratch files, which the next ones removed"


@pytest.mark.parametrize("lost", [pytest.param("stage", marks=pytest.mark.slow), "all"])
def test_killed_after_a_commit_without_the_stage_the_next_sync_ends_the_same(
    set_scene: Set, lost: str
) -> None:
    """A lost stage, or a lost `.kollect/`, costs requests and nothing else."""
    scene = set_scene("kippt", first=False)
    (point,) = scene.named("after commit")
    assert scene.die_and_recover(point, lost) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("service", SERVICES)
def test_killed_at_the_writes_that_matter_each_service_ends_as_a_calm_one(
    set_scene: Set, service: str, in_flight: int
) -> None:
    """Real kills in a first sync of each service, with the stage kept, with requests one by one
    and with some at once and ahead of their families."""
    scene = set_scene(service, first=True, in_flight=in_flight)
    problems = [p for n in scene.named(*MORE) for p in scene.die_and_recover(n, "nothing")]
    assert not problems, "\n".join(problems)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize("service", SERVICES)
def test_from_every_state_that_a_kill_can_leave_the_next_sync_ends_as_a_calm_one(
    set_scene: Set, service: str, first: bool
) -> None:
    """Every boundary that instrumenting finds, before and after each file is written, flushed,
    renamed or removed, each transaction begun, stepped and committed, the file attached and let
    go: the folder of that moment is the start of another sync, with all of it, without the
    stage, and without `.kollect/`. Moments at which the disk holds the same are one."""
    scene = set_scene(service, first=first)
    states = scene.states()
    assert all(states[lost] for lost in LOST)
    problems = [
        problem
        for lost, found in states.items()
        for state, boundary in found.items()
        for problem in scene.recover_from(state, boundary, lost)
    ]
    count = {lost: len(found) for lost, found in states.items()}
    assert not problems, f"{count} states of {len(scene.boundaries)}:\n" + "\n".join(problems[:20])


@pytest.mark.slow
@pytest.mark.parametrize("written", [1, 8_000_000, 16_000_000])
def test_killed_while_rows_go_through_the_scratch_database_the_next_sync_loads_all(
    elsewhere: Elsewhere, tmp_path: Path, written: int
) -> None:
    """Killed once so many bytes of a large load's scratch database are written."""
    # DuckDB writes what fills a row group (20,480 rows) and keeps the rest in memory.
    tags = [{"id": f"tag-{n}", "tag": f"{n}" + "x" * 400} for n in range(80_000)]
    credentials = {"KINESCOPE_API_TOKEN": "token-of-a-test"}
    pagination = {"page": 1, "per_page": len(tags), "total": len(tags)}
    answers = {"/v1/tags": {"meta": {"pagination": pagination}, "data": tags}}
    with recorded(tmp_path, "kinescope", answers, credentials) as kinescope:
        assert kinescope.settings
        order = Order(str(tmp_path), "kinescope", credentials, tables=("tags",))
        elsewhere.start(order)
        deadline = time.monotonic() + 60
        while _size(tmp_path, ".kollect/scratch/*/rows.duckdb*") < written:
            assert time.monotonic() < deadline, "the scratch database never grew so far"
        elsewhere.kill()
        ended = elsewhere.answer()
        assert ended == {"killed": 9}, str(ended)[-2000:]
        assert scratch_of(tmp_path), "the killed sync left its scratch files"
        result = elsewhere.sync(order)
        assert result.get("status") == "complete", result
        assert scratch_of(tmp_path) == []
        assert {row["tag"] for row in kinescope.rows("tags").values()} == {
            tag["tag"] for tag in tags
        }
        asked = [r for r in kinescope.stand_in.requests if r.target.startswith("/v1/tags")]
        assert len(asked) == 1, "the page was staged before"


def _size(folder: Path, pattern: str) -> int:
    """The bytes of these files together; a file or a folder may go while it is looked at."""
    total = 0
    with contextlib.suppress(FileNotFoundError):
        for file in folder.glob(pattern):
            total += file.stat().st_size
    return total


@pytest.mark.parametrize("service", EACH)
def test_a_torn_last_entry_of_the_stage_costs_one_page(set_scene: Set, service: str) -> None:
    """What a power cut leaves of the last entry is cut away; only that page is asked again."""
    scene = set_scene(service, first=False)
    place = scene.copy()
    (point,) = scene.named("after pwrite pages.journal")
    assert scene.sync(place, point)["killed"] == 9
    pages = scene.staged(place)
    assert pages
    file = place / ".kollect" / "stage" / service / "pages.journal"
    os.truncate(file, file.stat().st_size - 7)
    before = scene.stage.stand_in.count()
    assert scene.sync(place)["status"] == "complete"
    most = len(scene.calm_requests) - pages + 1
    assert most - scene.refused <= len(scene.asked(before)) <= most
    assert scene.differs(place) == []


@pytest.mark.slow
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_torn_log_of_a_committed_load_is_loaded_again(set_scene: Set, kept: float) -> None:
    """DuckDB's own log, cut off at any place, holds the whole transaction or nothing of it."""
    scene = set_scene("kippt", first=False)
    place = scene.copy()
    (point,) = scene.named("after commit")
    assert scene.sync(place, point)["killed"] == 9
    log = place / ".kollect" / "writer" / "kollect.duckdb.wal"
    assert log.stat().st_size > 1000
    os.truncate(log, int(log.stat().st_size * kept))
    result = scene.sync(place)
    assert result.get("status") == "complete", result
    assert scene.differs(place) == []


@pytest.mark.parametrize("service", EACH)
def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_changed(
    set_scene: Set, elsewhere: Elsewhere, service: str
) -> None:
    """The sync ends with what to do; once the folder is open again all is as if it had been."""
    scene = set_scene(service, first=False)
    place = scene.copy()
    folders = [place, *(path for path in place.rglob("*") if path.is_dir())]
    published = (place / "kollect.duckdb").read_bytes()
    for closed in (folders[:1], folders):
        for folder in closed:
            folder.chmod(0o555)
        result = elsewhere.sync(scene.order(place, humble=True))
        for folder in closed:
            folder.chmod(0o755)
        assert result.get("raised") == "WarehouseProblem", result
        assert "cannot write" in result["told"] and "permissions" in result["told"]
        assert (place / "kollect.duckdb").read_bytes() == published
    assert elsewhere.sync(scene.order(place, humble=True))["status"] == "complete"
    assert scene.differs(place) == []


@pytest.mark.parametrize("service", EACH)
@pytest.mark.parametrize(
    "room",
    [
        pytest.param(0, marks=pytest.mark.slow),
        200_000,
        pytest.param(2_000_000, marks=pytest.mark.slow),
        pytest.param(8_000_000, marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_ends_a_sync_with_the_reason_and_loses_nothing(
    set_scene: Set, tmp_path: Path, room: int, service: str
) -> None:
    """Whatever the sync was writing when space ran out, the next one ends as a calm one."""
    scene = set_scene(service, first=False)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=90m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root of a whole machine may mount a small disk")
    try:
        place = scene.copy_to(disk / "place")
        published = (place / "kollect.duckdb").read_bytes()
        filler = disk / "filler"
        free = shutil.disk_usage(disk).free - room
        filler.write_bytes(b"\0" * free)
        result = scene.sync(place)
        assert result.get("raised") == "WarehouseProblem", result
        assert "no space left" in result["told"] and "free some space" in result["told"]
        assert (place / "kollect.duckdb").read_bytes() == published
        filler.unlink()
        result = scene.sync(place)
        assert result.get("status") == "complete", result
        assert scene.differs(place) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_while_rows_are_typed_ends_a_sync_with_the_reason(tmp_path: Path) -> None:
    """More rows than one batch go through a scratch database: where that finds no room, the sync
    says so, and the next one brings all of it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root of a whole machine may mount a small disk")
    try:
        tags = [{"id": f"tag-{n}", "tag": "x" * 4_000_000} for n in range(5)]
        credentials = {"KINESCOPE_API_TOKEN": "token-of-a-test"}
        with recorded(disk, "kinescope", {"/v1/tags": {"data": tags}}, credentials) as kinescope:
            filler = disk / "filler"
            filler.write_bytes(b"\0" * (shutil.disk_usage(disk).free - 22_000_000))
            with pytest.raises(WarehouseProblem, match="no space left"):
                kinescope.sync("tags")
            filler.unlink()
            assert len(kinescope.sync("tags").tables) == 1
            assert len(kinescope.rows("tags")) == len(tags)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
