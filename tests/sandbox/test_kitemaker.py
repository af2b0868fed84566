"""Kitemaker: the traps of its API page, and that the truth follows them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.core import Request, Response
from sandbox.kitemaker import Kitemaker

REST = "/developers/rest/v1"


def token(service: Kitemaker, kind: str = "personal") -> str:
    return service.secrets()[("personal", "application").index(kind)]


def ask(service: Kitemaker, target: str, kind: str = "personal") -> Response:
    headers = {"x-api-key": token(service, kind)}
    return service.answer(Request("GET", REST + target, headers))


def read(service: Kitemaker, target: str, kind: str = "personal") -> Any:
    response = ask(service, target, kind)
    assert response.status == 200, response.body
    return json.loads(response.body)


def error_of(response: Response) -> tuple[int, str]:
    errors = json.loads(response.body)["errors"]
    assert isinstance(errors, list)
    assert errors[0]["status"] == response.status
    return response.status, errors[0]["code"]


def space(service: Kitemaker, key: str) -> str:
    return str(next(row["id"] for row in service.truth()["spaces"] if row["key"] == key))


def rows(service: Kitemaker, table: str, **wanted: Any) -> list[dict[str, Any]]:
    found = service.truth()[table]
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def test_truth_of_rest_equals_what_rest_serves() -> None:
    """Every work item of the REST truth is found by its number, with the fields of the truth."""
    service = Kitemaker()
    keys = {row["id"]: row["key"] for row in service.truth()["spaces"]}
    truth = service.truth("rest")
    assert "users" not in truth
    assert "work_item_members" not in truth
    for row in truth["work_items"]:
        found = read(
            service, f"/workitem?spaceKey={keys[row['space_id']]}&workItemNumber={row['number']}"
        )
        assert found["id"] == row["id"]
        assert isinstance(found["number"], int)
        assert found["status"]["name"] == row["status_name"]
        assert found["actor"]["type"] == row["actor_type"]
        assert set(row) <= set(truth["work_items"][0])
    with pytest.raises(ValueError, match="transport"):
        service.truth("carrier pigeon")


def test_answers_have_no_envelope() -> None:
    """Objects and arrays stand bare."""
    service = Kitemaker()
    assert set(read(service, "/organization")) == {"id", "name", "createdAt", "updatedAt"}
    assert all(set(row) == {"id", "label"} for row in read(service, "/metadata/spaces"))
    board = space(service, "KM")
    for what in ("statuses", "labels", "workitems"):
        listed = read(service, f"/metadata/{what}?spaceId={board}")
        assert all(set(row) == {"id", "label"} for row in listed)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/workitem?spaceKey=KM&workItemNumber=9999", "ISSUE_NOT_FOUND"),
        ("/workitem?spaceKey=NO&workItemNumber=1", "ISSUE_NOT_FOUND"),
        ("/recent/workitems?spaceId=no", "SPACE_NOT_FOUND"),
        ("/recent/comments?spaceId=no", "SPACE_NOT_FOUND"),
        ("/metadata/labels?spaceId=no", "SPACE_NOT_FOUND"),
        ("/initiative?number=9999", "INITIATIVE_NOT_FOUND"),
        ("/feedback?number=9999", "FEEDBACK_NOT_FOUND"),
        ("/feedback/9999", "FEEDBACK_NOT_FOUND"),
    ],
)
def test_missing_records_have_their_codes(target: str, code: str) -> None:
    """404 with the documented code."""
    assert error_of(ask(Kitemaker(), target)) == (404, code)


def test_bad_parameters_are_400() -> None:
    """Missing and unreadable parameters are refused."""
    service = Kitemaker()
    for target in ("/workitem?spaceKey=KM", "/recent/workitems", "/initiative?number=x"):
        assert ask(service, target).status == 400


def test_recent_lists_hold_fifty_newest_first() -> None:
    """More than 50 changes do not fit; the count is clamped, or refused by switch."""
    service = Kitemaker(size=150)
    board = space(service, "KM")
    edited = service.edit_many(60, board)
    listed = read(service, f"/recent/workitems?spaceId={board}&count=200")
    assert len(listed) == 50
    assert {row["id"] for row in listed} < set(edited)
    assert len({row["updatedAt"] for row in listed}) == 1
    service.edit_work_item(listed[-1]["id"], title="last")
    listed = read(service, f"/recent/workitems?spaceId={board}")
    assert listed[0]["title"] == "last"
    assert [row["updatedAt"] for row in listed] == sorted(
        (row["updatedAt"] for row in listed), reverse=True
    )
    assert len(read(service, f"/recent/comments?spaceId={board}&count=3")) == 3
    service.switch("count_above_50", "refuse")
    assert ask(service, f"/recent/workitems?spaceId={board}&count=51").status == 400
    service.switch("recent_default_count", 10)
    assert len(read(service, f"/recent/workitems?spaceId={board}")) == 10
    service.switch("recent_default_count", 50)
    before = [row["id"] for row in read(service, f"/recent/workitems?spaceId={board}")]
    service.switch("recent_order", "unordered")
    after = [row["id"] for row in read(service, f"/recent/workitems?spaceId={board}")]
    assert before != after
    assert sorted(before) == sorted(after)


def test_archived_items_and_caps_in_rest_lists_are_switches() -> None:
    """Archived items are in REST lists or not; the short list may be capped silently."""
    service = Kitemaker(size=150)
    board = space(service, "KM")
    archived = {row["id"] for row in rows(service, "work_items") if row["archived_at"]}
    short = f"/metadata/workitems?spaceId={board}"
    assert archived & {row["id"] for row in read(service, short)}
    service.switch("rest_lists_hold_archived", False)
    assert not archived & {row["id"] for row in read(service, short)}
    assert not archived & {row["id"] for row in read(service, f"/recent/workitems?spaceId={board}")}
    service.switch("metadata_work_items_cap", 50)
    assert len(read(service, short)) == 50


def test_initiative_is_an_array_of_one_or_an_object() -> None:
    """Both forms, by switch."""
    service = Kitemaker()
    first = service.truth()["initiatives"][0]
    assert read(service, f"/initiative?number={first['number']}")[0]["id"] == first["id"]
    service.switch("initiative_shape", "object")
    assert read(service, f"/initiative?number={first['number']}")["id"] == first["id"]


def test_feedback_has_two_addresses() -> None:
    """By parameter and by path, either of which a switch turns off; no number inside."""
    service = Kitemaker()
    row = next(row for row in rows(service, "feedback") if row["person_id"])
    by_path, by_parameter = f"/feedback/{row['number']}", f"/feedback?number={row['number']}"
    found = read(service, by_path)
    assert found == read(service, by_parameter)
    assert found["contents"] == row["contents"]
    assert found["person"] is None
    assert "number" not in found
    service.switch("rest_person", "object")
    assert read(service, by_path)["person"]["id"] == row["person_id"]
    service.switch("rest_person", "name")
    assert isinstance(read(service, by_path)["person"], str)
    service.switch("feedback_address", "path")
    assert (ask(service, by_path).status, ask(service, by_parameter).status) == (200, 404)
    service.switch("feedback_address", "parameter")
    assert (ask(service, by_path).status, ask(service, by_parameter).status) == (404, 200)


def test_numbers_have_holes_of_less_than_twenty_five() -> None:
    """Numbers were lost in each kind, never so many in a row that probing would give up."""
    truth = Kitemaker(size=200).truth()
    board = [row for row in truth["work_items"] if row["space_name"] == "Acme"]
    for table in (board, truth["initiatives"], truth["feedback"]):
        numbers = sorted(row["number"] for row in table)
        steps = {later - earlier for earlier, later in zip([0, *numbers], numbers, strict=False)}
        assert 1 < max(steps) < 25


def test_an_application_token_sees_no_private_space() -> None:
    """Private spaces are hidden with all that is in them, in REST, GraphQL and truth."""
    service = Kitemaker()
    names = {row["label"] for row in read(service, "/metadata/spaces")}
    public = {row["label"] for row in read(service, "/metadata/spaces", "application")}
    assert names - public == {"Security"}
    assert "Hiring" not in names
    board = space(service, "SEC")
    answer = ask(service, f"/recent/workitems?spaceId={board}", "application")
    assert error_of(answer) == (404, "SPACE_NOT_FOUND")
    hidden = {row["id"] for row in rows(service, "work_items", space_id=board)}
    service.switch("token", "application")
    truth = service.truth()
    assert service.credentials() == {"KITEMAKER_API_KEY": token(service, "application")}
    assert hidden
    assert not hidden & {row["id"] for row in truth["work_items"]}
    assert not hidden & {row["entity_id"] for row in truth["comments"]}
    assert board not in {row["space_id"] for row in truth["initiative_spaces"]}


def test_a_moved_item_keeps_its_id_alone() -> None:
    """Another space and number; the old address gives 404."""
    service = Kitemaker()
    item = rows(service, "work_items", space_id=space(service, "KM"))[0]
    number = service.move_work_item(item["id"], space(service, "MOB"))
    old = ask(service, f"/workitem?spaceKey=KM&workItemNumber={item['number']}")
    assert error_of(old) == (404, "ISSUE_NOT_FOUND")
    assert read(service, f"/workitem?spaceKey=MOB&workItemNumber={number}")["id"] == item["id"]
    moved = rows(service, "work_items", id=item["id"])[0]
    assert moved["number"] == number
    assert moved["updated_at"] > item["updated_at"]
    service.switch("move_bumps_work_item", False)
    service.move_work_item(item["id"], item["space_id"])
    assert rows(service, "work_items", id=item["id"])[0]["updated_at"] == moved["updated_at"]


def test_bumps_of_updated_at_are_switches() -> None:
    """Comments and renames leave the work item's time alone, or do not."""
    service = Kitemaker()
    item = next(row for row in rows(service, "work_items") if row["space_name"] == "Acme")
    service.label_work_item(item["id"], rows(service, "labels", name="important")[0]["id"])
    for bumps in (False, True):
        service.switch("comment_bumps_work_item", bumps)
        service.switch("rename_bumps_work_item", bumps)
        for act in (
            lambda: service.add_comment(item["id"]),
            lambda: service.rename_status(item["status_id"], "Renamed"),
        ):
            before = rows(service, "work_items", id=item["id"])[0]["updated_at"]
            act()
            after = rows(service, "work_items", id=item["id"])[0]["updated_at"]
            assert (after > before) is bumps
    assert rows(service, "work_items", id=item["id"])[0]["status_name"] == "Renamed"


