"""Accounts that lose something, and what a restore into the service gives back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from connectors.core.write import Writer
from pipelines.restore.ids import references
from pipelines.restore.restore import RestoreRequest, RestoreResult, restore_into
from pipelines.restore.source import Source, opened_source
from pipelines.sync.runtime import Runtime
from sandbox import Request
from tests.kit.account import Bench, bench
from tests.kit.file_scene import file_bench
from warehouse.backup.write import write_backup

ROOT = Path(__file__).parents[2]


def is_write(method: str, path: str) -> bool:
    """Whether a request changes the service; GraphQL is only read with."""
    return method in ("POST", "PUT", "PATCH", "DELETE") and not path.endswith("/graphql")


@dataclass
class Lost:
    """One service: how much of it there is, and how a part or all of it vanishes."""

    part: Callable[[Any], None]
    all: Callable[[Any], None]
    size: int
    files: bool = False
    gains: frozenset[str] = frozenset()
    """Tables in which there may be more rows afterwards, as the service adds some itself."""


def lose_part_of_kinopio(world: Any) -> None:
    """Spaces removed by oneself and by another, one deleted; of one a removed and a deleted card."""
    first, second, third, fourth = world.space_ids()[:4]
    world.remove_space(first)
    world.delete_space(second)
    world.remove_space_by_collaborator(fourth)
    cards = world.card_ids(third)
    world.remove_card(third, cards[0])
    world.delete_card(third, cards[1])
    world.delete_child(third, "boxes", world.child_ids(third, "boxes")[0])


def lose_all_of_kinopio(world: Any) -> None:
    for space_id in [s.id for s in world.world.spaces.values() if s.is_member]:
        world.delete_space(space_id)


def lose_part_of_kinescope(world: Any) -> None:
    """Videos with subtitles, materials and annotations, a playlist, a tag, some chapters."""
    for number in (4, 6, 13):
        world.delete_video(world.library.id(number))
    for table in ("playlists", "tags", "privacy_domains"):
        world.remove_record(table, list(world.account.records[table])[1])
    world.set_chapters(world.library.id(1), [])


def lose_all_of_kinescope(world: Any) -> None:
    for number in list(world.library.order):
        world.delete_video(world.library.id(number))
    for table in ("playlists", "folders", "projects", "tags", "players", "privacy_domains"):
        for record_id in list(world.account.records[table]):
            world.remove_record(table, record_id)


def lose_part_of_kippt(world: Any) -> None:
    """A list with its clips, and a clip of another one."""
    mine = [row for row in world.world.my_lists() if row.slug != "inbox"]
    world.delete_list(mine[0].id)
    world.delete_clip(next(c.id for c in world.world.my_clips() if c.home.id != mine[0].id))


def lose_all_of_kippt(world: Any) -> None:
    for row in [row for row in world.world.my_lists() if row.slug != "inbox"]:
        world.delete_list(row.id)
    for clip in list(world.world.my_clips()):
        world.delete_clip(clip.id)


def lose_part_of_kinesis(world: Any) -> None:
    """A collection with all in it, and of another one a record."""
    project = max(world.store.projects, key=lambda project: len(project.collections))
    collections = sorted(project.collections, key=lambda c: len(c.structures) + len(c.records))
    world.delete_collection(project.id, collections[1].id)
    other = collections[-1]
    world.delete_record(project.id, other.id, other.records[0].data_id)


def lose_all_of_kinesis(world: Any) -> None:
    for project in list(world.store.projects):
        world.delete_project(project.id)


def lose_part_of_kitemaker(world: Any) -> None:
    """Work items with comments and labels, an initiative, and feedback."""
    data = world.world
    for item in [item for item in data.work_items.values() if item.space.id in seen(world)][:12:3]:
        world.delete_work_item(item.id)
    world.delete_initiative(next(iter(data.initiatives.values())).id)
    world.delete_feedback(list(data.feedback.values())[1].id)


def lose_all_of_kitemaker(world: Any) -> None:
    data = world.world
    for item in [item for item in data.work_items.values() if item.space.id in seen(world)]:
        world.delete_work_item(item.id)
    for row in list(data.initiatives.values()):
        world.delete_initiative(row.id)
    for row in list(data.feedback.values()):
        world.delete_feedback(row.id)


def seen(world: Any) -> set[str]:
    """The spaces of Kitemaker that the token sees."""
    me = world.world.users[0]
    return {s.id for s in world.world.spaces.values() if not s.private or me in s.insiders}


LOST = {
    "kinesis": Lost(
        lose_part_of_kinesis, lose_all_of_kinesis, 12, gains=frozenset({"project_members"})
    ),
    "kinopio": Lost(lose_part_of_kinopio, lose_all_of_kinopio, 10),
    "kinescope": Lost(lose_part_of_kinescope, lose_all_of_kinescope, 16, files=True),
    "kitemaker": Lost(lose_part_of_kitemaker, lose_all_of_kitemaker, 10),
    "kippt": Lost(lose_part_of_kippt, lose_all_of_kippt, 12),
}
"""By service."""


class Died(BaseException):
    """What a kill does to the process: no handler of an error sees it."""


class Dying(httpx.HTTPTransport):
    """Kills at the n-th write: before it is sent, or when it was done and not yet answered."""

    def __init__(self, at: int, after: bool) -> None:
        super().__init__()
        self.left = at
        self.after = after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not is_write(request.method, request.url.path):
            return super().handle_request(request)
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Died
        response = super().handle_request(request)
        if self.left == 0:
            raise Died
        return response


@dataclass
class Restoring:
    """A service of the sandbox with a backup of its account."""

    bench: Bench
    service: str
    source: Source

    def lose(self, how: str) -> None:
        getattr(LOST[self.service], how)(self.bench.world)

    def restore(
        self,
        *,
        apply: bool = True,
        transport: httpx.BaseTransport | None = None,
        source: Source | None = None,
        **request: Any,
    ) -> RestoreResult:
        bench = self.bench
        retry = replace(bench.account.retry, first_seconds=0.001, max_seconds=0.002)
        account = replace(bench.account, retry=retry)
        runtime = Runtime(progress=bench.progress.append, transport=transport)
        asked = RestoreRequest(apply=apply, **request)
        return restore_into(bench.settings, account, source or self.source, asked, runtime=runtime)

    def from_now(self, at: datetime | None = None) -> Source:
        """The living warehouse as the source."""
        bench, connector = self.bench, self.bench.account.connector
        return Source("now", self.service, bench.warehouse, connector, at, with_deleted=at is None)

    def writes(self) -> int:
        """How many writes reached the service."""
        return sum(is_write(e.method, e.target) for e in self.bench.stand_in.requests)

    def killed_at_a_write(self, number: int) -> bool:
        """The command in a process of its own, which is killed when the service has done its n-th
        write and not yet answered it. False where the command came to its end, which it must."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.bench.folder),
            "PYTHONPATH": str(ROOT),
            "KOLLECT_KEYRING": "0",
            **self.bench.box.environment(),
        }
        command = "from pipelines.cli import main; main()"
        words = ["restore", "newest", "--into", self.service, "--apply"]
        process = subprocess.Popen(
            [sys.executable, "-c", command, *words], cwd=self.bench.folder, env=environment
        )
        seen = 0

        def kill(request: Request, _: int) -> None:
            nonlocal seen
            seen += is_write(request.method, request.path)
            if seen == number and process.poll() is None:
                process.kill()
                process.wait()

        self.bench.world.after_answer.append(kill)
        try:
            status = process.wait(timeout=60)
        finally:
            self.bench.world.after_answer.remove(kill)
        assert status in (0, -signal.SIGKILL)
        return status != 0

    def counts(self) -> dict[str, int]:
        """Table -> rows, of the tables that can be written."""
        writers = self.bench.account.connector.writers
        return {w.table.name: len(self.bench.rows(w.table.name)) for w in writers}


@contextlib.contextmanager
def backed_up(folder: Path, service: str, seed: int = 1, **switches: Any) -> Iterator[Restoring]:
    """An account that was synced and backed up, ready to lose something."""
    lost = LOST[service]
    options: dict[str, Any] = {"size": lost.size, "switches": switches}
    with (
        file_bench(folder, service, **options)
        if lost.files
        else bench(folder, service, seed=seed, **options)
    ) as made:
        assert made.sync(full=True).status == "complete"
        backup, connector = write_backup(made.settings), made.account.connector
        with opened_source(backup, connector, None, service, home=folder) as source:
            yield Restoring(made, service, source)


def contents(writer: Writer, row: Mapping[str, Any]) -> dict[str, str]:
    """What must come back of a record, as text; without positions and ids of others."""
    made_up = writer.made_up(row) if writer.made_up else frozenset()
    skipped = {*made_up, *references(writer), "position"}
    wanted = {name: row[name] for name in writer.restores if name not in skipped}
    return {name: str(writer.compared.get(name, str)(value)) for name, value in wanted.items()}
