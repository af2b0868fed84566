"""Kitemaker: the recent lists show 50 rows; what they cannot show is noticed and repaired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.core.evidence import recent_gap
from connectors.kitemaker.sync.cursors import before, newest
from connectors.kitemaker.sync.probing import numbers_in, spans
from tests.kit.account import Bench
from tests.kit.kitemaker import (
    all_shown,
    assert_true,
    changes_by_auto,
    items_of,
    nothing_changed,
    pages,
    paths,
    spaces_of,
    switch,
    synced,
)


def at(minute: int) -> str:
    return f"2025-03-03T09:{minute:02d}:00.127Z"


def moment(minute: int) -> datetime:
    return datetime.fromisoformat(at(minute))


def rows(*minutes: int, count: int = 50) -> list[tuple[str, datetime]]:
    """So many rows; the last ones have the last minute."""
    times = [*minutes, *[minutes[-1]] * (count - len(minutes))]
    return [(f"w{n}", moment(minute)) for n, minute in enumerate(times)]


def known(**minutes: int) -> dict[str, datetime | None]:
    return {name: moment(minute) for name, minute in minutes.items()}


@pytest.mark.parametrize(
    ("shown", "cursor", "stored", "lost"),
    [
        (rows(5, count=49), 1, {}, False),  # the whole space was listed
        (rows(5, count=49), None, {}, False),
        (rows(5), None, {}, True),  # no cursor yet: full load needed
        (rows(5, 3), 4, {}, False),  # older than the cursor: overlap
        (rows(3, 5), 4, {}, False),  # in any order
        (rows(5), 4, {}, True),  # all newer: rows may be lost
        (rows(5, 4), 4, {}, True),  # the same millisecond alone is no overlap
        (rows(5, 4), 4, known(w1=4), False),  # a known pair at the cursor is
        (rows(5, 4), 4, known(w0=5), True),  # a known pair after the cursor is not
        (rows(5, 4), 4, known(w1=3), True),  # nor is another version of the row
    ],
)
def test_a_list_of_recent_changes_must_overlap_with_what_is_known(
    shown: list[tuple[str, datetime]], cursor: int | None, stored: Any, lost: bool
) -> None:
    """Each case of the API page, section 8."""
    read_until = None if cursor is None else moment(cursor)
    assert bool(recent_gap(shown, 50, read_until, stored)) is lost


def test_a_cursor_never_passes_what_changed_while_pages_were_read() -> None:
    """It is the newest time read, or when the reading began by the service's own clock."""
    assert newest([at(3), at(7), ""], at(5)) == at(7)
    assert newest([], None) == ""
    assert before(at(7), "Mon, 03 Mar 2025 10:00:00 GMT") == at(7)
    assert before(at(7), "Mon, 03 Mar 2025 09:05:00 GMT") == "2025-03-03T09:05:00+00:00"
    assert before(at(7), "") == at(7)


def test_missing_numbers_are_remembered_as_spans() -> None:
    """Written short, read back the same."""
    for numbers in (set[int](), {3}, {1, 2, 3, 7, 9, 10, 40}):
        assert numbers_in(spans(numbers)) == numbers
    assert spans({1, 2, 3, 7, 9, 10}) == "1-3,7,9-10"


def test_auto_repairs_a_gap_by_the_pages_of_that_space(tmp_path: Path) -> None:
    """60 work items edited in one millisecond: while the repair fails the cursor waits (and the 50
    rows that were shown are read by their ids); then the space is read again, and all is calm."""
    with synced(tmp_path, size=130) as kitemaker:
        usual = changes_by_auto(kitemaker) + 1  # one space has 50 work items or more
        km = spaces_of(kitemaker)["KM"]
        cursors = "SELECT value FROM _kollect.cursors WHERE scope = ? AND resource LIKE 'recent%'"
        stored = kitemaker.query(cursors, km)
        kitemaker.world.edit_many(60, km, title="all at once")
        # The organization is answered, and the empty space; the pages of this one are not.
        kitemaker.stand_in.faults.add("forbidden", match="/graphql", after=2, times=1)
        failed = kitemaker.sync()
        assert failed.status == "partial"
        assert not failed.tables["work_items"]["complete"]
        assert kitemaker.query(cursors, km) == stored
        assert failed.tables["work_items"]["updated"] == 50
        assert sum(row["deleted"] for row in failed.tables.values()) == 0
        # At the next sync 50 rows are newer than the cursor, and none is known from before it.
        for item in items_of(kitemaker, "KM")[:51]:
            kitemaker.world.add_comment(item.id, "me too")
        result = kitemaker.sync()
        assert result.status == "complete"
        # The space is read whole, so that its list of work items is not needed.
        assert result.requests == usual - 1 + pages(len(items_of(kitemaker, "KM")))
        assert result.tables["work_items"]["updated"] == 10
        assert result.tables["comments"]["inserted"] == 51
        assert_true(kitemaker)
        calm = kitemaker.sync()
        assert nothing_changed(calm)
        assert calm.requests == usual


def test_rest_repairs_work_items_and_says_that_comments_are_lost(
    made: Callable[..., Bench],
) -> None:
    """Number by number up to 25 beyond the last; comments stay incomplete, with the reason,
    their cursor waits, and GraphQL mends them."""
    kitemaker = made("kitemaker", size=130, transport="rest")
    first = kitemaker.sync()
    assert first.status == "partial"
    assert all_shown(first)
    assert "REST has no other list of them" in first.tables["comments"]["reason"]
    km = spaces_of(kitemaker)["KM"]
    kitemaker.world.edit_many(60, km, title="all at once")
    kitemaker.stand_in.reset()
    second = kitemaker.sync()
    # What REST cannot mend is no reason to read everything again.
    assert second.tables["work_items"]["mode"] == "incremental"
    numbers = {item.number for item in items_of(kitemaker, "KM")}
    holes = len([n for n in range(1, max(numbers) - 24) if n not in numbers])
    assert paths(kitemaker)["/workitem"] == max(numbers) + 25 - holes
    assert second.tables["work_items"]["updated"] == 60
    assert not second.tables["comments"]["complete"]
    cursors = "SELECT value FROM _kollect.cursors WHERE scope = ? AND resource = ?"
    assert kitemaker.query(cursors, km, "recent comments") == []
    assert len(kitemaker.query(cursors, km, "recent work items")) == 1
    switch(kitemaker, "auto")
    assert kitemaker.sync(full=True).status == "complete"
    assert_true(kitemaker)