def test_emptied_answers_lose_their_rows() -> None:
    """Faults find the rows of each shape and none in single records."""
    service = Kitemaker()
    assert service.rows_in(read(service, "/organization")) is None
    assert service.rows_in(read(service, "/metadata/spaces"))
    answer = {"data": {"workItems": {"cursor": "", "workItems": [1], "hasMore": False}}}
    assert service.rows_in(answer) == [1]
    assert service.rows_in({"errors": [{"message": "no"}]}) is None


def test_both_interfaces_need_their_own_header() -> None:
    """No token, a wrong one or the other interface's header: 401 UNAUTHORIZED."""
    service = Kitemaker()
    for headers in ({}, {"x-api-key": "wrong"}, {"authorization": f"Bearer {token(service)}"}):
        answer = service.answer(Request("GET", f"{REST}/organization", headers))
        assert error_of(answer) == (401, "UNAUTHORIZED")


def test_what_a_hidden_or_deleted_space_holds_is_hidden_or_gone_with_it() -> None:
    """A hidden space comes back with everything in it; a deleted item with its comments."""
    service = Kitemaker()
    board = space(service, "KM")
    item = service.add_work_item(board, title="new")
    comment = service.add_comment(item)
    service.delete_work_item(item)
    assert not rows(service, "work_items", id=item) + rows(service, "comments", id=comment)
    service.return_work_item(item)
    assert rows(service, "comments", id=comment)
    service.archive_work_item(item)
    assert rows(service, "work_items", id=item)[0]["archived_at"]
    service.restore_work_item(item)
    assert rows(service, "work_items", id=item)[0]["archived_at"] is None
    service.hide_space(board)
    assert not rows(service, "work_items", id=item)
    service.show_space(board)
    assert rows(service, "work_items", id=item)
    service.delete_space(board)
    assert not rows(service, "work_items", space_id=board)
