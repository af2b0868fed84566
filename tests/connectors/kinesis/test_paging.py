"""Kinesis API: how its lists are paged, against a list that is cut and moved in every way."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable
from typing import Any

import pytest

from connectors.kinesis.endpoints import COLLECTION_LIST
from connectors.paging import Completeness, PageIndexes, Paging, SeenPage, TailPages


def paginator(
    paging: Paging,
    rows: list[int],
    *,
    by_rows: bool = False,
    most: int = 0,
    amount: bool = True,
    newest_first: bool = False,
    after: Callable[[int], Any] = lambda number: None,
) -> tuple[Completeness, set[Hashable], int]:
    """What a walk proves, the rows it was shown and the requests it took."""
    machine = paging.paginator()
    waiting = [machine.first()]
    shown: set[Hashable] = set()
    asked = 0
    while waiting:
        params = waiting.pop(0)
        asked += 1
        assert asked < 500
        limit = min(int(params["limit"]), most or 1000)
        start = int(params["offset"]) * (1 if by_rows else limit)
        ids = list((rows[::-1] if newest_first else rows)[start : start + limit])
        shown |= set(ids)
        payload = {"amount": len(rows)} if amount else {}
        after(asked)
        waiting += machine.after(SeenPage(params, payload, list(ids)))
    return machine.completeness(), shown, asked


@pytest.mark.parametrize("by_rows", [False, True], ids=["pages", "rows"])
@pytest.mark.parametrize("most", [0, 1, 2, 7], ids=lambda most: f"at most {most}")
def test_every_list_is_read_whole(by_rows: bool, most: int) -> None:
    """Whatever offsets count, with or without a total, however few rows the service gives."""
    for limit in (1, 2, 5, 10):
        for count in range(34):
            rows = list(range(count))
            for amount in (True, False):
                proof, shown, asked = paginator(
                    PageIndexes(limit), rows, by_rows=by_rows, most=most, amount=amount
                )
                assert proof.complete
                assert shown == set(rows)
                if amount and not most and not by_rows:
                    assert asked == PageIndexes(limit).requests(count)


def test_pages_overlap_at_little_cost() -> None:
    """With a few rows more in a page, no list costs more than the API page plans: pages of
    100 side by side."""
    paging = COLLECTION_LIST.paging
    assert all(paging.requests(n) <= max(1, math.ceil(n / 100)) for n in range(1500))
    assert {n: paging.requests(n) for n in (0, 120, 1000, 10_000)} == {
        0: 1, 120: 1, 1000: 9, 10_000: 96,
    }  # fmt: skip


def test_rows_that_stay_are_never_missed_by_a_proof() -> None:
    """Additions, deletions and edits (new row at the end) at any moment: what is there all
    the time is in every list that calls itself complete, and what went is taken back."""
    for seed in range(1500):
        chance = random.Random(seed)
        rows = list(range(chance.randint(1, 120)))
        before = set(rows)
        moments = {chance.randint(1, 12): chance.choice("ade") for _ in range(2)}

        def change(
            number: int,
            rows: list[int] = rows,
            moments: dict[int, str] = moments,
            chance: random.Random = chance,
        ) -> None:
            what = moments.get(number, "")
            if what in ("d", "e") and rows:
                rows.pop(chance.randrange(len(rows)))
            if what in ("a", "e"):
                rows.append(1000 + number)

        proof, shown, _ = paginator(PageIndexes(chance.choice([10, 12, 20])), rows, after=change)
        assert proof.complete
        assert before & set(rows) <= shown - proof.stale


@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("by_rows", [False, True], ids=["pages", "rows"])
def test_new_rows_are_found_from_the_end_they_are_added_at(
    newest_first: bool, by_rows: bool
) -> None:
    """Every row that is not known is shown, without reading all of a long list."""
    for count in range(60):
        for new in {0, 1, count // 3, count}:
            rows = list(range(count))
            known = frozenset(str(row) for row in rows[: max(0, count - new)])
            proof, shown, _ = paginator(
                TailPages(known, limit=5), rows, newest_first=newest_first, by_rows=by_rows
            )
            assert proof.complete
            assert {str(row) for row in shown} | known == {str(row) for row in rows}
    known = frozenset(str(row) for row in range(1000))
    _, _, asked = paginator(
        TailPages(known), list(range(1003)), newest_first=newest_first, by_rows=by_rows
    )
    assert asked <= 4


def test_what_does_not_add_up_is_read_from_start_to_end() -> None:
    """Known rows at both ends do not hide new ones between them."""
    rows = [*range(100), *range(500, 530), *range(100, 200)]
    known = frozenset(str(row) for row in range(200))
    proof, shown, _ = paginator(TailPages(known, limit=20), rows)
    assert proof.complete
    assert proof.whole
    assert shown >= set(rows)
