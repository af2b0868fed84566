"""A list is whole only where its answers show it, whatever was declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.core import Family, Resource, Rows
from connectors.core.resources import Order
from connectors.paging import CursorPages, LinkedOffsets, OnePage, PageNumbers, Paging
from sandbox import Request, Response
from tests.kit.invented import connector, invented, paged, rows, table

THINGS = table("things")


def one_list(at: str = "data", paging: Paging | None = None, **more: Any) -> Any:
    resource = Resource("things", "/things", (Rows(THINGS, at=at),), **more)
    if paging is not None:
        resource = Resource("things", "/things", (Rows(THINGS, at=at),), paging=paging, **more)
    return connector(Family("things", (resource,)))


LACKING: tuple[tuple[dict[str, Any], str], ...] = (
    ({"meta": {"pagination": {"total": 37}}}, "there are 37 rows, 7 came"),
    ({"total_count": 8}, "there are 8 rows, 7 came"),
    ({"count": 9}, "there are 9 rows, 7 came"),
    ({"meta": {"next": "/things?offset=7"}}, "more rows follow"),
    ({"pageInfo": {"hasNextPage": True, "endCursor": "x"}}, "more rows follow"),
    ({"next_cursor": "abc"}, "more rows follow"),
)
AGREEING: tuple[dict[str, Any], ...] = (
    {"meta": {"pagination": {"total": 7}}},
    {"meta": {"next": None}, "count": 7},
    {"hasMore": False, "cursor": "the last one"},
    {"cursor": "of this page"},
)


def test_a_list_declared_as_one_answer_is_held_to_what_the_answer_says(tmp_path: Path) -> None:
    """The rows that it lacks stay, and the table says why it is not complete."""
    with invented(tmp_path, one_list(), {"/things": {"data": rows(12)}}) as service:
        assert service.sync().status == "complete"
        for facts, said in LACKING:
            service.answers["/things"] = {**facts, "data": rows(7)}
            result = service.sync()
            assert result.status != "complete", facts
            assert said in result.tables["things"]["reason"]
            assert len(service.ids("things")) == 12


def test_facts_that_agree_leave_a_list_complete(tmp_path: Path) -> None:
    """A cursor beside a flag that says `no more` is no promise."""
    with invented(tmp_path, one_list(), {"/things": {"data": rows(7)}}) as service:
        for facts in AGREEING:
            service.answers["/things"] = {**facts, "data": rows(7)}
            assert service.sync().status == "complete", facts


@pytest.mark.parametrize(("count", "hidden"), [(10, 5), (100, 0)])
def test_a_round_number_of_rows_is_whole_only_if_a_second_page_adds_nothing(
    tmp_path: Path, count: int, hidden: int
) -> None:
    """Where a second page holds others, the table is not complete."""

    def answer(request: Request) -> Any:
        page = int(request.query.get("page", "1"))
        return {"data": rows(count) if page == 1 else rows(hidden, count)}

    with invented(tmp_path, one_list(), {"/things": answer}) as service:
        result = service.sync()
        assert service.asked == ["/things", "/things?page=2"]
        assert (result.status == "complete") is (hidden == 0)


@pytest.mark.parametrize("second", [400, 404, {"data": rows(10)}, {"data": rows(10)[::-1]}])
def test_a_list_that_knows_no_second_page_is_whole(tmp_path: Path, second: Any) -> None:
    """A refusal of the second page, or the same rows again in any order, show that there is none."""

    def answer(request: Request) -> Any:
        return second if "page" in request.query else {"data": rows(10)}

    with invented(tmp_path, one_list(), {"/things": answer}) as service:
        assert service.sync().status == "complete"


def test_a_list_that_says_how_long_it_is_costs_no_second_request(tmp_path: Path) -> None:
    """Ten of ten rows."""
    answers = {"/things": {"total": 10, "data": rows(10)}}
    with invented(tmp_path, one_list(), answers) as service:
        assert service.sync().status == "complete"
        assert service.asked == ["/things"]


def test_numbered_pages_without_a_total_go_on_after_a_short_round_page(tmp_path: Path) -> None:
    """A service that gives 10 rows where 100 were asked for is read to its end."""

    def answer(request: Request) -> Any:
        page = int(request.query["page"])
        return {"data": rows(23)[(page - 1) * 10 : page * 10]}

    declared = one_list(paging=PageNumbers(per_page=100))
    with invented(tmp_path, declared, {"/things": answer}) as service:
        assert service.sync().status == "complete"
        assert len(service.ids("things")) == 23


def test_offsets_go_on_where_a_full_page_says_nothing_of_a_next_one(tmp_path: Path) -> None:
    """Without `next`, a page as long as asked for is not the last."""

    def answer(request: Request) -> Any:
        start, limit = int(request.query["offset"]), int(request.query["limit"])
        return {"objects": rows(47)[start : start + limit]}

    declared = one_list("objects", LinkedOffsets(limit=20, overlap=2))
    with invented(tmp_path, declared, {"/things": answer}) as service:
        assert service.sync().status == "complete"
        assert len(service.ids("things")) == 47


def test_cursor_pages_without_flag_and_cursor_are_not_complete_at_a_full_page(
    tmp_path: Path,
) -> None:
    """Nothing says whether more follows."""
    declared = one_list(paging=CursorPages("cursor", "cursor", "hasMore", size=40))
    with invented(tmp_path, declared, {"/things": {"data": rows(40)}}) as service:
        assert "nothing says whether more follow" in service.sync().tables["things"]["reason"]
        service.answers["/things"] = {"data": rows(39)}
        assert service.sync().status == "complete"


def test_a_list_of_the_last_rows_is_complete_if_it_overlaps_with_the_known_ones(
    tmp_path: Path,
) -> None:
    """50 of the last 50: without a known one among them, others may be missing between."""
    feed = table("things", append_only=True)
    resource = Resource("things", "/things", (Rows(feed),), paging=OnePage(most=50))
    declared = connector(Family("things", (resource,)))
    with invented(tmp_path, declared, {"/things": rows(30)}) as service:
        assert service.sync().status == "complete"
        service.answers["/things"] = rows(50, 20)
        assert service.sync().status == "complete"
        service.answers["/things"] = rows(50, 70)
        result = service.sync()
        assert "others may be missing" in result.tables["things"]["reason"]
        assert len(service.ids("things")) == 120
        service.answers["/things"] = rows(50, 71)
        assert service.sync().status == "complete"


ORDERED = {
    "orders": (
        Order({"order": "created_at.asc"}, PageNumbers(per_page=3, grows_at_end=True)),
        Order({"order": "name.asc"}, PageNumbers(per_page=3)),
    ),
    "paging": PageNumbers(per_page=3),
}


@pytest.mark.parametrize("taken", ["created_at.asc", "name.asc", ""])
def test_an_order_that_is_refused_costs_the_order_and_not_the_table(
    tmp_path: Path, taken: str
) -> None:
    """The next documented order is tried, then none; later runs begin with what worked."""
    page = paged(lambda: rows(7))

    def answer(request: Request) -> Any:
        return page(request) if request.query.get("order", "") in ("", taken) else 400

    with invented(tmp_path, one_list(**ORDERED), {"/things": answer}) as service:
        assert service.sync().status == "complete"
        assert len(service.ids("things")) == 7
        assert any(f"order={taken}" in target if taken else "order=" not in target
                   for target in service.asked)  # fmt: skip
        assert service.sync().status == "complete"
        refused = [t for t in service.asked if "order=" in t and f"order={taken}" not in t]
        assert refused == []
        assert service.sync(full=True).status == "complete"


@pytest.mark.parametrize(
    ("at", "bodies"),
    [
        (
            "data",
            (
                {"message": "Welcome to the API"},
                {"data": None},
                {"data": "none"},
                {"data": {}},
                5,
                [],
            ),
        ),
        ("", (None, {"message": "hello"})),
    ],
)
def test_a_body_of_another_shape_is_no_empty_list(
    tmp_path: Path, at: str, bodies: tuple[Any, ...]
) -> None:
    """Nothing ends; the table says what is wrong with the answer."""
    good = {"data": rows(3)} if at else rows(3)
    with invented(tmp_path, one_list(at), {"/things": good}) as service:
        assert service.sync().status == "complete"
        for body in bodies:
            odd = Response.of_json(body)
            service.answers["/things"] = lambda _, odd=odd: odd
            result = service.sync(accept_deletes=True)
            assert result.status == "failed", body
            assert not at or "no list at `data`" in result.tables["things"]["reason"]
            assert len(service.ids("things")) == 3


def test_null_is_an_empty_list_where_the_total_says_so(tmp_path: Path) -> None:
    """`{"total": 0, "data": null}`."""
    with invented(tmp_path, one_list(), {"/things": {"total": 0, "data": None}}) as service:
        assert service.sync().status == "complete"
