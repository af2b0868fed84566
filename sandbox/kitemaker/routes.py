"""The read routes of REST (page, section 3): bare objects and arrays; and GraphQL's address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sandbox.core import Call, Response, Route
from sandbox.kitemaker import graphql
from sandbox.kitemaker.changes import Changes
from sandbox.kitemaker.records import Record, Space, WorkItem
from sandbox.kitemaker.shapes import (
    comment_row,
    feedback_row,
    initiative_row,
    short,
    times,
    work_item_row,
)
from sandbox.kitemaker.view import (
    FEEDBACK_NOT_FOUND,
    INITIATIVE_NOT_FOUND,
    RECENT_MOST,
    View,
    bad_request,
    is_archived,
    refused,
)

Row = TypeVar("Row", bound=Record)
KitemakerCall = Call[Changes]
"""Its `caller` is the View of the token."""


def organization(call: KitemakerCall) -> Any:
    row = call.service.world.organization
    return {"id": row.id, "name": row.name, **times(row)}


def spaces(call: KitemakerCall) -> Any:
    return [short(space, space.name) for space in call.caller.spaces()]


def statuses(call: KitemakerCall) -> Any:
    return [short(status, status.name) for status in _space(call).statuses]


def labels(call: KitemakerCall) -> Any:
    return [short(label, label.name) for label in _space(call).labels]


def short_work_items(call: KitemakerCall) -> Any:
    """Id and title of a space's work items, as many as the switches let through."""
    switches = call.service.switches
    items: Iterable[WorkItem] = _space(call).items.values()
    if not switches.rest_lists_hold_archived:
        items = (item for item in items if not is_archived(item))
    rows = [short(item, item.title) for item in items]
    return rows[: switches.metadata_work_items_cap or None]


def work_item(call: KitemakerCall) -> Any:
    key, number = _needed(call, "spaceKey"), _whole(_needed(call, "workItemNumber"))
    return work_item_row(call.caller.work_item_by_number(key, number))


def recent_work_items(call: KitemakerCall) -> Any:
    rows = call.caller.recent_work_items(_space(call), _count(call))
    return [work_item_row(item) for item in _order(call, rows)]


def recent_comments(call: KitemakerCall) -> Any:
    rows = call.caller.recent_comments(_space(call), _count(call))
    return [comment_row(comment) for comment in _order(call, rows)]


def initiative(call: KitemakerCall) -> Any:
    found = call.service.world.initiatives.get(_whole(_needed(call, "number")))
    if found is None:
        raise refused(404, *INITIATIVE_NOT_FOUND)
    row = initiative_row(call.caller, found)
    return [row] if call.service.switches.initiative_shape == "array" else row


def feedback_by_parameter(call: KitemakerCall) -> Any:
    return _feedback(call, _needed(call, "number"), "parameter")


def feedback_by_path(call: KitemakerCall, number: str) -> Any:
    return _feedback(call, number, "path")


def _feedback(call: KitemakerCall, number: str, address: str) -> Any:
    if call.service.switches.feedback_address not in ("both", address):
        raise refused(404, "NOT_FOUND", "There is nothing at this address")
    found = call.service.world.feedback.get(_whole(number))
    if found is None:
        raise refused(404, *FEEDBACK_NOT_FOUND)
    return feedback_row(call.caller, found)


def graphql_answer(call: KitemakerCall) -> Any:
    """GraphQL's own errors come with status 200, unless the switches say otherwise."""
    try:
        body = call.request.json()
    except ValueError:
        raise bad_request("The body is not JSON") from None
    answer = graphql.answer(call.caller, body)
    if call.service.failing:
        call.service.failing -= 1
        data = _halved(answer.get("data")) if call.service.failing_partly else None
        answer = {"errors": [{"message": "Something went wrong"}], "data": data}
    failed = "errors" in answer and answer.get("data") is None
    return Response.of_json(answer, call.service.switches.graphql_error_status if failed else 200)


def _halved(value: Any) -> Any:
    """The same answer with the second half of each outer list missing."""
    if isinstance(value, dict):
        return {name: _halved(part) for name, part in value.items()}
    return value[: len(value) // 2] if isinstance(value, list) else value


def _needed(call: KitemakerCall, name: str) -> str:
    if not call.query.get(name):
        raise bad_request(f"The parameter {name} is missing")
    return call.query[name]


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"{text!r} is not a number") from None


def _space(call: KitemakerCall) -> Space:
    view: View = call.caller
    return view.space(_needed(call, "spaceId"))


def _count(call: KitemakerCall) -> int:
    """The wished number of rows, at most 50 (or refused, by switch)."""
    switches = call.service.switches
    count = _whole(call.query.get("count") or str(switches.recent_default_count))
    if count < 1 or (count > RECENT_MOST and switches.count_above_50 == "refuse"):
        raise bad_request(f"count is to be from 1 to {RECENT_MOST}")
    return min(count, RECENT_MOST)


def _order(call: KitemakerCall, rows: list[Row]) -> list[Row]:
    """The rows as they are, or in an order that follows from nothing a client knows."""
    if call.service.switches.recent_order == "unordered":
        return sorted(rows, key=lambda row: row.id[::-1])
    return rows


REST: dict[str, Callable[..., Any]] = {
    "/organization": organization,
    "/metadata/spaces": spaces,
    "/metadata/statuses": statuses,
    "/metadata/labels": labels,
    "/metadata/workitems": short_work_items,
    "/workitem": work_item,
    "/recent/workitems": recent_work_items,
    "/recent/comments": recent_comments,
    "/initiative": initiative,
    "/feedback": feedback_by_parameter,
    "/feedback/{number}": feedback_by_path,
}
ROUTES = (
    Route("POST", "/graphql", graphql_answer),
    *(Route("GET", f"/rest/v1{path}", function) for path, function in REST.items()),
)
