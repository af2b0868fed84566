"""Kitemaker: the traps of its API page, and that the truth follows them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.core import Request, Response
from sandbox.kitemaker import Kitemaker

REST = "/developers/rest/v1"
PAGE = """query ($space: ID, $cursor: String, $count: Int, $filter: StatusFilter) {
  workItems(spaceId: $space, cursor: $cursor, count: $count, statusFilter: $filter) {
    cursor hasMore workItems { id number title status { type } updatedAt }
  }
}"""


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


def post(service: Kitemaker, query: str, kind: str = "personal", **variables: Any) -> Response:
    headers = {"authorization": f"Bearer {service.secrets()[kind == 'application']}"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    return service.answer(Request("POST", "/developers/graphql", headers, body))


def query(service: Kitemaker, text: str, kind: str = "personal", **variables: Any) -> Any:
    return json.loads(post(service, text, kind, **variables).body)


def pages(service: Kitemaker, **variables: Any) -> list[list[dict[str, Any]]]:
    """All pages of work items, by cursor."""
    found, cursor = [], None
    while True:
        page = query(service, PAGE, cursor=cursor, **variables)["data"]["workItems"]
        found.append(page["workItems"])
        assert page["cursor"] is not None
        if not page["hasMore"]:
            return found
        cursor = page["cursor"]


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


def test_both_interfaces_need_their_own_header() -> None:
    """No token, a wrong one or the other interface's header: 401 UNAUTHORIZED."""
    service = Kitemaker()
    for headers in ({}, {"x-api-key": "wrong"}, {"authorization": f"Bearer {token(service)}"}):
        answer = service.answer(Request("GET", f"{REST}/organization", headers))
        assert error_of(answer) == (401, "UNAUTHORIZED")


def test_tokens_of_graphql_are_bearers() -> None:
    """REST's header does not do here; a hidden space is an error of its own."""
    service = Kitemaker()
    headers = {"x-api-key": service.secrets()[0]}
    asked = Request("POST", "/developers/graphql", headers, b"{}")
    assert service.answer(asked).status == 401
    assert json.loads(service.answer(asked).body)["errors"][0]["code"] == "UNAUTHORIZED"
    service.switch("graphql_unauthorized_status", 200)
    assert service.answer(asked).status == 200
    text = '{ spaceByKey(key: "SEC") { id } }'
    assert "errors" in query(service, text, "application")
    assert "errors" not in query(service, text)


def test_cursors_page_without_drift() -> None:
    """Rows added or removed between two pages neither shift nor repeat the others."""
    for direction in ("oldest_first", "newest_first"):
        for key in ("number", "id"):
            switches = {"cursor_direction": direction, "cursor_key": key}
            service = Kitemaker(size=90, switches=switches)
            before = {row["id"] for row in service.truth()["work_items"]}
            gone = pages(service, count=10)[0][0]["id"]

            def meddle(request: Request, n: int, service: Kitemaker = service) -> None:
                service.add_work_item()

            service.after_answer.append(meddle)
            service.delete_work_item(gone)
            read_ids = [row["id"] for page in pages(service, count=10) for row in page]
            assert len(read_ids) == len(set(read_ids))
            assert before - {gone} <= set(read_ids)


def test_graphql_errors_come_with_status_200() -> None:
    """Unknown records, wrong queries and made failures; partial data on demand."""
    service = Kitemaker()
    for text in ('{ workItem(id: "no") { id } }', "{ nonsense }", "{ broken"):
        answer = post(service, text)
        assert answer.status == 200
        assert json.loads(answer.body)["errors"][0]["message"]
    service.switch("graphql_error_status", 400)
    assert post(service, "{ nonsense }").status == 400
    service.fail_graphql(1, partly=True)
    half = query(service, PAGE, count=10)
    assert half["errors"]
    assert len(half["data"]["workItems"]["workItems"]) == 5
    assert "errors" not in query(service, PAGE)
    assert "errors" not in query(service, "{ __schema { queryType { name } } }")
