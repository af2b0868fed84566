"""Services that change while they are read: no row that was there throughout is missed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox import Request
from tests.kit.account import Bench

Change = Callable[[Any, int], None]


def kinescope_changes(world: Any, number: int) -> None:
    """Videos go from the front and come at the end, so that the total stays the same."""
    videos = [row["id"] for row in world.truth()["videos"]]
    world.delete_video(videos[number % len(videos)])
    world.add_video(f"new while reading {number}")
    world.edit_video(videos[(number + 5) % len(videos)], title=f"edited {number}")


def kippt_changes(world: Any, number: int) -> None:
    """A clip is added on top, one edited, one goes."""
    clips = [row["id"] for row in world.truth()["clips"]]
    own = [i for i in clips if world.world.clips[i].user.id == world.world.me.id]
    world.add_note(f"new while reading {number}")
    world.edit_clip(own[number % len(own)], title=f"edited {number}")
    world.delete_clip(own[(number + 3) % len(own)])


def kinesis_changes(world: Any, number: int) -> None:
    """A record comes, one goes, in the collection that is the largest."""
    rows = world.truth()["records"]
    row = rows[number % len(rows)]
    world.add_record(row["project_id"], row["collection_id"])
    world.delete_record(row["project_id"], row["collection_id"], row["data_id"])


def kinopio_changes(world: Any, number: int) -> None:
    """Cards come, move and go, and a space goes to the trash."""
    spaces = [s for s in world.space_ids() if world.card_ids(s)]
    space_id = spaces[number % len(spaces)]
    world.add_card(space_id, f"new while reading {number}")
    world.move_card(space_id, world.card_ids(space_id)[0], 5.0, 7.0)
    world.delete_card(space_id, world.card_ids(space_id)[1])


def kitemaker_changes(world: Any, number: int) -> None:
    """Work items come, are edited and go."""
    items = [row["id"] for row in world.truth()["work_items"]]
    world.add_work_item(title=f"new while reading {number}")
    world.edit_work_item(items[number % len(items)], title=f"edited {number}")
    world.delete_work_item(items[(number + 3) % len(items)])


@dataclass(frozen=True)
class Kind:
    """One kind of paging: who has it, what changes, and how its pages become small."""

    service: str
    change: Change
    tables: tuple[str, ...]
    table: str
    switches: Mapping[str, Any] = field(default_factory=dict)
    page_rows: int | None = None
    """Where no switch makes pages small, the stand-in shows so many rows on each."""


KINDS = {
    "page numbers": Kind(
        "kinescope", kinescope_changes, ("videos",), "videos", {"largest_page": 10}
    ),
    "page indexes": Kind("kinesis", kinesis_changes, ("records",), "records", {"maximum_limit": 7}),
    "linked offsets": Kind("kippt", kippt_changes, ("clips",), "clips", page_rows=12),
    "batches": Kind("kinopio", kinopio_changes, ("spaces", "cards"), "cards"),
    "cursors": Kind("kitemaker", kitemaker_changes, ("work_items",), "work_items", page_rows=7),
}
MOST_BOUNDARIES = 40
"""A sync of more answers is changed after so many of them, evenly spread."""


@dataclass
class Moving:
    """A bench whose service changes while it is read."""

    kind: Kind
    bench: Bench
    asked: int = 0
    changed: int = 0
    """How many syncs met a change."""

    @classmethod
    def set(cls, made: Callable[..., Bench], kind: Kind) -> Moving:
        bench = made(kind.service, switches=dict(kind.switches))
        if kind.page_rows is not None:
            bench.stand_in.faults.add("clamped_page", rows=kind.page_rows, times=None)
        return cls(kind, bench)

    def shown(self) -> set[tuple[Any, ...]]:
        """The keys of the table's rows at the service, now."""
        key = self.bench.account.connector.tables[self.kind.table].key
        rows = self.bench.world.truth()[self.kind.table]
        return {tuple(row[name] for name in key) for row in rows}

    def read(self, boundaries: Collection[int]) -> list[str]:
        """One full sync with a change after each of these answers: what went wrong."""
        before, made = self.shown(), 0
        self.asked = 0

        def while_reading(request: Request, number: int) -> None:
            nonlocal made
            self.asked += 1
            if self.asked in boundaries:
                made += 1
                self.kind.change(self.bench.world, number)

        self.bench.world.after_answer.append(while_reading)
        result = self.bench.sync(*self.kind.tables, full=True)
        self.bench.world.after_answer.remove(while_reading)
        self.changed += bool(made)
        problems = []
        missed = (before & self.shown()) - self.bench.rows(self.kind.table).keys()
        if missed:
            problems.append(f"{list(boundaries)[:3]}: {missed} were missed ({result.tables})")
        return problems

    def rest(self) -> None:
        """A sync at rest equals the truth."""
        assert self.bench.sync(*self.kind.tables, full=True).status == "complete"
        assert self.shown() == set(self.bench.rows(self.kind.table))
        if self.kind.page_rows is not None:
            assert self.bench.stand_in.faults.fired("clamped_page"), "pages were small"


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(name, marks=() if name == "page numbers" else pytest.mark.slow)
        for name in KINDS
    ],
)
def test_no_row_that_stays_is_missed(made: Callable[..., Bench], kind: str) -> None:
    """A change after each of the first answers, in a first sync and in a later one: every row
    that is there before and after came, and none of them was ended."""
    moving = Moving.set(made, KINDS[kind])
    assert [p for _ in range(2) for p in moving.read(range(1, 7))] == []
    assert moving.changed == 2
    moving.rest()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_no_row_that_stays_is_missed_whichever_page_boundary_a_change_falls_on(
    made: Callable[..., Bench], kind: str
) -> None:
    """One full sync for each answer of a calm one, with a change right after that answer; then
    one sync with a change after every answer."""
    moving = Moving.set(made, KINDS[kind])
    assert moving.bench.sync(*KINDS[kind].tables).status == "complete"
    before = moving.bench.stand_in.count()
    moving.rest()
    usual = moving.bench.stand_in.count() - before
    boundaries = range(1, usual + 1, max(1, -(-usual // MOST_BOUNDARIES)))
    problems = [p for at in boundaries for p in moving.read({at})]
    # Rows go, too: the last syncs may need fewer answers than the first.
    assert moving.changed >= 0.75 * len(boundaries)
    problems += moving.read(range(1, 1000))
    assert not problems, "\n".join(problems)
    moving.rest()
