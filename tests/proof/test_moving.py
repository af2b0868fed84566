"""Services that change while they are read: no row that was there throughout is missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox import Request
from tests.support import Bench

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


KINDS: dict[str, tuple[str, Change, dict[str, Any], tuple[str, ...], str]] = {
    "page numbers": ("kinescope", kinescope_changes, {"largest_page": 10}, ("videos",), "videos"),
    "page indexes": ("kinesis", kinesis_changes, {"maximum_limit": 7}, (), "records"),
    "linked offsets": ("kippt", kippt_changes, {}, (), "clips"),
    "batches": ("kinopio", kinopio_changes, {}, ("spaces",), "cards"),
    "cursors": ("kitemaker", kitemaker_changes, {}, (), "work_items"),
}


@pytest.mark.parametrize(
    "kind",
    [kind if kind == "page numbers" else pytest.param(kind, marks=pytest.mark.slow)
     for kind in KINDS],
)  # fmt: skip
def test_no_row_that_stays_is_missed(made: Callable[..., Bench], kind: str) -> None:
    """A change after each of the first answers: every row that is there before and after came,
    and none of them was ended. A sync at rest then equals the truth."""
    service, change, switches, tables, table = KINDS[kind]
    bench = made(service, switches=switches)
    key = bench.account.connector.tables[table].key

    def shown() -> set[tuple[Any, ...]]:
        return {tuple(row[name] for name in key) for row in bench.world.truth()[table]}

    for _ in range(2):
        before, left = shown(), [6]

        def while_reading(request: Request, number: int, left: list[int] = left) -> None:
            if left[0]:
                left[0] -= 1
                change(bench.world, number)

        bench.world.after_answer.append(while_reading)
        bench.sync(*tables, full=True)
        bench.world.after_answer.remove(while_reading)
        assert not left[0], "the changes were made"
        assert before & shown() <= bench.rows(table).keys()
    assert bench.sync(*tables, full=True).status == "complete"
    assert shown() == set(bench.rows(table))
