"""The Kinescope stand-in lists what it has as the page says, in every form that it leaves open."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from sandbox.kinescope import Kinescope
from tests.kit.kinescope_client import Client, assert_same


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"unshown_lists": "paged", "largest_page": 10, "no_materials": "null"},
        {"project_form": "narrow", "annotation_type_in_list": "filled", "largest_page": 25},
    ],
)
def test_the_truth_is_what_all_lists_show_together(switches: dict[str, Any]) -> None:
    """A reader of every list ends with the truth; then again after rounds of changes."""
    client = Client(**switches)
    assert_same(client)
    for seed in range(4):
        assert client.account.change(seed)
        assert_same(client)


def test_every_table_of_the_contract_has_rows() -> None:
    """No table is empty at the default size, so no test passes over nothing."""
    truth = Kinescope().truth()
    assert len(truth) == 22
    assert [table for table, rows in truth.items() if not rows] == []


def test_equal_seeds_give_equal_accounts_and_others_differ() -> None:
    """Data follow from size and seed alone, also through a round of changes."""
    one, two, other = Kinescope(size=30), Kinescope(size=30), Kinescope(size=30, seed=2)
    assert one.change(5) == two.change(5)
    assert one.truth() == two.truth()
    assert not {row["id"] for row in one.truth()["videos"]} & {
        row["id"] for row in other.truth()["videos"]
    }


def test_a_missing_or_wrong_token_is_refused_in_either_form() -> None:
    """400 with 100101 and 401 with 100102 as probed; by switch 401 for both."""
    client = Client()
    wrong = {"authorization": "Bearer 00000000-0000-4000-8000-000000000000"}
    seen = [client.ask("/v1/tags", headers=headers) for headers in ({}, wrong)]
    codes = [json.loads(answer.body)["error"]["code"] for answer in seen]
    assert [answer.status for answer in seen] == [400, 401]
    assert codes == [100101, 100102]
    client.account.switch("auth_errors", "seed")
    assert [client.ask("/v1/tags", headers=headers).status for headers in ({}, wrong)] == [401, 401]


def test_every_answer_has_its_own_request_id() -> None:
    """Good answers, refusals, throttling and invented errors each carry a new X-Request-ID."""
    client = Client()
    service = client.account
    answers = [client.ask("/v1/videos"), client.ask("/v1/nothing"), client.ask("/v1/tags", {})]
    answers += [service.throttled(None), service.throttled(1.0), service.refused(503)]
    names = [answer.headers["X-Request-ID"] for answer in answers]
    assert len(set(names)) == len(names)
    assert [answer.status for answer in answers] == [200, 404, 400, 429, 429, 503]
    assert "Retry-After" not in answers[3].headers
    assert answers[4].headers["Retry-After"] == "1"
    assert {frozenset(json.loads(answer.body)["error"]) for answer in answers[1:]} == {
        frozenset({"code", "message"})
    }


def test_pages_default_to_ten_and_echo_what_is_in_force() -> None:
    """Page 1 of 10 unless asked; meta repeats page, size, total and order."""
    answer = Client().get("/v1/videos")
    assert answer["meta"]["pagination"] == {"page": 1, "per_page": 10, "total": 40}
    assert answer["meta"]["order"] == {"title": "asc"}
    assert len(answer["data"]) == 10
    assert Client().get("/v1/videos", page=9, per_page=10)["data"] == []


def test_too_large_a_page_is_cut_or_refused() -> None:
    """Clamp mode echoes the smaller size; error mode refuses, in either form of refusal."""
    client = Client(largest_page=25)
    assert client.get("/v1/videos", per_page=100)["meta"]["pagination"]["per_page"] == 25
    client.account.switch("per_page_over_maximum", "error")
    assert client.error("/v1/videos", per_page=100) == (422, 400400)
    client.account.switch("validation_errors", "openapi")
    assert client.error("/v1/videos", per_page=100) == (400, 402402)
    assert client.error("/v1/videos", page=0) == (400, 402402)


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("/v1/videos", {"title": "asc"}),
        ("/v1/projects", {"name": "asc"}),
        ("/v1/file-requests", {"name": "asc"}),
        ("/v2/live/events", {"created_at": "desc"}),
        ("/v1/access-tokens", {"name": "asc"}),
    ],
)
def test_default_orders_differ_and_unknown_fields_are_refused(
    path: str, order: dict[str, str]
) -> None:
    """Without order each endpoint has its own; `id` is allowed nowhere: 400216."""
    client = Client()
    assert client.get(path)["meta"]["order"] == order
    assert client.error(path, order="id.asc") == (400, 400216)


def test_the_default_order_of_videos_and_undocumented_orders_are_switches() -> None:
    """Newest first as in the guidelines; and an order that is ignored, not refused."""
    client = Client(default_video_order="created_at.desc", order_where_undocumented="ignore")
    assert client.get("/v1/videos")["meta"]["order"] == {"created_at": "desc"}
    assert client.get("/v1/projects", order="created_at.desc")["meta"]["order"] == {"name": "asc"}


def test_orders_of_several_fields_apply_in_turn() -> None:
    """Direction defaults to asc; equal first fields are sorted by the second."""
    rows = list(Client().pages("/v1/videos", order="title,created_at.desc", per_page=7))
    for before, after in pairwise(rows):
        assert before["title"] <= after["title"]
        if before["title"] == after["title"]:
            assert len(before["created_at"]) < 20 or before["created_at"] > after["created_at"]


def test_null_updated_at_is_first_or_last() -> None:
    """Descending: nulls first as in PostgreSQL, or last by switch; ascending the reverse."""
    for switch, first_when_descending in (("largest", True), ("smallest", False)):
        client = Client(null_updated_at=switch)
        for direction, nulls_first in (
            ("desc", first_when_descending),
            ("asc", not first_when_descending),
        ):
            rows = list(client.pages("/v1/videos", order=f"updated_at.{direction}"))
            nulls = [row["updated_at"] is None for row in rows]
            assert nulls == sorted(nulls, reverse=nulls_first)
            assert 0 < sum(nulls) < 40


def test_equal_records_may_change_places_between_pages() -> None:
    """With the switch, even pages come from an order with ties reversed: rows get lost."""
    stable = [row["id"] for row in Client().pages("/v1/videos", order="description", per_page=5)]
    assert len(set(stable)) == 40
    client = Client(ties="reversed on even pages")
    pages = [
        client.get("/v1/videos", order="description", per_page=5, page=page)["data"]
        for page in range(1, 9)
    ]
    assert len({row["id"] for rows in pages for row in rows}) < 40


def test_filters_leave_what_they_name() -> None:
    """status[] and video_ids[] may repeat; q looks in title and description; total follows."""
    client = Client()
    rows = list(client.pages("/v1/videos"))
    statuses: dict[str, Any] = {"status[]": ["pending", "processing"]}
    unfinished = list(client.pages("/v1/videos", **statuses))
    assert {row["status"] for row in unfinished} == {"pending", "processing"}
    ids = [rows[3]["id"], rows[20]["id"], "nobody"]
    found = client.get("/v1/videos", **{"video_ids[]": ids})
    assert {row["id"] for row in found["data"]} == set(ids[:2])
    assert found["meta"]["pagination"]["total"] == 2
    project_id, folder_id = (
        rows[0]["project_id"],
        next(filter(None, (r["folder_id"] for r in rows))),
    )
    inside = list(client.pages("/v1/videos", project_id=project_id))
    assert inside == [row for row in inside if row["project_id"] == project_id]
    assert all(r["folder_id"] == folder_id for r in client.pages("/v1/videos", folder_id=folder_id))
    loose = list(client.pages("/v1/videos", without_folder="true"))
    assert len(loose) == sum(row["folder_id"] is None for row in rows)
    assert [r["title"] for r in client.get("/v1/videos", q="ВИДЕО", per_page=100)["data"]] == []
    assert len(client.get("/v1/videos", q="hOmE")["data"]) == 2
