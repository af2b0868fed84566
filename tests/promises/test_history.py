"""History is true: `t_at(ts)` shows what the service held when it was read, children too."""

from __future__ import annotations

import copy
import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sandbox import Fault
from tests.kit.account import Bench, bench, differences

TABLES: dict[str, tuple[str, ...]] = {
    "kinescope": ("videos", "video_assets", "chapters", "subtitles", "additional_materials",
                  "playlists", "playlist_items"),
    "kinesis": ("projects", "project_members", "collections", "structures", "records", "routes",
                "media", "configs"),
    "kinopio": ("spaces", "cards", "connections", "boxes", "tags", "space_collaborators"),
    "kippt": ("lists", "clips", "favorites", "comments", "clip_likes"),
    "kitemaker": ("spaces", "statuses", "labels", "work_items", "work_item_labels", "comments",
                  "initiatives", "initiative_spaces"),
}  # fmt: skip


class History(RuleBasedStateMachine):
    """Changes, syncs and broken syncs in any order; the truth is kept at the time of each sync."""

    service = "kinescope"
    only_full_passes_show_all = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.bench: Bench = bench(Path(self.folder.name) / "bench", self.service, size=12)
        self.times: list[tuple[datetime, dict[str, list[dict[str, Any]]]]] = []
        self.checked = 0
        self.sync(False)

    def _declared(self, name: str) -> Any:
        return self.bench.account.connector.tables[name]

    def _volatile(self, name: str) -> set[str]:
        return {column.name for column in self._declared(name).columns if column.unversioned}

    def _truth(self) -> dict[str, list[dict[str, Any]]]:
        """What stands there now, without what changes by itself and makes no version."""
        shown = copy.deepcopy(self.bench.world.truth())  # whose lists go on changing
        return {
            name: [
                {k: v for k, v in row.items() if k not in self._volatile(name)}
                for row in shown[name]
            ]
            for name in TABLES[self.service]
        }

    @rule(seed=st.integers(1, 1000))
    def change(self, seed: int) -> None:
        """A round of creations, edits and deletions."""
        self.bench.world.change(seed)

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        """A sync that succeeds (twice, where one takes up what a broken one left)."""
        self.bench.stand_in.faults.clear()
        for _ in range(4):
            result = self.bench.sync(*TABLES[self.service], full=full, accept_deletes=True)
            if result.status == "complete" and not list(self.bench.folder.rglob("*.journal")):
                break
        # What a broken run had read may be older than now: only a fresh look is the truth.
        result = self.bench.sync(
            *TABLES[self.service], full=self.only_full_passes_show_all, accept_deletes=True
        )
        assert result.status == "complete", result
        self.times.append((datetime.now(UTC), self._truth()))

    @precondition(lambda self: len(self.times) > 0)
    @rule(after=st.integers(0, 3), seed=st.integers(1, 1000))
    def broken_sync(self, after: int, seed: int) -> None:
        """A sync whose token dies after a few answers, right after a change."""
        self.bench.world.change(seed)
        self.bench.stand_in.faults.add(Fault("token_died", times=None, after=after))
        self.bench.sync(*TABLES[self.service])
        self.bench.stand_in.faults.clear()

    @invariant()
    def every_time_is_as_it_was(self) -> None:
        """At the time of each sync so far, the tables show the truth of that time."""
        for at, truth in self.times:
            for name in TABLES[self.service]:
                more = name in self.bench.world.may_hold_more
                rows = self.bench.rows(name, at)
                assert differences(self._declared(name), truth[name], rows, more) == [], (name, at)

    def teardown(self) -> None:
        self.bench.box.__exit__(None, None, None)
        self.folder.cleanup()


class KinopioHistory(History):
    """The same with spaces and cards."""

    service = "kinopio"


class KinesisHistory(History):
    """The same where every sync reads everything, and an edit of a record is another record."""

    service = "kinesis"


class KipptHistory(History):
    """The same where increments show neither deletes nor what hangs on a clip."""

    service = "kippt"
    only_full_passes_show_all = True


class KitemakerHistory(History):
    """The same with work items and what is shared by several spaces."""

    service = "kitemaker"
    only_full_passes_show_all = True


def settled(examples: int, steps: int) -> settings:
    """So many machines of so many steps; a step is a sync, so no single one is timed."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "machine", [History, KinopioHistory, KinesisHistory, KipptHistory, KitemakerHistory]
)
def test_every_time_shows_what_the_service_held(machine: type[History]) -> None:
    """Random sequences of changes, syncs and broken syncs leave a true history."""
    machine.TestCase.settings = settled(12, 12)
    machine.TestCase().runTest()


def test_a_short_history_is_true() -> None:
    """A sample for every day: a change, a broken sync and a sync after the first, in this order."""
    machine = History()
    try:
        random_seeds = random.Random(7)
        machine.change(random_seeds.randrange(1000))
        machine.broken_sync(2, random_seeds.randrange(1000))
        machine.sync(False)
        machine.every_time_is_as_it_was()
        assert len(machine.times) == 2
    finally:
        machine.teardown()
