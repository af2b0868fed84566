"""Page indexes: offsets that count pages or rows, any limit of the service, and growing lists."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from connectors.paging import Completeness, PageIndexes, Paging, SeenPage, TailPages


def paginator(
    paging: Paging,
    rows: list[int],
    *,
    by_rows: bool = False,
    most: int = 0,
    amount: bool = True,
    newest_first: bool = False,
) -> tuple[Completeness, set[Hashable], int]:
    """What reading proves, the rows that came and the requests it took."""
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
