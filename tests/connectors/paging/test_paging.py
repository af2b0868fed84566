"""Paging as pure state machines: a list that changes between two pages hides no row that stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.paging import (
    Completeness,
    CursorPages,
    LinkedOffsets,
    PageIndexes,
    PageNumbers,
    Paging,
    SeenPage,
)

Params = dict[str, str]
Answer = Callable[[list[int], Params], dict[str, Any]]
MOST_REQUESTS = 400


def by_number(rows: list[int], params: Params) -> dict[str, Any]:
    """`page` and `per_page`, with the total."""
    size, page = int(params["per_page"]), int(params["page"])
    shown = rows[(page - 1) * size : page * size]
    return {"rows": shown, "meta": {"pagination": {"total": len(rows), "per_page": size}}}


def by_number_without_total(rows: list[int], params: Params) -> dict[str, Any]:
    """The same from a service that says nothing of totals."""
    return {"rows": by_number(rows, params)["rows"]}


def by_link(rows: list[int], params: Params) -> dict[str, Any]:
    """`limit` and `offset`, and a link to the next page."""
    limit, offset = int(params["limit"]), int(params["offset"])
    more = offset + limit < len(rows)
    link = f"/x?limit={limit}&offset={offset + limit}" if more else None
    return {"rows": rows[offset : offset + limit], "meta": {"next": link}}


def by_index(rows: list[int], params: Params) -> dict[str, Any]:
    """`offset` counts pages of `limit` rows."""
    limit, index = int(params["limit"]), int(params["offset"])
    return {"rows": rows[index * limit : (index + 1) * limit], "amount": len(rows)}


def by_cursor(rows: list[int], params: Params) -> dict[str, Any]:
    """An opaque cursor that stands for the newest id shown; the list is in the order of ids."""
    after = int(params.get("cursor", "-1"))
    later = [row for row in sorted(rows) if row > after]
    cursor = str(later[2]) if len(later) > 3 else None
    return {"rows": later[:3], "cursor": cursor, "more": len(later) > 3}


KINDS: dict[str, tuple[Paging, Answer, frozenset[str]]] = {
    "page numbers": (PageNumbers(per_page=4), by_number, frozenset({"add", "append", "delete"})),
    "page numbers, new rows last": (
        PageNumbers(per_page=4, grows_at_end=True),
        by_number,
        frozenset({"append", "delete"}),
    ),
    "page numbers, no total": (
        PageNumbers(per_page=4),
        by_number_without_total,
        frozenset({"add", "append", "delete"}),
    ),
    "linked offsets": (
        LinkedOffsets(limit=6, overlap=2),
        by_link,
        frozenset({"add", "append", "delete"}),
    ),
    "page indexes": (
        PageIndexes(limit=6),
        by_index,
        frozenset({"add", "append", "delete"}),
    ),
    "cursors": (
        CursorPages("cursor", "cursor", "more", 3),
        by_cursor,
        frozenset({"append", "delete"}),
    ),
}
changes = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["add", "append", "delete", "move"]),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    max_size=6,
)


def read(
    kind: str,
    length: int,
    planned: list[tuple[int, str, int, int]],
    allowed: frozenset[str],
    served: Sequence[int] = (),
) -> tuple[Completeness, set[int], set[int], int]:
    """(proof, rows that came, rows that were there throughout, requests) of one walk.

    Each change happens after so many answers were made. With `served`, up to four requests are
    under way at once, and it says which of them the service answers next; the walk gets the
    answers in the order asked.
    """
    paging, answer, _ = KINDS[kind]
    rows = list(range(length))
    throughout, came = set(rows), set[int]()
    fresh = 1000
    paginator = paging.paginator()
    queue = [paginator.first()]
    flying: list[Params] = []
    made: dict[int, dict[str, Any]] = {}
    count = 0
    while (queue or flying) and count < MOST_REQUESTS:
        while queue and len(flying) < (4 if served else 1):
            flying.append(queue.pop(0))
        while id(flying[0]) not in made:
            waiting = [params for params in flying if id(params) not in made]
            chosen = waiting[served[count % len(served)] % len(waiting) if served else 0]
            made[id(chosen)] = answer(rows, chosen)
            count += 1
            for when, what, where, target in planned:
                if when != count or what not in allowed:
                    continue
                if what in ("add", "append"):
                    rows.insert(where % (len(rows) + 1) if what == "add" else len(rows), fresh)
                    fresh += 1
                elif rows and what == "delete":
                    throughout.discard(rows.pop(where % len(rows)))
                elif rows:
                    rows.insert(target % len(rows), rows.pop(where % len(rows)))
        params = flying.pop(0)
        payload = made.pop(id(params))
        came.update(payload["rows"])
        queue += paginator.after(SeenPage(params, payload, list(payload["rows"])))
    return paginator.completeness(), came, throughout, count


AND_BACK = [(3, "delete", 0, 0), (4, "add", 0, 0), (5, "delete", 0, 0)]
"""Rows move over a border, back before it is looked at again, and away once more."""
A_PAGE_BEFORE = [*[(1, "add", 0, 0)] * 4, (3, "add", 0, 0), (4, "delete", -1, 0)]
"""So many new rows that the second page looks like the first one."""

REPLACED = [(1, "delete", 0, 0), (1, "append", 0, 0)]
"""The total stays; all rows move up between the first page and the last."""
END_REPLACED = [(3, "delete", 5, 0), (3, "delete", -1, 0), *[(3, "append", 0, 0)] * 2]
"""The same between other pages, and the last row, which would come twice, is another one."""


@pytest.mark.parametrize("kind", KINDS)
@given(length=st.integers(0, 30), planned=changes)
@example(length=18, planned=AND_BACK)
@example(length=9, planned=A_PAGE_BEFORE)
@example(length=18, planned=REPLACED)
@example(length=17, planned=END_REPLACED)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_row_that_stays_is_missed_by_a_walk_called_complete(
    kind: str, length: int, planned: list[tuple[int, str, int, int]]
) -> None:
    """Whatever is added and deleted between pages, a complete walk showed every other row."""
    proof, came, throughout, count = read(kind, length, planned, KINDS[kind][2])
    assert count < MOST_REQUESTS
    assert not proof.complete or throughout <= came


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("page numbers")])
@given(
    length=st.integers(0, 30),
    planned=changes,
    served=st.lists(st.integers(0, 3), min_size=1, max_size=20),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_row_is_missed_where_pages_are_answered_out_of_order(
    kind: str, length: int, planned: list[tuple[int, str, int, int]], served: list[int]
) -> None:
    """The same where several pages are under way at once and any of them is answered next."""
    proof, came, throughout, count = read(kind, length, planned, KINDS[kind][2], served)
    assert count < MOST_REQUESTS
    assert not proof.complete or throughout <= came


@pytest.mark.parametrize("kind", KINDS)
@given(
    length=st.integers(0, 30),
    when=st.integers(1, 12),
    where=st.integers(0, 40),
    target=st.integers(0, 40),
)
@settings(max_examples=60, deadline=None)
def test_a_row_that_moves_is_not_missed(
    kind: str, length: int, when: int, where: int, target: int
) -> None:
    """One row that changes its place while pages are read is shown, or the walk is unproved."""
    if "add" not in KINDS[kind][2]:
        return  # in these orders no edit moves a row
    proof, came, throughout, _ = read(
        kind, length, [(when, "move", where, target)], frozenset({"move"})
    )
    assert not proof.complete or throughout <= came


@pytest.mark.parametrize("kind", KINDS)
@given(length=st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_a_list_at_rest_is_always_proved(kind: str, length: int) -> None:
    """Where nothing moves, every walk shows exactly the rows there are, in two passes at most."""
    proof, came, throughout, count = read(kind, length, [], frozenset())
    assert proof.complete, proof.reason
    assert came == throughout
    assert count <= 2 * KINDS[kind][0].requests(length) + 2


def test_paging_that_is_ignored_is_never_called_complete() -> None:
    """A service that shows its first ten rows whatever is asked gives no whole list."""
    paginator = PageNumbers(per_page=10).paginator()
    queue = [paginator.first()]
    shown = list(range(10))
    for _ in range(MOST_REQUESTS):
        if not queue:
            break
        params = queue.pop(0)
        payload = {"meta": {"pagination": {"total": 12, "per_page": 10}}}
        queue += paginator.after(SeenPage(params, payload, list(shown)))
    assert not queue
    assert not paginator.completeness().complete
